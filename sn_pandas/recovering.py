"""``undo``, ``resume`` and ``journals``: what is done to a save when it is over, or was interrupted."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Collection
from typing import Any

import pandas as pd

from .frames import Repository
from .frames.progress import Setting
from .frames.tracking import opened
from .frames.writes import journal, undoing
from .frames.writes.comparing import OnConflict
from .frames.writes.report import Report
from .odata.errors import AuthenticationError, JournalError, SensenetError


def undo(
    saved: Report | str | os.PathLike[str],
    repo: Repository | None = None,
    *,
    ids: Collection[int] | None = None,
    dry_run: bool = False,
    on_conflict: OnConflict = "raise",
    workers: int = 8,
    progress: Setting = None,
) -> Report:
    """Take a save back, or a part of it: old values return, created contents go, deleted ones come back.

    What somebody else changed since is a conflict, as in a save; so is a created folder that holds what the
    save did not create, and a content of a creation whose answer was lost unless we made it. The undo has a
    journal of its own, so it can be undone, too.

    Frames keep what they show. In the frame whose report is undone, the cells that went back are edits again:
    ``df.sn.revert()`` shows what the server holds, and a save would send them once more. In others
    ``df.sn.refresh()`` shows it.

    Parameters
    ----------
    saved : Report or path
        The report of the save, or its journal.
    repo : Repository, optional
        Where to; found by the origin in the journal if it is not given.
    ids : collection of int, optional
        Only these contents.
    dry_run : bool
        Send nothing; the report shows the requests.
    on_conflict : {"raise", "skip", "overwrite"} or callable
        As in ``df.sn.save``.
    workers, progress
        As in ``df.sn.save``.

    Returns
    -------
    Report
        One line a content of the save.

    Raises
    ------
    ConflictError
        If there are conflicts and ``on_conflict`` is ``"raise"``; nothing was sent.
    JournalError
        If there is no journal, or it is damaged; for what keeps none, it says what to do by hand.
    """
    record = journal.read(_journal_of(saved, "undo"))
    where = repo or (saved.repo if isinstance(saved, Report) else None) or _repo(record, "undo")
    wanted = None if ids is None else {int(id_) for id_ in ids}
    report = undoing.undo(
        record,
        where,
        ids=wanted,
        dry_run=dry_run,
        on_conflict=on_conflict,
        workers=workers,
        progress=progress,
    )
    return _followed(report, saved)


def resume(
    interrupted: Report | str | os.PathLike[str],
    repo: Repository | None = None,
    *,
    on_conflict: OnConflict = "raise",
    workers: int = 8,
    progress: Setting = None,
) -> Report:
    """Finish a save that was interrupted: what is done already is not sent again.

    Parameters
    ----------
    interrupted : path or Report
        The journal, or its name as ``sn_pandas.journals()`` lists it. Or the report of the save.
    repo : Repository, optional
        Where to; found by the origin in the journal if it is not given.
    on_conflict, workers, progress
        As in ``df.sn.save``.

    Returns
    -------
    Report
        One line a content of the whole save.

    Raises
    ------
    ConflictError
        If there are conflicts and ``on_conflict`` is ``"raise"``; nothing was sent.
    JournalError
        If there is no journal, it is damaged, cannot be written, or another process goes on with it.
    """
    place = _journal_of(interrupted, "resume")
    where = repo or (interrupted.repo if isinstance(interrupted, Report) else None)
    where = where or _repo(journal.read(place), "resume")
    return undoing.resume(place, where, on_conflict=on_conflict, workers=workers, progress=progress)


def journals() -> pd.DataFrame:
    """List the journals of this user, newest first; a damaged one is a warning.

    A journal of which nothing is open is removed 90 days after it was written last, when another one is
    begun. Those with a place of their own (``journal=…``) are neither listed nor removed.

    Returns
    -------
    DataFrame
        ``journal`` (the name of the file, which ``undo`` and ``resume`` take), ``began``, ``what``,
        ``origin``, ``rows``, ``open`` (what ``resume`` would look at), a column for each outcome, and
        ``bytes``, the size of the file.
    """
    return journal.listed()


#: How what keeps no journal is taken back by hand, by what it did.
_BY_HAND = {
    "move": "move them back with repo.move(report.saved, to)",
    "copy": "delete the copies with repo.delete(report.saved)",
    "upload": "delete the new ones with repo.delete(path); a file that was overwritten comes back only where "
    "versions are kept, with repo.call(path, 'RestoreVersion', version='V1.0.A')",
    "download": "nothing was changed at the server; remove the files",
    "CheckOut": "unlock them with repo.undo_check_out(report.saved)",
    "allow permissions": "take it back with repo.unset(report.saved, identity, …) or repo.deny(…)",
    "deny permissions": "take it back with repo.unset(report.saved, identity, …) or repo.allow(…)",
    "undefined permissions": "set them again with repo.allow(report.saved, identity, …) or repo.deny(…)",
    "members": "use repo.add_members(group, …) or repo.remove_members(group, …)",
}
_OTHERWISE = (
    "look at repo.actions(path) for what takes it back; earlier fields come back where versions are kept, "
    "with repo.call(path, 'RestoreVersion', version='V1.0.A')"
)


def _journal_of(saved: Any, what: str) -> str | os.PathLike[str]:
    if isinstance(saved, Report) and saved.journal is None:
        raise JournalError(_no_journal(saved, what))
    place = saved.journal if isinstance(saved, Report) else saved
    if not isinstance(place, (str, os.PathLike)):
        raise JournalError(
            f"{what} takes a report or its journal, not {place!r}; a save that sent nothing has no journal"
        )
    return place


def _no_journal(report: Report, what: str) -> str:
    """Say why what a report tells of cannot be undone or resumed, and what to do instead."""
    if report.dry_run or not report.frame["outcome"].isin(["saved", "ignored", "unknown"]).any():
        return f"there is nothing to {what}: this {report.what} changed nothing"
    known = next((way for name, way in _BY_HAND.items() if name in report.what), _OTHERWISE)
    way = "do what is left once more" if what == "resume" else known
    return f"this {report.what} keeps no journal, so sn_pandas cannot {what} it; {way}"


def _followed(report: Report, saved: Any) -> Report:
    """Have the frame of a save know what was taken back, and say where that shows."""
    back = {int(id_) for id_ in report.saved["Id"].dropna()}
    if report.dry_run or not back:
        return report
    follow = saved.follow if isinstance(saved, Report) else None
    if follow is not None and follow(back):
        note = "the frame shows these cells as edits again: df.sn.revert() takes them back there, too"
        return dataclasses.replace(report, note=note, follow=follow)
    return dataclasses.replace(
        report, note="frames show what they showed: df.sn.refresh() reads their rows again"
    )


def _repo(record: journal.Record, what: str) -> Repository:
    """Give the repository of a journal: one that is open, or a new connection."""
    origin = record.header["origin"]
    if re.fullmatch(r"http://embedded(-\d+)?", origin) and record.header.get("process") != journal.PROCESS:
        raise JournalError(
            "the embedded repository of this journal was in the memory of another process, and is gone "
            f"with it: there is nothing to {what}"
        )
    repo = opened(origin)
    if repo is not None:
        return repo
    how = f"sn_pandas.{what}({str(record.path)!r}, repo)"
    if origin.startswith("http://embedded"):
        raise SensenetError(
            f"this journal is of an embedded repository, {origin}: say which one that is, as {how}"
        )
    from .connecting import connect

    try:
        return connect(origin)
    except AuthenticationError as error:
        raise AuthenticationError(
            f"this journal is of {origin}, which needs credentials: connect, and say {how}"
        ) from error
