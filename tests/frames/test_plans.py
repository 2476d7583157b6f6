"""A plan is prepared by one person, approved by a second and applied by a third, as a save would be."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import sys
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import sn_pandas as sn
from sn_pandas.testing import EmbeddedServer

from .every_field import VALUES, assets
from .labs import LAB, lab

TASKS = "/Root/Content/IT/Tasks"
APPLY = """
import os, signal, sys
import sn_pandas as sn
url, key, plan, journal, digest, most = sys.argv[1:]
repo = sn.connect(url, api_key=key)

def kill(done, total):
    if done >= int(most):
        os.kill(os.getpid(), signal.SIGKILL)

report = sn.apply(plan, repo, digest=digest, journal=journal, workers=1, progress=kill)
print(report.counts)
"""


def written(plan, folder):
    """Return the file of a plan."""
    file = folder / "plan.json"
    plan.to_json(file)
    return file


def edited(repo, *, rows=3):
    frame = repo.read(LAB, select=["Name", "Quantity", "Code"])
    frame["Quantity"] += 100
    return frame.head(rows)


def held(repo):
    return repo.read(LAB, select=["Name", "Quantity"])["Quantity"].tolist()


@pytest.fixture
def people(fake):
    """Return connections of the administrator and of two people to one repository with sample content."""
    server = fake(sample=True)
    return server.connect(), server.connect(user="olga.okafor"), server.connect(user="anna.acs")


def test_a_plan_is_applied_by_another_person_who_meets_foreign_edits(people, tmp_path):
    admin, olga, anna = people
    frame = olga.read(TASKS, select=["Name", "Status", "Index"]).head(3)
    frame["Index"] += 500
    plan = frame.sn.plan()
    file = written(plan, tmp_path)
    assert plan.user == "/Root/IMS/Public/olga.okafor"
    assert frame.sn.changes().shape[0] == 3, "a plan sends nothing and keeps the edits"
    one, other, last = frame.index
    admin.patch(int(one), {"Index": 77})
    admin.patch(int(other), {"DisplayName": "renamed meanwhile"})
    with pytest.raises(sn.ConflictError, match=r"nothing was applied[\s\S]*Index was 1, is 77 now") as caught:
        sn.apply(file, anna)
    assert caught.value.report.counts == {"conflict": 1, "unsent": 2}
    report = sn.apply(file, anna, on_conflict="skip", digest=plan.short_digest)
    assert report.counts == {"saved": 2, "conflict": 1}
    assert sn.Journal.read(report.journal).user == "/Root/IMS/Public/anna.acs"
    now = admin.read(TASKS, select=["Index", "DisplayName"]).loc[[one, other, last]]
    assert now["Index"].tolist() == [77, 502, 503]
    assert now.loc[other, "DisplayName"] == "renamed meanwhile"
    assert sn.undo(report, anna).counts == {"saved": 2}
    assert admin.read(TASKS, select=["Index"]).loc[[one, other, last], "Index"].tolist() == [77, 2, 3]


def test_a_plan_that_is_applied_twice_changes_nothing_the_second_time(fake, tmp_path):
    server = lab(fake)
    repo = server.connect()
    file = written(edited(repo).sn.plan(), tmp_path)
    assert sn.apply(file, repo).counts == {"saved": 3}
    server.clear()
    assert sn.apply(file, repo).counts == {"unchanged": 3}
    assert not server.entries("PATCH")
    assert held(repo) == [100, 101, 102]


def test_a_dry_run_shows_the_requests(fake, tmp_path):
    server = lab(fake)
    repo = server.connect()
    plan = edited(repo).sn.plan()
    dry = edited(repo).sn.save(dry_run=True)
    assert sn.apply(plan, repo, dry_run=True).requests == dry.requests
    assert held(repo) == [0, 1, 2]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a process")
def test_another_process_is_killed_and_its_journal_resumed(tmp_path):
    with EmbeddedServer() as server, server.listen() as url, contextlib.ExitStack() as connected:
        olga = connected.enter_context(sn.connect(url, api_key=server.create_key("olga.okafor")))
        frame = olga.read(TASKS, select=["Name", "Index"]).head(20)
        frame["Index"] += 500
        wanted = frame["Index"].tolist()
        plan = frame.sn.plan()
        file, journal = written(plan, tmp_path), tmp_path / "journal.jsonl"

        def apply(most):
            given = (url, server.create_key("anna.acs"), file, journal, plan.digest, most)
            command = [sys.executable, "-c", APPLY, *map(str, given)]
            return subprocess.run(command, capture_output=True, text=True, check=False)

        assert apply(5).returncode == -9
        anna = connected.enter_context(sn.connect(url, api_key=server.create_key("anna.acs")))
        report = sn.resume(journal, anna)
        assert report.counts == {"saved": 20}
        assert olga.read(TASKS, select=["Index"]).loc[frame.index, "Index"].tolist() == wanted
        journal = tmp_path / "second.jsonl"
        assert apply(100).stdout == "{'unchanged': 20}\n"


def test_files_that_were_changed_are_rejected(fake, tmp_path):
    repo = lab(fake).connect()
    file = written(edited(repo).sn.plan(), tmp_path)
    text = file.read_text()
    facts = json.loads(text)

    def rejects(content, said):
        file.write_text(content)
        with pytest.raises(sn.PlanError, match=said):
            sn.apply(file, repo)

    rejects(text.replace("100", "900", 1), "was changed after it was planned")
    rejects(text[: len(text) // 2], "is not a plan of sn_pandas, or it is damaged")
    rejects("", "is not a plan of sn_pandas")
    rejects("[]", "is not a plan of sn_pandas")
    rejects('{"journal": 1}', "is not a plan of sn_pandas")
    rejects("[" * 100_000, "is not a plan of sn_pandas")
    rejects(text.replace('"plan": 1', '"plan": 2', 1), "newer version of sn_pandas .*: update sn_pandas")
    rejects(text.replace('"plan": 1,', '"plan": 1, "plan": 1,', 1), "a name stands twice")
    rejects(text.replace(": 100", ": NaN", 1), "NaN is not JSON")
    rejects(resealed(facts | {"rows": [*facts["rows"], facts["rows"][0]]}), "is in two rows")
    rejects(resealed(facts | {"rows": [{"id": 5}]}), "is not a plan of sn_pandas")
    rejects(resealed(facts | {"rows": [facts["rows"][0] | {"id": 2**31}]}), "does not name a content")
    assert held(repo) == [0, 1, 2]
    file.write_text(json.dumps(dict(reversed(facts.items()))))  # in another order, it says the same
    assert sn.apply(file, repo).counts == {"saved": 3}


def resealed(facts):
    """Return a plan with the digest of its new content, as a forger writes it."""
    facts = {name: value for name, value in facts.items() if name != "digest"}
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    return json.dumps({**facts, "digest": hashlib.sha256(text.encode("ascii")).hexdigest()})


@pytest.mark.parametrize("before", ["x", {"a": 1}, [1, 2], 10**400, 1.5])
def test_a_former_value_that_the_field_cannot_have_is_rejected(fake, tmp_path, before):
    repo = lab(fake).connect()
    facts = json.loads(edited(repo).sn.plan().to_json())
    (cell,) = facts["rows"][0]["fields"].values()
    cell["before"] = before
    file = tmp_path / "plan.json"
    file.write_text(resealed(facts))
    with pytest.raises(sn.RefusedError, match=r"which is not a value of .*: make a new plan"):
        sn.apply(file, repo)
    assert held(repo) == [0, 1, 2]


def test_a_plan_is_applied_to_its_own_repository_only(fake, tmp_path):
    prod, stage = lab(fake), lab(fake)
    repo, other = prod.connect(url="https://prod.example"), stage.connect(url="https://stage.example")
    file = written(edited(repo).sn.plan(), tmp_path)
    with pytest.raises(sn.PlanError, match=r"belongs to https://prod\.example, not to https://stage"):
        sn.apply(file, other)
    assert held(other) == [0, 1, 2]
    again = prod.connect(url="HTTPS://Prod.Example:443")
    assert sn.apply(file, again).counts == {"saved": 3}


def test_a_plan_of_a_repository_in_memory_ends_with_its_process(tmp_path):
    repo = sn.connect("embedded://")
    frame = repo.read(TASKS, select=["Index"])
    frame["Index"] += 1
    facts = json.loads(frame.sn.plan().to_json())
    file = tmp_path / "plan.json"
    file.write_text(resealed(facts | {"process": "of yesterday"}))
    with pytest.raises(sn.PlanError, match="memory of another process"):
        sn.apply(file, repo)


def test_only_the_approved_plan_is_applied(fake, tmp_path):
    repo = lab(fake).connect()
    approved = edited(repo).sn.plan()
    other = edited(repo, rows=2).sn.plan()
    with pytest.raises(sn.PlanError, match="not the plan that was approved"):
        sn.apply(other, repo, digest=approved.digest)
    with pytest.raises(ValueError, match="first 16 letters"):
        sn.apply(approved, repo, digest=approved.digest[:8])
    with pytest.raises(TypeError, match="digest is a text, such as"):
        sn.apply(approved, repo, digest=int(approved.digest, 16))
    assert held(repo) == [0, 1, 2]
    assert sn.apply(approved, repo, digest=approved.short_digest.upper()).counts == {"saved": 3}


def test_what_a_save_rejects_is_not_planned(fake):
    repo = lab(fake).connect()
    frame = edited(repo)
    frame.iloc[0, frame.columns.get_loc("Quantity")] = -5
    with pytest.raises(sn.RefusedError, match="nothing was planned") as caught:
        frame.sn.plan()
    assert caught.value.report.counts == {"refused": 1, "unsent": 2}


def test_conflicts_are_found_when_the_plan_is_made(fake):
    repo = lab(fake).connect()
    frame = edited(repo)
    repo.patch(f"{LAB}/a0", {"Quantity": 55})
    with pytest.raises(sn.ConflictError, match="nothing was planned"):
        frame.sn.plan()
    with pytest.warns(sn.SaveWarning, match="1 row is not in the plan: /Root/Content/Lab/a0"):
        assert len(frame.sn.plan(on_conflict="skip")) == 2
    plan = frame.sn.plan(on_conflict="overwrite")
    assert plan.changes["before"].tolist() == ["55", "1", "2"]
    assert sn.apply(plan, repo).counts == {"saved": 3}


def test_new_rows_are_not_planned(fake):
    repo = lab(fake).connect()
    frame = edited(repo).sn.append([{"Name": "new", "Type": "Asset", "Serial": "AB-7"}])
    with pytest.raises(sn.PlanError, match="1 row of the frame is new"):
        frame.sn.plan()
    assert len(frame[frame.index > 0].sn.plan()) == 3


def test_fields_are_checked_again_when_the_plan_is_applied(fake, tmp_path):
    """Passwords and read-only fields, which somebody added to the file, are refused."""
    server = lab(fake)
    repo = server.connect()
    facts = json.loads(edited(repo).sn.plan().to_json())
    hostile = {
        "Password": ("Password", "hush"),
        "CreationDate": ("DateTime", "2020-01-01T00:00:00Z"),
        "Nonsense": ("ShortText", "x"),
        "Serial": ("ShortText", "no serial number"),
        "Weight": ("ShortText", "5"),
    }
    for name, (type_, value) in hostile.items():
        cell = {"type": type_, "multiple": False, "before": None, "after": value}
        rows = [facts["rows"][0] | {"fields": {name: cell}}, *facts["rows"][1:]]
        file = tmp_path / "plan.json"
        file.write_text(resealed(facts | {"rows": rows}))
        with pytest.raises(sn.RefusedError) as caught:
            sn.apply(file, repo)
        assert caught.value.report.counts == {"refused": 1, "unsent": 2}, name
        assert "hush" not in str(caught.value) + repr(caught.value.report.problems.to_dict())
    assert held(repo) == [0, 1, 2]
    assert sn.apply(file, repo, on_refused="skip").counts == {"saved": 2, "refused": 1}


def test_a_content_that_was_deleted_meanwhile_fails_alone(fake, tmp_path):
    repo = lab(fake).connect()
    plan = edited(repo).sn.plan()
    repo.delete(f"{LAB}/a1", permanent=True)
    assert sn.apply(plan, repo).counts == {"saved": 2, "failed": 1}


def test_author_and_approver_are_warned_of_lists_with_hidden_members(people):
    _, olga, anna = people
    tasks = olga.read(TASKS, select=["Status", "AssignedTo"], filter=sn.F("Status") == "waiting")
    tasks["Status"] = "deferred"
    assert "replaced as a whole" not in tasks.sn.plan().to_html()
    tasks["AssignedTo"] = [["/Root/IMS/Public/hugo.horvath"]] * len(tasks)
    with pytest.warns(sn.SaveWarning, match="AssignedTo: a save replaces the complete list"):
        plan = tasks.sn.plan()
    assert "AssignedTo: the list is replaced as a whole" in plan.to_html()
    assert sn.apply(plan, anna).counts == {"saved": len(tasks)}


def test_a_content_that_is_elsewhere_now_is_named(fake, tmp_path):
    repo = lab(fake).connect()
    plan = edited(repo).sn.plan()
    facts = json.loads(plan.to_json())
    facts["rows"][0]["path"] = "/Root/IMS"
    (tmp_path / "forged.json").write_text(resealed(facts))
    with pytest.warns(sn.SaveWarning, match="1 content of the plan moved or renamed since: /Root/IMS is "):
        sn.apply(tmp_path / "forged.json", repo, dry_run=True)
    assert sn.apply(plan, repo).counts == {"saved": 3}


def test_an_empty_plan_sends_nothing(fake):
    server = lab(fake)
    repo = server.connect()
    plan = repo.read(LAB, select=["Name", "Quantity"]).sn.plan()
    assert len(plan) == 0
    assert plan.changes.dtypes["before"] == "str"
    assert sn.apply(plan, repo).ok


@pytest.fixture(scope="module")
def served():
    """Return one repository with three assets for all examples."""
    yield from assets()


@pytest.mark.filterwarnings("ignore::sn_pandas.SaveWarning")
@settings(
    deadline=None,
    max_examples=10,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(cells=st.fixed_dictionaries(VALUES))
def test_a_plan_stores_what_a_save_stores(served, tmp_path, cells):
    """For every field type, a plan sends the requests of a save, and the save finds nothing left to do."""
    frame = served.read(LAB, select=["Name", *VALUES], filter="isof('Asset')")
    for name, cell in cells.items():
        column = frame[name].astype(object)
        column.iat[0] = cell
        frame[name] = column
    frame = frame.head(1)
    assume(frame.sn.check().empty)
    file = written(frame.sn.plan(), tmp_path)
    dry = frame.sn.save(dry_run=True)
    report = sn.apply(file, served)
    assert report.ok, report
    assert report.requests == dry.requests
    assert frame.sn.save().counts == {"unchanged": 1}


HOSTILE = "<script>alert(1)</script>\"'&amp;$x$ \u202egnp.exe \x1b[31m"


class Page(HTMLParser):
    """The elements and the texts of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts, self.links = set(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.links += [value for name, value in attrs if name in ("href", "src") or name.startswith("on")]

    def handle_data(self, data):
        self.texts.append(data)


@pytest.mark.parametrize("show", [lambda plan: plan.to_html(), lambda plan: plan._repr_html_()])
def test_texts_stay_texts_in_html(fake, show):
    repo = lab(fake).connect()
    frame = repo.read(LAB, select=["Name", "Code", "DisplayName"]).head(1)
    frame["Code"] = HOSTILE
    frame["DisplayName"] = "</td></table><img src=x onerror=alert(2)>"
    page = Page(show(frame.sn.plan()))
    assert not page.tags & {"script", "img", "link", "iframe", "a"}
    assert not page.links
    shown = "".join(page.texts)
    assert "<script>alert(1)</script>\"'&amp;$x$ \\u202egnp.exe \\x1b[31m" in shown
    assert "</td></table><img src=x onerror=alert(2)>" in shown


def test_the_page_shows_every_change_and_the_digest(fake, tmp_path):
    repo = lab(fake, rows=30).connect()
    frame = repo.read(LAB, select=["Name", "Quantity", "BoughtOn", "Labels"])
    frame["Quantity"] += 100
    frame["Labels"] = [["red", "blue"]] * 30
    plan = frame.sn.plan()
    page = tmp_path / "plan.html"
    plan.to_html(page)
    text = "".join(Page(page.read_text(encoding="utf-8")).texts)
    assert plan.short_digest in text
    assert plan.digest in text
    assert all(f"{LAB}/a{n}" in text for n in range(30))
    assert text.count("red, blue") == 30
    assert "60 changes of 30 contents" in text
    assert "color-scheme: light dark" in page.read_text(encoding="utf-8")
    assert "and 40 more in .changes" in repr(plan)
    assert plan.short_digest in repr(plan)
