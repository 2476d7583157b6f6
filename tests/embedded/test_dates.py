"""Dates in all the forms that people write."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sn_pandas.embedded import dates

SAME = "2026-05-05T10:20:00"


@pytest.mark.parametrize(
    "text",
    [
        "2026-05-05T10:20:00", "2026-05-05T10:20:00Z", "2026-05-05 10:20", "2026.05.05 10:20",
        "5/5/2026 10:20",
        "05/05/2026 10:20:00 AM", "2026-05-05T12:20:00+02:00", "2026-05-05T10:20:00.000", "5 May 2026 10:20",
        "May 5, 2026 10:20", "Tue, 05 May 2026 10:20:00 GMT",
    ],
)  # fmt: skip
def test_the_same_moment(text: str) -> None:
    assert dates.parse(text) == dates.from_iso(SAME)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "nonsense",
        "20260505",
        "2026-02-30",
        "2026-13-01",
        "2026-01-01T25:00:00",
        "2026-01-01T00:00:00+99:00",
    ],
)
def test_no_date(text: str) -> None:
    assert dates.parse(text) is None


def test_parts_of_a_date() -> None:
    assert dates.parse("2026-05") == dates.parse("2026-05-01")
    assert dates.parse("10:20") is not None


@given(st.datetimes())
def test_stored_form_and_back(moment: datetime) -> None:
    ticks = dates.from_datetime(moment)
    assert dates.from_iso(dates.to_iso(ticks)) == ticks
    assert dates.to_datetime(ticks) == moment
    assert dates.from_datetime(moment.replace(tzinfo=UTC)) == ticks


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    assert dates.parse(text) is None or dates.parse(text) is not None
