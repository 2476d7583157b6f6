"""What the index holds of a content: the terms of its fields, and its words.

Nothing is held of a value that is the default of its kind (0, no, no text, no date, empty list): that a
content has the field with the default follows from its type. What stands in the head of a content is searched
for there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from sn_pandas.embedded import dates
from sn_pandas.embedded.contents import HEAD, HEAD_REFERENCES, Content
from sn_pandas.embedded.index_fields import CHOICES, MODES, NUMBERS, REFERENCES, field_of
from sn_pandas.embedded.types import Field, Types

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
    """Makes documents of contents; remembers for each type what is to be done with its fields.

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
        self._definitions: dict[tuple[str, str], Field | None] = {}
        self._analyzed: dict[str, bool] = {}

    def document(self, content: Content) -> Document:
        """Return what the index holds of a content."""
        document = Document(words=[content.type])
        for name, value in content.fields.items():
            if value is None or value == "" or value == []:
                continue
            definition = self._definition(content.type, name)
            if definition is not None and definition.indexed:
                self._add(document, definition, value)
        return document

    def _definition(self, type_name: str, name: str) -> Field | None:
        key = (type_name, name)
        if key not in self._definitions:
            content_type = self.types.get(type_name)
            own = content_type.fields.get(name) if content_type else None
            self._definitions[key] = own or field_of(name, self.types)
        return self._definitions[key]

    def _add(self, document: Document, definition: Field, value: Any) -> None:
        name = definition.name
        if definition.kind == "Binary":
            text = self._text_of(value)
            if name in WORD_COLUMNS:
                document.binary = text
            elif text:
                document.terms.append((name, text.lower()))
                document.words.append(text)
            return
        terms, words = _terms(definition, value)
        if name == "Description":
            document.description = words
            return
        document.words.append(words)
        if name in _NOT_HELD:
            return
        if self._is_analyzed(name):
            terms = sorted({w for t in terms for w in split_words(str(t))})
        document.terms.extend((name, term) for term in terms)

    def _is_analyzed(self, name: str) -> bool:
        if name not in self._analyzed:
            self._analyzed[name] = is_analyzed(name, self.types)
        return self._analyzed[name]


def _terms(definition: Field, value: Any) -> tuple[list[Any], str]:
    """Return the terms of a value that is not empty, and the text under which the full text finds it."""
    kind = definition.kind
    if kind == "Boolean":
        return ([1] if value else []), ""
    if kind == "Integer":
        return ([int(value)] if value else []), str(value)
    if kind in NUMBERS:
        number = float(value)
        return ([number] if number else []), str(value)
    if kind == "DateTime":
        ticks = dates.from_iso(value)
        ticks -= ticks % precision(definition)
        return ([ticks] if ticks else []), ""
    if kind in REFERENCES:
        return _distinct(value), ""
    if kind in CHOICES or kind in MODES:
        return _choice_terms(definition, value)
    if kind == "HyperLink":
        parts = [v.lower() for v in value.values() if v]
        return _distinct(parts), " ".join(parts)
    if kind == "RichText":
        text = value.get("text") or ""
        return ([text.lower()] if text else []), text
    if kind == "PermissionChoice":
        return _distinct(v.lower() for v in value), ""
    if definition.name == "Tags" and isinstance(value, str):
        tags = [tag.strip().lower() for tag in re.split("[,;]", value) if tag]
        return _distinct(tags), " ".join(tags)
    if isinstance(value, str) and kind != "Password":
        return [value.lower()], value
    return [], ""


def _choice_terms(definition: Field, values: Iterable[str]) -> tuple[list[Any], str]:
    """Return ``$value`` for options; their labels are found through the definition when somebody searches."""
    terms: list[str] = []
    words: list[str] = []
    for value in values:
        labels = definition.options.get(value)
        if labels is not None:
            terms.append("$" + value.lower())
            words.extend(labels)
        elif value.startswith("~other"):
            first, _, text = value.partition(".")
            terms += [first, text.lower()]
            words.append(text)
        else:
            terms.append(value.lower())
            words.append(value)
    return _distinct(terms), " ".join(words)


def _distinct(values: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys(values))
