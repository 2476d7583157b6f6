"""Refusals of many rows that may have been ones to the Visitor: the doubt about all is settled at once."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Mapping, MutableMapping, Sequence

from ...odata.client import Client
from ...odata.errors import AuthenticationError, NoAnswer, NotFoundError, SensenetError, ServerError
from ..reads import lookup
from .flow import Flow, OnOutcome
from .report import Line

#: So many refusals may be ones to the Visitor before nothing more is sent.
_UNASKED = 100


class Inquiry:
    """Verifies the identity at the first doubtful refusal of a batch and now and then, to stop in time."""

    def __init__(self, client: Client, flow: Flow) -> None:
        self._client = client
        self._flow = flow
        self._refused = 0
        self._lock = threading.Lock()

    def about(self, line: Line) -> Line:
        """Verify the identity, unless that was done a few refusals ago; others wait for the result.

        Returns
        -------
        Line
            The outcome itself, or that nothing more is sent, because the server treats us as anonymous.
        """
        try:
            with self._lock:
                if self._refused % _UNASKED == 0:
                    self._client.guard.confirm()
                self._refused += 1
        except (AuthenticationError, NoAnswer) as error:
            said = f"not sent, because {error}"
            if isinstance(error, NoAnswer):
                self._flow.stop(said)
            return dataclasses.replace(line, outcome="unsent", reason=said, error=error)
        return line


def is_doubtful(line: Line) -> bool:
    """Return whether a refusal may not have been for the caller; the request was not executed then."""
    return isinstance(line.error, ServerError) and line.error.doubt in ("open", "unasked")


def mark_unsettled(line: Line) -> Line:
    """Return the outcome of a row until it is verified that the refusal was for the caller."""
    if _is_unrepeatable(line):
        return line
    said = f"not done, and the answer may have been meant for an anonymous caller: {line.reason}"
    return dataclasses.replace(line, outcome="unsent", reason=said)


def settle_at_once(
    client: Client,
    doubtful: MutableMapping[int, Line],
    on_outcome: OnOutcome,
    redo: Callable[[Sequence[int], bool], None],
) -> None:
    """Verify the identity, and check again every row that was refused.

    What must not be sent again is accepted then, and so is what was missing and is not shown by a search
    either. Everything else is sent again, and what is refused by the same words a second time is so; what
    is not, and what is missing although a search shows it, is settled row by row.

    Parameters
    ----------
    doubtful : mapping
        The outcomes that may have been for others, by their numbers; ``on_outcome`` removes
        those that are settled.
    redo : callable
        Does some of the jobs again, leaving doubt or not.

    Raises
    ------
    AuthenticationError
        If the server treats us as anonymous; the rows are ``unsent`` then.
    """
    first = dict(doubtful)
    if not first or not _confirm_identity(client, first, on_outcome):
        return
    shown = _find_visible(client, {number: line for number, line in first.items() if _is_missing(line)})
    for number, line in first.items():
        if _is_unrepeatable(line) or (_is_missing(line) and number not in shown):
            on_outcome(number, _mark_settled(line))
    if doubtful:
        redo(list(doubtful), True)
    refused = {number: line for number, line in doubtful.items() if _is_unrepeatable(line)}
    if refused and not _confirm_identity(client, refused, on_outcome):
        return
    for number, line in list(doubtful.items()):
        said_again = _build_key(line) == _build_key(first[number]) and not _is_missing(line)
        if number in refused or said_again:
            on_outcome(number, _mark_settled(line))
    if doubtful:
        redo(list(doubtful), False)


def _confirm_identity(client: Client, lines: Mapping[int, Line], on_outcome: OnOutcome) -> bool:
    """Verify the identity; report rows as unsent if that fails."""
    try:
        client.guard.confirm()
    except (AuthenticationError, NoAnswer) as error:
        for number, line in lines.items():
            said = f"not sent, because {error}"
            on_outcome(number, dataclasses.replace(line, outcome="unsent", reason=said, error=error))
        if isinstance(error, NoAnswer):
            return False
        raise
    return True


def _find_visible(client: Client, missing: Mapping[int, Line]) -> set[int]:
    """Return the numbers of the contents, or of the parents of new ones, that a search returns.

    All of them, if the search cannot be asked.
    """
    ids = {line.id for line in missing.values() if line.id > 0}
    folders = {_get_folder(line) for line in missing.values() if line.id < 1}
    try:
        shown = lookup.find_visible(client, ids) if ids else set()
        there = lookup.read_by_path(client, sorted(folders), ()) if folders else {}
    except AuthenticationError:
        raise
    except SensenetError:
        return set(missing)
    return {
        number
        for number, line in missing.items()
        if (line.id in shown if line.id > 0 else _get_folder(line).lower() in there)
    }


def _get_folder(line: Line) -> str:
    return str(line.path).rpartition("/")[0]


def _is_missing(line: Line) -> bool:
    return isinstance(line.error, NotFoundError) and line.error.status == 404


def _is_unrepeatable(line: Line) -> bool:
    """Return whether a refused request may have been executed, so that only the identity can be verified."""
    return isinstance(line.error, ServerError) and line.error.doubt == "unasked"


def _mark_settled(line: Line) -> Line:
    if isinstance(line.error, ServerError):
        line.error.doubt = "settled"
    return line


def _build_key(line: Line) -> tuple[object, ...]:
    """Return a key that is equal for equal refusals."""
    error = line.error
    if not isinstance(error, ServerError):
        return ()
    return (error.status, error.code, error.exceptiontype, error.reason)
