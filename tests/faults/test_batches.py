"""The fault table of single contents, batches and files: what goes wrong, and what is said became of it.

Whatever the fault, what is said and the server agree: ``saved`` means that the server holds it exactly once,
``failed`` and ``unsent`` that it holds nothing of it, ``unknown`` that nobody can know.
"""

from __future__ import annotations

import re

import pytest

import sn_pandas as sn
from sn_pandas.embedded import Application, Faults
from sn_pandas.frames.writes import settling
from sn_pandas.odata.addresses import collection, entity

from ..frames.labs import EDITOR, LAB, client_of, prepare

TO = f"{LAB}/To"
DOCS = "/Root/Content/Docs"
ALWAYS = None


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    """Look at once for what may have been done."""
    monkeypatch.setattr(settling, "LOOKS", (0.0, 0.001))


# What happens to the first request, or to all; what may be sent again ends so, and what is sent once so.
TABLE = {
    "503 with Retry-After, then well": (
        lambda rule: rule.unavailable(503, retry_after=0),
        1,
        "saved",
        "saved",
    ),
    "503 for good": (lambda rule: rule.unavailable(503), ALWAYS, "failed", "failed"),
    "HTML of a proxy, not passed on": (lambda rule: rule.page(502), 1, "saved", "unknown"),
    "HTML of a proxy for good": (lambda rule: rule.page(502), ALWAYS, "unknown", "unknown"),
    "HTML instead of an answer": (lambda rule: rule.status(200, b"<html>"), 1, "saved", "unknown"),
    "connection broken before": (lambda rule: rule.reset(), 1, "saved", "unknown"),
    "connection broken before, for good": (lambda rule: rule.reset(), ALWAYS, "unknown", "unknown"),
    "answer lost": (lambda rule: rule.reset(after=True), 1, "saved", "saved"),
    "answers lost for good": (lambda rule: rule.reset(after=True), ALWAYS, "saved", "saved"),
    "answer cut": (lambda rule: rule.cut(5), 1, "saved", "saved"),
    "answer garbled": (lambda rule: rule.garble(10), 1, "saved", "saved"),
    "answer empty": (lambda rule: rule.garble(0), 1, "saved", "saved"),
}
AGAIN = {name: (fault, times, again) for name, (fault, times, again, _) in TABLE.items()}
ONCE = {name: (fault, times, once) for name, (fault, times, _, once) in TABLE.items()}
#: A page with status 200 is somebody else's: what it was for is looked up, and not sent again.
PAGE = "HTML instead of an answer"
OUT_OF_DATE = (lambda rule: rule.out_of_date(), 1)


def told(do):
    """Return the outcome and the report of something that raises if it fails."""
    try:
        report = do()
    except sn.SaveError as error:
        report = error.report
    assert report.frame["reason"].iloc[0] or report.ok
    return report.frame["outcome"].iloc[0], report


def asked(do):
    """Return the outcome and the result of something that gives a content and raises if it fails."""
    try:
        return "saved", do()
    except sn.SaveError as error:
        (outcome,) = error.report.frame["outcome"]
        return outcome, None
    except sn.SensenetError:
        return "failed", None


def names(repo, path):
    return sorted(repo.read(path, select=["Name"]).Name)


@pytest.fixture(scope="module")
def world():
    """A repository for all tests of the table, as its editor and as its administrator, and the faults."""
    application = Application(sample=False)
    prepare(application)
    faults = Faults()
    yield client_of(application, faults), client_of(application, faults, user=None), faults
    application.close()


@pytest.fixture
def lab(world):
    """Return the repository with two folders, one in the other, and its faults; tidied up behind the test."""
    repo, admin, faults = world
    for parent, kind, name in (
        (LAB, "Folder", "To"),
        (LAB, "Folder", "F"),
        (f"{LAB}/F", "Asset", "A"),
    ):
        body = {"__ContentType": kind, "Name": name, **({"Serial": "AB-1"} if kind == "Asset" else {})}
        repo.client.send("POST", f"{collection(parent)}?metadata=no&$select=Id", body=body)
    body = {"__ContentType": "DocumentLibrary", "Name": "Docs"}
    repo.client.send("POST", "/odata.svc/Root/Content?metadata=no&$select=Id", body=body)
    yield repo, faults
    faults.clear()
    for place in (LAB, "/Root/Content", "/Root/Trash", "/Root/IMS/Public"):
        below = admin.client.get(f"{collection(place)}?metadata=no&$select=Id,Name")["d"]["results"]
        for one in below:
            if one["Name"] not in ("Lab", "Administrators", EDITOR):
                admin.client.request("DELETE", f"{entity(one['Id'])}?permanent=true")


