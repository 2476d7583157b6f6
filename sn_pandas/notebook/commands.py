"""The commands of ``%sensenet``: connections, the schema, and previews of queries."""

from __future__ import annotations

import builtins
import dataclasses
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from ..odata.errors import ConnectionFailed, unknown
from . import arguments, showing
from .arguments import Parser
from .cells import evaluate, split_cell, strip_comment
from .connections import build_arguments
from .frame_table import KEY

if TYPE_CHECKING:
    import argparse

    from ..frames.repository import Repository
    from .session import SensenetSession

Names = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Command:
    """A command of ``%sensenet``: its options and its function."""

    parser: Parser
    run: Callable[[SensenetSession, argparse.Namespace, str, Names], Any]


def run(session: SensenetSession, line: str, names: Names) -> Any:
    """Run a line with a command; an empty line is ``status``."""
    word, rest = arguments.split_word(line)
    if word == "help":
        word, rest = rest, "--help"
    if rest == "--help" and not word:
        showing.say(format_overview())
        return None
    command = COMMANDS.get(word or "status")
    if command is None:
        raise arguments.create_unknown_error(word, COMMANDS)
    options, rest = command.parser.split(strip_comment(rest))
    if options.help:
        showing.say(command.parser.format_help())
        return None
    return command.run(session, options, rest, names)


def format_overview() -> str:
    """Return the help of ``%sensenet`` itself."""
    lines = [f"  {name:<12}{command.parser.description}" for name, command in COMMANDS.items()]
    return (
        arguments.CELL.format_help() + "\n\ncommands (%sensenet help COMMAND says more):\n" + "\n".join(lines)
    )


#: Arguments of ``sn_pandas.connect`` that are written into a line, and those that are secrets.
_SECRETS = ("api_key", "token", "client_secret")
_PYTHON = re.compile(
    rf"(?:^|\s)({'|'.join(_SECRETS)}|client_id|browser|login|anonymous|user|keep|read_only|authority)\s*="
)


def _connect(session: SensenetSession, options: argparse.Namespace, rest: str, names: Names) -> Any:
    url = str(evaluate(rest[1:-1], names)) if rest.startswith("{") else arguments.strip_quotes(rest)
    given = build_arguments(options)
    if written := _PYTHON.search(rest):
        option = "--" + written[1].replace("_", "-") + "-env" * (written[1] in _SECRETS)
        raise UsageError(f"{written[1]}= is Python; in a cell it is {option} (%sensenet connect --help)")
    name, repo = session.connections.connect(url or None, options.name, **given)
    showing.say(f"connected to {repo.url} as {_describe_user(repo)} ({name})")
    return repo if session.assigned_name() else None  # repo = %sensenet connect …


def _describe_user(repo: Repository) -> str:
    """Return the user of a connection, and the expiry of the sign-in if there is one."""
    marks = ", read-only" if repo.client.read_only else ""
    return (str(repo.user) if repo.user.how in ("", "API key") else repo.user.description) + marks


def _use(session: SensenetSession, options: argparse.Namespace, rest: str, names: Names) -> Any:
    repo = session.connections.use(rest)
    showing.say(f"using {repo.url} as {_describe_user(repo)} ({rest})")
    return repo if session.assigned_name() else None


def _show_status(session: SensenetSession, options: argparse.Namespace, rest: str, names: Names) -> Any:
    try:
        used = session.connections.current()[0]
    except ConnectionFailed as error:
        used = ""
        showing.say(str(error))
    for name, repo in session.connections.items():
        showing.say(f"{'*' if name == used else ' '} {name}: {repo.url} as {_describe_user(repo)}")
    for name, unsaved in _find_unsaved_variables(names):
        showing.say(f"  {name}: {unsaved}")
    return None


def _find_unsaved_variables(names: Names) -> list[tuple[str, str]]:
    """Return the variables with unsaved edits, and descriptions of these."""
    found = [
        (name, showing.describe_unsaved(value)) for name, value in names.items() if not name.startswith("_")
    ]
    return [(name, unsaved) for name, unsaved in found if unsaved]


def _disconnect(session: SensenetSession, options: argparse.Namespace, rest: str, names: Names) -> Any:
    name, repo = session.connections.disconnect(rest or None)
    showing.say(f"disconnected from {name}")
    for frame, unsaved in _find_unsaved_variables(
        {n: v for n, v in names.items() if showing.find_repository(v) is repo}
    ):
        showing.say(f"warning: {frame} has {unsaved}, which cannot be saved without this connection")
    return None


def _browse(session: SensenetSession, options: argparse.Namespace, rest: str, names: Names) -> Any:
    repo: Any = session.repository(options.on)
    return repo.browse(session.query(rest, names, repo).path) if rest else repo.browse()


