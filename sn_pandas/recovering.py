"""``undo``, ``resume`` and ``journals``: revert or continue saves."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Collection, Iterable
from typing import Any

import pandas as pd

from .frames import Repository
from .frames.connection import Connection
from .frames.progress import Setting
from .frames.tracking.baseline import find_open_repository
from .frames.writes import journal, undoing
from .frames.writes.comparing import OnConflict
from .frames.writes.journal_list import list_journals
from .frames.writes.report import Report
from .odata.addresses import canonical_origin
from .odata.errors import AuthenticationError, JournalError


def undo(
    saved: Report | str | os.PathLike[str],
    repo: Repository | None = None,
    *,
    ids: Collection[int] | int | None = None,
    dry_run: bool = False,
    on_conflict: OnConflict = "raise",
    workers: int = 8,
    progress: Setting = None,
) -> Report:
    """Undo a save, or a part of it: restore old values and deleted contents, delete created ones.

    What somebody else changed since is a conflict, as in a save; so is a created folder that holds what the
    save did not create, and a content of a creation whose answer was lost unless we made it. The undo has a
    journal of its own, so it can be undone, too.

    The frame of the report shows what the server holds afterwards, except in cells that were edited again
    since. Other frames keep what they show; ``df.sn.refresh()`` reads their rows again.

    A journal is applied only to the repository that it names. Without ``repo`` that is an open connection, or
    the server of ``$SENSENET_URL``; to no other address is a connection made because a file names it.

    Parameters
    ----------
    saved : Report or path
        The report of the save, or its journal.
    repo : Repository, optional
        The repository of the journal; an open connection to it, or that of ``$SENSENET_URL``, if not given.
    ids : int or collection of int, optional
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
        One row per content of the save.

    Raises
    ------
    ConflictError
        If there are conflicts and ``on_conflict`` is ``"raise"``; nothing was sent.
    JournalError
        If there is no journal, or it is damaged; for what keeps none, it says what to do by hand.
    """
    place = _journal_of(saved, "undo")
    _reject_other(repo, "undo", saved)
    with journal.lock_journal(place) as record:
        where = _repository(record, repo or (saved.repo if isinstance(saved, Report) else None), "undo")
        report = undoing.undo(
            record,
            where,
            ids=_ids(ids),
            dry_run=dry_run,
            on_conflict=on_conflict,
            workers=workers,
            progress=progress,
        )
    return _show_undone(report, saved)


def resume(
    interrupted: Report | str | os.PathLike[str],
    repo: Repository | None = None,
    *,
    on_conflict: OnConflict = "raise",
    workers: int = 8,
    progress: Setting = None,
) -> Report:
    """Finish an interrupted save: completed operations are not sent again.

    Parameters
    ----------
    interrupted : path or Report
        The journal, or its name as ``sn_pandas.journals()`` lists it. Or the report of the save.
    repo : Repository, optional
        The repository of the journal; an open connection to it, or that of ``$SENSENET_URL``, if not given.
    on_conflict, workers, progress
        As in ``df.sn.save``.

    Returns
    -------
    Report
        One row per content of the complete save.

    Raises
    ------
    ConflictError
        If there are conflicts and ``on_conflict`` is ``"raise"``; nothing was sent.
    JournalError
        If there is no journal, it is damaged, cannot be written, or another process goes on with it.
    """
    place = _journal_of(interrupted, "resume")
    _reject_other(repo, "resume", interrupted)
    given = repo or (interrupted.repo if isinstance(interrupted, Report) else None)
    where = _repository(journal.read(place), given, "resume")
    report = undoing.resume(place, where, on_conflict=on_conflict, workers=workers, progress=progress)
    if isinstance(interrupted, Report) and interrupted.follow is not None:
        interrupted.follow({int(id_) for id_ in report.saved["Id"].dropna()})
    return report


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
    return list_journals()


#: How what keeps no journal is taken back by hand, by what it did.
_BY_HAND = {
    "move": "move them back with repo.move(report.saved, to)",
    "copy": "delete the copies with repo.delete(report.saved)",
    "upload": "delete the new ones with repo.delete(path); an overwritten file can only be restored where "
    "versions are kept, with repo.call(path, 'RestoreVersion', version='V1.0.A')",
    "download": "nothing was changed at the server; remove the files",
    "CheckOut": "unlock them with repo.undo_check_out(report.saved)",
    "members": "use repo.add_members(group, …) or repo.remove_members(group, …)",
}
_OTHERWISE = (
    "see repo.actions(path) for an operation that reverts it. Where versions are kept, restore earlier "
    "fields with repo.call(path, 'RestoreVersion', version='V1.0.A')"
)


def _journal_of(saved: Any, what: str) -> str | os.PathLike[str]:
    if isinstance(saved, Report) and saved.journal is None:
        raise JournalError(_no_journal(saved, what))
    place = saved.journal if isinstance(saved, Report) else saved
    if not isinstance(place, (str, os.PathLike)):
        shown = f"a {type(place).__name__}" if isinstance(place, (pd.DataFrame, pd.Series)) else repr(place)
        raise JournalError(
            f"{what} takes a report or its journal, not {shown[:80]}; a save that sent nothing has no "
            "journal. The journals of earlier saves: sn_pandas.journals()"
        )
    return place


def _reject_other(repo: Any, what: str, saved: Any) -> None:
    """Raise for an argument that is not a repository."""
    if repo is None or isinstance(repo, Repository):
        return
    shown = f"a {type(repo).__name__}" if isinstance(repo, (pd.DataFrame, pd.Series)) else repr(repo)[:80]
    some = "; to undo some of its contents only: sn_pandas.undo(report, ids=[…])" if what == "undo" else ""
    raise TypeError(f"the second argument of {what} is a repository, not {shown}{some}")


def _ids(ids: Collection[int] | int | None) -> set[int] | None:
    if ids is None:
        return None
    return {int(id_) for id_ in ids} if isinstance(ids, Iterable) else {int(ids)}


def _no_journal(report: Report, what: str) -> str:
    """Explain why a report without a journal cannot be undone or resumed, and suggest an alternative."""
    if report.dry_run or not report.frame["outcome"].isin(["saved", "ignored", "unknown"]).any():
        return f"there is nothing to {what}: this {report.what} changed nothing"
    by_hand = next((way for name, way in _BY_HAND.items() if name in report.what), _OTHERWISE)
    way = "repeat what is left" if what == "resume" else by_hand
    return f"this {report.what} keeps no journal, so sn_pandas cannot {what} it; {way}"


def _show_undone(report: Report, saved: Any) -> Report:
    """Update the frame of a save after its undo, and return a note about it."""
    back = {int(id_) for id_ in report.saved["Id"].dropna()}
    if report.dry_run or not back:
        return report
    follow = saved.follow if isinstance(saved, Report) else None
    if follow is not None and follow(back):
        note = (
            "the frame shows what the server holds now; the values that were undone are in the .requests of "
            "the save"
        )
        return dataclasses.replace(report, note=_join_notes(report.note, note), follow=follow)
    note = "frames are not updated: df.sn.refresh() reads their rows again"
    return dataclasses.replace(report, note=_join_notes(report.note, note))


def _join_notes(*notes: str) -> str:
    return "\n  ".join(note for note in notes if note)


def is_of_another_process(origin: str, process: str | None) -> bool:
    """Return whether an address is that of an embedded repository in the memory of another process."""
    return re.fullmatch(r"http://embedded(-\d+)?", origin) is not None and process != journal.PROCESS


def _repository(record: journal.Journal, given: Connection | None, what: str) -> Connection:
    """Return the repository that a journal belongs to, or raise.

    A journal is a file, which may come from anybody: it is applied only to the repository that it names, and
    the address in it never gets credentials that were not given for it.
    """
    origin = record.header["origin"]
    if is_of_another_process(origin, record.header.get("process")):
        raise JournalError(
            "the embedded repository of this journal was in the memory of another process that has ended: "
            f"there is nothing to {what}"
        )
    if given is not None:
        if canonical_origin(given.url) != canonical_origin(origin):
            raise JournalError(
                f"this journal belongs to {origin}, not to {given.url}, where the ids mean other contents. "
                "Pass the repository that the journal was written for"
            )
        return given
    repo = find_open_repository(origin)
    if repo is not None and not repo.closed:
        return repo
    how = f"sn_pandas.{what}({str(record.path)!r}, repo)"
    from .connecting import connect, is_embedded

    if is_embedded(origin):
        raise JournalError(
            f"this journal belongs to an embedded repository, {origin}. Pass that repository: {how}"
        )
    home = os.environ.get("SENSENET_URL", "")
    if not home or canonical_origin(home) != canonical_origin(origin):
        raise JournalError(
            f"this journal belongs to {origin}, which is not connected. If you trust the file: repo = "
            f"sn_pandas.connect({origin!r}, api_key=…) and {how}"
        )
    try:
        return connect(home)
    except AuthenticationError as error:
        raise AuthenticationError(
            f"this journal belongs to {origin}, which needs credentials. Connect, then call {how}"
        ) from error
