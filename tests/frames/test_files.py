"""Files that go up and come down: what is refused first, names, streams, and what is kept in memory."""

from __future__ import annotations

import io
import os
import random
from pathlib import Path

import pytest

from sn_pandas import AuthenticationError, NotFoundError, RefusedError, SaveError, SensenetError
from sn_pandas.embedded import Faults
from sn_pandas.frames.contents import move_copy

from .labs import requests_of

DOCS = "/Root/Content/Docs"


@pytest.fixture
def docs(repo):
    repo.create("/Root/Content", "DocumentLibrary", "Docs")
    return repo


def names(repo):
    return sorted(repo.read(DOCS, select=["Name"]).Name)


def test_files_that_would_be_stored_over_each_other_are_refused(docs, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    one, two = tmp_path / "a" / "Report.txt", tmp_path / "b" / "report.txt"
    one.write_text("1")
    two.write_text("2")
    sent = requests_of(docs)
    with pytest.raises(RefusedError) as error:
        docs.upload(DOCS, [one, two, b"x"])
    assert str(one) in str(error.value)
    assert str(two) in str(error.value)
    assert sent == []
    assert error.value.report.frame["outcome"].tolist() == ["unsent", "refused", "refused"]
    docs.upload(DOCS, [one, two], overwrite=False)
    assert names(docs) == ["Report(1).txt", "Report.txt"] or names(docs) == ["report(1).txt", "report.txt"]


@pytest.mark.parametrize(
    ("there", "given"), [("caf\u00e9.txt", "cafe\u0301.txt"), ("cafe\u0301.txt", "caf\u00e9.txt")]
)
def test_a_file_of_a_mac_makes_no_twin_of_what_is_there(docs, there, given):
    docs.upload(DOCS, b"1", there)
    with pytest.raises(RefusedError, match=r"looks like .*, which is there") as error:
        docs.upload(DOCS, {given: b"2", "plain.txt": b"3"})
    assert error.value.report.frame["outcome"].tolist() == ["refused", "unsent"]
    assert names(docs) == [there]
    sent = requests_of(docs)
    docs.upload(DOCS, {there: b"2"})
    assert docs.download(f"{DOCS}/{there}") == b"2"
    del sent[:]
    docs.upload(DOCS, {"plain.txt": b"3"})
    assert not [target for _, target in sent if "query=Path" in target], "plain names are not searched for"


def test_one_bad_file_keeps_the_others_from_being_sent(docs, tmp_path):
    sent = requests_of(docs)
    text, stream, closed = io.StringIO("text"), io.BytesIO(b"y"), io.BytesIO(b"z")
    closed.close()
    given = {
        "good.txt": b"good",
        "folder": tmp_path,
        "missing.txt": tmp_path / "missing.txt",
        "number": 5,
        "text.txt": text,
        "twice-1": stream,
        "twice-2": stream,
        7: b"named by a number",
        "closed": closed,
        "...": b"nothing is left of the name",
        "caf\u00e9.txt": b"1",
        "cafe\u0301.txt": b"2",
    }
    with pytest.raises(RefusedError, match="9 files cannot be uploaded") as error:
        docs.upload(DOCS, given)
    reasons = error.value.report.frame.set_index("Path")["reason"]
    assert "is a folder" in reasons["folder"]
    assert "cannot be found" in reasons["missing.txt"]
    assert "5 is not a file" in reasons["number"]
    assert "open it with 'rb'" in reasons["text.txt"]
    assert "named twice" in reasons["twice-2"]
    assert "7 is not a valid file name" in reasons["7"]
    assert "is closed" in reasons["closed"]
    assert reasons["..."].endswith("the server cannot store the name '...'"), "there is no other to be passed"
    assert "another Unicode form" in reasons["cafe\u0301.txt"]
    assert error.value.report.counts == {"refused": 9, "unsent": 3}
    assert sent == []
    with pytest.raises(RefusedError, match="name is for a single file"):
        docs.upload(DOCS, [b"x"], name="x.txt")
    with pytest.raises(NotFoundError, match="Did you mean /Root/Content/Docs"):
        docs.upload("/Root/Content/Dosc", b"x", "x.txt")
    assert names(docs) == []


def test_a_name_that_the_server_would_change_is_refused(docs):
    with pytest.raises(
        RefusedError, match=r"cannot store the name 'a\?b\.txt': pass another one, {'a-b\.txt'"
    ):
        docs.upload(DOCS, {"a?b.txt": b"1", "b.txt": b"2"})
    assert names(docs) == []


def test_several_files_are_given_as_a_list(docs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "up").mkdir()
    (tmp_path / "up" / "a.txt").write_text("a")
    with pytest.raises(RefusedError, match=r"'up' is a folder; .* sorted\(Path\('up'\)\.glob\('\*\.txt'\)\)"):
        docs.upload(DOCS, "up")
    with pytest.raises(RefusedError, match=r"'up/\*\.t\?t' is a pattern; .*Path\('up'\)\.glob\('\*\.t\?t'\)"):
        docs.upload(DOCS, "up/*.t?t")
    assert docs.upload(DOCS, sorted(Path("up").glob("*.txt"))).ok
    with pytest.raises(
        NotFoundError, match=r'no binary field Binary; .*query="TypeIs:File"\)\.sn\.download'
    ) as error:
        docs.download(DOCS, "down")
    assert "Did you mean" not in str(error.value)
    assert docs.read(DOCS, query="TypeIs:File").sn.download("down").ok
    assert (tmp_path / "down" / "a.txt").read_text() == "a"


def test_a_download_that_ends_early_is_not_taken_for_whole(opened, tmp_path):
    faults = Faults()
    repo = opened(faults)
    repo.create("/Root/Content", "DocumentLibrary", "Docs")
    repo.upload(DOCS, {"f.bin": bytes(5000), "empty.bin": b""})
    faults.on("GET", match="binaryhandler", nth=1).garble(100)
    assert repo.download(f"{DOCS}/f.bin") == bytes(5000)
    assert repo.download(f"{DOCS}/empty.bin") == b""
    faults.on("GET", match="binaryhandler").garble(0)
    with pytest.raises(SensenetError, match="0 of 5,000 bytes were received"):
        repo.download(f"{DOCS}/f.bin", tmp_path / "f.bin")
    report = repo.read(DOCS, select=["Name"]).sn.download(tmp_path)
    assert report.counts == {"saved": 1, "failed": 1}
    assert not (tmp_path / "f.bin").exists()


def test_a_file_that_became_smaller_meanwhile_is_whole(docs, monkeypatch):
    docs.upload(DOCS, bytes(5000), "f.bin")
    stream = docs.client.stream

    def replaced(target, use):
        docs.upload(DOCS, b"small", "f.bin", workers=1)
        return stream(target, use)

    monkeypatch.setattr(docs.client, "stream", replaced)
    assert docs.download(f"{DOCS}/f.bin") == b"small"


@pytest.mark.parametrize(
    ("match", "do"),
    [
        ("Upload", lambda repo, _: repo.upload(DOCS, {f"{n}.txt": b"new" for n in range(30)}, workers=1)),
        ("binaryhandler", lambda repo, to: repo.read(DOCS).sn.download(to, workers=1)),
        ("SetPermissions", lambda repo, _: repo.allow(repo.read(DOCS), repo.user, "Open")),
        ("CopyBatch", lambda repo, _: repo.copy(repo.read(DOCS), "/Root/Content/Lab")),
    ],
)
def test_credentials_that_end_midway_stop_it(opened, tmp_path, monkeypatch, match, do):
    monkeypatch.setattr(move_copy, "BATCH", 10)
    faults = Faults()
    repo = opened(faults)
    repo.create("/Root/Content", "DocumentLibrary", "Docs")
    repo.upload(DOCS, {f"{n}.txt": b"x" for n in range(30)})
    sent = requests_of(repo)
    faults.on(match=match, nth=2, times=None).status(401)
    with pytest.raises(AuthenticationError) as error:
        do(repo, tmp_path / "down")
    counts = error.value.report.counts
    assert set(counts) == {"saved", "unsent"}
    assert counts["saved"] + counts["unsent"] == 30
    assert sum(match in target for _, target in sent) < 30


def test_open_files_are_read_from_where_they_stand(docs, tmp_path):
    path = tmp_path / "f.bin"
    path.write_bytes(b"0123456789")
    with path.open("rb") as file:
        file.seek(4)
        assert docs.upload(DOCS, file, chunk=4).ok
        assert not file.closed
    assert docs.download(f"{DOCS}/f.bin") == b"456789"
    reading, writing = os.pipe()
    os.write(writing, b"from a pipe")
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        assert docs.upload(DOCS, pipe, "pipe.txt", chunk=5).ok
    assert docs.download(f"{DOCS}/pipe.txt") == b"from a pipe"


def test_an_empty_file_does_not_replace_another_one(docs):
    assert docs.upload(DOCS, b"", "e.txt").ok
    assert docs.upload(DOCS, b"", "e.txt").counts == {"unchanged": 1}
    docs.upload(DOCS, b"full", "f.txt")
    with pytest.raises(SaveError, match="refused: the server does not store an empty file over another"):
        docs.upload(DOCS, b"", "f.txt")
    assert docs.download(f"{DOCS}/f.txt") == b"full"


def test_an_upload_that_was_never_finished_is_finished_by_the_next(docs):
    body = {"FileName": "f.bin", "ContentType": "File", "Overwrite": True, "UseChunk": True, "FileLength": 25}
    docs.client.request("POST", f"/odata.svc{DOCS.replace('/Docs', '')}('Docs')/Upload?create=1", body=body)
    data = bytes(range(25))
    assert docs.upload(DOCS, data, "f.bin", chunk=10).ok
    assert docs.download(f"{DOCS}/f.bin") == data
    assert docs.patch(f"{DOCS}/f.bin", {"Description": "free"}).Description == "free"


def test_a_download_replaces_the_file_as_a_whole(docs, tmp_path):
    data = random.Random(5).randbytes(1_000_000)  # nothing that can be packed
    docs.upload(DOCS, data, "f.bin")
    target = tmp_path / "f.bin"
    target.write_text("older")
    assert docs.download(f"{DOCS}/f.bin", target).read_bytes() == data
    assert [path.name for path in tmp_path.iterdir() if "state" not in path.name] == ["f.bin"]


def test_a_download_that_breaks_keeps_what_was_there(opened, tmp_path):
    faults = Faults()
    repo = opened(faults)
    repo.create("/Root/Content", "DocumentLibrary", "Docs")
    repo.upload(DOCS, bytes(5000), "f.bin")
    target = tmp_path / "down" / "f.bin"
    target.parent.mkdir()
    target.write_text("older")
    faults.on("GET", match="binaryhandler", nth=1).cut(100)
    assert repo.download(f"{DOCS}/f.bin", target).read_bytes() == bytes(5000)
    target.write_text("older")
    faults.on("GET", match="binaryhandler").cut(100)
    with pytest.raises(ConnectionError):
        repo.download(f"{DOCS}/f.bin", target)
    assert target.read_text() == "older"
    assert [path.name for path in target.parent.iterdir()] == ["f.bin"]
    faults.clear()
    with pytest.raises(NotFoundError, match="a DocumentLibrary has no binary field"):
        repo.download(DOCS, target)
    assert target.read_text() == "older"
    with pytest.raises(NotFoundError, match=r"Did you mean /Root/Content/Docs/f\.bin"):
        repo.download(f"{DOCS}/f.bim")
