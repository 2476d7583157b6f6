"""From the expression of a filter to a predicate, with the errors and the traps of the server's compiler.

Every part leaves its predicate on a stack, from which ``and``, ``or`` and ``not`` take what lies on top. So a
constant, which leaves nothing, is passed over where it stands alone, and makes the stack run empty beside
another part.
"""

from __future__ import annotations

from dataclasses import dataclass

from sn_pandas.embedded.errors import ODataError, server_error
from sn_pandas.embedded.index.index_fields import from_value, kind_of
from sn_pandas.embedded.index.predicates import (
    Clause,
    Group,
    Occur,
    Predicate,
    Range,
    Term,
    Value,
    all_of,
    is_expression,
    none_of,
)
from sn_pandas.embedded.languages.filter_expressions import (
    OPERATORS,
    Binary,
    Call,
    Constant,
    Expression,
    FieldValue,
    Member,
    Parameter,
    Unary,
)
from sn_pandas.embedded.languages.filter_members import NOT_IN_INDEX
from sn_pandas.embedded.languages.filter_values import is_constant, value_of
from sn_pandas.embedded.schema.types import Types
from sn_pandas.words import lower_letters

_TESTS = ("startswith", "endswith", "substringof", "isof")


def to_predicate(expression: Expression, types: Types) -> Predicate | None:
    """Return what the filter searches for, None if it says nothing.

    Raises
    ------
    ODataError
        The 500 of a filter that can be parsed but not be searched for.
    """
    compiler = _Compiler(types)
    compiler.visit(_fold_constants(expression))
    if not compiler.stack:
        return None
    return all_of(*(_to_predicate(p) for p in reversed(compiler.stack)))


@dataclass(slots=True)
class _BooleanField:
    """A boolean field; ``not`` turns its value round in place; ``bare`` until it is compared."""

    field: str
    value: bool
    bare: bool


@dataclass(slots=True)
class _Combination:
    """Predicates that were taken from the stack."""

    occur: str
    parts: list[_Entry]


_Entry = Term | Range | _BooleanField | _Combination


class _Compiler:
    def __init__(self, types: Types) -> None:
        self.types = types
        self.stack: list[_Entry] = []

    def visit(self, part: Expression) -> None:
        if isinstance(part, FieldValue):
            if part.type == "Boolean":
                self.stack.append(_BooleanField(part.name, True, bare=True))
        elif isinstance(part, Member):
            if part.owner is not None:
                self.visit(part.owner)
            if part.type == "Boolean":
                self.stack.append(_BooleanField(part.name, True, bare=True))
        elif isinstance(part, Call):
            for argument in part.arguments:
                self.visit(argument)
            self.stack.append(self._call(part))
        elif isinstance(part, Unary):
            self.visit(part.operand)
            if part.operator == "not":
                self._not()
        elif isinstance(part, Binary):
            self.visit(part.left)
            self.visit(part.right)
            if part.operator in ("and", "or"):
                occur = "must" if part.operator == "and" else "should"
                self.stack.append(_Combination(occur, [self._pop(), self._pop()]))
            elif part.operator in ("eq", "ne", "lt", "gt", "le", "ge"):
                self._compare(part)
            else:
                raise server_error("SnNotSupportedException", f"VisitBinary: {OPERATORS[part.operator]}")

    def _pop(self) -> _Entry:
        if not self.stack:
            raise _empty_stack()
        return self.stack.pop()

    def _not(self) -> None:
        if not self.stack:
            raise _empty_stack()
        top = self.stack[-1]
        if isinstance(top, _BooleanField):
            top.value = not top.value
        else:
            self.stack[-1] = _Combination("not", [top])

    def _call(self, part: Call) -> _Entry:
        if part.name not in _TESTS:
            raise _not_supported(
                "Cannot resolve an expression. Use 'AsEnumerable()' method before calling the"
                f" '{part.name}' method."
            )
        if part.name == "isof":
            return Term("TypeIs", from_value("NodeType", _constant_argument(part, 1)))
        text_at, part_at = (1, 0) if part.name == "substringof" else (0, 1)
        field = _field_name(part.arguments[text_at])
        text = lower_letters(str(_constant_argument(part, part_at) or ""))
        self._kind(field)
        if part.name != "startswith":
            text = "*" + text
        if part.name != "endswith":
            text += "*"
        return Term(field, text)

    def _compare(self, part: Binary) -> None:
        left, right = part.left, part.right
        if isinstance(left, Constant):
            left, right = right, left
        if isinstance(left, FieldValue):
            field = left.name
        elif isinstance(left, Member) and isinstance(right, Constant):
            field = _member_field(left)
        elif isinstance(left, Call) and isinstance(right, Constant):
            if part.operator == "eq" and left.name in _TESTS and right.value is True:
                return
            raise _not_supported(
                "#BuildFieldExpr: only the following form allowed: canonicalFunction() eq true. Canonical"
                " functions: startswith, endswith, substringof, isof."
            )
        else:
            raise _not_supported("#BuildFieldExpr")
        if not isinstance(right, Constant):
            raise server_error("InvalidCastException", "Unable to cast an expression to a constant.")
        kind = self._kind(field)
        term = from_value(kind, right.value)
        if kind == "Boolean":
            if (
                self.stack
                and isinstance(top := self.stack[-1], _BooleanField)
                and top.field == field
                and top.bare
            ):
                self.stack.pop()
            self.stack.append(_BooleanField(field, bool(term) == (part.operator == "eq"), bare=False))
        else:
            self.stack.append(_comparison(part.operator, field, term, right.value))

    def _kind(self, field: str) -> str:
        kind = "Boolean" if field == "IsValid" else kind_of(field, self.types)
        if kind is None or field in NOT_IN_INDEX:
            raise server_error("InvalidOperationException", f"Unknown field: {field}")
        return kind


