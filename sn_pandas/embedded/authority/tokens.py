"""Tokens: signed by an authority, validated by a repository."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

try:
    import jwt
    from cryptography.hazmat.primitives.asymmetric import rsa
except ImportError as error:  # pragma: no cover - the tests install it
    raise ImportError(
        f'The embedded authority needs PyJWT ({error}). Install it: pip install "sn_pandas[authority]"'
    ) from error

Json = Any
Kind = Literal["IdentityServer", "SNAuth"]

AUDIENCE = "sensenet"
GRACE = 300.0
"""Seconds for which a real repository takes a token of IdentityServer longer than it says."""


class Signer:
    """Signs tokens with a key of its own, and knows its own tokens again.

    Parameters
    ----------
    issuer
        The address of the authority.
    clock
        Returns the seconds since 1970.
    """

    def __init__(self, issuer: str, clock: Callable[[], float] = time.time) -> None:
        self.issuer = issuer
        self.clock = clock
        self.key_id = secrets.token_hex(16).upper()
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def sign(
        self, claims: Mapping[str, Json], life: float, audience: str = AUDIENCE, kind: str = "at+jwt"
    ) -> str:
        """Return a token that lives for so many seconds."""
        now = int(self.clock())
        content = {"nbf": now, "exp": int(now + life), "iss": self.issuer, "aud": audience, **claims}
        content.setdefault("jti", secrets.token_hex(8))  # so that two of one second are two
        headers = {"kid": self.key_id, "typ": kind}
        return jwt.encode(content, self._key, algorithm="RS256", headers=headers)

    def key_set(self) -> Json:
        """Return the public key as a JSON Web Key Set."""
        key = jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        del key["key_ops"]
        return {"keys": [{**key, "use": "sig", "kid": self.key_id, "alg": "RS256"}]}

    def claims_of(self, token: str, grace: float) -> Mapping[str, Json] | None:
        """Return the claims of a token, or None if a repository does not take it."""
        try:
            claims: Mapping[str, Json] = jwt.decode(
                token,
                self._key.public_key(),
                algorithms=["RS256"],
                audience=AUDIENCE,
                issuer=self.issuer,
                options={
                    "require": ["exp"],
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                    "verify_sub": False,
                    "verify_jti": False,
                },
            )
        except jwt.PyJWTError:
            return None
        now = self.clock()
        try:
            is_current = float(claims.get("nbf", 0)) - grace <= now < float(claims["exp"]) + grace
        except (TypeError, ValueError):
            return None
        return claims if is_current else None


class OneTokenSigner:
    """Signs as sn-auth does: a user has one token, and the next one ends it at once."""

    def __init__(self, issuer: str, clock: Callable[[], float] = time.time) -> None:
        self.issuer = issuer
        self.clock = clock
        self._secret = secrets.token_urlsafe(48)
        self._access: dict[int, str] = {}
        self._refresh: dict[int, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def pair(self, user_id: int, life: float, refresh_life: float) -> tuple[str, str]:
        """Return a token and a refresh token for a user; those before are dead from now on."""
        now = int(self.clock())
        claims = {
            "iss": self.issuer,
            "sub": str(user_id),
            "exp": int(now + life),
            "auth_time": str(now),
            "aud": AUDIENCE,
        }
        access = jwt.encode(claims, self._secret, algorithm="HS256")
        refresh = secrets.token_urlsafe(48)
        with self._lock:
            self._access[user_id] = access
            self._refresh[user_id] = refresh, now + refresh_life
        return access, refresh

    def exchange(self, refresh: str, life: float, refresh_life: float) -> tuple[str, str] | None:
        """Return a new pair for a refresh token, which is good once; None if it is not good any more."""
        with self._lock:
            owner = next((user for user, (current, _) in self._refresh.items() if current == refresh), None)
            if owner is None:
                return None
            _, until = self._refresh.pop(owner)
        return self.pair(owner, life, refresh_life) if self.clock() < until else None

    def end(self, token: str) -> None:
        """End a token and the refresh token of the same user."""
        with self._lock:
            for user in [user for user, current in self._access.items() if current == token]:
                del self._access[user]
                self._refresh.pop(user, None)

    def is_valid(self, token: str) -> bool:
        """Return whether a token is the one of its user, and not at its end."""
        with self._lock:
            if token not in self._access.values():
                return False
        return bool(self.clock() < self.decode_unverified(token)["exp"])

    @staticmethod
    def decode_unverified(token: str) -> dict[str, Json]:
        """Return the claims of a token as they are: the repository asks the authority about the rest."""
        try:
            claims: dict[str, Json] = jwt.decode(token, options={"verify_signature": False})
        except jwt.PyJWTError:
            return {}
        return claims
