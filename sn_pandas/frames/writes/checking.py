# ruff: noqa: E501 - a rule is one line of the table
"""The rules of the server for values: one table, one row per rule.

The server answers many bad values with success: it makes a null number 0, an unknown reference
empty, whatever is not ``true`` false. So the rules stand here, each with its reason and the way round.
"""

from __future__ import annotations

import dataclasses
import decimal
import functools
import json
import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Collection

import numpy as np
import pandas as pd

from ...odata.addresses import BAD_IN_NAMES
from ...odata.errors import did_you_mean
from ...odata.numbers import DIGITS
from ...odata.schema import Field
from ..columns.cells import encode
from ..columns.encoders import PLACES, get_target, is_other, option_of, parse_moment
from ..columns.kinds import get_column_kind
from ..columns.normalizing import Cell, is_missing, list_items, list_of, normalize, to_integer, to_plain
from ..columns.unusable import Unusable
from .hidden import is_somebody

_PEOPLE = frozenset(["CreatedBy", "ModifiedBy", "Owner"])
#: Checks of field types of which an empty value breaks ``Compulsory``; the others have no empty value or no
#: such rule.
_COMPULSORY = "text choice reference"
#: What the server fills in by itself.
_GIVEN = frozenset(["Name", "DisplayName", "CreatedBy", "ModifiedBy", "Owner"])

# The server takes such a text for a date before it knows the field.
_DATE_TEXT = re.compile(
    r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-4]):[0-5]\d:[0-5]\d(\.\d{1,7})?(Z|[+-]\d\d(:?\d\d)?)?"
    r"|/Date\([+-]?\d+([+-]\d{4})?\)/"
)
_NUMBER_TEXT = re.compile(r"\s*[+-]?\d+(\.\d+)?\s*")
_LONGEST_NUMBER = 400
_BAD_IN_NAME = re.compile(f"[{BAD_IN_NAMES}]")


@dataclasses.dataclass(frozen=True)
class Rule:
    """A rule of the server, applied to the cells of some field types.

    Attributes
    ----------
    checks : str
        The checks it belongs to, with blanks between: it is for the field types that have one of them in the
        table of ``columns/kinds.py``.
    breaks : callable
        Whether a cell of a field breaks it.
    reason : str
        What to say; ``{cell}``, ``{field}`` and ``{limit}`` are filled in.
    names : collection of str
        The fields it is for, where it goes by name.
    limit : callable, optional
        What ``{limit}`` is.
    """

    checks: str
    breaks: Callable[[Cell, Field], bool]
    reason: str
    names: Collection[str] = ()
    limit: Callable[[Cell, Field], object] | None = None

    def applies(self, checks: str, name: str) -> bool:
        """Return whether the rule applies to a field with some checks and a name."""
        return _is_one_of(self.checks, checks) and (not self.names or name in self.names)


def _is_one_of(some: str, checks: str) -> bool:
    return not set(some.split()).isdisjoint(checks.split())


def find_problem(field: Field, cell: Cell) -> str:
    """Return why a cell cannot be saved, and an alternative; empty if it can.

    Examples
    --------
    >>> find_problem(Field("Index", "Integer"), None)
    'an Integer cannot be empty, the server would store 0. Write 0 if you mean that'
    >>> find_problem(Field("Index", "Integer"), 5)
    ''
    """
    if field.why_not_editable:
        return field.why_not_editable
    if isinstance(cell, Unusable):
        return cell.reason
    checks = get_column_kind(field).checks
    if not checks:
        return f"a field of type {field.type} cannot be written from a frame; try repo.patch(…)"
    cell = normalize(field, cell)
    for rule in _select_rules(checks, field.name, _is_empty(field, cell)):
        if rule.breaks(cell, field):
            limit = rule.limit(cell, field) if rule.limit else None
            article = "an" if field.type[0] in "AEIOU" else "a"
            return rule.reason.format(cell=_shorten(cell), field=field, limit=limit, a=article)
    return "" if _is_encodable(field, cell) else f"{_shorten(cell)} cannot be written to {field.name}"


def _is_encodable(field: Field, cell: Cell) -> bool:
    """Return whether a cell can be encoded as JSON, so that sending it never fails."""
    try:
        json.dumps(encode(field, cell), ensure_ascii=False, allow_nan=False).encode("utf-8")
    except (TypeError, ValueError, ArithmeticError):
        return False
    return True


@functools.cache
def _select_rules(checks: str, name: str, empty: bool) -> tuple[Rule, ...]:
    return tuple(rule for rule in (EMPTY if empty else FILLED) if rule.applies(checks, name))


