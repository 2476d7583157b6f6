"""Single contents: created, changed, replaced, moved, called; the writing half of ``Repository``."""

from __future__ import annotations

import abc
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from ...odata.limits import CHUNK
from .. import contents
from ..columns.coercing import Coercion
from ..progress import Setting
from ..reads.finding import name_user, resolve_places

if TYPE_CHECKING:
    from ..connection import Connection
    from ..writes.comparing import Conflict
    from ..writes.report import Report
    from .upload_sources import Files

Place = str | int
Places = Place | Sequence[Place] | pd.DataFrame


class Contents(abc.ABC):
    """Operations on single contents, and on several with a report."""

    @property
    @abc.abstractmethod
    def _repo(self) -> Connection:
        """The repository of the contents; overridden by the repository itself."""

    def create(
        self,
        parent: Place,
        type: str,
        name: str | None = None,
        fields: Mapping[str, Any] | None = None,
        template: str | None = None,
    ) -> pd.Series[Any]:
        """Create a content; ``sn_pandas.undo`` reverts it with its journal, the latest of ``journals()``.

        Parameters
        ----------
        parent : str or int
            The content below which, by path or id.
        type : str
            The content type.
        name : str, optional
            Its name; a free one made of ``DisplayName``, the template or the type if not given, because
            contents without a name clash.
        fields : mapping, optional
            Its fields; values of any type that a cell can have.
        template : str, optional
            The name of a template of this type, whose fields and children are copied.

        Returns
        -------
        Series
            ``Id``, ``Path``, ``Name``, ``Type`` and the given fields, as the server stored them.

        Raises
        ------
        RefusedError
            If a value cannot be stored; nothing was sent.
        AlreadyExistsError
            If there is a content of this name; nothing was sent.
        SaveError
            If the server stored something else than was sent, or it cannot be known whether it was created;
            ``report`` says what.
        """
        return contents.single.create(self._repo, parent, type, name, fields or {}, template)

    def patch(self, path: Place, fields: Mapping[str, Any]) -> pd.Series[Any]:
        """Set some fields of a content; only values that differ are sent.

        ``sn_pandas.undo`` takes it back with its journal, the latest of ``journals()``; the journal never has
        Password, Color and Image fields, which cannot be put back.

        Parameters
        ----------
        path : str or int
            The content.
        fields : mapping
            Values of any type that a cell can have, and texts of Password and Color fields.

        Returns
        -------
        Series
            ``Id``, ``Path``, ``Name``, ``Type`` and the given fields, as the server stored them.

        Raises
        ------
        RefusedError
            If a value cannot be stored; nothing was sent.
        NotFoundError
            If there is no such content, or we may not see it.
        SaveError
            If the server stored something else than was sent; ``report`` says what.
        """
        return contents.single.patch(self._repo, path, fields)

    def put(self, path: Place, fields: Mapping[str, Any], dry_run: bool = False) -> pd.DataFrame:
        """Replace a content: fields that are not given get the default of a new content.

        Only operators of the repository may do this. It also makes the caller the owner, ends drafts, and
        breaks the binary of a file; ``patch`` does none of that. There is no journal and no undo of it.

        Parameters
        ----------
        path : str or int
            The content.
        fields : mapping
            What it is to hold.
        dry_run : bool
            Send nothing.

        Returns
        -------
        DataFrame
            ``field``, ``before``, ``after``: what is reset or set, one line per field.

        Raises
        ------
        SaveError
            If the content differs from what was sent, or it cannot be known what became of it.
        """
        return contents.single.put(self._repo, path, fields, dry_run=dry_run)

    def upsert(
        self,
        folder: Place,
        rows: pd.DataFrame | Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Any]],
        key: str = "Name",
        type: str | None = None,
        *,
        dry_run: bool = False,
        on_conflict: Literal["raise", "skip", "overwrite"] | Callable[[Conflict], Any] = "raise",
        on_error: Literal["collect", "raise"] = "collect",
        on_refused: Literal["raise", "skip"] = "raise",
        workers: int = 8,
        journal: str | os.PathLike[str] | None = None,
        progress: Setting = None,
    ) -> Report:
        """Update, create or leave unchanged the contents of a folder, according to some rows.

        The contents that have the keys are read together. Rows that differ from them are sent as a save sends
        edits, rows with new keys are created, and all others are left alone. Contents of the folder that no
        row names stay as they are.

        Parameters
        ----------
        folder : str or int
            The folder.
        rows : DataFrame, or what ``pandas.DataFrame`` makes one of
            One row a content; its columns are fields. Missing cells leave what is there.
        key : str
            The column by which a row is matched to a content of the folder, letter case aside for ``Name``. A
            row without a key is rejected, and so is one whose key another row or several contents have.
        type : str, optional
            The type of new contents, where the rows have no ``Type``; that of the contents that were matched
            if they are all of one.
        dry_run, on_conflict, on_error, on_refused, workers, journal, progress
            As in ``df.sn.save``.

        Returns
        -------
        Report
            One outcome a row, on the labels of the rows: ``saved``, ``unchanged`` and the others;
            ``sn_pandas.undo`` takes it back, and ``sn_pandas.resume`` finishes it.

        Raises
        ------
        RefusedError
            If a row cannot be sent and ``on_refused`` is ``"raise"``; nothing was sent.
        ConflictError
            If somebody changed the same cell meanwhile, and ``on_conflict`` is ``"raise"``.
        TrackingError
            If a column is not a field, or the key is not a column.
        NotFoundError
            If there is no such folder, or we may not see it.

        Examples
        --------
        >>> import sn_pandas as sn
        >>> repo = sn.connect(user="olga.okafor")
        >>> rows = [{"Name": "T001", "Index": 7}, {"Name": "order-ink", "Index": 8}]
        >>> repo.upsert("/Root/Content/IT/Tasks", rows, type="Task").counts
        {'saved': 2}
        >>> repo.upsert("/Root/Content/IT/Tasks", rows, type="Task").counts
        {'unchanged': 2}
        """
        return contents.rows.upsert(
            self._repo,
            folder,
            rows,
            key,
            type,
            dry_run=dry_run,
            on_conflict=on_conflict,
            on_error=on_error,
            on_refused=on_refused,
            workers=workers,
            journal=journal,
            progress=progress,
        )

    def import_rows(
        self,
        folder: Place,
        rows: str
        | os.PathLike[str]
        | pd.DataFrame
        | Mapping[str, Sequence[Any]]
        | Sequence[Mapping[str, Any]],
        type: str | None = None,
        *,
        columns: Mapping[str, str | None] | None = None,
        resolve: Literal["names"] | None = None,
        dayfirst: bool | None = None,
        decimal: Literal[".", ","] | None = None,
        tz: str | None = None,
        rejected: str | os.PathLike[str] | None = None,
        sheet: str | int | None = None,
        sep: str | None = None,
        encoding: str | None = None,
        dry_run: bool = False,
        on_error: Literal["collect", "raise"] = "collect",
        on_refused: Literal["raise", "skip"] = "raise",
        workers: int = 8,
        journal: str | os.PathLike[str] | None = None,
        progress: Setting = None,
    ) -> Report:
        """Create contents in a folder out of the rows of a CSV or Excel file, or of a frame.

        The first row of a file names the fields, by their names or labels. Each cell is read as its field
        needs it: ``yes`` for a boolean, ``31.12.2026`` for a date, ``1.234,56`` for a number, the label
        of an option, several of them with semicolons between. A cell that may mean two things is rejected,
        and never guessed. Empty cells are left out. Dates without a time zone are in ``tz``, and the report
        says so; those of a column ``Due date (Europe/Budapest)``, as ``df.sn.to_excel`` writes it, are there.

        Parameters
        ----------
        folder : str or int
            The folder that the contents go to.
        rows : path, DataFrame, or what ``pandas.DataFrame`` makes one of
            A ``.csv`` or ``.xlsx`` file (which needs openpyxl), or the rows. ``Id``, ``Path`` and ``problem``
            are left out.
        type : str, optional
            The content type of rows that have no ``Type``.
        columns : mapping, optional
            The field of a column by its header, or None to leave the column out.
        resolve : {"names"}, optional
            Whether texts in references are names, as :func:`sn_pandas.ref` takes them.
        dayfirst : bool, optional
            Whether 05/06/2026 is 5 June; unless it is said, only dates that can be read in one way are read.
        decimal : {".", ","}, optional
            What stands before the decimals of numbers; the other sign groups thousands.
        tz : str, optional
            The time zone of dates that name none, such as ``"Europe/Budapest"``; UTC if not given. A day
            without a time is its midnight there, unless the field holds days only.
        rejected : path, optional
            A ``.csv`` or ``.xlsx`` file for the rows that are not created, with a column ``problem``: mend
            them and import it again. The other rows are created then, as with ``on_refused="skip"``. A CSV
            file has the separator and the encoding of the imported one, a workbook its sheet. Passwords are
            left out of it.
        sheet : str or int, optional
            The sheet of a workbook; the first if not given.
        sep, encoding : str, optional
            Of a CSV file; the separator is found in its first row, and it is UTF-8 if nothing else is said.
        dry_run, on_error, on_refused, workers, journal, progress
            As in ``df.sn.save``.

        Returns
        -------
        Report
            One outcome a row, on the number of the row in the file, or the label of the frame; ``problems``
            has one line for each cell that was rejected. ``sn_pandas.undo`` takes it back.

        Raises
        ------
        RefusedError
            If a row cannot be created and ``on_refused`` is ``"raise"``; nothing was sent.
        TrackingError
            If a column is not a field, or the file cannot be read as a table.
        NotFoundError
            If there is no such folder, or we may not see it.

        Examples
        --------
        >>> import pandas as pd
        >>> import sn_pandas as sn
        >>> repo = sn.connect(user="olga.okafor")
        >>> rows = pd.DataFrame({"Name": ["ink", "tape"], "Due date": ["31.12.2026", "2027-01-31"]})
        >>> rows["Assigned to"] = "Anna Ács"
        >>> columns = {"Due date": "DueDate", "Assigned to": "AssignedTo"}
        >>> repo.import_rows("/Root/Content/IT/Tasks", rows, "Task", columns=columns, resolve="names").counts
        {'saved': 2}
        """
        return contents.importing.import_rows(
            self._repo,
            folder,
            rows,
            type,
            Coercion(dayfirst, decimal, resolve, tz),
            columns or {},
            rejected,
            {"sheet": sheet, "sep": sep, "encoding": encoding},
            dry_run=dry_run,
            on_error=on_error,
            on_refused=on_refused,
            workers=workers,
            journal=journal,
            progress=progress,
        )

    def delete(self, path: Places, permanent: bool = False, dry_run: bool = False) -> Report:
        """Delete one or several contents: to the trash, or permanently.

        Parameters
        ----------
        path : str, int, sequence of them, or DataFrame
            The contents.
        permanent : bool
            Whether they are to be gone for good.
        dry_run : bool
            Send nothing.

        Returns
        -------
        Report
            One line per content; ``sn_pandas.undo`` takes it back from the trash. What is there already is
            ``unchanged``, and so is what is missing, if several are named.

        Raises
        ------
        NotFoundError
            If the only one is missing.
        SaveError
            If the only one is not deleted; of several it stands in the report.

        Warns
        -----
        SaveWarning
            If the server will delete something for good though it was to go to the trash.
        """
        return contents.trash.delete(self._repo, path, permanent=permanent, dry_run=dry_run)

    def restore(self, path: Places, to: Place | None = None) -> Report:
        """Restore contents from the trash.

        Parameters
        ----------
        path : str, int or sequence of them
            Where they are in the trash, or their ids; the path where they were works, too.
        to : str or int, optional
            Below which content; where they were if not given.

        Raises
        ------
        SaveError
            If the only one is not in the trash, or does not come back; of several it stands in the report.
        """
        return contents.trash.restore(self._repo, path, to)

    def move(self, path: Places, to: Place) -> Report:
        """Move one or several contents to another folder.

        Returns
        -------
        Report
            One line per content; ``sn_pandas.undo`` moves them back.

        Raises
        ------
        NotFoundError
            If there is nothing where they are to go, or the only one is missing.
        SaveError
            If the only one is not moved; of several it stands in the report.
        """
        return contents.move_copy.move(self._repo, path, to)

    def copy(self, path: Places, to: Place) -> Report:
        """Copy one or several contents, with everything below them, to another folder.

        A copy is sent once: if its answer is lost, it is looked for, and ``unknown`` if it is not seen. There
        is no way to undo it; delete the copies.

        Returns
        -------
        Report
            One line per content, with the id and path of its copy.

        Raises
        ------
        NotFoundError
            If there is nothing where they are to go, or the only one is missing.
        SaveError
            If the only one is not copied; of several it stands in the report.
        """
        return contents.move_copy.copy(self._repo, path, to)

    def call(self, path: Place, operation: str, **parameters: Any) -> Any:
        """Call an operation of a content.

        Parameters
        ----------
        path : str or int
            The content.
        operation : str
            Its name, such as ``CheckOut``; :meth:`actions` lists what there is.
        **parameters
            Its parameters.

        Returns
        -------
        object
            A series for a content, a frame for a list of contents, else the JSON or text of the answer; None
            if there is none.

        Raises
        ------
        ServerError
            If the server refuses.
        ConnectionFailed
            If the answer was lost: it may have been done, and it is not sent again. Only check-outs,
            check-ins, undos of these, publications, approvals and rejections are looked for and repeated.
        """
        return contents.single.call(self._repo, path, operation, parameters)

    def upload(
        self,
        parent: Place,
        file: Files,
        name: str | None = None,
        *,
        type: str = "File",
        field: str = "Binary",
        overwrite: bool = True,
        chunk: int = CHUNK,
        workers: int = 4,
        progress: Setting = None,
    ) -> Report:
        """Upload one or several files; ``unknown`` if it cannot be verified that the server has all bytes.

        There is no undo of it: delete what was new; what was replaced is a version where versions are kept.

        Parameters
        ----------
        parent : str or int
            The folder.
        file : path, bytes, open file; or a sequence, series or mapping by name of these
            What to upload.
        name : str, optional
            The name of a single one, if it is not that of the file.
        type, field : str
            The content type, and the binary field.
        overwrite : bool
            Whether a content of this name gets the file; otherwise the server finds another name.
        chunk : int
            The size in bytes above which a file goes up in parts.
        workers, progress
            As in ``df.sn.save``.

        Returns
        -------
        Report
            One line per file.

        Raises
        ------
        RefusedError
            If something is not a file, has no name or one that the server would change, or would overwrite
            another one; nothing was sent.
        SaveError
            If a single one was not stored; of several it stands in the report.
        """
        how = contents.uploads.UploadOptions(type, field, overwrite, chunk)
        return contents.uploads.upload(
            self._repo, parent, file, name, how, workers=workers, progress=progress
        )

    def download(
        self, path: Place, to: str | os.PathLike[str] | None = None, field: str = "Binary"
    ) -> bytes | Path:
        """Download a file: its bytes, or, with ``to``, piece by piece into a folder or a file.

        Parameters
        ----------
        path : str or int
            The content.
        to : path, optional
            A folder, or the file; one that exists is replaced when the new one is whole.
        field : str
            The binary field.

        Returns
        -------
        bytes or pathlib.Path
            The bytes, or where they were written to.

        Raises
        ------
        NotFoundError
            If there is no such content, or its type has no file: those below a folder come down with
            ``repo.read(folder, query="TypeIs:File").sn.download("to")``.
        ConnectionFailed, AnswerError
            If it does not come whole; what was there stays.
        """
        return contents.downloads.download(self._repo, path, to, field)

    def permissions(self, path: Place) -> pd.DataFrame:
        """List the permissions of a content, and where they are inherited from.

        Returns
        -------
        DataFrame
            ``identity``, ``kind``, ``permission``, ``value``, ``source``, ``inherited``, ``local``, one line
            an entry.
        """
        return contents.permissions.list_permissions(self._repo, path)

    def access(
        self, path: Place, *permissions: str | Iterable[str], users: Places | None = None
    ) -> pd.DataFrame:
        """Read who can do what with a content: one row a user, as the server answers for each of them.

        Groups, inheritance, denials and ownership are in the answers. It takes one to eight requests for each
        user, several at a time, and the permission ``SeePermissions`` on the content.

        Parameters
        ----------
        path : str or int
            The content.
        *permissions : str or list of str
            Of ``see``, ``read``, ``edit``, ``add``, ``delete``, ``publish``, ``approve``, ``grant``, or the
            server's names, such as ``"OpenMinor"``; these eight if none are given.
        users : login name, path, id, list of these, or DataFrame, optional
            The users, also by name: ``sn.ref("Olga Okafor")``; all that you may see if not given.
            ``"Visitor"`` stands for those who have not signed in.

        Returns
        -------
        DataFrame
            On the ``Id`` of the users, ordered by name: ``user`` (the name), a bool column for each
            permission, ``through`` (a tuple of paths: the entries of the user and of those groups that you
            see) and ``path``.

        Raises
        ------
        ForbiddenError
            If you may not see the permissions of the content.
        QueryError
            If a permission or a user is unknown.

        Examples
        --------
        >>> import sn_pandas as sn
        >>> repo = sn.connect(user="olga.okafor")
        >>> team = ["/Root/IMS/Public/anna.acs", "/Root/IMS/Public/balint.berg"]
        >>> held = repo.access("/Root/Content/IT", "read", "edit", users=team)
        >>> held[["user", "read", "edit"]].values.tolist()
        [['Anna Ács', True, True], ['Bálint Berg', True, False]]
        """
        who = resolve_places(self._repo, name_user(users)) if users is not None else None
        return contents.access.read_access(self._repo, path, permissions, who)

    def allow(
        self, path: Places, identity: Place, *permissions: str | Iterable[str], local: bool = False
    ) -> Report:
        """Allow permissions on contents, including those that they require.

        Parameters
        ----------
        path : path, id, list of these, or DataFrame
            The contents.
        identity : path, id or ref
            The user or group, also by name: ``sn.ref("Olga Okafor")``.
        *permissions : str or list of str
            Such as ``"Open", "Save"`` or ``["Open", "Save"]``; or what they are for, such as ``"read"`` (see
            :meth:`access`).
        local : bool
            Whether what is below inherits nothing of it.

        Raises
        ------
        QueryError
            If a permission is unknown, or none is given.
        """
        who = resolve_places(self._repo, identity)
        return contents.permissions.set_permissions(self._repo, path, who, permissions, "allow", local)

    def deny(
        self, path: Places, identity: Place, *permissions: str | Iterable[str], local: bool = False
    ) -> Report:
        """Deny permissions on contents, including those that require them."""
        who = resolve_places(self._repo, identity)
        return contents.permissions.set_permissions(self._repo, path, who, permissions, "deny", local)

    def unset(
        self, path: Places, identity: Place, *permissions: str | Iterable[str], local: bool = False
    ) -> Report:
        """Remove permission entries of a user or group from contents."""
        who = resolve_places(self._repo, identity)
        return contents.permissions.set_permissions(self._repo, path, who, permissions, "undefined", local)

    def inherit(self, path: Places, inherits: bool = True) -> Report:
        """Restore or break the inheritance of permissions."""
        return contents.permissions.inherit(self._repo, path, inherits)

    def members(self, group: Place) -> pd.DataFrame:
        """List the members of a group.

        Raises
        ------
        QueryError
            If it is not a group.
        """
        return contents.permissions.list_members(self._repo, group)

    def add_members(self, group: Place, members: Places) -> Report:
        """Add members to a group, also by name (``sn.ref``); existing members are not added again."""
        return contents.permissions.change_members(
            self._repo, group, resolve_places(self._repo, members), add=True
        )

    def remove_members(self, group: Place, members: Places) -> Report:
        """Remove members from a group."""
        return contents.permissions.change_members(
            self._repo, group, resolve_places(self._repo, members), add=False
        )

    def versions(self, path: Place, select: str | Sequence[str] = ()) -> pd.DataFrame:
        """Read the versions of a content, the newest first.

        Parameters
        ----------
        path : str or int
            The content.
        select : str or list of str, optional
            Fields that the frame shows of each version, beside its own.

        Returns
        -------
        DataFrame
            On the numbers of the versions, such as ``V1.0.A``: ``VersionModificationDate``,
            ``VersionModifiedBy``, ``CheckInComments`` and what you select. It cannot be saved: an old
            version stays as it was. :meth:`restore_version` brings one back.

        Raises
        ------
        ForbiddenError
            If you lack the permission ``RecallOldVersion`` there.

        Examples
        --------
        >>> import sn_pandas as sn
        >>> repo = sn.connect(user="olga.okafor")
        >>> repo.versions("/Root/Content/IT/Tasks").index.tolist()
        ['V1.0.A']
        """
        return contents.versions.read_versions(self._repo, path, select)

    def compare_versions(self, path: Place, old: str, new: str | None = None) -> pd.DataFrame:
        """Return the fields in which two versions of a content differ, with both values.

        Parameters
        ----------
        path : str or int
            The content.
        old, new : str
            Such as ``"V1.0.A"``, or as ``"1.0"``; the present version if ``new`` is not given.

        Returns
        -------
        DataFrame
            ``old`` and ``new`` on the names of the fields. The stamps that every version has are left
            out; the bytes of files are not compared, only their size and type.

        Raises
        ------
        NotFoundError
            If there is no such version.
        """
        return contents.versions.compare_versions(self._repo, path, old, new)

    def restore_version(self, path: Places, version: str) -> Report:
        """Make an earlier version of contents the present one again; the versions in between stay.

        Parameters
        ----------
        path : path, id, list of these, or DataFrame
            The contents.
        version : str
            Such as ``"V1.0.A"``; :meth:`versions` lists them.

        Raises
        ------
        QueryError
            If it is not a version.
        """
        return contents.versions.restore_version(self._repo, path, version)

    def check_out(self, path: Places) -> Report:
        """Lock contents for oneself; ``reason`` in the report is the version then."""
        return self._call_each(path, "CheckOut")

    def check_in(self, path: Places, comment: str | None = None) -> Report:
        """Check in contents: unlock them and keep the changes."""
        return contents.calls.call_each(
            self._repo, path, "CheckIn", **({"checkInComments": comment} if comment else {})
        )

    def undo_check_out(self, path: Places, force: bool = False) -> Report:
        """Discard a check-out: unlock contents without the changes; ``force`` for a lock of somebody else."""
        return self._call_each(path, "ForceUndoCheckOut" if force else "UndoCheckOut")

    def publish(self, path: Places) -> Report:
        """Publish drafts."""
        return self._call_each(path, "Publish")

    def approve(self, path: Places) -> Report:
        """Approve pending versions."""
        return self._call_each(path, "Approve")

    def reject(self, path: Places, reason: str | None = None) -> Report:
        """Reject pending versions."""
        return contents.calls.call_each(
            self._repo, path, "Reject", **({"rejectReason": reason} if reason else {})
        )

    def _call_each(self, path: Places, operation: str, **parameters: Any) -> Report:
        return contents.calls.call_each(self._repo, path, operation, **parameters)
