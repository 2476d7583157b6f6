"""The commands of ``%sensenet``: connections, the schema, and what a query would do."""

from __future__ import annotations

import builtins
import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from ..odata.errors import ConnectionFailed, did_you_mean
from . import arguments, showing
from .arguments import Parser
from .cells import evaluate, parts_of
from .connections import credentials

if TYPE_CHECKING:
    import argparse

    from .magic import SensenetMagics

Names = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Command:
    """A word after ``%sensenet``: its options, and what it does with them and the rest of the line."""

    parser: Parser
    run: Callable[[SensenetMagics, argparse.Namespace, str, Names], Any]


def run(magics: SensenetMagics, line: str, names: Names) -> Any:
    """Run a line that names a command; nothing but blanks is ``status``."""
    word, rest = arguments.first_word(line)
    if word == "help":
        word, rest = rest, "--help"
    if rest == "--help" and not word:
        showing.say(overview())
        return None
    command = COMMANDS.get(word or "status")
    if command is None:
        raise arguments.unknown(word, COMMANDS)
    options, rest = command.parser.split(rest)
    if options.help:
        showing.say(command.parser.format_help())
        return None
    return command.run(magics, options, rest, names)


def overview() -> str:
    """Give the help of ``%sensenet`` itself."""
    lines = [f"  {name:<12}{command.parser.description}" for name, command in COMMANDS.items()]
    return (
        arguments.CELL.format_help() + "\n\ncommands (%sensenet help COMMAND says more):\n" + "\n".join(lines)
    )


def _connect(magics: SensenetMagics, options: argparse.Namespace, rest: str, names: Names) -> Any:
    url = str(evaluate(rest[1:-1], names)) if rest.startswith("{") else arguments.unquoted(rest)
    given = credentials(options.api_key_env, options.token_env, options.anonymous)
    name, repo = magics.connections.connect(url or None, options.name, **given)
    showing.say(f"connected to {repo.url} as {repo.user} ({name})")
    return None


def _use(magics: SensenetMagics, options: argparse.Namespace, rest: str, names: Names) -> Any:
    repo = magics.connections.use(rest)
    showing.say(f"using {repo.url} as {repo.user} ({rest})")
    return None


def _status(magics: SensenetMagics, options: argparse.Namespace, rest: str, names: Names) -> Any:
    try:
        used = magics.connections.current()[0]
    except ConnectionFailed as error:
        used = ""
        showing.say(str(error))
    for name, repo in magics.connections.items():
        showing.say(f"{'*' if name == used else ' '} {name}: {repo.url} as {repo.user}")
    for name, unsaved in _unsaved(names):
        showing.say(f"  {name}: {showing.count(unsaved, 'unsaved cell')}")
    return None


def _unsaved(names: Names) -> list[tuple[str, int]]:
    import pandas as pd

    frames = [(n, v) for n, v in names.items() if isinstance(v, pd.DataFrame) and not n.startswith("_")]
    counted = [(name, showing.unsaved_cells(frame)) for name, frame in frames if showing.KEY in frame.attrs]
    return [(name, unsaved) for name, unsaved in counted if unsaved]


def _disconnect(magics: SensenetMagics, options: argparse.Namespace, rest: str, names: Names) -> Any:
    showing.say(f"disconnected from {magics.connections.disconnect(rest or None)}")
    return None


def _browse(magics: SensenetMagics, options: argparse.Namespace, rest: str, names: Names) -> Any:
    repo: Any = magics.repository(options.on)
    return repo.browse(magics.query(rest, names, repo).path) if rest else repo.browse()


def _types(magics: SensenetMagics, options: argparse.Namespace, rest: str, names: Names) -> Any:
    from .describing import types_frame

    return types_frame(magics.repository(options.on).schema, arguments.unquoted(rest) or None)


def _fields(magics: SensenetMagics, options: argparse.Namespace, rest: str, names: Names) -> Any:
    from .describing import fields_frame

    repo = magics.repository(options.on)
    if not rest or arguments.is_query(rest):
        place = magics.query(_asked(rest), names, repo)
        found = repo.read(place.replace(select=("Type",), expand=(), orderby=None), **magics.reading())
        return fields_frame(repo.schema, sorted(set(found["Type"])))
    return fields_frame(repo.schema, rest.replace(",", " ").split())


def _count(magics: SensenetMagics, options: argparse.Namespace, rest: str, names: Names) -> Any:
    repo = magics.repository(options.on)
    return repo.count(magics.query(_asked(rest), names, repo))


def _url(magics: SensenetMagics, options: argparse.Namespace, rest: str, names: Names) -> Any:
    repo = magics.repository(options.on)
    showing.say(magics.query(_asked(rest), names, repo).url(repo.url))
    return None


