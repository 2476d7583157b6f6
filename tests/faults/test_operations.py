"""Every operation beside every fault: what the report says is what the server holds.

An operation is done by a client whose requests meet a fault; a second client sees what became of it. Whatever
happens, "saved" is true, nothing that was done is called not done, no error is raw, and once the fault is
over the operation can be done, and is done once.
"""

from __future__ import annotations

import contextlib
import dataclasses
import ssl
import warnings
from collections.abc import Callable
from typing import Any

import httpx
import pytest

import sn_pandas as sn

from ..fakes import FakeServer
from ..frames.labs import lab

LAB = "/Root/Content/Lab"
DONE, NOT_DONE = "done", "not done"
VISITOR = "/Root/IMS/BuiltIn/Portal/Visitor"


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    """Have journals in a folder of the test, and no waiting for what may come late."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr("sn_pandas.frames.writes.settling.LOOKS", (0.0, 0.001))


@dataclasses.dataclass
class Operation:
    """Something that is done to a content.

    Attributes
    ----------
    method, match : str
        Its request that writes.
    do : callable
        Does it and gives a report or nothing.
    count : callable
        Says how often it was done, as the administrator sees it.
    prepare : callable
        Makes what it needs by a name, before the fault.
    begin : callable, optional
        Is done on a connection that breaks with the request that writes, after ``prepare``.
    creates : bool
        Whether doing it once more does it twice.
    user : str, optional
        Who may do it, if not the editor.
    """

    method: str
    match: str
    do: Callable[[Any, str], Any]
    count: Callable[[Any, str], int]
    prepare: Callable[[Any, str], Any] = lambda repo, name: None
    begin: Callable[[Any, str], Any] | None = None
    creates: bool = False
    user: str | None = None

    def ready(self, server: FakeServer, name: str) -> None:
        """Have what it needs be there, by a name."""
        repo = server.connect(user=self.user)
        self.prepare(repo, name)
        if self.begin is not None:
            rule = server.on(self.method, self.match).reset()
            attempt(lambda: self.begin(repo, name))
            rule.off()


def asset(repo, name, parent=LAB):
    repo.create(parent, "Asset", name, {"Serial": f"AB-{1000 + sum(map(ord, name)):04}", "Quantity": 1})


def frame_of(repo, name, columns=("Name", "Type", "Serial", "Quantity")):
    return repo.read(LAB, select=list(columns), filter=sn.F("Name") == name)


def save(repo, name):
    frame = frame_of(repo, name)
    frame["Quantity"] = 50
    return frame.sn.save()


def create_row(repo, name):
    frame = frame_of(repo, "a0").sn.append([{"Name": name, "Type": "Asset", "Serial": "AB-7000"}])
    return frame.sn.save(create=True)


def upsert(repo, name):
    return repo.upsert(LAB, [{"Name": name, "Quantity": 50}])


def upsert_new(repo, name):
    return repo.upsert(LAB, [{"Name": name, "Serial": "AB-7000"}], type="Asset")


def import_row(repo, name):
    return repo.import_rows(LAB, [{"Name": name, "Serial": "AB-7000", "In use": "yes"}], "Asset")


def quantity(admin, name):
    return int(admin.value(f"{LAB}/{name}", "Quantity") == 50)


def named(admin, name, parent=LAB):
    return admin.count("/Root", query=f'+InFolder:"{parent}" +Name:"{name}"', autofilters=False)


def gone(admin, name):
    return 1 - named(admin, name)


def undo(repo, name):
    journals = sn.journals()
    return sn.undo(journals["journal"][journals["what"] != "undo"].iloc[0], repo)


def folder(repo, name):
    repo.create(LAB, "Folder", f"to-{name}")
    asset(repo, name)


def library(repo, name):
    if not named(repo, "docs"):
        repo.create(LAB, "DocumentLibrary", "docs")


def entries(admin, name, value):
    held = admin.permissions(f"{LAB}/{name}")
    mine = (held["identity"] == VISITOR) & (held["permission"] == "Save") & ~held["inherited"]
    return int((mine & (held["value"] == value)).any())


def permitting(word, value):
    """Return how to allow or deny, and how to see it."""
    return (
        lambda repo, name: getattr(repo, word)(f"{LAB}/{name}", VISITOR, "Save"),
        lambda admin, name: entries(admin, name, value),
    )


def draft(repo, name, *before):
    """Make a draft in a place that keeps drafts and approves, and have some operations done on it."""
    if not named(repo, "drafts"):
        modes = {"InheritableVersioningMode": ["3"], "InheritableApprovingMode": ["2"]}
        repo.create(LAB, "DocumentLibrary", "drafts", {**modes, "AllowedChildTypes": ["Asset"]})
    asset(repo, name, f"{LAB}/drafts")
    for operation in before:
        getattr(repo, operation)(f"{LAB}/drafts/{name}")


def of_versions(word, operation, version, *before):
    """Return an operation of versions: what it does to a draft that others were done on before."""
    return Operation(
        "POST", rf"/{operation}\?", lambda repo, name: getattr(repo, word)(f"{LAB}/drafts/{name}"),
        lambda admin, name: int(admin.value(f"{LAB}/drafts/{name}", "Version") == version),
        lambda repo, name: draft(repo, name, *before),
    )  # fmt: skip


TEAM = "/Root/IMS/Public/of-"


def team(repo, name, *members):
    repo.create("/Root/IMS/Public", "Group", f"of-{name}")
    if members:
        repo.add_members(f"{TEAM}{name}", list(members))


def is_member(admin, name):
    return int(VISITOR in admin.members(f"{TEAM}{name}")["Path"].tolist())


def resume(repo, name):
    journals = sn.journals()
    return sn.resume(journals.loc[journals["what"] == "save", "journal"].iloc[0], repo)


#: What was begun, by name: its frame, which a report does not keep alive, and its report.
BEGUN = {}


def begun(repo, name):
    frame = frame_of(repo, name)
    frame["Quantity"] = 50
    BEGUN[name] = frame, frame.sn.save()


def upload_two(repo, name):
    files = {f"{name}.txt": f"of {name}".encode(), f"{name}-2.txt": f"2 of {name}".encode()}
    return repo.upload(f"{LAB}/docs", files)


def both_files(admin, name):
    return (named(admin, f"{name}.txt", f"{LAB}/docs") + named(admin, f"{name}-2.txt", f"{LAB}/docs")) // 2


OPERATIONS = {
    "save": Operation("PATCH", r"content\(\d+\)", save, quantity, asset),
    "create rows": Operation("POST", r"/Lab\?", create_row, named, creates=True),
    "upsert": Operation("PATCH", r"content\(\d+\)", upsert, quantity, asset),
    "upsert of a new row": Operation("POST", r"/Lab\?", upsert_new, named, creates=True),
    "import": Operation("POST", r"/Lab\?", import_row, named, creates=True),
    "patch": Operation(
        "PATCH", "content", lambda repo, name: repo.patch(f"{LAB}/{name}", {"Quantity": 50}), quantity, asset
    ),
    "create": Operation("POST", r"/Lab\?|'Lab'\)\?", asset, named, creates=True),
    "delete": Operation("DELETE", "", lambda repo, name: frame_of(repo, name).sn.delete(), gone, asset),
    "delete for good": Operation(
        "DELETE", "", lambda repo, name: repo.delete(f"{LAB}/{name}", permanent=True), gone, asset
    ),
    "move": Operation(
        "POST", "MoveBatch", lambda repo, name: repo.move(f"{LAB}/{name}", f"{LAB}/to-{name}"),
        lambda admin, name: named(admin, name, f"{LAB}/to-{name}"), folder,
    ),
    "copy": Operation(
        "POST", "CopyBatch", lambda repo, name: repo.copy(f"{LAB}/{name}", f"{LAB}/to-{name}"),
        lambda admin, name: named(admin, name, f"{LAB}/to-{name}"), folder, creates=True,
    ),
    "restore": Operation(
        "POST", "Restore", lambda repo, name: repo.restore(f"{LAB}/{name}"), named,
        lambda repo, name: (asset(repo, name), repo.delete(f"{LAB}/{name}")),
    ),
    "upload": Operation(
        "POST", "Upload", lambda repo, name: repo.upload(f"{LAB}/docs", f"of {name}".encode(), f"{name}.txt"),
        lambda admin, name: named(admin, f"{name}.txt", f"{LAB}/docs"), library, creates=True,
    ),
    "upload of some": Operation("POST", "Upload", upload_two, both_files, library, creates=True),
    "put": Operation(
        "PUT", "", lambda repo, name: repo.put(f"{LAB}/{name}", {"Serial": "ZZ-1", "Quantity": 50}), quantity,
        asset, user="Admin",
    ),
    "call": Operation(
        "POST", "CheckOut", lambda repo, name: repo.call(f"{LAB}/drafts/{name}", "CheckOut"),
        lambda admin, name: int(admin.value(f"{LAB}/drafts/{name}", "Locked")), draft,
    ),
    "call of rows": Operation(
        "POST", "CheckOut",
        lambda repo, name: repo.read(f"{LAB}/drafts", filter=sn.F("Name") == name).sn.call("CheckOut"),
        lambda admin, name: int(admin.value(f"{LAB}/drafts/{name}", "Locked")), draft,
    ),
    "check out": of_versions("check_out", "CheckOut", "V0.2.L"),
    "check in": of_versions("check_in", "CheckIn", "V0.2.D", "check_out"),
    "undo check out": of_versions("undo_check_out", "UndoCheckOut", "V0.1.D", "check_out"),
    "publish": of_versions("publish", "Publish", "V0.1.P"),
    "approve": of_versions("approve", "Approve", "V1.0.A", "publish"),
    "reject": of_versions("reject", "Reject", "V0.1.R", "publish"),
    "allow": Operation("POST", "SetPermissions", *permitting("allow", "allow"), asset),
    "deny": Operation("POST", "SetPermissions", *permitting("deny", "deny"), asset),
    "unset": Operation(
        "POST", "SetPermissions", lambda repo, name: repo.unset(f"{LAB}/{name}", VISITOR, "Save"),
        lambda admin, name: 1 - entries(admin, name, "allow"),
        lambda repo, name: (asset(repo, name), repo.allow(f"{LAB}/{name}", VISITOR, "Save")),
    ),
    "inherit": Operation(
        "POST", "SetPermissions", lambda repo, name: repo.inherit(f"{LAB}/{name}", False),
        lambda admin, name: int(not admin.permissions(f"{LAB}/{name}")["inherited"].any()), asset,
    ),
    "add members": Operation(
        "POST", "AddMembers", lambda repo, name: repo.add_members(f"{TEAM}{name}", VISITOR), is_member, team,
        user="Admin",
    ),
    "remove members": Operation(
        "POST", "RemoveMembers", lambda repo, name: repo.remove_members(f"{TEAM}{name}", VISITOR),
        lambda admin, name: 1 - is_member(admin, name), lambda repo, name: team(repo, name, VISITOR),
        user="Admin",
    ),
    "resume": Operation("PATCH", r"content\(\d+\)", resume, quantity, asset, begin=save),
    "resume of a creation": Operation("POST", r"/Lab\?", resume, named, begin=create_row),
    "retry": Operation(
        "PATCH", r"content\(\d+\)", lambda repo, name: BEGUN[name][1].retry(), quantity, asset, begin=begun,
    ),
    "undo of allowing": Operation(
        "POST", "SetPermissions", undo, lambda admin, name: 1 - entries(admin, name, "allow"),
        lambda repo, name: (asset(repo, name), repo.allow(f"{LAB}/{name}", VISITOR, "Save")),
    ),
    "undo of an edit": Operation(
        "PATCH", r"content\(\d+\)", undo, quantity,
        lambda repo, name: (asset(repo, name), repo.patch(f"{LAB}/{name}", {"Quantity": 50}),
                            repo.patch(f"{LAB}/{name}", {"Quantity": 1})),
    ),
    "undo of a creation": Operation("DELETE", "", undo, gone, asset),
    "undo of a deletion": Operation(
        "POST", "Restore", undo, named,
        lambda repo, name: (asset(repo, name), repo.delete(f"{LAB}/{name}")),
    ),
    "undo of a move": Operation(
        "POST", "MoveBatch", undo, named,
        lambda repo, name: (folder(repo, name), repo.move(f"{LAB}/{name}", f"{LAB}/to-{name}")),
    ),
}  # fmt: skip


def page_after(rule):
    """Do what is asked and answer a page."""

    def effect(request, forward):
        forward(request).read()
        return httpx.Response(200, html="<html><body>Thank you</body></html>")

    return rule.call(effect)


def vanish(rule):
    """Answer a creation, and hold no such content a moment later, as a server did."""

    def effect(request, forward):
        answer = forward(request)
        answer.read()
        shown = answer.json()
        inner = shown.get("d", shown)
        made = inner["results"][0] if "results" in inner else inner
        gone = request.url.copy_with(path=f"/odata.svc/content({made['Id']})", query=b"permanent=true")
        forward(httpx.Request("DELETE", gone, headers={"apikey": request.headers["apikey"]})).read()
        return answer

    return rule.call(effect)


def untrusted(rule):
    broken = ssl.SSLCertVerificationError("certificate verify failed: self-signed certificate")
    error = httpx.ConnectError(
        "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate"
    )
    error.__cause__ = broken
    return rule.script(error)


#: What meets the request that writes: how, and whether it is done nevertheless.
ON_THE_WRITE = {
    "HTML 200": (lambda rule: rule.html(), NOT_DONE),
    "HTML 200, done": (page_after, DONE),
    "JSON 200 of another service": (lambda rule: rule.json({"status": "ok"}), NOT_DONE),
    "empty 200": (lambda rule: rule.empty(), NOT_DONE),
    "answered and gone": (vanish, NOT_DONE),
    "proxy 407": (lambda rule: rule.status(407, "Proxy Authentication Required"), NOT_DONE),
    "firewall 403": (lambda rule: rule.html(403), NOT_DONE),
    "firewall 405": (lambda rule: rule.html(405), NOT_DONE),
    "certificate": (untrusted, NOT_DONE),
    "answer lost": (lambda rule: rule.reset(after=True), DONE),
    "lost before": (lambda rule: rule.reset(), NOT_DONE),
}


def short_addresses(server):
    return server.on(when=lambda request: len(request.url.raw_path) > 2048).html(404)


def not_past(request):
    return b"nocache=" not in request.url.query


#: What meets other requests; the operation is done.
ON_THE_WAY = {
    "cached answer": lambda server: server.on("GET", when=lambda r: b"nocache=" not in r.url.query).headers(
        Age="60"
    ),
    "Date ahead": lambda server: server.on().clock(4000),
    "Date behind": lambda server: server.on().clock(-4000),
    "addresses of 2,048 characters": short_addresses,
    "one overload": lambda server: server.on(nth=(1, 3, 5)).unavailable(503, retry_after=0),
}


def attempt(do):
    """Do something and return its report, or the error of ours that it ended with."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return do()
        except sn.SensenetError as error:
            return error


