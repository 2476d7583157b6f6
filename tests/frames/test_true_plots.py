"""Pictures are true: every row counts, lengths are lengths, words are letters, and a dark page stays dark."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.cbook import is_math_text
from matplotlib.text import Text

import sn_pandas as sn
from sn_pandas.frames.plots.labels import count_distinct_steps
from sn_pandas.frames.plots.plots import Plots, merge_labels
from sn_pandas.frames.plots.treemap import gather_areas

mpl.use("agg")
KINDS = ("timeline", "gantt", "types", "treemap")


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def frame(**columns: object) -> pd.DataFrame:
    """Return a frame of contents with these columns, and those that pictures need."""
    rows = max((len(c) for c in columns.values()), default=4)  # type: ignore[arg-type]  # lists and columns
    start = pd.Series(pd.date_range("2026-05-04", periods=rows, tz="UTC"))
    usual = {
        "Name": [f"n{n}" for n in range(rows)],
        "Path": [f"/Root/Content/f{n % 3}/n{n}" for n in range(rows)],
        "Type": ["Task"] * rows,
        "StartDate": start,
        "DueDate": start + pd.Timedelta(days=2),
    }
    return pd.DataFrame({**usual, **columns})


def length(bar: object) -> float:
    return bar.get_width()  # type: ignore[attr-defined,no-any-return]  # a patch


@settings(max_examples=20)
@given(
    st.lists(
        st.tuples(st.integers(0, 70), st.integers(0, 86399), st.sampled_from("abcdefghijk")),
        min_size=1,
        max_size=60,
    ),
    st.sampled_from([None, "2D", "3D", "36h", "7h", "W", "2W", "W-WED", "MS", "2MS", "ME", "QS", "YS"]),
)
def test_the_bars_of_a_timeline_hold_every_row(rows: list[tuple[int, int, str]], freq: str | None) -> None:
    moments = [pd.Timestamp("2025-11-01", tz="UTC") + pd.Timedelta(days=d, seconds=s) for d, s, _ in rows]
    contents = frame(DueDate=pd.Series(moments), by=[by for *_, by in rows])
    ax = Plots(contents).timeline("DueDate", by="by", freq=freq)
    assert sum(bar.get_height() for bar in ax.patches) == len(rows)
    assert all(length(bar) > 0 for bar in ax.patches)
    mpl.pyplot.close(ax.figure)


def test_rows_that_a_picture_leaves_out_are_counted_in_its_title() -> None:
    contents = frame()
    contents.loc[0, "DueDate"] = pd.NaT
    contents.loc[1, "DueDate"] = contents.loc[1, "StartDate"] - pd.Timedelta(days=1)
    assert Plots(contents).timeline("DueDate").get_title().endswith("; 1 without DueDate")
    title = Plots(contents).gantt().get_title()
    assert title.startswith("2 contents; 1 without a date; 1 left out: ends before it begins")
    contents["Size"] = [1, 2, np.nan, np.inf]
    assert Plots(contents).treemap("Size").get_title() == "/Root/Content: Size 3 bytes; 2 without Size"


def test_a_bar_is_as_long_as_it_lasts() -> None:
    hours = [1, 2, 0, 24 * 300]
    start = pd.Series(pd.date_range("2026-05-04 09:00", periods=4, freq="h", tz="UTC"))
    ax = Plots(frame(StartDate=start, DueDate=start + pd.to_timedelta(hours, "h"))).gantt()
    assert [round(length(bar) * 24, 6) for bar in ax.patches] == hours
    assert sum(len(line.get_xdata()) for line in ax.lines) == 3, "short ones can be seen"


def test_dates_of_two_time_zones_are_on_one_clock() -> None:
    contents = frame()
    contents["DueDate"] = contents["DueDate"].dt.tz_convert("Europe/Budapest")
    contents["StartDate"] = contents["StartDate"].dt.tz_convert("Asia/Tokyo")
    assert {round(length(bar), 6) for bar in Plots(contents).gantt().patches} == {2.0}


def test_what_only_ends_before_it_begins_is_refused() -> None:
    contents = frame()
    with pytest.raises(sn.QueryError, match="is before"):
        Plots(contents).gantt("DueDate", "StartDate")


@pytest.mark.parametrize(
    "common", ["Minutes of the meeting of the board of directors, ", "/Root/Content/Research/" * 3]
)
def test_values_that_begin_alike_have_bars_and_labels_of_their_own(common: str) -> None:
    values = [f"{common}{n}" for n in range(12)] + [f"{n}{common}" for n in range(12)]
    ax = Plots(frame(by=values)).types("by")
    assert len({round(bar.get_y(), 6) for bar in ax.patches}) == 24
    assert len({text.get_text() for text in ax.get_yticklabels()}) == 24


def test_more_values_than_bars_are_gathered_in_one() -> None:
    ax = Plots(frame(by=[f"v{n % 61}" for n in range(200)])).types("by")
    assert sum(length(bar) for bar in ax.patches) == 200
    assert ax.get_yticklabels()[-1].get_text() == "22 others"


@pytest.mark.parametrize(
    "name",
    ["From $1^ to {$2", "costs $5_a to $9_b", "$$", r"\$\frac", "_hidden", "", " ", "\x1b[2J", "3 others"],
)
def test_no_value_is_a_formula_or_gone(name: str) -> None:
    values = [name, "other", name, "third", *(f"v{n}" for n in range(8))]
    contents = frame(by=values, Name=values, Path=[f"/Root/Content/{name or 'x'}/{n}" for n in range(12)])
    for kind in KINDS:
        ax = getattr(Plots(contents), kind)(**({} if kind == "treemap" else {"by": "by"}))
        ax.figure.savefig(io.BytesIO(), dpi=30)
        texts = [text.get_text() for text in ax.figure.findobj(Text)]
        assert not [text for text in texts if is_math_text(text)]
        assert not any("\x1b" in text for text in texts)
        if kind == "timeline":
            assert sum(bar.get_height() for bar in ax.patches) == 12
            assert len(ax.get_legend().get_texts()) == 7


def test_a_cut_label_does_not_end_in_half_an_escape() -> None:
    ax = Plots(frame(Name=["A" * n + "$ 100 a month" for n in range(28, 38)])).gantt()
    assert not [t for t in ax.get_yticklabels() if t.get_text().replace("…", "").endswith("\\")]


@pytest.mark.parametrize(
    "kind", ["datetime64[us]", "timestamp[us, tz=UTC][pyarrow]", "date32[pyarrow]", "object"]
)
def test_dates_of_every_dtype_are_dates(kind: str) -> None:
    contents = frame()
    for column in ("StartDate", "DueDate"):
        naive = contents[column].dt.tz_localize(None)
        plain = contents[column] if "tz=" in kind else naive
        contents[column] = naive.dt.date if kind == "object" else plain.astype(kind)  # type: ignore[call-overload]
    assert sum(bar.get_height() for bar in Plots(contents).timeline().patches) == 4
    assert {length(bar) for bar in Plots(contents).gantt(today="2026-05-05").patches} == {2.0}


@pytest.mark.parametrize("freq", ["s", "-1D", "nonsense", "D2"])
def test_a_frequency_that_makes_no_picture_is_refused(freq: str) -> None:
    with pytest.raises(sn.QueryError, match="freq="):
        Plots(frame()).timeline(freq=freq)


def test_a_treemap_has_as_many_areas_as_can_be_seen() -> None:
    paths = [f"/Root/f{n % 7}/g{n}/x" for n in range(5000)]
    _, areas = gather_areas(paths, None, 2)
    assert len(areas) <= 400
    assert sum(area.weight for area in areas) == 5000


@given(
    st.lists(
        st.lists(st.sampled_from("abc"), min_size=1, max_size=4), min_size=1, max_size=8, unique_by=tuple
    )
)
def test_tiles_of_one_name_tell_themselves_apart(paths: list[list[str]]) -> None:
    ends = [tuple(path[-count:]) for path, count in zip(paths, count_distinct_steps(paths), strict=True)]
    assert len(set(ends)) == len(paths) or any(
        path[-len(short) :] == short for path in paths for short in paths if path != short
    )


@given(st.lists(st.floats(0, 100), min_size=1, max_size=30).map(sorted))
def test_labels_of_versions_do_not_overlap(places: list[float]) -> None:
    texts = [f"1.{n}" for n in range(len(places))]
    shown = merge_labels(texts, places, 0.5)
    ends = [(at - len(text) / 4, at + len(text) / 4) for text, at in shown]
    assert all(one[1] <= two[0] for one, two in itertools.pairwise(ends))
    assert shown[0][0].startswith("1.0")
    assert shown[-1][0].endswith(texts[-1])


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_has_a_title_and_words_for_those_who_cannot_see_it(kind: str) -> None:
    ax = getattr(Plots(frame()), kind)()
    assert "4 contents" in ax.get_title()
    assert ax.figure.description.startswith(ax.get_title())
    assert ax.figure._repr_mimebundle_()[1]["image/png"]["alt"] == ax.figure.description
    assert ax.figure.description in repr(ax.figure)


@pytest.mark.parametrize("kind", KINDS)
def test_notebooks_put_no_card_behind_a_picture(kind: str) -> None:
    from matplotlib_inline.backend_inline import _fetch_figure_metadata

    ax = getattr(Plots(frame()), kind)()
    assert mpl.colors.to_rgba(ax.figure.get_facecolor())[3] == 0
    assert _fetch_figure_metadata(ax.figure) is None
    for text in (ax.title, ax.xaxis.label, *ax.get_xticklabels()):
        assert 0.4 < np.mean(mpl.colors.to_rgb(text.get_color())) < 0.6, "on white and on black"


def test_the_style_of_the_user_is_kept() -> None:
    with mpl.style.context("dark_background"):
        ax = Plots(frame()).types()
    assert mpl.colors.to_hex(ax.figure.get_facecolor()) == "#000000"
    assert mpl.colors.to_hex(ax.title.get_color()) == "#ffffff"
