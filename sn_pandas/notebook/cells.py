"""Parse the text of a cell, with comments, continued lines and ``{values}``, into a query."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..odata.contentqueries import Clause
from ..odata.errors import QueryError, SensenetError, did_you_mean
from ..odata.fields import of_some_contents
from ..odata.filters import Filter
from ..odata.query import Query
from ..odata.query_text import split
from ..odata.refs import Ref
from ..odata.schema import Field
from ..odata.tokens import FILTER_TEXT, without_texts
from .values import BEGIN, END, MARK, fill

Fields = Callable[[], Mapping[str, Field]]
#: Returns fields of lists and aspects, of a place and names; a flag says whether the tree below is searched.
Added = Callable[[str, set[str], bool], Mapping[str, Field]]
_OPTION = re.compile(r"\$?[A-Za-z]+\s*=")
_START = re.compile(r"(\$?[A-Za-z]+)=")
#: Characters that a cell has at most; a query of more could not be sent.
_LONGEST = 50_000
#: Characters and brackets within brackets that an expression has at most.
_LONGEST_VALUE, _DEEPEST = 2_000, 20
_QUOTED = rf"(?<!\w){FILTER_TEXT}|(?<!\w)\"(?:[^\"\\]|\\.)*\""
#: A text in quotes, or a comment behind something: a # between blanks.
_BEHIND = re.compile(rf"{_QUOTED}|(\s+#(?:\s.*)?$)")
#: A text in quotes, or a word behind a # that is not a field of a content query.
_WORD = re.compile(rf"{_QUOTED}|\s#(?!\w+:)(\w+)")
#: A line that names fields of a list, whose names begin with a #.
_LIST_FIELDS = re.compile(r"#\w+(?:/\w+)*(?:\s+(?:asc|desc))?\s*(?:,.*)?", re.IGNORECASE)
#: A line that may be a condition on a field of a list, or one that was taken out.
_LIST_CONDITION = {
    "query": re.compile(r"#\w+:"),
    "$filter": re.compile(r"#\w+\s+(?:eq|ne|gt|ge|lt|le)\b", re.IGNORECASE),
}
#: A name that may be that of a field of a list or an aspect.
_ADDED = re.compile(r"#\w+|(?<![\w#/.])[A-Za-z]\w*[./]\w+(?![\w/.])")
#: What matters in an expression: texts, which may hold brackets, and brackets.
_BRACKET = re.compile(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"|[{}()\[\]\n]")


def query_of(
    text: str,
    names: Mapping[str, Any],
    fields: Fields,
    base: str = "/Root",
    refer: Callable[[Ref], int] | None = None,
    added: Added | None = None,
) -> Query:
    r"""Create the query of a cell.

    Parameters
    ----------
    text : str
        A path, then one option a line; ``#`` begins a comment, an indented line goes on with the one
        before it, and ``{expression}`` stands for a value of the notebook.
    names : mapping
        What the expressions may use.
    fields : callable
        Gives the fields of the repository by name; called only if there are expressions.
    base : str
        What a relative path is below.
    refer : callable, optional
        Gives the id of the content that a reference by name stands for.
    added : callable, optional
        Gives the fields of lists and aspects that conditions with values name.

    Raises
    ------
    QueryError
        If the text cannot be understood, or a value does not fit where it stands.

    Examples
    --------
    >>> fields = {"Name": Field("Name", "ShortText")}
    >>> print(query_of("Content/IT\n$filter=Name eq {n}\n# done", {"n": "it's"}, lambda: fields))
    /Root/Content/IT
    $filter=Name eq 'it''s'
    """
    return Query.of(*split_cell(text, names, fields, refer, added), base=base)


def split_cell(
    text: str,
    names: Mapping[str, Any],
    fields: Fields,
    refer: Callable[[Ref], int] | None = None,
    added: Added | None = None,
) -> tuple[str, list[tuple[str, str]]]:
    """Return the place and the options of a cell, with the values inserted."""
    whole = join_lines(text)
    marked, expressions = mark(whole)
    values = [evaluate(expression, names) for expression in expressions]
    if refer is not None:
        values = [_resolve_refs(value, refer) for value in values]
    try:
        place, pairs = split(marked)
    except QueryError:
        split(whole)  # says the same about the text as it was written
        raise
    for key, _ in pairs:
        if named := MARK.search(key):
            raise QueryError(
                f"{{{expressions[int(named[1])]}}} is in the name of an option; values are only allowed "
                "after the ="
            )
    definitions = fields() if expressions else {}
    place = fill("", place, values, definitions)
    conditions = {key.lower(): text for key, text in pairs if key.lower() in ("$filter", "query")}
    added_names = _added_names(conditions.values(), values)
    if expressions and added_names and added is not None:
        definitions = {**definitions, **added(place, added_names, "query" in conditions)}
    return place, [(key, fill(key.lower(), template, values, definitions)) for key, template in pairs]


def _added_names(conditions: Iterable[str], values: Iterable[Any]) -> set[str]:
    """Return the names in conditions that may be fields of lists or aspects."""
    words = {word for text in conditions for word in _ADDED.findall(without_texts(text))}
    made = {name for value in values if isinstance(value, (Filter, Clause)) for name in value.names()}
    return {name for name in (word.replace("/", ".") for word in words | made) if of_some_contents(name)}


def _resolve_refs(value: Any, refer: Callable[[Ref], int]) -> Any:
    """Return a value with ids in place of references by name."""
    if isinstance(value, Ref):
        return refer(value)
    if isinstance(value, (list, tuple)):
        return [refer(item) if isinstance(item, Ref) else item for item in value]
    return value


def join_lines(text: str) -> str:
    r"""Drop comments and empty lines, and join lines that go on indented.

    A comment is a line that begins with ``#``, or what stands behind a ``#`` between blanks. Fields of lists
    have names with a ``#``, so a line that may be either is refused.

    Raises
    ------
    QueryError
        If the text is too long for a query, or something may be a comment or a part of the query.

    Examples
    --------
    >>> join_lines("/Root/Content  # all\n# why\n$filter=Index gt 5\n    # small\n    and Index lt 9")
    '/Root/Content\n$filter=Index gt 5 and Index lt 9'
    """
    if len(text) > _LONGEST:
        raise QueryError(
            f"the cell has {len(text):,} characters, and a query has at most {_LONGEST:,}. Put long lists of "
            "values into a variable: Id eq {ids}"
        )
    lines: list[str] = []
    for line in text.splitlines():
        goes_on = _continues(line, lines)
        option = lines[-1].partition("=")[0].lower() if goes_on else ""
        bare = strip_comment(line.strip())
        if not bare or (bare.startswith("#") and _is_comment(bare, option)):
            continue
        if goes_on and not _OPTION.match(bare):
            lines[-1] += bare if bare.startswith("&") else f" {bare}"
        else:
            lines.append(bare)
        if lines[-1].lower().startswith("query="):
            _refuse_words(lines[-1])
    return "\n".join(lines)


def strip_comment(line: str) -> str:
    """Remove a comment at the end of a line: a ``#`` between blanks, outside of quotes, and what follows.

    Examples
    --------
    >>> strip_comment("query=Name:'a # b'  # why")
    "query=Name:'a # b'"
    """
    for match in _BEHIND.finditer(line):
        if match[1] is not None:
            return line[: match.start()]
    return line


def mark(text: str) -> tuple[str, list[str]]:
    """Put a mark for each ``{expression}``; ``{{`` and whatever is not an expression stay as they are.

    Examples
    --------
    >>> mark("{n} {{x}} {3 TO 5}")[1]
    ['n']
    """
    if BEGIN in text or END in text:
        raise QueryError("the cell contains a private-use character, which is not allowed in a query")
    pieces: list[str] = []
    expressions: list[str] = []
    position = 0
    while (start := text.find("{", position)) >= 0:
        pieces.append(text[position:start])
        end = None if text.startswith("{{", start) else _find_end(text, start)
        if end is None:
            position = start + (2 if text.startswith("{{", start) else 1)
            pieces.append(text[start:position])
        else:
            pieces.append(f"{BEGIN}{len(expressions)}{END}")
            expressions.append(text[start + 1 : end].strip())
            position = end + 1
    return "".join([*pieces, text[position:]]), expressions


def evaluate(expression: str, names: Mapping[str, Any]) -> Any:
    """Return the value of an expression.

    Raises
    ------
    QueryError
        If it has none.
    """
    try:
        return eval(compile(expression, f"{{{expression}}}", "eval"), dict(names))
    except NameError as error:
        missing = error.name or expression
        hint = did_you_mean(missing, [n for n in names if not n.startswith("_")])
        raise QueryError(
            f"{{{expression}}}: {missing!r} is not defined in the notebook.{hint} (double the braces that "
            "are meant literally)"
        ) from None
    except SensenetError:
        raise
    except Exception as error:
        raise QueryError(f"{{{expression}}}: {type(error).__name__}: {error}") from error


def _continues(line: str, lines: list[str]) -> bool:
    """Return whether an indented line continues the option before it."""
    return bool(lines) and line[:1].isspace() and bool(_START.match(lines[-1]))


def _is_comment(line: str, option: str) -> bool:
    """Return whether a line that begins with ``#`` is a comment, within an option or outside of one ("").

    Raises
    ------
    QueryError
        If it may be a condition as well.
    """
    if option in ("$select", "$expand", "$orderby") and _LIST_FIELDS.fullmatch(line):
        return False
    if option in _LIST_CONDITION and _LIST_CONDITION[option].match(line):
        both = "AND" if option == "query" else "and"
        raise QueryError(
            f"{line!r} may be a comment or a condition on a list field. A comment needs a blank after the #; "
            f"a condition must begin with its operator: {both} {line}"
        )
    return True


def _refuse_words(query: str) -> None:
    """Raise for a comment without a blank in a content query, which would change its result."""
    for match in _WORD.finditer(query):
        if match[1]:
            raise QueryError(
                f"#{match[1]} is not a field in this content query. A comment needs a blank after the #, and "
                "a "
                f'text needs quotes: "#{match[1]}"'
            )


def _find_end(text: str, start: int) -> int | None:
    """Find the brace that closes an expression, if it is a valid one."""
    depth = 0
    for match in _BRACKET.finditer(text, start, start + _LONGEST_VALUE):
        if match[0] == "\n" or depth > _DEEPEST:
            return None
        if match[0] in "{([":
            depth += 1
        elif match[0] in "})]":
            depth -= 1
            if not depth:
                return match.start() if _is_expression(text[start + 1 : match.start()]) else None
    return None


def _is_expression(text: str) -> bool:
    try:
        ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return True
