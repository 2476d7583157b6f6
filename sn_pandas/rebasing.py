"""``rebase``: a frame that lost its origin is tied to a repository."""

from __future__ import annotations

import pandas as pd

from .frames import Repository
from .frames.rebasing import rebase_on


def rebase(frame: pd.DataFrame, repo: Repository) -> pd.DataFrame:
    """Tie a frame to a repository: what the server holds now becomes what its edits are compared with.

    For frames that came from a file or another process, or that lost their origin.

    Parameters
    ----------
    frame : DataFrame
        With ``Id`` or ``Path`` as index or column.
    repo : Repository
        Where its contents are.

    Returns
    -------
    DataFrame
        The same frame; ``df.sn.changes()`` says how it differs from the server.

    Raises
    ------
    TrackingError
        If its rows cannot be matched to contents.
    """
    return rebase_on(frame, repo)