@pytest.fixture
def admin(world):
    """Return the same repository as its administrator, who makes users and groups, and may put."""
    return world[1]


@pytest.mark.parametrize("name", AGAIN)
def test_move(lab, name):
    fault, times, outcome = AGAIN[name]
    repo, faults = lab
    fault(faults.on("POST", match="MoveBatch", times=times))
    got, report = told(lambda: repo.move(f"{LAB}/F", TO))
    faults.clear()
    assert got == outcome, report
    there = names(repo, TO) == ["F"]
    assert there == (got == "saved")
    assert names(repo, LAB) == (["To"] if there else ["F", "To"]), "in one place"
    assert repo.count(f"{TO if there else LAB}/F") == 1
    if there:
        assert sn.undo(report).counts == {"saved": 1}
        assert names(repo, LAB) == ["F", "To"]


@pytest.mark.parametrize("name", ONCE)
def test_copy(lab, name):
    fault, times, outcome = ONCE[name]
    repo, faults = lab
    fault(faults.on("POST", match="CopyBatch", times=times))
    got, report = told(lambda: repo.copy(f"{LAB}/F", TO))
    faults.clear()
    assert got == outcome
    assert names(repo, TO) == (["F"] if outcome == "saved" else []), "once or not at all"
    if outcome == "saved":
        assert report.frame["Path"].tolist() == [f"{TO}/F"]
        assert repo.count(f"{TO}/F") == 1


def test_what_a_batch_refuses_as_a_whole_failed(lab):
    repo, faults = lab
    OUT_OF_DATE[0](faults.on("POST", match="Batch", times=OUT_OF_DATE[1]))
    got, _ = told(lambda: repo.copy(f"{LAB}/F", TO))
    assert got == "failed"
    assert names(repo, TO) == []
    OUT_OF_DATE[0](faults.on("POST", match="Batch", times=OUT_OF_DATE[1]))
    assert repo.move(f"{LAB}/F", TO).ok
    assert names(repo, TO) == ["F"]


def test_a_copy_beside_the_original_is_found(lab):
    repo, faults = lab
    repo.copy(f"{LAB}/F", LAB)
    faults.on("POST", match="CopyBatch").reset(after=True)
    report = repo.copy([f"{LAB}/F"], LAB)
    faults.clear()
    assert report.frame["outcome"].tolist() == ["saved"]
    assert report.frame["Path"].tolist() == [f"{LAB}/Copy (1) of F"]


def test_somebody_elses_content_is_no_copy_of_ours(lab):
    repo, faults = lab
    rule = faults.on("POST", match="CopyBatch")

    def fault(app, environ, start):
        faults.clear()
        repo.create(TO, "Folder", "F")  # the same user, but empty
        raise ConnectionResetError

    rule.fault = fault
    report = repo.copy([f"{LAB}/F"], TO)
    assert report.frame["outcome"].tolist() == ["unknown"]
    assert "1 of 2 contents" in report.frame["reason"].iloc[0]


@pytest.mark.parametrize("operation", ["move", "copy"])
def test_the_second_hundred_does_not_lose_the_first(lab, monkeypatch, operation):
    from sn_pandas.frames.contents import move_copy

    monkeypatch.setattr(move_copy, "BATCH", 1)
    repo, faults = lab
    repo.create(LAB, "Folder", "G")
    gone = b'{"error":{"code":"ResourceNotFound","message":{"value":"Content not found: To"}}}'
    faults.on("POST", match="Batch", nth=range(2, 9)).status(404, gone)
    report = getattr(repo, operation)([f"{LAB}/F", f"{LAB}/G"], TO)
    assert sorted(report.frame["outcome"].tolist()) == ["failed", "saved"]
    assert "Content not found" in report.failed["reason"].iloc[0]


