"""Plans: the changes of a save, which one person prepares, another approves and a third applies.

A plan is JSON. It names the repository that it was made for, and has a digest over its content. The digest
finds damage and careless edits. Whoever changes the file on purpose can also write a new digest, so who
approved a plan compares the digest, too.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ...odata.addresses import canonical_origin
from ...odata.errors import PlanError
from ...odata.escaping import escape_controls
from ...odata.schema import Field
from ...odata.wording import count_noun
from ..columns.cells import Json, is_missing, list_items
from ..columns.encoders import YEAR_ONE
from .plan_pages import plan_fragment, plan_page
from .works import Patch

_FORMAT = 1
#: Letters of the digest that people compare, and the fewest that stand for an approved plan.
SHORT_DIGEST = 16
_ROWS = 20
_CELL = 60


@dataclasses.dataclass(frozen=True)
class Plan:
    """Changes of existing contents that are to be made later, perhaps by somebody else.

    ``df.sn.plan()`` makes one, ``Plan.read`` reads one from a file, ``sn_pandas.apply`` makes the changes.

    Parameters
    ----------
    header : mapping
        ``origin``, ``user``, ``planned``, and ``process``, in which repositories in memory live.
    works : sequence of Patch
        The changes, one for each content.
    types : mapping of int to str
        The content types by id.

    Examples
    --------
    >>> import sn_pandas as sn
    >>> repo = sn.connect("embedded://")
    >>> df = repo.read("/Root/Content/IT/Tasks", select=["Name", "Status"])
    >>> df.loc[df.index[:2], "Status"] = "deferred"
    >>> plan = df.sn.plan()
    >>> plan.changes[["Path", "field", "after"]].values.tolist()
    [['/Root/Content/IT/Tasks/T001', 'Status', 'deferred'],
     ['/Root/Content/IT/Tasks/T002', 'Status', 'deferred']]
    >>> sn.apply(plan, repo).counts
    {'saved': 2}
    """

    header: Mapping[str, str] = dataclasses.field(repr=False)
    works: Sequence[Patch] = dataclasses.field(repr=False)
    types: Mapping[int, str] = dataclasses.field(repr=False)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Plan:
        """Read a plan from a file that ``to_json`` wrote.

        Raises
        ------
        PlanError
            If the file is not a plan, was changed or cut, or comes from a newer version of sn_pandas.
        """
        return _parse(Path(path))

    @property
    def origin(self) -> str:
        """The address of the repository that the plan was made for."""
        return self.header["origin"]

    @property
    def user(self) -> str:
        """The path of the user who made the plan."""
        return self.header["user"]

    @property
    def planned(self) -> dt.datetime:
        """When the plan was made, by the clock of that computer."""
        return dt.datetime.fromisoformat(self.header["planned"])

    @property
    def digest(self) -> str:
        """The SHA-256 of the content of the plan, which ``sn_pandas.apply`` takes as ``digest``."""
        return _compute_digest(self._to_facts())

    @property
    def short_digest(self) -> str:
        """The beginning of the digest, as people read it to each other."""
        short = self.digest[:SHORT_DIGEST]
        return " ".join(short[at : at + 4] for at in range(0, SHORT_DIGEST, 4))

    @property
    def changes(self) -> pd.DataFrame:
        """One row for each cell: ``Id``, ``Path``, ``field``, ``before`` and ``after``, as texts."""
        rows = [
            (work.id, work.path, name, show_value(field, work.before[name]), show_value(field, after))
            for work in self.works
            for name, after in work.after.items()
            for field in [work.fields[name]]
        ]
        texts = dict.fromkeys(["Path", "field", "before", "after"], "str")
        frame = pd.DataFrame(rows, columns=["Id", "Path", "field", "before", "after"])
        return frame.astype({"Id": "Int64", **texts})

    def to_json(self, path: str | os.PathLike[str] | None = None) -> str | None:
        """Write the plan to a file, or return its text if there is no ``path``.

        The file holds values of contents, before and after; give it only to those who may see them.
        """
        facts = self._to_facts()
        text = json.dumps({**facts, "digest": _compute_digest(facts)}, indent=1) + "\n"
        return _write(path, text)

    def to_html(self, path: str | os.PathLike[str] | None = None) -> str | None:
        """Write the plan as a page to be read and approved, or return the page if there is no ``path``.

        The page shows every change in full. It needs nothing but a browser, and runs no scripts.
        """
        return _write(path, plan_page(self._describe_for_page(), self._list_lines()))

    def __len__(self) -> int:
        return len(self.works)

    def __repr__(self) -> str:
        lines = [f"plan: {self._build_headline()}"]
        for path, name, before, after in self._list_lines(_ROWS):
            lines.append(f"  {path}  {name}: {_cut(before or '(empty)')} → {_cut(after or '(empty)')}")
        if (more := self._count() - _ROWS) > 0:
            lines.append(f"  … and {more:,} more in .changes")
        lines.append(f"  digest {self.short_digest}")
        return escape_controls("\n".join(lines))

    def _repr_html_(self) -> str:
        more = max(0, self._count() - _ROWS)
        return plan_fragment(self._describe_for_page(), self._list_lines(_ROWS), more)

    def _build_headline(self) -> str:
        changes, contents = count_noun(self._count(), "change"), count_noun(len(self), "content")
        return f"{changes} of {contents} at {self.origin}"

    def _count(self) -> int:
        return sum(len(work.after) for work in self.works)

    def _describe_for_page(self) -> dict[str, str]:
        return {
            "headline": self._build_headline(),
            "planned by": self.user,
            "planned on": self.planned.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M UTC"),
            "digest": self.short_digest,
            "whole digest": self.digest,
            "lists": ", ".join(self._lists_of_references()),
        }

    def _lists_of_references(self) -> list[str]:
        """Return the names of the fields whose lists are replaced as a whole."""
        fields = (work.fields[name] for work in self.works for name in work.after)
        return sorted({field.name for field in fields if field.points_to_contents and field.multiple})

    def _list_lines(self, most: int | None = None) -> list[tuple[str, str, str, str]]:
        """Return path, field, and the old and new values, as texts."""
        lines = []
        for work in self.works if most is None else self.works[:most]:
            for name, after in work.after.items():
                old, new = (show_value(work.fields[name], value) for value in (work.before[name], after))
                lines.append((work.path or f"Id {work.id}", name, old, new))
        return lines[:most]

    def _to_facts(self) -> dict[str, Any]:
        rows = [
            {
                "id": work.id,
                "path": work.path,
                "type": self.types.get(work.id),
                "fields": {
                    name: {
                        "type": field.type,
                        "multiple": field.multiple,
                        "before": work.before[name],
                        "after": work.after[name],
                    }
                    for name, field in work.fields.items()
                    if name in work.after
                },
            }
            for work in self.works
        ]
        return {"plan": _FORMAT, **self.header, "rows": rows}


def show_value(field: Field, value: Json) -> str:
    """Return a value as people read it; an empty text if there is none.

    Examples
    --------
    >>> show_value(Field("Labels", "Choice", multiple=True), ["red", "blue"])
    'red, blue'
    """
    if field.is_secret:
        return "•••"
    if field.is_date and isinstance(value, str):
        return "" if value.startswith(YEAR_ONE[:5]) else value.replace("T", " ").removesuffix("Z") + " UTC"
    if isinstance(value, str):
        return value
    parts = [part.get("Path", part) if isinstance(part, Mapping) else part for part in list_items(value)]
    return ", ".join(str(part) for part in parts if not is_missing(part))


def _parse(file: Path) -> Plan:
    try:
        facts = json.loads(
            file.read_bytes(), object_pairs_hook=_build_distinct_object, parse_constant=_refuse_constant
        )
        if not isinstance(facts, dict) or not isinstance(facts.get("plan"), int):
            raise ValueError("it does not begin like one")
    except (ValueError, RecursionError) as error:
        raise PlanError(
            f"{file} is not a plan of sn_pandas, or it is damaged ({error}). Ask for the file again"
        ) from None
    if facts["plan"] > _FORMAT:
        raise PlanError(
            f"{file} was written by a newer version of sn_pandas (format {facts['plan']}, this version reads "
            f"{_FORMAT}): update sn_pandas"
        )
    digest = facts.pop("digest", None)
    if digest != _compute_digest(facts):
        raise PlanError(
            f"{file} was changed after it was planned: its digest does not fit its content. Ask "
            f"{facts.get('user', 'the author')} for the original file, or for another plan"
        )
    try:
        if facts["plan"] != _FORMAT:
            raise ValueError(f"format {facts['plan']}")
        return _plan_of(facts)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PlanError(
            f"{file} is not a plan of sn_pandas ({type(error).__name__}: {error}). Ask for another plan"
        ) from None


def _plan_of(facts: Mapping[str, Any]) -> Plan:
    """Restore a plan; raise for anything that this package does not write."""
    header = {name: _require_text(facts[name]) for name in ("origin", "user", "planned", "process")}
    canonical_origin(header["origin"])
    if dt.datetime.fromisoformat(header["planned"]).tzinfo is None:
        raise ValueError("planned has no time zone")
    works: list[Patch] = []
    types: dict[int, str] = {}
    for number, row in enumerate(facts["rows"]):
        id_, path = row["id"], _require_text(row["path"])
        if isinstance(id_, bool) or not isinstance(id_, int) or not 0 < id_ < 2**31 or path[:1] != "/":
            raise ValueError(f"row {number} does not name a content")
        if id_ in types:
            raise ValueError(f"the content {id_} is in two rows")
        types[id_] = _require_text(row["type"])
        work = Patch(number, id_, path)
        for name, cell in row["fields"].items():
            work.fields[name] = Field(name, _require_text(cell["type"]), multiple=cell["multiple"] is True)
            work.before[name], work.after[name] = cell["before"], cell["after"]
        if not work.after:
            raise ValueError(f"row {number} changes nothing")
        works.append(work)
    return Plan(header, works, types)


def _require_text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    return value


def _build_distinct_object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON; raise if it has a name twice, of which readers see different ones."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _compute_digest(facts: Mapping[str, Any]) -> str:
    """Return the digest of a plan: of its JSON with sorted names and without blanks."""
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _write(path: str | os.PathLike[str] | None, text: str) -> str | None:
    if path is None:
        return text
    Path(path).write_text(text, encoding="utf-8", newline="\n")
    return None


def _cut(text: str) -> str:
    return text if len(text) <= _CELL else f"{text[: _CELL - 1]}…"
