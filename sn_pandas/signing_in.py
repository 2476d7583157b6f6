"""Which way to sign in: arguments before the environment, before the configuration file, before the keyring.

Each of these counts as a whole. Two kinds of credentials within one are refused by name, and kinds of
different places are never mixed.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping
from typing import Any, Literal

from .odata.errors import AuthenticationError, QueryError
from .odata.origins import same_origin
from .odata.redaction import conceal
from .servers import Server, Way, find_server, is_name

SendSecret = Literal["body", "basic"]

_NO_CREDENTIALS = (
    "no credentials: pass api_key=…, token=…, client_id=… with client_secret=…, browser=True or login=…; "
    "set $SENSENET_API_KEY or another of these variables; or pass anonymous=True. In a cell, %sensenet "
    "connect --help lists the options"
)
#: What signs in -> the argument, and the variable of the environment.
_KINDS: dict[Way, tuple[str, str]] = {
    "api_key": ("api_key", "SENSENET_API_KEY"),
    "token": ("token", "SENSENET_TOKEN"),
    "client": ("client_secret", "SENSENET_CLIENT_SECRET"),
    "browser": ("browser", "SENSENET_BROWSER"),
    "login": ("login", "SENSENET_LOGIN"),
    "anonymous": ("anonymous", "SENSENET_ANONYMOUS"),
}
#: What is a secret itself, not a way to be asked for one.
_SECRET: tuple[Way, ...] = ("api_key", "token", "client")
_YES, _NO = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")


@dataclasses.dataclass(frozen=True)
class Credentials:
    """A way to sign in, with its arguments.

    Parameters
    ----------
    way : str
        ``api_key``, ``token``, ``client``, ``browser``, ``login`` or ``anonymous``.
    source : str
        Where it was found, for messages.
    secret : str or callable, optional
        The key, the token or the client's secret.
    client_id, authority, send_secret
        For tokens of an authority.
    login : str
        The login name; empty to ask for it.
    link : bool, optional
        For ``browser``: whether to show a link instead of opening a browser.
    keep : bool, optional
        Whether tokens are kept in the keyring; as the way has it if None.
    """

    way: Way
    source: str
    secret: str | Callable[[], str] | None = dataclasses.field(default=None, repr=False)
    client_id: str | None = None
    authority: str | None = None
    send_secret: SendSecret | None = None
    login: str = ""
    link: bool | None = None
    keep: bool | None = None


def choose(origin: str, given: Mapping[str, Any], server: Server | None = None) -> Credentials:
    """Return how to sign in to a repository.

    Parameters
    ----------
    origin : str
        The address of the repository.
    given : mapping
        The arguments of ``connect`` that have to do with signing in; None and False are not given.
    server : Server, optional
        The server of the configuration file.

    Raises
    ------
    AuthenticationError
        If there are no credentials, or several kinds in one place.
    """
    found = (
        _from_arguments(given)
        or _from_environment(origin, given)
        or (_from_server(origin, server) if server is not None else None)
        or _from_keyring(origin)
    )
    if found is None:
        raise AuthenticationError(_NO_CREDENTIALS + _explain_unused(origin))
    authority = (
        given.get("authority") or found.authority or (server.authority if server is not None else None)
    )
    keep = given.get("keep") if given.get("keep") is not None else found.keep
    if keep is None and server is not None:
        keep = server.keep
    return dataclasses.replace(found, authority=authority, keep=keep)


def _from_arguments(given: Mapping[str, Any]) -> Credentials | None:
    values = {way: given.get(argument) for way, (argument, _) in _KINDS.items()}
    # an empty text is a mistake of its own, not "not given"
    ways = [way for way, value in values.items() if value is not None and value is not False]
    if len(ways) > 1:
        named = " and ".join(f"{_KINDS[way][0]}=" for way in ways)
        raise AuthenticationError(f"pass one kind of credentials, not {named}")
    if not ways:
        if given.get("client_id") is not None:
            raise AuthenticationError("client_id= requires client_secret= or browser=True")
        return None
    way = ways[0]
    value = values[way]
    if given.get("client_id") is not None and way not in ("client", "browser"):
        raise AuthenticationError(
            f"client_id= belongs to client_secret= or browser=True, not to {_KINDS[way][0]}="
        )
    if way == "browser" and value not in (True, "link"):
        raise AuthenticationError(f'browser={value!r}: pass True, or "link" where no browser can be opened')
    if way == "login" and value is not True and not isinstance(value, str):
        raise AuthenticationError("login= takes the login name, or True to be asked for it")
    return Credentials(
        way,
        "arguments",
        secret=value if way in _SECRET else None,
        client_id=given.get("client_id"),
        send_secret=given.get("send_secret"),
        login=value if way == "login" and isinstance(value, str) else "",
        link=True if value == "link" else None,
    )


def _from_environment(origin: str, given: Mapping[str, Any]) -> Credentials | None:
    """Return the credentials of the environment; never those of another server."""
    if not _is_at_home(origin):
        return None
    values = {way: os.environ.get(variable, "") for way, (_, variable) in _KINDS.items()}
    for kind in _SECRET:
        values[kind] = conceal(values[kind])
    for way in ("browser", "anonymous"):
        if values[way].lower() in _NO:
            values[way] = ""
    ways = [way for way, value in values.items() if value]
    if len(ways) > 1:
        named = " and ".join(f"${_KINDS[way][1]}" for way in ways)
        raise AuthenticationError(f"several kinds of credentials are set: {named}; unset all but one")
    if not ways:
        return None
    way = ways[0]
    variable, value = _KINDS[way][1], values[way]
    if way not in ("client", "browser") and os.environ.get("SENSENET_CLIENT_ID"):
        raise AuthenticationError(
            f"several kinds of credentials are set: $SENSENET_CLIENT_ID and ${variable}; unset one of them"
        )
    if way == "browser" and value.lower() not in (*_YES, "link"):
        raise AuthenticationError(f"${variable} must be 1 or link")
    send = os.environ.get("SENSENET_SEND_SECRET") or None
    if send not in (None, "body", "basic"):
        raise AuthenticationError("$SENSENET_SEND_SECRET must be body or basic")
    return Credentials(
        way,
        f"${variable}",
        secret=value if way in _SECRET else None,
        client_id=os.environ.get("SENSENET_CLIENT_ID") or None,
        authority=os.environ.get("SENSENET_AUTHORITY") or None,
        send_secret=send,  # type: ignore[arg-type]  # checked above
        login=value if way == "login" else "",
        link=True if value.lower() == "link" else None,
    )


def _explain_unused(origin: str) -> str:
    """Return why credentials of the environment were not used; empty if there are none."""
    named = [variable for _, variable in _KINDS.values() if os.environ.get(variable, "").lower() not in _NO]
    if named and not _is_at_home(origin):
        return (
            f". ${' and $'.join(named)} in the environment: only for the server of $SENSENET_URL, "
            f"which is not {origin}"
        )
    if not named and os.environ.get("SENSENET_CLIENT_ID"):
        return ". $SENSENET_CLIENT_ID requires $SENSENET_CLIENT_SECRET"
    return ""


def _is_at_home(origin: str) -> bool:
    """Return whether the credentials of the environment may go to a repository: that of ``$SENSENET_URL``."""
    home = os.environ.get("SENSENET_URL")
    if not home:
        return True
    if is_name(home):
        try:
            home = find_server(home).address
        except QueryError:
            return False
    return same_origin(home, origin)


def _from_server(origin: str, server: Server) -> Credentials | None:
    """Return the way to sign in that the configuration file names."""
    named = {
        "api_key": server.api_key_env,
        "token": server.token_env,
        "client": server.client_secret_env,
        "login": server.login,
    }
    ways = [way for way, value in named.items() if value]
    if server.sign_in is not None and ways and ways != [server.sign_in]:
        other = next(way for way in ways if way != server.sign_in)
        raise AuthenticationError(
            f"the server of the configuration file signs in by {server.sign_in!r} and has settings of "
            f"{other!r}, too; keep one"
        )
    if len(ways) > 1:
        raise AuthenticationError(
            f"the server of the configuration file has several ways to sign in: {', '.join(ways)}; keep one"
        )
    way: Any = server.sign_in or (ways[0] if ways else None)
    if way is None:
        return None
    secret = None
    if way in _SECRET:
        variable = named[way]
        secret = conceal(os.environ.get(variable)) if variable else None
        if variable and not secret:
            raise AuthenticationError(
                f"the environment variable {variable}, named in the configuration file, is not set"
            )
        if not variable and way == "api_key":
            return _from_keyring(origin)
        if not variable:
            setting = "token_env" if way == "token" else "client_secret_env"
            raise AuthenticationError(
                f'the server of the configuration file signs in by {way!r}: add {setting} = "…", the name of '
                "the environment variable with the secret"
            )
    return Credentials(
        way,
        "the configuration file",
        secret=secret,
        client_id=server.client_id,
        authority=server.authority,
        send_secret=server.send_secret,  # type: ignore[arg-type]  # checked by Server
        login=server.login or "",
        keep=server.keep,
    )


def _from_keyring(origin: str) -> Credentials | None:
    from .odata.signin.vault import read_api_key

    key = read_api_key(origin)
    return Credentials("api_key", "the keyring", secret=key) if key else None
