"""A journal is a file: it is applied only to the repository that it names, and never gets credentials."""

from __future__ import annotations

import json
import os
import threading

import pandas as pd
import pytest

import sn_pandas as sn
from sn_pandas.odata.addresses import canonical_origin

from .labs import LAB, lab


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    """Have journals in a folder of the test, and nothing of the environment's servers."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in [name for name in os.environ if name.startswith("SENSENET_")]:
        monkeypatch.delenv(name)
    return tmp_path


def edited(repo):
    """Return three assets with an edit each."""
    frame = repo.read(LAB, select=["Name", "Quantity"])
    frame["Quantity"] += 100
    return frame


def interrupted(server, repo):
    """Return the journal of a save that was refused in the middle, and what it was to write."""
    frame = edited(repo)
    rule = server.on("PATCH").refused()
    report = frame.sn.save()
    rule.off()
    assert report.counts == {"unsent": 3}
    return report.journal, frame["Quantity"].tolist()


def indexes(repo):
    """Return what the server holds of the three assets."""
    return repo.read(LAB, select=["Name", "Quantity"])["Quantity"].tolist()


@pytest.mark.parametrize("do", [sn.undo, sn.resume])
def test_a_journal_is_not_applied_to_another_repository(fake, do):
    prod, stage = lab(fake), lab(fake)
    repo, other = prod.connect(url="https://prod.example"), stage.connect(url="https://stage.example")
    journal, wanted = interrupted(prod, repo)
    before = indexes(other)
    stage.clear()
    with pytest.raises(sn.JournalError, match=r"belongs to https://prod\.example, not to https://st"):
        do(journal, other)
    assert not stage.entries("PATCH")
    assert indexes(other) == before
    assert sn.resume(journal, repo).counts == {"saved": 3}
    assert indexes(repo) == wanted


@pytest.mark.parametrize(
    "spelled", ["HTTPS://Repo.Example", "https://repo.example:443", "https://repo.example/odata.svc/Root"]
)
def test_an_origin_that_is_spelled_otherwise_is_the_same(fake, spelled):
    server = lab(fake)
    journal, wanted = interrupted(server, server.connect())
    again = server.connect(url=spelled)
    assert sn.resume(journal, again).counts == {"saved": 3}
    assert indexes(again) == wanted


@pytest.mark.parametrize("do", [sn.undo, sn.resume])
@pytest.mark.parametrize("home", [None, "https://home.example", "https://evil.example:8443"])
def test_an_address_in_a_file_gets_no_credentials(fake, monkeypatch, tmp_path, do, home):
    server = lab(fake)
    journal, _ = interrupted(server, server.connect())
    lines = journal.read_text().splitlines()
    header = {**json.loads(lines[0]), "origin": "https://evil.example"}
    stranger = tmp_path / "stranger.jsonl"
    stranger.write_text("\n".join([json.dumps(header), *lines[1:], ""]))
    monkeypatch.setenv("SENSENET_API_KEY", "a-key-that-stays-home")
    if home:
        monkeypatch.setenv("SENSENET_URL", home)
    monkeypatch.setattr("sn_pandas.connecting.connect", lambda *a, **k: pytest.fail("it connects"))
    with pytest.raises(sn.JournalError, match="is not connected"):
        do(stranger)


def test_the_server_of_the_environment_is_connected_to(fake, monkeypatch):
    server = lab(fake)
    repo = server.connect(url="https://away.example")
    journal, wanted = interrupted(server, repo)
    repo.close()
    monkeypatch.setenv("SENSENET_URL", "https://AWAY.example:443/")
    monkeypatch.setattr("sn_pandas.connecting.connect", lambda url: server.connect(url=url))
    assert sn.resume(journal).counts == {"saved": 3}
    assert indexes(server.connect()) == wanted


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("http://a", "http://a:80/", True),
        ("http://a", "https://a", False),
        ("http://a:8080", "http://a", False),
        ("https://a/sn", "https://a/sn/odata.svc/Root/Content", True),
        ("https://a/sn", "https://a", False),
        ("https://a.example.", "https://A.EXAMPLE", True),
        ("http://[::1]:80", "http://[::1]", True),
        ("https://bücher.example", "https://xn--bcher-kva.example", True),
        ("https://user@a", "https://a", True),
        ("https://a@b", "https://a", False),
    ],
)
def test_origins(one, other, same):
    assert (canonical_origin(one) == canonical_origin(other)) is same


def test_an_undo_does_not_run_beside_the_save(fake):
    server = lab(fake)
    repo = server.connect()
    frame = edited(repo)
    before = indexes(repo)
    begun, go_on = threading.Event(), threading.Event()

    def wait(request, forward):
        begun.set()
        go_on.wait(30)
        return forward(request)

    server.on("PATCH", nth=1).call(wait)
    reports = []
    thread = threading.Thread(target=lambda: reports.append(frame.sn.save(workers=1)))
    thread.start()
    begun.wait(30)
    journal = sn.journals()["journal"].iloc[0]
    try:
        with pytest.raises(sn.JournalError, match="is being written right now"):
            sn.undo(journal, repo)
    finally:
        go_on.set()
        thread.join()
    assert reports[0].counts == {"saved": 3}
    sn.undo(journal, repo)
    assert indexes(repo) == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda lines: [lines[0].replace('"journal":1', '"journal":2'), *lines[1:]], "newer version"),
        (
            lambda lines: [lines[0], lines[1].replace('"id":', '"id":"x","was":'), *lines[2:]],
            "line 2.*damaged",
        ),
        (lambda lines: [lines[0], *lines[2:]], "damaged"),
        (lambda lines: [lines[0], lines[1], lines[2], *lines[4:]], "announces 3 contents and lists 2"),
        (lambda lines: [*lines, '{"done":9,"outcome":"saved","id":5,"path":null}'], "does not list"),
        (lambda lines: [lines[0], "[" * 5000 + "]" * 5000], "line 2.*damaged"),
        (lambda lines: [*lines, "[]"], "line 9.*damaged"),
        (lambda lines: [lines[0].replace('"began":"', '"began":"x'), *lines[1:]], "line 1.*damaged"),
    ],
)
def test_a_damaged_journal_is_refused_with_words(fake, change, words):
    server = lab(fake)
    repo = server.connect()
    path = edited(repo).sn.save().journal
    path.write_text("\n".join([*change(path.read_text().splitlines()), ""]))
    server.clear()
    for do in (sn.resume, sn.undo):
        with pytest.raises(sn.JournalError, match=words):
            do(path, repo)
    assert not server.entries("PATCH")


@pytest.mark.parametrize("journal", ["mine.jsonl", "."])
def test_a_journal_is_found_after_a_change_of_directory(fake, tmp_path, monkeypatch, journal):
    repo = lab(fake).connect()
    monkeypatch.chdir(tmp_path)
    frame = edited(repo)
    before = indexes(repo)
    report = frame.sn.save(journal=journal)
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert report.journal.is_absolute()
    assert sn.undo(report).counts == {"saved": 3}
    assert indexes(repo) == before


def test_where_the_state_cannot_be_written_journals_go_elsewhere(fake, tmp_path, monkeypatch):
    repo = lab(fake).connect()
    file = tmp_path / "a file"
    file.write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(file))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.warns(sn.SaveWarning, match="SN_PANDAS_JOURNALS"):
        repo.patch(f"{LAB}/a0", {"Quantity": 7})
    assert len(sn.journals()) == 1
    monkeypatch.setenv("SN_PANDAS_JOURNALS", str(tmp_path / "named"))
    repo.patch(f"{LAB}/a0", {"Quantity": 8})
    assert len(list((tmp_path / "named").glob("*.jsonl"))) == 1
    monkeypatch.setattr("tempfile.tempdir", str(file))
    monkeypatch.setenv("SN_PANDAS_JOURNALS", str(file / "below"))
    with pytest.raises(sn.SaveError, match=r"nothing was sent.*SN_PANDAS_JOURNALS"):
        repo.patch(f"{LAB}/a0", {"Quantity": 9})
    assert repo.value(f"{LAB}/a0", "Quantity") == 8


@pytest.mark.parametrize(
    ("saved", "repo", "kind", "words"),
    [
        (None, 5, TypeError, "is a repository, not 5; to undo some of its contents only: .*ids="),
        (None, pd.DataFrame({"a": range(99)}), TypeError, "is a repository, not a DataFrame"),
        (pd.DataFrame({"a": range(99)}), None, sn.JournalError, "a report or its journal, not a DataFrame"),
        (17, None, sn.JournalError, "not 17"),
    ],
)
def test_what_is_no_report_is_named(fake, saved, repo, kind, words):
    report = edited(lab(fake).connect()).sn.save()
    with pytest.raises(kind, match=words) as caught:
        sn.undo(report if saved is None else saved, repo)
    assert len(str(caught.value)) < 250


def test_a_report_can_be_reset_merged_and_written(fake):
    repo = lab(fake).connect()
    report = edited(repo).sn.save()
    frame = report.frame
    assert list(frame.reset_index().columns)[1:] == ["Id", "Path", "outcome", "fields", "reason"]
    assert len(frame.merge(repo.read(LAB, select=["Name"]).reset_index(), on="Id")) == 3
    assert frame.to_csv().splitlines()[0].split(",").count("Id") == 1
