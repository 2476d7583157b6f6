"""A call: which operation is meant, may the caller call it, what does it return."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import ODataError, action_not_allowed, forbidden, see_only
from sn_pandas.embedded.operations import applications, binding
from sn_pandas.embedded.operations.registry import REGISTRY, Operation, of_type
from sn_pandas.embedded.session import Session
from sn_pandas.embedded.wire.bodies import Upload

Json = Any


def invoke(
    session: Session,
    content: Content,
    name: str,
    method: str,
    given: Mapping[str, Json],
    headers: Mapping[str, str],
) -> Any:
    """Call an operation by its name with the parameters that `binding.merge_parameters` collects.

    Raises
    ------
    ODataError
        If there is none that fits, several fit, or the caller may not call it.
    """
    found = select(session, content, name, given)
    if found is None:
        if applications.find(session, content, name) is None:
            raise action_not_allowed("UnknownAction", f"Operation not found: {name}({','.join(given)})")
        if method == "GET":
            raise ODataError("IllegalInvoke", "ODataException", "Not an OData operation.")
        return None
    one, arguments = found
    authorize(session, content, one, given)
    if one.rule is not None:
        one.rule(session, content)
    if one.action and method == "GET":
        raise ODataError("IllegalInvoke", "ODataException", "OData action cannot be invoked with HTTP GET.")
    if one.takes_headers:
        arguments["headers"] = headers
    if one.takes_files:
        arguments["files"] = [part for part in given.values() if isinstance(part, Upload)]
    if not one.action:
        return one.call(session, content, **arguments)
    with session.store.transaction():  # what it reads and what it writes are of one state
        return one.call(session, content, **arguments)


def select(
    session: Session, content: Content, name: str, given: Mapping[str, Json]
) -> tuple[Operation, dict[str, Json]] | None:
    """Return the operation that the parameters fit, with its arguments; values of the exact types win.

    Raises
    ------
    ODataError
        If several fit.
    """
    content_type = session.types.get(content.type)
    lineage = set(content_type.lineage) if content_type is not None else {"GenericContent"}
    candidates = [one for one in REGISTRY.get(name.lower(), ()) if not lineage.isdisjoint(one.types)]
    for strict in (True, False):
        fitting = [
            (one, arguments) for one in candidates if (arguments := bind(one, given, strict)) is not None
        ]
        if len(fitting) > 1:
            several = ", ".join(one.op_id for one, _ in fitting)
            raise action_not_allowed(
                "UnknownAction", f"Ambiguous call: {name}({','.join(given)}) --> {several}"
            )
        if fitting:
            return fitting[0]
    return None


def bind(one: Operation, given: Mapping[str, Json], strict: bool) -> dict[str, Json] | None:
    """Return the arguments of an operation, or None if the parameters do not fit it."""
    arguments: dict[str, Json] = {}
    for parameter in one.parameters:
        there, value = binding.find_parameter(parameter.name, given)
        if not there:
            if parameter.required:
                return None
            continue
        if value is None and parameter.required:
            arguments[one.arguments[parameter.name]] = binding.default_of(parameter.kind)
            continue
        converted = binding.convert(value, parameter.kind, strict)
        if converted is binding.MISMATCH:
            return None
        arguments[one.arguments[parameter.name]] = converted
    return arguments


def authorize(session: Session, content: Content, one: Operation, given: Mapping[str, Json]) -> None:
    """Reject a caller without one of the roles, or without a permission.

    Raises
    ------
    ODataError
        403, or 401 for an operation that admits nobody.
    """
    if not one.roles and not one.permissions:
        raise ODataError(
            "Unauthorized", "UnauthorizedAccessException", "Attempted to perform an unauthorized operation."
        )
    if not is_offered_to(session, one) or not is_permitted(session, content, one):
        raise forbidden(f"Operation not accessible: {one.name}({','.join(given)})")
    if one.action and "All" not in one.roles and not one.on_seen and not session.can_open(content):
        raise see_only()


def is_offered_to(session: Session, one: Operation) -> bool:
    """Return whether the roles of an operation let the caller know of it."""
    if session.caller.system or not one.roles or "All" in one.roles:
        return True
    return not session.roles.isdisjoint(one.roles)


def is_permitted(session: Session, content: Content, one: Operation) -> bool:
    """Return whether the caller has the permissions of an operation on a content."""
    return session.rights.has(content, one.bits)


def list_offered(session: Session, content: Content) -> list[Operation]:
    """Return the operations that lists show for a content, by title."""
    visible = session.operations.get(content.type)
    if visible is None:
        visible = [one for one in of_type(session, content.type) if is_offered_to(session, one)]
        session.operations[content.type] = visible
    return [one for one in visible if _is_possible(session, content, one)]


def _is_possible(session: Session, content: Content, one: Operation) -> bool:
    """Return whether the state of the content allows an operation."""
    if one.rule is None:
        return True
    try:
        one.rule(session, content)
    except ODataError:
        return False
    return True
