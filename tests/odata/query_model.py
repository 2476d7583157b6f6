"""What content queries made of ``Q`` find, worked out row by row from the values of a frame."""

from __future__ import annotations

import datetime as dt
import operator as op
import re
from collections.abc import Callable
from typing import Any

import pandas as pd
from hypothesis import strategies as st

import sn_pandas as sn
from sn_pandas.odata.contentqueries import Clause
from sn_pandas.words import lower_letters, matches_phrase, query_words, similarity, words_of

from . import filter_world as world

#: A clause with the function that says whether a row is found by it.
Case = tuple[Clause, Callable[[Any], bool]]
WHOLE = ["Code", "Name", "DisplayName", "#Mark", "#Note", "Extra.Mark"]
WORDS = ["Notes", "Story", "Description", "Extra.Note"]
NUMBERS = ["Quantity", "Index", "Weight", "#Count", "#Amount", "Extra.Count", "Extra.Amount"]
INTEGERS = ["Quantity", "Index", "#Count", "Extra.Count"]
DATES = ["BoughtOn", "SeenAt", "#When", "Extra.When", "Extra.SeenAt", "CreationDate"]
TRUTHS = ["InUse", "#Done", "Extra.Done"]
CHOICES = ["Shape", "Uses", "#Shape", "#Uses", "Extra.Shape"]
_COMPARE = {"__eq__": op.eq, "__lt__": op.lt, "__le__": op.le, "__gt__": op.gt, "__ge__": op.ge}
_OWN = ("Code Notes Story Tags Quantity Weight InUse BoughtOn SeenAt Shape Uses Keeper Keepers").split()


def has(row: Any, name: str) -> bool:
    """Return whether a content has a field, filled or not."""
    if name in _OWN:
        return row["Type"] in ("Thing", "Gadget")
    return not name.startswith("Extra.") or world.ASPECT in (row["Aspects"] or ())


def _text(row: Any, name: str) -> str:
    return row[name] if isinstance(row[name], str) else ""


def _terms(row: Any, name: str) -> list[str]:
    """Return what the index holds of a text."""
    text = _text(row, name)
    if name in WORDS:
        return [word for word in words_of(text) if word != "\ue000"]
    if name == "Tags":
        return [lower_letters(tag.strip()) for tag in re.split("[,;]", text) if tag]
    return [lower_letters(text)] if has(row, name) else []


def _number(row: Any, name: str) -> float | None:
    value = row[name]
    return (None if not has(row, name) else 0) if pd.isna(value) else value


def _options(row: Any, name: str) -> list[str]:
    value = row[name]
    if isinstance(value, list):
        return value
    return [] if pd.isna(value) else [str(value)]


def _pattern(text: str) -> re.Pattern[str]:
    signs = {"*": ".*", "?": "."}
    return re.compile("".join(signs.get(c) or re.escape(c) for c in lower_letters(text)), re.DOTALL)


def _of_words(draw: st.DrawFn, name: str) -> Case:
    words = st.sampled_from(" ".join(world.TEXTS).split())
    how = draw(st.sampled_from(["has_words", "has_phrase", "near"]))
    field = sn.Q(name)
    if how == "has_words":
        asked = draw(st.lists(words, min_size=1, max_size=2))
        cut = [query_words(word) for word in asked]
        return field.has_words(*asked), lambda row: all(
            matches_phrase(words_of(_text(row, name)), one, 0) for one in cut
        )
    text = draw(st.sampled_from(world.TEXTS) | st.lists(words, min_size=2, max_size=3).map(" ".join))
    distance = 0 if how == "has_phrase" else draw(st.integers(1, 5))
    cut_text = query_words(text)
    return field.has_phrase(text, distance), lambda row: matches_phrase(
        words_of(_text(row, name)), cut_text, distance
    )


def _of_terms(draw: st.DrawFn, name: str) -> Case:
    texts = st.sampled_from([*world.TEXTS, *" ".join(world.TEXTS).split()])
    how = draw(st.sampled_from(["similar_to", "matches", "contains", "startswith", "endswith"]))
    text = draw(texts)
    field = sn.Q(name)
    if how == "similar_to":
        least = draw(st.sampled_from([0.0, 0.3, 0.5, 0.75, 0.9]))
        asked = lower_letters(text)
        if name in WORDS:
            asked = "".join(query_words(text)[:1])
        return field.similar_to(text, least), lambda row: any(
            similarity(asked, term) > least or term == asked for term in _terms(row, name)
        )
    if how == "matches":
        at = draw(st.integers(0, max(len(text) - 1, 0)))
        text = f"{text[:at]}{draw(st.sampled_from('*?'))}{text[at + 1 :]}"
        pattern = _pattern(text)
        return field.matches(text), lambda row: any(pattern.fullmatch(term) for term in _terms(row, name))
    test = {"contains": op.contains, "startswith": str.startswith, "endswith": str.endswith}[how]
    part = lower_letters(text)
    return getattr(field, how)(text), lambda row: any(test(term, part) for term in _terms(row, name))


