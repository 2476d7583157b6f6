"""Everything that a notebook shows of contents whose types the editor may not see: users, groups, gadgets."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout

import pandas as pd
import pytest

import sn_pandas as sn
from sn_pandas.frames import Repository

from ..fakes import FakeServer
from ..frames import people
from ..frames.people import PLACE
from .conftest import Session, tab

PEOPLE = "/Root/IMS/Public"
TASKS = "/Root/Content/IT/Tasks"


@pytest.fixture(scope="module")
def gadgets() -> Iterator[Repository]:
    """A repository of an editor who sees none of the company's own types but one."""
    server = FakeServer(sample=False)
    people.fill(people.company(server))
    with server.connect(user="erin") as repo:
        yield repo
    server.end()


@pytest.fixture(autouse=True)
def _no_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    import matplotlib.pyplot as plt

    monkeypatch.setenv("MPLBACKEND", "agg")
    plt.switch_backend("agg")
    plt.close("all")


def test_a_cell_expands_filters_and_orders_by_fields_of_hidden_types(session: Session) -> None:
    tasks = session.value(
        f"%%sensenet\n{TASKS}\n$select=Name,AssignedTo/FullName,AssignedTo/JobTitle\n$expand=AssignedTo\n$top=1"
    )
    assert tasks["AssignedTo/FullName"].iloc[0] == ["Hugo Horváth", "Olga Okafor"]
    assert tasks["AssignedTo/JobTitle"].iloc[0] == ["Designer", "Engineer"]
    found = session.value(
        f"%%sensenet\n{PEOPLE}\n$select=Name,JobTitle,BirthDate,Manager/FullName\n"
        "$filter=JobTitle eq 'Engineer'\n$orderby=BirthDate desc,Name"
    )
    people = session.value(f"%%sensenet\n{PEOPLE}\n$select=Name,JobTitle")
    assert sorted(found.index) == sorted(people.index[people["JobTitle"] == "Engineer"])
    assert found["BirthDate"].is_monotonic_decreasing
    assert isinstance(found["BirthDate"].dtype, pd.DatetimeTZDtype)
    assert "Anna Ács" in set(found["Manager/FullName"])
    assert "warning: " not in session.printed()


@pytest.mark.parametrize(
    ("line", "layer", "types"),
    [
        (f"fields {PEOPLE}/hugo.horvath", "built in", "User"),
        (f"fields {PEOPLE}?$filter=Name eq 'hugo.horvath'", "built in", "User"),
        ("fields User", "built in", "User"),
        (f"fields {PLACE}?$filter=Name eq 'g0'", "learned", "Gadget"),
        (f"fields {PLACE}/s0", "learned", "Special"),
    ],
)
def test_fields_at_a_path_are_those_of_hidden_types_too(
    session: Session, gadgets: Repository, line: str, layer: str, types: str
) -> None:
    if PLACE in line:
        session.names["repo"] = gadgets
    fields = session.value(f"%sensenet {line}")
    own = fields.loc[{"User": "JobTitle"}.get(types, "Quantity")]
    assert (own["layer"], own["types"]) == (layer, types)
    assert fields.loc["Name", "types"] == types


def test_what_is_at_an_empty_query_is_nothing(session: Session) -> None:
    assert session.value(f"%sensenet fields {PEOPLE}?$filter=Name eq 'nobody'").empty


