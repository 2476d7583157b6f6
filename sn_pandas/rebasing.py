"""``rebase``: a frame that lost its origin is tied to a repository."""

from __future__ import annotations

import pandas as pd

from .frames import Repository
from .frames.accessor.rebase import rebase_on


def rebase(frame: pd.DataFrame, repo: Repository) -> pd.DataFrame:
    """Attach a frame from a file or another process, or one that lost its origin, to a repository.

    Its edits are what differs from what it was read as, if that is known: ``df.sn.to_parquet`` keeps it in
    the file. Otherwise they are what differs from what the server holds now. A cell that differs in a content
    that was changed after the frame was read may be the edit of somebody else: a save treats it as a
    conflict. When a frame was read is in its ``attrs``, which pickle and Parquet keep and CSV does not.

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

    Warns
    -----
    SaveWarning
        If it is unclear which cells the user edited and which somebody else changed.
    """
    return rebase_on(frame, repo)
