"""Filters on fields of references, which a server would test on the rows, written as content queries."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from functools import reduce
from operator import and_, or_
from typing import Any

from .contentqueries import Clause, Q
from .field_names import refuse_scalar
from .fields import of_some_contents
from .filter_rules import FUNCTIONS, NO_DATE, WORD_KINDS, kind_of
from .filter_syntax import Call, Compare, Join, Literal, Member, Node, Not, members, parse, value_of
from .schema import Field
from .tokens import filter_tokens

#: References that every repository has; the schema tells of the others.
COMMON_REFERENCES = frozenset(
    "CreatedBy ModifiedBy Owner VersionCreatedBy VersionModifiedBy CheckedOutTo Workspace AssignedTo Manager "
    "Members BrowseApplication Image Link ApprovingUsers".split()
)
_TURNED = {"lt": "gt", "gt": "lt", "le": "ge", "ge": "le"}


@dataclasses.dataclass(frozen=True)
class Rewritten:
    """A filter of which a content query tests a part.

    Attributes
    ----------
    asked : str
        The filter as it was written.
    rest : str or None
        What of it stays a filter.
    clause : Clause
        What the content query tests.
    chains : tuple of str
        The fields of references: ``AssignedTo/FullName``.
    lists : bool
        Whether the direct children of a place are listed, rather than a content query searched with.
    """

    asked: str
    rest: str | None
    clause: Clause
    chains: tuple[str, ...]
    lists: bool = True

    def warning(self, words: str | None) -> str:
        """Return the warning of the filter and the content query, ``words``, that is sent instead."""
        return f"$filter={self.asked}: {self.note(words)}"

    def note(self, words: str | None) -> str:
        """Say what is sent instead of the filter, and why."""
        return (
            f"the server cannot test {' or '.join(self.chains)} in a filter, so it is sent as a content "
            f"query: query={words}"
        )


def is_chain(member: Member, fields: Mapping[str, Field]) -> bool:
    """Return whether a member of a filter is a field of a reference, not one of an aspect."""
    first = member.steps[0]
    return len(member.steps) > 1 and (first in COMMON_REFERENCES or first in fields)


def rewrite(text: str, fields: Mapping[str, Field]) -> Rewritten | None:
    """Return a filter with its conditions on fields of references as clauses; None if that cannot be done.

    Parts that are joined by ``and`` are taken apart: the others stay a filter.

    Raises
    ------
    QueryError
        If a condition goes through a field that is not a reference, or a value does not fit its field.

    Examples
    --------
    >>> fields = {"FullName": Field("FullName", "ShortText")}
    >>> found = rewrite("Index gt 5 and AssignedTo/FullName eq 'Olga'", fields)
    >>> found.rest, str(found.clause)
    ('Index gt 5', 'AssignedTo:{{FullName:"Olga"}}')
    """
    tree = parse(text) if "/" in text else None
    chains = [m for m in members(tree) if is_chain(m, fields)] if tree is not None else []
    if tree is None or not chains:
        return None
    for chain in chains:
        if chain.steps[0] in fields:
            refuse_scalar(fields[chain.steps[0]], "/".join(chain.steps))
    nodes = tree.parts if isinstance(tree, Join) and tree.operator == "and" else (tree,)
    texts = _split_and(text)
    if len(texts) != len(nodes):
        return None
    rest: list[str] = []
    clauses: list[Clause] = []
    for node, words in zip(nodes, texts, strict=True):
        if not any(is_chain(member, fields) for member in members(node)):
            rest.append(words)
        elif (clause := _make_clause(node, fields)) is not None:
            clauses.append(clause)
        else:
            return None
    names = dict.fromkeys("/".join(chain.steps) for chain in chains)
    return Rewritten(text, " and ".join(rest) or None, reduce(and_, clauses), tuple(names))


def _split_and(text: str) -> list[str]:
    """Return the texts between the ``and`` that join a whole filter."""
    parts, depth = [""], 0
    for kind, token in filter_tokens(text):
        if kind == "mark":
            depth += (token == "(") - (token == ")")
        if kind == "word" and token == "and" and not depth:
            parts.append("")
        else:
            parts[-1] += token
    parts = [part.strip() for part in parts]
    is_wrapped = len(parts) == 1 and parts[0][:1] == "(" and parse(parts[0][1:-1]) == parse(text)
    return _split_and(parts[0][1:-1]) if is_wrapped else parts


def _make_clause(node: Node, fields: Mapping[str, Field]) -> Clause | None:
    """Return a condition on nothing but fields of references as a clause; None if it has no such form."""
    match node:
        case Join(operator=operator, parts=parts):
            found = [_make_clause(part, fields) for part in parts]
            clauses = [clause for clause in found if clause is not None]
            return reduce(and_ if operator == "and" else or_, clauses) if len(clauses) == len(found) else None
        case Not(inner=inner):
            clause = _make_clause(inner, fields)
            return None if clause is None else ~clause
        case Compare(operator="ne", left=left, right=right):
            return _make_clause(Not(Compare("eq", left, right)), fields)
        case Compare(operator="eq", left=Call(name=name) as call, right=Literal(text="true")) if (
            name in FUNCTIONS
        ):
            return _make_clause(call, fields)
        case Compare(operator=operator, left=Member() as member, right=Literal() as literal):
            return _make_test(member, operator, literal, fields)
        case Compare(operator=operator, left=Literal() as literal, right=Member() as member):
            return _make_test(member, _TURNED.get(operator, operator), literal, fields)
        case Call(
            name="startswith" | "endswith" as name, arguments=(Member() as member, Literal() as literal)
        ):
            return _make_test(member, name, literal, fields)
        case Call(name="substringof", arguments=(Literal() as literal, Member() as member)):
            return _make_test(member, "substringof", literal, fields)
        case Member():
            return _make_test(node, "eq", Literal("word", "true"), fields)
    return None


def _make_test(member: Member, operator: str, literal: Literal, fields: Mapping[str, Field]) -> Clause | None:
    value, last = value_of(literal), member.steps[-1]
    if (
        not is_chain(member, fields)
        or value is None
        or value == ""
        or any(map(of_some_contents, member.steps))
    ):
        return None
    clause = _compare(last, operator, value, fields.get(last))
    for step in reversed(member.steps[:-1]):
        clause = Q(step).where(clause)
    return clause


def _compare(name: str, operator: str, value: Any, field: Field | None) -> Clause:
    q: Q = Q(name)
    if operator in FUNCTIONS:
        find = q.contains if operator == "substringof" else getattr(q, operator)
        found: Clause = find(value)
        return found
    if operator == "eq":
        is_phrase = isinstance(value, str) and kind_of(name, field) in WORD_KINDS
        return q.has_phrase(value) if is_phrase else q == value
    order: Clause = {"lt": q < value, "le": q <= value, "gt": q > value, "ge": q >= value}[operator]
    is_date = isinstance(value, dt.datetime)
    # dates that are not set are the year 1
    return order & (q > NO_DATE) if is_date and operator in ("lt", "le") else order