def outcomes_of(result):
    """Return the outcomes of what was done; nothing where an error says that it was not done."""
    report = getattr(result, "report", None) if isinstance(result, Exception) else result
    if isinstance(report, sn.Report):
        return [o for o in report.frame["outcome"].tolist() if o != "unchanged"]
    if isinstance(result, Exception):
        return ["unknown" if "may have been done" in str(result) else "failed"]
    return ["saved"]


def told_truly(result, done, fault):
    """Whether a report says what is true: not more, and not less than one may know."""
    outcomes = outcomes_of(result)
    assert outcomes, f"{fault}: nothing is said: {result!r}"
    if "saved" in outcomes:
        assert done, f"{fault}: it is called saved, and is not done: {result!r}"
    if done:
        assert set(outcomes) & {"saved", "unknown"}, (
            f"{fault}: it was done, and is called {outcomes}: {result!r}"
        )


@pytest.mark.slow
@pytest.mark.parametrize("name", OPERATIONS)
def test_what_is_told_is_true(fake, name):
    operation = OPERATIONS[name]
    server = lab(fake, rows=1)
    admin, repo = server.connect(user="Admin"), server.connect(user=operation.user)
    for number, (fault, (put, end)) in enumerate(ON_THE_WRITE.items()):
        if fault == "answered and gone" and not operation.creates:
            continue
        content = f"x{number}"
        operation.ready(server, content)
        before = operation.count(admin, content)
        put(server.on(operation.method, operation.match))
        result = attempt(lambda content=content: operation.do(repo, content))
        server.clear()
        done = operation.count(admin, content) > before
        told_truly(result, done, fault)
        if end == DONE:
            assert set(outcomes_of(result)) == {"saved"}, f"{fault}: {result!r}"
        assert done == (end == DONE) or fault == "HTML 200, done", f"{fault}: {result!r}"
        again = attempt(lambda content=content: operation.do(repo, content))
        told_truly(
            again, operation.count(admin, content) == before + 1, f"{fault}, once more"
        ) if not done else None
        assert operation.count(admin, content) == before + 1 or (done and operation.creates), (
            f"{fault}: {again!r}"
        )


