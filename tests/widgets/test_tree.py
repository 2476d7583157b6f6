"""The tree from plain Python, over the embedded repository."""

from __future__ import annotations

import contextlib
import gc
import weakref
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbconvert import HTMLExporter
from traitlets import TraitError

import sn_pandas as sn
from sn_pandas.frames import Repository
from sn_pandas.widgets import TreeBrowser
from sn_pandas.widgets.listing import Listing, problem

from ..fakes import open_sample
from .source import Source, repository


@pytest.fixture(scope="module")
def repo() -> Iterator[Repository]:
    with open_sample() as repo:
        yield repo


def test_a_repository_shows_its_tree(repo: Repository) -> None:
    browser = repo.browse("/Root/Content/IT", multiple=True)
    assert isinstance(browser, TreeBrowser)
    assert (browser.path, browser.multiple, browser.selected) == ("/Root/Content/IT", True, None)
    assert repr(browser) == f"<TreeBrowser /Root/Content/IT of {repo.url}>"
    assert repo.browse().path == "/Root/Content"


def test_a_frame_shows_its_contents_in_the_tree(repo: Repository) -> None:
    tasks = repo.read("/Root/Content", query="TypeIs:Task AND Index:<3", select=["Name", "Path"])
    tree = tasks.sn.browse()
    assert isinstance(tree, TreeBrowser)
    assert tree.selection == tasks["Path"].to_list()
    assert all(path.startswith(f"{tree.path}/") for path in tree.selection)
    assert tasks.head(1).sn.browse(multiple=False).selected == tasks["Path"].iloc[0]
    assert repo.read("/Root/Content/IT/Tasks", select="Name").head(0).sn.browse().selected is None


def test_selecting_opens_the_folders_above(repo: Repository) -> None:
    browser = repo.browse("/Root/Content/IT")
    browser.selected = "Documents/2024/chart.png"
    assert browser.selected == "/Root/Content/IT/Documents/2024/chart.png"
    assert browser.selection == [browser.selected]
    above = ["/Root/Content/IT", "/Root/Content/IT/Documents", "/Root/Content/IT/Documents/2024"]
    assert browser.expanded == above
    browser.collapse("Documents")
    assert browser.expanded == ["/Root/Content/IT", "/Root/Content/IT/Documents/2024"]
    browser.expand("/root/content/it/documents")
    assert len(browser.expanded) == 3
    browser.selected = None
    assert browser.selection == []


def test_several_selected_contents_keep_their_order() -> None:
    browser = TreeBrowser(repository(Source({"/Root/Content": (9, 0)})), multiple=True)
    browser.selection = ["/Root/Content/c000003", "/Root/Content/c000001"]
    assert browser.selected == "/Root/Content/c000001"
    browser.selected = "/Root/Content/c000003"
    assert browser.selection == ["/Root/Content/c000001", "/Root/Content/c000003"]
    browser.selection = []
    assert browser.selected is None
    single = TreeBrowser(repository(Source({"/Root/Content": (9, 0)})))
    single.selection = ["/Root/Content/c000003", "/Root/Content/c000001"]
    assert single.selection == ["/Root/Content/c000001"]


@pytest.mark.parametrize("path", ["/Root/Content", "/Root/Content/ITX", "/Other", "..", 5])
def test_what_is_not_in_the_tree_cannot_be_selected(repo: Repository, path: object) -> None:
    browser = repo.browse("/Root/Content/IT")
    with pytest.raises((sn.QueryError, TraitError)):
        browser.selected = path  # type: ignore[assignment] # a wrong value is the subject
    assert browser.selected is None


def test_another_root_forgets_what_was_below_the_old_one(repo: Repository) -> None:
    browser = repo.browse("/Root/Content/IT")
    browser.selected = "Documents"
    browser.path = "/Root/Content/Sales"
    assert (browser.selected, browser.selection, browser.expanded) == (None, [], ["/Root/Content/Sales"])
    with pytest.raises(sn.NotFoundError):
        browser.path = "/Root/Nothing"
    assert browser.path == "/Root/Content/Sales"


def test_a_root_that_is_missing_is_an_error_in_the_cell(repo: Repository) -> None:
    with pytest.raises(sn.NotFoundError):
        repo.browse("/Root/Nothing")
    with pytest.raises(sn.QueryError, match="DisplayName or Name"):
        repo.browse("/Root", label="Title")


def test_a_root_can_be_named_by_its_number_or_below_the_base(repo: Repository) -> None:
    assert repo.browse(2).path == "/Root"
    assert repo.browse("Content/IT/Documents").path == "/Root/Content/IT/Documents"


def test_the_selected_folder_is_read_as_a_frame(repo: Repository) -> None:
    browser = repo.browse("/Root/Content/IT")
    browser.selected = "Documents/2024/chart.png"
    assert browser.folder == "/Root/Content/IT/Documents/2024"
    frame = browser.read(select=["Name"], filter="Name eq 'chart.png'")
    assert list(frame["Name"]) == ["chart.png"]
    browser.selected = "Documents"
    assert browser.folder == "/Root/Content/IT/Documents"


