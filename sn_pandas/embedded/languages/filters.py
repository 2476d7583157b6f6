"""`$filter`: from its text to a typed expression, with every error that the server finds while it parses.

The grammar, keywords in lower case only: ``or`` < ``and`` < ``eq ne`` < ``lt gt le ge`` < ``add sub`` <
``mul div mod`` < ``not``, unary ``-`` and ``+`` < null, parentheses, literal, function call, member path. All
binary operators group to the right, the arithmetic ones too. Tokens are mostly known by their text alone: the
string ``'null'`` is null and ``'or'`` is an operator.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sn_pandas.embedded import dates
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import ODataError, parse_error, server_error
from sn_pandas.embedded.index.predicates import Predicate
from sn_pandas.embedded.languages.filter_expressions import (
    FUNCTIONS,
    Constant,
    Expression,
    Parameter,
    binary,
    call,
    point,
    unary,
)
from sn_pandas.embedded.languages.filter_lexer import Lexer
from sn_pandas.embedded.languages.filter_members import UnknownTypeError, member_path
from sn_pandas.embedded.languages.filter_query import to_predicate
from sn_pandas.embedded.languages.memory_filter import Reader, matches
from sn_pandas.embedded.languages.trampoline import Rule, run
from sn_pandas.embedded.schema.types import Types

LEVELS = {
    "or": 1, "and": 2, "eq": 3, "ne": 3, "lt": 4, "gt": 4, "le": 4, "ge": 4, "add": 5, "sub": 5,
    "mul": 6, "div": 6, "mod": 6,
}  # fmt: skip
"""Binary operator -> how tightly it binds."""

TOO_DEEP = "InsufficientExecutionStackException"


@dataclass(frozen=True)
class Filter:
    """A filter that was parsed without errors."""

    text: str
    expression: Expression
    types: Types

    def predicate(self) -> Predicate | None:
        """Return what to search for; None if the filter says nothing. Raises the errors of an execution."""
        try:
            return to_predicate(self.expression, self.types)
        except RecursionError:
            raise server_error(TOO_DEEP, "The filter is nested too deeply.") from None

    def matches(self, content: Content, read: Reader, *, ignore_case: bool = False) -> bool:
        """Return whether a content of a list in memory fits; see `memory_filter.matches`."""
        try:
            return matches(self.expression, content, read, ignore_case=ignore_case)
        except RecursionError:
            raise server_error(TOO_DEEP, "The filter is nested too deeply.") from None


def parse(text: str, types: Types) -> Filter:
    """Parse a filter.

    Raises
    ------
    ODataError
        A 400 with the exception type of the server, if the text is not a filter.
    """
    expression = _Parser(text, types).filter()
    return Filter(text, expression, types)


class _Parser:
    """One method a rule of the grammar. A rule returns None where nothing of its kind begins."""

    def __init__(self, text: str, types: Types) -> None:
        self.types = types
        self.lexer = Lexer(text)

    def filter(self) -> Expression:
        expression = run(self._binary(1))
        token = self.lexer.token
        if token.kind != "EOF":
            raise self.lexer.error(f"Unexpected {token.kind} in $filter: '{token.text}'.")
        if expression is None:
            raise parse_error("ArgumentNullException", "Value cannot be null. (Parameter 'body')")
        return expression

    @property
    def _text(self) -> str:
        return self.lexer.token.text

    def _binary(self, level: int) -> Rule[Expression | None]:
        left: Expression | None = yield self._unary()
        while (own := LEVELS.get(self._text, 0)) >= level:
            operator = self._text
            self.lexer.step()
            right: Expression | None = yield self._binary(own)
            if right is None or left is None:
                raise self.lexer.error("Expected: Expr.")
            left = binary(operator, left, right)
        return left

    def _unary(self) -> Rule[Expression | None]:
        signs: list[str] = []
        while True:
            found: Expression | None = yield self._primary()
            if found is not None:
                break
            sign = self._text in ("-", "+") and not self.lexer.peek().isdigit()
            if not (sign or self._text == "not"):
                if signs:
                    raise self.lexer.error("Expected: Expr.")
                return None
            signs.append(self._text)
            self.lexer.step()
        for sign_text in reversed(signs):
            if sign_text != "+":
                found = unary("not" if sign_text == "not" else "minus", found)
        return found

    def _primary(self) -> Rule[Expression | None]:
        if self._text in ("null", "NULL"):
            self.lexer.step()
            return Constant(None, "Object")
        if self._text == "(":
            self.lexer.step()
            inner: Expression | None = yield self._binary(1)
            self._expect(")", "Expected ')'.")
            if inner is not None:
                return inner
        literal = self._literal()
        if literal is not None:
            return literal
        function: Expression | None = yield self._function()
        return function or self._member_path()

    def _expect(self, text: str, reason: str) -> None:
        if self._text != text:
            raise self.lexer.error(reason)
        self.lexer.step()

    # Literals

    def _literal(self) -> Expression | None:
        token = self.lexer.token
        if token.text == "POINT":
            return self._point()
        if token.text == "datetime":
            return self._datetime()
        if token.kind == "String":
            self.lexer.step()
            return Constant(token.text, "String")
        if token.text in ("true", "false"):
            self.lexer.step()
            return Constant(token.text == "true", "Boolean")
        return self._number()

    def _point(self) -> Expression:
        self.lexer.step()
        self._expect("(", "Invalid POINT format. Expected: '('")
        numbers = [self._number(), self._number()]
        numbers.append(self._number() if self._text != ")" else None)
        self._expect(")", "Invalid POINT format. Expected: ')'")
        return point(*numbers)

    def _datetime(self) -> Expression:
        self.lexer.step()
        token = self.lexer.token
        moment = dates.parse(token.text) if token.kind == "String" else None
        if moment is None:
            raise self.lexer.error("Invalid date format.")
        self.lexer.step()
        return Constant(moment, "DateTime")

    def _number(self) -> Expression | None:
        digits = ""
        if self._text in ("-", "+"):
            if not self.lexer.peek().isdigit():
                return None
            digits = self._text
            self.lexer.step()
        elif self.lexer.token.kind != "Digits":
            return None
        digits += self._text
        self.lexer.step()
        if self._accept("L"):
            return _integer(digits, 64)
        whole = True
        if self._accept("."):
            whole = False
            digits += "." + self._digits("Expected DIGITS (after '.').")
        if self._accept("f"):
            return Constant(float(digits), "Single")
        if self._accept("e"):
            whole = False
            sign = self._text if self._text in ("-", "+") else ""
            if sign:
                self.lexer.step()
            digits += "e" + sign + self._digits("Expected DIGITS (after Sign).")
        if self._accept("m", "M"):
            return _decimal(digits)
        if self._accept("d", "D") or not whole:
            return Constant(float(digits), "Double")
        return _integer(digits, 32)

    def _accept(self, *texts: str) -> bool:
        """Step over the current token if it is one of the texts."""
        if self._text not in texts:
            return False
        self.lexer.step()
        return True

    def _digits(self, reason: str) -> str:
        if self.lexer.token.kind != "Digits":
            raise self.lexer.error(reason)
        text = self._text
        self.lexer.step()
        return text

    # Functions and members

    def _function(self) -> Rule[Expression | None]:
        name = self._text.lower()
        if self.lexer.token.kind != "Word" or name not in FUNCTIONS:
            return None
        self.lexer.step()
        self._expect("(", "Expected '('.")
        arguments: list[Expression] = [Parameter()] if name == "isof" else []
        if self._text != ")":
            while True:
                argument: Expression | None = yield self._binary(1)
                if argument is None:
                    raise self.lexer.error("Expected: expression")
                arguments.append(argument)
                if not self._accept(","):
                    break
        self._expect(")", "Expected ')'.")
        return call(name, tuple(arguments), self._unknown_function(name, arguments))

    def _unknown_function(self, name: str, arguments: list[Expression]) -> ODataError:
        types = ", ".join(a.type for a in arguments)
        return self.lexer.error(f"Unknown function: {name} ({types})")

    def _member_path(self) -> Expression | None:
        if self._text == "not":
            return None
        first = self._name()
        if first is None:
            return None
        dotted = False
        while self._accept("."):
            dotted = True
            first += "." + self._expect_name("Expected: name after dot ('.').")
        steps = [first]
        while self._accept("/"):
            steps.append(self._expect_name("Expected: name."))
        if dotted and len(steps) == 1:
            raise self.lexer.error("Expected: / after namespace.")
        if self._accept("("):
            self._expect(")", "Expected: right parenthesis: ')'.")
        try:
            return member_path(steps, self.types)
        except UnknownTypeError as error:
            raise self.lexer.error(f"Unknown type: {error}") from None

    def _name(self) -> str | None:
        if self.lexer.token.kind != "Word" and self._text != "_":
            return None
        name = self._text + self.lexer.name_rest()
        self.lexer.step()
        return name

    def _expect_name(self, reason: str) -> str:
        name = self._name()
        if name is None:
            raise self.lexer.error(reason)
        return name


def _integer(digits: str, bits: int) -> Constant:
    number = int(digits) if len(digits) < 24 else 2**64
    if not -(2 ** (bits - 1)) <= number < 2 ** (bits - 1):
        raise parse_error("OverflowException", f"Value was either too large or too small for an Int{bits}.")
    return Constant(number, f"Int{bits}")


def _decimal(digits: str) -> Constant:
    if "e" in digits:
        raise parse_error("FormatException", f"The input string '{digits}' was not in a correct format.")
    number = Decimal(digits)
    if abs(number) >= 2**96:
        raise parse_error("OverflowException", "Value was either too large or too small for a Decimal.")
    return Constant(number, "Decimal")
