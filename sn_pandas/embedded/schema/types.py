"""Content types: their fields, what they inherit, and which contents they allow below them.

The built-in ones stand in ``types.json``. A field there has a line of its own: ``Name`` and ``Kind``, then
whatever differs from the default (see `Field`). A field whose name an ancestor declares too overrides it as a
whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from importlib import resources
from typing import Any

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Field:
    """A field of a content type.

    Parameters
    ----------
    name, kind
        ``kind`` is the short name of the field class: ``ShortText``, ``Integer``, ``Reference`` …
    owner
        The content type that declares it.
    settings
        Everything that the definition says, under the names that GetSchema uses (``MaxLength``,
        ``AllowedTypes``, ``Options`` …), and what GetSchema does not show: ``Analyzer`` (``Standard`` =
        indexed word by word), ``Index`` (``No`` = not indexed).
    """

    name: str
    kind: str
    owner: str
    settings: Settings = field(default_factory=dict, repr=False)

    @property
    def display_name(self) -> str:
        """What people call the field; its name if nothing is said."""
        return str(self.settings.get("DisplayName") or self.name)

    @property
    def read_only(self) -> bool:
        """Whether writes to it are ignored."""
        return bool(self.settings.get("ReadOnly", False))

    @property
    def compulsory(self) -> bool:
        """Whether it must not be empty."""
        return bool(self.settings.get("Compulsory", False))

    @property
    def multiple(self) -> bool:
        """Whether a reference or a choice may hold several values."""
        return bool(self.settings.get("AllowMultiple", False))

    @property
    def default(self) -> str | None:
        """The default value as the definition says it; may hold templates."""
        return self.settings.get("DefaultValue")

    @property
    def analyzer(self) -> str | None:
        """``Standard`` if the text is indexed word by word, else None: as one term."""
        return self.settings.get("Analyzer")

    @property
    def indexed(self) -> bool:
        """Whether the field can be searched for."""
        return bool(self.settings.get("Index") != "No")

    @cached_property
    def options(self) -> dict[str, tuple[str, ...]]:
        """The options of a choice: value -> the labels under which it is found."""
        return {
            option["Value"]: (option.get("Text", option["Value"]),)
            for option in self.settings.get("Options", ())
        }

    @cached_property
    def selected(self) -> list[str]:
        """The options that a new content starts with."""
        return [o["Value"] for o in self.settings.get("Options", ()) if o.get("Selected")]


@dataclass(frozen=True)
class ContentType:
    """A content type with everything it inherits.

    ``fields`` holds all fields by name, its own first, then those of its parent, and so on; ``own_fields``
    only those it declares; ``lineage`` its own name and those of its ancestors, nearest first.
    """

    name: str
    parent: str | None
    settings: Settings = field(repr=False)
    own_fields: tuple[Field, ...] = field(repr=False)
    fields: dict[str, Field] = field(repr=False)
    lineage: tuple[str, ...] = ()

    @property
    def display_name(self) -> str:
        """What people call the type."""
        return str(self.settings.get("DisplayName") or self.name)

    @property
    def icon(self) -> str:
        """The icon of the type."""
        return str(self.settings.get("Icon", ""))

    @property
    def handler(self) -> str:
        """The class that handles contents of the type at a real server."""
        return str(self.settings.get("Handler", ""))

    @property
    def allowed_child_types(self) -> list[str]:
        """The types that the definition allows below a content of this type."""
        return list(self.settings.get("AllowedChildTypes", ()))

    @property
    def transitive(self) -> bool:
        """Whether a content of this type inherits the allowed child types of its parent."""
        return bool(self.settings.get("IsTransitiveForAllowedTypes", False))

    @property
    def incremental_naming(self) -> bool:
        """Whether a taken name is made free by a number."""
        return bool(self.settings.get("AllowIncrementalNaming", False))

    @property
    def indexed(self) -> bool:
        """Whether contents of the type can be searched for."""
        return bool(self.settings.get("AllowIndexing", True))

    def is_a(self, name: str) -> bool:
        """Return whether the type is the named one or derived from it."""
        return name in self.lineage

    @property
    def path(self) -> str:
        """Path of the content that holds the definition."""
        return "/".join(["/Root/System/Schema/ContentTypes", *reversed(self.lineage)])


class Types(Mapping[str, ContentType]):
    """All content types of a repository by name, in the order of their tree: parents before children.

    Parameters
    ----------
    definitions
        Objects as in ``types.json``, parents first.
    """

    def __init__(self, definitions: Iterable[Settings]) -> None:
        self._types = _build(definitions)
        self.extra_fields: dict[str, Field] = {}
        """Fields that belong to no type: of content lists (``#Name``) and of aspects (``Aspect.Name``)."""
        self.readers: dict[str, dict[str, Any]] = {}
        """Name of a type -> how its fields are read; filled by `projection`, good as long as these types."""
        self._derived: dict[str, list[str]] = {}

    @classmethod
    def parse(cls, texts: Iterable[str]) -> Types:
        """Return the types of definitions in JSON; repositories with the same ones share what was parsed."""
        types = cls(())
        types._types = _parsed(tuple(texts))
        return types

    @classmethod
    def built_in(cls) -> Types:
        """Return the types of an untouched repository."""
        return cls(built_in_definitions())

    def __getitem__(self, name: str) -> ContentType:
        return self._types[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._types)

    def __len__(self) -> int:
        return len(self._types)

    def of(self, name: str) -> ContentType:
        """Return the type of the name; GenericContent for one that was removed while contents had it."""
        return self._types.get(name) or self._types["GenericContent"]

    def derived_names(self, name: str) -> list[str]:
        """Return the named type and those derived from it, ignoring case; empty for an unknown name."""
        lower = name.lower()
        if lower not in self._derived:
            self._derived[lower] = [t.name for t in self.values() if lower in (a.lower() for a in t.lineage)]
        return list(self._derived[lower])

    @cached_property
    def fields(self) -> dict[str, Field]:
        """Every field name of the system with its first definition, in the order of the types."""
        found: dict[str, Field] = {}
        for content_type in self.values():
            for one in content_type.own_fields:
                found.setdefault(one.name, one)
        return found

    @cached_property
    def variants(self) -> dict[str, list[Field]]:
        """Every definition of each field name, overrides included."""
        found: dict[str, list[Field]] = {}
        for content_type in self.values():
            for one in content_type.own_fields:
                found.setdefault(one.name, []).append(one)
        return found

    @cached_property
    def types_with(self) -> dict[str, frozenset[str]]:
        """Field name -> the types whose contents have it."""
        found: dict[str, set[str]] = {}
        for content_type in self.values():
            for name in content_type.fields:
                found.setdefault(name, set()).add(content_type.name)
        return {name: frozenset(types) for name, types in found.items()}


def _build(definitions: Iterable[Settings]) -> dict[str, ContentType]:
    """Return types by name, in the order of their tree."""
    types: dict[str, ContentType] = {}
    waiting = {definition["Name"]: definition for definition in definitions}
    for name in list(waiting):
        _add(types, name, waiting)
    return dict(sorted(types.items(), key=lambda item: item[1].lineage[::-1]))


@lru_cache(maxsize=16)
def _parsed(texts: tuple[str, ...]) -> dict[str, ContentType]:
    return _build(json.loads(text) for text in texts)


def _add(types: dict[str, ContentType], name: str, waiting: dict[str, Settings]) -> None:
    """Build a type, its parent first; one whose parent is missing is left out."""
    definition = waiting.pop(name, None)
    if definition is None:
        return
    parent = definition.get("Parent")
    settings = {k: v for k, v in definition.items() if k not in ("Name", "Parent", "Fields")}
    inherited: dict[str, Field] = {}
    lineage: tuple[str, ...] = (name,)
    if parent is not None:
        _add(types, parent, waiting)
        if parent not in types:
            return
        inherited = types[parent].fields
        lineage = (name, *types[parent].lineage)
    installed = bool(settings.get("Installed"))
    if installed and parent is not None:
        settings.setdefault("Icon", types[parent].icon)
        settings.setdefault("DisplayName", "Content Type")
    own = tuple(_field(f, name, inherited, installed) for f in definition.get("Fields", ()))
    fields = {f.name: f for f in own}
    for field_name, found in inherited.items():
        fields.setdefault(field_name, found)
    types[name] = ContentType(name, parent, settings, own, fields, lineage)


def _field(line: Settings, owner: str, inherited: Mapping[str, Field], installed: bool) -> Field:
    """Return a declared field; an installed one inherits missing settings from the field it overrides."""
    settings = {k: v for k, v in line.items() if k not in ("Name", "Kind")}
    if installed:
        base = inherited.get(line["Name"])
        settings = {**(base.settings if base is not None else {"Forms": "show show show"}), **settings}
    return Field(line["Name"], line["Kind"], owner, settings)


@cache
def built_in_definitions() -> tuple[Settings, ...]:
    """Return the definitions of ``types.json``."""
    text = resources.files("sn_pandas.odata").joinpath("types.json").read_text(encoding="utf-8")
    return tuple(json.loads(text))
