# ruff: noqa: E501  # the rows of the table stand in as few lines as can be read
"""What a test of a field in ``$filter`` means on a production server: one table for all uses.

A row says for a kind of field, an operator and a kind of value what is found, in words and as an expression of
pandas; or why it is refused, and what does it instead. `F` writes by it, texts are checked by it, ``explain``
and Tab read from it, and a test holds every row against the embedded repository.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import difflib
import operator as op
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..words import STOP_WORDS, gaps_inside, lower_letters, query_words
from .fields import Field, of_some_contents
from .literals import MISREAD

if TYPE_CHECKING:
    from .schema import Schema

COMPARISONS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
FUNCTIONS = ("startswith", "endswith", "substringof")
#: Kinds of fields that are searched word by word.
WORD_KINDS = ("words", "rich", "file")
#: Functions that are tests by themselves.
TESTS = (*FUNCTIONS, "isof")
_SAID = {
    "eq": "is",
    "lt": "is less than",
    "le": "is at most",
    "gt": "is more than",
    "ge": "is at least",
    "startswith": "begins with",
    "endswith": "ends with",
    "substringof": "contains",
}
_COMPARE = {"eq": op.eq, "lt": op.lt, "le": op.le, "gt": op.gt, "ge": op.ge}
_DIGITS = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_EXAMPLES = {
    "integer": "5",
    "number": "5m",
    "truth": "true",
    "date": "datetime'2026-01-31T12:30:00'",
    "moment": "datetime'2026-01-31T12:30:00'",
}
_FLOORS = {"Millisecond": "ms", "Second": "s", "Minute": "min", "Hour": "h", "Day": "D"}
#: What the index holds for a date that is not set, and the dates that are always set.
NO_DATE = dt.datetime(1, 1, 1)
_MOMENTS = frozenset("CreationDate ModificationDate VersionCreationDate VersionModificationDate".split())
#: Short texts that the built-in types have cut into words.
_CUT = frozenset(["Department", "Languages"])
_PART = re.compile(r"[^\W_]+")


@dataclasses.dataclass(frozen=True)
class Condition:
    """A field compared with a value: None, a boolean, a number, a date or a text.

    The operator is one of ``$filter``, or ``phrase`` for words side by side in a long text.
    """

    name: str
    operator: str
    value: Any


@dataclasses.dataclass(frozen=True)
class Rule:
    """A row of the table: what a test finds, or why it is rejected.

    Attributes
    ----------
    kinds, operators, values : str
        What it is for, with blanks between; ``*`` is any.
    says : str
        What is true of the rows that are found.
    pandas : str or callable
        The expression that finds the same rows of a frame.
    refused : str
        Why the test cannot be sent; empty if it can.
    instead : str
        What does it.
    surprise : str
        What is not as one would think.
    warns : str
        Whether a read warns of the surprise once: ``typed`` for filters that are texts, ``always``, or empty.
    """

    kinds: str
    operators: str
    values: str
    says: str = ""
    pandas: str | Callable[[Meaning], str] = ""
    refused: str = ""
    instead: str = ""
    surprise: str = ""
    warns: str = ""

    def is_for(self, kind: str, operator: str, value: str) -> bool:
        """Return whether the rule applies to a test of a field of some kind."""
        pairs = ((self.kinds, kind), (self.operators, operator), (self.values, value))
        return all(listed == "*" or word in listed.split() for listed, word in pairs)


@dataclasses.dataclass(frozen=True)
class Meaning:
    """A test with its rule, and the values for the rule's texts."""

    condition: Condition
    kind: str
    field: Field | None
    rule: Rule
    #: Which types have the field, and which have not; both are empty if that is not known.
    having: frozenset[str] = frozenset()
    lacking: frozenset[str] = frozenset()

    @property
    def refusal(self) -> str:
        """Why the test is rejected, with an alternative; empty if it is not."""
        if not self.rule.refused:
            return ""
        return "; ".join(filter(None, (self._fill(self.rule.refused), self._fill(self.rule.instead))))

    @property
    def sentence(self) -> str:
        """A description of the rows that are found."""
        return self._fill(self.rule.says)

    def warnings(self, *, made: bool) -> list[str]:
        """Return the pitfalls that are worth a warning.

        Parameters
        ----------
        made : bool
            Whether the filter was made with `F`, which refuses some of them, and asks for others on purpose.
        """
        found = self._zeros()
        is_wildcard = self.rule.surprise == _WILDCARDS and "?" in self.text and not made
        if is_wildcard or self.rule.warns == "always" or (self.rule.warns == "typed" and not made):
            found.append(self._fill(self.rule.surprise))
        return found

    def _zeros(self) -> list[str]:
        """Return that an unset number or boolean of an aspect, which a frame shows as missing, counts as 0."""
        value = self.condition.value
        if not ("." in self.name and self.name[0] != "#" and self.kind in ("integer", "number", "truth")):
            return []
        if self.rule.refused or value is None:
            return []
        is_found = value is False if self.kind == "truth" else _COMPARE[_positive(self.operator)](0, value)
        said = "false" if self.kind == "truth" else "0"
        return (
            [f"{self.name} counts as {said} where it is not set, and is compared as such"] if is_found else []
        )

    @property
    def surprises(self) -> list[str]:
        """The pitfalls."""
        found = [self._fill(self.rule.surprise)] if self.rule.surprise else []
        if self.kind == "truth" and not self.lacking:
            found = []
        if self.condition.operator == "ne" and self.lacking and self.kind != "truth":
            found.append(f"{self.name} ne … is also true of contents whose type has no {self.name}")
        if self.kind in ("date", "moment") and isinstance(self.condition.value, dt.datetime):
            found += self._surprises_of_time(self.condition.value)
        if self.kind in ("choice", "choices") and not self.rule.refused and not self.value.startswith("'$"):
            found.append(
                f"{self.value} is compared with the labels of {self.name}; to compare with a value, write a $ before it"
            )
        return [*found, *self._zeros()]

    def _surprises_of_time(self, value: dt.datetime) -> list[str]:
        found = []
        if (value.second or value.microsecond) and self.precision not in ("second", "millisecond"):
            verb = "finds nothing" if self.operator == "eq" else "misses or adds rows of that minute"
            found.append(
                f"{self.name} is in the index by the {self.precision}: {self.operator} with seconds {verb}"
            )
        elif self.operator == "gt":
            found.append(f"{self.name} gt … does not find rows of that very {self.precision}")
        if value.tzinfo is not None:
            found.append("a Z is turned into the server's own time zone; leave it out and write UTC")
        return found

    @property
    def pandas(self) -> str:
        """The expression that finds the same rows in a frame ``df``."""
        made = self.rule.pandas
        return made(self) if callable(made) else self._fill(made)

    # -- what texts are filled with -------------------------------------------------------------------

    def _fill(self, text: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda found: str(getattr(self, found[1])), text)

    @property
    def name(self) -> str:
        """The field."""
        return self.condition.name

    @property
    def member(self) -> str:
        """The field as a filter names it."""
        return self.name if self.name.startswith("#") else self.name.replace(".", "/")

    @property
    def quoted(self) -> str:
        """The name of the field as Python has it."""
        return repr(self.name)

    @property
    def type(self) -> str:
        """The type of the field."""
        return self.field.type if self.field is not None else "unknown type"

    @property
    def column(self) -> str:
        """The column of the field."""
        return "df['Type']" if self.kind == "type" else f"df[{self.name!r}]"

    @property
    def operator(self) -> str:
        """The operator of the filter."""
        return self.condition.operator

    @property
    def sign(self) -> str:
        """The operator in Python."""
        return COMPARISONS[self.condition.operator]

    @property
    def function(self) -> str:
        """The function of the filter as `F` calls it."""
        return "contains" if self.condition.operator == "substringof" else self.condition.operator

    @property
    def said(self) -> str:
        """The operator in words."""
        return _SAID.get(self.condition.operator, "")

    @property
    def found(self) -> str:
        """What a test for an empty value finds in a text that is searched word by word."""
        return "everything" if self.condition.operator == "ne" else "nothing"

    @property
    def value(self) -> str:
        """The value as Python has it."""
        value = self.condition.value
        if isinstance(value, decimal.Decimal):
            value = int(value) if value == value.to_integral_value() else float(value)
        return _moment(value) if isinstance(value, dt.date) else repr(value)

    @property
    def text(self) -> str:
        """The value as it is."""
        return str(self.condition.value)

    @property
    def low(self) -> str:
        """A text as the index stores it, in lower case."""
        return repr(lower_letters(self.condition.value))

    @property
    def part(self) -> str:
        """How a word must match for a part of it."""
        return repr(_around(self.condition.operator, self.condition.value))

    @property
    def pattern(self) -> str:
        """A text with wildcards as a regular expression."""
        text = _around(self.condition.operator, lower_letters(self.condition.value))
        signs = {"*": ".*", "?": "."}
        return repr("(?s)" + "".join(signs.get(c) or re.escape(c) for c in re.sub(r"\*+", "*", text)))

    @property
    def tag(self) -> str:
        """A regular expression for a single tag."""
        return repr(rf"(?:^|[,;])\s*{re.escape(lower_letters(self.condition.value))}\s*(?:[,;]|$)")

    @property
    def option(self) -> str:
        """The value of an option, or the values of those with a label, in lower case."""
        text = lower_letters(self.condition.value)
        if text.startswith("$"):
            return repr([text[1:]])
        options = self.field.options if self.field is not None else ()
        return repr([lower_letters(option.value) for option in options if lower_letters(option.text) == text])

    @property
    def empty(self) -> str:
        """The rows of a frame in which a choice or a reference is empty."""
        is_list = self.field is not None and self.field.multiple
        return f"df[{self.column}.str.len() == 0]" if is_list else f"df[{self.column}.isna()]"

    @property
    def options(self) -> str:
        """How to test for options of a choice."""
        options = self.field.options if self.field is not None else ()
        return f"F({self.name!r}).isin({[option.value for option in options[:3]]})"

    @property
    def example(self) -> str:
        """An example value of the field in a filter; for a choice a complete test."""
        if self.kind in ("choice", "choices"):
            return f"{self.member} eq '${self._close_option}'"
        value = self.condition.value
        if isinstance(value, str) and self.kind in ("date", "moment"):
            try:
                dt.datetime.fromisoformat(value)
            except ValueError:
                return _EXAMPLES[self.kind]
            return f"datetime'{value}'"
        if isinstance(value, str) and _DIGITS.fullmatch(value):
            return f"{value}m" if self.kind == "number" else value.partition(".")[0]
        return _EXAMPLES[self.kind]

    @property
    def _close_option(self) -> str:
        """The value of the most similar option, or of the first one."""
        options = self.field.options if self.field is not None else ()
        spellings = {
            lower_letters(word): option.value for option in options for word in (option.value, option.text)
        }
        close = difflib.get_close_matches(lower_letters(self.text), spellings, 1)
        return spellings[close[0]] if close else options[0].value if options else "…"

    @property
    def words(self) -> str:
        """The indexed words of a text, as arguments."""
        return ", ".join(map(repr, query_words(str(self.condition.value)))) or "'word'"

    @property
    def stopped(self) -> str:
        """The words with a part in them that the index drops."""
        return " or ".join(map(repr, _stopped(self.text)))

    @property
    def gaps(self) -> int:
        """The number of stop words inside a phrase."""
        return gaps_inside(str(self.condition.value))

    @property
    def zero(self) -> str:
        """The value on the server of an unset number or boolean."""
        return "false" if self.kind == "truth" else "0"

    @property
    def precision(self) -> str:
        """The precision of the field's dates in the index, in words."""
        found = self.field.limits.get("Precision") if self.field is not None else None
        return str(found if found in _FLOORS else "Minute").lower()

    @property
    def floor(self) -> str:
        """The precision of the field's dates in the index."""
        return _FLOORS[self.precision.title()]

    @property
    def of_types(self) -> str:
        """The condition that a row has the field, by its type or an aspect; empty if all rows have it."""
        if "." in self.name and not self.name.startswith("#"):
            ends = f".str.endswith({'/' + self.name.partition('.')[0]!r})"
            return f" & df['Aspects'].explode().astype('str'){ends}.groupby(level=0, sort=False).any()"
        if not self.lacking or self.kind == "type":
            return ""
        some = self.having if len(self.having) < len(self.lacking) else self.lacking
        return f" & {'' if some is self.having else '~'}df['Type'].isin({sorted(some)})"