def _of_text(draw: st.DrawFn, name: str) -> Case:
    texts = st.sampled_from([*world.TEXTS, *map(str.upper, world.TEXTS)])
    field, how = sn.Q(name), draw(st.sampled_from([*_COMPARE, "between", "isin"]))
    if how == "isin":
        many = draw(st.lists(texts, min_size=1, max_size=3))
        low = [lower_letters(text) for text in many]
        return field.isin(many), lambda row: any(term in low for term in _terms(row, name))
    if how == "between":
        ends = sorted(lower_letters(draw(texts)) for _ in range(2))
        return field.between(*ends), lambda row: any(ends[0] <= term <= ends[1] for term in _terms(row, name))
    text = draw(texts)
    compare, low_text = _COMPARE[how], lower_letters(text)
    leaves_out = how in ("__lt__", "__le__")  # what is empty
    return getattr(field, how)(text), lambda row: any(
        compare(term, low_text) and (bool(term) or not leaves_out) for term in _terms(row, name)
    )


def _of_number(draw: st.DrawFn, name: str) -> Case:
    numbers = [0, 1, -1, 7, 1000, 0.5, -0.25, 1.5, 10, 123456.789]
    fits = st.sampled_from([n for n in numbers if name not in INTEGERS or n == int(n)])
    field, how = sn.Q(name), draw(st.sampled_from([*_COMPARE, "between", "isin"]))
    if how == "isin":
        many = draw(st.lists(fits, min_size=1, max_size=3))
        return field.isin(many), lambda row: _number(row, name) in many
    if how == "between":
        low, high = sorted([draw(fits), draw(fits)])
        return field.between(
            low, high
        ), lambda row: _number(row, name) is not None and low <= _number(row, name) <= high
    value, compare = draw(fits), _COMPARE[how]
    return getattr(field, how)(
        value
    ), lambda row: _number(row, name) is not None and bool(compare(_number(row, name), value))


def _of_date(draw: st.DrawFn, name: str) -> Case:
    zones = [dt.UTC, None, dt.timezone(dt.timedelta(hours=5, minutes=30))]
    moment = draw(st.sampled_from(world.DATES)).replace(tzinfo=draw(st.sampled_from(zones)))
    how = draw(st.sampled_from(list(_COMPARE)))
    floor = "s" if name in ("SeenAt", "Extra.SeenAt") else "min"
    value = pd.Timestamp(moment)
    value = (value.tz_localize("UTC") if moment.tzinfo is None else value).floor(floor)
    compare = _COMPARE[how]
    return getattr(sn.Q(name), how)(
        moment
    ), lambda row: not pd.isna(row[name]) and bool(compare(row[name].floor(floor), value))


def _of_truth(draw: st.DrawFn, name: str) -> Case:
    value = draw(st.booleans())
    return sn.Q(
        name
    ) == value, lambda row: has(row, name) and (False if pd.isna(row[name]) else bool(row[name])) is value


def _of_choice(draw: st.DrawFn, name: str) -> Case:
    many = draw(st.lists(st.sampled_from(["new", "Used"]), min_size=1, max_size=2, unique=True))
    return sn.Q(name).isin(many), lambda row: any(option in many for option in _options(row, name))


def _of_reference(draw: st.DrawFn, name: str) -> Case:
    path = draw(st.sampled_from([f"{world.PLACE}/f0", f"{world.PLACE}/f1"]))
    inner = sn.Q("Path") == path if draw(st.booleans()) else sn.Q("Name") == path.rpartition("/")[2]
    return sn.Q(name).where(
        inner
    ), lambda row: path in (row[name] if isinstance(row[name], list) else [row[name]])


_MAKERS = [
    (WORDS, _of_words),
    ([*WORDS, *WHOLE, "Tags"], _of_terms),
    (WHOLE, _of_text),
    (NUMBERS, _of_number),
    (DATES, _of_date),
    (TRUTHS, _of_truth),
    (CHOICES, _of_choice),
    (["Keeper", "Keepers", "#Keeper"], _of_reference),
]


@st.composite
def _clauses(draw: st.DrawFn) -> Case | None:
    names, make = draw(st.sampled_from(_MAKERS))
    try:
        return make(draw, draw(st.sampled_from(names)))
    except sn.QueryError:
        return None


def _both(pair: tuple[Case, Case]) -> Case:
    (a, in_a), (b, in_b) = pair
    return a & b, lambda row: in_a(row) and in_b(row)


def _either(pair: tuple[Case, Case]) -> Case:
    (a, in_a), (b, in_b) = pair
    return a | b, lambda row: in_a(row) or in_b(row)


def _not(case: Case) -> Case:
    return ~case[0], lambda row: not case[1](row)


_MADE = _clauses().filter(lambda made: made is not None)
CASES: st.SearchStrategy[Case] = st.one_of(
    _MADE,
    st.recursive(
        _MADE,
        lambda inner: st.one_of(
            st.tuples(inner, inner).map(_both), st.tuples(inner, inner).map(_either), inner.map(_not)
        ),
        max_leaves=4,
    ),
)
