"""Content queries in Python: ``Q("Index") > 5``, with every value quoted so that it stays one value."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from ..words import query_words
from .errors import QueryError
from .fields import INDEX_ONLY, of_some_contents
from .filter_rules import NO_DATE, WORD_KINDS, empty_search_refusal, kind_of, search_refusal
from .filters import Fields
from .literals import cut_to_precision, fit_value, query_value, unwrap
from .refs import as_ref
from .schema import UNKNOWN, Field
from .word_fields import check_phrase, check_words

_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)\s*", re.ASCII)
#: How a content query writes a boolean.
_TRUTHS = frozenset(["yes", "true", "1", "y", "no", "false", "0", "n"])
#: Kinds of fields that hold texts, beside those that are searched word by word.
_TEXT_KINDS = ("text", "type", "tags", "whole", "link")
_NAME = re.compile(r"#?[^\W\d][\w.]*")

#: Private letters that stand for wildcards while the text around them is quoted.
_WILD = {0xE010: "*", 0xE011: "?"}


class Clause:
    """A condition of the content query language; joined with ``&``, ``|`` and ``~``.

    Examples
    --------
    >>> print((Q("Index") > 5) & ~(Q("Name") == "old"))
    (+Index:>5 -Name:"old")
    >>> print((Q("Index") > 5) | ~(Q("Name") == "old"))
    (Index:>5 (+Id:>0 -Name:"old"))
    """

    def __and__(self, other: Clause) -> Clause:
        return _All((*_parts(self, _All), *_parts(other, _All)))

    def __or__(self, other: Clause) -> Clause:
        return _Any((*_parts(self, _Any), *_parts(other, _Any)))

    def __invert__(self) -> Clause:
        return self.inner if isinstance(self, _Without) else _Without(self)

    def __bool__(self) -> bool:
        raise TypeError(
            "clauses are joined with &, | and ~, each comparison in parentheses; not with and, or, not"
        )

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<Clause {self}>"

    def names(self) -> Iterator[str]:
        """Yield the names of the fields that are compared, without those of contents that are referred to."""
        raise NotImplementedError

    def text(self, fields: Fields | None = None) -> str:
        """Return the text of the clause; ``fields`` determine the form of values."""
        raise NotImplementedError


@dataclasses.dataclass(frozen=True, repr=False)
class _All(Clause):
    parts: tuple[Clause, ...]

    def names(self) -> Iterator[str]:
        return (name for part in self.parts for name in part.names())

    def text(self, fields: Fields | None = None) -> str:
        words = [
            f"-{p.inner.text(fields)}" if isinstance(p, _Without) else f"+{p.text(fields)}"
            for p in self.parts
        ]
        if all(isinstance(p, _Without) for p in self.parts):
            words.insert(0, "+Id:>0")
        return f"({' '.join(words)})"


@dataclasses.dataclass(frozen=True, repr=False)
class _Any(Clause):
    parts: tuple[Clause, ...]

    def names(self) -> Iterator[str]:
        return (name for part in self.parts for name in part.names())

    def text(self, fields: Fields | None = None) -> str:
        return f"({' '.join(p.text(fields) for p in self.parts)})"


@dataclasses.dataclass(frozen=True, repr=False)
class _Without(Clause):
    inner: Clause

    def names(self) -> Iterator[str]:
        return self.inner.names()

    def text(self, fields: Fields | None = None) -> str:
        return f"(+Id:>0 -{self.inner.text(fields)})"


@dataclasses.dataclass(frozen=True, repr=False)
class _Words(Clause):
    """Text that the user wrote."""

    words: str

    def names(self) -> Iterator[str]:
        return iter(())

    def text(self, fields: Fields | None = None) -> str:
        return f"({self.words})"


@dataclasses.dataclass(frozen=True, repr=False)
class _Term(Clause):
    field: str
    mark: str
    value: Any

    def names(self) -> Iterator[str]:
        yield self.field

    def text(self, fields: Fields | None = None) -> str:
        field = _field(self.field, fields)
        if self.mark == "{{}}":
            return f"{self.field}:{{{{{self.value.text(fields)}}}}}"
        if self.mark == "*":
            before, text, after = self.value
            function = "substringof" if before and after else "startswith" if after else "endswith"
            self._check(function, text, field)
            return f'{self.field}:"{before}{query_value(text)[1:-1]}{after}"'
        self._check_values(field)
        if field is not None and field.type == UNKNOWN and self.mark == "" and isinstance(self.value, str):
            return f"{self.field}:({write_value(self.field, self.value, field)})"  # a text, or an option
        if self.mark == "()":
            return f"{self.field}:({' '.join(write_value(self.field, v, field) for v in self.value)})"
        if self.mark == "[]":
            definition = None if field is not None and field.type == UNKNOWN else field
            low, high = (write_value(self.field, v, definition) for v in self.value)
            return f"{self.field}:[{low} TO {high}]"
        if self.mark == "~":
            text, distance = self.value
            if not distance:
                self._check("phrase", text, field)
            quoted = query_value(text)
            return f"{self.field}:{quoted}~{distance}" if distance else f"{self.field}:{quoted}"
        if self.mark == "?":
            self._check("pattern", self.value, field)
            return f'{self.field}:"{query_value(re.sub("[*?]", _as_letter, self.value))[1:-1]}"'.translate(
                _WILD
            )
        if self.mark == "~~":
            word, least = self.value
            self._check("fuzzy", word, field)
            return f"{self.field}:{query_value(word)}~{least:g}"
        definition = None if field is not None and field.type == UNKNOWN else field
        words = f"{self.field}:{self.mark}{write_value(self.field, self.value, definition)}"
        kind = kind_of(self.field, field)
        if self.mark in ("<", "<=") and kind == "date":  # those that are not set are the year 1
            return f"(+{words} +{self.field}:>{query_value(NO_DATE)})"
        if self.mark in ("<", "<=") and kind == "text" and isinstance(self.value, str):
            return f"(+{words} +{self.field}:?*)"  # an empty text is before all others
        return words

    def _check_values(self, field: Field | None) -> None:
        """Raise for a comparison that a server interprets differently or does not support."""
        if self.mark not in ("", "()", "[]", "<", "<=", ">", ">="):
            return
        kind = kind_of(self.field, field)
        values = self.value if self.mark in ("()", "[]") else (self.value,)
        text = next((value for value in values if isinstance(value, str)), None)
        if kind in ("choice", "choices") and self.mark not in ("", "()"):
            raise QueryError(
                f"{self.field}: options have no order at the server; name them: Q({self.field!r}).isin([…])"
            )
        if kind == "truth" and self.mark not in ("", "()"):
            raise QueryError(
                f"{self.field}: booleans have no order; write Q({self.field!r}) == True or == False"
            )
        if text is None:
            return
        if kind in WORD_KINDS and self.mark in ("", "()"):
            raise QueryError(
                f"{self.field} is searched word by word: it cannot be compared as one value. Search for a "
                f"phrase, Q({self.field!r}).has_phrase({text!r}), or read all rows and compare in pandas"
            )
        if kind in WORD_KINDS:
            raise QueryError(
                f"{self.field} is searched word by word: a range would be compared with each of its words. "
                "Read all rows and compare in pandas"
            )

    def _check(self, how: str, text: str, field: Field | None) -> None:
        """Raise if the field cannot be searched for such a text."""
        if refusal := search_refusal(self.field, field, how, text):
            raise QueryError(refusal)


class Q:
    r"""A field in a content query, or a content query.

    Parameters
    ----------
    name : str, optional
        The name of a field, or words of the content query language, which are taken as they are.
    **equal
        Fields with the value that each has to have.

    Examples
    --------
    >>> print(Q("Name") == 'say "hi"')
    Name:"say \"hi\""
    >>> print(Q(TypeIs="Task", Index=5))
    (+TypeIs:"Task" +Index:5)
    >>> print(Q("TypeIs:Task AND Index:>5") & (Q("Id").isin([1, 2])))
    (+(TypeIs:Task AND Index:>5) +Id:(1 2))
    >>> print(Q("CreatedBy").where(Q("LoginName") == "ann"))
    CreatedBy:{{LoginName:"ann"}}
    """

    __hash__ = None  # type: ignore[assignment]  # == makes a clause

    def __new__(cls, name: str | None = None, /, **equal: Any) -> Any:
        """Return a field, or a clause if a text is given."""
        if equal:
            clauses: tuple[Clause, ...] = tuple(_Term(f, "", v) for f, v in equal.items())
            if name is not None:
                clauses = (_Words(name), *clauses)
            return clauses[0] if len(clauses) == 1 else _All(clauses)
        if name is None or not name.strip():
            raise QueryError(
                "Q takes the name of a field, a content query, or fields with values: Q(TypeIs='Task')"
            )
        return super().__new__(cls) if _NAME.fullmatch(name) else _Words(name)

    def __init__(self, name: str | None = None, /, **equal: Any) -> None:
        self.name = name or ""

    def __repr__(self) -> str:
        return f"Q({self.name!r})"

    def __eq__(self, value: object) -> Clause:  # type: ignore[override]  # as in pandas
        return _Term(self.name, "", value)

    def __ne__(self, value: object) -> Clause:  # type: ignore[override]  # as in pandas
        return _Without(_Term(self.name, "", value))

    def __lt__(self, value: Any) -> Clause:
        return _Term(self.name, "<", value)

    def __le__(self, value: Any) -> Clause:
        return _Term(self.name, "<=", value)

    def __gt__(self, value: Any) -> Clause:
        return _Term(self.name, ">", value)

    def __ge__(self, value: Any) -> Clause:
        return _Term(self.name, ">=", value)

    def startswith(self, text: str) -> Clause:
        """Return whether it begins so."""
        return _Term(self.name, "*", ("", _check_text(text), "*"))

    def endswith(self, text: str) -> Clause:
        """Return whether it ends so."""
        return _Term(self.name, "*", ("*", _check_text(text), ""))

    def contains(self, text: str) -> Clause:
        """Return whether it is somewhere in it."""
        return _Term(self.name, "*", ("*", _check_text(text), "*"))

    def has_words(self, *words: str) -> Clause:
        """Return whether a long text has all of the words, in any order and letter case.

        Examples
        --------
        >>> print(Q("Notes").has_words("grey", "herons"))
        (+Notes:"grey" +Notes:"herons")
        """
        clauses = tuple(_Term(self.name, "~", (word, 0)) for word in check_words(words))
        return clauses[0] if len(clauses) == 1 else _All(clauses)

    def has_phrase(self, text: str, distance: int = 0) -> Clause:
        """Return whether a long text has the words side by side, or at most ``distance`` positions apart.

        Two neighbours in the other order are two places apart. Words such as *of* and *the* are in no index,
        but leave a gap in the texts: ``has_phrase("cat on the roof", distance=2)``.

        Examples
        --------
        >>> print(Q("Notes").has_phrase("blue herons", distance=2))
        Notes:"blue herons"~2
        """
        if not isinstance(distance, int) or isinstance(distance, bool) or distance < 0:
            raise QueryError(f"distance is a number of words, 0 or more, not {distance!r}")
        words = query_words(check_phrase(text, distance))
        if len(words) == 1:  # servers take a word with a number for similar words
            distance = 0
        elif distance and " " not in text.strip():
            text = " ".join(words)
        return _Term(self.name, "~", (text, distance))

    def matches(self, pattern: str) -> Clause:
        """Whether the text matches a pattern: ``*`` for any characters, ``?`` for a single one.

        A long text is searched word by word: one of its words has to be like the pattern. Nothing quotes the
        two signs. Letter case does not matter.

        Examples
        --------
        >>> print(Q("Name").matches("report-202?-*"))
        Name:"report-202?-*"
        """
        if not isinstance(pattern, str) or not re.search(r"[^*?]", pattern):
            raise QueryError(f"matches takes a text with * and ? in it, not {pattern!r}")
        return _Term(self.name, "?", pattern)

    def similar_to(self, word: str, least: float = 0.5) -> Clause:
        """Whether a word of a long text, or another text as a whole, is similar to this one.

        Parameters
        ----------
        word : str
            What is looked for.
        least : float
            How similar it has to be, from 0 to below 1: one less the letters put in, left out and replaced,
            over the length of the shorter text.

        Examples
        --------
        >>> print(Q("Notes").similar_to("heron", 0.7))
        Notes:"heron"~0.7
        """
        if isinstance(least, bool) or not isinstance(least, (int, float)) or not 0 <= least < 1:
            raise QueryError(f"least is a number from 0 to below 1, not {least!r}")
        return _Term(self.name, "~~", (_check_text(word), float(least)))

    @staticmethod
    def full_text() -> Q:
        """Return the full text of contents: their texts, numbers, labels and the text of their files.

        Dates, references, paths and names are not in it; a file is found by its display name.

        Examples
        --------
        >>> print(Q.full_text().has_phrase("annual budget"))
        _Text:"annual budget"
        """
        made: Q = Q("_Text")
        return made

    def between(self, low: Any, high: Any) -> Clause:
        """Return whether it is from ``low`` to ``high``, both included."""
        return _Term(self.name, "[]", (low, high))

    def isin(self, values: Iterable[Any]) -> Clause:
        """Return whether it is one of the values; a long list is sent in parts."""
        if isinstance(values, str):
            raise QueryError("isin takes a list of values, not one text")
        unique = tuple(dict.fromkeys(map(unwrap, values)))
        return _Term(self.name, "()", unique) if unique else _Term("Id", "", 0)

    def where(self, inner: Clause) -> Clause:
        """Return whether the referenced content matches a clause."""
        return _Term(self.name, "{{}}", inner)


def _as_letter(sign: re.Match[str]) -> str:
    return {wild: chr(letter) for letter, wild in _WILD.items()}[sign[0]]


def _parts(item: Clause, kind: type[_All | _Any]) -> tuple[Clause, ...]:
    if isinstance(item, Q):
        raise TypeError(f"{item!r} is a field; compare it: {item!r} == …")
    if not isinstance(item, Clause):
        raise TypeError(f"a clause is joined with a clause, not with {type(item).__name__}")
    return item.parts if isinstance(item, kind) else (item,)


def _check_text(text: str) -> str:
    if not isinstance(text, str) or not text:
        raise QueryError(f"a search for a part of a text needs a text that is not empty, not {text!r}")
    return text


def _field(name: str, fields: Fields | None) -> Field | None:
    if name in ("Id", "ParentId", "VersionId"):
        return Field(name, "Integer")
    if fields is None or name in INDEX_ONLY:
        return None
    if of_some_contents(name):
        return fields.get(name)
    if name not in fields:
        raise QueryError.unknown_field(name, fields)
    return fields[name]


def write_value(name: str, value: Any, field: Field | None, *, filter: str = "") -> str:
    """Return a value of a field as a content query has it.

    Parameters
    ----------
    name : str
        The field; empty for a word of the full text.
    value : object
        A text, number, boolean or date.
    field : Field, optional
        What is known of it.
    filter : str
        The filter that finds empty values, for the message.

    Raises
    ------
    QueryError
        If it is empty, or does not fit the field.

    Examples
    --------
    >>> write_value("Index", 5.0, Field("Index", "Integer"))
    '5'
    """
    value = unwrap(value)
    if value is None:
        raise QueryError(empty_search_refusal(name, field, filter or f"F({name!r}) == None"))
    try:
        if field is not None and field.type == UNKNOWN and isinstance(value, str) and value[:1] != "$":
            return f"{query_value(value)} {query_value(f'${value}')}"
        return query_value(_fit(name, value, field), field)
    except QueryError as error:
        raise type(error)(f"{name}: {error}" if name else str(error)) from None


def _fit(name: str, value: Any, field: Field | None) -> Any:
    """Return a value in the type of the field.

    Raises
    ------
    QueryError
        If the field cannot hold it; the server would find nothing, or refuse it without saying why.
    """
    kind = kind_of(name or "_Text", field)
    is_text = isinstance(value, str)
    if field is not None and field.is_reference:
        if (by_name := as_ref(value)) is not None:
            raise QueryError(
                f"a content query finds references by id, and does not look up {by_name!r}: "
                f"use Q({name!r}) == repo.find({by_name.name!r}).index[0]"
            )
        if is_text and not value.isdecimal():
            raise QueryError(f"a content query finds references by id, not by path; use Q({name!r}).where(…)")
        if not is_text and (isinstance(value, bool) or not isinstance(value, int)):
            raise QueryError(f"a content query finds references by id, an integer, not by {value!r}")
        return value
    if kind in ("integer", "number") and is_text:
        if not _NUMBER.fullmatch(value):
            raise QueryError(f"the field holds numbers: write a number, not the text {value!r}")
        number = decimal.Decimal(value.strip())
        value = int(number) if kind == "integer" and number == int(number) else number
    elif kind == "truth" and is_text:
        if value.strip().lower() not in _TRUTHS:
            raise QueryError(f"the field holds booleans: write True or False, not the text {value!r}")
        return value
    elif kind in ("date", "moment") and is_text:
        if not re.search(r"\d", value):
            raise QueryError(f"the field holds dates: write a date, not the text {value!r}")
        with suppress(QueryError):  # the server also reads dates in other forms
            return cut_to_precision(fit_value(value, field), field)
        return value
    elif kind in (*WORD_KINDS, *_TEXT_KINDS) and not is_text:
        if isinstance(value, bool) or not isinstance(value, int):
            raise QueryError(f"the field holds texts: write {str(value)!r}, not {value!r}")
        return value
    if kind in ("integer", "number", "truth") and isinstance(value, dt.date):
        raise QueryError(f"the field holds {'booleans' if kind == 'truth' else 'numbers'}, not {value!r}")
    value = fit_value(value, field)
    is_whole = kind == "integer" and not isinstance(value, (bool, str))
    return int(value) if is_whole else cut_to_precision(value, field)
