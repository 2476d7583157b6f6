"""Files that come down: where they go is chosen here, and what is no file is never taken for one."""

from __future__ import annotations

import ntpath
import sys
from collections.abc import Callable
from pathlib import Path, PurePosixPath, PureWindowsPath

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import sn_pandas as sn
from sn_pandas.frames.contents.file_names import choose_names, make_safe_name, make_safe_path

from ..fakes import FakeServer

DOCS = "/Root/Content/IT/Documents"
PAGE = "<html><head><title>Sign in</title></head><body>" + "<p>please sign in</p>" * 300 + "</body></html>"
INSTEAD = {
    "login page": httpx.Response(200, html=PAGE),
    "page as octets": httpx.Response(
        200, content=PAGE.encode(), headers={"Content-Type": "application/octet-stream"}
    ),
    "JSON": httpx.Response(200, json={"status": "maintenance"}),
    "text": httpx.Response(200, text="come back later\n" * 50),
    "of the same length": httpx.Response(200, text="maintenance..."),
    "nothing": httpx.Response(200),
    "endless": httpx.Response(200, content=b"x" * 5_000_000),
}
NAMES = st.text(
    st.characters(codec=None) | st.sampled_from("./\\:*\0\x1b\u202e ~$"), max_size=300
) | st.sampled_from(
    [
        "",
        ".",
        "..",
        "...",
        "/",
        "\\",
        "C:\\x",
        "~",
        "nul",
        "COM1.txt",
        "a/b",
        "../x",
        "x.",
        "x ",
        ".bashrc",
        "é" * 200,
    ]
)


def is_reserved(name: str) -> bool:
    """Whether Windows keeps a name for a device."""
    if sys.version_info >= (3, 13):
        return ntpath.isreserved(name)
    return PureWindowsPath(name).is_reserved()


@given(NAMES)
def test_a_safe_name_is_one_step_on_every_file_system(name: str) -> None:
    safe = make_safe_name(name)
    assert safe not in ("", ".", "..")
    assert len(safe.encode()) <= 240
    assert PurePosixPath(safe).name == safe
    assert PureWindowsPath(safe).name == safe
    assert not is_reserved(safe)
    assert safe[0] != "."
    assert safe[-1] not in ". "
    assert safe.isprintable() or not any(c < " " or c in "\x7f\u202e\u2028" for c in safe)
    assert make_safe_name(safe) == safe


@given(st.lists(st.lists(NAMES, min_size=1, max_size=4), max_size=8))
@example([["é" * 150 + one] for one in ("1", "2", "1.pdf", "2.pdf", f".{'x' * 40}", f".{'x' * 41}")])
def test_each_file_has_a_place_of_its_own_below_the_folder(paths: list[list[str]]) -> None:
    names = choose_names({n: "/Root/" + "/".join(steps) for n, steps in enumerate(paths)})
    folder = Path("/downloads")
    places = [make_safe_path(folder, *steps) for steps in names.values()]
    assert all(place.is_relative_to(folder) and ".." not in place.parts for place in places)
    keys = [str(place).casefold() for place in places]
    assert len(set(keys)) == len(paths)
    assert not any(other.startswith(f"{key}/") for key in keys for other in keys)


def test_a_folder_that_leads_elsewhere_is_not_written_to(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "folder", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    (folder / "A").symlink_to(elsewhere)
    with pytest.raises(sn.AnswerError, match="leads out of"):
        make_safe_path(folder, "A", "x.txt")


def test_a_link_is_replaced_and_not_followed(fake: Callable[..., FakeServer], tmp_path: Path) -> None:
    repo = fake().connect()
    repo.upload(DOCS, {"small.txt": b"the real thing"})
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "small.txt").symlink_to(precious)
    repo.download(f"{DOCS}/small.txt", folder)
    assert precious.read_bytes() == b"precious"
    assert (folder / "small.txt").read_bytes() == b"the real thing"


