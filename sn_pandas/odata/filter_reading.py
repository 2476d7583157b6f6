"""Interpret a filter by the table of rules: in words, and as a pandas expression."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .fields import Field
from .filter_rules import FUNCTIONS, WORD_KINDS, Condition, Meaning, kind_of, meaning_of
from .filter_syntax import Call, Compare, Join, Literal, Member, Node, Not, parse, value_of
from .reference_filters import is_chain

if TYPE_CHECKING:
    from .filters import Filter
    from .schema import Schema


@dataclasses.dataclass(frozen=True)
class Reading:
    """A filter, interpreted by the table of rules.

    Parameters
    ----------
    tree : Node
        As :func:`~sn_pandas.odata.filter_syntax.parse` gives it.
    fields : mapping
        The fields of the repository by name.
    schema : Schema, optional
        The types, which say for missing values whose they are.
    """

    tree: Node
    fields: Mapping[str, Field]
    schema: Schema | None = None

    def meanings(self) -> Iterator[Meaning]:
        """Yield the meaning of each test of the filter."""
        for node in _tests(self.tree):
            if (test := self._test(node)) is not None:
                yield self._meaning_of(test)

    def surprises(self) -> list[str]:
        """Return the pitfalls of the filter."""
        notes = (surprise for meaning in self._unbounded() for surprise in meaning.surprises)
        return list(dict.fromkeys((*notes, *self._notes_on_negations())))

    def warnings(self, *, made: bool) -> list[str]:
        """Return the pitfalls that are worth a warning, of a typed filter or of one made with `F`."""
        return list(dict.fromkeys(w for meaning in self._unbounded() for w in meaning.warnings(made=made)))

    def _unbounded(self) -> Iterator[Meaning]:
        """Yield the tests, but not those of dates that another test keeps from being unset."""
        found = list(self.meanings())
        bounded = {m.name for m in found if m.kind == "date" and m.operator in ("gt", "ge")}
        yield from (m for m in found if not (m.rule.warns and m.name in bounded))

    def _notes_on_negations(self) -> Iterator[str]:
        """Yield that a negation also keeps the contents that have no such field."""
        for node in _negated_tests(self.tree):
            meaning = None if (test := self._test(node)) is None else self._meaning_of(test)
            if (
                meaning
                and meaning.lacking
                and meaning.operator != "ne"
                and meaning.kind not in ("truth", "type")
            ):
                yield f"not (…) is also true of contents whose type has no {meaning.name}"

    def sentence(self) -> str:
        """Describe the rows that are found; an ellipsis stands for parts without a rule."""
        return self._sentence(self.tree)

    def pandas(self) -> str:
        """Return the pandas expression for the same rows of a frame ``df``; empty if there is none."""
        try:
            return _strip_parentheses(self._expression(self.tree))
        except LookupError:
            return ""

    def _meaning_of(self, test: Condition) -> Meaning:
        if "/" not in test.name:
            return meaning_of(test, self.fields.get(test.name), self.schema)
        name = test.name.rpartition("/")[2]
        found = meaning_of(dataclasses.replace(test, name=name), self.fields.get(name))
        return dataclasses.replace(found, condition=test)

    def _test(self, node: Node) -> Condition | None:
        """Return a test as the table has it: a function compared with true is one of itself."""
        match node:
            case Compare(operator="eq", left=Call(name=name) as call, right=Literal(text="true")) if (
                name in FUNCTIONS
            ):
                return self._test(call)
            case Compare(operator=operator, left=Member(steps=steps), right=Literal() as literal):
                return self._condition(steps, operator, value_of(literal))
            case Compare(
                operator="eq" | "ne" as operator, left=Literal() as literal, right=Member(steps=steps)
            ):
                return self._condition(steps, operator, value_of(literal))
            case (
                Call(
                    name="startswith" | "endswith" as name,
                    arguments=(Member(steps=steps), Literal() as literal),
                )
                | Call(name="substringof" as name, arguments=(Literal() as literal, Member(steps=steps)))
            ):
                return Condition(self._column_of(steps), name, value_of(literal))
            case Member(steps=(name,)) if kind_of(name, self.fields.get(name)) == "truth":
                return Condition(name, "eq", True)
        return None

    def _condition(self, steps: tuple[str, ...], operator: str, value: Any) -> Condition:
        name = self._column_of(steps)
        is_phrase = operator == "eq" and isinstance(value, str) and bool(value)
        last = name.rpartition("/")[2]
        kind = kind_of(last, self.fields.get(last))
        return Condition(name, "phrase" if is_phrase and kind == "words" else operator, value)

    def _column_of(self, steps: tuple[str, ...]) -> str:
        """Return the column of a member: behind a reference it has slashes, in an aspect a dot."""
        return ("/" if is_chain(Member(steps), self.fields) else ".").join(steps)

    def _expression(self, node: Node) -> str:
        match node:
            case Join(operator=operator, parts=parts):
                return f"({(' & ' if operator == 'and' else ' | ').join(map(self._expression, parts))})"
            case Call(name="isof", arguments=(Literal() as literal,)) if self.schema is not None:
                return f"df['Type'].isin({sorted(self.schema.derived(str(value_of(literal))))})"
        positive, negated = self._strip_negation(node)
        if positive is not None:
            test = self._test(positive)
            found = "" if test is None else self._to_pandas(test)
        else:
            found = self._expression(node.inner) if isinstance(node, Not) else ""
        if not found:
            raise LookupError(node)
        return f"~{found}" if negated else found

    def _to_pandas(self, test: Condition) -> str:
        """Return a test as pandas makes it; one of a list of references is that of any of them."""
        meaning = self._meaning_of(test)
        first, slash, _ = test.name.partition("/")
        if not slash:
            return meaning.pandas
        if meaning.kind == "type" or meaning.rule.refused or meaning.column not in meaning.pandas:
            return ""
        field = self.fields.get(first)
        if field is None or not (field.multiple or field.kind.several):
            return meaning.pandas
        each = meaning.pandas.replace(meaning.column, f"{meaning.column}.explode()")
        return f"{each}.groupby(level=0, sort=False).any()"

    def _strip_negation(self, node: Node) -> tuple[Node | None, bool]:
        """Return a test without its negation, and whether it had one.

        Of a boolean it has none: it is a test for the other one.
        """
        if isinstance(node, Compare) and node.operator == "ne":
            return self._strip_negation(Not(Compare("eq", node.left, node.right)))
        if not isinstance(node, Not):
            return node, False
        if isinstance(node.inner, Join) or (isinstance(node.inner, Call) and node.inner.name == "isof"):
            return None, True
        inner, negated = self._strip_negation(node.inner)
        test = self._test(inner) if inner is not None else None
        if test is not None and isinstance(test.value, bool) and inner is not None:
            turned = Literal("word", "false" if test.value else "true")
            return Compare("eq", Member((test.name,)), turned), negated
        return inner, not negated

    def _sentence(self, node: Node) -> str:
        match node:
            case Join(operator=operator, parts=parts):
                inner = (
                    f"({self._sentence(p)})" if isinstance(p, Join) else self._sentence(p) for p in parts
                )
                return f" {operator} ".join(inner)
            case Not(inner=inner) | Compare(operator="ne", left=inner):
                positive = node.inner if isinstance(node, Not) else Compare("eq", node.left, node.right)
                return f"not ({self._sentence(positive)})"
            case Call(name="isof", arguments=(Literal() as literal,)):
                return f"the type is {value_of(literal)!r} or derived from it"
        test = self._test(node)
        said = "" if test is None else self._meaning_of(test).sentence
        return said or "…"


def _strip_parentheses(text: str) -> str:
    """Strip the parentheses around an expression."""
    if not text.startswith("("):
        return text
    depth = 0
    for at, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if not depth:
            return text[1:-1] if at == len(text) - 1 else text
    return text


def _tests(node: Node) -> Iterator[Node]:
    match node:
        case Join(parts=parts):
            for part in parts:
                yield from _tests(part)
        case Not(inner=inner):
            yield from _tests(inner)
        case _:
            yield node


def _negated_tests(node: Node) -> Iterator[Node]:
    match node:
        case Not(inner=inner):
            yield from _tests(inner)
        case Join(parts=parts):
            for part in parts:
                yield from _negated_tests(part)


def list_filter_warnings(text: str, schema: Schema, added: Mapping[str, Field]) -> list[str]:
    """Return what to warn of in a typed filter.

    Parameters
    ----------
    text : str
        The filter.
    schema : Schema
        The types.
    added : mapping
        The fields of lists and aspects by name, as far as they are known.
    """
    return _list_warnings(text, schema, added, made=False)


def list_made_warnings(made: Filter, text: str, schema: Schema, added: Mapping[str, Field]) -> list[str]:
    """Return what to warn of in a filter that was made with `F`; ``text`` is what it says."""
    fields = {**schema.fields, **added}
    # Others have none, and a long list of ids would take its time.
    if any("." in name or kind_of(name, fields.get(name)) in WORD_KINDS for name in set(made.names())):
        return _list_warnings(text, schema, added, made=True)
    return []


def _list_warnings(text: str, schema: Schema, added: Mapping[str, Field], *, made: bool) -> list[str]:
    if (tree := parse(text)) is None:
        return []
    found = Reading(tree, {**schema.fields, **added}, schema).warnings(made=made)
    return [f"$filter={text}: {words}" for words in found]
