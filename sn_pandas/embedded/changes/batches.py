"""Batches: many contents copied, moved or deleted by one call, each on its own."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from typing import Any

from sn_pandas.embedded.changes import naming, transfers, trash
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import ODataError, bad_request, forbidden, server_error
from sn_pandas.embedded.session import Session

Json = Any

MOST_ITEMS = 100_000
"""Items that a batch may have: each of them is answered, also those that name nothing."""
LONGEST_BATCH = 4.0
"""Seconds of computing after which no further item of a batch is begun, as it holds up other writers."""

FULL_NAMES = {
    "NodeAlreadyExistsException": "SenseNet.ContentRepository.Storage.Data.NodeAlreadyExistsException",
    "NodeIsOutOfDateException": "SenseNet.ContentRepository.Storage.Data.NodeIsOutOfDateException",
    "SenseNetSecurityException": "SenseNet.ContentRepository.Storage.Security.SenseNetSecurityException",
    "RepositoryPathTooLongException": "SenseNet.ContentRepository.Storage.RepositoryPathTooLongException",
    "InvalidPathException": "SenseNet.ContentRepository.Storage.InvalidPathException",
    "InvalidContentActionException": "SenseNet.ContentRepository.InvalidContentActionException",
    "EntityNotFoundException": "SenseNet.Security.EntityNotFoundException",
}
"""Exceptions that are not of the namespace ``System``, in which batches tell them with their full names."""


def copy(session: Session, target_path: str | None, paths: Sequence[Json]) -> Json:
    """Copy contents below a target."""
    target = _target(session, target_path)
    return _run_for_each(
        session, paths, lambda content: transfers.copy(session, content, target), _describe_transfer
    )


def move(session: Session, target_path: str | None, paths: Sequence[Json]) -> Json:
    """Move contents below a target."""
    target = _target(session, target_path)
    return _run_for_each(
        session, paths, lambda content: transfers.move(session, content, target), _describe_transfer
    )


def delete(session: Session, paths: Sequence[Json], *, permanent: bool) -> Json:
    """Delete contents, for good or into the Trash."""

    def remove(content: Content) -> Content:
        now = session.store.load(content.id)
        if now is None or now.path != content.path:  # deleted a moment ago, or what it was in
            raise server_error("EntityNotFoundException", f"Entity not found: {content.id}")
        trash.delete(session, content, permanent=permanent)
        return content

    return _run_for_each(session, paths, remove, _describe_deletion)


def _target(session: Session, path: str | None) -> Content:
    if path is None:
        raise server_error("ArgumentNullException", "Value cannot be null. (Parameter 'targetPath')")
    target = session.by_path(path) if path else None
    if target is not None:
        return target
    if session.store.by_path(path) is not None:
        raise forbidden()
    raise ODataError("ResourceNotFound", "ContentNotFoundException", path)


def _run_for_each(
    session: Session,
    items: Sequence[Json],
    do: Callable[[Content], Content],
    describe: Callable[[Content, Content, bool], Json],
) -> Json:
    """Do something with every content that is named; what fails does not hinder the others."""
    results: list[Json] = []
    errors: list[Json] = []
    if len(items) > MOST_ITEMS:
        raise bad_request("ArgumentException", f"A batch has {MOST_ITEMS:,} items at most. Send several.")
    for item in items:
        _check(item)
    end = time.thread_time() + LONGEST_BATCH
    found, missing, late = _load_items(session, items, end)
    for content in found:
        if time.thread_time() > end:
            errors.append({"content": describe(content, content, True), "error": _TOO_LATE})
            continue
        before = content.copy()
        try:
            if not session.can_open(content):
                raise forbidden()
            with session.store.transaction():
                after = do(content)
        except ODataError as problem:
            errors.append({"content": describe(before, before, True), "error": _error(problem)})
        else:
            results.append(describe(before, after, False))
        session.forget(content.id)
    errors += [{"content": _describe_item(item), "error": _not_found(item)} for item in missing]
    errors += [{"content": _describe_item(item), "error": _TOO_LATE} for item in late]
    return {"d": {"__count": len(results) + len(errors), "results": results, "errors": errors}}


def _check(item: Json) -> None:
    """Reject an item that is neither an id nor a path, before anything is done; null is a missing content."""
    if item is None or (isinstance(item, int) and not isinstance(item, bool)):
        return
    if isinstance(item, str) and (re.fullmatch(r"\s*[+-]?[0-9]+\s*", item, re.ASCII) or _is_path(item)):
        return
    raise server_error("SnNotSupportedException", f"An item is neither an id nor a path: {item}")


def _is_path(text: str) -> bool:
    if not text.startswith("/") or text.startswith("//") or text.endswith("/"):
        return False
    return not any(naming.FORBIDDEN.search(name) for name in text.split("/"))


def _load_items(
    session: Session, items: Sequence[Json], end: float
) -> tuple[list[Content], list[Json], list[Json]]:
    """Return the contents for paths and ids, those not found in exactly this spelling, and the rest.

    The rest are the items that nobody looked for, since the time was over.
    """
    found: list[Content] = []
    missing: list[Json] = []
    for place, item in enumerate(items):
        if time.thread_time() > end:
            return found, missing, list(items[place:])
        content_id = session.resolve(item)
        content = session.store.load(content_id) if content_id is not None else None
        if content is not None:
            found.append(content)
        if content is None or (isinstance(item, str) and item.startswith("/") and item != content.path):
            missing.append(item)
    return found, missing, []


def _describe_transfer(before: Content, after: Content, failed: bool) -> Json:
    return {"Id": after.id, "Path": after.path, "Name": after.name, "OriginalPath": before.path}


def _describe_deletion(before: Content, after: Content, failed: bool) -> Json:
    return {"Id": before.id, "Path": before.path, **({} if failed else {"Name": before.name})}


def _error(problem: ODataError) -> Json:
    kind = FULL_NAMES.get(problem.exceptiontype, f"System.{problem.exceptiontype}")
    return {
        "code": "NotSpecified",
        "exceptiontype": kind,
        "message": {"lang": "en-us", "value": problem.message},
        "innererror": {"trace": ""},
    }


_TOO_LATE = _error(
    bad_request("TimeoutException", "The batch takes too long. Send what is left in another request.")
)


def _describe_item(item: Json) -> Json:
    """Return what an error says of an item that is not a content."""
    if item is None:
        return {"Id": None, "Path": None}
    if isinstance(item, str) and item.startswith("/"):
        return {"Id": 0, "Path": item}
    return {"Id": int(item), "Path": None}


def _not_found(item: Json) -> Json:
    path = item if isinstance(item, str) and item.startswith("/") else ""
    return {
        "code": "ResourceNotFound",
        "exceptiontype": "ContentNotFoundException",
        "message": {"lang": "en-us", "value": f"Content does not exist at {path}."},
        "innererror": None,
    }
