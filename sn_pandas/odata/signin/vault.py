"""Tokens shared by the processes of one user: in the keyring, protected by a file lock.

A refresh token is good once, and sn-auth ends the token of a user with each new one. So whoever renews takes
the lock, looks for what another process has put there, and leaves the newest. Only the newest is kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from ..errors import NoAnswer
from ..redaction import SECRETS, Secret, conceal

SERVICE = "sn_pandas"
#: Seconds to wait for another process that renews.
_PATIENCE = 60.0
#: Characters of the shortest token; what is shorter is the id of a user.
_SHORTEST = 16
_memory: dict[str, str] = {}
_locks: dict[str, threading.RLock] = {}
_guard = threading.Lock()


class Vault:
    """The stored tokens of one sign-in to one repository; safe to use from several threads.

    Parameters
    ----------
    name : str
        What it is for: the repository, the way to sign in, the login name.
    keyring : bool
        Whether the keyring is used; otherwise tokens are shared within this process only.
    """

    def __init__(self, name: str, *, keyring: bool = True) -> None:
        self.name = name
        self.in_keyring = keyring and explain_missing_keyring() == ""

    def __repr__(self) -> str:
        return f"<tokens of {self.name}>"

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Lock these tokens against other threads and processes.

        Raises
        ------
        NoAnswer
            If another process keeps the lock for too long.
        """
        with _guard:
            lock = _locks.setdefault(self.name, threading.RLock())
        with lock, self._file_lock() if self.in_keyring else contextlib.nullcontext():
            yield

    def read(self) -> Mapping[str, str]:
        """Return the tokens; empty if there are none."""
        text = _read_keyring(self.name) if self.in_keyring else _memory.get(self.name)
        try:
            found = json.loads(text) if text else {}
        except ValueError:
            return {}
        if not isinstance(found, dict):
            return {}
        tokens = {str(name): Secret(value) for name, value in found.items() if isinstance(value, str)}
        SECRETS.add(*(value for value in tokens.values() if len(value) >= _SHORTEST))
        return tokens

    def write(self, tokens: Mapping[str, str]) -> None:
        """Replace the tokens."""
        text = Secret(json.dumps(dict(tokens)))
        if not self.in_keyring or not _write_keyring(self.name, text):
            self.in_keyring = False
            _memory[self.name] = text

    def forget(self) -> None:
        """Remove the tokens."""
        _memory.pop(self.name, None)
        if self.in_keyring:
            _delete_from_keyring(self.name)

    @contextlib.contextmanager
    def _file_lock(self) -> Iterator[None]:
        import filelock
        from platformdirs import user_state_path

        folder = Path(user_state_path(SERVICE, appauthor=False)) / "locks"
        path = folder / f"{hashlib.sha256(self.name.encode()).hexdigest()[:16]}.lock"
        lock = filelock.FileLock(path, timeout=_PATIENCE, mode=0o600)
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock.acquire()
        except filelock.Timeout as error:
            raise NoAnswer(
                f"another process has been renewing the sign-in of {self.name} for {_PATIENCE:.0f} s; "
                f"if there is none, delete {path}",
                sent=False,
                lasting=True,
            ) from error
        except (OSError, NotImplementedError):
            pass  # nothing can be written there, or locked: better without other processes than not at all
        try:
            yield
        finally:
            lock.release()


def explain_missing_keyring() -> str:
    """Return why there is no usable keyring; empty if there is one."""
    try:
        import keyring
        from keyring.backends import fail
    except ImportError:
        return 'the package keyring is not installed (pip install "sn_pandas[keyring]")'
    try:
        backend = keyring.get_keyring()
    except Exception as error:  # backends are plugins, and signing in must not fail for one of them
        return f"the keyring of this computer does not work ({type(error).__name__})"
    if isinstance(backend, fail.Keyring) or backend.priority <= 0:
        return "this computer has no keyring"
    return ""


def read_api_key(origin: str) -> str | None:
    """Return the API key of a repository in the keyring."""
    return _read_keyring(origin)


def write_api_key(origin: str, key: str) -> bool:
    """Store the API key of a repository in the keyring; return whether that succeeded."""
    return not explain_missing_keyring() and _write_keyring(origin, key)


def _read_keyring(name: str) -> str | None:
    try:
        import keyring
    except ImportError:
        return None
    try:
        found: str | None = conceal(keyring.get_password(SERVICE, name))
        return found
    except Exception:  # of whatever backend: then there is nothing in it
        return None


def _write_keyring(name: str, text: str) -> bool:
    import keyring

    try:
        keyring.set_password(SERVICE, name, text)
    except Exception:  # locked, full, too long a text: then it is kept in memory
        return False
    return True


def _delete_from_keyring(name: str) -> None:
    import keyring

    with contextlib.suppress(Exception):
        keyring.delete_password(SERVICE, name)