def _show_types(session: SensenetSession, options: argparse.Namespace, rest: str, names: Names) -> Any:
    from .describing import build_types_frame

    return build_types_frame(session.repository(options.on).schema, arguments.strip_quotes(rest) or None)


def _show_fields(session: SensenetSession, options: argparse.Namespace, rest: str, names: Names) -> Any:
    from ..frames.writes.hidden import learn
    from .describing import build_fields_frame

    repo = session.repository(options.on)
    if not rest or arguments.is_query(rest):
        place = session.query(_require_query(rest), names, repo)
        found = repo.read(
            place.replace(select=("Type",), expand=(), orderby=None), **session.read_arguments()
        )
        types = dict(zip(map(int, found.index), found["Type"], strict=True))
        if not types and not place.filter and not place.query and not place.property:
            content = repo.get(place.path, select=["Id", "Type"])  # nothing is below it: it is meant itself
            types = {int(content["Id"]): str(content["Type"])}
        learn(repo, types)
        return build_fields_frame(
            repo.schema, sorted(name for name in set(types.values()) if name in repo.schema)
        )
    return build_fields_frame(repo.schema, rest.replace(",", " ").split())


def _count(session: SensenetSession, options: argparse.Namespace, rest: str, names: Names) -> Any:
    repo = session.repository(options.on)
    return repo.count(session.query(_require_query(rest), names, repo))


def _show_url(session: SensenetSession, options: argparse.Namespace, rest: str, names: Names) -> Any:
    repo = session.repository(options.on)
    showing.say(session.query(_require_query(rest), names, repo).url(repo.url))
    return None


def _explain(session: SensenetSession, options: argparse.Namespace, rest: str, names: Names) -> Any:
    from .explaining import explain

    facts = getattr(names.get(rest), "attrs", {}).get(KEY) if rest.isidentifier() else None
    if facts and facts.get("query"):
        rest = str(facts["query"])  # the frame of a notebook, by its name
    repo = session.repository(options.on)
    refer = session.resolver_of(repo)
    text, added = _require_query(rest), session.definitions_of(repo)
    place, asked = split_cell(text, names, lambda: repo.schema.fields, refer, added)
    return explain(place, asked, repo.schema, session.base or repo.base, repo.added_fields)


def _save(session: SensenetSession, options: argparse.Namespace, rest: str, names: Names) -> Any:
    given = {k: v for k, v in vars(options).items() if v is not None and k != "help"}
    frame = _evaluate_name(rest or "None", "frame", names)
    if not hasattr(frame, "sn"):
        raise UsageError("no frame to save. Name one: %sensenet save tasks")
    return frame.sn.save(**given)


def _edit(session: SensenetSession, options: argparse.Namespace, rest: str, names: Names) -> Any:
    return _get_frame(rest, "edit", names).sn.edit()


def _plan(session: SensenetSession, options: argparse.Namespace, rest: str, names: Names) -> Any:
    return _get_frame(rest, "plan", names).sn.plan()


def _get_frame(name: str, command: str, names: Names) -> Any:
    frame = _evaluate_name(name or "None", "frame", names)
    if not hasattr(frame, "sn"):
        raise UsageError(f"no frame to {command}. Name one: %sensenet {command} tasks")
    return frame


def _undo(session: SensenetSession, options: argparse.Namespace, rest: str, names: Names) -> Any:
    from ..recovering import undo  # on use: it loads frames

    if rest:
        return undo(_evaluate_name(rest, "report", names))
    from ..frames.writes.latest import latest

    if not latest.began:
        raise UsageError("there is no save to undo yet; name a report: %sensenet undo report")
    report = latest.report
    if report is None or report.journal is None:
        raise UsageError(
            "the last save changed nothing, so there is nothing to undo; to undo an earlier one, name its "
            "report or its journal (sn_pandas.journals() lists them): %sensenet undo report"
        )
    return undo(report)


def _show_history(session: SensenetSession, options: argparse.Namespace, rest: str, names: Names) -> Any:
    if options.run is not None:
        return session.read(session.history[options.run].asked, names)
    if options.clear:
        session.history.clear()
    return session.history.frame()


def _evaluate_name(text: str, what: str, names: Names) -> Any:
    """Return the value of a name or an expression after a command."""
    if text.isidentifier() and text not in names and not hasattr(builtins, text):
        candidates = sorted(name for name, value in names.items() if _is_a(what, value) and name[0] != "_")
        raise UsageError(unknown(what, text, candidates, where=" in the notebook", list_all=True))
    return evaluate(text, names)


def _is_a(what: str, value: Any) -> bool:
    if what == "report":
        return hasattr(value, "retry")
    return KEY in getattr(value, "attrs", ())


def _require_query(text: str) -> str:
    if not text:
        raise UsageError("the query is missing: write a path, and options after a question mark")
    return text