@pytest.mark.parametrize("name", ["../victim", "/victim", "a/../../victim", ".bashrc", "x\0y", "é" * 300])
def test_a_name_of_a_server_stays_in_the_folder(
    fake: Callable[..., FakeServer], tmp_path: Path, name: str
) -> None:
    server = fake()
    repo = server.connect()
    repo.upload(DOCS, {"small.txt": b"evil"})
    shown = {"Id": 77, "Path": f"/Root/C/{name}", "Name": name, "Type": "File", "Size": 4, "IsFolder": False}
    server.on("GET", r"content\(77\)").json({"d": shown})
    server.on("GET", "binaryhandler").call(
        lambda request, forward: httpx.Response(
            200, content=b"EVIL", headers={"Content-Disposition": "attachment"}
        )
    )
    folder = tmp_path / "folder"
    folder.mkdir()
    written = repo.download(77, folder)
    assert isinstance(written, Path)
    assert written.parent == folder
    assert [path.name for path in tmp_path.rglob("*")] == ["folder", written.name]


@pytest.mark.parametrize("instead", INSTEAD)
def test_what_is_no_file_is_not_taken_for_one(
    fake: Callable[..., FakeServer], tmp_path: Path, instead: str
) -> None:
    server = fake()
    repo = server.connect()
    repo.upload(DOCS, {"small.txt": b"the real thing"})
    kept = tmp_path / "small.txt"
    kept.write_bytes(b"the copy of yesterday")
    server.on("GET", "binaryhandler").call(lambda request, forward: INSTEAD[instead])
    for to in (None, kept):
        with pytest.raises(sn.AnswerError) as error:
            repo.download(f"{DOCS}/small.txt", to)
        assert "sign in" in str(error.value) or "page" not in instead
    assert kept.read_bytes() == b"the copy of yesterday"
    assert list(tmp_path.iterdir()) == [kept]
    frame = repo.read(DOCS, query="Name:small.txt", select=["Name", "Path"])
    report = frame.sn.download(tmp_path / "all")
    assert set(report.frame["outcome"]) <= {"failed", "unknown"}
    assert not list((tmp_path / "all").iterdir())


def test_files_that_are_pages_and_files_that_grow_come_down(fake: Callable[..., FakeServer]) -> None:
    server = fake()
    repo = server.connect()
    repo.upload(DOCS, {"own.html": PAGE.encode(), "grows.txt": b"short", "shrinks.txt": b"long" * 50})
    assert repo.download(f"{DOCS}/own.html") == PAGE.encode()
    for name, data in (("grows.txt", b"longer than before " * 50), ("shrinks.txt", b"small")):
        server.on("GET", "binaryhandler", times=1).call(
            lambda request, forward, name=name, data=data: (
                repo.upload(DOCS, {name: data}),
                forward(request),
            )[1]
        )
        assert repo.download(f"{DOCS}/{name}") == data


def test_memory_is_used_for_what_fits_and_the_disk_for_the_rest(
    fake: Callable[..., FakeServer], tmp_path: Path
) -> None:
    server = fake()
    server.connect().upload(DOCS, {"large.bin": b"x" * 300_000})
    repo = server.connect(max_answer=250_000)
    with pytest.raises(sn.AnswerError, match=r"Download it to a file with to="):
        repo.download(f"{DOCS}/large.bin")
    repo.download(f"{DOCS}/large.bin", tmp_path / "large.bin")
    assert (tmp_path / "large.bin").stat().st_size == 300_000


@pytest.mark.parametrize("left", [0, 1, 2])
def test_lost_credentials_are_said_and_nothing_is_called_gone(
    fake: Callable[..., FakeServer], tmp_path: Path, left: int
) -> None:
    server = fake()
    repo = server.connect()
    files = repo.read("/Root/Content/IT", query="TypeIs:File", select=["Name", "Path"]).head(4)
    server.clear()
    server.on(when=lambda request: len(server.log) >= left).visitor()
    try:
        report = files.sn.download(tmp_path)
    except sn.AuthenticationError:
        return
    failed = report.frame[report.frame["outcome"] != "saved"]
    assert len(failed) == 4 - report.counts.get("saved", 0) > 0
    assert not failed["reason"].str.contains("gone").any()