def explain_absent(field: Field) -> str:
    """Explain why a new content of a type cannot go without a field; empty if it can.

    A pattern or a least length makes an optional text compulsory, because the server tests an absent text as
    an empty one, and an absent number as 0.
    """
    if field.read_only or field.default or field.name in _GIVEN:
        return ""
    checks = get_column_kind(field).checks
    if field.compulsory and _is_one_of(_COMPULSORY, checks):
        return "is required by its type"
    if _is_one_of("length", checks) and (field.limits.get("MinLength") or _is_not_regex_match("", field)):
        return "is required, because an empty text is outside the limits of its type"
    if _is_one_of("integer decimal", checks) and (_is_below_minimum(0, field) or _is_above_maximum(0, field)):
        return "is required, because 0 is outside the limits of its type"
    return ""


def _is_empty(field: Field, cell: Cell) -> bool:
    if field.is_choice or field.is_reference:
        return not isinstance(cell, str) and not list_items(cell)
    return is_missing(cell)


def _shorten(cell: Cell) -> str:
    cell = cell[:80] if isinstance(cell, str) else to_plain(cell)
    try:
        text = " ".join(repr(cell).split())
    except (ValueError, RecursionError):  # a number of thousands of digits
        text = f"a value of type {type(cell).__name__}"
    return text if len(text) <= 60 else text[:57] + "…"


def _matches_always(cell: Cell, field: Field) -> bool:
    return True


def _is_compulsory(cell: Cell, field: Field) -> bool:
    return field.compulsory


def _is_bool(cell: Cell, field: Field) -> bool:
    return isinstance(cell, (bool, np.bool_))


def _is_not_text(cell: Cell, field: Field) -> bool:
    return not isinstance(cell, str)


def _is_not_utf8(cell: Cell, field: Field) -> bool:
    return any(
        isinstance(text, str) and re.search("[\ud800-\udfff]", text) is not None for text in list_items(cell)
    )


def _is_date_text(cell: Cell, field: Field) -> bool:
    return _DATE_TEXT.fullmatch(cell) is not None


def _is_not_regex_match(cell: Cell, field: Field) -> bool:
    try:
        return re.fullmatch(field.limits.get("Regex") or r"[\s\S]*", cell) is None
    except re.error:  # a pattern of .NET that Python does not know: the server decides
        return False


def _is_not_name(cell: Cell, field: Field) -> bool:
    return cell.strip() != cell or not cell or cell.endswith(".") or _BAD_IN_NAME.search(cell) is not None


def _is_not_xml(cell: Cell, field: Field) -> bool:
    try:
        ET.fromstring(cell)
    except ET.ParseError:
        return True
    return False


def _to_decimal(cell: Cell) -> decimal.Decimal | None:
    """Return a number exactly; None if the cell is not a number."""
    cell = to_plain(cell)
    if isinstance(cell, str) and (len(cell) > _LONGEST_NUMBER or not _NUMBER_TEXT.fullmatch(cell)):
        return None
    try:
        number = decimal.Decimal(repr(cell) if isinstance(cell, float) else cell)
    except (decimal.InvalidOperation, TypeError, ValueError):
        return None
    return number if number.is_finite() else None


def _is_not_number(cell: Cell, field: Field) -> bool:
    return isinstance(cell, (bool, np.bool_)) or _to_decimal(cell) is None


def _has_fraction(cell: Cell, field: Field) -> bool:
    number = _to_decimal(cell)
    return number is not None and number != number.to_integral_value()


def _reject_outside(low: float, high: float) -> Callable[[Cell, Field], bool]:
    return lambda cell, field: not low <= (_to_decimal(cell) or 0) <= high


def _is_too_exact(cell: Cell, field: Field) -> bool:
    number = _to_decimal(cell)
    if number is None or isinstance(to_plain(cell), float):
        return False  # a float shows more digits than it means
    return len(number.normalize().as_tuple().digits) > DIGITS


def _is_too_fine(cell: Cell, field: Field) -> bool:
    number = _to_decimal(cell)
    if number is None:
        return False
    kept = decimal.Decimal(f"{number:.{DIGITS}g}")
    return kept != 0 and int(kept.normalize().as_tuple().exponent) < -PLACES


def _is_below_minimum(cell: Cell, field: Field) -> bool:
    low, number = field.limits.get("MinValue"), _to_decimal(cell)
    return low is not None and number is not None and number < decimal.Decimal(str(low))


def _is_above_maximum(cell: Cell, field: Field) -> bool:
    high, number = field.limits.get("MaxValue"), _to_decimal(cell)
    return high is not None and number is not None and number > decimal.Decimal(str(high))


def _is_not_date(cell: Cell, field: Field) -> bool:
    try:
        return not 1 <= parse_moment(cell).year <= 9999
    except (ValueError, TypeError, OverflowError, ArithmeticError):
        return True


