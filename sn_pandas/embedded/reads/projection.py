"""What of a content is answered: ``$select``, ``$expand``, links that are not followed, ``__metadata``.

Four ways, by which of the two options are given: all fields, named fields, all fields with some expanded,
named fields with some expanded. Each has its own rules, which `Projector` keeps apart as the real server
does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from operator import attrgetter
from typing import Any

from sn_pandas.embedded.changes.binaries import expanded_binary
from sn_pandas.embedded.content_types import added_fields
from sn_pandas.embedded.content_types.types import ContentType, Field
from sn_pandas.embedded.contents import HEAD, Content
from sn_pandas.embedded.errors import ODataError, binary_closed, see_only, server_error
from sn_pandas.embedded.fields import kind_of
from sn_pandas.embedded.http.addresses import uri
from sn_pandas.embedded.reads import actions, computed
from sn_pandas.embedded.repository import Session

Json = Any
Reader = Callable[[Content], Json]

LINKED = ("AllowedChildTypes", "EffectiveAllowedChildTypes", "Actions", "Children")
"""Fields that are links though they are no references."""
REFERENCES = ("Reference", "AllRoles", "DirectRoles")
EXTRA = ("Actions", "IsFile", "Children")
"""What every entity shows behind its fields."""
USER_FIELDS = frozenset(
    ("CreatedBy", "ModifiedBy", "VersionCreatedBy", "VersionModifiedBy", "Owner", "CheckedOutTo")
)
"""References that show Somebody in place of a user whom the caller may not see."""
HEAD_ONLY = frozenset(
    ("Id", "Name", "Path", "Type", "Icon", "Index", "CreationDate", "ModificationDate", "VersionCreationDate",
     "VersionModificationDate", "CreatedBy", "ModifiedBy", "Actions", "IsFile", "Children")
)  # fmt: skip
"""What can be read of a content that the caller may see but not open."""


@dataclass(slots=True)
class Node:
    """A name in the tree of ``$select`` or ``$expand`` and what is named below it."""

    path: str = ""
    all: bool = False
    children: dict[str, Node] = field(default_factory=dict)


EVERYTHING = Node("*", all=True)
"""What a star below the first level of ``$expand`` stands for: every name, and every name below it."""


def tree(chains: Iterable[Sequence[str]], *, whole_ends: bool) -> Node:
    """Return chains as a tree; a star asks for all of a node, with ``whole_ends`` the end of a chain too."""
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
        self._readers: dict[str, dict[str, Reader | None]] = {}
        self._selected_names: list[str] | None = None
        self.selects = bool(options.select)
        self.expands = bool(options.expand)
        if self.selects and self.expands:
            _check(self.select, self.expand)

    # Whole contents

    def entity(self, content: Content) -> dict[str, Json]:
        """Return one content."""
        return self._project(content, None)

    def rows(self, contents: Sequence[Content]) -> list[dict[str, Json]]:
        """Return the rows of a list; without ``$select`` they show the fields of all types allowed there."""
        if self.selects or self.expands:
            return [self._project(content, None) for content in contents]
        names: dict[int, list[str]] = {}
        rows = []
        for content in contents:
            if content.parent_id not in names:
                names[content.parent_id] = self._names_below(content.parent_id, content)
            added = added_fields.of_content(self.session, content)
            below = names[content.parent_id]
            rows.append(self._project(content, [*below, *added] if added else below))
        return rows

    def _project(self, content: Content, names: list[str] | None) -> dict[str, Json]:
        if self.selects and not self.expands:
            return self._selected(content)
        if self.selects:
            return self._both(content, self.select, self.expand)
        if self.expands:
            return self._expanded(content, self.expand)
        return self._everything(content, names)

    def _everything(self, content: Content, names: list[str] | None) -> dict[str, Json]:
        row = self._start(content)
        self._fill(row, content, names if names is not None else self.session.fields_of(content))
        self._fill(row, content, EXTRA)
        return row

    def _selected(self, content: Content) -> dict[str, Json]:
        if self._selected_names is None:
            for chain in self.session.options.select:
                if len(chain) > 1:
                    raise _bad_select("/".join(chain))
            self._selected_names = [*self.select.children, *(["*"] if self.select.all else [])]
        row = self._start(content)
        self._fill(row, content, self._selected_names)
        return row

    def _fill(self, row: dict[str, Json], content: Content, names: Iterable[str]) -> None:
        """Add fields as they are shown unexpanded. What reads them is found once a type, as rows are many."""
        readers = self._readers.setdefault(content.type, {})
        opened = self.session.can(content, "Open")
        for name in names:
            if name not in readers:
                readers[name] = self._reader(content.type, name)
            reader = readers[name]
            row[name] = reader(content) if reader is not None and opened else self.value(content, name)

    def _reader(self, type_name: str, name: str) -> Reader | None:
        """Return what reads a field off the contents of a type that are open; None = not that simple."""
        content_type = self.session.types.of(type_name)
        found = content_type.fields.get(name)
        if found is None or name in LINKED or found.kind in REFERENCES:
            links = found is not None or name in ("Actions", "Children")
            return partial(_deferred, name=name) if links else None
        if name in computed.NULL_FIELDS:
            return lambda content: None
        return reader_of(found, content_type, self.session)

    def _expanded(self, content: Content, expand: Node) -> dict[str, Json]:
        row = self._start(content)
        names = [n for n in self.session.fields_of(content) if n not in computed.NULL_FIELDS]
        tail = ["Actions", "Children", *(() if "Icon" in names else ("Icon",)), "IsFile"]
        for name in [*names, *tail]:
            inner = self._below(content, name, expand)
            if inner is None:
                row[name] = self.value(content, name)
            else:
                row[name] = self._follow(content, name, partial(self._expanded, expand=inner))
        return row

    def _both(self, content: Content, select: Node, expand: Node) -> dict[str, Json]:
        if select.all and expand is EVERYTHING:
            raise server_error("InsufficientExecutionStackException", "The expansion has no end.")
        row = self._start(content)
        for name, node in select.children.items():
            row[name] = self._one(content, name, node, expand)
        if select.all:
            for name in self.session.fields_of(content):
                if name not in row:
                    row[name] = self._one(content, name, Node(all=True), expand, star=True)
        return row

    def _one(self, content: Content, name: str, node: Node, expand: Node, star: bool = False) -> Json:
        if expand.all and expand.path:
            expand = Node(expand.path, all=True, children={name: EVERYTHING, **expand.children})
        inner = self._below(content, name, expand)
        if inner is None:
            return self.value(content, name, star=star)
        if name == "Actions":
            return self._actions(content, node)
        if self._is_binary(content, name):
            return self._binary(content, name, node)
        return self._follow(content, name, lambda target: self._both(target, node, inner))

    def _below(self, content: Content, name: str, expand: Node) -> Node | None:
        """Return what is asked for below a field; None if it is not to be expanded, or may not."""
        inner = expand.children.get(name)
        if name == "IsFile" or (self._is_binary(content, name) and not self.session.can(content, "Open")):
            return None
        return inner

    def action(self, item: Content) -> dict[str, Json]:
        """Return an item of ``/Actions``."""
        row = actions.about(self.metadata)
        extra = {name: _deferred(item, name) for name in ("Actions", "Children")} | {"IsFile": False}
        if not self.selects:
            return row | item.fields | (extra if self.expands else {})
        for chain in self.session.options.select:
            if len(chain) > 1 and not self.expands:
                raise _bad_select("/".join(chain))
            row[chain[0]] = (item.fields | extra).get(chain[0])
        return row

    # Values

    def value(self, content: Content, name: str, star: bool = False) -> Json:
        """Return a field as it is shown unexpanded; None for a name that is no field."""
        if name in ("Actions", "Children"):
            return _deferred(content, name)
        if name == "IsFile":
            return computed.is_file(content, self.session)
        if not self.session.opens(content):
            if name not in HEAD_ONLY and star:
                raise see_only()
            if name not in HEAD_ONLY or name == "Index":
                return 0 if name == "Index" else None
        found = self.session.fields_of(content).get(name)
        if found is None or (name in computed.NULL_FIELDS and not star):
            return None
        if (found.kind == "Binary" or name == "Size") and not self.session.can(content, "Open"):
            if star:
                raise binary_closed()
            return None
        if found.kind in REFERENCES or name in LINKED:
            return _deferred(content, name)
        return read(content, found, self.session)

    def _is_binary(self, content: Content, name: str) -> bool:
        found = self.session.fields_of(content).get(name)
        return found is not None and found.kind == "Binary"

    def _follow(self, content: Content, name: str, project: Callable[[Content], Json]) -> Json:
        """Return an expanded field: an object, a list, or null where nothing can be followed."""
        session = self.session
        if name == "Children":
            return [project(child) for child in self.children_of(content)]
        if name == "Actions":
            return actions.items(content, session)
        found = session.fields_of(content).get(name)
        if found is None:
            return None
        if not session.opens(content) and name not in ("CreatedBy", "ModifiedBy"):
            return None
        if name in ("AllowedChildTypes", "EffectiveAllowedChildTypes"):
            return [project(target) for target in session.type_contents(content, name)]
        if found.kind == "Binary":
            return expanded_binary(content, found, session)
        if found.kind not in REFERENCES:
            return None
        targets = [project(target) for target in session.referenced(content, name)]
        if found.multiple or found.kind != "Reference":
            return targets
        return targets[0] if targets else None

    def _actions(self, content: Content, node: Node) -> list[Json]:
        """Return expanded actions: they have metadata of their own, though they are no contents."""
        about = actions.about(self.metadata)
        found = actions.items(content, self.session)
        if node.children and not node.all:
            return [about | {name: item.get(name) for name in node.children} for item in found]
        return [about | item for item in found]

    def _binary(self, content: Content, name: str, node: Node) -> Json:
        text = expanded_binary(content, self.session.fields_of(content)[name], self.session)
        if node.children and not node.all and isinstance(text, dict):
            return {key: value for key, value in text.items() if key in node.children}
        return text

    def _start(self, content: Content) -> dict[str, Json]:
        if self.metadata == "no":
            return {}
        about: dict[str, Json] = {"uri": uri(content.path), "type": content.type}
        if self.metadata == "full":
            about["actions"], about["functions"] = actions.metadata(content, self.session)
        return {"__metadata": about}

    def _names_below(self, parent_id: int, child: Content) -> list[str]:
        """Return the names that a row shows: the fields of all types that its parent allows."""
        session = self.session
        parent = session.store.load(parent_id)
        if child.type == "ContentType":
            return list(session.types["ContentType"].fields)
        allowed = computed.effective_child_types(parent, session) if parent is not None else []
        wanted: set[str] = set()
        for name in [*allowed, "SystemFolder"] if allowed else session.types:
            wanted.update(session.types[name].fields)
        return [name for name in session.types.fields if name in wanted]


def read(content: Content, found: Field, session: Session) -> Json:
    """Return the JSON of a field that is no link."""
    if content.fields.get(found.name) is None and added_fields.is_of_aspect(found):
        return None
    return reader_of(found, session.types.of(content.type), session)(content)


def reader_of(found: Field, content_type: ContentType, session: Session) -> Reader:
    """Return what reads a field that is no link off contents of a type."""
    work_out = computed.reader(content_type.name, content_type.lineage, found.name)
    if work_out is not None:
        return lambda content: work_out(content, session)
    if found.name in HEAD:
        return attrgetter(HEAD[found.name])
    name, kind = found.name, kind_of(found)
    return lambda content: kind.read(content.fields.get(name), found, content, session)


def _deferred(content: Content, name: str) -> Json:
    return {"__deferred": {"uri": f"{uri(content.path)}/{name}"}}


def _bad_select(chain: str) -> ODataError:
    return ODataError("InvalidSelectParameter", "ODataException", f"Bad item in $select: {chain}")


def _check(select: Node, expand: Node) -> None:
    """Refuse chains of one tree that the other has not; the sides change at every level, as at the server."""
    for name, node in select.children.items():
        if not node.children:
            continue
        other = expand.children.get(name)
        if other is not None:
            _check(other, node)
        elif not (expand.all and expand.path):  # a star below the first level stands for every name
            raise _bad_select(_deepest(node))


def _deepest(node: Node) -> str:
    while node.children:
        node = next(iter(node.children.values()))
    return node.path