def _positive(operator: str) -> str:
    return "eq" if operator == "ne" else operator


def _moment(value: dt.date) -> str:
    if not isinstance(value, dt.datetime):
        value = dt.datetime(value.year, value.month, value.day)
    return repr(f"{value.replace(tzinfo=None).isoformat()}Z")


def _around(operator: str, text: str) -> str:
    """Return the pattern for a part of a text."""
    before = "*" if operator in ("endswith", "substringof") else ""
    return f"{before}{text}{'*' if operator in ('startswith', 'substringof') else ''}"


def _number(meaning: Meaning) -> str:
    """Write a comparison with a number: added fields count as 0 if they are unset."""
    test = f"({meaning.column} {meaning.sign} {meaning.value})"
    if not of_some_contents(meaning.name):
        return f"{test}.fillna(False)" if meaning.kind == "integer" else test
    if not _COMPARE[meaning.operator](0, meaning.condition.value):
        return f"{test}.fillna(False)"
    return f"(({meaning.column}.fillna(0) {meaning.sign} {meaning.value}){meaning.of_types})"


def _truth(meaning: Meaning) -> str:
    """Write a comparison with a boolean: added fields are missing if they are unset."""
    if meaning.condition.value or not of_some_contents(meaning.name):
        return f"({meaning.column} == {meaning.value}).fillna(False)"
    return f"(({meaning.column}.fillna(False) == False){meaning.of_types})"


