"""Templates: dates that move, and what belongs to the caller."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sn_pandas.embedded.contents import Caller
from sn_pandas.embedded.languages import templates
from sn_pandas.embedded.languages.templates import Property, References

CALLER = Caller(42, "/Root/IMS/Public/ann", "ann", frozenset({42}))
NOW = datetime(2026, 11, 23, 15, 6, 1, tzinfo=UTC)  # a Monday

PROPERTIES: dict[tuple[int, str], Property] = {
    (42, "Path"): "/Root/IMS/Public/ann",
    (42, "Index"): 7,
    (42, "Manager"): References([43]),
    (42, "Friends"): References([]),
    (42, "Born"): datetime(2000, 1, 31),
    (43, "Name"): "boss",
}


def replaced(text: str) -> str:
    return templates.replace(
        text, caller=CALLER, now=NOW, read=lambda i, name: PROPERTIES.get((i, name)), unresolved="?"
    )


DATES = [
    ("@@Today@@", "11/23/2026 00:00:00"),
    ("@@CURRENTDATE@@", "11/23/2026 00:00:00"),
    ("@@CurrentTime@@", "11/23/2026 15:06:01"),
    ("@@Yesterday@@", "11/22/2026 00:00:00"),
    ("@@Tomorrow@@", "11/24/2026 00:00:00"),
    ("@@CurrentWeek@@", "11/22/2026 00:00:00"),
    ("@@NextWeek@@", "11/29/2026 00:00:00"),
    ("@@PreviousWeek@@", "11/15/2026 00:00:00"),
    ("@@CurrentMonth@@", "11/01/2026 00:00:00"),
    ("@@NextMonth@@", "12/01/2026 00:00:00"),
    ("@@PreviousMonth@@", "10/01/2026 00:00:00"),
    ("@@CurrentYear@@", "01/01/2026 00:00:00"),
    ("@@NextYear@@", "01/01/2027 00:00:00"),
    ("@@PreviousYear@@", "01/01/2025 00:00:00"),
    ("@@PreviousWorkday@@", "11/22/2026 15:06:01"),
    ("@@NextWorkday@@", "11/24/2026 15:06:01"),
    ("@@NextWorkday+4@@", "11/28/2026 15:06:01"),
    ("@@Today+3days@@", "11/26/2026 00:00:00"),
    ("@@Today-1week@@", "11/16/2026 00:00:00"),
    ("@@Today+5@@", "11/28/2026 00:00:00"),
    ("@@CurrentTime+5@@", "11/23/2026 15:11:01"),
    ("@@CurrentWeek+1@@", "11/29/2026 00:00:00"),
    ("@@CurrentMonth-2@@", "09/01/2026 00:00:00"),
    ("@@CurrentYear+1@@", "01/01/2027 00:00:00"),
    ("@@Today+2HOURS@@", "11/23/2026 02:00:00"),
    ("@@Today+90s@@", "11/23/2026 00:01:30"),
    ("@@Today+3min@@", "11/23/2026 00:00:00"),
    ("@@Today+1y@@", "11/23/2027 00:00:00"),
    ("@@Today.AddDays(3)@@", "11/26/2026 00:00:00"),
    ("@@Today.MinusMonths(1)@@", "10/23/2026 00:00:00"),
    ("@@Today.substractweeks(-1)@@", "11/30/2026 00:00:00"),
    ("@@Today+1day+1day@@", "11/24/2026 00:00:00"),
]


@pytest.mark.parametrize(("text", "expected"), DATES)
def test_dates(text: str, expected: str) -> None:
    assert replaced(text) == expected


OTHERS = [
    ("@@CurrentUser@@", "42"),
    ("@@currentuser.Path@@", "/Root/IMS/Public/ann"),
    ("@@CurrentUser.Index+3@@", "10"),
    ("@@CurrentUser.Manager@@", "43"),
    ("@@CurrentUser.Manager.Name@@", "boss"),
    ("@@CurrentUser.Born+1month@@", "02/29/2000 00:00:00"),
    ("@@CurrentUser.Born.AddDays(1)@@", "02/01/2000 00:00:00"),
    ("@@CurrentUser.Nope@@", "?"),
    ("@@CurrentUser.Friends.Name@@", "?"),
    ("@@CurrentUser.Path.Name@@", "?"),
    ("@@Nope@@", "@@Nope@@"),
    ("@@Today + 3@@", "@@Today + 3@@"),
    ("a@@CurrentUser@@b@@CurrentUser@@", "a42b42"),
]


@pytest.mark.parametrize(("text", "expected"), OTHERS)
def test_others(text: str, expected: str) -> None:
    assert replaced(text) == expected


def test_an_empty_reference_is_the_name_of_a_class() -> None:
    assert replaced("@@CurrentUser.Friends@@").startswith("SenseNet.ContentRepository.Storage.NodeList")


def test_dates_in_queries_have_quotes() -> None:
    assert templates.replace("@@Today@@", caller=CALLER, now=NOW, quoted=True) == "'11/23/2026 00:00:00'"


def test_without_properties() -> None:
    assert templates.replace("@@CurrentUser.Path@@|@@CurrentUser@@", caller=CALLER, now=NOW) == "|42"


@given(
    st.integers(-(10**9), 10**9), st.sampled_from(["", "days", "months", "years", "weeks", "workdays", "s"])
)
def test_no_number_breaks_it(number: int, unit: str) -> None:
    assert replaced(f"@@Today{number:+}{unit}@@")
