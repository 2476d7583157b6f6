"""The provenance and the baseline of a frame.

Nothing intercepts the user's edits. A frame carries a small provenance in ``attrs``; its token
leads to a shallow copy of what was read, which copy-on-write makes free, and a diff compares only
columns whose buffers are no longer those of the baseline.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import secrets
import threading
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...odata.addresses import canonical_origin
from ...odata.errors import SaveError, TrackingError
from ...odata.query import Query
from ...odata.schema import Field
from .differences import locate_buffers
from .snapshots import unshare, unshare_frame

if TYPE_CHECKING:
    from ..connection import Connection

#: The key of ``DataFrame.attrs`` that holds the provenance.
KEY = "sensenet"


class Token(str):
    """The name of a baseline. All frames derived from one read share the very same token.

    pandas copies ``attrs`` deeply on each operation; this copies to itself, so that the baseline
    can be let go when the last of these frames is gone.
    """

    def __deepcopy__(self, memo: Any) -> Token:
        return self

    def __copy__(self) -> Token:
        return self

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return (str, (str(self),))


class IdName(str):
    """``"Id"`` as the name of the index of a frame that was read; carries the token.

    ``merge`` and ``join`` drop ``attrs`` when the other frame has none; the name of the index stays. It is
    unequal to that of a frame of another repository, so that what is made of both has no name: pandas keeps
    only a name that all indexes share.
    """

    __slots__ = ("origin", "token")
    token: Token
    origin: str

    def __new__(cls, token: Token, origin: str) -> IdName:
        """Create the name that refers to ``token``."""
        name = super().__new__(cls, "Id")
        name.token = token
        name.origin = origin
        return name

    def __eq__(self, other: object) -> bool:
        other_origin = isinstance(other, IdName) and other.origin != self.origin
        return str.__eq__(self, other) is True and not other_origin

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__

    def __deepcopy__(self, memo: Any) -> IdName:
        return self

    def __copy__(self) -> IdName:
        return self

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return (str, (str(self),))


class Shared:
    """The state that all baselines of one read share.

    Attributes
    ----------
    issued : set of int
        The ids that ``append`` gave to new rows; no other row ever gets one of them.
    decided : dict
        By id and column, what was decided in a conflict: the cell as it was read, the one that lost, the one
        that was decided on, and its value.
    """

    def __init__(self) -> None:
        self.issued: set[int] = set()
        self.decided: dict[tuple[int, str], tuple[Any, Any, Any, Any]] = {}
        self._lock = threading.Lock()
        self._saver: int | None = None

    @contextlib.contextmanager
    def lock_save(self) -> Iterator[None]:
        """Serialize saves of a frame, so that each one sees the results of the previous one.

        Raises
        ------
        SaveError
            If a save of the same rows is what calls, such as by its ``progress``.
        """
        if self._saver == threading.get_ident():
            raise SaveError("a save of this frame is running: save again when it has ended")
        with self._lock:
            self._saver = threading.get_ident()
            try:
                yield
            finally:
                self._saver = None


@dataclasses.dataclass(frozen=True)
class Baseline:
    """The baseline: the frame as it was read, the repository, and the fields of the columns.

    Attributes
    ----------
    paths : Series, optional
        The paths of the rows on their ids, where ``Path`` is not a column of the frame.
    attempts : list
        The creations of new rows whose outcome is open; shared by all baselines that come from one another.
    unsure : mapping
        By column the ids of the contents of which it is not known whether the user or somebody else changed
        that cell: an edit of one is a conflict.
    """

    frame: pd.DataFrame
    repo: Connection
    query: Query
    fields: Mapping[str, Field]
    paths: pd.Series | None = None
    attempts: list[Any] = dataclasses.field(default_factory=list)  # those of ``writes``, which is above
    unsure: Mapping[str, frozenset[int]] = dataclasses.field(default_factory=dict)
    shared: Shared = dataclasses.field(default_factory=Shared, compare=False)

    @functools.cached_property
    def arrays(self) -> dict[str, tuple[Any, Any]]:
        """The arrays of the columns and their memory addresses, cached because pandas is slow here."""
        arrays = {str(name): column.array for name, column in self.frame.items()}
        return {name: (array, locate_buffers(array)) for name, array in arrays.items()}

    def get_paths(self, ids: Sequence[int] | npt.NDArray[np.int64]) -> list[str | None]:
        """Return the paths of contents by id; None for contents without a row."""
        return [path if isinstance(path, str) else None for path in self.get_path_array(ids)]

    def get_path_array(self, ids: Sequence[int] | npt.NDArray[np.int64]) -> Any:
        """Return the paths of contents by id as an array of texts, omitting contents without a row."""
        paths = self.frame["Path"] if "Path" in self.frame.columns else self.paths
        if paths is None or not len(paths) or not len(ids):
            return pd.array([None] * len(ids), dtype="str")
        if not paths.index.is_unique:
            paths = paths[~paths.index.duplicated()]  # versions of one content share its path
        places = paths.index.get_indexer(pd.Index(np.asarray(ids, dtype=np.int64)))
        found = paths.array.take(places, allow_fill=True)
        if found.dtype == "str":
            return found
        return pd.array([path if isinstance(path, str) else None for path in found], dtype="str")

    def confirm_cells(self, columns: Mapping[str, Iterable[int]]) -> Baseline:
        """Return a baseline in which some cells, by column and id, are confirmed as current."""
        unsure = {name: ids - set(columns.get(name, ())) for name, ids in self.unsure.items()}
        return dataclasses.replace(self, unsure={name: ids for name, ids in unsure.items() if ids})

    def replace_paths(self, paths: Mapping[int, str]) -> Baseline:
        """Return a baseline with updated paths of some contents, and those of new ones."""
        if not paths:
            return self
        if self.paths is None:
            if "Path" not in self.frame.columns:
                return self
            frame, new_paths = self.frame.copy(deep=False), pd.Series(paths, dtype="str")
            given = new_paths.reindex(frame.index)
            frame["Path"] = frame["Path"].where(given.isna(), given.astype(frame["Path"].dtype))
            return dataclasses.replace(self, frame=frame)
        typed_paths = pd.Series(paths, dtype=self.paths.dtype)
        rest = self.paths[~self.paths.index.isin(typed_paths.index)]
        return dataclasses.replace(self, paths=pd.concat([rest, typed_paths]))


_baselines: dict[str, Baseline] = {}
_opened: weakref.WeakValueDictionary[str, Connection] = weakref.WeakValueDictionary()


def track(
    frame: pd.DataFrame,
    repo: Connection,
    query: Query,
    fields: Mapping[str, Field],
    paths: pd.Series | None = None,
    as_read: pd.DataFrame | None = None,
    **facts: Any,
) -> None:
    """Track the edits of a frame that was just read.

    Parameters
    ----------
    as_read : DataFrame, optional
        The frame once more, in memory of its own; it is copied if not given.
    **facts
        What the provenance is to say.
    """
    frame.attrs[KEY] = {"origin": repo.url, "query": str(query), **facts}
    before = unshare_frame(frame) if as_read is None else as_read
    rebase(frame, Baseline(before, repo, query, fields, paths))


def rebase(frame: pd.DataFrame, baseline: Baseline) -> None:
    """Set ``baseline`` as that of ``frame`` only; frames derived from it earlier keep theirs.

    The frame of the baseline must share no memory with those of the user; lists and the like in its cells are
    copied here.
    """
    token = Token(secrets.token_hex(8))
    _opened[baseline.repo.url] = baseline.repo
    frame.attrs[KEY] = {**frame.attrs.get(KEY, {}), "token": token}
    if frame.index.name == "Id":
        frame.index = frame.index.rename(IdName(token, baseline.repo.url))
    kept = baseline.frame.copy(deep=False)
    kept.attrs = {}  # the baseline must not keep its own token alive
    kept.index = kept.index.rename("Id")
    for column, dtype in kept.dtypes.items():
        if pd.api.types.is_object_dtype(dtype):
            kept[column] = unshare(kept[column])
    _baselines[str(token)] = dataclasses.replace(baseline, frame=kept)
    weakref.finalize(token, _baselines.pop, str(token), None)


def get_baseline(frame: pd.DataFrame) -> Baseline:
    """Return the baseline of a frame.

    Raises
    ------
    TrackingError
        If the frame was not read from a repository, or its baseline is gone.
    """
    provenance = frame.attrs.get(KEY) or {}
    name = frame.index.name
    baseline = _baselines.get(provenance.get("token", ""))
    if baseline is None and isinstance(name, IdName):
        baseline = _baselines.get(name.token)
    if baseline is None and not provenance:
        raise TrackingError(
            "this frame does not come from a repository, or the operation that created it (merge, concat) "
            "dropped its origin. To add rows, use df.sn.append(rows), which keeps it; or attach the frame "
            "to the one it was derived from with df.sn.rebase(read), or to a repository with "
            "sn_pandas.rebase(df, repo)"
        )
    if baseline is None:
        raise TrackingError(
            "the original values of this frame are not available in this session (it came from a file or "
            "another process). Attach it to the repository with sn_pandas.rebase(df, repo)"
        )
    return baseline


def find_open_repository(origin: str) -> Connection | None:
    """Return the open repository of this session with an address, in any spelling; None if there is none."""
    wanted = canonical_origin(origin)
    for url, repo in list(_opened.items()):
        if canonical_origin(url) == wanted and not repo.closed:
            return repo
    return None


def list_baselines() -> list[Baseline]:
    """Return the baselines of all reads of this session that a frame still refers to."""
    return list(_baselines.values())
