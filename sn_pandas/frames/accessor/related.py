"""Read what belongs to the rows of a frame: referenced contents, children, files."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from ...odata.errors import QueryError, TrackingError, did_you_mean
from ...odata.query import Query
from ..columns.cells import list_items
from ..contents.downloads import download_all
from ..progress import Setting
from ..reads import lookup, reading
from ..tracking.baseline import get_baseline
from ..tracking.matching import match_rows
from ..writes.hidden import learn
from ..writes.plan import get_stored_types
from ..writes.report import Report


def explode(frame: pd.DataFrame, reference: str, select: str | Sequence[str] = ()) -> pd.DataFrame:
    """Return one line for each content that a reference points to; see ``Accessor.explode``."""
    baseline = get_baseline(frame)
    repo = baseline.repo
    if reference not in repo.schema.fields and repo.schema.is_partial:
        learn(repo, get_stored_types(lookup.read_by_id(repo.client, match_rows(frame, baseline).existing)))
    field = repo.schema.fields.get(reference)
    if field is None or not field.is_reference:
        names = [name for name, f in repo.schema.fields.items() if f.is_reference]
        raise QueryError(f"{reference!r} is not a reference field.{did_you_mean(reference, names)}")
    stored = lookup.read_by_id(repo.client, match_rows(frame, baseline).existing, [field])
    pairs = [
        (id_, target["Id"])
        for id_ in match_rows(frame, baseline).existing
        for target in list_items(stored.get(id_, {}).get(reference))
    ]
    asked = tuple(dict.fromkeys([*_parse_names(select, ("Name", "DisplayName", "Type")), "Path"]))
    wanted = _build_id_query([id_ for _, id_ in pairs])
    read = reading.read(repo, repo.query(Query("/Root", select=asked, query=wanted, autofilters=False)))
    seen = [(of, id_) for of, id_ in pairs if id_ in read.index]
    found: pd.DataFrame = read.loc[[id_ for _, id_ in seen]]
    found.insert(0, "Id", found.index.to_numpy())
    found.index = pd.Index([of for of, _ in seen], dtype="int64", name=f"{reference} of")
    return found


def read_children(frame: pd.DataFrame, select: str | Sequence[str] = ()) -> pd.DataFrame:
    """Return the children of all contents of a frame as one frame; see ``Accessor.children``."""
    baseline = get_baseline(frame)
    ids = match_rows(frame, baseline).existing
    if not ids:
        raise TrackingError("the frame has no contents whose children could be read")
    names = _parse_names(select, [*(name for name in baseline.fields if "/" not in name), "Path"])
    text = f"ParentId:({' '.join(map(str, ids))})"
    asked = baseline.repo.query("/Root", select=names, query=text, autofilters=False)
    return reading.read(baseline.repo, asked)


def browse(frame: pd.DataFrame, **options: Any) -> Any:
    """Show the tree around the contents of a frame; see ``Accessor.browse``."""
    baseline = get_baseline(frame)
    paths = [path for path in baseline.get_paths(match_rows(frame, baseline).existing) if path]
    top = posixpath.commonpath([posixpath.dirname(path) for path in paths]) if paths else baseline.query.path
    tree = baseline.repo.open_tree(top, **{"multiple": True, **options})
    tree.selection = paths if tree.multiple else paths[:1]
    return tree


def download(
    frame: pd.DataFrame,
    folder: str | os.PathLike[str],
    *,
    field: str = "Binary",
    workers: int = 4,
    progress: Setting = None,
) -> Report:
    """Write the files of a frame's contents into a folder; see ``Accessor.download``."""
    baseline = get_baseline(frame)
    ids = [int(id_) for id_ in match_rows(frame, baseline).ids]
    return download_all(
        baseline.repo, ids, folder, index=frame.index, field=field, workers=workers, progress=progress
    )


def _parse_names(select: str | Sequence[str], otherwise: Iterable[str]) -> tuple[str, ...]:
    chosen = select.split(",") if isinstance(select, str) else select
    return tuple(dict.fromkeys(name.strip() for name in chosen if name.strip())) or tuple(
        dict.fromkeys(otherwise)
    )


def _build_id_query(ids: Iterable[int]) -> str:
    values = sorted(set(ids))
    return f"Id:({' '.join(map(str, values))})" if values else "Id:0"
