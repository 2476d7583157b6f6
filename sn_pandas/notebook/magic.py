"""``%sensenet`` and ``%%sensenet``: a cell that names a place and options gives a typed frame."""

from __future__ import annotations

import re
import time
import warnings
from typing import TYPE_CHECKING, Any

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher
from IPython.core.magic import Magics, line_cell_magic, magics_class, needs_local_scope, no_var_expand
from traitlets import Bool, CaselessStrEnum, Float, Int, Unicode

from ..odata.errors import IncompleteWarning
from . import arguments, commands, connections, nothing, showing
from .cells import query_of
from .completion import Completion
from .history import History

_PROGRESS = {"auto": None, "always": True, "never": False}

if TYPE_CHECKING:
    import pandas as pd
    from IPython.core.interactiveshell import InteractiveShell

    from ..frames.repository import Repository
    from ..odata.query import Query


@magics_class
class SensenetMagics(Magics):
    """What ``%sensenet`` does when it is not told otherwise."""

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
        "", help="What a path that does not begin with /Root is below; that of the connection if empty."
    ).tag(config=True)
    limit = Int(
        0,
        min=0,
        help="Rows at most where a cell has no $top and no --limit; 0 is no limit. A cut is always said.",
    ).tag(config=True)
    page_size = Int(1000, min=1, help="Rows that one request asks for.").tag(config=True)
    workers = Int(4, min=1, help="Requests at the same time.").tag(config=True)
    progress = CaselessStrEnum(
        ["auto", "always", "never"],
        default_value="auto",
        help="When a bar shows how far a read is; auto is after a second.",
    ).tag(config=True)
    note = Bool(True, help="Whether a line says rows, seconds and requests.").tag(config=True)
    caption = Bool(True, help="Whether shown frames carry their query and the number of unsaved cells.").tag(
        config=True
    )
    completion_seconds = Float(0.3, min=0, help="How long the Tab key waits for the repository.").tag(
        config=True
    )

    shell: InteractiveShell

    def __init__(self, shell: InteractiveShell, **traits: Any) -> None:
        super().__init__(shell, **traits)
        self.connections = connections.Connections(shell.user_ns)
        self.history = History()
        self.last_report: Any = None
        self.completion = Completion(self)

    @no_var_expand
    @needs_local_scope
    @line_cell_magic
    def sensenet(self, line: str, cell: str | None = None, local_ns: dict[str, Any] | None = None) -> Any:
        """Read contents into a typed frame, or run a command; ``%sensenet --help`` says how."""
        names = {**self.shell.user_ns, **(local_ns or {})}
        if line.split() in (["-h"], ["--help"]):
            showing.say(commands.overview())
            return None
        if cell is None and not arguments.is_query(line):
            return commands.run(self, line, names)
        return self.read(arguments.parse(line, cell), names)

    def read(self, asked: arguments.Asked, names: dict[str, Any]) -> pd.DataFrame | None:
        """Read what a cell asks for, name it and say what came."""
        where, repo = self.connection(asked.on or self.connections.at(asked.text))
        query = self.query(asked.text, names, repo)
        limit = self.limit if asked.limit is None else asked.limit
        if limit and not (query.top and query.top <= limit):
            query = query.replace(top=limit)
        began, before = time.perf_counter(), repo.client.requests
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always", IncompleteWarning)
            frame = repo.read(query, **self.reading(asked))
        seconds, requests = time.perf_counter() - began, repo.client.requests - before
        if asked.name:
            self.shell.user_ns[asked.name] = frame
        self.history.add(asked, query, len(frame), seconds)
        noted = self.note and not asked.quiet
        if noted:
            several = self.connections.several()
            source = f"{where} ({repo.url})" if several else ""
            showing.say(showing.note(asked.name, frame, seconds, requests, source))
            if why := nothing.found(repo, query, frame):
                showing.say(f"note: {why}")
        showing.say_again(said, noted=noted, cut_known=noted or limit != self.limit or query.top != limit)
        return None if asked.quiet and not self._assigned() else frame

    def reading(self, asked: arguments.Asked | None = None) -> dict[str, Any]:
        """Give the arguments of ``Repository.read`` that options and configuration decide."""
        size = asked.page_size if asked is not None else None
        return {
            "page_size": size or self.page_size,
            "workers": self.workers,
            "progress": _PROGRESS[self.progress],
        }

    def connection(self, name: str | None = None) -> tuple[str, Repository]:
        """Give a connection by name, or the one in use; without any, connect to the configured one."""
        if name:
            return name, self.connections[name]
        if len(self.connections):
            return self.connections.current()
        given = connections.credentials(self.api_key_env, self.token_env, False)
        chosen, repo = self.connections.connect(self.url or None, **given)
        showing.say(f"connected to {repo.url} as {repo.user} ({chosen})")
        return chosen, repo

    def repository(self, name: str | None = None) -> Repository:
        """Give the repository of a connection, as :meth:`connection` does."""
        return self.connection(name)[1]

    def query(self, text: str, names: dict[str, Any], repo: Repository) -> Query:
        """Make the query that a text means."""
        return query_of(text, names, lambda: repo.schema.fields, self.base or repo.base)

    def _assigned(self) -> bool:
        """Whether the magic stands right of ``=``, where nothing is shown anyway."""
        inputs = self.shell.history_manager.input_hist_raw if self.shell.history_manager else [""]
        return bool(re.search(r"=\s*%sensenet\b", inputs[-1]))


# What ``%sensenet?`` shows.
SensenetMagics.sensenet.__doc__ = commands.overview()


def load(shell: InteractiveShell) -> None:
    """Make the magic known, and how tracked frames show."""
    magics = SensenetMagics(shell)
    shell.register_magics(magics)
    showing.register(shell, magics)
    if shell.Completer is not None:
        shell.Completer.custom_matchers.append(_matcher(magics))


def unload(shell: InteractiveShell) -> None:
    """Leave nothing behind."""
    magics = shell.magics_manager.registry.pop("SensenetMagics", None)
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("sensenet", None)
    if magics is not None:
        showing.unregister(shell)
        if shell.Completer is not None:
            shell.Completer.custom_matchers[:] = [
                m
                for m in shell.Completer.custom_matchers
                if getattr(m, "matcher_identifier", "") != "sensenet"
            ]
        magics.completion.close()
        if magics in shell.configurables:
            shell.configurables.remove(magics)
        magics.connections.close()


def _matcher(magics: SensenetMagics) -> Any:
    """Give what IPython asks when the Tab key is pressed."""

    @context_matcher(identifier="sensenet")  # type: ignore[untyped-decorator]  # IPython's is untyped
    def match(context: CompletionContext) -> SimpleMatcherResult:
        try:
            offer = magics.completion.offer(context.full_text, context.cursor_line, context.cursor_position)
        except Exception:  # the Tab key never shows an error
            offer = None
        if offer is None:
            return {"completions": [], "suppress": False}
        fragment, names = offer
        if not names and fragment:  # an empty answer would let Python's names in
            names = [(fragment, "text")]
        return {
            "completions": [SimpleCompletion(name, type=kind) for name, kind in names],
            "matched_fragment": fragment,
            "ordered": True,
            "suppress": True,
        }

    return match
