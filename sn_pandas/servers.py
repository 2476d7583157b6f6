"""Named servers: ``connect("prod")`` from a configuration file of the user or of the computer.

The file holds no secrets. It says where a server is, how to sign in there, and how to treat it::

    [prod]
    address = "https://repo.example.com/Root/Content"
    sign_in = "browser"
    read_only = true

An entry of the user's file replaces one of the computer's file as a whole.
"""

from __future__ import annotations

import dataclasses
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from .odata.errors import QueryError, unknown
from .odata.origins import holds_credentials
from .odata.redaction import conceal

#: The ways to sign in.
Way = Literal["api_key", "token", "client", "browser", "login", "anonymous"]
#: Names the file instead of those of the user and the computer.
VARIABLE = "SENSENET_CONFIG"
_FILE = "servers.toml"
_NAME = re.compile(r"[^\W][\w.-]*")
_SECRETS = ("api_key", "apikey", "token", "client_secret", "password", "secret", "refresh_token", "key")
_ENVIRONMENT = {"api_key": "api_key_env", "token": "token_env", "client_secret": "client_secret_env"}


@dataclasses.dataclass(frozen=True)
class Server:
    """A server that has a name.

    Parameters
    ----------
    address : str
        ``https://host``, with the path that relative paths are below if there is one.
    sign_in : str, optional
        ``api_key``, ``token``, ``client``, ``browser``, ``login`` or ``anonymous``.
    api_key_env, token_env, client_secret_env : str, optional
        The environment variable that holds the secret.
    client_id, authority, send_secret, login, keep
        As for ``connect``.
    ca_file : str, optional
        A file with the certificates of the authorities that are trusted, in PEM.
    timeout, max_requests_per_second, read_only, application
        As for ``connect``.
    """

    address: str
    sign_in: str | None = None
    api_key_env: str | None = None
    token_env: str | None = None
    client_id: str | None = None
    client_secret_env: str | None = None
    send_secret: str | None = None
    authority: str | None = None
    login: str | None = None
    keep: bool | None = None
    ca_file: str | None = None
    timeout: float | None = None
    max_requests_per_second: float | None = None
    read_only: bool = False
    application: str | None = None


def is_name(url: str) -> bool:
    """Return whether a text may be the name of a server rather than an address.

    Examples
    --------
    >>> is_name("prod"), is_name("https://repo.example.com"), is_name("embedded://")
    (True, False, False)
    """
    return bool(_NAME.fullmatch(url))


def config_files() -> list[Path]:
    """Return where servers are looked for, the first that has one first: the user's, the computer's."""
    named = os.environ.get(VARIABLE)
    if named:
        return [Path(named)]
    from platformdirs import site_config_path, user_config_path

    folders = (user_config_path("sn_pandas", appauthor=False), site_config_path("sn_pandas", appauthor=False))
    return [Path(folder) / _FILE for folder in folders]


def find_server(name: str) -> Server:
    """Return the server of a name.

    Raises
    ------
    QueryError
        If there is none, or the file cannot be read or says something that it must not say.
    """
    names: list[str] = []
    for file in config_files():
        entries = _read(file)
        if name in entries:
            return _server(name, entries[name], file)
        names += [one for one in entries if one not in names]
    bare = name.lower().startswith("localhost") or "." in name
    meant = f"; an address begins with https://, such as https://{name}" if bare else ""
    if names:
        raise QueryError(unknown("server", name, names, where=meant, list_all=True))
    if bare:
        raise QueryError(
            f"{name!r} is not the address of a repository. Addresses begin with https://, such as "
            f"https://{name}; and no server of the configuration file has this name"
        )
    if name.lower() == "embedded":
        raise QueryError("the repository in this process is embedded://, with the slashes")
    places = " or ".join(str(file) for file in config_files())
    raise QueryError(
        f"{name!r} is not the address of a repository, and no server has this name. Servers get a name in "
        f'{places}:\n[{name}]\naddress = "https://repo.example.com"'
    )


