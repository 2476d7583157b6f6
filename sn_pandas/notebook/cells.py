"""The text of a cell: comments, continued lines and ``{values}``, made into a query."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from typing import Any

from ..odata.errors import QueryError, SensenetError, did_you_mean
from ..odata.query import Query, split
from ..odata.schema import Field
from .values import BEGIN, END, fill

Fields = Callable[[], Mapping[str, Field]]
_OPTION = re.compile(r"\$?[A-Za-z]+\s*=")
_START = re.compile(r"(\$?[A-Za-z]+)=")


def query_of(text: str, names: Mapping[str, Any], fields: Fields, base: str = "/Root") -> Query:
    r"""Make the query that a cell means.

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
    return Query.of(*parts_of(text, names, fields), base=base)


def parts_of(text: str, names: Mapping[str, Any], fields: Fields) -> tuple[str, list[tuple[str, str]]]:
    """Give the place and the options of a cell, with the values in their places."""
    marked, expressions = mark(joined(text))
    values = [evaluate(expression, names) for expression in expressions]
    place, pairs = split(marked)
    known = fields() if expressions else {}
    filled = [(key, fill(key.lower(), template, values, known)) for key, template in pairs]
    return fill("", place, values, known), filled


def joined(text: str) -> str:
    r"""Drop comments and empty lines, and join lines that go on indented.

    Examples
    --------
    >>> joined("/Root/Content  \n# why\n$filter=Index gt 5\n    and Index lt 9")
    '/Root/Content\n$filter=Index gt 5 and Index lt 9'
    """
    lines: list[str] = []
    for line in text.splitlines():
        bare = line.strip()
        if not bare or (bare.startswith("#") and not _goes_on(line, lines)):
            continue
        if _goes_on(line, lines) and not _OPTION.match(bare):
            lines[-1] += bare if bare.startswith("&") else f" {bare}"
        else:
            lines.append(bare)
    return "\n".join(lines)


def mark(text: str) -> tuple[str, list[str]]:
    """Put a mark for each ``{expression}``; ``{{`` and whatever is no expression stay as they are.

    Examples
    --------
    >>> mark("{n} {{x}} {3 TO 5}")[1]
    ['n']
    """
    if BEGIN in text or END in text:
        raise QueryError("the cell holds a private character, which no query needs")
    pieces: list[str] = []
    expressions: list[str] = []
    position = 0
    while (start := text.find("{", position)) >= 0:
        pieces.append(text[position:start])
        end = None if text.startswith("{{", start) else _end(text, start)
        if end is None:
            position = start + (2 if text.startswith("{{", start) else 1)
            pieces.append(text[start:position])
        else:
            pieces.append(f"{BEGIN}{len(expressions)}{END}")
            expressions.append(text[start + 1 : end].strip())
            position = end + 1
    return "".join([*pieces, text[position:]]), expressions


def evaluate(expression: str, names: Mapping[str, Any]) -> Any:
    """Give the value of an expression.

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
            f"{{{expression}}}: there is no {missing!r} in the notebook.{hint}"
            " (braces that are meant as text are doubled)"
        ) from None
    except SensenetError:
        raise
    except Exception as error:
        raise QueryError(f"{{{expression}}}: {type(error).__name__}: {error}") from error


def _goes_on(line: str, lines: list[str]) -> bool:
    """Whether an indented line continues the option before it."""
    return bool(lines) and line[:1].isspace() and bool(_START.match(lines[-1]))


def _end(text: str, start: int) -> int | None:
    """Find the brace that closes an expression: the first that leaves valid Python."""
    end = text.find("}", start)
    line = text.find("\n", start)
    while end >= 0 and (line < 0 or end < line):
        try:
            ast.parse(text[start + 1 : end].strip(), mode="eval")
            return end
        except SyntaxError:
            end = text.find("}", end + 1)
    return None