def _explain(magics: SensenetMagics, options: argparse.Namespace, rest: str, names: Names) -> Any:
    from .explaining import explain

    repo = magics.repository(options.on)
    place, asked = parts_of(_asked(rest), names, lambda: repo.schema.fields)
    return explain(place, asked, repo.schema, magics.base or repo.base)


def _save(magics: SensenetMagics, options: argparse.Namespace, rest: str, names: Names) -> Any:
    given = {k: v for k, v in vars(options).items() if v is not None and k != "help"}
    frame = _named(rest or "None", "frame", names)
    if not hasattr(frame, "sn"):
        raise UsageError("save what? Name the frame: %sensenet save tasks")
    report = frame.sn.save(**given)
    if not options.dry_run:
        magics.last_report = report
    return report


def _undo(magics: SensenetMagics, options: argparse.Namespace, rest: str, names: Names) -> Any:
    from ..recovering import undo  # on use: it loads frames

    report = _named(rest, "report", names) if rest else magics.last_report
    if report is None:
        raise UsageError("there is no save to undo yet; name a report: %sensenet undo report")
    return undo(report)


def _history(magics: SensenetMagics, options: argparse.Namespace, rest: str, names: Names) -> Any:
    if options.run is not None:
        return magics.read(magics.history[options.run].asked, names)
    if options.clear:
        magics.history.clear()
    return magics.history.frame()


def _named(text: str, what: str, names: Names) -> Any:
    """Give the value of a name or an expression behind a command."""
    if text.isidentifier() and text not in names and not hasattr(builtins, text):
        known = [name for name, value in names.items() if _is_a(what, value) and not name.startswith("_")]
        hint = did_you_mean(text, known) or (f" There are: {', '.join(sorted(known))}" if known else "")
        raise UsageError(f"there is no {what} {text!r} in the notebook.{hint}")
    return evaluate(text, names)


def _is_a(what: str, value: Any) -> bool:
    if what == "report":
        return hasattr(value, "retry")
    return showing.KEY in getattr(value, "attrs", ())


def _asked(text: str) -> str:
    if not text:
        raise UsageError("a query is missing: write a path, and options behind a question mark")
    return text


def _command(name: str, about: str, run: Any, *options: tuple[str, dict[str, Any]]) -> tuple[str, Command]:
    parser = Parser(name, about)
    for option, facts in options:
        parser.add_argument(option, **facts)
    return name, Command(parser, run)


_ON = ("--on", {"metavar": "CONNECTION", "help": "the connection to ask"})
COMMANDS: dict[str, Command] = dict(
    [
        _command(
            "connect",
            "connect to a repository and use it: an address, embedded:///file, or nothing",
            _connect,
            ("--api-key-env", {"metavar": "VARIABLE", "help": "the environment variable with the API key"}),
            (
                "--token-env",
                {"metavar": "VARIABLE", "help": "the environment variable with the bearer token"},
            ),
            ("--anonymous", {"action": "store_true", "help": "be the Visitor"}),
            ("--name", {"metavar": "NAME", "help": "what to call the connection"}),
        ),
        _command("use", "use another connection: its name, or a variable that holds a repository", _use),
        _command("status", "say which repository, who we are, and how many cells are unsaved", _status),
        _command("disconnect", "close a connection", _disconnect),
        _command("browse", "show the tree below a path", _browse, _ON),
        _command("types", "list the content types, or one with those derived from it", _types, _ON),
        _command("fields", "list the fields of types, or of what is at a path", _fields, _ON),
        _command("count", "count what a query finds", _count, _ON),
        _command("url", "print the address that a query is sent to", _url, _ON),
        _command(
            "explain", "say in words what the server will do with a query, and its traps", _explain, _ON
        ),
        _command(
            "save",
            "save the edited cells of a frame",
            _save,
            ("--dry-run", {"action": "store_true", "help": "only say what would be sent"}),
            (
                "--on-conflict",
                {"choices": ["raise", "skip", "overwrite"], "help": "where others edited the same"},
            ),
            ("--on-error", {"choices": ["collect", "raise"], "help": "go on after a failure, or stop"}),
            ("--create", {"action": "store_true", "help": "make contents of rows without an id"}),
        ),
        _command("undo", "put back what the last save here changed, or what a report says", _undo),
        _command(
            "history",
            "list the queries of this session",
            _history,
            ("--run", {"type": int, "metavar": "NUMBER", "help": "run one again, with today's values"}),
            ("--clear", {"action": "store_true", "help": "forget them"}),
        ),
    ]
)
