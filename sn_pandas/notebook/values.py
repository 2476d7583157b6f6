"""Values in a query: ``{expressions}`` as literals of the field that they are compared with.

Each place of a query takes values in its own way, and no value can end the place it stands in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..odata.contentqueries import Clause, write_value
from ..odata.errors import QueryError
from ..odata.filter_rules import TESTS
from ..odata.filters import Filter, write_test
from ..odata.literals import filter_literal, query_value
from ..odata.schema import UNKNOWN, Field
from ..odata.tokens import QUERY_TEXT, filter_tokens

#: A mark for the value of a number; private characters, which no query text holds.
BEGIN, END = "\ue000", "\ue001"
MARK = re.compile(f"{BEGIN}(\\d+){END}")

Values = Sequence[Any]
_Fields = Mapping[str, Field]
_NAME = re.compile(r"#?\w+(?:[/.]#?\w+)*")
_ORDER = re.compile(rf"{_NAME.pattern}(?:\s+(?:asc|desc))?")
_SWAPPED = {"lt": "gt", "gt": "lt", "le": "ge", "ge": "le", "eq": "eq", "ne": "ne"}


def fill(option: str, template: str, values: Values, fields: _Fields) -> str:
    """Insert values at their placeholders.

    Parameters
    ----------
    option : str
        The name of the option in lower case; empty for the place.
    template : str
        Its text with marks.

    Raises
    ------
    QueryError
        If a value does not fit.
    """
    if option == "$filter":
        return _Filter(values, fields).fill(template)
    if not MARK.search(template):
        return template
    if option == "query":
        return _ContentQuery(values, fields).fill(template)
    kind = _KINDS.get(option, _write_word)
    if option == "" and MARK.fullmatch(template):
        kind = _place
    return MARK.sub(lambda m: kind(values[int(m[1])]), template)


def list_items(value: Any) -> list[Any] | None:
    """Return the items of a list, tuple, set, index, column or array; None for a single value."""
    if isinstance(value, (list, tuple, set, frozenset, range)):
        return list(value)
    dimensions = getattr(value, "ndim", 0)
    if dimensions > 1:
        raise QueryError("a frame is not a value; use its index or one of its columns: {df.index}")
    return list(value) if dimensions == 1 else None


class _Filter:
    """Values in a ``$filter``."""

    def __init__(self, values: Values, fields: _Fields) -> None:
        self.values = values
        self.fields = fields

    def fill(self, template: str) -> str:
        tokens = [token.text for token in filter_tokens(template, MARK.pattern)]
        words = [i for i, token in enumerate(tokens) if not token.isspace()]
        out = list(tokens)
        for at, place in enumerate(words):
            token = tokens[place]
            if token.startswith("'"):
                marked = MARK.search(token)
                out[place] = self._fill_text(
                    token, self._find_operands(tokens, words, at)[2] if marked else None
                )
            elif MARK.fullmatch(token):
                self._insert_value(out, tokens, words, at)
            elif token in "{}" or "}" in token:
                rest = "".join(tokens[place:])[:30]
                raise QueryError(
                    f"the text that begins with {MARK.sub('…', rest)!r} is not a Python expression in braces"
                )
        return "".join(out)

    def _insert_value(self, out: list[str], tokens: list[str], words: list[int], at: int) -> None:
        value = self.values[int(MARK.fullmatch(tokens[words[at]])[1])]  # type: ignore[index]  # the caller matched it
        after = tokens[words[at] + 1 : words[at] + 2]
        if after and not after[0].isspace() and after[0] not in (")", ","):
            raise QueryError(f"a value in braces is complete; separate it by a blank from {after[0]!r}")
        left, right, field = self._find_operands(tokens, words, at)
        if left is not None and right is not None and field is not None:
            operator = tokens[words[left]]
            member = tokens[words[right]]
            swapped = right > at
            items = list_items(value)
            text = (
                self._write_comparison(member, _SWAPPED[operator] if swapped else operator, value, field)
                if items is None
                else self._write_chain(member, operator, items, field)
            )
            first, last = sorted((words[right], words[at]))
            out[first : last + 1] = [text, *[""] * (last - first)]
            return
        if isinstance(value, Filter):
            out[words[at]] = value.text(self.fields) if len(words) == 1 else f"({value.text(self.fields)})"
            return
        function = self._find_function(tokens, words, at)
        if function is None:
            raise QueryError(
                "a value must be compared with a field ($filter=Name eq {name}) or in a function "
                "($filter=startswith(Name, {start})); write out fields and operators, or build the "
                "condition with sn_pandas.F"
            )
        if list_items(value) is not None:
            raise QueryError(
                f"{function} takes one value, not a list; write one {function} for each, joined by or"
            )
        if not isinstance(value, str):
            raise QueryError(f"{function} takes text, not {type(value).__name__}")
        out[words[at]] = _locate_error(value, f"{function}(…)", lambda: filter_literal(value))

    def _find_operands(
        self, tokens: list[str], words: list[int], at: int
    ) -> tuple[int | None, int | None, Field | None]:
        """Return the operator and the member that the token at ``at`` is compared with, and its field."""
        for operator, member in ((at - 1, at - 2), (at + 1, at + 2)):
            if min(operator, member) >= 0 and max(operator, member) < len(words):
                name = tokens[words[member]]
                if tokens[words[operator]] in _SWAPPED and _NAME.fullmatch(name) and not name[0].isdigit():
                    return operator, member, self._field(name)
        return None, None, None

    def _field(self, member: str) -> Field:
        name = self._column_of(member)
        if name in self.fields:
            return self.fields[name]
        if name == "ContentType" or name.startswith("#"):  # of a list whose definition cannot be read
            return Field(name=name, type="ShortText" if name == "ContentType" else UNKNOWN)
        raise QueryError.unknown_field(name, self.fields)

    def _column_of(self, member: str) -> str:
        """Return the column of a member: in an aspect it has a dot, of a reference it is the last field."""
        dotted = member.replace("/", ".")
        return dotted if dotted in self.fields else member.rpartition("/")[2]

    def _write_comparison(self, member: str, operator: str, value: Any, field: Field) -> str:
        name = self._column_of(member)
        return _locate_error(
            value, f"{member} {operator}", lambda: write_test(name, member, operator, value, field)
        )

    def _write_chain(self, member: str, operator: str, items: list[Any], field: Field) -> str:
        """Write a list of values: any of them for ``eq``, none of them for ``ne``."""
        if operator not in ("eq", "ne"):
            raise QueryError(f"{member} {operator} takes one value, not a list")
        if not items:  # an id is never below 1
            return "Id lt 0" if operator == "eq" else "Id gt 0"
        parts = dict.fromkeys(self._write_comparison(member, operator, item, field) for item in items)
        return "(" + (" or " if operator == "eq" else " and ").join(parts) + ")"

    def _find_function(self, tokens: list[str], words: list[int], at: int) -> str | None:
        """Return the function that the token is an argument of."""
        for back in range(at - 1, 0, -1):
            token = tokens[words[back]]
            if token == "(":
                name = tokens[words[back - 1]].lower()
                return name if name in TESTS else None
            if token == ")" or token in ("and", "or"):
                return None
        return None

    def _fill_text(self, token: str, field: Field | None) -> str:
        """Fill a quoted text; doubled braces in it are braces."""
        if not MARK.search(token):
            return token.replace("{{", "{").replace("}}", "}")
        plain = token[1:-1].replace("''", "'").replace("{{", "{").replace("}}", "}")
        text = MARK.sub(lambda m: _to_inline(self.values[int(m[1])]), plain)
        return _locate_error(text, "a text", lambda: filter_literal(text, field))


class _ContentQuery:
    """Inserts values into a content query."""

    _TOKEN = re.compile(
        rf"\s+|{QUERY_TEXT}|{MARK.pattern}|[#\w][\w.#]*:(?:<>|[<>]=?)?|[#\w][\w.#]*|.",
        re.DOTALL,
    )

    def __init__(self, values: Values, fields: _Fields) -> None:
        self.values = values
        self.fields = fields

    def fill(self, template: str) -> str:
        tokens = [m[0] for m in self._TOKEN.finditer(template)]
        out: list[str] = []
        open_: list[str] = []  # the field of each open group
        field = ""  # the field that the next value is of
        for at, token in enumerate(tokens):
            if MARK.fullmatch(token):
                self._insert_value(out, tokens, at, field or (open_[-1] if open_ else ""))
                field = ""
            elif len(token) > 1 and token[0] in "\"'":
                out.append(self._fill_text(token))
                field = ""
            else:
                out.append(token)
                if re.fullmatch(r"[#\w][\w.#]*:.*", token):
                    field = token
                elif token in "([{":
                    open_.append(field or (open_[-1] if open_ else ""))
                    field = ""
                elif token in ")]}":
                    if open_:
                        open_.pop()
                    field = ""
                elif not token.isspace() and token not in "+-":
                    field = ""
        return "".join(out)

    def _insert_value(self, out: list[str], tokens: list[str], at: int, before: str) -> None:
        value = self.values[int(MARK.fullmatch(tokens[at])[1])]  # type: ignore[index]  # the caller matched it
        name = before.partition(":")[0]
        field = self.fields.get(name)
        _reject_neighbours(tokens, at)
        if isinstance(value, Clause):
            if name:
                raise QueryError(f"{name}: a query is not a value of a field; write it by itself: +{{…}}")
            out.append(value.text(self.fields) if len(tokens) == 1 else f"({value.text(self.fields)})")
            return
        items = list_items(value)
        if items is None:
            out.append(self._write_literal(value, name, field))
            return
        alone = (
            bool(out) and out[-1] == "(" and at + 1 < len(tokens) and tokens[at + 1] == ")" and len(out) > 1
        )
        direct = bool(out) and out[-1] == before
        if not name or not before.endswith(":") or not (alone or direct):
            raise QueryError("a list must follow a field: query=Id:{ids}")
        if not items:  # no content has the id 0
            out.append(f"{'(' if direct else ''}0{')' if direct else ''}")
            out[out.index(before, len(out) - (3 if alone else 2))] = "Id:"
            return
        group = " ".join(dict.fromkeys(self._write_literal(item, name, field) for item in items))
        out.append(group if alone else f"({group})")

    def _write_literal(self, value: Any, name: str, field: Field | None) -> str:
        return write_value(name, value, field, filter=f"$filter={name} eq null")

    def _fill_text(self, token: str) -> str:
        quote = token[0]

        def inner(match: re.Match[str]) -> str:
            text = _locate_error(
                match, "a text", lambda: query_value(_to_inline(self.values[int(match[1])]))
            )[1:-1]
            return text.replace("'", "\\'") if quote == "'" else text

        return MARK.sub(inner, token)


def _reject_neighbours(tokens: list[str], at: int) -> None:
    """Raise if a value in a content query touches a word: the server would take it for two words."""
    before, after = "".join(tokens[max(at - 4, 0) : at]), "".join(tokens[at + 1 : at + 2])
    begins = re.search(r"(?:^|\s|[\[({&|]|:(?:<>|[<>]=?)?)[-+!]*\Z", before)
    if begins and re.match(r"\s|[])}&|~^]|\Z", after):
        return
    raise QueryError(
        "a value in braces is a whole word of a content query; separate it by blanks from its neighbours, or "
        "write all in quotes, as in DisplayName:'*{text}*'"
    )


def _locate_error(value: Any, where: str, write: Callable[[], str]) -> str:
    try:
        return write()
    except QueryError as error:
        raise QueryError(f"{where} …: {error}") from None


def _to_inline(value: Any) -> str:
    """Return a value as a part of a text."""
    if not isinstance(value, str) and list_items(value) is not None:
        raise QueryError("a list is not allowed inside quotes")
    if value is None:
        raise QueryError("None is not allowed inside quotes")
    return str(value)


def _place(value: Any) -> str:
    """Write a place that is a value: a path, an id, or a content with either."""
    for name in ("Path", "Id"):
        index = getattr(value, "index", None)
        if index is not None and not isinstance(value, str) and name in index:
            value = value[name]
            break
    if isinstance(value, str):
        if "\n" in value or "?" in value:
            raise QueryError(f"{value!r} is not a content path")
        return value
    try:
        return f"content({value.__index__()})"
    except AttributeError:
        raise QueryError(
            f"a content is identified by its path or id, not by a {type(value).__name__}"
        ) from None


def _step(value: Any) -> str:
    """Write a step of a path."""
    text = str(value)
    if not text.strip() or re.search(r"[/\\?\n]|\('", text) or text in (".", ".."):
        raise QueryError(f"{text!r} is not a valid content name, so it cannot be part of a path")
    return text


def _write_names(value: Any) -> str:
    names = list_items(value)
    names = [value] if names is None else names
    for name in names:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise QueryError(f"{name!r} is not a valid field name")
    return ",".join(names)


def _write_orders(value: Any) -> str:
    keys = list_items(value)
    keys = [value] if keys is None else keys
    for key in keys:
        if not isinstance(key, str) or not _ORDER.fullmatch(key):
            raise QueryError(f"{key!r} is not a valid sort expression: write a field, then asc or desc")
    return ",".join(keys)


def _number(value: Any) -> str:
    try:
        if not isinstance(value, bool):
            return str(value.__index__())
    except AttributeError:
        pass
    raise QueryError(f"{value!r} is not an integer")


def _write_flag(value: Any) -> str:
    if value is True or value is False:
        return str(value).lower()
    raise QueryError(f"{value!r} is neither True nor False")


def _write_word(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch(r"[\w.]+", value):
        return value
    raise QueryError(f"{value!r} is not allowed here")


_KINDS: dict[str, Callable[[Any], str]] = {
    "": _step,
    "$select": _write_names,
    "$expand": _write_names,
    "$orderby": _write_orders,
    "$top": _number,
    "$skip": _number,
    "enableautofilters": _write_flag,
    "enablelifespanfilter": _write_flag,
}
