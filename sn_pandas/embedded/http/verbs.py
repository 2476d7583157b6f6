"""What each method does at an address: the way from a request to reading, writing and operations."""

from __future__ import annotations

from collections.abc import Mapping

from sn_pandas.embedded.changes import list_fields, trash, versions, writes
from sn_pandas.embedded.content_types.content_fields import fields_of
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import MissingError, ODataError, forbidden
from sn_pandas.embedded.operations import calls
from sn_pandas.embedded.reads import metadata, reading
from sn_pandas.embedded.session import Session
from sn_pandas.embedded.wire import answers, bodies
from sn_pandas.embedded.wire.addresses import Address
from sn_pandas.embedded.wire.answers import Answer
from sn_pandas.embedded.wire.requests import Request

WRITES = ("POST", "PATCH", "MERGE", "PUT", "DELETE")


def dispatch(session: Session, address: Address, request: Request) -> Answer:
    """Do what a request asks for."""
    if address.service:
        return reading.service_document(session, request.method)
    if address.metadata:
        return metadata.answer(session, address, request.method)
    if request.method in WRITES:
        return _write(session, address, request)
    content = find(session, address)
    if content is None:
        return answers.empty(404)
    body = request.body() if address.member is not None and request.method == "GET" else b""
    with session.store.reading():
        if session.options.version:
            content = versions.load(session, content, session.options.version)
        if request.method != "GET":
            return answers.empty()
        if address.member is not None:
            return _member(session, content, address, request.headers, body)
        return reading.content(session, content, address)


def find(session: Session, address: Address) -> Content | None:
    """Return the content that an address points at, if the caller may see it."""
    if address.content_id is not None:
        return session.by_id(address.content_id)
    return session.by_path(address.path)


def exists(session: Session, address: Address) -> bool:
    """Return whether there is a content at an address, visible or not."""
    if address.content_id is not None:
        return session.store.load(address.content_id) is not None
    return session.store.by_path(address.path) is not None


def _is_unpublished(session: Session, address: Address) -> bool:
    """Return whether a content may be seen, but has no version that the caller may read."""
    if address.content_id is not None:
        content = session.store.load(address.content_id)
    else:
        content = session.store.by_path(address.path)
    return content is not None and session.can_see(content) and session.rights.version(content) is None


def _refuse_below_invisible(session: Session, address: Address) -> None:
    """Raise for a write to a content that does not exist, or may not be seen.

    Raises
    ------
    MissingError
        If there is a content that the caller may not see.
    ODataError
        403, if there is none, but a parent that the caller may not see.
    """
    if exists(session, address):
        raise MissingError
    parent = session.store.by_path(address.path.rpartition("/")[0]) if address.content_id is None else None
    if parent is not None and not session.can_see(parent):
        raise forbidden()


def _write(session: Session, address: Address, request: Request) -> Answer:
    method = request.method
    content = find(session, address)
    unpublished = content is None and _is_unpublished(session, address)
    if address.member is not None:
        if method == "POST" and content is None and exists(session, address) and not unpublished:
            return answers.empty(404)
        if method == "POST":
            return calls.post(session, content, address, request.headers, request.body())
        if content is None and method == "MERGE":
            return answers.empty(404)
        what = "a controller" if address.controller else "a member"
        raise ODataError("IllegalInvoke", "ODataException", f"Cannot access {what} with HTTP {method}.")
    if method == "DELETE" and unpublished:
        return answers.empty()  # as the server does, which deletes nothing
    if content is None and method in ("DELETE", "PATCH", "PUT"):
        _refuse_below_invisible(session, address)
        field = list_fields.find(session, address.path)
        if field is not None:
            return _write_list_field(session, *field, address, request)
    if method == "DELETE":
        if content is not None:
            trash.delete(session, content, permanent=session.options.permanent)
        return answers.empty()
    if content is None:
        if method == "POST":
            return answers.empty(404)
        body = request.body()
        if method != "MERGE" and body:
            bodies.read(body)
        return answers.empty(404)
    model = bodies.of_request(request.headers, request.body(), creating=method == "POST")
    if method == "POST":
        content = list_fields.create(session, content, model) or writes.create(session, content, model)
    elif method == "PUT":
        content = writes.replace(session, content, model)
    else:
        content = writes.update(session, content, model)
    session.forget(content.id)
    return reading.entity(session, content)


def _write_list_field(
    session: Session, parent: Content, name: str, address: Address, request: Request
) -> Answer:
    """Change or remove a field of a list, which is addressed as if it were a child."""
    if request.method == "DELETE":
        list_fields.remove(session, parent, name)
        return answers.empty()
    model = bodies.of_request(request.headers, request.body())
    return reading.entity(
        session, list_fields.edit(session, parent, name, model, reset=request.method == "PUT")
    )


def _member(
    session: Session, found: Content, address: Address, headers: Mapping[str, str], body: bytes
) -> Answer:
    """Return a property, or what a function answers to the parameters of a request."""
    name = address.member or ""
    if name == "Children":
        return reading.collection(session, found, count=address.count)
    if name == "Actions":
        return reading.action_list(session, found)
    field = fields_of(session, found).get(name)
    if field is None:
        return calls.get(session, found, address, headers, body)
    return reading.property_of(session, found, field, address)
