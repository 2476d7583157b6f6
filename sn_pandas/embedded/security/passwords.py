"""Passwords: only salted hashes are kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets


def hashed(password: str) -> str:
    """Return the salted hash of a password."""
    salt = secrets.token_bytes(16)
    return f"scrypt${salt.hex()}${_digest(password, salt).hex()}"


def is_right(password: str, known: str | None) -> bool:
    """Whether a password has a hash; takes as long for a user who is not there.

    Examples
    --------
    >>> known = hashed("open sesame")
    >>> is_right("open sesame", known), is_right("open", known), is_right("", None)
    (True, False, False)
    """
    kind, _, rest = (known or "").partition("$")
    salt, _, digest = rest.partition("$")
    try:
        expected, grain = bytes.fromhex(digest), bytes.fromhex(salt)
    except ValueError:
        expected, grain = b"", b""
    found = _digest(password, grain)
    return hmac.compare_digest(found, expected) and kind == "scrypt" and bool(expected)


def _digest(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode("utf-8", "replace"), salt=salt, n=2**12, r=8, p=1)