@pytest.mark.parametrize("name", AGAIN)
@pytest.mark.parametrize("permanent", [False, True])
def test_delete(lab, name, permanent):
    fault, times, outcome = AGAIN[name]
    repo, faults = lab
    fault(faults.on("DELETE", times=times))
    got, _ = told(lambda: repo.delete(f"{LAB}/F", permanent=permanent))
    faults.clear()
    there = "F" in names(repo, LAB)
    assert there == (got != "saved")
    assert (got == "saved") == (outcome == "saved" and name != PAGE)
    assert repo.count("/Root/Trash") == (0 if there or permanent else 1)


@pytest.mark.parametrize("name", AGAIN)
def test_restore(lab, name):
    fault, times, outcome = AGAIN[name]
    repo, faults = lab
    repo.delete(f"{LAB}/F")
    fault(faults.on("POST", match="Restore", times=times))
    got, _ = told(lambda: repo.restore(f"{LAB}/F"))
    faults.clear()
    there = "F" in names(repo, LAB)
    assert there == (got == "saved")
    assert (got == "saved") == (outcome == "saved" and name != PAGE)


@pytest.mark.parametrize("name", AGAIN)
@pytest.mark.parametrize("size", [5, 25])
@pytest.mark.parametrize("over", [None, b"what was there"])
def test_upload(lab, name, size, over):
    fault, times, outcome = AGAIN[name]
    repo, faults = lab
    data = bytes(range(size))
    if over is not None:
        repo.upload(DOCS, over, "f.bin")
    fault(faults.on("POST", match="Upload", times=times))
    got, _ = told(lambda: repo.upload(DOCS, data, "f.bin", chunk=10))
    faults.clear()
    if size > 10 and name == "answers lost for good":
        outcome = "unknown"  # the token of the upload was lost every time
    assert got == outcome
    if got == "saved":
        assert repo.download(f"{DOCS}/f.bin") == data
    assert set(names(repo, DOCS)) <= {"f.bin"}, "once or not at all"
    if over is not None and got == "failed":
        assert repo.download(f"{DOCS}/f.bin") == over


@pytest.mark.parametrize("nth", [1, 2, 3, 4])
@pytest.mark.parametrize("after", [False, True])
def test_every_part_of_an_upload_may_be_lost(lab, nth, after):
    repo, faults = lab
    data = bytes(range(25))
    faults.on("POST", match="Upload", nth=nth).reset(after=after)
    assert repo.upload(DOCS, data, "f.bin", chunk=10).counts == {"saved": 1}
    faults.clear()
    assert repo.download(f"{DOCS}/f.bin") == data
    assert names(repo, DOCS) == ["f.bin"]
    assert repo.patch(f"{DOCS}/f.bin", {"Description": "finished"}).Description == "finished"


@pytest.mark.parametrize("name", ONCE)
@pytest.mark.parametrize("size", [5, 25])
def test_upload_beside_what_is_there(lab, name, size):
    fault, times, outcome = ONCE[name]
    repo, faults = lab
    repo.upload(DOCS, bytes(range(size)), "f.bin")
    fault(faults.on("POST", match="Upload", times=times))
    got, report = told(lambda: repo.upload(DOCS, bytes(range(size)), "f.bin", chunk=10, overwrite=False))
    faults.clear()
    if size > 10 and outcome == "saved" and "503" not in name:
        outcome = "unknown"  # it is not finished, and not begun once more
    assert got == outcome
    if got == "saved":
        assert report.frame["Path"].tolist() == [f"{DOCS}/f(1).bin"]
        assert names(repo, DOCS) == ["f(1).bin", "f.bin"]


def test_the_same_bytes_that_were_there_prove_nothing(lab):
    repo, faults = lab
    repo.upload(DOCS, b"same", "f.bin")
    faults.on("POST", match="Upload").reset()
    got, report = told(lambda: repo.upload(DOCS, b"same", "f.bin"))
    assert got == "unknown", report


def test_other_bytes_of_the_same_size_are_not_ours(lab):
    repo, faults = lab
    rule = faults.on("POST", match="Upload")

    def fault(app, environ, start):
        faults.clear()
        repo.upload(DOCS, b"them", "f.bin")
        raise ConnectionResetError

    rule.fault = fault
    got, report = told(lambda: repo.upload(DOCS, b"ours", "f.bin"))
    assert got == "conflict", report
    assert repo.download(f"{DOCS}/f.bin") == b"them"


