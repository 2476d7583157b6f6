"""What a frame was when it was read: provenance, baseline, and the difference to now.

Nothing intercepts the user's edits. A frame carries a small provenance in ``attrs``; its token
leads to a shallow copy of what was read, which copy-on-write makes free, and a diff compares only
columns whose buffers are no longer those of the baseline.
"""

from __future__ import annotations

import dataclasses
import secrets
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from ..odata.errors import TrackingError
from ..odata.query import Query
from ..odata.schema import Field

if TYPE_CHECKING:
    from .repository import Repository

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


@dataclasses.dataclass
class Baseline:
    """What was read: the frame as it was, the repository, and the fields behind the columns."""

    frame: pd.DataFrame
    repo: Repository
    query: Query
    fields: Mapping[str, Field]


_baselines: dict[str, Baseline] = {}


def track(
    frame: pd.DataFrame, repo: Repository, query: Query, fields: Mapping[str, Field], **facts: Any
) -> None:
    """Make a frame that was just read one whose edits can be found; ``facts`` go into the provenance."""
    token = Token(secrets.token_hex(8))
    frame.attrs[KEY] = {"origin": repo.url, "query": str(query), **facts, "token": token}
    shallow = frame.copy(deep=False)
    shallow.attrs = {}  # the baseline must not keep its own token alive
    _baselines[str(token)] = Baseline(shallow, repo, query, fields)
    weakref.finalize(token, _baselines.pop, str(token), None)


def baseline_of(frame: pd.DataFrame) -> Baseline:
    """Give the baseline of a frame.

    Raises
    ------
    TrackingError
        If the frame was not read from a repository, or its baseline is gone.
    """
    provenance = frame.attrs.get(KEY)
    if not provenance:
        raise TrackingError(
            "this frame does not come from a repository; read one with repo.read(…), or tie it to one with sn_pandas.rebase(df, repo)"
        )
    baseline = _baselines.get(provenance.get("token", ""))
    if baseline is None:
        raise TrackingError(
            "what this frame was when it was read is not known in this session (it came from a file or another process); "
            "tie it to the repository with sn_pandas.rebase(df, repo)"
        )
    return baseline
