"""The operations on one content, which are planned, sent, journaled, resumed and undone."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, ClassVar

from ...odata.addresses import collection, entity, in_trash
from ...odata.query_text import target
from ...odata.schema import Field
from ..columns.cells import Cell, Json
from ..reads.lookup import build_projection
from ..tracking.edits import Edit

Values = dict[str, Json]


@dataclasses.dataclass(slots=True)
class Patch:
    """A change of some fields of a content.

    Attributes
    ----------
    before, after : dict
        By field, as JSON: what the frame was read with, and what it is to be.
    edits : dict
        The edited cell behind each field; empty in works that come from a journal.
    chosen, chosen_values : dict
        Cells that were decided on in a conflict and replace those of the frame, and what is sent for them.
    unsure : set
        Fields that somebody else may have changed, though ``before`` is what the server holds.
    """

    row: int
    id: int
    path: str | None
    before: Values = dataclasses.field(default_factory=dict)
    after: Values = dataclasses.field(default_factory=dict)
    fields: dict[str, Field] = dataclasses.field(default_factory=dict)
    edits: dict[str, Edit] = dataclasses.field(default_factory=dict)
    chosen: dict[str, Cell] = dataclasses.field(default_factory=dict)
    chosen_values: Values = dataclasses.field(default_factory=dict)
    unsure: set[str] = dataclasses.field(default_factory=set)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the fields that it writes."""
        return tuple(self.after)

    @property
    def request(self) -> tuple[str, str, Values]:
        """The PATCH; its answer shows the written fields."""
        return "PATCH", target(entity(self.id), build_projection(self.fields.values())), self.after

    def facts(self) -> dict[str, Any]:
        """Return the JSON of a journal entry."""
        return {"row": self.row, "id": self.id, "path": self.path, "before": self.before, "after": self.after}

    @classmethod
    def of(cls, facts: Mapping[str, Any], fields: Mapping[str, Field]) -> Patch:
        """Restore the operation from a journal."""
        own = {name: fields[name] for name in facts["after"]}
        return cls(facts["row"], facts["id"], facts["path"], dict(facts["before"]), dict(facts["after"]), own)

    def reverse(self) -> Patch:
        """Return the PATCH that reverts this one."""
        return dataclasses.replace(
            self,
            before=dict(self.after),
            after=dict(self.before),
            edits={},
            chosen={},
            chosen_values={},
            unsure=set(),
        )


@dataclasses.dataclass(slots=True)
class Create:
    """The creation of a content.

    Attributes
    ----------
    parent : str
        The path below which.
    name, type : str
        Its name and content type.
    after : dict
        Its other fields, as JSON.
    left_out : tuple of str
        Fields that a journal does not keep; without them it cannot be sent again.
    """

    row: int
    parent: str
    name: str
    type: str
    after: Values = dataclasses.field(default_factory=dict)
    fields: dict[str, Field] = dataclasses.field(default_factory=dict)
    id: int = -1
    template: str | None = None
    left_out: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The path that it will have."""
        return f"{self.parent}/{self.name}"

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the fields that it writes."""
        return tuple(self.after)

    @property
    def request(self) -> tuple[str, str, Values]:
        """The POST; its answer shows the written fields."""
        body: Values = {"__ContentType": self.type, **self.after}
        if self.name:
            body["Name"] = self.name
        if self.template:
            body["__ContentTemplate"] = self.template
        return "POST", target(collection(self.parent), build_projection(self.fields.values())), body

    def facts(self) -> dict[str, Any]:
        """Return the JSON of a journal entry."""
        names = ("row", "parent", "name", "type", "after", *(("left_out",) if self.left_out else ()))
        return {name: getattr(self, name) for name in names}

    @classmethod
    def of(cls, facts: Mapping[str, Any], fields: Mapping[str, Field]) -> Create:
        """Restore the operation from a journal."""
        own = {name: fields[name] for name in facts["after"]}
        left_out = tuple(map(str, facts.get("left_out", ())))
        return cls(
            facts["row"], facts["parent"], facts["name"], facts["type"], dict(facts["after"]), own,
            left_out=left_out,
        )  # fmt: skip


class Placed:
    """An operation that changes the place of a content and none of its fields."""

    __slots__ = ()
    fields: ClassVar[Mapping[str, Field]] = {}
    names: ClassVar[tuple[str, ...]] = ()


@dataclasses.dataclass(slots=True)
class Delete(Placed):
    """The deletion of a content, to the trash or permanently."""

    row: int
    id: int
    path: str | None
    permanent: bool = False

    @property
    def request(self) -> tuple[str, str, None]:
        """The DELETE."""
        return "DELETE", target(entity(self.id), {"permanent": "true"} if self.permanent else {}), None

    def is_done(self, place: str | None) -> bool:
        """Return whether it is done already, if the content is at ``place`` now."""
        if place is None:
            return True
        return in_trash(place) and not self.permanent and not in_trash(self.path or "")

    def facts(self) -> dict[str, Any]:
        """Return the JSON of a journal entry."""
        return {"row": self.row, "id": self.id, "path": self.path, "permanent": self.permanent}

    @classmethod
    def of(cls, facts: Mapping[str, Any], fields: Mapping[str, Field]) -> Delete:
        """Restore the operation from a journal."""
        return cls(facts["row"], facts["id"], facts["path"], facts["permanent"])


