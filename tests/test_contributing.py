"""What the pages for developers name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "CONTRIBUTING.md", ROOT / "docs" / "explanation" / "architecture.md"]
PATH = re.compile(r"`((?:[\w.-]+/)*[\w.-]+(?:/|\.(?:py|md|js|css|txt|toml|yaml)))`")
NAMES = re.compile(r"((?:`\w+`(?:, | and )?)+) in `([\w/.-]+\.py)`")
#: What is not at this place of the checkout.
ELSEWHERE = {"servers.toml", "dist/"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    named = set(PATH.findall(page.read_text("utf-8"))) - ELSEWHERE
    assert len(named) > 30
    missing = [path for path in named if not ((ROOT / path).exists() or (ROOT / "sn_pandas" / path).exists())]
    assert not missing


def test_every_name_that_stands_in_a_module_is_there() -> None:
    text = PAGES[0].read_text("utf-8")
    found = [(name, path) for names, path in NAMES.findall(text) for name in re.findall(r"`(\w+)`", names)]
    assert len(found) > 15
    for name, path in found:
        assert re.search(rf"\b{name}\b", (ROOT / "sn_pandas" / path).read_text("utf-8")), (name, path)


def test_no_module_imports_a_test_module() -> None:
    """What tests share stands in a module of its own, so that a test can be moved or deleted alone."""
    importing = re.compile(
        r"^ *(?:from [\w.]*\btest_\w+ import|from [\w.]+ import .*\btest_\w+|import [\w.]*\btest_)", re.M
    )
    tests = sorted((ROOT / "tests").rglob("*.py"))
    assert len(tests) > 100
    assert not [str(file.relative_to(ROOT)) for file in tests if importing.search(file.read_text("utf-8"))]


def test_tests_use_the_one_fake_server_and_public_names() -> None:
    foreign = re.compile(r"httpx\.MockTransport|setattr\([^)]*[\"'.]_(?!_)\w+[\"']")
    tests = [file for file in (ROOT / "tests").rglob("test_*.py") if file != Path(__file__)]
    assert not [str(file.relative_to(ROOT)) for file in tests if foreign.search(file.read_text("utf-8"))]