def _comparison(operator: str, field: str, term: Value, value: object) -> _Entry:
    if operator in ("eq", "ne"):
        equal = Term(field, term, str(value) if is_expression(value) else "")
        return equal if operator == "eq" else _Combination("not", [equal])
    if operator in ("gt", "ge"):
        return Range(field, term, None, includes_low=operator == "ge")
    return Range(field, None, term, includes_high=operator == "le")


def _member_field(member: Member) -> str:
    """Return the index field for a property."""
    if member.owner is None:
        return member.name
    if member.name == "Name" and isinstance(member.owner, Member) and member.owner.name == "ContentType":
        return "Type"
    raise _not_supported(f"Cannot parse an expression #1: {member.name}")


def _field_name(part: Expression) -> str:
    if isinstance(part, Member | FieldValue):
        return part.name
    raise server_error("SnNotSupportedException", "SnLinq: GetPropertyName from Expression")


def _constant_argument(part: Call, index: int) -> object:
    argument = part.arguments[index]
    if isinstance(argument, Constant):
        return argument.value
    raise _not_supported(f"Argument {index} is invalid in a method call. Argument must be constant.")


def _to_predicate(entry: _Entry) -> Predicate:
    """Return the predicate left on the stack."""
    if isinstance(entry, _BooleanField):
        return Term(entry.field, entry.value)
    if isinstance(entry, _Combination):
        if entry.occur == "not":
            return none_of(_to_predicate(entry.parts[0]))
        occur: Occur = "must" if entry.occur == "must" else "should"
        return Group(tuple(Clause(occur, _to_predicate(p)) for p in entry.parts))
    return entry


def _fold_constants(part: Expression) -> Expression:
    """Return the expression with everything worked out that is the same for all contents."""
    if isinstance(part, Constant | Parameter | FieldValue):
        return part
    if is_constant(part):
        return Constant(value_of(part, _no_content), part.type)
    if isinstance(part, Member):
        return part
    if isinstance(part, Call):
        return Call(part.name, tuple(_fold_constants(a) for a in part.arguments), part.type)
    if isinstance(part, Unary):
        return Unary(part.operator, _fold_constants(part.operand), part.type)
    return Binary(part.operator, _fold_constants(part.left), _fold_constants(part.right), part.type)


def _no_content(part: Expression) -> object:
    raise AssertionError(part)


def _not_supported(message: str) -> ODataError:
    return server_error("NotSupportedException", message)


def _empty_stack() -> ODataError:
    return server_error("InvalidOperationException", "Stack empty.")
