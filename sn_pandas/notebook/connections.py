"""The repositories that a notebook is connected to, by name."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..odata.errors import ConnectionFailed, QueryError, did_you_mean

if TYPE_CHECKING:
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

    def __iter__(self) -> Iterator[str]:
        yield from self._own
        for name, value in list(self._variables.items()):
            if not name.startswith("_") and name not in self._own and _is_repository(value):
                yield name

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __getitem__(self, name: str) -> Repository:
        """Give a connection by its name."""
        if name in self._own:
            return self._own[name]
        value = self._variables.get(name)
        if value is not None and _is_repository(value):
            repo: Repository = value
            return repo
        raise QueryError(f"there is no connection {name!r}.{did_you_mean(name, self) or self._list()}")

    def connect(self, url: str | None, name: str | None = None, **credentials: Any) -> tuple[str, Repository]:
        """Connect, and use the connection from now on.

        Returns
        -------
        name, Repository
            Under which name it is known, and the connection.
        """
        from ..connecting import connect

        repo = connect(url, **credentials)
        name = name or _name(repo.url)
        previous = self._own.get(name)
        self._own[name] = repo
        self.used = name
        if previous is not None:
            previous.close()
        return name, repo

    def use(self, name: str) -> Repository:
        """Use a connection from now on."""
        repo = self[name]
        self.used = name
        return repo

    def disconnect(self, name: str | None = None) -> str:
        """Close a connection, the one in use if none is named, and give its name."""
        chosen = name or self.current()[0]
        repo = self[chosen]
        self._own.pop(chosen, None)
        if self.used == chosen:
            self.used = None
        repo.close()
        return chosen

    def current(self) -> tuple[str, Repository]:
        """Give the connection in use: the one chosen, else the only one there is.

        Raises
        ------
        ConnectionFailed
            If there is none.
        QueryError
            If there are several and none was chosen.
        """
        if self.used is not None and self.used in list(self):
            return self.used, self[self.used]
        different = {id(self[name]): name for name in reversed(list(self))}
        names = list(reversed(different.values()))
        if not names:
            raise ConnectionFailed(
                "there is no connection; make one with %sensenet connect https://…, "
                "or with repo = sn_pandas.connect(…)"
            )
        if len(names) > 1:
            raise QueryError(
                f"there are several connections ({', '.join(names)}); "
                f"choose one with %sensenet use {names[0]}"
            )
        return names[0], self[names[0]]

    def at(self, text: str) -> str | None:
        """Give the connection that a whole address in a query is of; None for a path.

        Raises
        ------
        QueryError
            If the address is of a repository that there is no connection to.
        """
        parts = urlsplit(text.lstrip().partition("\n")[0])
        if parts.scheme not in ("http", "https"):
            return None
        origin = f"{parts.scheme}://{parts.netloc}".lower()
        names = [name for name, repo in self.items() if repo.url.lower().startswith(origin)]
        if not names and len(self):
            raise QueryError(
                f"the address is of {parts.scheme}://{parts.hostname}, and there is no connection to it; "
                "make one with %sensenet connect, or write the path alone"
            )
        return self.used if self.used in names else next(iter(names), None)

    def close(self) -> None:
        """Close the connections that were made here."""
        while self._own:
            self._own.popitem()[1].close()
        self.used = None

    def _list(self) -> str:
        names = list(self)
        return (
            f" There are: {', '.join(names)}"
            if names
            else " There is none yet; make one with %sensenet connect"
        )


def credentials(api_key_env: str | None, token_env: str | None, anonymous: bool) -> dict[str, Any]:
    """Read credentials from the environment, where they are named instead of written into a notebook."""
    found: dict[str, Any] = {"anonymous": True} if anonymous else {}
    for argument, variable in (("api_key", api_key_env), ("token", token_env)):
        if variable:
            if not os.environ.get(variable):
                raise QueryError(f"the environment variable {variable} is not set")
            found[argument] = os.environ[variable]
    return found


def _is_repository(value: Any) -> bool:
    kind = type(value)
    return kind.__name__ == "Repository" and kind.__module__.startswith("sn_pandas.")


def _name(url: str) -> str:
    return urlsplit(url).hostname or "embedded"
