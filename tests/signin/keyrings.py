"""A keyring in a file, which several processes share."""

from __future__ import annotations

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

VARIABLE = "SN_TEST_KEYRING"


class FileKeyring(KeyringBackend):
    """Keeps passwords in the file that an environment variable names; without one it is of no use."""

    priority = 5  # type: ignore[assignment]  # keyring has a class property here

    def _read(self) -> dict[str, str]:
        path = Path(os.environ[VARIABLE])
        return dict(json.loads(path.read_text())) if path.exists() else {}

    def _write(self, content: dict[str, str]) -> None:
        path = Path(os.environ[VARIABLE])
        new = path.with_suffix(f".{os.getpid()}")
        new.write_text(json.dumps(content))
        new.replace(path)

    def get_password(self, service: str, username: str) -> str | None:
        return self._read().get(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._write(self._read() | {f"{service} {username}": password})

    def delete_password(self, service: str, username: str) -> None:
        content = self._read()
        if content.pop(f"{service} {username}", None) is None:
            raise PasswordDeleteError("there is none")
        self._write(content)
