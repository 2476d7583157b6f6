"""What production servers search for beyond filters: words that are nearly so, patterns, the full text."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

import sn_pandas as sn
from sn_pandas.frames import Repository
from sn_pandas.odata.contentqueries import Clause

from ..fakes import FakeServer

PLACE = "/Root/Content/Shelf"


@pytest.fixture(scope="module")
def shelf() -> Iterator[Repository]:
    server = FakeServer(sample=False)
    admin = server.connect()
    admin.create("/Root/Content", "Workspace", "Shelf")
    admin.create(PLACE, "MemoList", "m0", {"DisplayName": "box", "Description": "Blue herons and grey ones"})
    admin.create(PLACE, "MemoList", "m1", {"DisplayName": "bax", "Description": "a heron of stone"})
    admin.create(PLACE, "MemoList", "m2", {"DisplayName": "red box", "Description": "files.zip, v1.0.a"})
    admin.create(PLACE, "DocumentLibrary", "docs")
    admin.upload(f"{PLACE}/docs", {"story.txt": b"The annual budget of 2026 is ready"})
    server.add_user("erin", {PLACE: ["Open", "OpenMinor"]})
    with server.connect(user="erin") as repo:
        yield repo
    server.end()


def found(repo: Repository, clause: Clause) -> list[str]:
    return sorted(repo.read(PLACE, select="Name", query=clause)["Name"])


@pytest.mark.parametrize(
    ("clause", "names"),
    [
        (sn.Q("DisplayName").matches("b?x"), ["m0", "m1"]),
        (sn.Q("DisplayName").matches("*b?x"), ["m0", "m1", "m2"]),
        (sn.Q("DisplayName").matches("R?D BOX"), ["m2"]),
        (sn.Q("Description").matches("her?n*"), ["m0", "m1"]),
        (sn.Q("Description").similar_to("herons"), ["m0", "m1"]),
        (sn.Q("Description").similar_to("herons", 0.9), ["m0"]),
        (sn.Q("DisplayName").similar_to("bok"), ["m0"]),
        (sn.Q("Description").has_phrase("heron of stone", distance=1), ["m1"]),
        (sn.Q("Description").has_phrase("the heron", distance=2), ["m1"]),
        (sn.Q("Description").has_phrase("heron/stone", distance=1), ["m1"]),
        (sn.Q.full_text().has_words("budget", "2026"), ["story.txt"]),
        (sn.Q.full_text().has_phrase("annual budget"), ["story.txt"]),
        (sn.Q.full_text().has_phrase("annual budget of 2026", distance=1), ["story.txt"]),
        (sn.Q.full_text().similar_to("bugdet", 0.3), ["story.txt"]),
        (sn.Q.full_text().matches("her?n*") & ~sn.Q("DisplayName").matches("box"), ["m1"]),
    ],
    ids=str,
)
def test_what_is_found(shelf: Repository, clause: Clause, names: list[str]) -> None:
    assert found(shelf, clause) == names


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: sn.Q("DisplayName").has_words("box"), r"as a whole.*Q\('DisplayName'\).contains\('box'\)"),
        (lambda: sn.F("DisplayName").has_phrase("red box").text({}), "no content type"),
        (lambda: sn.Q("Description") == "a heron of stone", "cannot be compared as one value.*has_phrase"),
        (lambda: sn.Q("Description") != "heron", "cannot be compared as one value"),
        (lambda: sn.Q("Description").isin(["heron", "stone"]), "cannot be compared as one value.*has_phrase"),
        (lambda: sn.Q("Description") > "heron", "compared with each of its words"),
        (lambda: sn.Q("Description").between("heron", "stone"), "compared with each of its words"),
        (lambda: sn.Q("IsFolder") > False, "booleans have no order"),
        (lambda: sn.Q("Index") == "five", "holds numbers: write a number, not the text 'five'"),
        (lambda: sn.Q("Index").isin([1, "two"]), "not the text 'two'"),
        (lambda: sn.Q("Index").matches("1?"), "holds no texts"),
        (lambda: sn.Q("CreationDate").similar_to("2026"), "holds no texts"),
        (lambda: sn.Q("Description").matches("a her*"), "is not a word"),
        (lambda: sn.Q("Description").similar_to("two words"), "is not a word"),
        (lambda: sn.Q("Description").similar_to("heron", 1), "from 0 to below 1"),
        (lambda: sn.Q("DisplayName").matches("**"), "takes a text"),
        (lambda: sn.Q("#Notes").has_words("x"), "as a whole"),
        (lambda: sn.Q.full_text().has_words("the"), "not indexed"),
    ],
)
def test_what_is_refused(shelf: Repository, make: Callable[[], Clause], words: str) -> None:
    with pytest.raises(sn.QueryError, match=words):
        found(shelf, make())


def test_a_pattern_stays_one_value() -> None:
    assert str(sn.Q("Name").matches('a"b*')) == r'Name:"a\"b*"'
    assert str(sn.Q("Name").matches("x .TOP:1?")) == r'Name:"x .\TOP:1?"'
