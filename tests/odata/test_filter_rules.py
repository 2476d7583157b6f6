"""Whatever the client lets pass finds exactly the rows of the pandas expression that its rule holds."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings

import sn_pandas as sn
from sn_pandas.frames import Repository
from sn_pandas.notebook.explaining import explain
from sn_pandas.odata.errors import BadRequestError
from sn_pandas.odata.filter_reading import Reading
from sn_pandas.odata.filter_syntax import parse
from sn_pandas.odata.filters import Filter
from sn_pandas.odata.query import Query

from ..fakes import FakeServer
from ..seeds import seeds
from . import filter_world as world

PLACE = world.PLACE
REFUSED = re.compile("[Uu]nknown field|is not defined for the types|Unknown function: ")
"""What a server says of fields of its lists: only it knows which there are, and of which types."""


class World:
    """An ordinary user's connection, and all rows as a frame."""

    def __init__(self, repo: Repository) -> None:
        self.repo = repo
        self.frame = world.frame_of(repo)
        self.asked = self.passed = 0

    def expected(self, query: Query) -> list[int]:
        """Return the ids that the expression of a filter chooses."""
        schema = self.repo.schema
        tree = parse(str(query.filter))
        assert tree is not None
        expression = Reading(tree, schema.fields, schema).pandas()
        assert expression, f"no rule for {query.filter}"
        chosen = eval(expression, {"df": self.frame, "sn": sn})
        return [int(i) for i in self.frame[chosen].index]

    def found(self, query: Query) -> list[int]:
        """Return the ids that the server finds."""
        target = query.varied(select=("Id",), orderby="Id").url(metadata="no")
        return [row["Id"] for row in self.repo.client.get(target, _rows)]

    def compare(self, condition: Any) -> None:
        """Hold what passes against what is found."""
        self.asked += 1
        try:
            query = Query.make(PLACE, filter=condition).bind(self.repo.schema)
        except sn.QueryError:
            return
        try:
            found = self.found(query)
        except BadRequestError as error:
            if "#" not in str(query.filter) or not REFUSED.search(str(error)):
                raise
            return
        assert found == self.expected(query), str(query.filter)
        self.passed += 1


def _rows(what: str, answer: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = answer.json()["d"]["results"]
    return rows


@pytest.fixture(scope="module")
def things() -> Iterator[World]:
    server = FakeServer(sample=False)
    world.fill(server)
    with server.connect(user="erin") as repo:
        yield World(repo)
    server.end()


_CHECKS = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture]


@pytest.mark.parametrize("name", world.NAMES)
def test_every_operator_with_every_kind_of_value(things: World, name: str) -> None:
    for operator in world.OPERATORS:
        for value in world.KINDS:
            condition = world.test_of(name, operator, value)
            if condition is not None:
                things.compare(condition)
        for value in world.KINDS:
            things.compare(world.typed_test(name, operator, value))


@settings(max_examples=100, deadline=None, suppress_health_check=_CHECKS)
@given(condition=world.CONDITIONS)
def test_a_condition_finds_what_its_expression_says(things: World, condition: Filter) -> None:
    things.compare(condition)


@settings(max_examples=100, deadline=None, suppress_health_check=_CHECKS)
@given(text=world.TYPED)
def test_a_typed_filter_finds_what_its_expression_says(things: World, text: str) -> None:
    things.compare(text)


@pytest.mark.long
def test_twenty_thousand_filters_find_what_their_expressions_say(things: World) -> None:
    @seed(seeds(1, 16)[0])
    @settings(
        max_examples=int(os.environ.get("SN_FILTERS", 20_000)) // 2,
        deadline=None,
        database=None,
        suppress_health_check=_CHECKS,
    )
    @given(condition=world.CONDITIONS, text=world.TYPED)
    def compare(condition: Filter, text: str) -> None:
        things.compare(condition)
        things.compare(text)

    before, asked = things.passed, things.asked
    compare()
    assert things.passed - before > (things.asked - asked) // 4


@pytest.mark.parametrize(
    ("text", "words", "expression"),
    [
        ("Code eq 'Red'", "Code is 'Red', in any letter case", "df['Code'].str.lower().eq('red')"),
        ("Quantity gt 5", "Quantity is more than 5", "(df['Quantity'] > 5).fillna(False)"),
        ("InUse ne true", "not (InUse is True)", "(df['InUse'] == False).fillna(False)"),
        (
            "substringof('ero',Notes)",
            "a word of Notes contains 'ero'",
            "sn.has_words(df['Notes'], '*ero*')",
        ),
    ],
)
def test_explain_prints_the_expression(things: World, text: str, words: str, expression: str) -> None:
    told = explain(PLACE, [("$filter", text)], things.repo.schema).does
    assert f"keeps the rows where {words}" in told
    assert f"finds what pandas finds in a frame of all rows with df[{expression}]" in told


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("BoughtOn lt datetime'2026-01-01'", "counts as the year 1"),
        ("Notes eq 'blue herons'", "side by side"),
    ],
)
def test_a_typed_filter_that_surprises_is_told_of(things: World, text: str, words: str) -> None:
    with pytest.warns(UserWarning, match=words):
        things.repo.read(PLACE, select="Name", filter=text)
    assert words in "\n".join(explain(PLACE, [("$filter", text)], things.repo.schema).traps)


def test_dates_that_are_not_set_are_not_before_others(things: World) -> None:
    before = things.repo.read(PLACE, select="BoughtOn", filter=sn.F("BoughtOn") < "2026-01-01")
    assert len(before)
    assert before["BoughtOn"].notna().all()
    typed = things.repo.read(
        PLACE,
        select="BoughtOn",
        filter="BoughtOn lt datetime'2026-01-01' and BoughtOn gt datetime'0001-01-01'",
    )
    assert typed.index.equals(before.index)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Code eq '/Root/A/'", "regular expression"),
        ("Keeper eq null", "empty references"),
        ("Shape eq 'red'", "no option with the label"),
        ("startswith(Shape,'n')", "values and labels of all languages"),
        ("Story eq 'red'", "has_words"),
        ("Notes eq 'the'", "drops all words"),
        ("Notes eq 'cat on the roof'", "distance=2"),
        ("Type eq 'Thing'", "ContentType eq"),
        ("startswith(ContentType,'Th')", "isof"),
        ("Code eq 'null'", "misreads"),
        ("Code eq 5", "compare it with a text"),
    ],
)
def test_what_could_not_be_right_is_refused_with_what_does_it(things: World, text: str, words: str) -> None:
    with pytest.raises(sn.QueryError, match=words):
        things.repo.read(PLACE, select="Name", filter=text)
