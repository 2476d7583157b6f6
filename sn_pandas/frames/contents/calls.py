"""Call operations of the server, such as ``CheckOut``, for several contents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..writes.acting import call_one, process_each
from ..writes.calling import encode_parameters
from ..writes.report import Report
from .targets import list_places, report_outcomes

if TYPE_CHECKING:
    from ..connection import Connection


def call_each(repo: Connection, path: Any, operation: str, **parameters: Any) -> Report:
    """Call an operation for one or several contents or the rows of a frame, and return the report."""
    parameters = encode_parameters(operation, parameters)
    lines = process_each(
        list_places(path, repo.base),
        lambda place: call_one(repo, place, None, operation, parameters),
        repo=repo,
        what=operation,
        leave_doubt=True,
    )
    return report_outcomes(repo, path, lines, operation)