@pytest.mark.parametrize(
    ("place", "begun", "offered"),
    [
        (PEOPLE, "$select=Name,JobT", "$select=Name,JobTitle"),
        (PEOPLE, "$orderby=JobT", "$orderby=JobTitle"),
        (PEOPLE, "$filter=Depar", "$filter=Department"),
        (PEOPLE, "$expand=Man", "$expand=Manager"),
        (PEOPLE, "$filter=isof('Us", "$filter=isof('User"),
        (TASKS, "$select=AssignedTo/JobT", "$select=AssignedTo/JobTitle"),
        (PLACE, "$select=Quan", "$select=Quantity"),
        (PLACE, "$filter=Shape eq '$bro", "$filter=Shape eq '$broken"),
        (PLACE, "query=TypeIs:Gad", "query=TypeIs:Gadget"),
    ],
)
def test_tab_completes_names_of_hidden_types(
    session: Session, gadgets: Repository, place: str, begun: str, offered: str
) -> None:
    if place == PLACE:
        session.names["repo"] = gadgets
        gadgets.read(PLACE, select="Name,Quantity,Shape")
    cell = f"%%sensenet\n{place}\n"
    assert f"{cell}{offered}" in tab(session, f"{cell}{begun}")


def test_an_explanation_says_what_you_may_not_see(session: Session) -> None:
    said = session.value(
        f"%sensenet explain {PEOPLE}?$select=LoginName,Manager/FullName"
        "&$filter=JobTitle eq 'Engineer'&$orderby=BirthDate"
    )
    words = str(said)
    assert "keeps the rows where JobTitle is 'Engineer', ignoring case" in words
    assert "which you may not see: LoginName, FullName, BirthDate, JobTitle" in words


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("$select=Name,JobTitel", "no content type has a field 'JobTitel'. Did you mean JobTitle?"),
        ("$filter=JobTitel eq 'x'", "no content type has a field 'JobTitel'. Did you mean JobTitle?"),
        ("$orderby=JobTitel", "no content type has such a field. Did you mean JobTitle?"),
    ],
)
def test_a_misspelt_field_of_a_hidden_type_is_named(session: Session, cell: str, words: str) -> None:
    error = session.error(f"%%sensenet\n{PEOPLE}\n{cell}")
    assert isinstance(error, sn.QueryError)
    assert str(error).endswith(words)
    assert len(str(error)) < 120


def test_plots_show_contents_of_hidden_types(session: Session, gadgets: Repository) -> None:
    repo = session.names["repo"]
    fields = ["Name", "Path", "Type", "Department", "BirthDate"]
    found = repo.read(PEOPLE, select=fields, filter=sn.isof("User"))
    ax = found.sn.plot.types("Department")
    assert sorted(p.get_width() for p in ax.patches) == sorted(found["Department"].value_counts())
    ax = found.sn.plot.timeline("BirthDate", by="Department")
    assert sum(p.get_height() for p in ax.patches) == len(found) > 20
    rows = gadgets.read(
        PLACE, select=["Path", "Type", "Shape", "BoughtOn", "Weight"], filter=sn.isof("Gadget")
    )
    ax = rows.sn.plot.types("Shape")
    assert {text.get_text() for text in ax.get_yticklabels()} == {"New", "Used", "Broken"}
    assert len(rows.sn.plot.timeline("BoughtOn").patches) > 0
    assert rows.sn.plot.treemap("Weight", depth=1).patches


def test_the_tree_shows_contents_of_hidden_types(session: Session, gadgets: Repository) -> None:
    tree = session.names["repo"].browse(PEOPLE)
    tree.selected = "hugo.horvath"
    assert tree.selected == f"{PEOPLE}/hugo.horvath"
    assert tree.read(select=["Name", "JobTitle"], filter="JobTitle eq 'Designer'")["Name"].size == 3
    bundle = tree._repr_mimebundle_()
    assert "Hugo Horváth" in bundle[0]["text/html"]
    tree = gadgets.browse(PLACE)
    tree.selected = f"{PLACE}/g0"
    assert tree.read(select=["Quantity"], filter="Quantity gt 7").shape == (4, 1)


def test_warnings_are_nothing_but_words(session: Session) -> None:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        session.value(f"%%sensenet\n{PEOPLE}\n$select=Name\n$filter=isof('Usr')")
    assert "you see no such type. Did you mean User?" in out.getvalue() + err.getvalue() + session.printed()
