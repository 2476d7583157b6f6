"""What errors advise works as it is told."""

from __future__ import annotations

import re

import pytest

import sn_pandas as sn
from sn_pandas.notebook.explaining import explain

from .conftest import Session, tab

TASKS = "/Root/Content/IT/Tasks"
MISREAD = "Index lt 0 or AssignedTo/FullName eq 'Olga Okafor'"


def test_the_lines_for_a_cell_find_what_was_meant(session: Session) -> None:
    with pytest.raises(sn.QueryError) as raised:
        session.names["repo"].read(TASKS, filter=MISREAD)
    lines = re.search(r"in a cell the lines (query=.*?) and (enableautofilters=\w+)", str(raised.value))
    assert lines is not None
    found = session.value(f"%%sensenet\n{TASKS}\n{lines[1]}\n{lines[2]}\n$select=Name,AssignedTo/FullName")
    assert len(found)
    assert found["AssignedTo/FullName"].map(lambda names: "Olga Okafor" in names).all()


@pytest.mark.parametrize("text", ["Status eq active", "Index ge 0 and Status ne active"])
def test_a_text_without_quotes_is_no_unknown_field(session: Session, text: str) -> None:
    repo = session.names["repo"]
    with pytest.raises(sn.BadRequestError, match="single quotes") as raised:
        repo.read(TASKS, filter=text)
    assert "IsActive" not in str(raised.value)
    written = re.search(r"write Status (?:eq|ne) ('.*?')", str(raised.value))
    assert written is not None
    assert len(repo.read(TASKS, filter=text.replace("active", written[1]), select="Name")) > 0


def test_what_is_refused_is_not_said_to_keep_rows(session: Session) -> None:
    told = explain(TASKS, [("$filter", MISREAD)], session.names["repo"].schema)
    said = "\n".join([*told.does, *told.traps])
    assert "rejected before it is sent" in said
    assert "keeps" not in said


@pytest.mark.parametrize("typed", ["$select=Name/pri", "$expand=Nope/pri", "query=Nope/pri"])
def test_behind_what_is_no_reference_tab_offers_nothing(session: Session, typed: str) -> None:
    cell = f"%%sensenet\n{TASKS}\n{typed}"
    assert tab(session, cell) == [cell]
