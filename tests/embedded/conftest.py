from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .client import Client, copied


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a repository that tests copy, with its key file."""
    data = tmp_path_factory.mktemp("prepared") / "repository.db"
    client = Client(data)
    client.prepare()
    client.close()
    return data


@pytest.fixture
def client(prepared: Path, tmp_path: Path) -> Iterator[Client]:
    client = Client(copied(prepared, tmp_path))
    yield client
    client.close()
