"""Recursive rules without Python's recursion, so that no depth of parentheses breaks a parser."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

T = TypeVar("T")
Rule = Generator["Rule[Any]", Any, T]
"""A rule of a grammar: it yields the rules it needs, is sent what they return, and returns its own result."""


def run(rule: Rule[T]) -> T:
    """Return what the rule returns.

    Examples
    --------
    >>> def depth(n):
    ...     return 0 if n == 0 else 1 + (yield depth(n - 1))
    >>> run(depth(50_000))
    50000
    """
    stack: list[Rule[Any]] = [rule]
    value: Any = None
    while stack:
        try:
            needed = stack[-1].send(value)
        except StopIteration as done:
            stack.pop()
            value = done.value
        else:
            stack.append(needed)
            value = None
    result: T = value
    return result
