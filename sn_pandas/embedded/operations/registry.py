"""The registry of operations and their descriptions.

An operation is a function that takes the session, the content and the parameters of the call, under the
names of the wire or in snake case. What it returns is answered: None = 204, text = raw text, a `Content` =
an entity, `Contents` = a list, an empty dictionary = an empty list, anything else = bare JSON. A function
with a parameter ``headers`` gets those of the request.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any

from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.security.permissions import mask
from sn_pandas.embedded.session import Session

Json = Any
Function = Callable[..., Any]
Rule = Callable[[Session, Content], None]

EVERYTHING = ("GenericContent", "ContentType")
ANY = ("GenericContent",)
ROOT = ("PortalRoot",)

ALL = ("All",)
EVERYONE = ("Everyone",)
ANYBODY = ("Everyone", "Visitor")
ADMINISTRATORS = ("Administrators", "PublicAdministrators", "Developers")
NOBODY: tuple[str, ...] = ()
"""Roles of an operation that names none: with no permissions either, it is refused to everyone (401)."""

NET_TYPES = {
    "long": "System.Int64",
    "number": "System.Double",
    "object[]": "System.Object[]",
    "object": "System.Object",
    "array": "System.Object[]",
    "list": "SenseNet.ContentRepository.OData.ODataArray`1[[System.String]]",
}
"""How a type is named in lists of operations, where that is not its own name."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an operation; its types are in `binding`."""

    name: str
    kind: str
    required: bool = True

    @property
    def type(self) -> str:
        """The name of the type in lists of operations."""
        return "System.Enum" if "|" in self.kind else NET_TYPES.get(self.kind, self.kind)


@dataclass(frozen=True, slots=True)
class Operation:
    """Something that can be called on contents.

    Parameters
    ----------
    name, title
        ``title`` is what people read in lists of actions.
    action
        True if it changes something and must be called by POST.
    types
        The content types on whose contents it can be called.
    roles
        Who may know of it: names of groups, `ALL` for anybody.
    permissions
        What the caller needs on the content.
    scenarios
        The lists of actions in which it stands.
    icon
        Name of its picture.
    rule
        Raises the error of a content in whose state it cannot be called now.
    partial
        What of it differs from the real server; empty = nothing that is known.
    """

    name: str
    call: Function = field(repr=False)
    action: bool = True
    parameters: tuple[Parameter, ...] = ()
    types: tuple[str, ...] = EVERYTHING
    roles: tuple[str, ...] = EVERYONE
    permissions: tuple[str, ...] = ()
    scenarios: tuple[str, ...] = ()
    title: str = ""
    icon: str = "Application"
    rule: Rule | None = None
    arguments: Mapping[str, str] = field(default_factory=dict)
    """Name of a parameter -> name of the argument of the function."""
    takes_headers: bool = False
    takes_files: bool = False
    partial: str = ""
    on_seen: bool = False
    """Whether an action can be called on a content that the caller may only see."""
    op_id: str = field(init=False)
    """The name with the names of the parameters."""
    bits: int = field(init=False)
    """The permissions as bits."""
    about: Mapping[str, Json] = field(init=False, repr=False)
    """What metadata tells of the operation, whatever it is called on."""
    shown: Sequence[Json] = field(init=False, repr=False)
    """The parameters as metadata tells them."""

    def __post_init__(self) -> None:
        # worked out once, since full metadata shows some sixty operations in every row
        set_once = partial(object.__setattr__, self)
        set_once("op_id", f"{self.name}({','.join(p.name for p in self.parameters)})")
        set_once("bits", mask(self.permissions))
        set_once("about", {"title": self.title, "name": self.name, "opId": self.op_id})
        set_once("shown", [{"name": p.name, "type": p.type, "required": p.required} for p in self.parameters])


class Contents(list[Content]):
    """Contents that an operation returns: answered as a list that the query options cut and order."""


class RawAnswer(dict[str, Any]):
    """JSON that is answered as it is, even if it is empty."""


REGISTRY: dict[str, list[Operation]] = {}
"""Lower-case name -> the operations of the name."""


def operation(
    name: str,
    *,
    action: bool = True,
    parameters: Sequence[tuple[str, str] | tuple[str, str, bool]] = (),
    types: Sequence[str] = EVERYTHING,
    roles: Sequence[str] = EVERYONE,
    permissions: Sequence[str] = (),
    scenarios: Sequence[str] = (),
    title: str = "",
    icon: str = "Application",
    rule: Rule | None = None,
    partial: str = "",
    on_seen: bool = False,
) -> Callable[[Function], Function]:
    """Register the decorated function as an operation; see `Operation`."""

    def register(call: Function) -> Function:
        takes = inspect.signature(call).parameters
        declared = tuple(Parameter(*p) for p in parameters)
        one = Operation(
            name=name,
            call=call,
            action=action,
            parameters=declared,
            types=tuple(types),
            roles=tuple(roles),
            permissions=tuple(permissions),
            scenarios=tuple(scenarios),
            title=title or name,
            icon=icon,
            rule=rule,
            arguments={p.name: p.name if p.name in takes else snake_case(p.name) for p in declared},
            takes_headers="headers" in takes,
            takes_files="files" in takes,
            partial=partial,
            on_seen=on_seen,
        )
        REGISTRY.setdefault(name.lower(), []).append(one)
        return call

    return register


def of_type(session: Session, type_name: str) -> tuple[Operation, ...]:
    """Return the operations of a content type, by title."""
    found = session.types.get(type_name)
    lineage = found.lineage if found is not None else ("GenericContent",)
    return _of_lineage(lineage, sum(map(len, REGISTRY.values())))


def snake_case(name: str) -> str:
    """Return the Python spelling of a name of the wire.

    Examples
    --------
    >>> snake_case("contentTypes"), snake_case("FileName"), snake_case("r")
    ('content_types', 'file_name', 'r')
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


@lru_cache(maxsize=1024)
def _of_lineage(lineage: tuple[str, ...], registered: int) -> tuple[Operation, ...]:
    """Return the operations of a type and those it is derived from; asked again when more are registered."""
    found = [one for group in REGISTRY.values() for one in group if not set(lineage).isdisjoint(one.types)]
    return tuple(sorted(found, key=lambda one: one.title.lower()))
