"""The commands of ``%sensenet``: connections, the schema, and what a query would do."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from ..odata.errors import ConnectionFailed
from . import arguments, showing
from .arguments import Parser
from .cells import evaluate
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
    return arguments.CELL.format_help() + "\n\ncommands (each has --help):\n" + "\n".join(lines)


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
    except (ConnectionFailed, ValueError) as error:
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


def _count(magics: SensenetMagics, options: argparse.Namespace, rest: str, names: Names) -> Any:
    repo = magics.repository(options.on)
    query = magics.query(_asked(rest), names, repo)
    return repo.count(query.path, filter=query.filter, query=query.query)


def _url(magics: SensenetMagics, options: argparse.Namespace, rest: str, names: Names) -> Any:
    repo = magics.repository(options.on)
    showing.say(magics.query(_asked(rest), names, repo).url(repo.url))
    return None


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
        _command("count", "count what a query finds", _count, _ON),
        _command("url", "print the address that a query is sent to", _url, _ON),
    ]
)
