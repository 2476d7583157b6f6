"""Pictures of contents: what they show, how it is labelled, and what they refuse."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sn_pandas as sn
from sn_pandas.frames import Repository
from sn_pandas.frames.plots.plots import COLOURS, Plots
from sn_pandas.frames.plots.treemap import gather_areas, squarify

from ..fakes import open_sample

mpl.use("agg")


@pytest.fixture(scope="module")
def repo() -> Iterator[Repository]:
    with open_sample() as repo:
        yield repo


@pytest.fixture(scope="module")
def tasks(repo: Repository) -> pd.DataFrame:
    fields = ["DisplayName", "Path", "Type", "Status", "StartDate", "DueDate", "TaskCompletion"]
    return repo.read("/Root/Content/IT/Tasks", select=fields)


@pytest.fixture(autouse=True)
def _close_figures() -> Iterator[None]:
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def test_a_timeline_counts_every_dated_row_once(tasks: pd.DataFrame) -> None:
    ax = tasks.sn.plot.timeline("DueDate", by="Status")
    heights = [patch.get_height() for patch in ax.patches]
    assert sum(heights) == tasks["DueDate"].notna().sum()
    assert ax.get_xlabel() == "Due date"
    legend = ax.get_legend()
    options = tasks.sn.baseline.fields["Status"].options
    assert legend.get_title().get_text() == "Status"
    assert [text.get_text() for text in legend.get_texts()] == [o.text for o in options]


def test_a_gantt_has_a_bar_a_row_and_says_what_it_leaves_out(tasks: pd.DataFrame) -> None:
    ax = tasks.sn.plot.gantt(by="Status", today="2026-11-02")
    assert len(ax.patches) == 40
    assert ax.get_title() == "the first 40 of 60 contents"
    assert len(tasks.head(5).sn.plot.gantt().patches) == 5


def test_types_count_the_rows(tasks: pd.DataFrame) -> None:
    ax = tasks.sn.plot.types("Status")
    assert sorted(p.get_width() for p in ax.patches) == sorted(tasks["Status"].value_counts())
    assert [t.get_text() for t in tasks.sn.plot.types().get_yticklabels()] == ["Task"]


def test_words_beside_few_bars_have_room(tasks: pd.DataFrame) -> None:
    ax = tasks.head(2).sn.plot.types()
    ax.figure.canvas.draw()
    beside = ax.yaxis.label.get_window_extent()
    assert beside.height < 0.8 * ax.get_window_extent().height


def test_a_treemap_covers_its_rectangle(repo: Repository) -> None:
    files = repo.read("/Root/Content", query="TypeIs:File", select=["Path", "Size"])
    ax = files.sn.plot.treemap("Size")
    areas = [patch.get_width() * patch.get_height() for patch in ax.patches]
    assert sum(areas) == pytest.approx(8 * 5)
    assert ax.get_title().startswith("/Root/Content: ")


def test_versions_are_looked_up(repo: Repository) -> None:
    files = repo.read("/Root/Content/IT/Documents/2026", select=["Path"]).head(2)
    ax = files.sn.plot.versions()
    assert len(ax.get_yticks()) == 2
    assert {text.get_text() for text in ax.texts} == {"1.0"}


def test_the_axes_given_are_drawn_on(tasks: pd.DataFrame) -> None:
    import matplotlib.pyplot as plt

    ax = plt.subplots()[1]
    assert tasks.sn.plot.types(ax=ax) is ax


def test_more_groups_than_colours_are_gathered() -> None:
    frame = pd.DataFrame(
        {
            "DueDate": pd.date_range("2026-01-01", periods=40, tz="UTC"),
            "who": [f"user {n % 10}" for n in range(40)],
        }
    )
    legend = Plots(frame).timeline(by="who").get_legend()
    assert len(legend.get_texts()) == len(COLOURS)
    assert legend.get_texts()[-1].get_text() == "4 others"


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda t: t.sn.plot.timeline("Status"), "holds no dates; there are"),
        (lambda t: t.sn.plot.timeline("DueDat"), "Did you mean DueDate"),
        (lambda t: t.sn.plot.types("Typ"), "Did you mean Type"),
        (lambda t: t.sn.plot.treemap("Status"), "holds no numbers"),
        (lambda t: t.sn.plot.treemap(depth=0), "at least 1"),
        (lambda t: t.sn.plot.versions(), "of at most 40 contents, not of 60"),
        (lambda t: Plots(t[["Path"]]).gantt(), "no StartDate"),
        *[
            (lambda t, kind=kind: getattr(Plots(t.head(0)), kind)(), "the frame has no rows")
            for kind in ("timeline", "gantt", "types", "treemap", "versions")
        ],
    ],
)
def test_what_cannot_be_drawn_is_said(tasks: pd.DataFrame, draw: object, words: str) -> None:
    with pytest.raises(sn.QueryError, match=words):
        draw(tasks)  # type: ignore[operator]  # a function of the table


@given(st.lists(st.floats(0.01, 1e6), min_size=1, max_size=60))
def test_rectangles_keep_their_weights_and_stay_inside(weights: list[float]) -> None:
    boxes = squarify(weights, 8, 5)
    areas = np.array([width * height for _, _, width, height in boxes])
    assert areas == pytest.approx(np.array(weights) * 40 / sum(weights), rel=1e-6)
    for x, y, width, height in boxes:
        assert min(x, y, width, height) >= -1e-6
        assert x + width <= 8 + 1e-6
        assert y + height <= 5 + 1e-6


def test_weights_are_gathered_by_folder() -> None:
    paths = ["/Root/a/x/1", "/Root/a/x/2", "/Root/a/y/1", "/Root/b/1", None]
    top, areas = gather_areas(paths, pd.Series([1.0, 2.0, 3.0, 4.0, 9.0]), 2)
    assert top == "/Root"
    assert [(area.label, area.weight) for area in areas] == [("a/x", 3.0), ("a/y", 3.0), ("b", 4.0)]
