"""What all tests share: one browser, and an order in which the long ones begin first."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import hypothesis
import pandas as pd
import pytest

from sn_pandas.odata.redaction import SECRETS

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from .fakes import FakeServer

hypothesis.settings.register_profile("patient", deadline=None)  # machines are slow and shared
hypothesis.settings.load_profile("patient")


@pytest.fixture(scope="session", autouse=True)
def _nothing_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Have journals and configuration in folders of this run, and neither keyring nor credentials."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        patched.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        patched.setenv("XDG_CONFIG_DIRS", str(tmp_path_factory.mktemp("site")))
        patched.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
        for name in [name for name in os.environ if name.startswith("SENSENET_")]:
            patched.delenv(name)
        yield


def _options(options: Any = pd.options, prefix: str = "") -> Iterator[str]:
    """Yield the names of pandas' options; to read one that is deprecated is a warning, thus an error here."""
    for name in dir(options):
        with contextlib.suppress(Warning):
            value = getattr(options, name)
            if isinstance(value, type(pd.options)):
                yield from _options(value, f"{prefix}{name}.")
            else:
                yield prefix + name


@pytest.fixture(scope="session")
def _option_names() -> tuple[str, ...]:
    return tuple(_options())


@pytest.fixture(autouse=True)
def _nothing_of_other_tests(_option_names: tuple[str, ...]) -> Iterator[None]:
    """Restore what the tests of a process share: the options of pandas, the secrets that messages hide."""
    before = {name: pd.get_option(name) for name in _option_names}
    with SECRETS.forgetting():
        yield
    for name, value in before.items():
        if pd.get_option(name) != value:
            pd.set_option(name, value)


@pytest.fixture
def fake() -> Iterator[Callable[..., FakeServer]]:
    """Yield a function that makes fake servers; see ``tests/fakes``."""
    from .fakes import FakeServer

    made: list[FakeServer] = []

    def make(*given: Any, **options: Any) -> FakeServer:
        made.append(FakeServer(*given, **options))
        return made[-1]

    yield make
    for server in made:
        server.end()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start one Chromium for all tests that need it; a missing one is an error, never a skipped test."""
    from .browser.harness import chromium

    with chromium() as browser:
        yield browser


def pytest_configure(config: pytest.Config) -> None:
    """Have pytest-xdist hand out the files in our order, not by the number of their tests.

    A shell that starts a command in the background has it ignore Ctrl-C, and so do the processes that
    the command starts. Tests press Ctrl-C, so it is to be heard again.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that no worker is left alone with one at the end."""
    weights: dict[str, int] = {}
    for item in items:
        slow = 2 if item.get_closest_marker("slow") else 0
        weight = slow or bool(item.get_closest_marker("browser")) or "notebook" in item.nodeid
        weights[str(item.path)] = max(weights.get(str(item.path), 0), int(weight))
    items.sort(key=lambda item: -weights[str(item.path)])