def _like(meaning: Meaning) -> str:
    """Write a comparison with a pattern; one that consists of ``*`` only also matches the empty text."""
    if meaning.text.strip("*"):
        return meaning._fill("{column}.str.lower().str.fullmatch({pattern})")
    return meaning._fill('({column}.fillna("").str.lower().str.fullmatch({pattern}){of_types})')


def _date(meaning: Meaning) -> str:
    """Write a comparison with a date: those that are not set are in the index as the year 1."""
    operator, value = meaning.condition.operator, meaning.condition.value
    first = isinstance(value, dt.datetime) and value.replace(tzinfo=None) == NO_DATE
    unset = f"({meaning.column}.isna(){meaning.of_types})"
    if first and operator in ("eq", "le"):
        return unset
    if first:
        return {"gt": f"{meaning.column}.notna()", "lt": f"{meaning.column}.isna() & False"}.get(
            operator, f"({meaning.column}.notna() | {unset})"
        )
    test = f"({meaning.column}.dt.floor({meaning.floor!r}) {meaning.sign} {meaning.value})"
    return f"({test} | {unset})" if operator in ("lt", "le") and meaning.kind != "moment" else test


_WORD_BY_WORD = "{name} is a long text, which the server searches word by word"
_TEXTS = "text type tags"
_VALUES = "integer number truth date moment"
_NAME_TYPES = "name the types: F('Type').isin(['Task']), or isof('Task') for derived ones, too"
_WILDCARDS = "* and ? in a text are wildcards, and cannot be quoted"
_SEARCH = "search it with a content query, Q({quoted}).has_words(…) or has_phrase(…)"

