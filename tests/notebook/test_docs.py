"""What the documentation shows runs: every Python snippet and every cell of a page, from top to bottom."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import sn_pandas as sn
from sn_pandas import connecting
from sn_pandas.embedded import Application

from ..fakes import EDITOR
from .conftest import Session

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    *(ROOT / "docs").glob("*.md"),
    *sorted(ROOT.glob("docs/howto/*.md")),
    *sorted(ROOT.glob("docs/reference/*.md")),
    ROOT / "docs" / "explanation" / "architecture.md",
]
SERVER = "https://repo.example.com"
#: Arguments of ``connect`` in place of which a page gets a key; ``tests/signin`` tries each way.
CREDENTIALS = ("api_key", "token", "client_id", "client_secret", "browser", "login")
#: What a page takes for granted, as the page on connecting leaves it.
GIVEN = "import pandas as pd\nimport sn_pandas as sn\nrepo = sn.connect(user={!r})"
#: Pages about what only administrators do; all others are an editor's.
ADMINISTRATION = ("people",)
_FENCED = re.compile(r"^```(python|text)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def snippets(page: Path) -> list[str]:
    """Return what a page shows as input: Python, and cells or lines of the magic."""
    found = _FENCED.findall(page.read_text("utf-8"))
    return [text for kind, text in found if kind == "python" or text.startswith("%")]


@pytest.fixture
def documented(session: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Session]:
    """A session in an empty folder, in which the server that the pages name is an embedded one."""
    application, connect = Application(), connecting.connect

    def connected(url: str | None = None, **given: Any) -> Any:
        if url not in (SERVER, "prod"):
            return connect(url, **given)
        known = {} if given.get("anonymous") else {"api_key": application.key_of(EDITOR)}
        kept = {name: value for name, value in given.items() if name not in CREDENTIALS}
        return connect(SERVER, transport=connecting.InProcess(application), **kept, **known)

    monkeypatch.setattr(connecting, "connect", connected)
    monkeypatch.setattr(sn, "connect", connected)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("REPO_KEY", "a key")
    monkeypatch.setenv("REPO_TOKEN", "a token")
    monkeypatch.setenv("REPO_SECRET", "a secret")
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.chdir(tmp_path)
    session.names.pop("repo")
    yield session
    for value in {id(v): v for v in session.names.values() if isinstance(v, sn.frames.Repository)}.values():
        value.close()
    application.close()


@pytest.mark.parametrize("page", [p for p in PAGES if snippets(p)], ids=lambda p: p.stem)
def test_what_a_page_shows_runs(documented: Session, page: Path) -> None:
    documented.value(GIVEN.format("admin" if page.stem in ADMINISTRATION else EDITOR))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sn.SensenetWarning)
        for source in snippets(page):
            result = documented.run(source)
            error = result.error_before_exec or result.error_in_exec
            assert error is None, f"{page.name}:\n{source}\n{type(error).__name__}: {error}"
            if isinstance(result.result, sn.Report):
                assert "failed" not in result.result.counts, f"{page.name}:\n{source}\n{result.result}"


def test_the_tour_saves_nothing_again_that_it_took_back(documented: Session) -> None:
    documented.value(GIVEN.format(EDITOR))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sn.SensenetWarning)
        for source in snippets(ROOT / "README.md"):
            documented.value(source.replace("sn.connect()", f"sn.connect(user={EDITOR!r})"))
    assert documented.names["repo"].user.endswith(f"/{EDITOR}")
    tasks, repo = documented.names["tasks"], documented.names["repo"]
    assert documented.names["report"].counts["saved"] > 0
    assert tasks.sn.changes().empty
    now = repo.read("/Root/Content/IT/Tasks", select=["Name", "Status"])
    assert (now["Status"] == "waiting").sum() >= documented.names["report"].counts["saved"]
    assert {"Call-1", "Call-2"} <= set(now["Name"]), "only the new rows were saved"


def test_every_snippet_is_marked_as_what_it_is() -> None:
    marked = {"python", "text", "bash", "json", "toml", "{eval-rst}", "{toctree}"}
    for page in PAGES:
        opening = page.read_text("utf-8").split("\n```")[1::2]
        kinds = {block.split("\n", 1)[0] for block in opening}
        assert not {kind for kind in kinds if not kind.startswith("{")} - marked, page
