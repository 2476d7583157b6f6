"""The content types of a repository in layers, because types may be hidden from the caller.

A server shows an ordinary user about a third of its content types, and yet reads, filters, orders and changes
the contents of all of them. So a type is what the first of these layers says that knows it:

1. ``shown``: what ``GetSchema`` shows to the caller;
2. ``learned``: what the metadata of one of its contents says, asked for once when the first one is met;
3. ``built in``: what every sensenet has from the beginning;
4. ``values``: the shape of the values of a content, where the server does not give its metadata.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from .built_in import built_in_types, is_ever_shown
from .errors import did_you_mean, unknown
from .field_kinds import field_kind
from .fields import (
    NEVER_WRITTEN,
    PSEUDO_FIELDS,
    UNKNOWN,
    ContentType,
    Field,
    Layer,
    Option,
    of_some_contents,
)
from .type_documents import TypeDescription, read_field

__all__ = [
    "NEVER_WRITTEN",
    "PSEUDO_FIELDS",
    "ROOT",
    "SAMPLES",
    "UNKNOWN",
    "ContentType",
    "Field",
    "FieldsToAsk",
    "Layer",
    "Option",
    "Schema",
]

#: The type that all others but one are derived from.
ROOT = "GenericContent"
#: Contents of a type that are asked what it is: some may only be seen, and tell nothing.
SAMPLES = 3
#: Describes the type of a content by the content's id or path; None if the server tells nothing.
Describe = Callable[[int | str], TypeDescription | None]


class Schema(Mapping[str, ContentType]):
    """The content types of a repository by name: visible ones, and others as far as they are known.

    Parameters
    ----------
    answer : list of dict
        What ``GetSchema`` answered.
    describe : callable, optional
        Describes the type of a content, whose id or path it gets.
    names : callable, optional
        Names the types that there are, hidden ones included; None if the server does not say.
    """

    def __init__(
        self,
        answer: Iterable[Mapping[str, Any]],
        describe: Describe | None = None,
        names: Callable[[], Iterable[str] | None] | None = None,
    ) -> None:
        self._describe = describe
        self._names = names
        self._lock = threading.Lock()
        self._asking: dict[str, threading.Lock] = {}
        self._shown: dict[str, ContentType] = {}
        #: Types whose parents are hidden, so that the fields they inherit are not shown.
        self._incomplete: set[str] = set()
        self._learned: dict[str, ContentType] = {}
        #: The contents that told nothing of their type, by its name.
        self._silent: dict[str, set[int | str]] = {}
        #: Unknown fields that the server was found to compare as decimal numbers or dates; see `FieldsToAsk`.
        self.guesses: set[str] = set()
        self._fields: tuple[Mapping[str, ContentType] | None, Mapping[str, Field]] = (None, {})
        for raw in answer:
            self._show(raw)
        self._merged: dict[tuple[str, frozenset[str], frozenset[str]], Field | None] = {}

    # -- as a mapping -----------------------------------------------------------------------------

    def __getitem__(self, name: str) -> ContentType:
        """Return a type by its name."""
        found = self._find(name)
        if found is None:
            raise KeyError(self.describe_missing(name))
        return found

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._find(name) is not None

    def __iter__(self) -> Iterator[str]:
        yield from self._shown
        yield from (name for name in self._built_in if name not in self._shown)
        yield from (n for n in self._learned if n not in self._shown and n not in self._built_in)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        hidden = len(self) - len(self._shown)
        more = f" and {hidden} that you may not see" if hidden and self.is_partial else ""
        return f"<Schema of {len(self._shown)} content types{more}>"

    def describe_missing(self, name: str) -> str:
        """Return the message for an unknown type, which may also be a hidden one."""
        if not self.is_partial:
            return unknown("content type", name, self)
        return f"there is no content type {name!r} that you may see.{did_you_mean(name, self)}"

    # -- what is hidden ---------------------------------------------------------------------------

    @property
    def shown(self) -> Mapping[str, ContentType]:
        """The types that are visible to the caller."""
        return self._shown

    @cached_property
    def is_partial(self) -> bool:
        """Whether some types are hidden from the caller, as for everybody but administrators."""
        return bool(self._incomplete) or any(is_ever_shown(name) for name in self._built_in)

    def show(self, answer: Iterable[Mapping[str, Any]]) -> None:
        """Add types that have become visible, from a new answer of ``GetSchema``."""
        with self._lock:
            for raw in answer:
                self._show(raw)
                self._learned = {n: t for n, t in self._learned.items() if n != raw["ContentTypeName"]}
            self._merged = {}
            for name in ("_built_in", "is_partial"):
                self.__dict__.pop(name, None)

    @cached_property
    def may_hide(self) -> bool:
        """Whether a name that no layer has may be that of a hidden type or field."""
        if self.is_partial or self._names is None:
            return self.is_partial
        return any(name not in self for name in self._names() or ())

    def hides(self, name: str) -> bool:
        """Return whether the caller may not see a type, or not all of its parents."""
        return name not in self._shown or name in self._incomplete

    def is_complete(self, name: str) -> bool:
        """Return whether all fields of a type are known: it is visible with its parents, or learned."""
        return name in self._learned or (name in self._shown and name not in self._incomplete)

    def learn(self, name: str, content: int) -> ContentType | None:
        """Return a type; one that is hidden is described once for this schema, by one of its contents.

        Parameters
        ----------
        name : str
            The type.
        content : int
            The id of a content of this type.

        Returns
        -------
        ContentType or None
            None if no layer knows it.
        """
        if self._describe is None or not self._is_to_be_asked(name, content):
            return self._find(name)
        with self._lock:
            asking = self._asking.setdefault(name, threading.Lock())
        with asking:
            if self._is_to_be_asked(name, content):
                self._take(name, self._describe(content), content)
        return self._find(name)

    def learn_at(self, place: int | str) -> ContentType | None:
        """Return the type of a content given by id or path, learned from its description.

        It costs a request each time; None if the server tells nothing.
        """
        description = self._describe(place) if self._describe is not None else None
        if description is None:
            return None
        if not self.is_complete(description.name):
            self._take(description.name, description, place)
        return self._find(description.name)

    def _is_to_be_asked(self, name: str, content: int) -> bool:
        silent = self._silent.get(name, ())
        return not self.is_complete(name) and content not in silent and len(silent) < SAMPLES

    def _take(self, name: str, description: TypeDescription | None, content: int | str) -> None:
        """Insert learned types between visible and built-in ones."""
        with self._lock:
            if description is None or description.name != name:
                self._silent.setdefault(name, set()).add(content)
                return
            self._learned = {**self._learned, name: self._complete_type(description)}
            self._merged = {}

    def _complete_type(self, description: TypeDescription) -> ContentType:
        """Return a learned type, with the definitions of the same fields from other layers."""
        parent = description.parent
        current = self._find(description.name)
        if current is not None and parent is None:
            parent = current.parent
        base = self._find(parent) if parent else None
        inherited = dict(base.fields) if base is not None else dict(self._root_fields)
        fields = dict(inherited)
        if description.name in self._shown:
            fields |= {
                name: self._shown[description.name].fields[name] for name in self._shown[description.name].own
            }
        named = dict.fromkeys([*(current.fields if current is not None else ()), *description.fields])
        for name, field in ((name, description.fields[name]) for name in named if name in description.fields):
            before = (current.fields.get(name) if current is not None else None) or inherited.get(name)
            fields[name] = field if before is None else _complete_field(field, before)
        return ContentType(
            name=description.name,
            parent=parent or (ROOT if description.name != "ContentType" else None),
            fields=fields,
            own=tuple(n for n, f in fields.items() if inherited.get(n) is not f),
            display_name=current.display_name if current is not None else description.name,
            description=current.description if current is not None else "",
            allowed_child_types=current.allowed_child_types if current is not None else (),
            layer=description.layer,
        )

    @property
    def _root_fields(self) -> Mapping[str, Field]:
        root = self._shown.get(ROOT) or self._built_in.get(ROOT)
        return root.fields if root is not None else {}

    @cached_property
    def _built_in(self) -> Mapping[str, ContentType]:
        """The built-in types that are hidden from the caller, with the fields of visible parents."""
        found: dict[str, ContentType] = {}
        for one in built_in_types():
            if one.name in self._shown:
                continue
            above = (self._shown.get(one.parent) or found.get(one.parent)) if one.parent else None
            found[one.name] = ContentType(
                name=one.name,
                parent=one.parent,
                fields={**(above.fields if above is not None else {}), **one.fields},
                own=tuple(one.fields),
                display_name=one.display_name,
                description=one.description,
                allowed_child_types=one.allowed_child_types,
                layer="built in",
            )
        return found

    def _find(self, name: str) -> ContentType | None:
        if name in self._learned:
            return self._learned[name]
        return self._shown.get(name) or self._built_in.get(name)

    def _show(self, raw: Mapping[str, Any]) -> None:
        """Add a visible type; parents come before their children."""
        name, parent = raw["ContentTypeName"], raw.get("ParentTypeName") or None
        self._incomplete.discard(name)
        own = {f["Name"]: read_field(f) for f in raw["FieldSettings"]}
        above = self._shown.get(parent) if parent else None
        inherited: Mapping[str, Field] = above.fields if above is not None else {}
        if parent and (above is None or parent in self._incomplete):
            self._incomplete.add(name)
        if parent and above is None:
            inherited = _declared_fields(parent) or (self._shown[ROOT].fields if ROOT in self._shown else {})
        self._shown[name] = ContentType(
            name=name,
            parent=parent,
            fields={**inherited, **own},
            own=tuple(own),
            display_name=raw.get("DisplayName") or name,
            description=raw.get("Description") or "",
            allowed_child_types=tuple(raw.get("AllowedChildTypes") or ()),
        )

    # -- types and fields -------------------------------------------------------------------------

    def bases(self, name: str) -> Iterator[str]:
        """Yield the type and its bases, nearest first; nothing for an unknown type."""
        current: str | None = name if name in self else None
        while current is not None:
            yield current
            found = self._find(current)
            # of a hidden base nothing is known but that it is derived from the root like all others
            current = found.parent if found is not None else ROOT

    def derived(self, name: str) -> frozenset[str]:
        """Return the type and all types derived from it."""
        return frozenset(t for t in self if name in self.bases(t))

    def field(self, name: str, types: Iterable[str] = (), rows: Iterable[str] = ()) -> Field | None:
        """Return a field with what is common to its definitions in some types, by default all.

        Where types differ, options are joined, and a kind of text or anything stands for different kinds. The
        order of types does not matter.

        Parameters
        ----------
        name : str
            The field.
        types : iterable of str
            The types that a query names.
        rows : iterable of str
            Hidden types that rows have; what was learned of others does not change a query's columns, unless
            nobody else has the field.
        """
        key = (name, frozenset(types), frozenset(rows))
        merged = self._merged
        if key not in merged:
            found = self._definitions_of(name, key[1]) if key[1] else []
            met = self._definitions_of(name, key[2])
            if not found:
                found = [
                    *self._definitions_of(name, {*self._shown, *self._built_in} - set(self._learned)),
                    *met,
                ]
            merged[key] = _merge(found or met or self._definitions_of(name, self._learned))
        return merged[key]

    def _definitions_of(self, name: str, types: Iterable[str]) -> list[Field]:
        """Return the definitions of a field in some types, by type."""
        candidates = (self._find(t) for t in sorted(types))
        return [t.fields[name] for t in candidates if t is not None and name in t.fields]

    @property
    def fields(self) -> Mapping[str, Field]:
        """All known field names, each with the definition of the most general type.

        Choices have the options of all types.
        """
        learned, found = self._fields
        if learned is not self._learned:  # other threads may learn meanwhile
            learned = self._learned
            found = self._all_fields()
            self._fields = learned, found
        return found

    def _all_fields(self) -> dict[str, Field]:
        found: dict[str, Field] = {}
        options: dict[str, dict[str, Option]] = {}
        for type_name in list(self):
            for name, field in self[type_name].fields.items():
                found.setdefault(name, field)
                for option in field.options:
                    options.setdefault(name, {}).setdefault(option.value, option)
        for name, own in options.items():
            if len(own) > len(found[name].options):
                found[name] = dataclasses.replace(found[name], options=tuple(own.values()))
        return found


class FieldsToAsk(Mapping[str, Field]):
    """The fields that a condition may use: known ones, and any other if types may be hidden.

    Parameters
    ----------
    schema : Schema
        What is known.
    otherwise : collection of str
        Unknown fields that are taken for decimal numbers where they are compared with an integer, and
        for dates where they are compared with nothing; others for integers and texts.
    any_option : bool
        Whether choices may have options that no known type offers.
    added : mapping, optional
        Fields of lists and aspects by name, as far as they are known.

    Attributes
    ----------
    unknown : list of str
        The names that were asked for and that no layer has.
    """

    def __init__(
        self,
        schema: Schema,
        *,
        otherwise: Collection[str] = (),
        any_option: bool = False,
        added: Mapping[str, Field] | None = None,
    ) -> None:
        self._schema = schema
        self._added = added or {}
        self._otherwise = otherwise
        self._any_option = any_option
        self.unknown: list[str] = []

    def __contains__(self, name: object) -> bool:
        if isinstance(name, str) and of_some_contents(name):
            return name in self._added
        return name in self._schema.fields or self._schema.may_hide

    def __getitem__(self, name: str) -> Field:
        if of_some_contents(name):
            return self._added[name]
        if name in self._schema.fields:
            field = self._schema.fields[name]
            if self._any_option and field.is_choice:
                return dataclasses.replace(field, untold=field.untold | {"Options"})
            return field
        if not self._schema.may_hide:
            raise KeyError(name)
        self.unknown.append(name)
        is_other = name in self._otherwise or name in self._schema.guesses
        limits = {"Otherwise": True} if is_other else {}
        return Field(name, UNKNOWN, layer="values", limits=limits)

    def __iter__(self) -> Iterator[str]:
        return iter(self._schema.fields)

    def __len__(self) -> int:
        return len(self._schema.fields)


def _declared_fields(name: str) -> dict[str, Field]:
    """Return the fields of a built-in type, inherited ones included."""
    found: dict[str, dict[str, Field]] = {}
    for one in built_in_types():
        found[one.name] = {**found.get(one.parent or "", {}), **one.fields}
    return found.get(name, {})


def _complete_field(learned: Field, base: Field) -> Field:
    """Return a learned field, completed by the definition of another layer if that is of the same kind."""
    if learned.layer == "values":
        return base
    if learned.type != base.type:
        return learned
    changes: dict[str, Any] = {"compulsory": learned.compulsory}
    if base.is_choice or base.type == "Reference":
        changes["multiple"] = learned.multiple
    if learned.default is not None:
        changes["default"] = learned.default
    if [o.value for o in learned.options] != [o.value for o in base.options] and learned.options:
        changes["options"] = learned.options
    limits = {k: v for k, v in base.limits.items() if k not in ("MaxLength", "AllowedTypes")}
    if "AllowedTypes" in base.limits and not _is_other_target(learned, base):
        limits["AllowedTypes"] = base.limits["AllowedTypes"]
    if "MaxLength" in base.limits and learned.type != "ShortText":  # told of short texts only
        limits["MaxLength"] = base.limits["MaxLength"]
    limits |= {k: v for k, v in learned.limits.items() if k not in limits}
    changes["limits"] = {k: limits[k] for k in [*base.limits, *limits] if k in limits}
    changed = {k: v for k, v in changes.items() if getattr(base, k) != v}
    return dataclasses.replace(base, **changed, layer="learned") if changed else base


def _is_other_target(learned: Field, base: Field) -> bool:
    target = learned.limits.get("AllowedTypes")
    return target is not None and list(target) != list(base.limits["AllowedTypes"])


def _merge(fields: Iterable[Field]) -> Field | None:
    every: list[Field] = []
    for field in fields:
        if not any(field is other for other in every):
            every.append(field)
    if len(every) < 2:
        return every[0] if every else None
    first, others = every[0], every[1:]
    kinds = {field.type for field in every}
    kind = first.type
    if len(kinds) > 1:
        values = {field_kind(each).value for each in kinds}
        kind = "LongText" if values == {"text"} else "Choice" if values == {"choice"} else "Object"
    return dataclasses.replace(
        first,
        type=kind,
        read_only=all(field.read_only for field in every),
        compulsory=all(field.compulsory for field in every),
        multiple=any(field.multiple for field in every),
        extra_values=any(field.extra_values for field in every),
        options=tuple({option.value: option for field in every for option in field.options}.values()),
        limits={k: v for k, v in first.limits.items() if all(field.limits.get(k) == v for field in others)},
        untold=frozenset().union(*(field.untold for field in every)),
    )
