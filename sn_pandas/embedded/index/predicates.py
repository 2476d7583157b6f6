"""The tree that `$filter` and the content query language both compile to.

A leaf asks for terms of one field of the index. A group joins clauses as the index does it: the contents that
fit all its *must* clauses; if it has none of these, those that fit any of its plain (*should*) clauses;
without those that fit any of its *not* clauses. So a group of negations alone finds nothing, unless
`optimize` can merge it into the group around it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Occur = Literal["must", "not", "should"]
Value = str | int | float | bool
"""A term: lower-case text, a number, a boolean, or a moment as `dates` counts it."""

NULL_REFERENCE = "null"
"""The term of a reference that holds nothing at all."""


@dataclass(frozen=True, slots=True)
class Term:
    """Contents that have the term in the field.

    A text may be a pattern, a regular expression or several words: how it is read depends on the field.
    ``typed`` is a regular expression as it was written, ``distance`` what stands behind ``~``.
    """

    field: str
    value: Value
    typed: str = ""
    distance: float | None = None


def is_expression(value: object) -> bool:
    """Return whether a value is a regular expression between slashes."""
    return isinstance(value, str) and len(value) > 1 and value[0] == value[-1] == "/"


@dataclass(frozen=True, slots=True)
class Range:
    """Contents that have a term between two ends in the field; None is an open end."""

    field: str
    low: Value | None
    high: Value | None
    includes_low: bool = True
    includes_high: bool = True


@dataclass(frozen=True, slots=True)
class Nothing:
    """No content."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A predicate with its part in a group."""

    occur: Occur
    predicate: Predicate


@dataclass(frozen=True, slots=True)
class Group:
    """Clauses that are joined."""

    clauses: tuple[Clause, ...]


Predicate = Term | Range | Nothing | Group


def all_of(*predicates: Predicate) -> Predicate:
    """Return what fits every predicate."""
    if len(predicates) == 1:
        return predicates[0]
    return Group(tuple(Clause("must", p) for p in predicates))


def any_of(*predicates: Predicate) -> Predicate:
    """Return what fits at least one predicate."""
    if len(predicates) == 1:
        return predicates[0]
    return Group(tuple(Clause("should", p) for p in predicates))


def none_of(predicate: Predicate) -> Group:
    """Return a lone negation."""
    return Group((Clause("not", predicate),))


def optimize(predicate: Predicate) -> Predicate:
    """Merge groups into the group around them where the server does, which decides what negations find."""
    if not isinstance(predicate, Group):
        return predicate
    clauses: list[Clause] = []
    for clause in predicate.clauses:
        inner = optimize(clause.predicate)
        clauses.extend(_merge_clause(clause.occur, inner))
    return Group(tuple(clauses))


def _merge_clause(occur: Occur, inner: Predicate) -> tuple[Clause, ...]:
    """Return the equivalent clauses for one clause of the outer group."""
    if isinstance(inner, Group):
        kinds = {clause.occur for clause in inner.clauses}
        if occur == "must" and "should" not in kinds:
            return inner.clauses
        if occur == "should" and kinds == {"should"}:
            return inner.clauses
        if occur == "not" and kinds == {"should"}:
            return tuple(Clause("not", clause.predicate) for clause in inner.clauses)
    return (Clause(occur, inner),)


def fields_in(predicate: Predicate) -> set[str]:
    """Return the fields that a predicate asks for.

    Examples
    --------
    >>> sorted(fields_in(all_of(Term("Name", "a"), any_of(Term("Index", 1), Range("Index", 5, None)))))
    ['Index', 'Name']
    """
    found: set[str] = set()
    waiting: list[Predicate] = [predicate]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Group):
            waiting.extend(clause.predicate for clause in one.clauses)
        elif not isinstance(one, Nothing):
            found.add(one.field)
    return found


def place_of(predicate: Predicate) -> str | None:
    """Return a path, in lower case, that everything which fits is at or below; None if nothing says so.

    Examples
    --------
    >>> place_of(all_of(Term("TypeIs", "task"), Term("InTree", "/root/content/it")))
    '/root/content/it'
    >>> place_of(any_of(Term("TypeIs", "task"), Term("InTree", "/root/content/it")))
    """
    if isinstance(predicate, Group):
        inner = (place_of(clause.predicate) for clause in predicate.clauses if clause.occur == "must")
        return next((place for place in inner if place is not None), None)
    if not isinstance(predicate, Term) or predicate.field not in ("InTree", "InFolder"):
        return None
    is_path = isinstance(predicate.value, str) and re.fullmatch(r"/root(/[^/*?\\]+)+", predicate.value)
    return str(predicate.value) if is_path and predicate.distance is None else None
