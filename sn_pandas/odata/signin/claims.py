"""The claims of a token, unverified and for messages only."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
import time
from typing import Any

from ..origins import same_origin

AUDIENCE = "sensenet"
#: Seconds for which a server accepts a token after its end.
_GRACE = 300
_LONGEST = 100


def read_claims(token: str) -> dict[str, Any] | None:
    """Return the claims of a JSON Web Token; None for a token that cannot be read.

    Examples
    --------
    >>> read_claims("Bearer e30.eyJhdWQiOiJzZW5zZW5ldCJ9.x")
    {'aud': 'sensenet'}
    >>> read_claims("opaque") is None
    True
    """
    parts = token.removeprefix("Bearer ").split(".")
    if len(parts) != 3:
        return None
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def expiry(token: str) -> float | None:
    """Return the expiry of a token in seconds since 1970; None if it has none."""
    claims = read_claims(token) or {}
    end = claims.get("exp")
    return float(end) if isinstance(end, int | float) and not isinstance(end, bool) else None


def explain_token(token: str, authority: str = "") -> str:
    """Explain why a server rejects a token, as far as the token shows it; empty otherwise.

    Parameters
    ----------
    token : str
        With or without its scheme.
    authority : str, optional
        The authority that the repository names.
    """
    if not token:
        return ""
    claims = read_claims(token)
    if claims is None:
        return (
            "it cannot be read here: it may be wrong, expired or of another kind (an API key is not a token)"
        )
    reasons = [*_times(claims), *_audience(claims), *_issuer(claims, authority), *_user(claims)]
    if reasons:
        return "; ".join(reasons)
    return (
        "its times, audience and user are as they should be, so the server may not know its issuer or user, "
        "or cannot reach the authority to check it at this moment"
    )


def _times(claims: dict[str, Any]) -> list[str]:
    now, end, begin = time.time(), claims.get("exp"), claims.get("nbf")
    if not isinstance(end, int | float):
        return ["it has no expiry time (exp), and the server accepts only tokens with one"]
    said = []
    if end < now:
        said.append(f"it expired at {_moment(end)}; get a new one")
    if isinstance(begin, int | float) and begin > now + _GRACE:
        said.append(f"it is valid from {_moment(begin)} on")
    return said


def _audience(claims: dict[str, Any]) -> list[str]:
    audience = claims.get("aud")
    given = audience if isinstance(audience, list) else [audience]
    if AUDIENCE in given:
        return []
    named = ", ".join(_shorten(one) for one in given if one is not None) or "nobody"
    return [
        f"it is meant for {named} (aud), not for {AUDIENCE!r}: ask the authority for the scope {AUDIENCE}"
    ]


def _issuer(claims: dict[str, Any], authority: str) -> list[str]:
    issuer = claims.get("iss")
    if not authority or (isinstance(issuer, str) and same_origin(issuer, authority)):
        return []
    if issuer in (None, ""):
        return [f"it names no authority that it comes from (iss), and the repository trusts {authority}"]
    return [f"it comes from {_shorten(issuer)} (iss), and the repository trusts {authority}"]


def _user(claims: dict[str, Any]) -> list[str]:
    if any(claims.get(name) not in (None, "") for name in ("sub", "client_sub")):
        return []
    return ["it names no user (neither sub nor client_sub): its client needs a user in the repository"]


def _moment(seconds: float) -> str:
    try:
        return f"{dt.datetime.fromtimestamp(seconds, dt.UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return "a time that is not one"


def _shorten(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
