"""Secrets that have to be shown again, as the server does: API keys and the secrets of clients.

They are found by a digest, and their text stands encrypted in the database. What decrypts it is not in
there: beside ``repo.db`` stands ``repo.db.key``, which only its owner may read. A repository in memory needs
neither.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from sn_pandas.embedded.errors import server_error
from sn_pandas.embedded.storage.file_version import UnusableFileError

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

    from sn_pandas.embedded.storage.connections import Database

ENDING = ".key"
log = logging.getLogger(__name__)


def digest(secret: str) -> str:
    """Return what a secret is found by. It is long and random, so that no slow hash has to protect it."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class SecretTexts:
    """Encrypts the secrets of a repository file.

    Parameters
    ----------
    database
        The database; one in memory keeps the texts as they are.

    Raises
    ------
    UnusableFileError
        If the key file is there and holds no key.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.file = None if database.in_memory else Path(f"{database.path}{ENDING}")
        """The key file; None in memory."""
        self._fernet = self._read()

    def hide(self, secret: str) -> str:
        """Return a secret encrypted for the database; the first one of a file creates its key file."""
        if self.file is None:
            return secret
        return self._cipher().encrypt(secret.encode()).decode("ascii")

    def show(self, hidden: str, what: str, remedy: str) -> str:
        """Return the text of a secret.

        Parameters
        ----------
        hidden
            The secret as the database keeps it.
        what, remedy
            The subject and the remedy of the error, if it cannot be read.

        Raises
        ------
        ODataError
            If the key file is not the one that it was written with.
        """
        if self.file is None:
            return hidden
        from cryptography.fernet import InvalidToken

        try:
            if (fernet := self._fernet or self._read()) is None:
                raise InvalidToken
            return fernet.decrypt(hidden).decode()
        except InvalidToken:
            raise server_error(
                "CryptographicException",
                f"{what} cannot be shown, but still works: the file {self.file.name} is not the one that it"
                f" was written with. Put that one back and start again, or {remedy}.",
            ) from None

    def warn_if_lost(self, hidden: Iterable[str]) -> None:
        """Log that the key file is missing, if there are secrets that were written with it."""
        if self.file is not None and self._fernet is None and any(hidden):
            log.warning(
                "The key file %s is missing. API keys and client secrets still work, but are not shown any"
                " more: put it back, or make new ones.",
                self.file,
            )

    def _cipher(self) -> Fernet:
        if self._fernet is None:
            with self._database.transaction():  # another process may be about to do the same
                self._fernet = self._read() or self._make()
        return self._fernet

    def _read(self) -> Fernet | None:
        if self.file is None or not self.file.exists():
            return None
        from cryptography.fernet import Fernet

        try:
            return Fernet(self.file.read_bytes().strip())
        except ValueError:
            raise UnusableFileError(
                f"{self.file} holds no key; put back the one that belongs to it, or remove it to get a new"
                " one (API keys and client secrets then go on working, but are not shown any more)"
            ) from None

    def _make(self) -> Fernet:
        from cryptography.fernet import Fernet

        assert self.file is not None
        key = Fernet.generate_key()
        handle, name = tempfile.mkstemp(prefix=f".{self.file.name}.", dir=self.file.parent)  # of mode 0600
        with os.fdopen(handle, "wb") as new:
            new.write(key + b"\n")
            new.flush()
            os.fsync(new.fileno())
        Path(name).replace(self.file)
        log.info("Made the key file %s", self.file)
        return Fernet(key)
