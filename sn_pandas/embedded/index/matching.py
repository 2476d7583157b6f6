"""What a term of a query asks of the terms of a field: an exact one, a pattern, words side by side.

`matcher_of` reads the value of a query as the production search engine does, by how the field is analyzed.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeVar

from sn_pandas.embedded.errors import server_error
from sn_pandas.embedded.index.predicates import Term, Value, is_expression
from sn_pandas.embedded.index.sql import Sql, is_one_of, join
from sn_pandas.embedded.schema.types import Field, Types
from sn_pandas.words import query_words, similarity

T = TypeVar("T", bound=Value)
Analysis = Literal["whole", "words", "blanks"]
"""How a text is indexed: as one term, word by word, or cut at blanks only."""

#: How many patterns are tried row by row.
MOST_PATTERNS = 8
#: Seconds that regular expressions and fuzzy words may take in one search.
DEADLINE = 2.0
_WORD_KINDS = ("LongText", "RichText", "Binary")


def analysis_of(name: str, types: Types) -> Analysis:
    """Return how the texts of a field are indexed; fields of lists are never cut."""
    if name == "_Text":
        return "words"
    if name.startswith("#"):
        return "whole"
    variants = types.variants.get(name)
    if variants is None:
        extra = types.extra_fields.get(name)
        variants = [extra] if extra else []
    if any(map(is_tags, variants)):
        return "whole"
    for one in variants:
        if one.analyzer in ("Standard", "Whitespace"):
            return "words" if one.analyzer == "Standard" else "blanks"
    return "words" if any(_is_cut(one) for one in variants) else "whole"


def _is_cut(field: Field) -> bool:
    return field.kind in _WORD_KINDS and field.analyzer != "Keyword"


def is_tags(field: Field) -> bool:
    """Return whether a text holds tags, of which each is a term."""
    return field.name == "Tags" or field.settings.get("IndexHandler") == "Tag"


@dataclass(frozen=True, slots=True)
class Never:
    """No term."""

    def fits(self, value: Value) -> bool:
        """Return whether a term is asked for."""
        return False


@dataclass(frozen=True, slots=True)
class Exactly:
    """The term itself."""

    value: Value

    def fits(self, value: Value) -> bool:
        """Return whether a term is asked for."""
        return bool(value == self.value)

    def test(self, column: str) -> Sql:
        """Return the condition on a column."""
        return Sql(f"{column} = ?", [self.value])


@dataclass(frozen=True)
class Wildcards:
    """A text with wildcards: ``*`` for any text and ``?`` for one character."""

    text: str

    @property
    def prefix(self) -> str:
        """The text before the first wildcard."""
        return re.split(r"[*?]", self.text, maxsplit=1)[0]

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        # Several stars side by side mean one, and would make the expression slow.
        text = re.sub(r"\*+", "*", self.text)
        parts = (".*?" if c == "*" else "." if c == "?" else re.escape(c) for c in text)
        return re.compile("".join(parts), re.DOTALL)

    def fits(self, value: Value) -> bool:
        """Return whether a term is asked for."""
        return isinstance(value, str) and self._compiled.fullmatch(value) is not None

    def test(self, column: str) -> Sql:
        """Return the condition on a column."""
        parts, parameters = [f"typeof({column}) = 'text'"], []
        if self.prefix:
            parts.append(f"{column} >= ? AND {column} < ?")
            parameters += [self.prefix, self.prefix + "\U0010ffff"]
        if self.text != self.prefix + "*":
            parts.append(f"{column} GLOB ?")
            parameters.append(re.sub(r"\*+", "*", self.text.replace("[", "[[]")))
        return Sql(" AND ".join(parts), parameters)


@dataclass(frozen=True)
class AnyOf:
    """One of several terms or patterns, tested as a whole: thousands of single tests would be slow."""

    parts: tuple[Exactly | Wildcards, ...]

    @cached_property
    def values(self) -> tuple[Value, ...]:
        """The terms among them."""
        return tuple(dict.fromkeys(part.value for part in self.parts if isinstance(part, Exactly)))

    @cached_property
    def patterns(self) -> tuple[Wildcards, ...]:
        """The patterns among them."""
        return tuple(dict.fromkeys(part for part in self.parts if isinstance(part, Wildcards)))

    @property
    def is_plain(self) -> bool:
        """Whether the test of each row is short; otherwise what fits is better looked up beforehand."""
        return len(self.patterns) <= MOST_PATTERNS

    @cached_property
    def _set(self) -> frozenset[Value]:
        return frozenset(self.values)

    def fits(self, value: Value) -> bool:
        """Return whether a term is asked for."""
        return value in self._set or any(pattern.fits(value) for pattern in self.patterns)

    def test(self, column: str) -> Sql:
        """Return the condition on a column."""
        parts = [is_one_of(column, self.values)] if self.values else []
        either = join("OR", [*parts, *(pattern.test(column) for pattern in self.patterns)])
        return Sql(f"({either.text})", either.parameters)


class Expression:
    """A regular expression that is found anywhere in the term."""

    def __init__(self, pattern: str) -> None:
        import regex  # on use: few ever search by one

        try:
            self._compiled = regex.compile(pattern)
        except regex.error as error:
            raise server_error("RegexParseException", f"Invalid pattern '{pattern}': {error}") from None
        self._timeout = TimeoutError

    def fits(self, value: Value) -> bool:
        """Return whether a term is asked for."""
        if not isinstance(value, str):
            return False
        try:
            return self._compiled.search(value, timeout=DEADLINE) is not None
        except self._timeout:
            raise too_slow() from None


@dataclass(frozen=True, slots=True)
class Similar:
    """A word that may be replaced by a similar one."""

    word: str
    least: float

    def fits(self, value: Value) -> bool:
        """Return whether a term is asked for."""
        return isinstance(value, str) and similarity(self.word, value) > self.least


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words side by side, or moved by ``distance`` places in all."""

    words: tuple[str, ...]
    distance: int
    analysis: Analysis = "words"

    def fits(self, value: Value) -> bool:
        """Return whether a term is asked for: a single one is not a phrase."""
        return False


