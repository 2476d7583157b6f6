"""Tab completion in a cell or line of ``%sensenet``: options, paths, fields, operators, values, names."""

from __future__ import annotations

import re
import weakref
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..odata.addresses import normalize
from ..odata.errors import SensenetError
from ..odata.filter_rules import COMPARISONS, functions_for, operators_for, order_refusal
from ..odata.tokens import filter_tokens
from . import arguments, commands
from .catalogue import Catalogue
from .cells import join_lines

if TYPE_CHECKING:
    from ..frames.repository import Repository
    from ..odata.schema import ContentType, Field
    from .session import SensenetSession

#: What is replaced, and what it can become with the kind of each.
Offer = tuple[str, list[tuple[str, str]]]
_NOTHING: Offer = ("", [])
_LINE = re.compile(r"\s*(?:[\w., ]+=\s*)?%%?sensenet\b[ \t]?(.*)", re.DOTALL)
OPTIONS = (
    "$select=",
    "$filter=",
    "$orderby=",
    "$top=",
    "$skip=",
    "$expand=",
    "query=",
    "enableautofilters=",
    "enablelifespanfilter=",
    "version=",
)
FUNCTIONS = ("startswith(", "endswith(", "substringof(", "isof(", "not (")
OPERATORS = ("eq", "ne", "gt", "ge", "lt", "le")
TEMPLATES = (
    "@@CurrentUser@@",
    "@@CurrentDate@@",
    "@@Today@@",
    "@@CurrentTime@@",
    "@@Yesterday@@",
    "@@Tomorrow@@",
    "@@CurrentWeek@@",
    "@@CurrentMonth@@",
    "@@CurrentYear@@",
    "@@NextWorkday@@",
    "@@NextWeek@@",
    "@@NextMonth@@",
    "@@NextYear@@",
    "@@PreviousWorkday@@",
    "@@PreviousWeek@@",
    "@@PreviousMonth@@",
    "@@PreviousYear@@",
)
CONTROLS = (".AUTOFILTERS:OFF", ".LIFESPAN:ON", ".TOP:", ".SKIP:", ".SORT:", ".REVERSESORT:", ".ALLVERSIONS")