#: The first row that is for a test is the rule for it.
RULES = (
    Rule("text type tags words choice choices list unknown", "*", "misread", refused="the server misreads the text {value} in a filter",
         instead="use a content query: query='{name}:\"{text}\"'"),
    Rule(_TEXTS + " words choice choices", "eq lt le gt ge phrase", "number truth date",
         refused="the field holds texts, not {value}", instead="compare it with a text"),
    Rule(_TEXTS + " words list", "startswith endswith substringof", "nothing empty number truth date",
         refused="{function} takes a text that is not empty, not {value}", instead="leave the test out"),
    # texts of one term
    Rule("type", "eq", "nothing empty", refused="every content has a type", instead="leave the test out"),
    Rule("type", "lt le gt ge phrase", "*", refused="a type is compared as a whole, and types have no order",
         instead=_NAME_TYPES),
    Rule("text", "eq", "nothing empty", "{name} is empty", '({column}.fillna("").eq(""){of_types})'),
    Rule("type", "startswith endswith substringof", "*", refused="the server would test the name of the rows themselves",
         instead=_NAME_TYPES),
    Rule("text type", "eq", "text", "{name} is {value}, ignoring case", "{column}.str.lower().eq({low})"),
    Rule("text type", "startswith endswith", "text", "{name} {said} {value}, ignoring case",
         "{column}.str.lower().str.{operator}({low})"),
    Rule("text type", "substringof", "text", "{name} contains {value}, ignoring case",
         "{column}.str.lower().str.contains({low}, regex=False)"),
    Rule("text type", "eq startswith endswith substringof", "pattern", "{name} is like {value}, ignoring case",
         _like, surprise=_WILDCARDS),
    # tags, of which each is a term
    Rule("tags", "eq", "text", "one of the {name} is {value}, ignoring case",
         '{column}.fillna("").str.lower().str.contains({tag})'),
    Rule("tags", "*", "*", refused="{name} holds tags, which the server finds one by one",
         instead="compare with a whole tag, or read all rows and search in pandas"),
    # long texts, word by word
    Rule("words", "phrase", "stopwords", refused="the index drops all words of {value}, so nothing would be found",
         instead="look for other words, or read all rows and compare in pandas"),
    Rule("words", "phrase", "gapped", refused="the index drops the stop words inside {value} and leaves a gap in the texts, "
         "so the phrase never matches",
         instead="give the gap some room: Q({quoted}).has_phrase({value}, distance={gaps})"),
    Rule("words", "startswith endswith substringof", "several", refused=_WORD_BY_WORD + ": {function} looks at single words, "
         "and none holds {value}", instead="write {name} eq {value} for these words side by side, or in Python "
         "F({quoted}).has_phrase({value}) or F({quoted}).has_words({words})"),
    Rule("words", "phrase startswith endswith substringof", "pattern", "a word of {name} is like {value}",
         "sn.has_words({column}, {part})", surprise=_WILDCARDS),
    Rule("words", "phrase", "text", "{name} has the words {value} side by side, stop words aside",
         "sn.has_phrase({column}, {value})",
         surprise="{name} is searched word by word: eq finds the texts that have these words side by side", warns="typed"),
    Rule("words", "startswith endswith", "text stopped", "a word of {name} {said} {value}",
         "sn.has_words({column}, {part})", surprise="{name} is searched word by word: the row is found if any of its "
         "words {said} {value}", warns="always"),
    Rule("words", "substringof", "stopped", "a word of {name} {said} {value}", "sn.has_words({column}, {part})",
         surprise="{name} is searched word by word, without the most common words, so {value} is not found in {stopped}", warns="always"),
    Rule("words", "substringof", "text", "a word of {name} {said} {value}",
         "sn.has_words({column}, {part})", surprise="{name} is searched word by word: {said} is about single words"),
    Rule("words", "eq ne phrase", "nothing empty", refused=_WORD_BY_WORD + ": a filter for an empty one finds {found}",
         instead="read all rows and filter in pandas: df[{column}.isna()]"),
    Rule("words", "eq", "*", refused=_WORD_BY_WORD + ": it cannot be compared as one value",
         instead="search for a phrase, F({quoted}).has_phrase({value}), or read all rows and compare in pandas"),
    Rule("words", "*", "*", refused=_WORD_BY_WORD + ": a filter cannot ask that of it", instead=_SEARCH),
    Rule("rich file", "*", "*", refused="the server cannot compare {name}, a field of type {type}, in a filter",
         instead=_SEARCH),
    Rule("whole", "*", "*", refused="the server cannot compare {name}, a field of type {type}, in a filter",
         instead="look for a part of it with a content query, Q({quoted}).contains(…), or read it and compare in pandas"),
    # numbers, booleans, dates
    Rule("integer number", "eq lt le gt ge", "number", "{name} {said} {value}", _number),
    Rule("integer", "*", "fraction", refused="the field holds integers, and the server cannot compare them with {value}",
         instead="write an integer"),
    Rule("integer number truth", "eq", "nothing",
         refused="a field of type {type} is never empty at the server, it is {zero}",
         instead="compare it with {zero}, or leave the test out"),
    Rule("truth", "eq", "truth", "{name} is {value}", _truth,
         surprise="contents whose type has no {name} match neither true nor false"),
    Rule("moment", "eq gt ge lt le", "date", "{name} {said} {value}, by the {precision}", _date),
    Rule("date", "eq gt ge", "date", "{name} {said} {value}, by the {precision}", _date),
    Rule("date", "lt le", "date", "{name} {said} {value}, by the {precision}, or is not set", _date,
         surprise="a date that is not set counts as the year 1 and is before any other: F({quoted}) < … leaves "
         "such rows out, and so does {member} gt datetime'0001-01-01'", warns="typed"),
    Rule("date moment", "eq", "nothing", refused="a date is never null at the server",
         instead="an empty one is found with {member} eq datetime'0001-01-01'"),
    Rule(_VALUES, "startswith endswith substringof phrase", "*",
         refused="{function} looks for a part of a text, and {name} is a field of type {type}",
         instead="compare its value: {member} eq {example}"),
    Rule("*", "lt le gt ge", "nothing", refused="nothing is more or less than a missing value",
         instead="leave the comparison out"),
    Rule("integer number", "*", "*", refused="the field holds numbers, not {value}", instead="write {member} {operator} {example}"),
    Rule("truth", "lt le gt ge", "*", refused="booleans have no order", instead="write {member} eq true or {member} eq false"),
    Rule("truth", "*", "*", refused="the field holds booleans, not {value}", instead="write {member} eq true or {member} eq false"),
    Rule("date moment", "*", "*", refused="the field holds dates, not {value}", instead="write {member} {operator} {example}"),
    # choices
    Rule("choice choices", "eq", "pattern", refused="the server treats * and ? in {value} as wildcards, and they cannot be quoted",
         instead="name the options: {options}"),
    Rule("choice", "eq", "option label", "{name} is {value}",
         '{column}.astype("str").str.lower().isin({option})'),
    Rule("choices", "eq", "option label", "one of the options in {name} is {value}",
         '{column}.explode().astype("str").str.lower().isin({option}).groupby(level=0, sort=False).any()'),
    Rule("choice choices", "eq", "strange", refused="{name} has no option with the label {value}",
         instead="write the value of an option after a $, {example}, or in Python {options}"),
    Rule("choice choices", "eq ne", "nothing empty", refused="the server cannot find empty choices",
         instead="read all rows and filter in pandas: {empty}"),
    Rule("choice choices", "lt le gt ge", "*", refused="options have no order at the server",
         instead="name the options: {options}"),
    Rule("choice choices", "phrase", "*", refused="options are not searched word by word", instead="name the options: {options}"),
    Rule("choice choices", "startswith endswith substringof", "*",
         refused="a part of an option of {name} would be searched in the values and labels of all languages",
         instead="name the options: {options}"),
    # what no filter can test
    Rule("reference", "*", "nothing", refused="the server cannot find empty references: such a filter finds {found}",
         instead="read all rows and filter in pandas: {empty}"),
    Rule("reference", "*", "*", refused="the server cannot compare references in a filter",
         instead="write a content query with the id: Q({quoted}) == 12, in a cell query={name}:12; or with a path: "
         "Q({quoted}).where(Q('Path') == '/Root/…')"),
    Rule("link", "*", "*", refused="the server cannot compare {name}, a field of type {type}, in a filter",
         instead="look for its whole address, text, title or target with a content query, Q({quoted}) == 'https://…', "
         "or for a part of one, Q({quoted}).contains(…)"),
    Rule("color", "*", "*", refused="the server stores a color as the text that was written, so a filter would find red or #ff0000, but not both", instead="read all rows and compare in pandas: "
         "df[df[{quoted}].map(lambda c: bool(c) and (c['Red'], c['Green'], c['Blue']) == (255, 0, 0))]"),
    Rule("other", "*", "*", refused="the server cannot compare {name}, a field of type {type}, in a filter",
         instead="read it and compare in pandas"),
    Rule(_TEXTS, "lt le gt ge", "*", refused="the server cannot order texts in a filter",
         instead="write a content query: Q({quoted}) > …"),
    Rule(_TEXTS + " list", "eq", "expression",
         refused="the server treats {value} as a regular expression, and it cannot be quoted",
         instead="leave out the last slash of a path, or compare in pandas"),
    Rule(_TEXTS + " list", "phrase", "*", refused="{name} is searched as a whole, not word by word",
         instead="F({quoted}).contains({value}) finds a part of it"),
    # fields of lists and aspects, and of types that are not known: by the value
    Rule("unknown list", "eq", "text empty", "{name} is {value}, ignoring case", '{column}.fillna("").str.lower().eq({low})'),
    Rule("list", "eq startswith endswith substringof", "pattern", "{name} is like {value}, ignoring case",
         '{column}.fillna("").str.lower().str.fullmatch({pattern})',
         surprise=_WILDCARDS),
    Rule("unknown list", "startswith endswith", "text", "{name} {said} {value}, ignoring case",
         "{column}.str.lower().str.{operator}({low})"),
    Rule("unknown list", "substringof", "text", "{name} contains {value}, ignoring case",
         "{column}.str.lower().str.contains({low}, regex=False)"),
    Rule("unknown list", "eq lt le gt ge", "number", "{name} {said} {value}", "({column}.fillna(0) {sign} {value})"),
    Rule("unknown list", "eq", "truth", "{name} is {value}", "({column}.fillna(False) == {value})"),
    Rule("unknown list", "eq gt ge lt le", "date", "{name} {said} {value}, by the minute", _date),
    Rule("unknown list", "eq", "nothing", "{name} is empty", '{column}.fillna("").eq("")'),
    Rule("unknown list", "*", "*"),
    # what does not go together
    Rule("*", "*", "*", refused="the server cannot compare a field of type {type} with {value} in this way",
         instead="read all rows and compare in pandas"),
)  # fmt: skip


