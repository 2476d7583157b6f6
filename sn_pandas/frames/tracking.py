"""What a frame was when it was read: provenance, baseline, and which row is which content.

Nothing intercepts the user's edits. A frame carries a small provenance in ``attrs``; its token
leads to a shallow copy of what was read, which copy-on-write makes free, and a diff compares only
columns whose buffers are no longer those of the baseline.
"""

from __future__ import annotations

import dataclasses
import secrets
import weakref
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..odata.errors import TrackingError
from ..odata.query import Query
from ..odata.schema import Field
from .belonging import refuse_strangers

if TYPE_CHECKING:
    from .repository import Repository
    from .writes.attempts import Attempt

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
    """``"Id"``, the name of the index of a frame that was read; it knows the token.

    ``merge`` and ``join`` drop ``attrs`` when the other frame has none; the name of the index stays. It is
    unequal to that of a frame of another repository, so that what is made of both has no name: pandas keeps
    only a name that all indexes share.
    """

    __slots__ = ("origin", "token")
    token: Token
    origin: str

    def __new__(cls, token: Token, origin: str) -> IdName:
        """Make the name that knows ``token``."""
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


@dataclasses.dataclass(frozen=True)
class Baseline:
    """What was read: the frame as it was, the repository, and the fields behind the columns.

    Attributes
    ----------
    paths : Series, optional
        The paths of the rows on their ids, where ``Path`` is no column of the frame.
    attempts : list
        The creations of new rows whose outcome is open; shared by all baselines that come from one another.
    unsure : mapping
        By column the ids of the contents of which it is not known whether the user or somebody else changed
        that cell: an edit of one is a conflict.
    """

    frame: pd.DataFrame
    repo: Repository
    query: Query
    fields: Mapping[str, Field]
    paths: pd.Series | None = None
    attempts: list[Attempt] = dataclasses.field(default_factory=list)
    unsure: Mapping[str, frozenset[int]] = dataclasses.field(default_factory=dict)

    def paths_of(self, ids: Sequence[int] | npt.NDArray[np.int64]) -> list[str | None]:
        """Give the paths of contents by their ids; None for one that is no row."""
        known = self.frame["Path"] if "Path" in self.frame.columns else self.paths
        if known is None or not len(known):
            return [None] * len(ids)
        known = known[~known.index.duplicated()]  # versions of one content share its path
        places = known.index.get_indexer(pd.Index(np.asarray(ids, dtype=np.int64)))
        found = known.array.take(np.maximum(places, 0))
        return [
            str(path) if place >= 0 and isinstance(path, str) else None
            for path, place in zip(found, places, strict=True)
        ]

    def sure_of(self, columns: Mapping[str, Iterable[int]]) -> Baseline:
        """Give a baseline in which some cells, by column and id, are as the server was seen to hold them."""
        unsure = {name: ids - set(columns.get(name, ())) for name, ids in self.unsure.items()}
        return dataclasses.replace(self, unsure={name: ids for name, ids in unsure.items() if ids})

    def moved(self, paths: Mapping[int, str]) -> Baseline:
        """Give a baseline that knows other paths of some contents, and those of new ones."""
        if self.paths is None or not paths:
            return self
        told = pd.Series(paths, dtype=self.paths.dtype)
        rest = self.paths[~self.paths.index.isin(told.index)]
        return dataclasses.replace(self, paths=pd.concat([rest, told]))


@dataclasses.dataclass(frozen=True)
class Rows:
    """Which content each row of a frame is.

    Attributes
    ----------
    ids : array of int
        The content's id; -1 for a row that is no content yet.
    places : array of int, or None
        Where the row stands in the baseline, -1 for a new one; None if both are in the same order.
    """

    ids: npt.NDArray[np.int64]
    places: npt.NDArray[np.intp] | None

    @property
    def new(self) -> npt.NDArray[np.intp]:
        """The positions of the rows that are no contents yet."""
        if self.places is None:
            return np.empty(0, dtype=np.intp)
        return np.flatnonzero(self.places < 0)

    @property
    def known(self) -> list[int]:
        """The ids of the rows that are contents."""
        return [int(id_) for id_ in self.ids if id_ > 0]


_baselines: dict[str, Baseline] = {}
_opened: weakref.WeakValueDictionary[str, Repository] = weakref.WeakValueDictionary()


def track(
    frame: pd.DataFrame,
    repo: Repository,
    query: Query,
    fields: Mapping[str, Field],
    paths: pd.Series | None = None,
    **facts: Any,
) -> None:
    """Make a frame that was just read one whose edits can be found; ``facts`` go into the provenance."""
    frame.attrs[KEY] = {"origin": repo.url, "query": str(query), **facts}
    rebase(frame, Baseline(frame.copy(deep=False), repo, query, fields, paths))


def rebase(frame: pd.DataFrame, baseline: Baseline) -> None:
    """Make ``baseline`` that of ``frame`` alone; frames derived from it before keep the one they have."""
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
            kept[column] = _frozen(kept[column])
    _baselines[str(token)] = dataclasses.replace(baseline, frame=kept)
    weakref.finalize(token, _baselines.pop, str(token), None)


