"""What of a content is answered: ``$select``, ``$expand``, links that are not followed, ``__metadata``.

Four ways, by which of the two options are given: all fields, named fields, all fields with some expanded,
named fields with some expanded. Each has its own rules, which `Projector` keeps apart as the real server
does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from operator import attrgetter
from typing import Any

from sn_pandas.embedded.content_types import added_fields, child_types
from sn_pandas.embedded.content_types.content_fields import fields_of
from sn_pandas.embedded.contents import HEAD, Content
from sn_pandas.embedded.errors import ODataError, bad_request, binary_closed, see_only, server_error
from sn_pandas.embedded.fields import kind_of
from sn_pandas.embedded.reads import action_items, computed
from sn_pandas.embedded.reads.expanded_binary import expanded_binary
from sn_pandas.embedded.reads.references import load_references, type_contents
from sn_pandas.embedded.schema.types import ContentType, Field
from sn_pandas.embedded.session import Session
from sn_pandas.embedded.wire.addresses import uri

Json = Any
Reader = Callable[[Content, Session], Json]

LINKED = ("AllowedChildTypes", "EffectiveAllowedChildTypes", "Actions", "Children")
"""Fields that are links though they are not references."""
REFERENCES = ("Reference", "AllRoles", "DirectRoles")
EXTRA = ("Actions", "IsFile", "Children")
"""What every entity shows behind its fields."""
HEAD_ONLY = frozenset(
    ("Id", "Name", "Path", "Type", "Icon", "Index", "CreationDate", "ModificationDate", "VersionCreationDate",
     "VersionModificationDate", "CreatedBy", "ModifiedBy", "Actions", "IsFile", "Children")
)  # fmt: skip
"""What can be read of a content that the caller may see but not open."""


@dataclass(slots=True)
class Node:
    """A name in the tree of ``$select`` or ``$expand``, with the names below it."""

    path: str = ""
    all: bool = False
    children: dict[str, Node] = field(default_factory=dict)


MOST_EXPANDED = 300_000
"""Values that an answer may hold in expanded contents: chains of them grow without end in few letters."""
LETTERS_OF_A_VALUE = 100
"""Letters of an expanded text that count as much as a value."""
LONGEST_EXPANSION = 3.0
"""Seconds of computing after which the expansions of a request are given up, as it holds up the others."""

LONGEST_LIST = 4.0
"""Seconds of computing after which a list is given up."""

EVERYTHING = Node("*", all=True)
"""What a star below the first level of ``$expand`` stands for: every name, and every name below it."""


def tree(chains: Iterable[Sequence[str]], *, whole_ends: bool) -> Node:
    """Return chains as a tree; a star selects all, and with ``whole_ends`` so does the end of a chain."""
    root = Node()
    for chain in chains:
        node = root
        for step in chain:
            if step == "*":
                node.all = True
                break
            path = f"{node.path}/{step}" if node.path else step
            node = node.children.setdefault(step, Node(path))
        else:
            node.all = node.all or whole_ends
    return root


class Projector:
    """Turns contents into JSON for one request.

    Parameters
    ----------
    session
        Whose view it is; its options say what is wanted.
    children_of
        Returns the contents below one, for ``$expand=Children``.
    """

    def __init__(
        self, session: Session, children_of: Callable[[Content], list[Content]] | None = None
    ) -> None:
        self.session = session
        self.children_of = children_of or (lambda content: [])
        options = session.options
        self.metadata = options.metadata
        self.select = tree(options.select, whole_ends=True)
        self.expand = tree(options.expand, whole_ends=False)
        self._selected_names: list[str] | None = None
        self._left = MOST_EXPANDED
        self._end: float | None = None
        self.selects = bool(options.select)
        self.expands = bool(options.expand)
        if self.selects and self.expands:
            _check(self.select, self.expand)

    # Whole contents

    def entity(self, content: Content) -> dict[str, Json]:
        """Return one content."""
        return self._project(content, None)

    def rows(self, contents: Sequence[Content]) -> Iterator[dict[str, Json]]:
        """Yield the rows of a list; without ``$select`` they show the fields of all types allowed there."""
        if self.expands:
            self.session.preload(
                target
                for one in contents
                for name in self.expand.children
                for target in _refers_to(one, name)
            )
        within_time = _within_time(contents)
        if self.selects or self.expands:
            yield from (self._project(content, None) for content in within_time)
            return
        names: dict[int, list[str]] = {}
        for content in within_time:
            if content.parent_id not in names:
                names[content.parent_id] = self._names_below(content.parent_id, content)
            added = added_fields.of_content(self.session, content)
            below = names[content.parent_id]
            yield self._project(content, [*below, *added] if added else below)

    def _project(self, content: Content, names: list[str] | None) -> dict[str, Json]:
        if self.selects and not self.expands:
            return self._project_selected(content)
        if self.selects:
            return self._project_both(content, self.select, self.expand)
        if self.expands:
            return self._project_expanded(content, self.expand)
        return self._project_all(content, names)

    def _project_all(self, content: Content, names: list[str] | None) -> dict[str, Json]:
        row = self._start(content)
        self._fill(row, content, names if names is not None else fields_of(self.session, content))
        self._fill(row, content, EXTRA)
        return row

    def _project_selected(self, content: Content) -> dict[str, Json]:
        if self._selected_names is None:
            for chain in self.session.options.select:
                if len(chain) > 1:
                    raise _bad_select("/".join(chain))
            self._selected_names = [*self.select.children, *(["*"] if self.select.all else [])]
        row = self._start(content)
        self._fill(row, content, self._selected_names)
        return row

    def _fill(self, row: dict[str, Json], content: Content, names: Iterable[str]) -> None:
        """Add fields as they are shown unexpanded."""
        session = self.session
        readers = simple_readers(content, session)
        for name in names:
            reader = readers[name]
            row[name] = reader(content, session) if reader is not None else self.value(content, name)

    def _project_expanded(self, content: Content, expand: Node) -> dict[str, Json]:
        row = self._start(content)
        names = [n for n in fields_of(self.session, content) if n not in computed.NULL_FIELDS]
        tail = ["Actions", "Children", *(() if "Icon" in names else ("Icon",)), "IsFile"]
        for name in [*names, *tail]:
            inner = self._below(content, name, expand)
            if inner is None:
                row[name] = self.value(content, name)
            else:
                row[name] = self._follow(content, name, partial(self._project_expanded, expand=inner))
        return row

    def _project_both(self, content: Content, select: Node, expand: Node) -> dict[str, Json]:
        if select.all and expand is EVERYTHING:
            raise server_error("InsufficientExecutionStackException", "The expansion has no end.")
        row = self._start(content)
        for name, node in select.children.items():
            row[name] = self._project_field(content, name, node, expand)
        if select.all:
            for name in fields_of(self.session, content):
                if name not in row:
                    row[name] = self._project_field(content, name, Node(all=True), expand, star=True)
        return row

    def _project_field(
        self, content: Content, name: str, node: Node, expand: Node, star: bool = False
    ) -> Json:
        if expand.all and expand.path:
            expand = Node(expand.path, all=True, children={name: EVERYTHING, **expand.children})
        inner = self._below(content, name, expand)
        if inner is None:
            reader = None if star else simple_readers(content, self.session)[name]
            if reader is not None:
                return reader(content, self.session)
            return self.value(content, name, star=star)
        if name == "Actions":
            return self._actions(content, node)
        if self._is_binary(content, name):
            return self._binary(content, name, node)
        return self._follow(content, name, lambda target: self._project_both(target, node, inner))

    def _below(self, content: Content, name: str, expand: Node) -> Node | None:
        """Return the selection below a field; None if it is not expanded, or must not be."""
        inner = expand.children.get(name)
        if inner is None or name == "IsFile":
            return None
        if self._is_binary(content, name) and not self.session.can(content, "Open"):
            return None
        return inner

    def action(self, item: Content) -> dict[str, Json]:
        """Return an item of ``/Actions``."""
        row = action_items.about(self.metadata)
        extra = {name: _defer(item, name) for name in ("Actions", "Children")} | {"IsFile": False}
        if not self.selects:
            return row | item.fields | (extra if self.expands else {})
        for chain in self.session.options.select:
            if len(chain) > 1 and not self.expands:
                raise _bad_select("/".join(chain))
            row[chain[0]] = (item.fields | extra).get(chain[0])
        return row

    # Values

    def value(self, content: Content, name: str, star: bool = False) -> Json:
        """Return an unexpanded field; None for a name that is not a field."""
        if name in ("Actions", "Children"):
            return _defer(content, name)
        if name == "IsFile":
            return computed.is_file(content, self.session)
        if not self.session.can_open(content):
            if name not in HEAD_ONLY and star:
                raise see_only()
            if name not in HEAD_ONLY:
                return None
        found = fields_of(self.session, content).get(name)
        if found is None or (name in computed.NULL_FIELDS and not star):
            return None
        if (found.kind == "Binary" or name == "Size") and not self.session.can(content, "Open"):
            if star:
                raise binary_closed()
            return None
        if found.kind in REFERENCES or name in LINKED:
            return _defer(content, name)
        return read(content, found, self.session)

    def _is_binary(self, content: Content, name: str) -> bool:
        found = fields_of(self.session, content).get(name)
        return found is not None and found.kind == "Binary"

    def _follow(self, content: Content, name: str, project: Callable[[Content], Json]) -> Json:
        """Return an expanded field: an object, a list, or null where nothing can be followed."""
        session = self.session
        if name == "Children":
            return [self._check_size(project(child)) for child in self.children_of(content)]
        if name == "Actions":
            return [self._check_size(item) for item in session.repository.actions.items(content, session)]
        found = fields_of(session, content).get(name)
        if found is None:
            return None
        if not session.can_open(content) and name not in ("CreatedBy", "ModifiedBy"):
            return None
        if name in ("AllowedChildTypes", "EffectiveAllowedChildTypes"):
            return [self._check_size(project(target)) for target in type_contents(session, content, name)]
        if found.kind == "Binary":
            return self._text(content, found)
        if found.kind not in REFERENCES:
            return None
        targets = [self._check_size(project(target)) for target in load_references(session, content, name)]
        if found.multiple or found.kind != "Reference":
            return targets
        return targets[0] if targets else None

    def _check_size(self, row: dict[str, Json]) -> dict[str, Json]:
        """Return an expanded value, unless the answer becomes too large or takes too long."""
        self._left -= len(row)
        now = time.thread_time()
        if self._end is None:
            self._end = now + LONGEST_EXPANSION
        if self._left < 0 or now > self._end:
            raise bad_request(
                "QueryTimeoutException",
                "The expansion takes too long. Expand less, select fewer fields, or ask for fewer rows.",
            )
        return row

    def _actions(self, content: Content, node: Node) -> list[Json]:
        """Return expanded actions: they have metadata of their own, though they are not contents."""
        about = action_items.about(self.metadata)
        found = [
            self._check_size(item) for item in self.session.repository.actions.items(content, self.session)
        ]
        if node.children and not node.all:
            return [about | {name: item.get(name) for name in node.children} for item in found]
        return [about | item for item in found]

    def _binary(self, content: Content, name: str, node: Node) -> Json:
        text = self._text(content, fields_of(self.session, content)[name])
        if node.children and not node.all and isinstance(text, dict):
            return {key: value for key, value in text.items() if key in node.children}
        return text

    def _text(self, content: Content, found: Field) -> dict[str, Json]:
        """Return the text of a file, which counts by its length."""
        text = expanded_binary(content, found, self.session)
        self._left -= len(text["Text"] or "") // LETTERS_OF_A_VALUE
        return self._check_size(text)

    def _start(self, content: Content) -> dict[str, Json]:
        if self.metadata == "no":
            return {}
        about: dict[str, Json] = {"uri": uri(content.path), "type": content.type}
        if self.metadata == "full":
            found = self.session.repository.actions.metadata(content, self.session)
            about["actions"], about["functions"] = found
        return {"__metadata": about}

    def _names_below(self, parent_id: int, child: Content) -> list[str]:
        """Return the names that a row shows: the fields of all types that its parent allows."""
        session = self.session
        parent = session.store.load(parent_id) or child  # the root has the columns of what is below it
        if child.type == "ContentType":
            return list(session.types["ContentType"].fields)
        allowed = child_types.listed_child_types(parent, session)
        wanted: set[str] = set()
        for name in [*allowed, "SystemFolder"] if allowed else session.types:
            wanted.update(session.types[name].fields)
        return [name for name in session.types.fields if name in wanted]


def _within_time(contents: Sequence[Content]) -> Iterator[Content]:
    """Yield the contents of a list, unless its rows take too long: references may be very long."""
    end = time.thread_time() + LONGEST_LIST
    for place, content in enumerate(contents):
        if place % 16 == 0 and time.thread_time() > end:  # to ask for the time costs as much as a small row
            raise bad_request(
                "QueryTimeoutException",
                "The list takes too long. Ask for fewer rows with $top, select fields, or send metadata=no.",
            )
        yield content


def read(content: Content, found: Field, session: Session) -> Json:
    """Return the JSON of a field that is not a link."""
    if content.fields.get(found.name) is None and added_fields.is_of_aspect(found):
        return None
    return reader_of(found, session.types.of(content.type))(content, session)


def json_reader(session: Session) -> Callable[[Content, str], Json]:
    """Return readers for the unexpanded JSON of fields, by name."""

    def json_of(content: Content, name: str) -> Json:
        return read(content, fields_of(session, content)[name], session)

    return json_of


def simple_readers(content: Content, session: Session) -> Mapping[str, Reader | None]:
    """Return functions that read simple fields of a content; None if a field is not simple."""
    if not session.can(content, "Open"):
        return _NO_READERS
    readers = session.types.readers
    if content.type not in readers:
        readers[content.type] = _Readers(session.types.of(content.type))
    return readers[content.type]


class _Readers(dict[str, Reader | None]):
    """What reads the fields of a type; each is found once, as rows are many."""

    def __init__(self, content_type: ContentType) -> None:
        super().__init__()
        self._type = content_type

    def __missing__(self, name: str) -> Reader | None:
        found = self._type.fields.get(name)
        reader: Reader | None
        if found is None or name in LINKED or found.kind in REFERENCES:
            links = found is not None or name in ("Actions", "Children")
            if not links:
                return None  # not kept: such names are without number
            reader = partial(_link, name=name)
        elif name in computed.NULL_FIELDS:
            reader = _null
        else:
            reader = reader_of(found, self._type)
        self[name] = reader
        return reader


class _NoReaders(dict[str, Reader | None]):
    """What reads fields of contents that are not open: each has to be looked at."""

    def __missing__(self, name: str) -> Reader | None:
        return None


_NO_READERS = _NoReaders()


def _null(content: Content, session: Session) -> Json:
    return None


def reader_of(found: Field, content_type: ContentType) -> Reader:
    """Return what reads a field that is not a link off contents of a type."""
    work_out = computed.reader(content_type.name, content_type.lineage, found.name)
    if work_out is not None:
        return work_out
    if found.name in HEAD:
        head = attrgetter(HEAD[found.name])
        return lambda content, session: head(content)
    name, kind = found.name, kind_of(found)
    return lambda content, session: kind.read(content.fields.get(name), found, content, session)


def _refers_to(content: Content, name: str) -> list[int]:
    """Return the ids in a reference; empty for other and computed fields."""
    stored = content.stored_value(name)
    return [one for one in stored if type(one) is int] if isinstance(stored, list) else []


def _link(content: Content, session: Session, name: str) -> Json:
    return _defer(content, name)


def _defer(content: Content, name: str) -> Json:
    return {"__deferred": {"uri": f"{uri(content.path)}/{name}"}}


def _bad_select(chain: str) -> ODataError:
    return ODataError("InvalidSelectParameter", "ODataException", f"Bad item in $select: {chain}")


def _check(select: Node, expand: Node) -> None:
    """Reject chains of one tree that the other has not; the sides change at every level, as at the server."""
    for name, node in select.children.items():
        if not node.children:
            continue
        other = expand.children.get(name)
        if other is not None:
            _check(other, node)
        elif not (expand.all and expand.path):  # a star below the first level stands for every name
            raise _bad_select(_deepest_path(node))


def _deepest_path(node: Node) -> str:
    while node.children:
        node = next(iter(node.children.values()))
    return node.path