CREATES = {name: "unsent" if outcome == "unknown" else outcome for name, (_, _, outcome) in ONCE.items()}


@pytest.mark.parametrize("name", ONCE)
def test_create(lab, name):
    fault, times, _ = ONCE[name]
    outcome = CREATES[name]
    repo, faults = lab
    fault(faults.on("POST", match="'Lab'|Lab", times=times))
    got, made = asked(lambda: repo.create(LAB, "Asset", "B", {"Serial": "AB-2"}))
    faults.clear()
    assert got == outcome
    assert made is None or made.Serial == "AB-2"
    assert sn.journals()["what"].iloc[0] == "create"
    assert ("B" in names(repo, LAB)) == (outcome == "saved")


@pytest.mark.parametrize("serial", ["AB-2", "AB-3"])
def test_somebody_elses_content_is_not_what_we_created(lab, admin, serial):
    repo, faults = lab
    rule = faults.on("POST", match="Lab")

    def fault(app, environ, start):
        faults.clear()
        admin.create(LAB, "Asset", "B", {"Serial": serial})
        raise ConnectionResetError

    rule.fault = fault
    with pytest.raises(sn.SaveError, match=r"^conflict: .*somebody else created"):
        repo.create(LAB, "Asset", "B", {"Serial": "AB-2"})


JANE = {"LoginName": "jane", "FullName": "Jane", "Email": "jane@example.com", "Password": "s3cret!"}


@pytest.mark.parametrize("name", [*AGAIN, "somebody saves at the same moment"])
def test_patch(lab, name):
    fault, times, outcome = AGAIN.get(name, (*OUT_OF_DATE, "saved"))
    repo, faults = lab
    fault(faults.on("PATCH", times=times))
    got, _ = asked(lambda: repo.patch(f"{LAB}/F/A", {"Quantity": 7}))
    faults.clear()
    assert (got == "saved") == (outcome == "saved")
    assert repo.value(f"{LAB}/F/A", "Quantity") == (7 if outcome == "saved" else 0)


@pytest.mark.parametrize("name", [*AGAIN, "somebody saves at the same moment"])
def test_put(lab, admin, name):
    fault, times, outcome = AGAIN.get(name, (*OUT_OF_DATE, "saved"))
    repo, faults = admin, lab[1]  # only the administrator may put
    repo.patch(f"{LAB}/F/A", {"Quantity": 7})
    fault(faults.on("PUT", times=times))
    got, changed = asked(lambda: repo.put(f"{LAB}/F/A", {"Serial": "ZZ-9"}))
    faults.clear()
    assert got == outcome
    assert changed is None or changed.set_index("field").loc["Serial", "after"] == "ZZ-9"
    now = repo.get(f"{LAB}/F/A", select="Serial,Quantity")
    assert (now.Serial, now.Quantity) == (("ZZ-9", 0) if outcome == "saved" else ("AB-1", 7))


ADMIN = "/Root/IMS/BuiltIn/Portal/Admin"
CANNOT_LOOK = {
    "copy": lambda repo: repo.copy([f"{LAB}/F"], TO),
    "move": lambda repo: repo.move([f"{LAB}/F"], TO),
    "upload": lambda repo: repo.upload(DOCS, {"f.bin": b"data"}),
    "upload beside": lambda repo: repo.upload(DOCS, {"f.bin": b"data"}, overwrite=False),
    "allow": lambda repo: repo.allow([f"{LAB}/F"], ADMIN, "Open"),
    "inherit": lambda repo: repo.inherit([f"{LAB}/F"], False),
    "members": lambda repo: repo.add_members("/Root/IMS/Public/team", [ADMIN]),
    "remove": lambda repo: repo.remove_members("/Root/IMS/Public/team", [ADMIN]),
    "check out": lambda repo: repo.check_out([f"{LAB}/F/A"]),
    "create": lambda repo: repo.create(LAB, "Asset", "B", {"Serial": "AB-2"}),
    "patch": lambda repo: repo.patch(f"{LAB}/F/A", {"Quantity": 7}),
    "put": lambda repo: repo.put(f"{LAB}/F/A", {"Serial": "ZZ-9"}),
}
#: What only the administrator may do here.
ADMINISTRATION = {"members", "remove", "put"}


