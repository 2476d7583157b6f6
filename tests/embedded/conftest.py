from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from .client import Client


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
    data = tmp_path / "repository.db"
    shutil.copy(prepared, data)
    shutil.copy(f"{prepared}.key", f"{data}.key")
    client = Client(data)
    yield client
    client.close()
