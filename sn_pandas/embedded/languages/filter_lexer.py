"""Tokens of `$filter`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sn_pandas.embedded.errors import ODataError, parse_error

Kind = Literal["EOF", "CtrlChar", "Char", "Digits", "Word", "String"]
CharKind = Literal["EOF", "WSP", "CtrlChar", "Sharp", "Char", "Digit", "Alpha"]
END = "\0"


@dataclass(frozen=True, slots=True)
class Token:
    """A token, and where it starts."""

    kind: Kind
    text: str
    start: int


class Lexer:
    """Cuts a filter into tokens; `token` is the current one.

    A name is not one token: a word ends at a digit or an underscore, and the parser reads on with
    `name_rest`. So a field whose name begins with a function's name and goes on with a digit cannot be
    reached.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self._next = 0
        self._char = END
        self._kind: CharKind = "EOF"
        self._advance()
        self.token = Token("EOF", END, 0)
        self.step()

    def step(self) -> None:
        """Go to the next token."""
        while self._kind == "WSP" and self._advance():
            pass
        start = self._position
        if self._kind == "EOF":
            self.token = Token("EOF", END, start)
        elif self._kind == "Digit":
            self.token = Token("Digits", self._run("Digit"), start)
        elif self._kind in ("Alpha", "Sharp"):
            self.token = Token("Word", self._run("Alpha", "Sharp"), start)
        elif self._char == "'":
            self.token = Token("String", self._string(start), start)
            self._advance()
        else:
            self.token = Token("CtrlChar" if self._kind == "CtrlChar" else "Char", self._char, start)
            self._advance()

    def name_rest(self) -> str:
        """Return the letters, digits and underscores right after the current token."""
        rest = ""
        while self._kind in ("Digit", "Alpha") or self._char == "_":
            rest += self._char
            self._advance()
        return rest

    def peek(self) -> str:
        """Return the first character after the current token that is not a blank."""
        rest = self.source[self.token.start + len(self.token.text) :].lstrip()
        return rest[:1] or END

    def error(self, reason: str) -> ODataError:
        """Return the error of a text that is not a filter, pointing at the current token."""
        at, source = self.token.start, self.source
        if at >= len(source):
            marked = f"{source}>>>>EOF<<<<"
        else:
            marked = f"{source[:at]}>>>>{source[at]}<<<<{source[at + 1 :]}"
        return parse_error(
            "ODataParserException", f"Syntax error at line 0, char {at}. {reason} Source:{marked}"
        )

    @property
    def _position(self) -> int:
        return self._next - 1

    def _advance(self) -> bool:
        if self._next >= len(self.source):
            self._next = len(self.source) + 1
            self._char, self._kind = END, "EOF"
            return False
        self._char = self.source[self._next]
        self._next += 1
        self._kind = _kind_of(self._char)
        return True

    def _run(self, *kinds: CharKind) -> str:
        text = ""
        while self._kind in kinds:
            text += self._char
            self._advance()
        return text

    def _string(self, start: int) -> str:
        end = self._next
        while True:
            end = self.source.find("'", end)
            if end < 0:
                self.token = Token("String", "", start)
                raise self.error("Unterminated string")
            if self.source[end + 1 : end + 2] != "'":
                break
            end += 2
        text = self.source[self._next : end].replace("''", "'")
        self._next = end + 1
        return text


def _kind_of(char: str) -> CharKind:
    if char == END:
        return "EOF"
    if char in "\t ":
        return "WSP"
    if char < " ":
        return "CtrlChar"
    if char == "#":
        return "Sharp"
    if "0" <= char <= "9":
        return "Digit"
    if "A" <= char <= "Z" or "a" <= char <= "z":
        return "Alpha"
    if char < "z":
        return "Char"
    raise parse_error("SnNotSupportedException", "Unknown CharType")