@pytest.mark.parametrize("name", CANNOT_LOOK)
def test_what_is_lost_and_cannot_be_looked_for_is_unknown(lab, admin, name):
    """The answer is lost, and from then on nothing can be read."""
    repo, faults = lab
    admin.create("/Root/IMS/Public", "Group", "team")
    if name == "remove":
        admin.add_members("/Root/IMS/Public/team", [ADMIN])
    for method in ("POST", "PATCH", "PUT"):
        rule = faults.on(method)

        def fault(app, environ, start):
            faults.clear()
            faults.on("GET").reset()
            raise ConnectionResetError

        rule.fault = fault
    try:
        report = CANNOT_LOOK[name](admin if name in ADMINISTRATION else repo)
    except sn.SaveError as error:
        report = error.report
    assert report.frame["outcome"].tolist() == ["unknown"], report
    assert report.frame["reason"].iloc[0]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("name", ["allow", "inherit", "members", "remove"])
def test_permissions_and_members(lab, admin, name, after):
    repo, faults = lab
    admin.create("/Root/IMS/Public", "Group", "team")
    if name == "remove":
        admin.add_members("/Root/IMS/Public/team", [ADMIN])
    faults.on("POST", times=1).reset(after=after)
    report = CANNOT_LOOK[name](admin if name in ADMINISTRATION else repo)
    # who is added twice is a member twice; anything else may be sent again
    assert report.frame["outcome"].tolist() == ["saved" if after or name != "members" else "unknown"]
    after = after or name != "members"
    own = repo.permissions(f"{LAB}/F").query(f"identity == '{ADMIN}' and not inherited")
    truth = {
        "allow": "Open" in set(own.permission),
        "inherit": not repo.permissions(f"{LAB}/F").inherited.any(),
        "members": len(admin.members("/Root/IMS/Public/team")) == 1,
        "remove": len(admin.members("/Root/IMS/Public/team")) == 0,
    }
    assert truth[name] == after


def test_a_member_who_is_added_late_is_seen(lab, admin):
    """The server is still at the request when the connection breaks."""
    faults = lab[1]
    admin.create("/Root/IMS/Public", "Group", "team")
    requests = []

    def fault(app, environ, start):
        faults.clear()
        late = faults.on("GET", match="Members", nth=2)

        def arrive(app, environ, start):
            faults.clear()
            admin.call("/Root/IMS/Public/team", "AddMembers", contentIds=[1])
            return app(environ, start)

        late.fault = arrive
        requests.append(environ["PATH_INFO"])
        raise ConnectionResetError

    faults.on("POST", match="AddMembers").fault = fault
    report = admin.add_members("/Root/IMS/Public/team", ADMIN)
    assert report.counts == {"saved": 1}
    assert "verified by reading" in report.frame["reason"].iloc[0]
    assert len(requests) == 1
    assert admin.members("/Root/IMS/Public/team")["Path"].tolist() == [ADMIN]


def test_what_cannot_be_read_before_is_not_sent(lab):
    repo, faults = lab
    faults.on("GET").reset()
    report = repo.inherit([f"{LAB}/F"], False)
    faults.clear()
    assert report.frame["outcome"].tolist() == ["unsent"]
    assert repo.permissions(f"{LAB}/F").inherited.any()


def test_no_error_and_no_journal_shows_a_password(lab, admin, state):
    repo, faults = admin, lab[1]
    repo.create("/Root/IMS/Public", "User", "jane", JANE)
    echo = b'{"error":{"code":"X","exceptiontype":"X","message":{"value":"n3w-s3cret is too short"}}}'
    for method in ("POST", "PATCH", "PUT"):
        faults.on(method).status(400, echo)
    jane = "/Root/IMS/Public/jane"
    for do in (
        lambda: repo.create("/Root/IMS/Public", "User", "joe", {**JANE, "Password": "n3w-s3cret"}),
        lambda: repo.patch(jane, {"Password": "n3w-s3cret", "FullName": "J"}),
        lambda: repo.put(jane, {**JANE, "Password": "n3w-s3cret"}),
    ):
        with pytest.raises(sn.SensenetError, match="is too short") as raised:
            do()
        assert "s3cret" not in str(raised.value) + repr(raised.value) + raised.value.reason
    written = "".join(file.read_text() for file in state.iterdir())
    assert "FullName" in written
    assert not re.search("s3cret", written)
