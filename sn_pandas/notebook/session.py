"""``SensenetSession``: the state that the cells of a notebook share: connections, queries and options."""

from __future__ import annotations

import re
import time
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from IPython.core.magic import Magics, magics_class
from traitlets import Bool, CaselessStrEnum, Float, Int, TraitError, Unicode, validate

from ..odata.errors import IncompleteWarning
from ..odata.query import Query
from . import arguments, connections, nothing, showing
from .cells import Added, query_of
from .history import History

if TYPE_CHECKING:
    import pandas as pd
    from IPython.core.interactiveshell import InteractiveShell

    from ..frames.repository import Repository
    from ..odata.fields import Field
    from ..odata.refs import Ref

_PROGRESS = {"auto": None, "always": True, "never": False}


@magics_class
class SensenetSession(Magics):
    """The connections and options of one notebook; used by the magic and its commands."""

    url = Unicode(
        "", help="The repository that the first cell connects to; $SENSENET_URL or the embedded one if empty."
    ).tag(config=True)
    api_key_env = Unicode("", help="The environment variable that holds the API key for the url above.").tag(
        config=True
    )
    token_env = Unicode(
        "", help="The environment variable that holds the bearer token for the url above."
    ).tag(config=True)
    base = Unicode(
        "", help="The folder that relative paths start from; the one of the connection if empty."
    ).tag(config=True)
    limit = Int(
        0,
        min=0,
        help="The maximum number of rows without $top and --limit; 0 for no limit. A cut is always reported.",
    ).tag(config=True)
    page_size = Int(1000, min=1, help="Rows per request.").tag(config=True)
    workers = Int(4, min=1, help="The number of concurrent requests.").tag(config=True)
    progress = CaselessStrEnum(
        ["auto", "always", "never"],
        default_value="auto",
        help="When to show a progress bar; auto is after one second.",
    ).tag(config=True)
    note = Bool(True, help="Whether to print the number of rows, seconds and requests.").tag(config=True)
    caption = Bool(True, help="Whether to show the query and the number of unsaved cells with a frame.").tag(
        config=True
    )
    readable = Bool(
        True, help="Whether frames of a repository are shown as tables for reading; as by pandas if False."
    ).tag(config=True)
    time_zone = Unicode(
        "", help="The time zone of dates in these tables, such as Europe/Budapest; the local one if empty."
    ).tag(config=True)
    completion_seconds = Float(0.3, min=0, help="Seconds that the Tab key waits for the repository.").tag(
        config=True
    )

    shell: InteractiveShell

    @validate("time_zone")
    def _validate_time_zone(self, proposal: dict[str, Any]) -> str:
        name: str = proposal["value"]
        try:
            return ZoneInfo(name).key if name else name
        except (KeyError, ValueError, OSError) as error:  # what is not a name of a file, or not of a zone
            raise TraitError(f"unknown time zone {name!r}: use a name such as 'Europe/Budapest'") from error

    def __init__(self, shell: InteractiveShell, **traits: Any) -> None:
        super().__init__(shell, **traits)
        self.connections = connections.Connections(shell.user_ns)
        self.history = History()

    def read(self, asked: arguments.Asked, names: dict[str, Any]) -> pd.DataFrame | None:
        """Read the query of a cell, assign its result, and print a note."""
        where, repo = self.connection(asked.on or self.connections.at(asked.text))
        query = self.query(asked.text, names, repo)
        limit = self.limit if asked.limit is None else asked.limit
        if limit and not (query.top and query.top <= limit):
            query = query.replace(top=limit)
        began, before = time.perf_counter(), repo.client.requests
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always", IncompleteWarning)
            frame = repo.read(query, **self.read_arguments(asked))
        seconds, requests = time.perf_counter() - began, repo.client.requests - before
        if name := asked.name or self.assigned_name():
            self._keep_unsaved(name)
        if asked.name:
            self.shell.user_ns[asked.name] = frame
        self.history.add(asked, query, len(frame), seconds)
        noted = self.note and not asked.quiet
        if noted:
            several = self.connections.is_ambiguous()
            source = f"{where} ({repo.url})" if several else ""
            showing.say(showing.note(asked.name, frame, seconds, requests, source))
            if why := nothing.explain_empty_result(repo, query, frame):
                showing.say(f"note: {why}")
        showing.repeat_warnings(
            said, noted=noted, is_cut_reported=noted or limit != self.limit or query.top != limit
        )
        return None if asked.quiet and not self.assigned_name() else frame

    def read_arguments(self, asked: arguments.Asked | None = None) -> dict[str, Any]:
        """Return the arguments of ``Repository.read`` that options and configuration decide."""
        size = asked.page_size if asked is not None else None
        return {
            "page_size": size or self.page_size,
            "workers": self.workers,
            "progress": _PROGRESS[self.progress],
        }

    def connection(self, name: str | None = None) -> tuple[str, Repository]:
        """Return a connection by name, or the one in use; without any, connect to the configured one."""
        if name:
            return name, self.connections[name]
        if len(self.connections):
            return self.connections.current()
        given = connections.read_secrets(api_key=self.api_key_env, token=self.token_env)
        chosen, repo = self.connections.connect(self.url or None, **given)
        showing.say(f"connected to {repo.url} as {repo.user} ({chosen})")
        return chosen, repo

    def repository(self, name: str | None = None) -> Repository:
        """Return the repository of a connection, as :meth:`connection` does."""
        return self.connection(name)[1]

    def query(self, text: str, names: dict[str, Any], repo: Repository) -> Query:
        """Create the query of a text."""
        base = self.base or repo.base
        refer, added = self.resolver_of(repo), self.definitions_of(repo)
        return query_of(text, names, lambda: repo.schema.fields, base, refer, added)

    def definitions_of(self, repo: Repository) -> Added:
        """Return the function that reads the fields of lists and aspects at a place of a repository."""

        def read(place: str, names: set[str], below: bool) -> Mapping[str, Field]:
            searched = [("query", "Id:>0")] if below else []
            return repo.added_fields(Query.of(place, searched, self.base or repo.base), names)

        return read

    @staticmethod
    def resolver_of(repo: Repository) -> Callable[[Ref], int]:
        """Return the function that resolves references by name in a repository."""

        def refer(one: Ref) -> int:
            from ..frames.reads.finding import resolve_id  # pandas is loaded with the first query

            return resolve_id(repo, one)

        return refer

    def assigned_name(self) -> str:
        """Return the variable to the left of the magic, as in ``tasks = %sensenet …``; hides output."""
        inputs = self.shell.history_manager.input_hist_raw if self.shell.history_manager else [""]
        found = re.search(r"(\w+)\s*=\s*%sensenet\b", inputs[-1])
        return found[1] if found else ""

    def _keep_unsaved(self, name: str) -> None:
        """Keep a frame with unsaved edits under another name before it is replaced, and print that name."""
        names = self.shell.user_ns
        unsaved = showing.describe_unsaved(names[name]) if name in names else ""
        if not unsaved:
            return
        kept = next(k for n in range(1, 100) if (k := f"_{name}" + f"_{n}" * (n > 1)) not in names or n == 99)
        names[kept] = names[name]
        showing.say(
            f"warning: {name} had {unsaved}. That frame is now {kept}; to restore it: {name} = {kept}"
        )