def _stopped(part: str) -> list[str]:
    """Return the words that the index drops, and that hold a part."""
    return sorted(word for word in STOP_WORDS if lower_letters(part) in word)


def kind_of(name: str, field: Field | None) -> str:
    """Return the kind of a field, as the table calls it.

    Fields of lists are not cut into words, whatever their type. Where their definition is not known, or that
    of an aspect, the kind of the value decides.

    Examples
    --------
    >>> kind_of("Notes", Field("Notes", "LongText")), kind_of("#Notes", None)
    ('words', 'list')
    >>> kind_of("#Notes", Field("#Notes", "LongText"))
    'text'
    """
    if name in ("Type", "ContentType"):
        return "type"
    if of_some_contents(name):
        return _added_kind(name, field)
    if name == "_Text":
        return "words"
    if field is None:
        return "unknown"
    if name == "Tags":
        return "tags"
    if name in _CUT:
        return "words"
    kind = field.kind.filter
    if kind == "choice":
        return "choices" if field.multiple else "choice"
    return "moment" if kind == "date" and name in _MOMENTS else kind


def _added_kind(name: str, field: Field | None) -> str:
    """Return the kind of a field of a list or an aspect: by its value if its definition is unknown."""
    if field is None or field.kind.filter == "unknown" or field.type == "Object":
        return "list"
    kind = kind_of("", field)
    if not name.startswith("#"):
        return kind
    return {"words": "text", "rich": "whole", "file": "whole"}.get(kind, kind)