def test_an_exported_notebook_shows_the_first_level(repo: Repository) -> None:
    browser = repo.browse("/Root/Content/IT")
    bundle = browser._repr_mimebundle_()
    assert bundle is not None
    assert "application/vnd.jupyter.widget-view+json" in bundle[0]
    assert "Documents" in bundle[0]["text/html"]
    assert bundle[0]["text/plain"] == repr(browser)


def test_a_notebook_without_widget_state_becomes_a_page_with_the_first_level(repo: Repository) -> None:
    bundle = repo.browse("/Root/Content/IT")._repr_mimebundle_()
    assert bundle is not None
    cell = nbformat.v4.new_code_cell("tree", outputs=[nbformat.v4.new_output("execute_result", bundle[0])])
    page, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    assert '<div class="sn-tree-fallback">' in page


def test_the_fallback_of_a_long_folder_is_short() -> None:
    html = TreeBrowser(repository(Source({"/Root/Content": (1234, 0)})))._repr_html_()
    assert html.count("<li>") == 51
    assert "and 1,184 more" in html


def test_types_open_as_folders_do_and_settings_do_not() -> None:
    admin = open_sample(user="Admin")  # who alone may see settings
    listing = Listing(admin.client, "Name")
    types = listing.page("/Root/System/Schema/ContentTypes")
    assert all(row["opens"] for row in types["rows"])
    assert [row["name"] for row in listing.page("/Root/System/Schema/ContentTypes/GenericContent")["rows"]]
    settings_ = listing.page("/Root/System/Settings")["rows"]
    assert settings_
    assert not any(row["opens"] for row in settings_ if row["type"].endswith("Settings"))
    admin.close()


@pytest.mark.parametrize("label", ["", " ", '""', "\u00a0", None])
def test_a_label_without_words_gives_way_to_the_name(label: str | None) -> None:
    row = {"Path": "/Root/Content/IT/Documents", "Name": "Documents", "DisplayName": label, "Type": "Domain"}
    client: Any = SimpleNamespace(get=lambda url, read: row)
    assert Listing(client).content("/Root/Content/IT/Documents")["label"] == "Documents"


def test_a_name_filter_finds_parts_of_names(repo: Repository) -> None:
    rows = Listing(repo.client).page("/Root/Content/IT/Documents/2024", filter="CHart")["rows"]
    names = {row["name"] for row in rows}
    assert names == {"chart.png"}
    assert all("chart" in (row["name"] + row["label"]).lower() for row in rows)


@settings(max_examples=15, deadline=None)
@given(size=st.integers(1, 30), label=st.sampled_from(["Name", "DisplayName"]))
def test_pages_of_any_size_hold_every_child_once_folders_first(
    repo: Repository, size: int, label: str
) -> None:
    listing = Listing(repo.client, label)
    folder = "/Root/Content/IT"
    total = listing.page(folder, size=size)["total"]
    pages = [listing.page(folder, page, size=size) for page in range(-(-total // size))]
    rows = [row for page in pages for row in page["rows"]]
    assert {row["path"] for row in rows} == set(repo.read(folder, select=["Path"])["Path"])
    assert len(rows) == total
    opens = [row["opens"] for row in rows]
    assert opens == sorted(opens, reverse=True)
    assert all(listing.position(folder, row["path"]) == n for n, row in enumerate(rows[:3]))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (sn.NotFoundError("x", status=404), "no such content"),
        (sn.ForbiddenError("x", status=403), "not permitted"),
        (sn.UnavailableError("x", status=503), "not available now (503)"),
        (sn.ConnectionFailed("x"), "does not answer"),
        (sn.BadRequestError("GET /long failed", status=400, reason="Own words"), "Own words"),
        (ZeroDivisionError("division"), "ZeroDivisionError: division"),
    ],
)
def test_problems_are_said_in_few_words(error: Exception, words: str) -> None:
    assert words in problem(error)["problem"]


def test_a_closed_tree_is_freed_with_its_repository() -> None:
    repo = open_sample()
    tree = repo.browse("/Root/Content")
    tree.close()
    seen = weakref.ref(tree), weakref.ref(repo)
    del tree
    gc.collect()
    assert seen[0]() is None
    repo.close()
    del repo
    gc.collect()
    assert seen[1]() is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("now?", "What now?"),
        ("* urg", "* urgent *"),
        ("*", "* urgent *"),
        ("null", "null"),
        ("NULL", "null"),
        ("C#", "C# & R"),
        ("it's", "it's '$1'"),
        ("'$1'", "it's '$1'"),
    ],
)
def test_every_name_is_found_by_its_letters(repo: Repository, text: str, found: str) -> None:
    place = "/Root/Content/IT/Documents"
    for number, label in enumerate(["What now?", "* urgent *", "null", "C# & R", "it's '$1'"]):
        with contextlib.suppress(sn.AlreadyExistsError):
            repo.create(place, "Folder", f"filter-{number}", fields={"DisplayName": label})
    listing = Listing(repo.client)
    page = listing.page(place, filter=text)
    assert [row["label"] for row in page["rows"]] == [found]
    assert page["total"] == 1
    assert listing.position(place, page["rows"][0]["path"], text) == 0
    assert listing.page(place, 1, text)["rows"] == []


def test_a_question_that_cannot_be_asked_is_not_to_be_retried() -> None:
    assert problem(sn.QueryError("no"))["again"] is False
    assert problem(sn.ConnectionFailed("no"))["again"] is True