class Completion:
    """Tab completion.

    Parameters
    ----------
    session : SensenetSession
        Knows the connections, the configuration and the notebook's variables.
    """

    def __init__(self, session: SensenetSession) -> None:
        self._session = session
        self._catalogues: weakref.WeakKeyDictionary[Repository, Catalogue] = weakref.WeakKeyDictionary()

    def offer(self, text: str, line: int, column: int) -> Offer | None:
        """Return the completions at a position of a cell; None for cells of other magics.

        Parameters
        ----------
        text : str
            The whole cell.
        line, column : int
            Where the cursor is, from 0.
        """
        lines = text.split("\n")
        before = lines[line][:column] if line < len(lines) else ""
        first = next((number for number, content in enumerate(lines) if content.strip()), 0)
        if line > first and lines[first].lstrip().startswith("%%sensenet"):
            return self._complete_expression(before) or self._complete_cell(
                lines[first], [*lines[first + 1 : line], before]
            )
        match = _LINE.fullmatch(before)
        if match is None or (lines[first].lstrip().startswith("%%") and line != first):
            return None
        return self._complete_expression(before) or self._complete_line(
            match[1], cell=before.lstrip().startswith("%%")
        )

    def close(self) -> None:
        """Stop the threads of the lookups."""
        for catalogue in self._catalogues.values():
            catalogue.close()
        self._catalogues.clear()

    def _get_catalogue(self, name: str | None = None) -> Catalogue | None:
        connections = self._session.connections
        try:
            repo = connections[name] if name else connections.current()[1]
        except SensenetError:
            return None
        if repo not in self._catalogues:
            self._catalogues[repo] = Catalogue(repo, self._session.completion_seconds)
        self._catalogues[repo].base = self._session.base or repo.base
        self._catalogues[repo].seconds = self._session.completion_seconds
        return self._catalogues[repo]

    def _complete_expression(self, before: str) -> Offer | None:
        """Offer the notebook's names inside of braces."""
        inside = before.rpartition("{")[2] if "{" in before else "}"
        if "}" in inside:
            return None
        word = _match_end(r"[\w.]*", inside)
        completer: Any = self._session.shell.Completer
        names = completer.attr_matches(word) if "." in word else completer.global_matches(word)
        return word, [(name, "instance") for name in names]

    def _complete_line(self, line: str, cell: bool) -> Offer:
        """Complete a line of ``%sensenet``."""
        words = line.split(" ")
        last = words[-1]
        command = commands.COMMANDS.get(words[0]) if len(words) > 1 and not cell else None
        parser = command.parser if command else arguments.CELL
        if last.startswith("--"):
            return last, [(option, "option") for option in parser.options() if option.startswith(last)]
        if len(words) > 1 and (
            words[-2] == "--on" or (words[0] in ("use", "disconnect") and len(words) == 2)
        ):
            return last, _match_names(last, self._session.connections, "connection")
        if words[0] == "connect" and len(words) == 2:
            from ..servers import server_names

            return last, _match_names(last, server_names(), "server")
        on = re.search(r"--on\s+(\S+)", line)
        catalogue = self._get_catalogue(on[1] if on else None)
        if len(words) == 1 and not cell and not re.match(r"[/{]|.*/", last):
            return last, _match_names(last, commands.COMMANDS, "command")
        if words[0] in ("types", "fields") and command and "/" not in last:
            return last, _match_names(last, (catalogue and catalogue.schema()) or {}, "type")
        if words[0] in ("edit", "plan", "save", "undo") and command:
            return last, self._list_variables(last, "retry" if words[0] == "undo" else "sn")
        if catalogue is None:
            return last, []
        query = line[len(words[0]) + 1 :] if command else re.sub(r"^\s*\w+\s*<<\s*", "", line)
        query = re.sub(r"--[\w-]+\s+\S+\s+", "", query)
        place, found, search = query.partition("?")
        if found:
            options = re.split(r"&(?=\$?[A-Za-z]*=?)", search)
            return self._option(options[-1], place, options[:-1], catalogue)
        return _complete_path(place.split(" ")[-1] if " /" in place else place, catalogue, catalogue.base)

    def _list_variables(self, start: str, mark: str) -> list[tuple[str, str]]:
        names = self._session.shell.user_ns
        found = [n for n, value in names.items() if n.startswith(start) and hasattr(value, mark)]
        return [(name, "instance") for name in found if not name.startswith("_")]

    def _complete_cell(self, first: str, lines: list[str]) -> Offer:
        """Complete the body of a cell."""
        head = _LINE.fullmatch(first)
        options, rest = arguments.CELL.split(head[1] if head else "")
        catalogue = self._get_catalogue(options.on)
        if catalogue is None or lines[-1].lstrip().startswith("#"):
            return _NOTHING
        given = rest.partition("<<")[2].strip() if "<<" in rest else rest.partition(" ")[2].strip()
        whole = (
            join_lines("\n".join([given, *lines])).split("\n")
            if given
            else join_lines("\n".join(lines)).split("\n")
        )
        last = lines[-1]
        if not last.strip() and len(whole) >= 1 and whole[0]:
            return "", [(option, "option") for option in _list_unused_options(whole[1:])]
        if len(whole) == 1 and not given:
            return _complete_path(last.strip(), catalogue, catalogue.base)
        return self._option(
            whole[-1] + ("" if whole[-1].endswith(last.strip()) and not last.endswith(" ") else " "),
            whole[0],
            whole[1:-1],
            catalogue,
        )

    def _option(self, text: str, place: str, others: list[str], catalogue: Catalogue) -> Offer:
        """Complete an option."""
        name, found, value = text.partition("=")
        if not found:
            return name, [
                (option, "option")
                for option in _list_unused_options(others)
                if option.startswith(name.lower())
            ]
        everywhere = any(other.startswith("query=") for other in others) or name == "query"
        fields = catalogue.fields(_normalize(place, catalogue.base), everywhere)
        name = name.strip().lower()
        if name in ("$select", "$expand"):
            return _complete_chain(
                value.rpartition(",")[2].strip(), fields, catalogue, references=name == "$expand"
            )
        if name == "$orderby":
            return _order(value.rpartition(",")[2].lstrip(), fields)
        if name == "$filter":
            return _complete_filter(value, fields, catalogue)
        if name == "query":
            return _complete_content_query(value, fields, catalogue)
        choices = {
            "version": ("lastmajor", "lastminor"),
            "enableautofilters": ("true", "false"),
            "enablelifespanfilter": ("true", "false"),
        }
        return value, _match_names(value, choices.get(name, ()), "value")


def _complete_path(text: str, catalogue: Catalogue, base: str) -> Offer:
    """Offer one level of the tree."""
    parent, slash, start = text.rpartition("/")
    if not slash:
        if text and not base.strip("/"):
            return text, []
        return text, [*_match_names(text, ("/Root/",), "path"), *_list_children(base, start, catalogue)]
    if not parent:
        return start, _match_names(start, ("Root/",), "path")
    place = _normalize(parent, base)
    return start, _list_children(place, start, catalogue) if isinstance(place, str) else []


def _list_children(place: str, start: str, catalogue: Catalogue) -> list[tuple[str, str]]:
    return [(name, kind) for name, kind in catalogue.children(place, start)]


