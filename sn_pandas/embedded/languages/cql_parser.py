"""From the text of a content query to a tree and its control keywords.

The grammar: expressions side by side, each ``OR`` over ``AND`` over ``NOT`` over a clause with an optional
``+`` or ``-``; a clause is a group in parentheses or a term ``Field:value``, whose value may be a group, a
range, a comparison. A group of one clause melts into the group around it, where the stronger sign wins: ``-``
over ``+`` over none.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sn_pandas.embedded.errors import ODataError, server_error
from sn_pandas.embedded.index.index_fields import PARSERS, from_text, is_indexed, kind_of, never_parses
from sn_pandas.embedded.index.predicates import (
    Clause,
    Group,
    Nothing,
    Occur,
    Predicate,
    Range,
    Term,
    Value,
    is_expression,
)
from sn_pandas.embedded.languages.cql_lexer import Lexer
from sn_pandas.embedded.languages.trampoline import Rule, run
from sn_pandas.embedded.schema.types import Types
from sn_pandas.words import lower_letters

EMPTY = "$##$EMPTY$##$"
"""What stands for a template that has no value and for a nested query without hits: it fits nothing."""

DEFAULT_SIMILARITY = 0.5
"""How similar a fuzzy word must be if the query does not say it."""
FORBIDDEN_FIELDS = frozenset({"Password", "PasswordHash"})


@dataclass(slots=True)
class Controls:
    """What the control keywords of a query say; None = nothing."""

    top: int | None = None
    skip: int | None = None
    sort: list[tuple[str, bool]] = field(default_factory=list)
    autofilters: bool | None = None
    lifespan: bool | None = None
    all_versions: bool = False
    select: str | None = None


def parse(text: str, types: Types) -> tuple[Predicate | None, Controls]:
    """Return the tree of a query (None if it is empty) and its control keywords.

    Raises
    ------
    ODataError
        A 400 ParserException, if the text is not a query.
    """
    parser = _Parser(text, types)
    predicate = run(parser.query())
    return predicate, parser.controls


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    operator: str


class _Parser:
    """One method a rule of the grammar."""

    def __init__(self, text: str, types: Types) -> None:
        self.types = types
        self.controls = Controls()
        self.lexer = Lexer(text)
        self._fields = [_Field("_Text", "Colon")]

    def query(self) -> Rule[Predicate | None]:
        expressions: list[Predicate | None] = []
        while self._kind != "Eof":
            expression: Predicate | None = yield self._expression()
            if expression is not None:
                expressions.append(expression)
        if not expressions:
            raise self._error("Empty query is not allowed.")
        return self._join(expressions, "should")

    @property
    def _kind(self) -> str:
        return self.lexer.kind

    def _error(self, message: str) -> ODataError:
        return self.lexer.error(f'{message}, (query: "{self.lexer.source}")')

    def _accept(self, *kinds: str) -> bool:
        """Step over the current token if it is of one of the kinds."""
        if self.lexer.kind not in kinds:
            return False
        self.lexer.step()
        return True

    # Expressions

    def _expressions(self) -> Rule[Predicate | None]:
        """Parse the expressions in parentheses; None if there are none."""
        expressions: list[Predicate | None] = []
        while self._kind not in ("Eof", "RParen"):
            expression: Predicate | None = yield self._expression()
            if expression is not None:
                expressions.append(expression)
        return self._join(expressions, "should") if expressions else None

    def _expression(self) -> Rule[Predicate | None]:
        while self._kind == "ControlKeyword":
            self._control()
        if self._kind == "Eof":
            return None
        alternatives: list[Predicate | None] = []
        while True:
            operands: list[Predicate | None] = []
            while True:
                negative = self._accept("Not")
                clause: Predicate | None = yield self._clause()
                operands.append(self._group_of(clause, "not") if negative else clause)
                if not self._accept("And"):
                    break
            alternatives.append(self._join(operands, "must"))
            if not self._accept("Or"):
                break
        return self._join(alternatives, "should")

    def _clause(self) -> Rule[Predicate | None]:
        occur = self._sign()
        inner: Predicate | None
        if self._accept("LParen"):
            inner = yield self._expressions()
            if not self._accept("RParen"):
                raise self._error("Missing ')'")
        else:
            inner = yield self._term()
        self._boost()
        return inner if occur == "should" else self._group_of(inner, occur)

    def _sign(self) -> Occur:
        return "not" if self._accept("Minus") else "must" if self._accept("Plus") else "should"

    def _boost(self) -> None:
        if self._accept("Circ") and not self._accept("Number"):
            raise self._error("Syntax error")

    # Terms

    def _term(self) -> Rule[Predicate]:
        self._fields.append(self._field_head() or self._fields[-1])
        name, operator = self._fields[-1].name, self._fields[-1].operator
        found: Predicate | None
        if operator == "NEQ":
            found = Group((Clause("not", self._value_term(self._exact_value(required=True))),))
        elif operator != "Colon":
            found = self._comparison(name, operator)
        else:
            found = yield self._value_group()
            if found is None:
                found = self._range()
            if found is None:
                raise self._error(f"Unexpected '{self.lexer.text}'")
        self._fields.pop()
        return found

    def _field_head(self) -> _Field | None:
        if self._kind != "Field":
            return None
        name = self.lexer.text
        if name in FORBIDDEN_FIELDS:
            raise self._error(f"Cannot search by '{name}' field name")
        self.lexer.step()
        if not self._accept("Colon"):
            raise self._error("Missing field name.")
        operator = self._kind
        return _Field(name, operator if self._accept("NEQ", "LT", "LTE", "GT", "GTE") else "Colon")

    def _comparison(self, name: str, operator: str) -> Predicate:
        text = self._exact_value(required=True)
        value = self._parse_value(name, text)
        if value is None:
            return Nothing()
        if operator in ("LT", "LTE"):
            return Range(name, None, value, includes_high=operator == "LTE")
        return Range(name, value, None, includes_low=operator == "GTE")

    def _range(self) -> Predicate | None:
        start = self._kind
        if not self._accept("LBracket", "LBrace"):
            return None
        low = self._exact_value(required=False)
        if not self._accept("To"):
            raise self._error("Syntax error")
        high = self._exact_value(required=False)
        end = self._kind
        if not self._accept("RBracket", "RBrace"):
            raise self._error("Unterminated Range expression")
        if low is None and high is None:
            raise self._error("Invalid range.")
        name = self._fields[-1].name
        first = None if low is None else self._parse_value(name, low)
        last = None if high is None else self._parse_value(name, high)
        if first is None and last is None:
            return Nothing()
        return Range(name, first, last, start == "LBracket", end == "RBracket")

    # Values

    def _value_group(self) -> Rule[Predicate | None]:
        if not self._accept("LParen"):
            text, distance = self._value()
            return None if text is None else self._value_term(text, distance)
        values: list[Predicate | None] = []
        while True:
            one: Predicate = yield self._value_expression()
            values.append(one)
            if self._kind in ("RParen", "Eof"):
                break
        if not self._accept("RParen"):
            raise self._error("Expected: ')'")
        return self._join(values, "should")

    def _value_expression(self) -> Rule[Predicate]:
        alternatives: list[Predicate | None] = []
        while True:
            operands: list[Predicate | None] = []
            while True:
                negative = self._accept("Not")
                occur = self._sign()
                inner: Predicate | None = yield self._value_group()
                if inner is None:
                    raise self._error("Empty clause list is not allowed: '()'.")
                self._boost()
                clause = inner if occur == "should" else self._group_of(inner, occur)
                operands.append(self._group_of(clause, "not") if negative else clause)
                if not self._accept("And"):
                    break
            alternatives.append(self._join(operands, "must"))
            if not self._accept("Or"):
                break
        joined = self._join(alternatives, "should")
        assert joined is not None
        return joined

    def _value(self) -> tuple[str | None, float | None]:
        """Parse a value and the number after ``~``: the distance of words, or the similarity of one."""
        phrase = self.lexer.is_phrase
        text = self._exact_value(required=False)
        if text is None:
            if self._kind != "WildcardString":
                return None, None
            text = self.lexer.text
            self.lexer.step()
        if not self._accept("Tilde"):
            return text, None
        distance = DEFAULT_SIMILARITY
        if self._kind == "Number":
            distance = self.lexer.number
            if not phrase and distance > 1:
                raise self._error(f"Invalid fuzzy value (0.0-1.0): {self.lexer.text}")
            self.lexer.step()
        elif phrase:
            raise self._error("Missing proximity value")
        return text, distance

    def _exact_value(self, *, required: bool) -> str | None:
        if self._kind not in ("String", "Number"):
            if required:
                raise self._error(f"Unexpected {self._kind}. Expected: STRING | NUMBER")
            return None
        text = self.lexer.text
        self.lexer.step()
        return text

    def _value_term(self, text: str | None, distance: float | None = None) -> Predicate:
        name = self._fields[-1].name
        value = self._parse_value(name, text)
        if value is None:
            return Nothing()
        typed = text if text is not None and is_expression(text) else ""
        return Term(name, value, typed, distance)

    def _parse_value(self, name: str, text: str | None) -> Value | None:
        """Return the term for a text in a field; None if the text has no terms."""
        if text is None or text == EMPTY:
            return None
        if name == "_Text":
            return lower_letters(text)
        kind = kind_of(name, self.types)
        if kind is None:
            raise self._error(f"Unknown field: {name}.")
        value = from_text(kind, text)
        if value is None and not never_parses(kind) and not is_indexed(name, self.types):
            return 0  # any text may be asked of a field that is not in the index; it finds nothing
        if value is None:
            raise self._error(f"Cannot parse the value. FieldName {name}, Parser: {PARSERS[kind]}")
        return value

    # Control keywords

    def _control(self) -> None:
        keyword = self.lexer.text
        self.lexer.step()
        if keyword in (".COUNTONLY", ".QUICK"):
            return
        if keyword == ".ALLVERSIONS":
            self.controls.all_versions = True
            return
        if not self._accept("Colon"):
            raise self._error("Expected: Colon (':')")
        text = self.lexer.text
        if keyword in (".TOP", ".SKIP"):
            if self._kind != "Number":
                raise self._error("Expected: Number")
            self._number_control(keyword, text)
        elif keyword in (".SORT", ".REVERSESORT", ".SELECT"):
            if self._kind != "String":
                raise self._error("Expected: String")
            if keyword == ".SELECT":
                self.controls.select = text
            else:
                self.controls.sort.append((text, keyword == ".REVERSESORT"))
        else:
            if self._kind != "String" or text not in ("ON", "OFF"):
                raise self._error(f"Invalid parameter: {text}. Expected: 'ON' or 'OFF'")
            if keyword == ".AUTOFILTERS":
                self.controls.autofilters = text == "ON"
            else:
                self.controls.lifespan = text == "ON"
        self.lexer.step()

    def _number_control(self, keyword: str, text: str) -> None:
        if "." in text:
            raise server_error("FormatException", f"The input string '{text}' was not in a correct format.")
        if len(text) > 18 or int(text) >= 2**31:
            raise server_error("OverflowException", "Value was either too large or too small for an Int32.")
        if keyword == ".TOP":
            self.controls.top = int(text) or None
        else:
            self.controls.skip = int(text) or None

    # Groups

    def _join(self, parts: list[Predicate | None], occur: Occur) -> Predicate | None:
        """Join adjacent parts to one predicate; a single part is returned unchanged."""
        if len(parts) == 1:
            return parts[0]
        return Group(tuple(self._flatten(part, occur) for part in parts))

    def _group_of(self, part: Predicate | None, occur: Occur) -> Group:
        return Group((self._flatten(part, occur),))

    def _flatten(self, part: Predicate | None, occur: Occur) -> Clause:
        """Return the clause of a part; a group of one clause is replaced by it, with the stronger sign."""
        if part is None:
            raise server_error("InvalidOperationException", "Stack empty.")
        if not isinstance(part, Group) or len(part.clauses) > 1:
            return Clause(occur, part)
        inner = part.clauses[0]
        if occur == "should" or inner.occur == "not":
            return inner
        return Clause(occur, inner.predicate)
