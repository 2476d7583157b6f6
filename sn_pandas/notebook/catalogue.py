"""What completion asks the repository: answers are cached, time-limited, and never errors."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from typing import TYPE_CHECKING, Any, TypeVar

from ..odata.addresses import entity, normalize
from ..odata.fields import ALLOWED_TYPES
from ..odata.query import Query
from ..odata.query_text import target
from ..odata.schema import Field

if TYPE_CHECKING:
    from ..frames.repository import Repository
    from ..odata.schema import Schema

T = TypeVar("T")
#: How many children of one folder are offered; a longer folder is asked again for what was typed.
OFFERED = 200
_KEPT_SECONDS = 60.0


class Catalogue:
    """Lookups in one repository, for completion.

    Parameters
    ----------
    repo : Repository
        Where to look.
    seconds : float
        How long a caller waits; a later answer is kept for the next time.
    """

    def __init__(self, repo: Repository, seconds: float) -> None:
        self._where = weakref.ref(repo)  # who looks up nothing more lets it go
        self.seconds = seconds
        self.base = repo.base
        self._kept: dict[Any, tuple[float, Future[Any]]] = {}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="sn_pandas-completion")

    @property
    def _repo(self) -> Repository:
        repo = self._where()
        if repo is None:
            raise LookupError("the repository is gone")
        return repo

    def close(self) -> None:
        """Stop the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def schema(self) -> Schema | None:
        """Return the content types, or None while they are unknown."""
        return self._ask("schema", lambda: self._repo.schema, None)

    def children(self, path: str, start: str = "") -> Sequence[tuple[str, str]]:
        """Return name and type of the children of a folder whose name begins with ``start``."""
        found = self._ask(("children", path), lambda: self._read_children(path, ""), [])
        if len(found) >= OFFERED and start:
            found = self._ask(
                ("children", path, start.lower()), lambda: self._read_children(path, start), found
            )
        return [child for child in found if child[0].lower().startswith(start.lower())]

    def fields(self, path: str | int | None, everywhere: bool = False) -> dict[str, Field]:
        """Return the fields that children of a path have; all fields if that is unknown."""
        schema = self.schema()
        if schema is None:
            return {}
        types = [] if path is None or everywhere else self._read_types(path)
        if not any(t in schema for t in types):
            return dict(schema.fields)
        return {name: field for t in types if t in schema for name, field in schema[t].fields.items()}

    def _read_types(self, path: str | int) -> list[str]:
        present = dict(self.children(path)) if isinstance(path, str) else {}
        return sorted(set(present.values())) or self._ask(
            ("types", path), lambda: self._read_allowed_types(path), []
        )

    def _read_children(self, path: str, start: str) -> list[tuple[str, str]]:
        literal = start.replace("'", "''")
        query = Query(
            path,
            select=("Id", "Name", "Type"),
            orderby="Name",
            top=OFFERED,
            filter=f"startswith(Name,'{literal}')" if start else None,
        )
        from ..odata import shapes  # on use: it takes long to load

        rows = self._repo.client.get(query.url(metadata="no"), shapes.contents("Name", "Type"))
        for name, content in {row["Type"]: row["Id"] for row in rows if "Id" in row}.items():
            if self._repo.schema.hides(name):
                self._repo.schema.learn(name, content)
        return [(row["Name"], row["Type"]) for row in rows]

    def _read_allowed_types(self, path: str | int) -> list[str]:
        from ..odata import shapes  # on use: it takes long to load

        chain = ALLOWED_TYPES.name
        options = {"$expand": chain, "$select": f"{chain}/Name", "metadata": "no"}
        place = self._repo.client.get(
            target(entity(normalize(path)), options), shapes.content(fields=[ALLOWED_TYPES])
        )
        return [item["Name"] for item in place.get(chain) or []]

    def _ask(self, key: Any, look: Callable[[], T], otherwise: Any) -> T | Any:
        """Return an answer from the cache or in time, else ``otherwise``."""
        with self._lock:
            asked, future = self._kept.get(key, (0.0, None))
            if future is None or time.monotonic() - asked > _KEPT_SECONDS or _is_failed(future):
                future = self._pool.submit(look)
                self._kept[key] = (time.monotonic(), future)
        try:
            return future.result(self.seconds)
        except TooLate:
            return otherwise
        except Exception:  # completion does not raise errors
            return otherwise


def _is_failed(future: Future[Any]) -> bool:
    return future.done() and (future.cancelled() or future.exception() is not None)