def _value_kind(test: Condition, kind: str, field: Field | None) -> str:
    value = test.value
    if value is None or value == "":
        return "nothing" if value is None else "empty"
    if isinstance(value, bool):
        return "truth"
    if isinstance(value, dt.date):
        return "date"
    if not isinstance(value, str):
        return "fraction" if kind == "integer" and value % 1 else "number"
    if value in MISREAD:
        return "misread"
    is_pattern = "*" in value or "?" in value
    if kind in ("choice", "choices") and test.operator in ("eq", "ne"):
        labels = [lower_letters(option.text) for option in field.options] if field is not None else []
        is_label = lower_letters(value) in labels
        return (
            "pattern" if is_pattern else "option" if value[0] == "$" else "label" if is_label else "strange"
        )
    if is_pattern:
        return "pattern"
    if kind == "tags" and not {",", ";"}.isdisjoint(value):
        return "several"
    if kind == "words" and test.operator in FUNCTIONS:
        return "several" if not _PART.fullmatch(value) else "stopped" if _stopped(value) else "text"
    if test.operator in ("eq", "ne", "phrase") and len(value) > 1 and value[0] == value[-1] == "/":
        return "expression"
    if kind == "words" and test.operator == "phrase":
        return "stopwords" if not query_words(value) else "gapped" if gaps_inside(value) else "text"
    return "text"


