"""The Tab key: what it offers where, how fast, and that it never is an error."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sn_pandas as sn
from sn_pandas.frames import Repository
from sn_pandas.odata.client import Client
from tests.fakes import FakeServer

from .conftest import Session, tab

TASKS = "/Root/Content/IT/Tasks"


LINES = [
    ("con", "connect"),
    ("connect --api", "connect --api-key-env"),
    ("use re", "use repo"),
    ("/Root/Con", "/Root/Content"),
    ("/Root/Content/IT/Ta", TASKS),
    ("t << /Root/Content/IT/Ta", f"t << {TASKS}"),
    (f"{TASKS}?$sel", f"{TASKS}?$select="),
    (f"count {TASKS}?$filter=Stat", f"count {TASKS}?$filter=Status"),
    (f"{TASKS}?$select=Name&$top=5&$or", f"{TASKS}?$select=Name&$top=5&$orderby="),
    ("types Ta", "types Task"),
]
OPTIONS = [
    ("$f", "$filter="),
    ("", "$select="),
    ("$select=Name,Due", "$select=Name,DueDate"),
    ("$select=AssignedTo/Full", "$select=AssignedTo/FullName"),
    ("$expand=Assi", "$expand=AssignedTo"),
    ("$orderby=DueDate de", "$orderby=DueDate desc"),
    ("$filter=Status ", "$filter=Status eq"),
    ("$filter=Status eq ", "$filter=Status eq '$active'"),
    ("$filter=Status eq '$act", "$filter=Status eq '$active"),
    ("$filter=Index gt 5 an", "$filter=Index gt 5 and"),
    ("$filter=Index gt 5\n    and Stat", "$filter=Index gt 5\n    and Status"),
    ("$filter=isof('Ta", "$filter=isof('Task"),
    ("$filter=start", "$filter=startswith("),
    ("$filter=DueDate ge {sin", "$filter=DueDate ge {since"),
    ("query=TypeIs:Ta", "query=TypeIs:Task"),
    ("query=TypeIs:Task AND Stat", "query=TypeIs:Task AND Status:"),
    ("query=Status:$co", "query=Status:$completed"),
    ("query=TypeIs:Task .AUTO", "query=TypeIs:Task .AUTOFILTERS:OFF"),
    ("query=DueDate:<@@Tod", "query=DueDate:<@@Today@@"),
    ("enableautofilters=t", "enableautofilters=true"),
]


def test_a_repository_offers_what_users_need(session: Session) -> None:
    offered = tab(session, "repo.")
    assert {"repo.read", "repo.get", "repo.schema", "repo.user"} <= set(offered)
    assert not {"repo.base", "repo.client", "repo.number", "repo.verify_identity"} & set(offered)


@pytest.mark.parametrize(("typed", "expected"), LINES)
def test_what_a_line_is_offered(session: Session, typed: str, expected: str) -> None:
    session.names["repo"].schema  # noqa: B018 - known after the first cell
    assert f"%sensenet {expected}" in tab(session, f"%sensenet {typed}")
    assert f"x = %sensenet {expected}" in tab(session, f"x = %sensenet {typed}")


@pytest.mark.parametrize(("typed", "expected"), OPTIONS)
def test_what_an_option_of_a_cell_is_offered(session: Session, typed: str, expected: str) -> None:
    session.names["since"] = 1
    session.names["repo"].schema  # noqa: B018 - known after the first cell
    head = f"%%sensenet tasks\n{TASKS}\n# a comment\n"
    assert head + expected in tab(session, head + typed)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("%%sensenet tasks --li", "%%sensenet tasks --limit"),
        ("%%sensenet --on re", "%%sensenet --on repo"),
        ("%%sensenet\n/Root/Content/IT/Do", "%%sensenet\n/Root/Content/IT/Documents"),
        ("%%sensenet\nContent/I", "%%sensenet\nContent/IT"),
    ],
)
def test_what_the_head_of_a_cell_is_offered(session: Session, typed: str, expected: str) -> None:
    assert expected in tab(session, typed)


def test_only_what_fits_is_offered(session: Session) -> None:
    head = f"%%sensenet\n{TASKS}\n"
    values = ("pending", "active", "completed", "deferred", "waiting")
    expected = [f"{head}$filter=Status eq '${value}" for value in values]
    assert tab(session, f"{head}$filter=Status eq '$") == expected
    assert tab(session, f"{head}$top=5\n$t") == [f"{head}$top=5\n$t"], "an option is given once"


def test_other_cells_are_left_alone(session: Session) -> None:
    session.names["something"] = 1
    assert "something" in tab(session, "someth")


def test_a_slow_repository_is_not_waited_for(session: Session) -> None:
    server, go_on = FakeServer(None), threading.Event()
    server.on().call(lambda request, forward: (go_on.wait(60), forward(request))[1])
    client = Client("http://slow.example", transport=server, retries=sn.Retries(attempts=1))
    session.names.pop("repo")
    session.names["slow"] = Repository(client)
    began = time.perf_counter()
    assert tab(session, "%sensenet /Root/Con") == ["%sensenet /Root/Con"]
    assert time.perf_counter() - began < 30
    go_on.set()
    client.close()


def test_a_broken_repository_is_no_error(session: Session) -> None:
    server = FakeServer(None)
    server.on().refused()
    client = Client("http://broken.example", transport=server, retries=sn.Retries(attempts=1))
    session.names.pop("repo")
    session.names["broken"] = Repository(client)
    assert tab(session, f"%%sensenet\n{TASKS}\n$select=Na") == [f"%%sensenet\n{TASKS}\n$select=Na"]


def test_children_are_asked_for_once(session: Session) -> None:
    tab(session, "%sensenet /Root/Content/I")
    before = session.names["repo"].client.requests
    tab(session, "%sensenet /Root/Content/IT")
    tab(session, "%sensenet /Root/Content/H")
    assert session.names["repo"].client.requests == before


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(alphabet="%sen \n/Root$?&={}'\"()[]:@.,<->#ANDfilter*\\", max_size=60), st.booleans())
def test_no_text_makes_tab_fail(session: Session, text: str, cell: bool) -> None:
    whole = ("%%sensenet x\n" if cell else "%sensenet ") + text
    lines = whole.split("\n")
    magics = session.shell.magics_manager.registry["SensenetMagics"]
    for column in range(len(lines[-1]) + 1):
        magics.completion.offer(whole, len(lines) - 1, column)
