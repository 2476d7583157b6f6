"""Passwords: only salted hashes are kept, each with the cost it was made at."""

from __future__ import annotations

import hashlib
import hmac
import secrets

COST = 2**14
"""The cost of scrypt, with blocks of 8: 16 MB and some 50 ms for each guess."""
_FIRST_COST = 2**12
"""That of hashes that do not say it."""


def hash_password(password: str) -> str:
    """Return the salted hash of a password."""
    salt = secrets.token_bytes(16)
    return f"scrypt:{COST}${salt.hex()}${_digest(password, salt, COST).hex()}"


def is_right(password: str, stored: str | None) -> bool:
    """Return whether a password has a hash; takes equally long for an unknown user.

    Examples
    --------
    >>> known = hash_password("open sesame")
    >>> is_right("open sesame", known), is_right("open", known), is_right("", None)
    (True, False, False)
    """
    kind, _, rest = (stored or f"scrypt:{COST}$$").partition("$")
    name, _, cost = kind.partition(":")
    salt, _, digest = rest.partition("$")
    try:
        expected, grain = bytes.fromhex(digest), bytes.fromhex(salt)
        found = _digest(password, grain, int(cost or _FIRST_COST))
    except ValueError:
        return False
    return hmac.compare_digest(found, expected) and name == "scrypt" and bool(expected)


def _digest(password: str, salt: bytes, cost: int) -> bytes:
    return hashlib.scrypt(password.encode("utf-8", "replace"), salt=salt, n=cost, r=8, p=1)