def server_names() -> list[str]:
    """Return the names of all servers, those of the user first; files that cannot be read are left out."""
    names: list[str] = []
    for file in config_files():
        try:
            names += [name for name in _read(file) if name not in names]
        except QueryError:
            continue
    return names


def _read(file: Path) -> dict[str, Any]:
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        if os.environ.get(VARIABLE):
            raise QueryError(f"${VARIABLE} names a file that is not there: {file}") from None
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise QueryError(f"{file} cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        # the text of the error shows no values, and its position helps to find the place
        raise QueryError(f"{file} is not TOML: {error}") from None
    loose = [name for name, value in found.items() if not isinstance(value, dict)]
    if loose:
        raise QueryError(f"{file}: {loose[0]} is outside of a section; write [prod] above it")
    return {name: _conceal(entry) for name, entry in found.items()}


def _conceal(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a server with concealed secrets, which are rejected."""
    settings = {field.name for field in dataclasses.fields(Server)}
    return {
        key: _conceal(value)
        if isinstance(value, Mapping)
        else value
        if key in settings and not (isinstance(value, str) and holds_credentials(value))
        else conceal(value)
        for key, value in entry.items()
    }


def _server(name: str, entry: Mapping[str, Any], file: Path) -> Server:
    where = f"{file}, [{name}]"
    fields = {field.name: field for field in dataclasses.fields(Server)}
    for key, value in entry.items():
        plain = key.lower().replace("-", "_")
        if key not in fields and (plain in _SECRETS or re.search(r"secret|password|token$", plain)):
            raise QueryError(
                f"{where}: {key} is a secret, which does not belong in this file. {_instead(plain)}"
            )
        if key not in fields:
            raise QueryError(f"{where}: {unknown('setting', key, fields, list_all=True)}")
        _check_type(where, key, value, str(fields[key].type))
    address = entry.get("address")
    if not address:
        raise QueryError(f'{where}: the address is missing; add address = "https://…"')
    for key in ("address", "authority"):
        _check_address(where, key, entry.get(key))
    ways = get_args(Way)
    if entry.get("sign_in") is not None and entry["sign_in"] not in ways:
        raise QueryError(f"{where}: {unknown('way to sign in', entry['sign_in'], ways, list_all=True)}")
    ca_file = entry.get("ca_file")
    if ca_file is not None:
        ca_file = str((file.parent / Path(ca_file).expanduser()).resolve())
    return Server(**{**entry, "ca_file": ca_file})


def _instead(key: str) -> str:
    variable = _ENVIRONMENT.get(key, "api_key_env")
    return (
        f'Put it into an environment variable and name that: {variable} = "REPO_SECRET"; '
        "an API key may also be in the keyring (keyring set sn_pandas https://…)"
    )


def _check_type(where: str, key: str, value: object, annotation: str) -> None:
    wanted = annotation.partition(" ")[0]
    kinds: dict[str, tuple[type, ...]] = {"str": (str,), "bool": (bool,), "float": (int, float)}
    if isinstance(value, bool) is not (wanted == "bool") or not isinstance(value, kinds[wanted]):
        raise QueryError(f"{where}: {key} must be {_KINDS[wanted]}, it is {type(value).__name__}")
    if isinstance(value, (int, float)) and not isinstance(value, bool) and not value > 0:
        raise QueryError(f"{where}: {key} must be greater than 0")


_KINDS = {"str": "a text", "bool": "true or false", "float": "a number"}


def _check_address(where: str, key: str, address: str | None) -> None:
    if address is None:
        return
    if holds_credentials(address):
        raise QueryError(
            f"{where}: {key} contains credentials, which do not belong in this file. {_instead('api_key')}"
        )
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") and not (key == "address" and address.startswith("embedded://")):
        raise QueryError(f"{where}: {key} is not an address; it begins with https://")
