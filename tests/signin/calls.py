"""Every public call of a repository, as something that can be done again with the same result."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

import sn_pandas as sn
from sn_pandas.frames import Repository
from sn_pandas.widgets import EditGrid, TreeBrowser
from tests.fakes import FakeServer

PLACE = "/Root/Content/Lab"
OTHER = "/Root/Content/Other"
FIELDS = ["Name", "Path", "Type", "DisplayName", "Index"]


@dataclass(frozen=True)
class Call:
    """A call: what has to be there before, what is done, and what it says and leaves behind."""

    do: Callable[[Repository, str], Any]
    #: Contents that are made below the folder of each run, by name.
    names: tuple[str, ...] = ("a", "b", "c")
    before: Callable[[Repository, str], object] | None = None
    writes: bool = True


def prepared(server: FakeServer) -> None:
    """Make the folders in which calls run."""
    with server.connect() as admin:
        for path in (PLACE, OTHER):
            admin.create("/Root/Content", "SystemFolder", path.rpartition("/")[2])


def world(admin: Repository, call: Call, number: int) -> str:
    """Make what a run of a call needs, and return its folder."""
    place = f"{PLACE}/r{number}"
    make(admin, PLACE, "SystemFolder", f"r{number}")
    for index, name in enumerate(call.names):
        make(admin, place, "Folder", name, DisplayName=name.upper(), Index=index)
    if call.before:
        call.before(admin, place)
    return place


def make(admin: Repository, place: str, type_: str, name: str, **fields: Any) -> None:
    """Make a content without looking around."""
    body = {"__ContentType": type_, "Name": name, **fields}
    admin.client.send("POST", f"/odata.svc{place}?metadata=no&$select=Id", body=body)


def state(admin: Repository, place: str) -> Any:
    """Return what is below a folder, and at the other place, without ids."""
    found = []
    for root in (place, OTHER):
        options = (
            "query=-TypeIs:SystemFolder&enableautofilters=false&metadata=no&$select=Path,DisplayName,Index"
        )
        rows = admin.client.get(f"/odata.svc{root}?{options}")["d"]["results"]
        found.append(sorted(str(sorted(row.items())) for row in rows))
    return found


def _frame(repo: Repository, place: str, **more: Any) -> Any:
    return repo.read(place, select=FIELDS, orderby="Name", **more)


def _told(frame: Any) -> Any:
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def _counts(report: Any) -> Any:
    """Return a report as what became of each row, so that lost credentials can be told from the rest."""
    errors = report.frame["reason"].astype(str)
    return [(o, "" if o == "saved" else r) for o, r in zip(report.frame["outcome"], errors, strict=True)]


def _saved(repo: Repository, place: str) -> Any:
    frame = _frame(repo, place)
    frame["Index"] = frame["Index"] + 10
    return _counts(frame.sn.save(workers=1))


def _created(repo: Repository, place: str) -> Any:
    frame = _frame(repo, place)
    for id_, name in ((-1, "new"), (-2, "newer")):
        frame.loc[id_, ["Name", "Type", "DisplayName"]] = [name, "Folder", name.upper()]
    return _counts(frame.sn.save(create=True, workers=1))


def _renamed(repo: Repository, place: str) -> Any:
    frame = _frame(repo, place)
    frame["Name"] = frame["Name"] + "x"
    return _counts(frame.sn.save(workers=1))


def _undone(repo: Repository, place: str) -> Any:
    frame = _frame(repo, place)
    frame["DisplayName"] = "other"
    return _counts(sn.undo(frame.sn.save(workers=1)))


def _planned(repo: Repository, place: str) -> Any:
    frame = _frame(repo, place)
    frame["Index"] = frame["Index"] + 10
    return len(frame.sn.plan().changes)


def _applied(repo: Repository, place: str) -> Any:
    frame = _frame(repo, place)
    frame["Index"] = frame["Index"] + 10
    return _counts(sn.apply(frame.sn.plan(), repo, workers=1))


def _resumed(repo: Repository, place: str) -> Any:
    frame = _frame(repo, place)
    frame["Index"] = frame["Index"] + 10
    return _counts(sn.resume(frame.sn.save(workers=1)))


def _refreshed(repo: Repository, place: str) -> Any:
    return _told(_frame(repo, place).sn.refresh())


def _uploaded(repo: Repository, place: str) -> Any:
    return _counts(repo.upload(place, {"one.txt": b"one", "two.txt": b"two"}))


def _downloaded(repo: Repository, place: str) -> Any:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        repo.download(f"{place}/f.txt", folder)
        return [path.read_bytes() for path in sorted(Path(folder).iterdir())]


def _downloaded_rows(repo: Repository, place: str) -> Any:
    import tempfile

    files = repo.read(place, select=["Name", "Path"], filter="isof('File')")
    with tempfile.TemporaryDirectory() as folder:
        outcomes = files.sn.download(folder, workers=1).frame["outcome"].tolist()
        return outcomes, [path.read_bytes() for path in sorted(Path(folder).iterdir())]


def _appended(repo: Repository, place: str) -> Any:
    frame = repo.read(place, select=["Name", "Type", "DisplayName"], orderby="Name")
    frame = frame.sn.append({"Name": ["new"], "DisplayName": ["NEW"]})
    return _counts(frame.sn.save(create=True, workers=1))


def _upserted(repo: Repository, place: str) -> Any:
    rows = [{"Name": "a", "Index": 50}, {"Name": "new", "Index": 51}]
    return _counts(repo.upsert(place, rows, type="Folder", workers=1))


def _imported(repo: Repository, place: str) -> Any:
    rows = [{"Name": "new", "Index": "51"}, {"Name": "newer", "Index": "1"}]
    return _counts(repo.import_rows(place, rows, "Folder", workers=1))


def _upserted_rows(repo: Repository, place: str) -> Any:
    frame = _frame(repo, place).sn.upsert([{"Name": "a", "Index": 50}, {"Name": "new", "Index": 51}])
    return _counts(frame.sn.save(create=True, workers=1))


def _checked(repo: Repository, place: str) -> Any:
    frame = _frame(repo, place)
    frame.loc[frame.index[0], "Index"] += 1
    frame.loc[frame.index[1], "Name"] = frame["Name"].iloc[2]
    return frame.sn.check()["problem"].tolist()


def _rebased(repo: Repository, place: str) -> Any:
    read = _frame(repo, place)
    made = read.drop(columns="DisplayName")
    made.attrs.clear()
    made["Index"] = made["Index"] + 10
    made.sn.rebase(repo)
    return sorted(made.sn.changes()["field"]), _told(made)


def _through_excel(repo: Repository, place: str) -> Any:
    with TemporaryDirectory() as folder:
        file = Path(folder, "list.xlsx")
        groups = repo.read(place, filter="isof('Group')", select=["Name", "Members"])
        groups.sn.to_excel(file)
        back = sn.read_excel(file, repo)
    return _told(back), len(back.sn.changes())


def _exploded(repo: Repository, place: str) -> Any:
    groups = repo.read(place, filter="isof('Group')", select=["Name"])
    return _told(groups.sn.explode("Members", select=["Name", "Type"]))


def _versions_drawn(repo: Repository, place: str) -> Any:
    from matplotlib.figure import Figure

    axes = _frame(repo, place).sn.plot.versions(ax=Figure().add_subplot())
    return [label.get_text() for label in axes.get_yticklabels()], len(axes.collections)


def _page(tree: TreeBrowser, place: str) -> str:
    """Return what a page without widgets shows, without the name of the folder."""
    return tree._repr_html_().replace(place.rpartition("/")[2], "")


def _browsed(tree: TreeBrowser, place: str) -> Any:
    """What a tree shows at first, and what is known of a folder that is selected in it."""
    shown = _page(tree, place)
    tree.selected = f"{place}/b"
    return shown, tree.folder, tree.read(select=FIELDS, orderby="Name")["Name"].tolist()


def _shown_rows(grid: EditGrid) -> list[str]:
    """Return the names that a grid shows where there is no page."""
    shown = re.findall(r'<td dir="auto">([^<]*)', grid._repr_html_())
    grid.close()
    return shown


@cache
def _shell() -> InteractiveShell:
    shell = InteractiveShell()
    shell.run_line_magic("load_ext", "sn_pandas")
    return shell


def _cells(*sources: str, shown: str = "_shown") -> Callable[[Repository, str], Any]:
    """Return what runs cells that use the connection ``repo``, and tells an expression afterwards."""

    def run(repo: Repository, place: str) -> Any:
        shell = _shell()
        shell.user_ns["repo"] = repo
        for source in ("%sensenet use repo", *sources):
            result = shell.run_cell(source.replace("PLACE", place))
            result.raise_error()
            shell.user_ns["_shown"] = result.result
        return shell.ev(shown)

    return run


def _as_another(repo: Repository, place: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sn.SensenetWarning)  # it says that a key is created
        with repo.as_user("/Root/IMS/BuiltIn/Portal/Admin") as other:
            return other.user


def _with_file(admin: Repository, place: str) -> None:
    admin.upload(place, {"f.txt": b"some text"})


def _with_draft(admin: Repository, place: str) -> None:
    modes = {"InheritableVersioningMode": ["3"], "InheritableApprovingMode": ["2"]}
    admin.client.send("PATCH", f"/odata.svc{place}?metadata=no&$select=Id", body=modes)
    _with_file(admin, place)


def _with_draft_to_approve(admin: Repository, place: str) -> None:
    _with_draft(admin, place)
    admin.publish(f"{place}/f.txt")


def _with_permission(admin: Repository, place: str) -> None:
    admin.allow(f"{place}/a", "/Root/IMS/BuiltIn/Portal/Everyone", "Open")


def _with_member(admin: Repository, place: str) -> None:
    make(admin, place, "Group", "g")
    admin.add_members(f"{place}/g", "/Root/IMS/BuiltIn/Portal/Admin")


def _with_user(admin: Repository, place: str) -> None:
    make(admin, place, "Group", "g")


def _in_trash(admin: Repository, place: str) -> None:
    admin.delete(f"{place}/a")


READS = {
    "read": Call(lambda r, p: _told(_frame(r, p)), writes=False),
    "read_by_key": Call(lambda r, p: _told(r.read(p, select=FIELDS)), writes=False),
    "read_small_pages": Call(
        lambda r, p: _told(r.read(p, select=FIELDS, page_size=1, workers=1)), writes=False
    ),
    "read_everything": Call(lambda r, p: sorted(r.read(p)["Name"]), writes=False),
    "read_query": Call(
        lambda r, p: _told(r.read(p, query="DisplayName:(A B) .SORT:Name", select=FIELDS, autofilters=False)),
        writes=False,
    ),
    "read_empty": Call(lambda r, p: _told(_frame(r, f"{p}/a")), writes=False),
    "read_pages": Call(
        lambda r, p: [_told(f) for f in r.read_pages(p, select=FIELDS, page_size=2, workers=1)], writes=False
    ),
    "dtypes": Call(lambda r, p: r.read(p, select=FIELDS).dtypes.astype(str).to_dict(), writes=False),
    "count": Call(lambda r, p: r.count(p, filter="Index ge 1"), writes=False),
    "get": Call(lambda r, p: r.get(f"{p}/b", select=FIELDS)[FIELDS].to_dict(), writes=False),
    "get_missing": Call(lambda r, p: r.get(f"{p}/bb", select=FIELDS).to_dict(), writes=False),
    "find": Call(lambda r, p: _told(r.find("B", below=p)[["Name", "DisplayName"]]), writes=False),
    "value": Call(lambda r, p: r.value(f"{p}/b", "DisplayName"), writes=False),
    "schema": Call(lambda r, p: sorted(r.schema["Folder"].fields), writes=False),
    "user": Call(lambda r, p: r.user, writes=False),
    "verify_identity": Call(lambda r, p: r.verify_identity(), writes=False),
    "record_total": Call(lambda r, p: [r.record_total(r.query(p), total) for total in (3, 2)], writes=False),
    "added_fields": Call(lambda r, p: r.added_fields(sn.Query(f"{p}/b", filter="#Mark eq 1")), writes=False),
    "actions": Call(lambda r, p: sorted(r.actions(f"{p}/b")["Name"]), writes=False),
    "metadata": Call(lambda r, p: len(r.metadata(f"{p}/b")) > 1000, writes=False),
    "permissions": Call(lambda r, p: len(r.permissions(f"{p}/b")), writes=False),
    "access": Call(
        lambda r, p: _told(r.access(f"{p}/b", "see", "edit", users=["/Root/IMS/BuiltIn/Portal/Admin"])),
        writes=False,
    ),
    "versions": Call(lambda r, p: r.versions(f"{p}/f.txt", "Name").index.tolist(), before=_with_draft,
                     writes=False),
    "compare_versions": Call(
        lambda r, p: sorted(r.compare_versions(f"{p}/f.txt", "V0.1.D").index),
        before=_with_draft,
        writes=False,
    ),
    "members": Call(lambda r, p: _told(r.members(f"{p}/g")), before=_with_user, writes=False),
    "download": Call(_downloaded, before=_with_file, writes=False),
    "refresh": Call(_refreshed, writes=False),
    "children": Call(lambda r, p: _told(r.read("/Root/Content/Lab", filter=f"Path eq '{p}'", select=FIELDS)
                                        .sn.children(select=FIELDS)[["Name", "Index"]]), writes=False),
    "query": Call(lambda r, p: _told(r.read(r.query(p, filter="Index ge 1", orderby="Name", select=FIELDS))),
                  writes=False),
    "check": Call(_checked, writes=False),
    "rebase": Call(_rebased, writes=False),
    "explode": Call(_exploded, before=_with_member, writes=False),
    "to_excel": Call(_through_excel, before=_with_member, writes=False),
    "download_rows": Call(_downloaded_rows, before=_with_file, writes=False),
    "plot_versions": Call(_versions_drawn, writes=False),
    "browse": Call(lambda r, p: _browsed(r.browse(p), p), writes=False),
    "open_tree": Call(lambda r, p: _browsed(r.open_tree(p), p), writes=False),
    "browse_rows": Call(lambda r, p: _browsed(_frame(r, p).sn.browse(), p), writes=False),
    "edit": Call(lambda r, p: _shown_rows(_frame(r, p).sn.edit()), writes=False),
    "open_grid": Call(lambda r, p: _shown_rows(r.open_grid(_frame(r, p))), writes=False),
    "cell": Call(_cells("%%sensenet df\nPLACE\n$select=Name,Path,DisplayName,Index\n$orderby=Name",
                        shown="df.astype(object).to_dict('records')"), writes=False),
    "cell_of_nothing": Call(_cells("%sensenet df << PLACE/a?$select=Name", shown="len(df)"), writes=False),
    "cell_count": Call(_cells("%sensenet count PLACE?$filter=Index ge 1"), writes=False),
    "cell_fields": Call(_cells("%sensenet fields PLACE", shown="len(_shown)"), writes=False),
    "cell_browse": Call(lambda r, p: _page(_cells("%sensenet browse PLACE")(r, p), p), writes=False),
}  # fmt: skip
WRITES = {
    "save": Call(_saved),
    "save_new_rows": Call(_created),
    "save_names": Call(_renamed),
    "undo": Call(_undone),
    "plan": Call(_planned, writes=False),
    "apply": Call(_applied),
    "create": Call(lambda r, p: r.create(p, "Folder", "new", {"Index": 7})[["Path", "Index"]].to_dict()),
    "patch": Call(lambda r, p: r.patch(f"{p}/a", {"Index": 50})["Index"]),
    "put": Call(lambda r, p: sorted(r.put(f"{p}/a", {"Index": 9})["field"])),
    "delete": Call(lambda r, p: _counts(r.delete([f"{p}/a", f"{p}/b"]))),
    "delete_rows": Call(lambda r, p: _counts(_frame(r, p).sn.delete(permanent=True, workers=1))),
    "move": Call(lambda r, p: _counts(r.move([f"{p}/a", f"{p}/b"], f"{p}/c"))),
    "copy": Call(lambda r, p: _counts(r.copy([f"{p}/a", f"{p}/b"], f"{p}/c"))),
    "upload": Call(_uploaded),
    "call": Call(
        lambda r, p: _counts(r.read(p, select="Name", filter="isof('File')").sn.call("CheckOut")),
        before=_with_file,
    ),
    "call_one": Call(lambda r, p: (r.call(f"{p}/f.txt", "CheckOut"), r.get(f"{p}/f.txt")["Version"])[1:],
                     before=_with_file),
    "call_read": Call(lambda r, p: sorted(r.call(p, "GetPermissions")), writes=False),
    "check_out": Call(
        lambda r, p: (_counts(r.check_out(f"{p}/f.txt")), _counts(r.undo_check_out(f"{p}/f.txt"))),
        before=_with_file,
    ),
    "allow": Call(lambda r, p: _counts(r.allow(f"{p}/a", "/Root/IMS/BuiltIn/Portal/Everyone", "Open"))),
    "deny": Call(lambda r, p: _counts(r.deny(f"{p}/a", "/Root/IMS/BuiltIn/Portal/Everyone", "Open"))),
    "unset": Call(lambda r, p: _counts(r.unset(f"{p}/a", "/Root/IMS/BuiltIn/Portal/Everyone", "Open")),
                  before=_with_permission),
    "inherit": Call(lambda r, p: _counts(r.inherit(f"{p}/a", False))),
    "publish": Call(lambda r, p: _counts(r.publish(f"{p}/f.txt")), before=_with_draft),
    "approve": Call(lambda r, p: _counts(r.approve(f"{p}/f.txt")), before=_with_draft_to_approve),
    "reject": Call(lambda r, p: _counts(r.reject(f"{p}/f.txt", "too short")), before=_with_draft_to_approve),
    "restore_version": Call(
        lambda r, p: (_counts(r.restore_version(f"{p}/f.txt", "V0.1.D")), r.get(f"{p}/f.txt")["Version"]),
        before=_with_draft,
    ),
    "as_user": Call(_as_another),
    "create_api_key": Call(lambda r, p: len(r.create_api_key().value)),
    "append": Call(_appended),
    "upsert": Call(_upserted),
    "import_rows": Call(_imported),
    "upsert_rows": Call(_upserted_rows),
    "restore": Call(
        lambda r, p: (_counts(r.delete(f"{p}/a")), _counts(r.restore(f"{p}/a"))),
    ),
    "check_in": Call(
        lambda r, p: (_counts(r.check_out(f"{p}/f.txt")), _counts(r.check_in(f"{p}/f.txt"))),
        before=_with_file,
    ),
    "resume": Call(_resumed),
    "remove_members": Call(
        lambda r, p: (_counts(r.add_members(f"{p}/g", "/Root/IMS/BuiltIn/Portal/Admin")),
                      _counts(r.remove_members(f"{p}/g", "/Root/IMS/BuiltIn/Portal/Admin"))),
        before=_with_user,
    ),
    "add_members": Call(
        lambda r, p: (_counts(r.add_members(f"{p}/g", "/Root/IMS/BuiltIn/Portal/Admin")),
                      r.members(f"{p}/g")["Name"].tolist()),
        before=_with_user,
    ),
    "cell_save": Call(_cells("%sensenet df << PLACE?$select=Name,Index&$orderby=Name", "df['Index'] += 10",
                             "%sensenet save df", shown="list(_shown.frame['outcome'])")),
    "cell_undo": Call(_cells("%sensenet df << PLACE?$select=Name,Index&$orderby=Name", "df['Index'] += 10",
                             "%sensenet save df", "%sensenet undo", shown="list(_shown.frame['outcome'])")),
}  # fmt: skip
CALLS = {**READS, **WRITES}
#: What sends no request about contents, with the reason.
SENDS_NOTHING = {
    "Repository.close": "it closes the connections",
    "Repository.sign_out": "it ends the sign-in, with the authority if there is one",
    "Repository.remember_types": "it keeps names",
    "Repository.types_met": "it gives the names that were kept",
    "Accessor.append": "it makes rows; saving them is a call of its own",
    "Accessor.baseline": "it copies what was read",
    "Accessor.changes": "it compares with what was read",
    "Accessor.plot": "it holds the methods that draw",
    "Accessor.revert": "it puts back what was read",
    "Accessor.to_parquet": "it writes a file",
    "Accessor.upsert": "it makes edits and rows; saving them is a call of its own",
}