def _is_in_year_one(cell: Cell, field: Field) -> bool:
    when = parse_moment(cell)
    return when.year == 1 and when != pd.Timestamp("0001-01-01", tz="UTC")


def _parse_date_limit(field: Field, which: str) -> pd.Timestamp | None:
    try:
        return pd.Timestamp(parse_moment(str(field.limits[which])))
    except (KeyError, ValueError):  # a template such as @@Today@@: the server decides
        return None


def _is_too_early(cell: Cell, field: Field) -> bool:
    low = _parse_date_limit(field, "MinValue")
    return low is not None and pd.Timestamp(parse_moment(cell)) < low


def _is_too_late(cell: Cell, field: Field) -> bool:
    high = _parse_date_limit(field, "MaxValue")
    return high is not None and pd.Timestamp(parse_moment(cell)) > high


def _is_not_option(cell: Cell, field: Field) -> bool:
    return any(isinstance(i, bool) or not isinstance(to_integer(i), (str, int)) for i in list_items(cell))


def _has_several(cell: Cell, field: Field) -> bool:
    return len(list_items(cell)) > 1 and not field.multiple and "AllowMultiple" not in field.untold


def _is_broken_list(cell: Cell, field: Field) -> bool:
    """Return whether a text looks like that of a list and cannot be read as one."""
    if not isinstance(cell, str) or cell[:1] not in ("[", "{") or cell[-1:] not in ("]", "}"):
        return False
    return list_of(cell) is None and all(cell not in (option.value, option.text) for option in field.options)


def _list_unknown_options(cell: Cell, field: Field) -> list[str]:
    values = {option.value for option in field.options}
    return [
        str(to_integer(i))
        for i in list_items(cell)
        if values and option_of(field, i) not in values and not is_other(i)
    ]


def _describe_offered_options(cell: Cell, field: Field) -> str:
    wrong = _list_unknown_options(cell, field)[0]
    values = [option.value for option in field.options]
    listed = ", ".join(values[:12]) + (", …" if len(values) > 12 else "")
    other = f"; other words are written as '~other.{wrong}'" if field.extra_values else ""
    return f"{wrong[:60]!r}: the options are {listed}{other}.{did_you_mean(wrong[:60], values)}"


def _list_extra_values(cell: Cell) -> list[str]:
    return [i for i in list_items(cell) if is_other(i)]


def _has_no_target(cell: Cell, field: Field) -> bool:
    return any(not _is_target(item) for item in list_items(cell))


def _describe_target(cell: Cell, field: Field) -> str:
    wrong = next(item for item in list_items(cell) if not _is_target(item))
    if not isinstance(wrong, str) or len(wrong) > 60 or set(wrong) & set("*?"):
        return (
            f"{_shorten(wrong)}, and the server would clear the field: write an id, a path (/Root/…) or a row"
        )
    return (
        f"{wrong!r}, and the server would clear the field: write sn.ref({wrong!r}) if that is its name, or an id, a "
        f"path (/Root/…) or a row. Look it up: repo.find({wrong!r})"
    )


def _is_target(item: Cell) -> bool:
    if is_missing(item) or isinstance(item, bool):
        return False
    target = get_target(item)
    if isinstance(target, int):
        return 0 < target < 2**31
    return target == "/Root" or (target.startswith("/Root/") and not target.endswith("/"))


# fmt: off
#: Rules for cells that hold nothing.
EMPTY: tuple[Rule, ...] = (
    Rule("integer", _matches_always, "an Integer cannot be empty, the server would store 0. Write 0 if you mean that"),
    Rule("decimal", _matches_always, "a {field.type} cannot be empty, the server would store 0. Write 0 if you mean that"),
    Rule("truth", _matches_always, "a Boolean cannot be empty, the server would store false. Write False if you mean that"),
    Rule("text", _matches_always, "a content always has a name", names={"Name"}),
    Rule("text", _matches_always, "an empty DisplayName shows the Name instead: write the text that is to be shown", names={"DisplayName"}),
    Rule("mode", _matches_always, "{a} {field.type} cannot be empty: write '0' to inherit it"),
    Rule("reference", _matches_always, "{field.name} cannot be empty: write a user", names=_PEOPLE),
    Rule(_COMPULSORY, _is_compulsory, "{field.name} is required by its type and cannot be empty"),
    Rule("length", lambda c, f: bool(f.limits.get("MinLength")), "{field.name} has at least {field.limits[MinLength]} characters, so it cannot be emptied"),
    Rule("length", lambda c, f: _is_not_regex_match("", f), "{field.name} must match {field.limits[Regex]}, so it cannot be emptied"),
)