@pytest.mark.slow
@pytest.mark.parametrize("name", OPERATIONS)
def test_what_is_in_the_way_keeps_nothing_from_being_done(fake, name):
    operation = OPERATIONS[name]
    server = lab(fake, rows=1)
    admin = server.connect(user="Admin")
    for number, (fault, put) in enumerate(ON_THE_WAY.items()):
        content = f"y{number}"
        operation.ready(server, content)
        repo = server.connect(user=operation.user)
        before = operation.count(admin, content)
        put(server)
        result = attempt(lambda content=content, repo=repo: operation.do(repo, content))
        server.clear()
        told_truly(result, operation.count(admin, content) == before + 1, fault)
        assert set(outcomes_of(result)) == {"saved"}, f"{fault}: {result!r}"


@pytest.mark.slow
@pytest.mark.parametrize("name", OPERATIONS)
def test_credentials_that_are_lost_after_some_requests(fake, name):
    operation = OPERATIONS[name]
    server = lab(fake, rows=1)
    admin = server.connect(user="Admin")
    for after in range(6):
        content = f"z{after}"
        operation.ready(server, content)
        repo = server.connect(user=operation.user)
        repo.schema  # noqa: B018 - it is read before
        before = operation.count(admin, content)
        late = range(after + 1, 10_000)
        server.on(nth=late).visitor()
        result = attempt(lambda content=content, repo=repo: operation.do(repo, content))
        server.clear()
        done = operation.count(admin, content) > before
        told_truly(result, done, f"after {after}")
        if not done:
            assert isinstance(result, sn.AuthenticationError), f"after {after}: {result!r}"
            attempt(lambda content=content: operation.do(server.connect(user=operation.user), content))
            assert operation.count(admin, content) == before + 1, f"after {after}"
        with contextlib.suppress(Exception):
            repo.close()
