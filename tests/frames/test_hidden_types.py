"""What an ordinary user may not do with contents of a type that she may not see, and what she is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

import sn_pandas as sn
from sn_pandas.frames import Repository

from ..fakes import FakeServer
from . import people
from .people import PLACE

TO = f"{PLACE}/to"


@pytest.fixture(scope="module")
def server() -> Iterator[FakeServer]:
    server = FakeServer(sample=False)
    admin = people.company(server)
    admin.create(PLACE, "Folder", "to")
    yield server
    server.end()


Do = Callable[[Repository, str], sn.Report]
#: What puts a content elsewhere, and what does it once more.
PLACINGS: dict[str, tuple[Do, Do]] = {
    "move": (lambda repo, path: repo.move(path, TO),) * 2,
    "copy": (lambda repo, path: repo.copy(path, TO),) * 2,
    "restore": (
        lambda repo, path: (repo.delete(path), repo.restore(path))[1],
        lambda repo, path: repo.restore(path),
    ),
    "undo": (
        lambda repo, path: sn.undo(repo.delete(path), repo),
        lambda repo, path: repo.restore(path),
    ),
}


def told(do: Do, repo: Repository, path: str) -> str:
    """Return why something was not done to a content."""
    try:
        return str(do(repo, path).frame["reason"].iloc[0])
    except sn.SaveError as error:
        return str(error)


@pytest.mark.parametrize("name", PLACINGS)
@pytest.mark.parametrize("kind", ["Gadget", "Special"])
def test_a_hidden_type_is_named_with_the_line_that_shows_it(server: FakeServer, kind: str, name: str) -> None:
    admin, erin = server.connect(), server.connect(user="erin")
    do, again = PLACINGS[name]
    path = str(admin.create(PLACE, kind, fields={"Quantity": 1}).Path)
    said = told(do, erin, path)
    assert f"you may not see the content type {kind}" in said
    assert re.search(r"The server said: .*allow", said), said
    (line,) = re.findall(r"repo\.allow\(.*?\)", said)
    shown = eval(line, {"repo": admin})
    try:
        assert again(erin, path).ok
    finally:
        assert sn.undo(shown, admin).ok


def test_another_refusal_is_told_in_the_words_of_the_server(server: FakeServer) -> None:
    erin = server.connect(user="erin")
    for place in (PLACE, TO):
        erin.create(place, "Memento", "same")
    with pytest.raises(sn.SaveError, match="already contains a content named 'same'") as raised:
        erin.move(f"{PLACE}/same", TO)
    assert "may not see" not in str(raised.value)


def warned(do: Callable[[], object]) -> str:
    """Return the one warning of a call."""
    with pytest.warns(sn.IncompleteWarning) as caught:
        do()
    (one,) = caught
    return str(one.message)


def test_an_empty_result_gives_the_line_that_checks_a_name(server: FakeServer) -> None:
    admin, erin = server.connect(), server.connect(user="erin")
    made = admin.create(PLACE, "Gadget", fields={"Quantity": 1})
    said = warned(lambda: erin.read(PLACE, filter="Name eq 'none'", select="Quantty"))
    (line,) = re.findall(r"repo\.read\(.*\)", said)
    with pytest.raises(sn.QueryError, match="Did you mean Quantity"):
        eval(line, {"repo": erin})  # as it is told
    admin.delete(made.Path, permanent=True)


def test_an_empty_result_gives_the_query_behind_a_reference(server: FakeServer) -> None:
    admin, erin = server.connect(), server.connect(user="erin")
    made = admin.create(PLACE, "Gadget", fields={"Keeper": people.ERIN})
    said = warned(
        lambda: erin.read(PLACE, filter="Keeper/FullName eq 'Erin Editor' and Name eq 'none'", select="Name")
    )
    (options,) = re.findall(r"query='.*?', autofilters=False", said)
    found = eval(f"repo.read({PLACE!r}, select='Name', {options})", {"repo": erin})  # as it is told
    assert found["Name"].tolist() == [made.Name]
    admin.delete(made.Path, permanent=True)


def test_a_type_that_is_not_known_may_be_hidden(server: FakeServer) -> None:
    with pytest.raises(KeyError, match="there is no content type 'Gadgets'"):
        server.connect(user="erin").schema["Gadgets"]
    with pytest.raises(KeyError, match=r"there is no content type 'Gadgets'. Did you mean Gadget\?"):
        server.connect().schema["Gadgets"]


def test_what_its_owner_cannot_bring_back_is_said_where_it_is_deleted(server: FakeServer) -> None:
    admin, erin = server.connect(), server.connect(user="erin")
    paths = [str(admin.create(PLACE, kind, f"del-{kind}").Path) for kind in ("Gadget", "Memento")]
    dry = erin.delete(paths, dry_run=True).frame["reason"].tolist()
    assert "cannot bring it back from the trash yourself" in dry[0]
    assert "cannot" not in dry[1]
    report = erin.delete(paths)
    assert report.counts == {"saved": 2}
    said, plain = report.frame["reason"]
    assert "you may not see the content type Gadget" in said
    assert plain == ""
    with pytest.raises(sn.SaveError, match="may not see the content type Gadget"):
        erin.restore(paths[0])
    (line,) = re.findall(r"repo\.allow\(.*?\)", said)
    shown = eval(line, {"repo": admin})  # as it is told
    try:
        assert erin.restore(paths[0]).ok
    finally:
        assert sn.undo(shown, admin).ok


def test_what_is_deleted_for_good_or_by_who_sees_its_type_needs_no_word(server: FakeServer) -> None:
    admin, erin = server.connect(), server.connect(user="erin")
    for repo, permanent in ((erin, True), (admin, False)):
        path = str(admin.create(PLACE, "Gadget", "gone").Path)
        report = repo.delete(path, permanent=permanent)
        assert "bring it back" not in report.frame["reason"].iloc[0]