#: Rules for cells that hold something; the first that is broken is reported.
FILLED: tuple[Rule, ...] = (
    Rule("text", _is_not_text, "{cell} is not a text: convert the column with .astype(str), or read the file with dtype={{'{field.name}': str}}"),
    Rule("text choice reference", _is_not_utf8, "{cell} holds half a character (a lone surrogate), which cannot be sent"),
    Rule("text", _is_date_text, "the server takes {cell} for a date and cannot store it as text: leave out the T or the seconds"),
    Rule("text", _is_not_name, "{cell} is not a valid name: names must not begin or end with a blank, end with a dot, or contain control characters or any of \" # $ % & ' * + , / : ; < = > ? @ [ \\ ] ^ {{ | }} ~ `", names={"Name"}),
    Rule("text", lambda c, f: not c, "an empty DisplayName shows the Name instead: write the text that is to be shown", names={"DisplayName"}),
    Rule("text", lambda c, f: f.compulsory and not c, "{field.name} is required by its type and cannot be empty"),
    Rule("length", lambda c, f: len(c) < f.limits.get("MinLength", 0), "{cell} is shorter than {field.limits[MinLength]} characters"),
    Rule("length", lambda c, f: len(c) > f.limits.get("MaxLength", math.inf), "{cell} is longer than {field.limits[MaxLength]} characters"),
    Rule("length", _is_not_regex_match, "{cell} does not match {field.limits[Regex]}"),
    Rule("xml", _is_not_xml, "{cell} is not well-formed XML"),
    Rule("integer", _is_bool, "{cell} is a boolean, not a number: convert the column with .astype('Int64')"),
    Rule("integer", _is_not_number, "{cell} is not an integer: write one, or convert the column with pd.to_numeric(…)"),
    Rule("integer", _has_fraction, "{cell} is not an integer, the server would round it: use .round()"),
    Rule("integer", _reject_outside(-(2**31), 2**31 - 1), "{cell} is outside of the 32 bits of an Integer"),
    Rule("decimal", _is_bool, "{cell} is a boolean, not a number: convert the column with .astype(float)"),
    Rule("decimal", _is_not_number, "{cell} is not a number (the server would take a comma for a separator of thousands): write one, or convert the column with pd.to_numeric(…)"),
    Rule("decimal", _reject_outside(-7.9e28, 7.9e28), "{cell} is too big for the server: below 7.9e28 fits"),
    Rule("decimal", _is_too_exact, "{cell} has more digits than the 15 that the server keeps: round it"),
    Rule("decimal", _is_too_fine, "{cell} goes beyond the 28 decimal places that the server keeps: use .round(…)"),
    Rule("integer decimal", _is_below_minimum, "{cell} is below {field.limits[MinValue]}"),
    Rule("integer decimal", _is_above_maximum, "{cell} is above {field.limits[MaxValue]}"),
    Rule("truth", lambda c, f: not _is_bool(c, f), "{cell} is neither True nor False, and the server would store false: write True or False, such as df[{field.name!r}].map({{'yes': True, 'no': False}})"),
    Rule("date", _is_not_date, "{cell} is not a date of the years 1 to 9999: write one, such as '2026-12-31' or pd.Timestamp('2026-12-31 17:00', tz='UTC'), or convert the column with pd.to_datetime(…, utc=True)"),
    Rule("date", _is_in_year_one, "{cell} is in year 1, which means that a date is not set: write None to clear the date"),
    Rule("date", _is_too_early, "{cell} is before {field.limits[MinValue]}"),
    Rule("date", _is_too_late, "{cell} is after {field.limits[MaxValue]}"),
    Rule("choice reference", _is_broken_list, "{cell} looks like the text of a list (as a CSV file or str(…) makes it) and cannot be read as one: write a list, such as df.at[id, {field.name!r}] = ['…']"),
    Rule("choice", _is_not_option, "{cell} names no options: write their values or labels"),
    Rule("choice", _has_several, "{cell} has several options, {field.name} takes one"),
    Rule("choice", lambda c, f: bool(_list_unknown_options(c, f)), "{field.name} has no option {limit}", limit=_describe_offered_options),
    Rule("choice", lambda c, f: bool(_list_extra_values(c)) and not f.extra_values and "AllowExtraValue" not in f.untold, "{field.name} takes no other words than its options"),
    Rule("choice", lambda c, f: len(_list_extra_values(c)) > 1, "the server joins several other words into one: write one '~other.…' at the most"),
    Rule("types", lambda c, f: not all(isinstance(i, str) and i for i in list_items(c)), "{cell} names no content types"),
    Rule("contents", _has_no_target, "no content has the id or path {limit}", limit=_describe_target),
    Rule("contents", lambda c, f: is_somebody(c), "Somebody stands for a person whom you may not see, so the former value is hidden and cannot be written back: write another user, or leave the cell as it was (empty in a new row)"),
    Rule("contents", _has_several, "{cell} names several contents, {field.name} takes one"),
)
# fmt: on
