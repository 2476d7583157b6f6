"""The repositories that a notebook is connected to, by name."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..odata.errors import ConnectionFailed, QueryError, unknown

if TYPE_CHECKING:
    import argparse

    from ..frames.repository import Repository


class Connections(Mapping[str, "Repository"]):
    """Repositories by name, and which of them is in use.

    Parameters
    ----------
    variables : mapping
        The notebook's variables; a repository among them counts as a connection of its name.
    """

    def __init__(self, variables: Mapping[str, Any]) -> None:
        self._variables = variables
        self._own: dict[str, Repository] = {}
        self.used: str | None = None
        self._newest_then = 0

    def __iter__(self) -> Iterator[str]:
        return iter(self._open())

    def __len__(self) -> int:
        return len(self._open())

    def __getitem__(self, name: str) -> Repository:
        """Return a connection by its name."""
        open_ones = self._open()
        if name in open_ones:
            return open_ones[name]
        none = "" if open_ones else " There is none yet; create one with %sensenet connect"
        raise QueryError(f"{unknown('connection', name, open_ones, list_all=True)}{none}")

    def connect(self, url: str | None, name: str | None = None, **credentials: Any) -> tuple[str, Repository]:
        """Connect, and use the connection from now on.

        Returns
        -------
        name, Repository
            Under which name it is known, and the connection.
        """
        from ..connecting import connect

        repo = connect(url, **credentials)
        name = name or (url if url and url.isidentifier() else self._free_name(repo.url))
        self._own[name] = repo  # one that it replaces stays open, because frames may hang on it
        self.use(name)
        return name, repo

    def use(self, name: str) -> Repository:
        """Use a connection until another one is created or selected."""
        repo = self[name]
        self.used = name
        self._newest_then = max(repo_.number for repo_ in self.values())
        return repo

    def disconnect(self, name: str | None = None) -> tuple[str, Repository]:
        """Close a connection, by default the current one, and return its name and repository."""
        chosen = name or self.current()[0]
        repo = self[chosen]
        self._own.pop(chosen, None)
        if self.used == chosen:
            self.used = None
        repo.close()
        return chosen, repo

    def current(self) -> tuple[str, Repository]:
        """Return the current connection: the one created or selected last.

        Raises
        ------
        ConnectionFailed
            If there is none.
        """
        open_ones = self._open()
        if not open_ones:
            raise ConnectionFailed(
                "there is no connection; create one with %sensenet connect https://…, or with repo = "
                "sn_pandas.connect(…)"
            )
        newest = _find_newest(open_ones)
        if self.used in open_ones and open_ones[newest].number <= self._newest_then:
            return self.used, open_ones[self.used]
        return newest, open_ones[newest]

    def at(self, text: str) -> str | None:
        """Return the connection for a complete address in a query; None for a path.

        Raises
        ------
        QueryError
            If the address is of a repository that there is no connection to.
        """
        address = text.lstrip().partition("\n")[0]
        if not address.lower().startswith(("http://", "https://")):
            return None
        from ..odata.origins import canonical_origin, same_origin  # on use: it loads httpx

        origin = canonical_origin(address)
        found = {name: repo for name, repo in self.items() if same_origin(repo.url, origin)}
        if not found and len(self):
            raise QueryError(
                f"the address is of {origin}, which is not connected. Connect with %sensenet connect, or "
                "pass only the path"
            )
        if not found:
            return None
        current = self.current()[0]
        return current if current in found else _find_newest(found)

    def is_ambiguous(self) -> bool:
        """Return whether a cell may refer to more than one repository."""
        return len({id(repo) for repo in self.values()}) > 1

    def close(self) -> None:
        """Close the connections that this notebook created."""
        while self._own:
            self._own.popitem()[1].close()
        self.used = None

    def _open(self) -> dict[str, Repository]:
        """Return all connections that are open; of two with one name, the newer."""
        repositories = {name: repo for name, repo in self._own.items() if not repo.closed}
        for name, value in list(self._variables.items()):
            if name.startswith("_") or not _is_repository(value) or value.closed:
                continue
            if name not in repositories or repositories[name].number < value.number:
                repositories[name] = value
        return repositories

    def _free_name(self, url: str) -> str:
        """Return the host of an address, with its port where another server on that host has the name."""
        parts = urlsplit(url)
        host = parts.hostname or "embedded"
        holder = self._own.get(host)
        return host if holder is None or holder.closed or holder.url == url else parts.netloc

    def _list(self) -> str:
        names = list(self)
        return (
            f" Available: {', '.join(names)}"
            if names
            else " There is none yet; create one with %sensenet connect"
        )


def read_secrets(**variables: str | None) -> dict[str, str]:
    """Read secrets from the environment, where they are named instead of written into a notebook."""
    from ..odata.redaction import conceal  # on use: the extension loads without what connects

    found: dict[str, str] = {}
    for argument, variable in variables.items():
        if variable:
            if not os.environ.get(variable):
                raise QueryError(f"the environment variable {variable} is not set")
            found[argument] = conceal(os.environ[variable])
    return found


def build_arguments(options: argparse.Namespace) -> dict[str, Any]:
    """Return the arguments of ``connect`` for the options of a line."""
    found: dict[str, Any] = {}
    found |= read_secrets(
        api_key=options.api_key_env, token=options.token_env, client_secret=options.client_secret_env
    )
    for argument in ("client_id", "authority", "send_secret", "login", "application", "user"):
        if getattr(options, argument):
            found[argument] = getattr(options, argument)
    if options.link:
        found["browser"] = "link"
    for argument in ("anonymous", "browser", "read_only"):
        if getattr(options, argument):
            found.setdefault(argument, True)
    if options.keep is not None:
        found["keep"] = options.keep
    if options.max_requests_per_second is not None:
        found["max_requests_per_second"] = options.max_requests_per_second
    return found


def _find_newest(repositories: Mapping[str, Repository]) -> str:
    return max(repositories, key=lambda name: repositories[name].number)


def _is_repository(value: Any) -> bool:
    kind = type(value)
    return kind.__name__ == "Repository" and kind.__module__.startswith("sn_pandas.")