def _find_command(
    usage: str, about: str, run: Any, *options: tuple[str, dict[str, Any]]
) -> tuple[str, Command]:
    """Return a command by name, the first word of its usage; the others are its arguments."""
    name = usage.partition(" ")[0]
    parser = Parser(usage, about)
    for option, facts in options:
        parser.add_argument(option, **facts)
    return name, Command(parser, run)


_ON = ("--on", {"metavar": "CONNECTION", "help": "the connection to use"})
COMMANDS: dict[str, Command] = dict(
    [
        _find_command(
            "connect [ADDRESS]",
            "connect to a repository and use it: an address, a named server, embedded:///file, or nothing",
            _connect,
            ("--api-key-env", {"metavar": "VARIABLE", "help": "the environment variable with the API key"}),
            (
                "--token-env",
                {"metavar": "VARIABLE", "help": "the environment variable with the bearer token"},
            ),
            ("--client-id", {"metavar": "ID", "help": "the id of a client of the authority"}),
            (
                "--client-secret-env",
                {"metavar": "VARIABLE", "help": "the environment variable with the secret of the client"},
            ),
            (
                "--send-secret",
                {"choices": ["body", "basic"], "help": "how to send the secret; detected by default"},
            ),
            (
                "--authority",
                {
                    "metavar": "ADDRESS",
                    "help": "the authority that issues tokens, if not the one that the server names",
                },
            ),
            ("--browser", {"action": "store_true", "help": "sign in as yourself, in the browser"}),
            (
                "--link",
                {"action": "store_true", "help": "the same with a link, where no browser can be opened"},
            ),
            (
                "--login",
                {"metavar": "NAME", "help": "sign in as yourself with sn-auth, which asks for the password"},
            ),
            (
                "--keep",
                {
                    "action": "store_true",
                    "default": None,
                    "help": "keep the newest refresh token in the keyring",
                },
            ),
            (
                "--no-keep",
                {
                    "action": "store_false",
                    "dest": "keep",
                    "default": None,
                    "help": "keep nothing in the keyring, not even with --login",
                },
            ),
            ("--anonymous", {"action": "store_true", "help": "connect anonymously, as the Visitor"}),
            (
                "--read-only",
                {"action": "store_true", "help": "reject every request that would change something"},
            ),
            (
                "--max-requests-per-second",
                {"type": float, "metavar": "N", "help": "the maximum rate; further requests wait"},
            ),
            (
                "--application",
                {"metavar": "NAME/VERSION", "help": "the name of this application in the server logs"},
            ),
            ("--user", {"metavar": "NAME", "help": "the user to open an embedded repository as"}),
            ("--name", {"metavar": "NAME", "help": "the name of the connection"}),
        ),
        _find_command(
            "use NAME", "use another connection: its name, or a variable that holds a repository", _use
        ),
        _find_command(
            "status", "show the connections, their users and the number of unsaved cells", _show_status
        ),
        _find_command("disconnect [NAME]", "close a connection", _disconnect),
        _find_command("browse [PATH]", "show the tree below a path", _browse, _ON),
        _find_command(
            "types [TYPE]", "list the content types, or one with those derived from it", _show_types, _ON
        ),
        _find_command(
            "fields (TYPE … | PATH)",
            "list the fields of types, or of the contents at a path",
            _show_fields,
            _ON,
        ),
        _find_command("count PATH", "count the contents that a query finds", _count, _ON),
        _find_command("url PATH", "print the address that a query is sent to", _show_url, _ON),
        _find_command(
            "explain (PATH | FRAME)",
            "explain what the server will do with a query, or did for a frame, and its pitfalls",
            _explain,
            _ON,
        ),
        _find_command(
            "save FRAME",
            "save the edited cells of a frame",
            _save,
            ("--dry-run", {"action": "store_true", "help": "only show what would be sent"}),
            (
                "--on-conflict",
                {
                    "choices": ["raise", "skip", "overwrite"],
                    "help": "what to do when somebody else changed the same cells",
                },
            ),
            ("--on-error", {"choices": ["collect", "raise"], "help": "continue after a failure, or stop"}),
            ("--create", {"action": "store_true", "help": "create contents from rows without an id"}),
        ),
        _find_command("edit FRAME", "edit a frame in a grid, like a spreadsheet", _edit),
        _find_command("plan FRAME", "show what a save would send, to be approved and applied later", _plan),
        _find_command("undo [REPORT]", "undo the last save, or that of a report", _undo),
        _find_command(
            "history",
            "list the queries of this session",
            _show_history,
            ("--run", {"type": int, "metavar": "NUMBER", "help": "run one again, with today's values"}),
            ("--clear", {"action": "store_true", "help": "forget them"}),
        ),
    ]
)
