"""Tokens of the content query language."""

from __future__ import annotations

from typing import Literal

from sn_pandas.embedded.errors import ODataError, bad_request

Kind = Literal[
    "Eof", "Number", "LParen", "RParen", "LBracket", "RBracket", "LBrace", "RBrace", "Comma", "Colon", "Plus",
    "Minus", "Circ", "Tilde", "Not", "And", "Or", "To", "LT", "LTE", "GT", "GTE", "NEQ", "ControlKeyword",
    "Field", "String", "WildcardString",
]  # fmt: skip

TERMINATORS = '":+-&|!(){}[]^~'
"""Characters that end a bare word."""
KEYWORDS = frozenset(
    (
        ".SELECT", ".SKIP", ".TOP", ".SORT", ".REVERSESORT", ".AUTOFILTERS", ".LIFESPAN", ".COUNTONLY",
        ".QUICK", ".ALLVERSIONS",
    )
)  # fmt: skip
"""Control keywords, in upper case only."""

_SIGNS: dict[str, Kind] = {
    "(": "LParen", ")": "RParen", "[": "LBracket", "]": "RBracket", "{": "LBrace", "}": "RBrace",
    ",": "Comma", ":": "Colon", "+": "Plus", "-": "Minus", "^": "Circ", "~": "Tilde", "!": "Not",
}  # fmt: skip
_COMPARISONS: dict[str, Kind] = {"<=": "LTE", "<>": "NEQ", ">=": "GTE", "<": "LT", ">": "GT"}
_WORDS: dict[str, Kind] = {"AND": "And", "OR": "Or", "NOT": "Not", "TO": "To"}


class Lexer:
    """Cuts a query into tokens; ``kind`` and ``text`` are the current one."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.kind: Kind = "Eof"
        self.text = ""
        self.is_phrase = False
        self.start = 0
        self._at = 0
        self.step()

    @property
    def number(self) -> float:
        """The value of a number token."""
        return float(self.text)

    def step(self) -> None:
        """Go to the next token."""
        self._skip_blanks()
        self.start = self._at
        self.is_phrase = False
        char = self._char
        if not char:
            self.kind, self.text = "Eof", ""
        elif char in _SIGNS:
            self._take(_SIGNS[char], char)
        elif char in "\"'":
            self._read_quoted()
        elif char in "&|":
            if self.source[self._at : self._at + 2] != char * 2:
                raise self.error(f"Invalid operator: {char}")
            self._take("And" if char == "&" else "Or", char * 2)
        elif char in "<>":
            pair = self.source[self._at : self._at + 2]
            self._take(_COMPARISONS.get(pair) or _COMPARISONS[char], pair if pair in _COMPARISONS else char)
        elif char == ".":
            self._keyword()
        else:
            self._read_bare()

    def error(self, message: str) -> ODataError:
        """Return the error of a text that is not a query, pointing at the current token."""
        before = self.source[: self.start]
        line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
        return bad_request("ParserException", f"{message} [Line: {line}, Col: {column}]")

    @property
    def _char(self) -> str:
        return self.source[self._at : self._at + 1]

    def _take(self, kind: Kind, text: str) -> None:
        self.kind, self.text = kind, text
        self._at += len(text)

    def _skip_blanks(self) -> None:
        """Pass over blanks and comments."""
        while self._at < len(self.source):
            if self.source.startswith("//", self._at):
                end = self.source.find("\n", self._at)
                self._at = len(self.source) if end < 0 else end + 1
            elif self.source.startswith("/*", self._at):
                end = self.source.find("*/", self._at + 1)
                self._at = len(self.source) if end < 0 else end + 2
            elif self.source[self._at].isspace():
                self._at += 1
            else:
                break

    def _read_quoted(self) -> None:
        delimiter = self._char
        self._at += 1
        text, wildcard = "", False
        while self._char != delimiter:
            char = self._char
            if char == "\\":
                self._at += 1
                char = self._char
            elif char in "*?":
                wildcard = True
            if not char or self._at + 1 >= len(self.source):
                raise self.error("Unclosed string")
            self.is_phrase = self.is_phrase or char.isspace()
            text += char
            self._at += 1
        self._at += 1
        self.kind = "WildcardString" if wildcard else "String"
        if self._char == ":":
            self._at += 1
            if not wildcard:
                self.kind = "Field"
        self.text = text

    def _keyword(self) -> None:
        end = self._at + 1
        while end < len(self.source) and self.source[end].isalpha():
            end += 1
        word = self.source[self._at : end]
        if word not in KEYWORDS:
            raise self.error(f"Unknown control keyword: {word}")
        self._take("ControlKeyword", word)

    def _read_bare(self) -> None:
        starts_with_digit = self._char.isdecimal()
        text, wildcard, escaped = "", False, False
        while (char := self._char) and char not in TERMINATORS and not char.isspace():
            if char == "." and starts_with_digit and "." in text:
                self._at += 1  # a second dot ends what begins as a number, and is gone
                break
            if char == "\\":
                self._at += 1
                char, escaped = self._char, True
            elif char in "*?":
                wildcard = True
            text += char
            self._at += 1
        self.text = text
        if starts_with_digit:
            is_number = not escaped and not wildcard and text.replace(".", "", 1).isdecimal()
            self.kind = "Number" if is_number else "WildcardString" if wildcard else "String"
        elif wildcard:
            self.kind = "WildcardString"
        elif self._char == ":":
            self.kind = "Field"
        else:
            self.kind = _WORDS.get(text, "String")
