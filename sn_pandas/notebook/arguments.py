"""The words after ``%sensenet`` and ``%%sensenet``: options, the name of the result, the query."""

from __future__ import annotations

import argparse
import dataclasses
import re
import textwrap
from collections.abc import Iterable
from keyword import iskeyword
from typing import Any, NoReturn

from IPython.core.error import UsageError
from IPython.core.magic_arguments import MagicArgumentParser

from ..odata.errors import alternatives, did_you_mean
from .cells import strip_comment

#: Characters of a line of help: a terminal has 80.
_WIDE = 80
_WORD = re.compile(r"(?:'[^']*'|\"[^\"]*\"|[^\s'\"])+|\S+")
_NAMED = re.compile(r"\s*([^\W\d]\w*)\s*<<\s*(.*)", re.DOTALL)
_PLACE = re.compile(r"/|content\(|https?://|\{|[\w.-]+/", re.IGNORECASE)
_NAME_AND_PLACE = re.compile(rf"([^\W\d]\w*)(?:\s+((?:{_PLACE.pattern}).*))?", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class Asked:
    """A parsed cell or line: the text of a query, and options for its result."""

    text: str
    name: str | None = None
    on: str | None = None
    limit: int | None = None
    page_size: int | None = None
    quiet: bool = False


class Parser(MagicArgumentParser):
    """An argument parser with short errors, whose options may occur among other text."""

    def __init__(self, name: str, description: str) -> None:
        super().__init__(f"sensenet {name}".strip(), description=description)  # type: ignore[no-untyped-call]  # IPython's is untyped
        self.add_argument("-h", "--help", action="store_true", help="show this help")

    def error(self, message: str) -> NoReturn:
        """Raise an error that IPython shows without a traceback."""
        raise UsageError(f"{message}. {self.format_usage().removeprefix('::').strip()} (more with --help)")

    def format_help(self) -> str:
        """Return the help as people read it: IPython's begins as reStructuredText."""
        text: str = super().format_help()
        paragraphs = text.removeprefix("::").strip().split("\n\n")
        return "\n\n".join(part if "\n" in part else textwrap.fill(part, _WIDE) for part in paragraphs)

    def options(self) -> list[str]:
        """Return the long options."""
        return [name for name in self._option_string_actions if name.startswith("--")]

    def split(self, text: str) -> tuple[argparse.Namespace, str]:
        """Extract the options from a text, and return them and the unchanged rest."""
        options: list[str] = []
        rest: list[str] = []
        position = 0
        words = iter(_WORD.finditer(text))
        for word in words:
            name, _, value = word[0].partition("=")
            action = self._option_string_actions.get(name)
            if action is None:
                if re.match(r"--[a-z]", word[0]):
                    hint = did_you_mean(name, self._option_string_actions)
                    raise UsageError(f"there is no option {name}.{hint or ' See --help'}")
                continue
            rest.append(text[position : word.start()])
            position = word.end()
            options.append(name)
            if action.nargs != 0:
                following = None if value else next(words, None)
                options.append(strip_quotes(value or (following[0] if following else "")))
                position = following.end() if following else position
        rest.append(text[position:])
        namespace, _ = self.parse_known_args([o for o in options if o])
        return namespace, "".join(rest).strip()


def _create_cell_parser() -> Parser:
    parser = Parser(
        "[NAME <<] PATH",
        "Read contents into a typed frame. %sensenet takes the query in one line; %%sensenet takes a path "
        "and then one option a line ($select=…, $filter=…, query=…). {expression} inserts a value of the "
        "notebook, # begins a comment, and a ; at the end suppresses the output.",
    )
    parser.add_argument("--name", metavar="NAME", help="the variable to store the frame in; also: NAME << …")
    parser.add_argument("--limit", type=int, metavar="N", help="the maximum number of rows; 0 for all")
    parser.add_argument("--on", metavar="CONNECTION", help="the connection to read from")
    parser.add_argument("--page-size", type=int, metavar="N", help="rows per request")
    return parser


CELL = _create_cell_parser()


def parse(line: str, cell: str | None) -> Asked:
    """Parse a cell or line that reads.

    Raises
    ------
    UsageError
        If it cannot be understood.
    """
    line = strip_comment(line)
    line, quiet = _strip_semicolon(line) if cell is None else (line, False)
    if cell is not None:
        cell, quiet = _strip_semicolon(cell)
    options, rest = CELL.split(line)
    name = options.name
    if match := _NAMED.fullmatch(rest):
        name, rest = match.groups()
    elif cell is not None and (match := _NAME_AND_PLACE.fullmatch(rest)):
        name, rest = match[1], match[2] or ""
    elif cell is not None and rest and not _PLACE.match(rest) and "?" not in rest:
        raise UsageError(
            f"{rest!r} cannot follow %%sensenet, which takes the name of the result, a path, or both, such "
            "as %%sensenet tasks. The path may also be on the next line, and a ; ends the cell"
        )
    if name is not None and (not name.isidentifier() or iskeyword(name)):
        raise UsageError(f"{name!r} is not a valid variable name")
    for value, what in ((options.limit, "--limit"), (options.page_size, "--page-size")):
        if value is not None and value < 0:
            raise UsageError(f"{what} cannot be negative, it is {value}")
    text = f"{rest}\n{cell}" if cell is not None else rest
    return Asked(text, name, options.on, options.limit, options.page_size, quiet)


def split_word(line: str) -> tuple[str, str]:
    """Split a line at its first blank."""
    word, _, rest = line.strip().partition(" ")
    return word, rest.strip()


def is_query(line: str) -> bool:
    """Return whether a line is a query and not a command."""
    return bool(_PLACE.match(line.strip()) or _NAMED.fullmatch(line) or line.strip().startswith("--"))


def create_unknown_error(word: str, choices: Iterable[str]) -> UsageError:
    """Create the error for a word that is not a command."""
    choices = list(choices)
    hint = did_you_mean(word, choices) or f"{alternatives(word, choices)}; or a path such as /Root/Content"
    return UsageError(f"%sensenet has no command {word!r}.{hint}")


def strip_quotes(word: str) -> str:
    """Remove the quotes around a word."""
    return word[1:-1] if len(word) > 1 and word[0] == word[-1] and word[0] in "\"'" else word


def _strip_semicolon(text: str) -> tuple[str, Any]:
    lines = text.rstrip().split("\n")
    while len(lines) > 1 and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
        del lines[-1]
    lines[-1] = strip_comment(lines[-1]).rstrip()
    return ("\n".join(lines)[:-1], True) if lines[-1].endswith(";") else (text, False)
