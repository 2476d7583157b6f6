from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell

from sn_pandas.frames import Repository
from sn_pandas.frames.writes.latest import latest

from ..fakes import open_sample


class Session:
    """A shell with the extension loaded, its variables and what its cells printed."""

    def __init__(self, shell: InteractiveShell, capsys: Callable[[], str]) -> None:
        self.shell = shell
        self.names: dict[str, Any] = shell.user_ns
        self.printed = capsys

    def run(self, source: str) -> ExecutionResult:
        """Run a cell as a user does."""
        return self.shell.run_cell(source, store_history=True)

    def value(self, source: str) -> Any:
        """Run a cell that must succeed and give its value."""
        result = self.run(source)
        result.raise_error()
        return result.result

    def error(self, source: str) -> Exception:
        """Run a cell that must fail and give its error."""
        result = self.run(source)
        error = result.error_before_exec or result.error_in_exec
        assert isinstance(error, Exception), f"{source!r} did not fail"
        return error


@pytest.fixture(scope="session")
def repo() -> Iterator[Repository]:
    with open_sample() as repo:
        yield repo


@pytest.fixture
def session(repo: Repository, capsys: pytest.CaptureFixture[str], tmp_path: Any) -> Iterator[Session]:
    """A session with a repository in the variable ``repo``."""
    InteractiveShell.clear_instance()
    latest.forget()  # other tests of this process may have saved
    shell = InteractiveShell.instance()
    shell.colors = "nocolor"
    shell.run_line_magic("load_ext", "sn_pandas")
    shell.user_ns["repo"] = repo
    yield Session(shell, lambda: capsys.readouterr().out)
    shell.extension_manager.unload_extension("sn_pandas")
    shell.history_manager.end_session() if shell.history_manager else None
    InteractiveShell.clear_instance()


def tab(session: Session, text: str) -> list[str]:
    """Return what pressing Tab at the end of a cell can make of it."""
    with provisionalcompleter():
        found = list(session.shell.Completer.completions(text, len(text)))
    return [text[: c.start] + c.text for c in found]