def _complete_chain(text: str, fields: Mapping[str, Field], catalogue: Catalogue, references: bool) -> Offer:
    """Complete fields, or after a slash the fields of the referenced contents."""
    steps, _, start = text.rpartition("/")
    for step in steps.split("/") if steps else []:
        field = fields.get(step)
        if field is None or not field.is_reference:
            return start, []
        schema: Mapping[str, ContentType] = catalogue.schema() or {}
        types = [t for t in field.limits.get("AllowedTypes") or () if t in schema] or [
            "GenericContent",
            "User",
        ]
        fields = {name: f for t in types if t in schema for name, f in schema[t].fields.items()}
    names = [name for name, field in fields.items() if field.is_reference] if references else fields
    return start, _match_names(start, names, "field")


def _order(text: str, fields: Mapping[str, Field]) -> Offer:
    field, blank, start = text.partition(" ")
    if blank:
        return start, _match_names(start, ("asc", "desc"), "keyword")
    names = [n for n, f in fields.items() if not f.is_reference and not order_refusal(n, f)]
    return field, _match_names(field, names, "field")


def _complete_filter(text: str, fields: Mapping[str, Field], catalogue: Catalogue) -> Offer:
    """Complete fields, operators or values, depending on the text before the cursor."""
    if text.count("'") % 2:
        before, _, value = text.rpartition("'")
        if re.search(r"isof\(\s*$", before, re.IGNORECASE):
            return value, _match_names(value, catalogue.schema() or {}, "type")
        field = _find_compared_field(before, fields)
        options = [f"${option.value}" for option in field.options] if field and field.is_choice else []
        return value, _match_names(value, options, "value")
    word = _match_end(r"[^\s(),]*", text)
    before = text[: len(text) - len(word)]
    if field := _find_compared_field(before, fields):
        return word, _match_names(word, _list_literals(field), "value")
    tokens = before.split()
    last = re.split(r"[(\s]", before.rstrip())[-1] if before.rstrip() else ""
    if before.endswith(" ") and last in fields:
        return word, _match_names(word, operators_for(fields[last]) or OPERATORS, "operator")
    if (
        before.endswith(" ")
        and tokens
        and ((len(tokens) > 2 and tokens[-2] in OPERATORS) or before.rstrip().endswith(")"))
    ):
        return word, _match_names(word, ("and", "or"), "operator")
    if function := re.search(r"\b(startswith|endswith)\(\s*$", before):
        names = [name for name, field in fields.items() if function[1] in functions_for(field)]
        return word, _match_names(word, names, "field")
    names = [name for name, field in fields.items() if operators_for(field) or functions_for(field)]
    return word, [*_match_names(word, names, "field"), *_match_names(word, FUNCTIONS, "function")]


def _find_compared_field(before: str, fields: Mapping[str, Field]) -> Field | None:
    match filter_tokens(before)[-4:]:
        case [(_, name), ("blank", _), (_, operator), ("blank", _)] if operator in COMPARISONS:
            return fields.get(name.rpartition("/")[2])
    return None


def _list_literals(field: Field) -> list[str]:
    if field.is_choice:
        return [f"'${option.value}'" for option in field.options]
    if field.is_truth:
        return ["true", "false"]
    return ["datetime'"] if field.is_date else []


def _match_end(pattern: str, text: str) -> str:
    """Return the end of a text that matches a pattern; it may be empty."""
    found = re.search(f"{pattern}$", text)
    return found[0] if found else ""


def _complete_content_query(text: str, fields: Mapping[str, Field], catalogue: Catalogue) -> Offer:
    """Offer fields with a colon, values, control words or templates."""
    word = _match_end(r"[^\s()]*", text)
    bare = word.lstrip("+-!")
    if bare.startswith("."):
        return bare, _match_names(bare, CONTROLS, "keyword")
    name, colon, start = bare.partition(":")
    start = start.lstrip("<>=")
    if "@" in start or bare.startswith("@"):
        start = start if colon else bare
        return start, _match_names(start, TEMPLATES, "value")
    if colon:
        if name in ("Type", "TypeIs"):
            return start, _match_names(start, catalogue.schema() or {}, "type")
        field = fields.get(name)
        options = [f"${option.value}" for option in field.options] if field and field.is_choice else []
        if field and field.is_truth:
            options = ["yes", "no"]
        return start, _match_names(start, options, "value")
    names = [f"{name}:" for name in ("TypeIs", "InTree", "InFolder", *fields)]
    return bare, _match_names(bare, dict.fromkeys(names), "field")


def _normalize(place: str, base: str) -> str | int | None:
    try:
        return normalize(place.partition("?")[0], base)
    except SensenetError:
        return None


def _list_unused_options(others: Iterable[str]) -> list[str]:
    used = {other.partition("=")[0].strip().lower() + "=" for other in others}
    return [option for option in OPTIONS if option not in used]


def _match_names(start: str, names: Iterable[str], kind: str) -> list[tuple[str, str]]:
    """Return the names that begin with a text, in their own letter case."""
    return [(name, kind) for name in names if name.lower().startswith(start.lower())]