@dataclasses.dataclass(slots=True)
class Restore(Placed):
    """The restoration of a content from the trash.

    Attributes
    ----------
    path : str
        Where it was.
    bag : str
        The path of the trash bag that holds it.
    """

    row: int
    id: int
    path: str
    bag: str

    @property
    def below(self) -> str:
        """The path of the parent."""
        return self.path.rpartition("/")[0]

    @property
    def request(self) -> tuple[str, str, Values]:
        """The operation of the bag."""
        return "POST", f"{entity(self.bag)}/Restore", {"destination": self.below}

    def is_done(self, place: str | None) -> bool:
        """Return whether it is done already, if the content is at ``place`` now."""
        return place is not None and not in_trash(place)

    def facts(self) -> dict[str, Any]:
        """Return the JSON of a journal entry."""
        return {"row": self.row, "id": self.id, "path": self.path, "bag": self.bag}

    @classmethod
    def of(cls, facts: Mapping[str, Any], fields: Mapping[str, Field]) -> Restore:
        """Restore the operation from a journal."""
        return cls(facts["row"], facts["id"], facts["path"], facts["bag"])


@dataclasses.dataclass(slots=True)
class Move(Placed):
    """The move of a content.

    Attributes
    ----------
    path : str
        Where it was.
    target : str
        The path below which it goes.
    """

    row: int
    id: int
    path: str
    target: str

    @property
    def below(self) -> str:
        """The path of the parent."""
        return self.target

    @property
    def destination(self) -> str:
        """The path that it will have."""
        return f"{self.target}/{self.path.rpartition('/')[2]}"

    @property
    def request(self) -> tuple[str, str, Values]:
        """The batch operation, with one content."""
        return "POST", f"{entity(self.target)}/MoveBatch", {"targetPath": self.target, "paths": [self.id]}

    def is_done(self, place: str | None) -> bool:
        """Return whether it is done already, if the content is at ``place`` now."""
        return place is not None and place.lower() == self.destination.lower()

    def reverse(self) -> Move:
        """Return the move that reverts this one."""
        return Move(self.row, self.id, self.destination, self.path.rpartition("/")[0])

    def facts(self) -> dict[str, Any]:
        """Return the JSON of a journal entry."""
        return {"row": self.row, "id": self.id, "path": self.path, "target": self.target}

    @classmethod
    def of(cls, facts: Mapping[str, Any], fields: Mapping[str, Field]) -> Move:
        """Restore the operation from a journal."""
        return cls(facts["row"], facts["id"], facts["path"], facts["target"])


@dataclasses.dataclass(slots=True)
class Permit(Placed):
    """The permissions to set on a content for an identity.

    Attributes
    ----------
    identity : str
        The path of the user, group or organizational unit.
    local : bool
        Whether they hold for the content alone, and not below it.
    before, after : dict
        By permission ``"allow"`` or ``"deny"``, and in ``after`` also ``"undefined"``: what was set on the
        content itself, and what is to be.
    whole : bool
        Whether ``after`` is all that is to be set there.
    """

    row: int
    id: int
    path: str
    identity: str
    local: bool
    before: dict[str, str]
    after: dict[str, str]
    whole: bool = False

    @property
    def request(self) -> tuple[str, str, Values]:
        """The operation; a complete entry is set after it was removed."""
        who = {"identity": self.identity, "localOnly": self.local}
        entries = [{**who, **self.after}] if self.after else []
        if self.whole:
            entries = [{**who, **dict.fromkeys(self.before, "undefined")}, *entries]
        return "POST", f"{entity(self.id)}/SetPermissions?metadata=no&$select=Id", {"r": entries}

    def list_wrong(self, held: Mapping[str, str]) -> list[str]:
        """Return the permissions that differ from those set on the content."""
        names = [*self.after, *(name for name in held if self.whole and name not in self.after)]
        return [n for n in names if held.get(n, "undefined") != self.after.get(n, "undefined")]

    def facts(self) -> dict[str, Any]:
        """Return the JSON of a journal entry."""
        return {name: getattr(self, name) for name in _PERMIT}

    @classmethod
    def of(cls, facts: Mapping[str, Any], fields: Mapping[str, Field]) -> Permit:
        """Restore the operation from a journal."""
        held = {name: facts[name] for name in _PERMIT}
        return cls(**{**held, "before": dict(held["before"]), "after": dict(held["after"])})


_PERMIT = ("row", "id", "path", "identity", "local", "before", "after", "whole")

#: Something to be done to one content. All have ``row`` (the position in the user's frame), ``id`` (-1 if
#: there is no content yet), ``path``, ``names`` and ``fields`` (of what is written), ``request`` (method,
#: address and body), ``facts`` (what the journal keeps) and ``of`` (which makes it again of that).
Work = Patch | Create | Delete | Restore | Move | Permit
#: Every kind of work by the name that the journal has for it.
KINDS: Mapping[str, type[Work]] = {
    "patch": Patch,
    "create": Create,
    "delete": Delete,
    "restore": Restore,
    "move": Move,
    "permit": Permit,
}


def restrict_to_journal(work: Work) -> Work:
    """Return an operation as written to a journal: without passwords and fields that cannot be read back."""
    if not isinstance(work, (Patch, Create)):
        return work
    names = [n for n, f in work.fields.items() if not f.kind.patch and n in work.after]
    if len(names) == len(work.after):
        return work
    after, fields = {n: work.after[n] for n in names}, {n: work.fields[n] for n in names}
    if isinstance(work, Create):
        out = tuple(n for n in work.after if n not in after)
        return dataclasses.replace(work, after=after, fields=fields, left_out=out)
    return dataclasses.replace(work, after=after, fields=fields, before={n: work.before[n] for n in names})


def request_text(origin: str, work: Work) -> str:
    """Return a request as text: method, address and body, without a password."""
    method, address, body = work.request
    text = f"{method} {origin}{address}"
    hidden = {name: "…" for name, field in work.fields.items() if field.is_secret}
    if body is not None and hidden:
        body = {name: hidden.get(name, value) for name, value in body.items()}
    return text if body is None else f"{text}  {json.dumps(body, ensure_ascii=False)}"
