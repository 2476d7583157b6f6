"""What the index holds of a content: the terms of its fields, and its words.

Nothing is held of a value that is the default of its kind (0, no, no text, no date, empty list): that a
content has the field with the default follows from its type. What stands in the head of a content is searched
for there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any

from sn_pandas.embedded import dates, endings
from sn_pandas.embedded.contents import HEAD, HEAD_REFERENCES, Content
from sn_pandas.embedded.index.index_fields import CHOICES, MODES, NUMBERS, REFERENCES, field_of
from sn_pandas.embedded.index.matching import analysis_of, is_tags
from sn_pandas.embedded.schema.types import ContentType, Field, Types
from sn_pandas.words import GAP, lower_letters, words_of

WORD_COLUMNS = {"Description": "description", "Binary": "binary"}
"""Built-in fields whose words stand in a column of their own in the full-text table."""
MARKS = {"Description": "\ue001", "Binary": "\ue002"}
"""What stands in the words of a content where those of such a field belong."""
_NOT_HELD = frozenset((*HEAD, *HEAD_REFERENCES, *WORD_COLUMNS, "Locked", "SavingState", "Type", "TypeIs"))
_SAID_OTHERWISE = frozenset(("Handler", "Icon", "Installed", "InSchema"))
"""What is not a text in the definition of a content type."""


@dataclass(slots=True)
class Document:
    """A content as the index sees it."""

    terms: list[tuple[str, Any]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    description: list[str] = field(default_factory=list)
    binary: list[str] = field(default_factory=list)


def precision(definition: Field) -> int:
    """Return the step to which the dates of a field are cut."""
    setting = definition.settings.get("Precision", "Minute")
    if isinstance(setting, int):
        return list(dates.PRECISIONS.values())[setting]
    return dates.PRECISIONS.get(str(setting), dates.MINUTE)


class Indexer:
    """Makes documents of contents; works out once for each field of a type what to do with its values.

    Parameters
    ----------
    types
        The content types.
    text_of
        Returns the text that can be found of a stored binary.
    list_fields
        Returns the fields that the list around a content adds, by the id of its parent. Lists may define a
        field of one name in different ways.
    """

    def __init__(
        self,
        types: Types,
        text_of: Callable[[dict[str, Any]], str],
        list_fields: Callable[[int], Mapping[str, Field]],
    ) -> None:
        self.types = types
        self._text_of = text_of
        self._list_fields = list_fields
        self._indexings: dict[tuple[str | int, str], Indexing | None] = {}
        self._ranks: dict[str, dict[str, int]] = {}
        self._orders: dict[tuple[str, ...], list[str]] = {}

    def document(self, content: Content) -> Document:
        """Return what the index holds of a content."""
        document = Document()
        type_name, indexings = content.type, self._indexings
        fields = content.fields
        if type_name == "ContentType":
            fields = {**fields, **self._definition_fields(content.name)}
        for name in self._order_fields(type_name, fields):
            value = fields.get(name)
            if not value:
                if name == "DisplayName":
                    document.words += _words_of(content.display_name)
                continue
            key = (content.parent_id if name.startswith("#") else type_name, name)
            if key not in indexings:
                indexings[key] = self._indexing(name, self._definition(content, name))
            indexing = indexings[key]
            if indexing is not None:
                indexing(document, value)
        if fields.get("FullName") and not fields.get("DisplayName"):
            document.terms.append(("DisplayName", lower_letters(str(content.fields["FullName"]))))
        found = self.types.get(content.type)
        if found is not None and found.is_a("File"):
            document.terms += _of_file(content)
            icon = None if content.fields.get("Icon") else endings.icon(content.name)
            if icon is not None:
                document.terms.append(("Icon", icon))
                document.words.append(icon)
        elif type_name == "ContentType" and content.name in self.types and not fields.get("Binary"):
            _add_definition(self.types[content.name], document)
        document.words += _words_of(content.type)
        return document

    def _definition_fields(self, name: str) -> dict[str, Any]:
        """Return the fields in the definition of a content type."""
        found = self.types.get(name)
        if found is None:
            return {}
        return {
            "Categories": " ".join(found.settings.get("Categories", ())),
            "HandlerName": found.handler,
            "ParentTypeName": found.parent,
            "DisplayName": found.display_name,
            "Description": found.settings.get("Description"),
            "Icon": found.icon,
        }

    def _order_fields(self, type_name: str, fields: dict[str, Any]) -> list[str]:
        """Return the names of the stored fields in the order in which the full text holds them."""
        key = (type_name, *fields)
        if key not in self._orders:
            self._orders[key] = self._compute_order(type_name, fields)
        return self._orders[key]

    def _compute_order(self, type_name: str, fields: dict[str, Any]) -> list[str]:
        ranks = self._ranks.get(type_name)
        if ranks is None:
            ranks = {name: n for n, name in enumerate(self.types.of(type_name).fields)}
            self._ranks[type_name] = ranks
        names = {"DisplayName": None, **fields} if "DisplayName" in ranks else fields
        return sorted(names, key=lambda name: ranks.get(name, len(ranks)))

    def _definition(self, content: Content, name: str) -> Field | None:
        """Return the definition of a field of a content.

        A list has options and a precision of its own, but what it is searched as is the same in all lists.
        """
        searched = field_of(name, self.types)
        if name.startswith("#"):
            own = self._list_fields(content.parent_id).get(name)
            return own if own is not None and searched is not None and own.kind == searched.kind else searched
        content_type = self.types.get(content.type)
        return content_type.fields.get(name, searched) if content_type else searched

    def _indexing(self, name: str, definition: Field | None) -> Indexing | None:
        """Return what adds a value of a field to a document; None if the field is not searched for."""
        if definition is None or not definition.indexed:
            return None
        if definition.kind == "Binary":
            return partial(_add_binary, name, self._text_of)
        make = _tags if is_tags(definition) else MAKERS.get(definition.kind, _text)
        terms_of = partial(make, definition)
        if name == "Description":
            return partial(_add_description, terms_of)
        if name == "ContentListDefinition":
            return None  # its fields are searched, its text is not
        if name in _NOT_HELD:
            return partial(_add_words, terms_of)
        analysis = analysis_of(name, self.types)
        if analysis != "whole":
            return partial(_add_split, name, terms_of, words_of if analysis == "words" else _split_at_blanks)
        return partial(_add, name, terms_of)


def _of_file(content: Content) -> list[tuple[str, Any]]:
    """Return the computed terms of a file: its size, and its number of pages if it is unknown."""
    binary = content.fields.get("Binary")
    size = 0 if content.saving_state else binary["size"] if binary else -1
    found: list[tuple[str, Any]] = [("Size", float(size))] if size else []
    if "PageCount" not in content.fields:
        found.append(("PageCount", -4))
    return found


Indexing = Callable[[Document, Any], None]
"""Adds a value to a document."""
Terms = tuple[list[Any], str]
"""The terms of a value, and the text under which the full text finds it."""


def _add(name: str, make: Callable[[Any], Terms], document: Document, value: Any) -> None:
    terms, words = make(value)
    for term in terms:
        document.terms.append((name, term))
    if words:
        document.words += _words_of(words)


def _add_words(make: Callable[[Any], Terms], document: Document, value: Any) -> None:
    document.words += _words_of(make(value)[1])


def _add_split(
    name: str,
    make: Callable[[Any], Terms],
    cut: Callable[[str], list[str]],
    document: Document,
    value: Any,
) -> None:
    text = make(value)[1]
    words = cut(text)
    document.terms += [(name, word) for word in dict.fromkeys(words) if word != GAP]
    document.words += words if cut is words_of else words_of(text)


def _words_of(text: str) -> Sequence[str]:
    """Return the words of a text; those of short ones, of which many are alike, are made once."""
    return _words_of_short(text) if len(text) <= 40 else words_of(text)


@lru_cache(maxsize=4096)
def _words_of_short(text: str) -> tuple[str, ...]:
    return tuple(words_of(text))


def _split_at_blanks(text: str) -> list[str]:
    return lower_letters(text).split()


def _add_description(make: Callable[[Any], Terms], document: Document, value: Any) -> None:
    document.description = words_of(make(value)[1])
    document.words.append(MARKS["Description"])


def _add_binary(name: str, text_of: Callable[[dict[str, Any]], str], document: Document, value: Any) -> None:
    words = words_of(text_of(value))
    if name in WORD_COLUMNS:
        document.binary = words
        document.words.append(MARKS[name])
    else:
        document.terms += [(name, word) for word in dict.fromkeys(words) if word != GAP]
        document.words += words


def _add_definition(found: ContentType, document: Document) -> None:
    """Add the definition of a content type, as the words of its binary."""
    said = [value for name, value in found.settings.items() if name not in _SAID_OTHERWISE]
    texts = _texts([found.name, said, [(one.name, one.kind, one.settings) for one in found.own_fields]])
    document.binary = words_of(" ".join(texts))
    document.words.append(MARKS["Binary"])


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _texts(list(value.values()))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)


# Values that are not empty, kind by kind


def _text(definition: Field, value: Any) -> Terms:
    return ([lower_letters(value)], value) if isinstance(value, str) else ([], "")


def _empty(definition: Field, value: Any) -> Terms:
    return [], ""


def _boolean(definition: Field, value: Any) -> Terms:
    return [1], ""


def _integer(definition: Field, value: Any) -> Terms:
    return [int(value)], str(value)


def _number(definition: Field, value: Any) -> Terms:
    number = float(value)
    return ([number] if number else []), str(value)


def _date(definition: Field, value: Any) -> Terms:
    ticks = dates.from_iso(value)
    ticks -= ticks % precision(definition)
    return ([ticks] if ticks else []), ""


def _references(definition: Field, value: Any) -> Terms:
    return list(dict.fromkeys(value)), ""


def _names(definition: Field, value: Any) -> Terms:
    return list(dict.fromkeys(lower_letters(v) for v in value)), ""


def _link(definition: Field, value: Any) -> Terms:
    parts = [lower_letters(v) for v in value.values() if v]
    return list(dict.fromkeys(parts)), ""  # the full text does not hold links


def _rich_text(definition: Field, value: Any) -> Terms:
    text = value.get("text") or ""
    return ([lower_letters(text)] if text else []), text


def _tags(definition: Field, value: Any) -> Terms:
    tags = [lower_letters(tag.strip()) for tag in re.split("[,;]", value) if tag]
    return list(dict.fromkeys(tags)), " ".join(tags)


def _choice(definition: Field, values: Any) -> Terms:
    """Return ``$value`` for options; their labels are found through the definition at search time."""
    terms: list[str] = []
    words: list[str] = []
    for value in values:
        labels = definition.options.get(value)
        if labels is not None:
            terms.append("$" + lower_letters(value))
            words.extend(labels)
        elif value.startswith("~other"):
            first, text = (*value.split("."), "")[:2]
            terms += [first, lower_letters(text)]
            words.append(text)
        else:
            terms.append(lower_letters(value))
            words.append(value)
    return list(dict.fromkeys(terms)), " ".join(words)


MAKERS: dict[str, Callable[[Field, Any], Terms]] = {
    "Boolean": _boolean,
    "Integer": _integer,
    "DateTime": _date,
    "HyperLink": _link,
    "RichText": _rich_text,
    **dict.fromkeys(("PermissionChoice", "AllowedChildTypes"), _names),
    "Password": _empty,
    **dict.fromkeys(NUMBERS, _number),
    **dict.fromkeys(REFERENCES, _references),
    **dict.fromkeys((*CHOICES, *MODES), _choice),
}
"""Kind of a field -> its terms; all others are text."""