Matcher = Never | Exactly | Wildcards | AnyOf | Expression | Similar | Phrase


def matcher_of(term: Term, analysis: Analysis, *, as_typed: bool = False) -> Matcher:
    """Return what a term asks for.

    Parameters
    ----------
    as_typed
        Whether regular expressions keep the letter case in which they were written.

    Raises
    ------
    ODataError
        For a pattern that is none, and a similarity of 1 or more.
    """
    text = term.value
    if not isinstance(text, str):
        return Exactly(text)
    if is_expression(text):
        return Expression((term.typed if as_typed and term.typed else text)[1:-1])
    if "*" in text or "?" in text:
        return Wildcards(text)
    if analysis == "whole":
        return Exactly(text) if term.distance is None else _similar(text, term.distance)
    words = query_words(text) if analysis == "words" else text.split()
    if len(words) > 1:
        return Phrase(tuple(words), round(term.distance or 0), analysis)
    word = words[0] if words else ""
    if term.distance is not None:
        return _similar(word, term.distance)
    return Exactly(word) if word else Never()


def _similar(word: str, least: float) -> Matcher:
    if least >= 1:
        raise server_error("ArgumentException", "minimumSimilarity >= 1")
    return Similar(word, least)


def select_matching(values: Iterable[T], matcher: Matcher) -> list[T]:
    """Return the values that a matcher fits.

    Raises
    ------
    ODataError
        If it takes longer than `DEADLINE`.
    """
    end = time.monotonic() + DEADLINE
    found: list[T] = []
    for number, value in enumerate(values):
        if number % 256 == 0 and time.monotonic() > end:
            raise too_slow()
        if matcher.fits(value):
            found.append(value)
    return found


def too_slow() -> Exception:
    """Return the error of a search that takes too long."""
    return server_error("TimeoutException", f"The search took longer than {DEADLINE:g} seconds.")
