"""Calls of operations over HTTP: which parameters they get, how what they return is answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import ODataError
from sn_pandas.embedded.operations import binding, dispatch
from sn_pandas.embedded.operations.registry import Contents, RawAnswer
from sn_pandas.embedded.reads import export, listing, reading
from sn_pandas.embedded.session import Session
from sn_pandas.embedded.wire import answers, bodies
from sn_pandas.embedded.wire.addresses import Address
from sn_pandas.embedded.wire.answers import Answer

Json = Any


def get(
    session: Session, content: Content, address: Address, headers: Mapping[str, str], body: bytes
) -> Answer:
    """Call a function; it may have parameters in a body, too, and those of the query string win."""
    return _call(session, content, address, "GET", bodies.of_call(headers, body), {})


def post(
    session: Session, content: Content | None, address: Address, headers: Mapping[str, str], body: bytes
) -> Answer:
    """Call an action or a function with the parameters of a body."""
    if content is None:
        raise ODataError(
            "ResourceNotFound", "ContentNotFoundException", f"Content does not exist at {address.path}"
        )
    model = bodies.of_call(headers, body)
    return _call(session, content, address, "POST", model, headers)


def _call(
    session: Session,
    content: Content,
    address: Address,
    method: str,
    model: Mapping[str, Json],
    headers: Mapping[str, str],
) -> Answer:
    given = binding.merge_parameters(session.options.pairs, model)
    result = dispatch.invoke(session, content, address.member or "", method, given, headers)
    if address.count and isinstance(result, Contents):
        return answers.empty(204)
    return _encode_result(session, result)


def _encode_result(session: Session, result: Any) -> Answer:
    if result is None:
        return answers.empty(204)
    if isinstance(result, Answer):
        return result
    if isinstance(result, str):
        return answers.text(result)
    if isinstance(result, Content):
        return reading.entity(session, result)
    if isinstance(result, Contents):
        kept, count = listing.filter_in_memory(session, result, ignore_case=True, total_before=False)
        return reading.rows(session, kept, count)
    if result == {} and not isinstance(result, RawAnswer):
        return answers.document({"d": {"__count": 0, "results": []}})
    return export.reject_single_value(session) or answers.document(result)
