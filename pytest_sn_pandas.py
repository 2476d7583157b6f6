"""Fixtures of pytest for tests of code that uses sn_pandas: a plugin, which pytest finds by itself.

It stands beside the package, because pytest imports it at the start of every run, and the package loads
pandas. The fixtures import what they need.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sn_pandas.frames import Repository
    from sn_pandas.testing import EmbeddedServer


@pytest.fixture(scope="session")
def _sensenet_sample() -> Iterator[EmbeddedServer]:
    """Build the sample company once; to put it back is quicker than to build it."""
    from sn_pandas.testing import EmbeddedServer

    with EmbeddedServer() as server:
        yield server


@pytest.fixture
def sensenet_server(
    _sensenet_sample: EmbeddedServer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> EmbeddedServer:
    """Return an embedded server that holds the sample company, untouched by other tests.

    ``connect(user)`` connects as anybody, ``faults`` says what fails, ``requests`` is the log of what was
    asked: see ``sn_pandas.testing.EmbeddedServer``. Journals of saves go to a folder of the test.
    """
    monkeypatch.setenv("SN_PANDAS_JOURNALS", str(tmp_path_factory.mktemp("sensenet")))
    _sensenet_sample.reset()
    return _sensenet_sample


@pytest.fixture
def sensenet_repository(sensenet_server: EmbeddedServer) -> Repository:
    """Return a repository in memory with the sample company, as one of its editors (olga.okafor).

    It is a connection to the ``sensenet_server`` of the test.
    """
    return sensenet_server.connect()


@pytest.fixture
def sensenet_environment(
    sensenet_server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, str]]:
    """Set ``$SENSENET_URL`` to the ``sensenet_server``, for code that calls ``sn.connect()`` by itself.

    The server listens on a socket of this machine, so that scripts and the kernels of notebooks reach it,
    too. The variables are ``SENSENET_URL`` and ``SENSENET_API_KEY``, with a key of the editor; all others
    that begin with ``SENSENET_`` are unset. A proxy of the environment is not asked for this machine.
    """
    for name in [name for name in os.environ if name.startswith("SENSENET_")]:
        monkeypatch.delenv(name)
    with sensenet_server.listen() as address:
        variables = {"SENSENET_URL": address, "SENSENET_API_KEY": sensenet_server.create_key()}
        direct = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
        direct = f"{direct},127.0.0.1" if direct else "127.0.0.1"
        for name, value in {**variables, "no_proxy": direct, "NO_PROXY": direct}.items():
            monkeypatch.setenv(name, value)
        yield variables
