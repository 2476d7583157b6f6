"""The columns of a sheet, in a workbook or in the grid: their headers, and what their cells show."""

from __future__ import annotations

import collections
from collections.abc import Mapping, Sequence

import pandas as pd

from ...odata.schema import Field
from ..columns.normalizing import list_items
from ..reads import lookup
from ..spreadsheets import workbooks
from ..spreadsheets.sheet_cells import Column, choose_kind
from ..tracking.baseline import Baseline
from ..writes.plan import field_of

_SHOWN_NAME = Field("DisplayName", "ShortText")


def build_sheet_columns(frame: pd.DataFrame, baseline: Baseline) -> list[Column]:
    """Return the columns of the sheet, each with a unique header, and the names that reference cells show."""
    fields = {
        str(name): baseline.fields.get(str(name)) if name in baseline.frame.columns else None
        for name in frame.columns
        if name != "Id" and not is_secret(str(name), baseline)
    }
    names = look_up_names(_list_targets(frame, fields), baseline)
    taken = {workbooks.ID.lower()}
    columns = []
    for name, field in fields.items():
        kind = choose_kind(name, field)
        zone = str(getattr(frame[name].dtype, "tz", None) or "UTC")
        text = build_header(name, baseline) + (f" ({zone})" if kind == "date" else "")
        header = next(h for h in (text, f"{text} [{name}]") if h.lower() not in taken or h != text)
        taken.add(header.lower())
        written = field_of(name, baseline) if field is not None else None
        editable = field is None or (isinstance(written, Field) and written.editable)
        labels: Mapping[str, str] = {}
        if field is not None and kind in ("choice", "choices"):
            labels = make_labels_unique(
                {option.value: option.text or option.value for option in field.options}
            )
        elif kind in ("reference", "references"):
            labels = make_labels_unique({p: names[p] for p in _list_paths(frame[name]) if p in names})
        columns.append(
            Column(name, header, kind, editable, zone, field is not None and field.extra_values, labels)
        )
    return columns


def is_secret(name: str, baseline: Baseline) -> bool:
    """Return whether a column holds passwords."""
    field = baseline.fields.get(name) or baseline.repo.schema.fields.get(name)
    return field is not None and field.is_secret


def build_header(name: str, baseline: Baseline) -> str:
    """Return the display name of a field, prefixed by the reference that it belongs to."""
    first, _, rest = name.partition("/")
    definitions = baseline.repo.schema.fields
    parts = [(baseline.fields.get(first) or definitions.get(first), first)]
    if rest:
        parts.append((definitions.get(rest), rest))
    shown = (((field.display_name if field else "") or part).strip() for field, part in parts)
    return " / ".join(" ".join(text.split()) for text in shown)


def look_up_names(paths: Sequence[str], baseline: Baseline) -> dict[str, str]:
    """Return the names of contents by their paths; looked up for all at once."""
    found = lookup.read_by_path(baseline.repo.client, paths, [_SHOWN_NAME], sure=False) if paths else {}
    if len(found) < len(paths):
        baseline.repo.verify_identity()
    names = {path: (found.get(path.lower()) or {}).get("DisplayName") for path in paths}
    return {path: " ".join(str(name or path.rpartition("/")[2]).split()) for path, name in names.items()}


def make_labels_unique(labels: Mapping[str, str]) -> dict[str, str]:
    """Return labels that identify one value each; a label shared by two values is followed by the value."""
    many = collections.Counter(labels.values())
    return {
        value: label if many[label] == 1 and (label == value or label not in labels) else f"{label} ({value})"
        for value, label in labels.items()
    }


def _list_paths(column: pd.Series) -> list[str]:
    return [
        item for cell in column for item in list_items(cell) if isinstance(item, str) and item.startswith("/")
    ]


def _list_targets(frame: pd.DataFrame, fields: Mapping[str, Field | None]) -> list[str]:
    columns = [name for name, field in fields.items() if field is not None and field.is_reference]
    return list(dict.fromkeys(path for name in columns for path in _list_paths(frame[name])))