def meaning_of(test: Condition, field: Field | None, schema: Schema | None = None) -> Meaning:
    """Return the rule for a test, with the values for its texts.

    Examples
    --------
    >>> meaning_of(Condition("Name", "eq", "Ann"), Field("Name", "ShortText")).pandas
    "df['Name'].str.lower().eq('ann')"
    >>> print(meaning_of(Condition("Keeper", "eq", 12), Field("Keeper", "Reference")).refusal)
    the server cannot compare references in a filter; write a content query with the id: Q('Keeper') == 12, ...
    """
    kind = kind_of(test.name, field)
    value, operator = _value_kind(test, kind, field), "eq" if test.operator == "ne" else test.operator
    rule = next(rule for rule in RULES if rule.is_for(kind, operator, value))
    having = lacking = frozenset[str]()
    if schema is not None and kind != "unknown" and not of_some_contents(test.name):
        having = frozenset(name for name in schema if test.name in schema[name].fields)
        lacking = frozenset(schema) - having
    return Meaning(test, kind, field, rule, having, lacking)


def operators_for(field: Field) -> list[str]:
    """Return the operators that tests of a field may have, as Tab offers them.

    Examples
    --------
    >>> operators_for(Field("Name", "ShortText")), operators_for(Field("Notes", "LongText"))
    (['eq', 'ne'], ['eq', 'ne'])
    """
    kind = kind_of(field.name, field)
    allowed = [o for o in ("eq", "lt", "le", "gt", "ge") if _is_allowed(kind, o)]
    return [operator for operator in COMPARISONS if ("eq" if operator == "ne" else operator) in allowed]


