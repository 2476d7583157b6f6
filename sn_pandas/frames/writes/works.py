"""What is to be done to one content: the shapes that are planned, sent, journaled, resumed and undone."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, ClassVar

from ...odata.addresses import collection, entity
from ...odata.query import target
from ...odata.schema import Field
from .cells import Cell, Json
from .changes import Edit
from .looking import projection

Values = dict[str, Json]


@dataclasses.dataclass(slots=True)
class Patch:
    """What is to be changed of a content.

    Attributes
    ----------
    before, after : dict
        By field, as JSON: what the frame was read with, and what it is to be.
    edits : dict
        The edited cell behind each field; empty in works that come from a journal.
    chosen : dict
        Cells that were decided on in a conflict and replace those of the frame.
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
    unsure: set[str] = dataclasses.field(default_factory=set)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the fields that it writes."""
        return tuple(self.after)

    @property
    def request(self) -> tuple[str, str, Values]:
        """The PATCH; its answer shows the fields that are written."""
        return "PATCH", target(entity(self.id), projection(self.fields.values())), self.after

    def facts(self) -> dict[str, Any]:
        """Give what the journal keeps."""
        return {"row": self.row, "id": self.id, "path": self.path, "before": self.before, "after": self.after}

    @classmethod
    def of(cls, facts: Mapping[str, Any], fields: Mapping[str, Field]) -> Patch:
        """Make the work again of what the journal kept."""
        own = {name: fields[name] for name in facts["after"]}
        return cls(facts["row"], facts["id"], facts["path"], dict(facts["before"]), dict(facts["after"]), own)

    def reversed(self) -> Patch:
        """Give the PATCH that takes this one back."""
        return dataclasses.replace(
            self, before=dict(self.after), after=dict(self.before), edits={}, chosen={}, unsure=set()
        )


@dataclasses.dataclass(slots=True)
class Create:
    """A content that is to be created.

    Attributes
    ----------
    parent : str
        The path below which.
    name, type : str
        Its name and content type.
    after : dict
        Its other fields, as JSON.
    """

    row: int
    parent: str
    name: str
    type: str
    after: Values = dataclasses.field(default_factory=dict)
    fields: dict[str, Field] = dataclasses.field(default_factory=dict)
    id: int = -1
    template: str | None = None

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
        """The POST; its answer shows the fields that are written."""
        body: Values = {"__ContentType": self.type, **self.after}
        if self.name:
            body["Name"] = self.name
        if self.template:
            body["__ContentTemplate"] = self.template
        return "POST", target(collection(self.parent), projection(self.fields.values())), body

    def facts(self) -> dict[str, Any]:
        """Give what the journal keeps."""
        names = ("row", "parent", "name", "type", "after")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def of(cls, facts: Mapping[str, Any], fields: Mapping[str, Field]) -> Create:
        """Make the work again of what the journal kept."""
        own = {name: fields[name] for name in facts["after"]}
        return cls(facts["row"], facts["parent"], facts["name"], facts["type"], dict(facts["after"]), own)


class Placed:
    """What changes the place of a content, and none of its fields."""

    __slots__ = ()
    fields: ClassVar[Mapping[str, Field]] = {}
    names: ClassVar[tuple[str, ...]] = ()


@dataclasses.dataclass(slots=True)
class Delete(Placed):
    """A content that is to be deleted, to the trash or for good."""

    row: int
    id: int
    path: str | None
    permanent: bool = False

    @property
    def request(self) -> tuple[str, str, None]:
        """The DELETE."""
        return "DELETE", target(entity(self.id), {"permanent": "true"} if self.permanent else {}), None

    def is_done(self, place: str | None) -> bool:
        """Whether it is done already, if the content is at ``place`` now."""
        if place is None:
            return True
        return in_trash(place) and not self.permanent and not in_trash(self.path or "")

    def facts(self) -> dict[str, Any]:
        """Give what the journal keeps."""
        return {"row": self.row, "id": self.id, "path": self.path, "permanent": self.permanent}

    @classmethod
    def of(cls, facts: Mapping[str, Any], fields: Mapping[str, Field]) -> Delete:
        """Make the work again of what the journal kept."""
        return cls(facts["row"], facts["id"], facts["path"], facts["permanent"])


@dataclasses.dataclass(slots=True)
class Restore(Placed):
    """A content that is to be taken out of the trash.

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
    def request(self) -> tuple[str, str, Values]:
        """The operation of the bag."""
        return "POST", f"{entity(self.bag)}/Restore", {"destination": self.path.rpartition("/")[0]}

    def is_done(self, place: str | None) -> bool:
        """Whether it is done already, if the content is at ``place`` now."""
        return place is not None and not in_trash(place)

    def facts(self) -> dict[str, Any]:
        """Give what the journal keeps."""
        return {"row": self.row, "id": self.id, "path": self.path, "bag": self.bag}

    @classmethod
    def of(cls, facts: Mapping[str, Any], fields: Mapping[str, Field]) -> Restore:
        """Make the work again of what the journal kept."""
        return cls(facts["row"], facts["id"], facts["path"], facts["bag"])


@dataclasses.dataclass(slots=True)
class Move(Placed):
    """A content that is to be moved.

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
    def destination(self) -> str:
        """The path that it will have."""
        return f"{self.target}/{self.path.rpartition('/')[2]}"

    @property
    def request(self) -> tuple[str, str, Values]:
        """The batch operation, with one content."""
        return "POST", f"{entity('/Root')}/MoveBatch", {"targetPath": self.target, "paths": [self.id]}

    def is_done(self, place: str | None) -> bool:
        """Whether it is done already, if the content is at ``place`` now."""
        return place is not None and place.lower() == self.destination.lower()

    def reversed(self) -> Move:
        """Give the move that takes this one back."""
        return Move(self.row, self.id, self.destination, self.path.rpartition("/")[0])

    def facts(self) -> dict[str, Any]:
        """Give what the journal keeps."""
        return {"row": self.row, "id": self.id, "path": self.path, "target": self.target}

    @classmethod
    def of(cls, facts: Mapping[str, Any], fields: Mapping[str, Field]) -> Move:
        """Make the work again of what the journal kept."""
        return cls(facts["row"], facts["id"], facts["path"], facts["target"])


#: Something to be done to one content. All have ``row`` (the position in the user's frame), ``id`` (-1 if
#: there is no content yet), ``path``, ``names`` and ``fields`` (of what is written), ``request`` (method,
#: address and body), ``facts`` (what the journal keeps) and ``of`` (which makes it again of that).
Work = Patch | Create | Delete | Restore | Move
#: Every kind of work by the name that the journal has for it.
KINDS: Mapping[str, type[Work]] = {
    "patch": Patch,
    "create": Create,
    "delete": Delete,
    "restore": Restore,
    "move": Move,
}


def in_trash(path: str) -> bool:
    """Whether a path is in the trash."""
    return path.lower().startswith("/root/trash/")


def request_text(origin: str, work: Work) -> str:
    """Give a request as text: method, address and body."""
    method, address, body = work.request
    text = f"{method} {origin}{address}"
    return text if body is None else f"{text}  {json.dumps(body, ensure_ascii=False)}"
