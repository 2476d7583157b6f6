"""Passwords: what is kept of them, and that hashes of earlier files still count."""

from __future__ import annotations

import hashlib

import pytest

from sn_pandas.embedded.security import passwords


def test_a_hash_says_its_cost_and_holds_no_password() -> None:
    first, second = passwords.hash_password("open sesame"), passwords.hash_password("open sesame")
    assert first != second
    assert first.startswith("scrypt:16384$")
    assert "sesame" not in first
    assert passwords.is_right("open sesame", first)
    assert not passwords.is_right("open sesame ", first)


def test_hashes_that_do_not_say_their_cost_still_count() -> None:
    digest = hashlib.scrypt(b"old one", salt=b"s" * 16, n=2**12, r=8, p=1)
    known = f"scrypt${(b's' * 16).hex()}${digest.hex()}"
    assert passwords.is_right("old one", known)
    assert not passwords.is_right("new one", known)


@pytest.mark.parametrize(
    "known", [None, "", "scrypt", "scrypt:x$aa$bb", "plain$aa$bb", "scrypt:3$aa$bb", "$$"]
)
def test_what_is_no_hash_lets_nobody_in(known: str | None) -> None:
    assert not passwords.is_right("", known)
    assert not passwords.is_right("x", known)
