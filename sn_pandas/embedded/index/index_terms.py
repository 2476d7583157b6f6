"""What the index holds of a content: the terms of its fields, and its words.

Nothing is held of a value that is the default of its kind (0, no, no text, no date, empty list): that a
content has the field with the default follows from its type. What stands in the head of a content is searched
for there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sn_pandas.embedded import dates
from sn_pandas.embedded.content_types.types import Field, Types
from sn_pandas.embedded.contents import HEAD, HEAD_REFERENCES, Content
from sn_pandas.embedded.index.index_fields import CHOICES, MODES, NUMBERS, REFERENCES, field_of

WORD_COLUMNS = {"Description": "description", "Binary": "binary"}
"""Built-in fields whose words stand in a column of their own in the full-text table."""

_ASCII_WORD = re.compile("[a-z0-9]+")
_NOT_HELD = frozenset((*HEAD, *HEAD_REFERENCES, *WORD_COLUMNS, "Locked", "SavingState", "Type", "TypeIs"))


@dataclass(slots=True)
class Document:
    """A content as the index sees it."""

    terms: list[tuple[str, Any]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    description: str = ""
    binary: str = ""


def split_words(text: str) -> list[str]:
    """Return the words of a text as the standard analyzer finds them: runs of letters and digits."""
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())
    return "".join(c if c.isalpha() or c.isdecimal() else " " for c in text).lower().split()


def is_word(text: str) -> bool:
    """Whether a text is a single word."""
    return bool(text) and all(c.isalpha() or c.isdecimal() for c in text)


def is_analyzed(name: str, types: Types) -> bool:
    """Whether a field is indexed word by word: one definition that says so is enough."""
    variants = types.variants.get(name)
    if variants is None:
        extra = types.extra_fields.get(name)
        variants = [extra] if extra else []
    return any(one.analyzer == "Standard" for one in variants)


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
    """

    def __init__(self, types: Types, text_of: Callable[[dict[str, Any]], str]) -> None:
        self.types = types
        self._text_of = text_of
        self._indexings: dict[tuple[str, str], Indexing | None] = {}

    def document(self, content: Content) -> Document:
        """Return what the index holds of a content."""
        document = Document(words=[content.type])
        type_name, indexings = content.type, self._indexings
        for name, value in content.fields.items():
            if not value:
                continue
            key = (type_name, name)
            if key not in indexings:
                indexings[key] = self._indexing(type_name, name)
            indexing = indexings[key]
            if indexing is not None:
                indexing(document, value)
        if content.fields.get("FullName") and not content.fields.get("DisplayName"):
            document.terms.append(("DisplayName", str(content.fields["FullName"]).lower()))
        return document

    def _indexing(self, type_name: str, name: str) -> Indexing | None:
        """Return what adds a value of a field to a document; None if the field is not searched for."""
        content_type = self.types.get(type_name)
        own = content_type.fields.get(name) if content_type else None
        definition = own or field_of(name, self.types)
        if definition is None or not definition.indexed:
            return None
        if definition.kind == "Binary":
            return partial(_add_binary, name, self._text_of)
        make = _tags if name == "Tags" else MAKERS.get(definition.kind, _text)
        terms_of = partial(make, definition)
        if name == "Description":
            return partial(_add_description, terms_of)
        if name in _NOT_HELD:
            return partial(_add_words, terms_of)
        if is_analyzed(name, self.types):
            return partial(_add_split, name, terms_of)
        return partial(_add, name, terms_of)


Indexing = Callable[[Document, Any], None]
"""Adds a value to a document."""
Made = tuple[list[Any], str]
"""The terms of a value, and the text under which the full text finds it."""


def _add(name: str, make: Callable[[Any], Made], document: Document, value: Any) -> None:
    terms, words = make(value)
    for term in terms:
        document.terms.append((name, term))
    if words:
        document.words.append(words)


def _add_words(make: Callable[[Any], Made], document: Document, value: Any) -> None:
    document.words.append(make(value)[1])


def _add_split(name: str, make: Callable[[Any], Made], document: Document, value: Any) -> None:
    terms, words = make(value)
    document.terms += [(name, word) for term in terms for word in dict.fromkeys(split_words(str(term)))]
    document.words.append(words)


def _add_description(make: Callable[[Any], Made], document: Document, value: Any) -> None:
    document.description = make(value)[1]


def _add_binary(name: str, text_of: Callable[[dict[str, Any]], str], document: Document, value: Any) -> None:
    text = text_of(value)
    if name in WORD_COLUMNS:
        document.binary = text
    elif text:
        document.terms.append((name, text.lower()))
        document.words.append(text)


# Values that are not empty, kind by kind


def _text(definition: Field, value: Any) -> Made:
    return ([value.lower()], value) if isinstance(value, str) else ([], "")


def _nothing(definition: Field, value: Any) -> Made:
    return [], ""


def _truth(definition: Field, value: Any) -> Made:
    return [1], ""


def _whole(definition: Field, value: Any) -> Made:
    return [int(value)], str(value)


def _number(definition: Field, value: Any) -> Made:
    number = float(value)
    return ([number] if number else []), str(value)


def _date(definition: Field, value: Any) -> Made:
    ticks = dates.from_iso(value)
    ticks -= ticks % precision(definition)
    return ([ticks] if ticks else []), ""


def _references(definition: Field, value: Any) -> Made:
    return list(dict.fromkeys(value)), ""


def _names(definition: Field, value: Any) -> Made:
    return list(dict.fromkeys(v.lower() for v in value)), ""


def _link(definition: Field, value: Any) -> Made:
    parts = [v.lower() for v in value.values() if v]
    return list(dict.fromkeys(parts)), " ".join(parts)


def _rich_text(definition: Field, value: Any) -> Made:
    text = value.get("text") or ""
    return ([text.lower()] if text else []), text


def _tags(definition: Field, value: Any) -> Made:
    tags = [tag.strip().lower() for tag in re.split("[,;]", value) if tag]
    return list(dict.fromkeys(tags)), " ".join(tags)


def _choice(definition: Field, values: Any) -> Made:
    """Return ``$value`` for options; their labels are found through the definition when somebody searches."""
    terms: list[str] = []
    words: list[str] = []
    for value in values:
        labels = definition.options.get(value)
        if labels is not None:
            terms.append("$" + value.lower())
            words.extend(labels)
        elif value.startswith("~other"):
            first, text = (*value.split("."), "")[:2]
            terms += [first, text.lower()]
            words.append(text)
        else:
            terms.append(value.lower())
            words.append(value)
    return list(dict.fromkeys(terms)), " ".join(words)


MAKERS: dict[str, Callable[[Field, Any], Made]] = {
    "Boolean": _truth,
    "Integer": _whole,
    "DateTime": _date,
    "HyperLink": _link,
    "RichText": _rich_text,
    **dict.fromkeys(("PermissionChoice", "AllowedChildTypes"), _names),
    "Password": _nothing,
    **dict.fromkeys(NUMBERS, _number),
    **dict.fromkeys(REFERENCES, _references),
    **dict.fromkeys((*CHOICES, *MODES), _choice),
}
"""Kind of a field -> its terms; all others are text."""