def _frozen(column: pd.Series) -> pd.Series:
    """Give a column whose lists are copies, equal ones the same: a list can be changed without a word."""
    copies: dict[tuple[Any, ...], list[Any]] = {}

    def copied(cell: Any) -> Any:
        if not isinstance(cell, list):
            return cell
        try:
            return copies.setdefault(tuple(cell), list(cell))
        except TypeError:  # lists of what has no hash
            return list(cell)

    cells = np.fromiter(map(copied, column), dtype=object, count=len(column))
    return pd.Series(cells, index=column.index, dtype=object)


def baseline_of(frame: pd.DataFrame) -> Baseline:
    """Give the baseline of a frame.

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
            "this frame does not come from a repository, or what made it (merge, concat) dropped its origin; "
            "new rows are put behind a frame with df.sn.append(rows), which keeps it; or tie it to the frame "
            "it was made of with df.sn.rebase(read), or to a repository with sn_pandas.rebase(df, repo)"
        )
    if baseline is None:
        raise TrackingError(
            "what this frame was when it was read is not known in this session (it came from a file or "
            "another process); tie it to the repository with sn_pandas.rebase(df, repo)"
        )
    return baseline


def rows_of(frame: pd.DataFrame, baseline: Baseline, *, sure: bool = False) -> Rows:
    """Say which content each row is.

    Parameters
    ----------
    sure : bool
        Whether it is known that the rows belong to the baseline.

    Raises
    ------
    TrackingError
        If rows cannot be matched: no ``Id``, one twice, one that was not read, or one of another read.
    """
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise TrackingError(f"the frame has two columns {twice!r}; drop or rename one")
    if "Id" not in frame.columns and frame.index.is_(baseline.frame.index):
        return Rows(baseline.frame.index.to_numpy(), None)
    ids = _ids(frame, baseline)
    known = ids > 0
    sure = sure or KEY in frame.attrs
    if sure and len(ids) == len(baseline.frame) and np.array_equal(ids, baseline.frame.index.to_numpy()):
        return Rows(ids, None)
    _unique(ids[known])
    places = np.full(len(ids), -1, dtype=np.intp)
    places[known] = baseline.frame.index.get_indexer(pd.Index(ids[known]))
    foreign = ids[known & (places < 0)]
    if len(foreign):
        raise TrackingError(
            f"{_some(foreign)} not among the rows that this frame was read with; "
            "leave Id empty (or give a negative one) for rows to be created, or rebase the frame: "
            "sn_pandas.rebase(df, repo)"
        )
    if not sure:
        refuse_strangers(frame, baseline, ids, places, list(_baselines.values()))
    return Rows(ids, places)


def ids_of(frame: pd.DataFrame) -> npt.NDArray[np.int64] | list[str] | None:
    """Give the ids of the rows, -1 where there is none; else their paths; None if there is neither."""
    if "Id" in frame.columns:
        values: Any = frame["Id"]
    elif "Id" in frame.index.names:
        values = frame.index.get_level_values("Id")
    elif "Path" in frame.columns:
        return [str(path) for path in frame["Path"]]
    else:
        return None
    if isinstance(values.dtype, np.dtype) and values.dtype.kind == "i":
        return np.asarray(np.maximum(values.to_numpy(), -1), dtype=np.int64)
    numbers = pd.to_numeric(pd.Series(np.asarray(values, dtype=object)), errors="coerce")
    return np.asarray(numbers.fillna(-1).clip(lower=-1), dtype=np.int64)


def opened(origin: str) -> Repository | None:
    """Give a repository of this session that frames were read from."""
    return _opened.get(origin)


def _ids(frame: pd.DataFrame, baseline: Baseline) -> npt.NDArray[np.int64]:
    """Give the ids of the rows, by path if need be; -1 where there is none."""
    found = ids_of(frame)
    if isinstance(found, np.ndarray):
        return found
    if found is None or "Path" not in baseline.frame.columns:
        raise TrackingError(
            "the frame has neither Id nor Path, so its rows cannot be matched to contents; keep Id: "
            "after merged = df.reset_index().merge(…) say merged.sn.rebase(df), or use df.join(…), which "
            "keeps the index; new rows are put behind with df.sn.append(rows); if Id is lost already, merge "
            "it in again by a column that tells the rows apart"
        )
    paths = pd.Index(baseline.frame["Path"])
    if not paths.is_unique:
        twice = paths[paths.duplicated()][0]
        raise TrackingError(f"the frame has no Id, and {twice} is the path of several contents: keep Id")
    places = paths.get_indexer(pd.Index(found))
    if (places < 0).any():
        missing = [path for path, place in zip(found, places, strict=True) if place < 0]
        raise TrackingError(f"the frame has no Id, and {missing[0]!r} is the path of no row that was read")
    return np.asarray(baseline.frame.index.to_numpy()[places], dtype=np.int64)


def _unique(ids: npt.NDArray[np.int64]) -> None:
    index = pd.Index(ids)
    if not index.is_unique:
        twice = index[index.duplicated()].unique().to_numpy()
        raise TrackingError(
            f"{_some(twice)} in more than one row, so it is not clear which one counts; "
            "drop the others with df[~df.index.duplicated()]"
        )


def _some(ids: npt.NDArray[np.int64]) -> str:
    shown = ", ".join(map(str, ids[:5])) + (", …" if len(ids) > 5 else "")
    return f"Id {shown} is" if len(ids) == 1 else f"Ids {shown} are"
