"""``df.sn``: the methods of a frame that was read from a repository."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from ..replacing import become
from ..tracking.baseline import Baseline, get_baseline
from ..tracking.edits import build_changes_frame, find_edits
from ..tracking.matching import match_rows
from ..tracking.snapshots import unshare, unshare_frame
from ..writes import acting, deleting
from ..writes.appending import append
from ..writes.applying import make_plan
from ..writes.comparing import Conflict
from ..writes.latest import Latest, record_save
from ..writes.plan import warn_of_unread
from ..writes.plan_files import Plan
from ..writes.report import Report
from ..writes.saving import find_problems, save
from ..writes.upserting import match
from .excel import to_excel
from .parquet import to_parquet
from .rebase import rebase_on, refresh
from .related import browse, download, explode, read_children

if TYPE_CHECKING:
    from ..plots.plots import Plots
    from ..repository import Repository


class Accessor:
    """Changes, checks and saves of a frame that was read from a repository.

    pandas makes a new accessor at each use, so it holds nothing but the frame.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    @property
    def baseline(self) -> Baseline:
        """The frame as it was read; a copy, so that changes to it have no effect."""
        baseline = get_baseline(self._frame)
        return dataclasses.replace(baseline, frame=unshare_frame(baseline.frame))

    @property
    def plot(self) -> Plots:
        """Pictures of the contents: ``timeline``, ``gantt``, ``types``, ``treemap``, ``versions``."""
        from ..plots.plots import Plots

        return Plots(self._frame)

    def changes(self) -> pd.DataFrame:
        """Return the edits since the frame was read.

        Returns
        -------
        DataFrame
            ``Id``, ``Path``, ``field``, ``before``, ``after``: one line per changed cell. New rows show every
            cell that is filled.

        Raises
        ------
        TrackingError
            If the rows cannot be matched to contents.
        """
        baseline = get_baseline(self._frame)
        warn_of_unread(self._frame, baseline)
        return build_changes_frame(find_edits(self._frame, baseline), self._frame, baseline)

    def check(self) -> pd.DataFrame:
        """Return the edits that a save would reject; reads from the server, but writes nothing.

        Returns
        -------
        DataFrame
            The columns of :meth:`changes` and ``problem``, on the labels of the frame's rows; empty if
            everything can be saved. New rows are looked at as ``save(create=True)`` does.

        Raises
        ------
        TrackingError
            If the rows cannot be matched to contents, or show an old version.
        """
        return find_problems(self._frame)

    def save(
        self,
        dry_run: bool = False,
        on_conflict: Literal["raise", "skip", "overwrite"] | Callable[[Conflict], Any] = "raise",
        on_error: Literal["collect", "raise"] = "collect",
        create: bool = False,
        workers: int = 8,
        journal: str | os.PathLike[str] | None = None,
        progress: bool | Callable[[int, int | None], object] | None = None,
        on_refused: Literal["raise", "skip"] = "raise",
    ) -> Report:
        """Write the edits back.

        Every cell is checked first, and compared with what the server holds now: what others changed in
        other fields stays, what they changed in the same cell is a conflict. What is sent is in a journal
        beforehand, and counts as saved only if the server's answer shows it. The server has no lock for this:
        who saves the same cell between the comparison and our request is overwritten.

        Parameters
        ----------
        dry_run : bool
            Send nothing; the report shows the exact requests.
        on_conflict : {"raise", "skip", "overwrite"} or callable
            What to do with a cell that somebody else changed since it was read: send nothing at all,
            leave its row alone, overwrite it, or ask a callable, which gets a ``Conflict`` and gives the
            value to be stored.
        on_error : {"collect", "raise"}
            Whether rows that the server refuses only stand in the report, or raise one error at the end
            that carries the report.
        create : bool
            Whether rows without an ``Id`` become new contents. Rows that were dropped are never deleted.
        workers : int
            Requests in flight; fewer while the server is overloaded.
        journal : path, optional
            The file that says beforehand what is going to be sent; in the user's state directory if not
            given.
        progress : bool or callable, optional
            A bar after a second where somebody watches; always, never, or a callable ``(done, total)``.
        on_refused : {"raise", "skip"}
            Whether nothing is sent if a cell cannot be saved, or the other rows are.

        Returns
        -------
        Report
            One outcome a row.

        Raises
        ------
        RefusedError
            If a cell cannot be saved and ``on_refused`` is ``"raise"``; nothing was sent.
        ConflictError
            If there are conflicts and ``on_conflict`` is ``"raise"``; nothing was sent if they were known
            beforehand.
        SaveError
            If ``on_error`` is ``"raise"`` and a row was not saved.
        """
        with contextlib.nullcontext(Latest()) if dry_run else record_save() as last:
            last.report = save(
                self._frame,
                dry_run=dry_run,
                on_conflict=on_conflict,
                on_error=on_error,
                on_refused=on_refused,
                create=create,
                workers=workers,
                journal=journal,
                progress=progress,
            )
        return last.report

    def plan(
        self,
        on_conflict: Literal["raise", "skip", "overwrite"] | Callable[[Conflict], Any] = "raise",
    ) -> Plan:
        """Return the edits as a plan, which ``sn_pandas.apply`` saves later, in another process or by others.

        The edits are checked and compared as by ``save``, and nothing is sent. ``plan.to_json(path)`` writes
        the plan to a file, and ``plan.to_html(path)`` a page for the person who approves it.

        Parameters
        ----------
        on_conflict : {"raise", "skip", "overwrite"} or callable
            As in ``save``. Rows that ``"skip"`` leaves out are named in a warning.

        Returns
        -------
        Plan
            The changes of contents that exist; it never holds passwords.

        Raises
        ------
        PlanError
            If a row of the frame is new.
        RefusedError
            If a cell cannot be saved.
        ConflictError
            If there are conflicts and ``on_conflict`` is ``"raise"``.
        """
        return make_plan(self._frame, on_conflict)

    def append(
        self, rows: pd.DataFrame | Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Any]]
    ) -> pd.DataFrame:
        """Append rows; ``save(create=True)`` creates them on the server.

        Parameters
        ----------
        rows : DataFrame, or what ``pandas.DataFrame`` makes one of
            Columns that it lacks are missing; those that the frame lacks have to be fields. ``Name``,
            ``Type`` and ``Path`` say what each row becomes and where; without ``Path`` it goes to the folder
            that was read, and without ``Type`` it becomes what all rows there are, if ``Type`` was read.

        Returns
        -------
        DataFrame
            A new frame, with the dtypes of this one; the new rows have negative ids.

        Raises
        ------
        TrackingError
            If the frame has no ``Id``, or the rows have one, or a column that is not a field.

        Examples
        --------
        >>> import pandas as pd
        >>> import sn_pandas as sn
        >>> repo = sn.connect(user="olga.okafor")
        >>> tasks = repo.read("/Root/Content/IT/Tasks", select=["Name", "Type", "DueDate"])
        >>> new = pd.DataFrame({"Name": ["order-paper", "order-ink"]})
        >>> tasks = tasks.sn.append(new)
        >>> tasks.sn.save(create=True).counts["saved"]
        2
        """
        return append(self._frame, rows)

    def upsert(
        self,
        rows: pd.DataFrame | Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Any]],
        key: str = "Name",
    ) -> pd.DataFrame:
        """Update rows of the frame by a key, and append rows with new keys.

        ``save(create=True)`` sends both; :meth:`Repository.upsert` does it without a frame. What somebody
        else changed since the frame was read is a conflict, as with any edit.

        Parameters
        ----------
        rows : DataFrame, or what ``pandas.DataFrame`` makes one of
            As for :meth:`append`. Missing cells leave what is there.
        key : str
            The column by which rows are matched. A row without a key, or with one that another row or several
            contents have, becomes a new row that is rejected by :meth:`check` and :meth:`save`.

        Returns
        -------
        DataFrame
            A new frame, with the dtypes of this one where they hold the new cells.

        Raises
        ------
        TrackingError
            If the key is not a column of both, or as :meth:`append` raises it.

        Examples
        --------
        >>> import sn_pandas as sn
        >>> repo = sn.connect(user="olga.okafor")
        >>> tasks = repo.read("/Root/Content/IT/Tasks", select=["Name", "Type", "Index"])
        >>> tasks = tasks.sn.upsert([{"Name": "T001", "Index": 7}, {"Name": "order-ink", "Index": 8}])
        >>> tasks.sn.save(create=True).counts["saved"]
        2
        """
        return match(self._frame, rows, key).frame

    def delete(
        self,
        permanent: bool = False,
        dry_run: bool = False,
        workers: int = 8,
        journal: str | os.PathLike[str] | None = None,
        progress: bool | Callable[[int, int | None], object] | None = None,
    ) -> Report:
        """Delete the contents of all rows: to the trash, or for good.

        Parameters
        ----------
        permanent : bool
            Whether they are to be gone for good; otherwise ``sn_pandas.undo`` takes them back.
        dry_run : bool
            Send nothing; the report shows the exact requests.
        workers, journal, progress
            As in :meth:`save`.

        Returns
        -------
        Report
            One outcome a row. What is below a content that is deleted, too, goes with it.
        """
        return deleting.delete(
            self._frame,
            permanent=permanent,
            dry_run=dry_run,
            workers=workers,
            journal=journal,
            progress=progress,
        )

    def call(
        self,
        operation: str,
        workers: int = 8,
        progress: bool | Callable[[int, int | None], object] | None = None,
        **parameters: Any,
    ) -> Report:
        """Call an operation on the content of each row, such as ``Publish``; it is never sent twice.

        Returns
        -------
        Report
            One outcome a row.
        """
        return acting.call(self._frame, operation, parameters, workers=workers, progress=progress)

    def explode(self, reference: str, select: str | Sequence[str] = ()) -> pd.DataFrame:
        """Return one line for each content that a reference of the rows points to.

        Parameters
        ----------
        reference : str
            A reference field, such as ``AssignedTo``; it need not be a column.
        select : sequence of str
            Fields of the contents it points to.

        Returns
        -------
        DataFrame
            On the ``Id`` of the row that points, with the ``Id`` of what it points to as a column.
        """
        return explode(self._frame, reference, select)

    def children(self, select: str | Sequence[str] = ()) -> pd.DataFrame:
        """Read the children of all rows as one frame with the same columns, or those in ``select``."""
        return read_children(self._frame, select)

    def browse(self, **options: Any) -> Any:
        """Show the tree below the common folder of all rows, with the rows selected.

        Parameters
        ----------
        **options
            As for :meth:`Repository.browse`.

        Returns
        -------
        TreeBrowser
            A widget; ``selection`` holds the paths that are selected in it.
        """
        return browse(self._frame, **options)

    def edit(
        self,
        *,
        height: str = "28em",
        dayfirst: bool | None = None,
        decimal: Literal[".", ","] | None = None,
    ) -> Any:
        """Show the frame in a grid, to be edited like a spreadsheet.

        The grid shows the frame itself: an edit in it is an edit of the frame, as with pandas, and the other
        way round. Its save shows the plan first, and is a :meth:`save`.

        Parameters
        ----------
        height : str
            The height of the rows on the page, in CSS units.
        dayfirst, decimal
            How dates and numbers that are typed or pasted are read; see :meth:`Repository.import_rows`.

        Returns
        -------
        EditGrid
            A widget.

        Raises
        ------
        TrackingError
            If the frame does not come from a repository, or shows an old version.
        """
        return get_baseline(self._frame).repo.open_grid(
            self._frame, height=height, dayfirst=dayfirst, decimal=decimal
        )

    def download(
        self,
        folder: str | os.PathLike[str],
        field: str = "Binary",
        workers: int = 4,
        progress: bool | Callable[[int, int | None], object] | None = None,
    ) -> Report:
        """Write the files of all rows into a folder; ``reason`` in the report is where each is."""
        return download(self._frame, folder, field=field, workers=workers, progress=progress)

    def to_parquet(self, path: str | os.PathLike[str], **options: Any) -> None:
        """Write the frame to a Parquet file, with its origin and the values that were read.

        ``pandas.read_parquet`` reads it back; edit it then, in any process, and tie it to the repository
        with ``sn_pandas.rebase`` while the file is where it was written.

        Parameters
        ----------
        path : str or path
            The file.
        **options
            As ``pyarrow.parquet.write_table`` takes them.
        """
        to_parquet(self._frame, path, **options)

    def to_excel(self, path: str | os.PathLike[str], protect: bool = True) -> None:
        """Write the frame to an Excel file that can be edited and read back by :func:`sn_pandas.read_excel`.

        Columns have the display names of their fields, dates are in the time zone that their header names,
        choices and booleans have drop-downs, and references show the names of contents. Hidden sheets
        keep the ids, the paths, what the frame was read as, and which repository that was. Columns of
        passwords are left out.

        Parameters
        ----------
        path : str or path
            The file, ``.xlsx``; an existing one is replaced.
        protect : bool
            Whether cells that cannot be saved are locked. There is no password. Excel sorts, inserts and
            deletes the rows of a locked sheet only after *Review, Unprotect Sheet*.

        Raises
        ------
        TrackingError
            If the frame does not come from a repository.
        ImportError
            If the extra ``excel`` is not installed.
        """
        to_excel(self._frame, path, protect=protect)

    def refresh(self) -> pd.DataFrame:
        """Update the cells that are not edited from the server, in place.

        Edits stay edits, of what the server holds now: ``changes()`` shows it as ``before``, so a save that
        follows overwrites it knowingly.

        Returns
        -------
        DataFrame
            The same frame.
        """
        return refresh(self._frame)

    def rebase(self, source: Repository | pd.DataFrame | None = None) -> pd.DataFrame:
        """Attach the frame to a repository or to the frame it was derived from; see :func:`sn_pandas.rebase`.

        Parameters
        ----------
        source : Repository or DataFrame, optional
            The repository that is read again; that of the frame if not given. Or the frame that this one was
            made of, by a ``merge`` or ``concat`` that dropped its origin.

        Returns
        -------
        DataFrame
            The same frame.

        Raises
        ------
        TrackingError
            If its rows cannot be matched to contents.

        Warns
        -----
        SaveWarning
            If it is unclear which of its cells the user edited and which somebody else changed.
        """
        return rebase_on(self._frame, source)

    def revert(self) -> pd.DataFrame:
        """Revert the edits in place: restore the cells that were read and drop new rows.

        Returns
        -------
        DataFrame
            The same frame.
        """
        frame, baseline = self._frame, get_baseline(self._frame)
        rows = match_rows(frame, baseline)
        if len(rows.new):
            become(frame, frame.drop(frame.index[rows.new]))
            rows = match_rows(frame, baseline)
        for column in baseline.frame.columns.intersection(frame.columns):
            before = baseline.frame[column]
            frame[column] = unshare(before if rows.places is None else before.take(rows.places)).array
        return frame
