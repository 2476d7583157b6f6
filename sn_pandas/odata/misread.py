"""Filters that the server silently misinterprets, and equivalent content queries."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .errors import QueryError
from .filter_reading import Reading
from .filter_rules import TESTS
from .filter_syntax import Call, Compare, Join, Literal, Member, Node, Not, members, parse
from .literals import query_value
from .reference_filters import is_chain
from .schema import Field

#: Functions that are tests of a field by themselves.
_FUNCTION_OF = {
    "add": "a sum",
    "sub": "a difference",
    "mul": "a product",
    "div": "a quotient",
    "mod": "a remainder",
}
# A list of ids, as it mostly comes from code: thousands of them would take their time.
_LISTED = re.compile(r"Id eq \d+(?: or Id eq \d+)*")


def reject_misinterpreted(
    text: str, fields: Mapping[str, Field] | None = None, *, in_memory: bool = False
) -> None:
    """Raise if the server would misinterpret a filter.

    Parameters
    ----------
    text : str
        What stands in ``$filter``.
    fields : mapping, optional
        The fields of the repository by name; without them only what is sure is refused.
    in_memory : bool
        Whether the list is a reference property or an operation's result, where only paths are misread.

    Raises
    ------
    QueryError
        With the content query that does it.

    Examples
    --------
    >>> reject_misinterpreted("not (Name ne 'a')")
    Traceback (most recent call last):
    sn_pandas.odata.errors.QueryError: the server treats a double negation in a filter as ...
    """
    inner = text[1:-1] if text[:1] == "(" and text[-1:] == ")" else text
    if _LISTED.fullmatch(inner) or (tree := parse(text)) is None:
        return
    check = _Check(fields)
    check.paths(tree)
    if not in_memory:
        check.constant(tree)
        check.reject_swapped(tree)
        check.negations(tree)
        check.reject_computed(tree)
        check.tests(tree)


class _Check:
    def __init__(self, fields: Mapping[str, Field] | None) -> None:
        self.fields = fields

    def paths(self, tree: Node) -> None:
        for member in members(tree):
            if not is_chain(member, self.fields or {}):
                continue
            first, last = member.steps[0], member.steps[-1]
            value = _value_for(tree, member)
            inner = f"{last}:{value}" if value else f"{last}:…"
            raise QueryError(
                f"a filter cannot look inside a reference: for {'/'.join(member.steps)}, the server tests "
                f"the {last} of the rows themselves, without an error; "
                f"{_as_query(f'{first}:{{{{{inner}}}}}')}"
            )

    def constant(self, tree: Node) -> None:
        if isinstance(tree, Member) and len(tree.steps) == 1:
            field = (self.fields or {}).get(tree.steps[0])
            if field is not None and not field.is_truth:
                raise QueryError(
                    f"the server ignores a filter that is only {tree.steps[0]}: all rows come back; "
                    "compare it with a value"
                )
        if not members(tree) and not _has_isof(tree):
            raise QueryError(
                "the server ignores a filter that names no field: all rows come back; leave it out, "
                "or look for nothing with filter='Id lt 0'"
            )

    def tests(self, tree: Node) -> None:
        """Raise for a test that the table of rules refuses."""
        if self.fields is None:
            return
        for meaning in Reading(tree, self.fields).meanings():
            if meaning.name == "Type":
                raise QueryError("a filter has another name for Type: write ContentType eq 'Task'")
            if meaning.refusal:
                begins = meaning.refusal.startswith(meaning.name)
                raise QueryError(meaning.refusal if begins else f"{meaning.name}: {meaning.refusal}")

    def reject_computed(self, tree: Node) -> None:
        """Raise for expressions that the server accepts but cannot look up in its index."""
        match tree:
            case (
                Compare(operator="eq", right=Literal(text="true"), left=Call() as call)
                | Compare(operator="eq", left=Literal(text="true"), right=Call() as call)
            ):
                self.reject_computed(call)
            case Compare(left=Call(name=name), right=Literal(text="true" | "false")) if name in TESTS:
                raise QueryError(
                    f"the server cannot compare a test: write not ({name}(…)), or {name}(…) alone"
                )
            case Compare(left=Member() as left, right=Member() as right) if self._are_fields(left, right):
                raise QueryError(
                    f"a filter compares a field with a value, not {'/'.join(left.steps)} with "
                    f"{'/'.join(right.steps)}; read both and compare in pandas"
                )
            case Compare():
                for side in (tree.left, tree.right):
                    if not isinstance(side, Call) or side.name in TESTS:
                        continue
                    if inner := [one for one in members(side) if "." not in one.steps[0]]:
                        raise QueryError(
                            f"a filter cannot compute {_FUNCTION_OF.get(side.name, side.name)} of a field: "
                            f"compare {'/'.join(inner[0].steps)} itself (texts ignoring case), or read all "
                            "rows and compute in pandas"
                        )
            case Call(
                name="startswith" | "endswith" as name, arguments=(Literal(kind="text"), Member() as one)
            ):
                raise QueryError(
                    f"the field must come first in {name}: write {name}({'/'.join(one.steps)},'text')"
                )
            case Call(name="substringof", arguments=(Member() as one, Literal(kind="text"))):
                raise QueryError(
                    f"the text must come first in substringof: write "
                    f"substringof('text',{'/'.join(one.steps)})"
                )
            case Not(inner=inner):
                self.reject_computed(inner)
            case Join(parts=parts):
                for part in parts:
                    self.reject_computed(part)

    def _are_fields(self, *found: Member) -> bool:
        return all(len(one.steps) == 1 and one.steps[0] in (self.fields or {}) for one in found)

    def reject_swapped(self, tree: Node) -> None:
        for node in _comparisons(tree):
            if (
                node.operator not in ("eq", "ne")
                and not members(node.left)
                and isinstance(node.right, Member)
            ):
                turned = {"lt": "gt", "gt": "lt", "le": "ge", "ge": "le"}[node.operator]
                raise QueryError(
                    "the server swaps the sides of a comparison that begins with the value, but not its "
                    f"operator; write the field first: {'/'.join(node.right.steps)} {turned} …"
                )

    def negations(self, tree: Node) -> None:
        match tree:
            case Join(operator="or"):
                if any(map(self._negative, tree.parts)):
                    raise QueryError(f"the server finds nothing for a negation inside or: {_instead(tree)}")
                for part in tree.parts:
                    self.negations(part)
            case Join():
                for part in tree.parts:
                    self.negations(part)
            case Not():
                if self._negative(tree.inner):
                    raise QueryError(
                        "the server treats a double negation in a filter as true for every row: "
                        f"{_instead(tree)}"
                    )
                self.negations(tree.inner)

    def _negative(self, node: Node) -> bool:
        """Return whether a part consists of negations only, which the index cannot find by itself."""
        match node:
            case Not():
                return not self._boolean(node.inner)
            case Compare(operator="ne"):
                return not self._boolean(node)
            case Join():
                return all(map(self._negative, node.parts))
        return False

    def _boolean(self, node: Node) -> bool:
        """Return whether a part is a yes-no field, alone or compared; a lone field must be one."""
        match node:
            case Compare():
                sides = (node.left, node.right)
                return any(isinstance(s, Literal) and s.text in ("true", "false") for s in sides) or (
                    self.fields is not None and any(isinstance(s, Member) and self._boolean(s) for s in sides)
                )
            case Member():
                field = (self.fields or {}).get(node.steps[-1])
                return self.fields is None or (field is not None and field.is_truth)
        return False


def _has_isof(node: Node) -> bool:
    match node:
        case Call():
            return node.name == "isof" or any(map(_has_isof, node.arguments))
        case Not():
            return _has_isof(node.inner)
        case Compare():
            return _has_isof(node.left) or _has_isof(node.right)
        case Join():
            return any(map(_has_isof, node.parts))
    return False


def _comparisons(node: Node) -> list[Compare]:
    match node:
        case Compare():
            return [node]
        case Not():
            return _comparisons(node.inner)
        case Join():
            return [comparison for part in node.parts for comparison in _comparisons(part)]
    return []


def _value_for(tree: Node, member: Member) -> str:
    """Return the value in a comparison, as written in a content query."""
    for node in _comparisons(tree):
        for one, other in ((node.left, node.right), (node.right, node.left)):
            if one == member and isinstance(other, Literal):
                return _value(other)
    return ""


def _instead(tree: Node) -> str:
    words = as_content_query(tree)
    if words is None:
        return "write a content query with -Field:value and +Field:value"
    return f"{_as_query(words)}; it searches the whole tree below the path"


def as_content_query(node: Node) -> str | None:
    """Return a filter as a content query; negations are grouped with what they are subtracted from.

    Examples
    --------
    >>> as_content_query(parse("Name ne 'a' or Index gt 5"))
    '((+Id:>0 -Name:"a") Index:>5)'
    """
    match node:
        case Join():
            parts = [as_content_query(part) for part in node.parts]
            if None in parts:
                return None
            mark = "+" if node.operator == "and" else ""
            return f"({' '.join(f'{mark}{part}' for part in parts)})"
        case Not(inner=Not(inner=inner)):
            return as_content_query(inner)
        case Not(inner=Compare(operator="ne") as inner):
            return as_content_query(Compare("eq", inner.left, inner.right))
        case Not():
            words = as_content_query(node.inner)
            return None if words is None else f"(+Id:>0 -{words})"
        case Member(steps=(name,)):
            return f"{name}:yes"
        case Compare(operator=operator, left=Member(steps=steps), right=Literal() as literal):
            value = _value(literal)
            name = "Type" if steps == ("ContentType",) else ".".join(steps)
            if not value:
                return None
            mark = {"eq": "", "ne": "", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}[operator]
            words = f"{name}:{mark}{value}"
            return f"(+Id:>0 -{words})" if operator == "ne" else words
        case Call(name="isof", arguments=(Literal(kind="text") as literal,)):
            return f"TypeIs:{_value(literal)}"
        case Call(name="startswith", arguments=(Member(steps=(name,)), Literal(kind="text") as literal)):
            return f'{name}:{_value(literal)[:-1]}*"'
        case Call(name="endswith", arguments=(Member(steps=(name,)), Literal(kind="text") as literal)):
            return f'{name}:"*{_value(literal)[1:]}'
        case Call(name="substringof", arguments=(Literal(kind="text") as literal, Member(steps=(name,)))):
            return f'{name}:"*{_value(literal)[1:-1]}*"'
    return None


def _value(literal: Literal) -> str:
    if literal.kind == "text":
        text = literal.text[1:-1].replace("''", "'")
        try:
            return query_value(text)
        except QueryError:
            return ""
    if literal.kind == "date":
        return f'"{literal.text[1:-1].replace("T", " ")}"'
    if literal.kind == "number":
        number = re.sub(r"[LmMdDf]$", "", literal.text)
        return number if number.isdecimal() else f'"{number}"'
    return {"true": "yes", "false": "no"}.get(literal.text, "")


def _as_query(words: str) -> str:
    """Describe how to write a content query in Python and in a cell."""
    return (
        f"write a content query: query={words!r}, autofilters=False; in a cell the lines "
        f"query={words} and enableautofilters=false"
    )
