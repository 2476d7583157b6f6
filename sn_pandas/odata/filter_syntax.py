"""The grammar of ``$filter``: a text as a tree, as the server reads it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import functools
import re
from collections.abc import Callable
from typing import Any

from .tokens import filter_tokens

_STEP = re.compile(r"/|#?[^/#]+|#")
_COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")


@dataclasses.dataclass(frozen=True)
class Literal:
    """A constant; ``kind`` is ``text``, ``number``, ``date`` or ``word``."""

    kind: str
    text: str


@dataclasses.dataclass(frozen=True)
class Member:
    """A field, or a path of steps."""

    steps: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Call:
    """A function of the language, an arithmetic operator or a sign."""

    name: str
    arguments: tuple[Node, ...]


@dataclasses.dataclass(frozen=True)
class Compare:
    """Two sides and one of ``eq ne lt le gt ge``."""

    operator: str
    left: Node
    right: Node


@dataclasses.dataclass(frozen=True)
class Not:
    """A negation."""

    inner: Node


@dataclasses.dataclass(frozen=True)
class Join:
    """Parts joined by ``and`` or ``or``."""

    operator: str
    parts: tuple[Node, ...]


Node = Literal | Member | Call | Compare | Not | Join


@functools.lru_cache(maxsize=64)  # who checks, explains or completes a query asks for the same text
def parse(text: str) -> Node | None:
    """Parse a filter; None for an invalid text, which is left to the server.

    Examples
    --------
    >>> parse("not (Name eq 'x')")
    Not(inner=Compare(operator='eq', left=Member(steps=('Name',)), right=Literal(kind='text', text="'x'")))
    """
    tokens: list[tuple[str, str]] = []
    for kind, token in filter_tokens(text):
        if kind == "other":
            return None
        if kind == "word":
            tokens += (("mark" if step == "/" else kind, step) for step in _STEP.findall(token))
        elif kind != "blank":
            tokens.append((kind, token))
    try:
        parser = _Parser(tokens)
        node = parser.join("or", lambda: parser.join("and", parser.equality))
    except (IndexError, ValueError, RecursionError):
        return None
    return node if parser.at == len(tokens) else None


def value_of(literal: Literal) -> Any:
    """Return a constant as a Python value; an invalid date as its text.

    Examples
    --------
    >>> value_of(Literal("text", "'it''s'")), value_of(Literal("number", "1.50m"))
    ("it's", Decimal('1.50'))
    """
    text = literal.text
    if literal.kind == "text":
        return text[1:-1].replace("''", "'")
    if literal.kind == "number":
        number = re.sub(r"[LmMdDf]$", "", text)
        return int(number) if number.lstrip("+-").isdecimal() else decimal.Decimal(number)
    if literal.kind == "date":
        try:
            return dt.datetime.fromisoformat(text[1:-1])
        except ValueError:
            return text[1:-1]
    return {"true": True, "false": False}.get(text)


def members(node: Node) -> list[Member]:
    """Return all members of a tree."""
    match node:
        case Member():
            return [node]
        case Literal():
            return []
        case Call():
            return [m for a in node.arguments for m in members(a)]
        case Not():
            return members(node.inner)
        case Join():
            return [m for part in node.parts for m in members(part)]
        case _:
            return [*members(node.left), *members(node.right)]


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens = tokens
        self.at = 0

    def _peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("", "")

    def _take(self) -> tuple[str, str]:
        token = self.tokens[self.at]
        self.at += 1
        return token

    def _expect(self, mark: str) -> None:
        if self._take() != ("mark", mark):
            raise ValueError(mark)

    def join(self, operator: str, inner: Callable[[], Node]) -> Node:
        parts: list[Node] = [inner()]
        while self._peek() == ("word", operator):
            self.at += 1
            parts.append(inner())
        return parts[0] if len(parts) == 1 else Join(operator, tuple(parts))

    def equality(self) -> Node:
        return self._chain(("eq", "ne"), self.relation)

    def relation(self) -> Node:
        return self._chain(("lt", "le", "gt", "ge"), self.sum)

    def sum(self) -> Node:
        return self._chain(("add", "sub"), self.product)

    def product(self) -> Node:
        return self._chain(("mul", "div", "mod"), self.unary)

    def _chain(self, operators: tuple[str, ...], inner: Callable[[], Node]) -> Node:
        left: Node = inner()
        kind, word = self._peek()
        if kind == "word" and word in operators:
            self.at += 1
            right = self._chain(operators, inner)  # the server's operators lean to the right
            return Compare(word, left, right) if word in _COMPARISONS else Call(word, (left, right))
        return left

    def unary(self) -> Node:
        if self._peek() == ("word", "not"):
            self.at += 1
            return Not(self.unary())
        if self._peek() in (("mark", "-"), ("mark", "+")):
            sign, inner = self._take()[1], self.unary()
            if isinstance(inner, Literal) and inner.kind == "number" and inner.text[0] not in "+-":
                return Literal("number", sign + inner.text)
            return Call(sign, (inner,))
        return self.primary()

    def primary(self) -> Node:
        kind, text = self._take()
        if kind in ("text", "number"):
            return Literal(kind, text)
        if (kind, text) == ("mark", "("):
            node = self.join("or", lambda: self.join("and", self.equality))
            self._expect(")")
            return node
        if kind != "word":
            raise ValueError(text)
        if text in ("null", "NULL", "true", "false"):
            return Literal("word", text)
        if text == "datetime" and self._peek()[0] == "text":
            return Literal("date", self._take()[1])
        if self._peek() == ("mark", "("):
            return self._call(text)
        steps = [text]
        while self._peek() == ("mark", "/"):
            self.at += 1
            kind, step = self._take()
            if kind != "word":
                raise ValueError(step)
            steps.append(step)
        return Member(tuple(steps))

    def _call(self, name: str) -> Node:
        self._expect("(")
        if self._peek() == ("mark", ")"):
            self.at += 1
            return Member((name,))  # the server takes a pair of parentheses behind a member for nothing
        arguments = [self.join("or", lambda: self.join("and", self.equality))]
        while self._peek() == ("mark", ","):
            self.at += 1
            arguments.append(self.join("or", lambda: self.join("and", self.equality)))
        self._expect(")")
        return Call(name.lower(), tuple(arguments))