def functions_for(field: Field) -> list[str]:
    """Return the functions that tests of a field may have."""
    kind = kind_of(field.name, field)
    return [function for function in FUNCTIONS if _is_allowed(kind, function)]


def _is_allowed(kind: str, operator: str) -> bool:
    """Return whether a test with some value would be accepted."""
    operator = "phrase" if kind == "words" and operator == "eq" else operator
    rows = (rule for rule in RULES if kind in rule.kinds.split() and operator in rule.operators.split())
    return any(not rule.refused for rule in rows)


def search_refusal(name: str, field: Field | None, how: str, text: str) -> str:
    """Explain why a field cannot be searched for a text; empty if it can.

    Parameters
    ----------
    how : str
        ``phrase`` for words, a function of a filter for a part of a text, ``pattern`` or ``fuzzy``.
    text : str
        What is looked for.

    Examples
    --------
    >>> search_refusal("Notes", Field("Notes", "LongText"), "pattern", "her?n*")
    ''
    >>> print(search_refusal("DisplayName", Field("DisplayName", "ShortText"), "phrase", "grey"))
    DisplayName is searched as a whole, not word by word; Q('DisplayName').contains('grey') finds a part of it
    """
    kind = kind_of(name, field)
    if kind in ("rich", "file"):
        kind, field = "words", Field(name, "LongText")
    elif kind in ("whole", "link"):
        kind, field = "text", Field(name, "ShortText")
    if kind not in ("words", "text", "type", "tags", "list", "unknown"):
        return f"{name} holds no texts: a word, a part of a text or a pattern cannot be looked for in it"
    if how in ("pattern", "fuzzy"):
        is_word = len(text.split()) == 1 and (how == "pattern" or len(query_words(text)) == 1)
        one = (
            ""
            if kind != "words" or is_word
            else f"{name} is searched word by word, and {text!r} is not a word"
        )
        return one
    if kind == "unknown" or (kind in ("type", "tags", "text") and how != "phrase"):
        return ""
    return meaning_of(Condition(name, how, text), field).refusal.replace("F(", "Q(")


def empty_search_refusal(name: str, field: Field | None, instead: str) -> str:
    """Explain why a content query cannot search for an empty value, with what does it.

    Parameters
    ----------
    instead : str
        The filter that does it, for fields in which a filter finds empty values.

    Examples
    --------
    >>> print(empty_search_refusal("Index", Field("Index", "Integer"), "Index eq null"))
    Index: a content query cannot search for an empty value; a field of type Integer is never empty at the
    server, it is 0; compare it with 0, or leave the test out
    """
    refusal = meaning_of(Condition(name, "eq", None), field).refusal if name else ""
    advice = refusal or (f"write a filter: {instead}" if name else "search for a word")
    return f"{name or 'a word'}: a content query cannot search for an empty value; {advice}"


def order_refusal(name: str, field: Field | None) -> str:
    """Explain why a server does not order by a field as one would think; empty if it does.

    Examples
    --------
    >>> print(order_refusal("Notes", Field("Notes", "LongText")))
    the server orders Notes by the greatest word of each text; sort the frame instead: df.sort_values('Notes')
    """
    by = ""
    if "/" in name:
        return (
            f"the server cannot order by {name}: only fields of the rows themselves order them; sort the frame "
            f"instead: select={name!r}, then df.sort_values({name!r})"
        )
    if name == "_Text":
        return "the full text has no order; order by a field, or sort the frame"
    if kind_of(name, field) in (*WORD_KINDS, "tags"):
        by = f"{name} by the greatest word of each text"
    elif field is not None and field.is_reference and (field.multiple or field.kind.several):
        by = f"{name} by the largest id of each list"
    elif name in ("InFolder", "InTree"):
        return f"the server orders {name} by paths of its own; sort the frame instead: df.sort_values('Path')"
    return f"the server orders {by}; sort the frame instead: df.sort_values({name!r})" if by else ""
