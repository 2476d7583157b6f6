"""The versions of a content: listed, compared, restored."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from ...odata.addresses import normalize
from ...odata.errors import QueryError
from ..columns.cells import are_same_cells
from ..reads import not_found, reading, single
from ..writes.following import STAMPS
from .calls import call_each

if TYPE_CHECKING:
    from ...odata.schema import Field
    from ..connection import Connection
    from ..writes.report import Report

_SELECT = ("Version", "VersionModificationDate", "VersionModifiedBy", "CheckInComments")
#: What differs between any two versions and says nothing of what was changed, beside the stamps of a save.
_OF_VERSIONS = frozenset(
    ["CheckInComments", "RejectReason", "Locked", "CheckedOutTo", "Publishable", "Approvable"]
)


def read_versions(repo: Connection, place: str | int, select: str | Sequence[str]) -> pd.DataFrame:
    """Read the versions of a content, the newest first; see ``Repository.versions``."""
    where = normalize(place, repo.base)
    names = dict.fromkeys([*_SELECT, *repo.query(where, select=select).select])
    with not_found.explain_missing(repo, where):
        frame = reading.read(repo, repo.query(where, property="Versions", select=list(names)))
    order = sorted(range(len(frame)), key=lambda at: _number(str(frame["Version"].iloc[at])), reverse=True)
    listed = frame.iloc[order].set_index("Version")
    listed.attrs.clear()  # an edit of an old version could only be saved to the present one
    return listed


def compare_versions(repo: Connection, place: str | int, old: str, new: str | None) -> pd.DataFrame:
    """Return the fields in which two versions differ; see ``Repository.compare_versions``."""
    where = normalize(place, repo.base)
    began = time.monotonic()
    before, after = _read(repo, where, old), _read(repo, where, new)
    repo.verify_identity(began)  # the Visitor gets the last public version, which may show no change
    kind = repo.schema[str(after["Type"])]
    rows = [
        (name, before[name], after[name])
        for name in after.index
        if name in before.index
        and name not in STAMPS | _OF_VERSIONS
        and not are_same_cells(kind.fields.get(name), before[name], after[name])
    ]
    return pd.DataFrame(rows, columns=["field", "old", "new"]).set_index("field").astype(object)


def _read(repo: Connection, where: str | int, version: str | None) -> pd.Series[Any]:
    """Read all fields of a version that can be written or compared, references included."""
    values = single.get(repo, repo.query(where, version=version, single=True))
    references = [field.name for field in _list_reference_fields(repo, str(values["Type"]))]
    if not references:
        return values
    asked = repo.query(where, version=version, single=True, select=references, expand=references)
    both: pd.Series[Any] = pd.concat([values, single.get(repo, asked)])
    return both


def _list_reference_fields(repo: Connection, type_name: str) -> list[Field]:
    fields = repo.schema[type_name].fields.values()
    return [field for field in fields if field.is_reference and not field.read_only]


def restore_version(repo: Connection, path: Any, version: str) -> Report:
    """Make an earlier version of contents the present one; see ``Repository.restore_version``."""
    if not isinstance(version, str) or not _number(version):
        raise QueryError(f"{version!r} is not a version, such as 'V1.0.A'; repo.versions(path) lists them")
    return call_each(repo, path, "RestoreVersion", version=version)


def _number(version: str) -> tuple[int, ...]:
    """Return the numbers of a version, ``V1.10.D`` -> (1, 10); empty if it has none."""
    parts = version.lstrip("Vv").split(".")[:2]
    return tuple(int(part) for part in parts) if all(part.isdecimal() for part in parts) else ()
