"""Move and copy contents with everything below them; each outcome is verified."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...odata.addresses import entity
from ...odata.errors import AuthenticationError, SensenetError
from ...odata.literals import query_value
from ..reads import lookup, reading
from ..reads.lookup import Stored
from ..writes.authorship import MAKER
from ..writes.confirming import Expected, confirm
from ..writes.hidden_refusals import explain_refusal
from ..writes.report import Line, Outcome, Report
from ..writes.running import attach_report
from ..writes.settling import SEEN, classify_unexecuted, looks
from ..writes.works import Move
from .targets import (
    build_missing_line,
    execute_journaled,
    list_places,
    raise_single,
    read_path,
    read_places,
    report_of,
)

if TYPE_CHECKING:
    from ..connection import Connection

#: Contents that are copied with one request.
BATCH = 100

Rows = Mapping[int, Stored]


def move(repo: Connection, path: Any, to: str | int) -> Report:
    """Move contents, with one request and one line in the journal each; see ``Repository.move``."""
    target = read_path(repo, to)
    places = list_places(path, repo.base)
    lines: dict[int, Line] = {}
    works: dict[int, Move] = {}
    for row, stored in enumerate(read_places(repo, places)):
        if stored is None:
            lines[row] = build_missing_line(places[row])
        elif stored["Id"] in works:
            lines[row] = Line("unchanged", "named twice", (), stored["Id"], stored["Path"])
        else:
            works[stored["Id"]] = Move(row, stored["Id"], stored["Path"], target)
    return execute_journaled(repo, path, works.values(), lines, "move")


def copy(repo: Connection, path: Any, to: str | int) -> Report:
    """Copy contents, a hundred with a request; see ``Repository.copy``."""
    repo.client.reject_write("copy")
    target = read_path(repo, to)
    places = list_places(path, repo.base)
    found = read_places(repo, places)
    lines = {row: build_missing_line(places[row]) for row, stored in enumerate(found) if stored is None}
    here = {row: stored for row, stored in enumerate(found) if stored is not None}
    before = _read_child_ids(repo, target) if here else frozenset()
    todo = list(here)
    lines.update(_build_lines(here, "unsent", "not sent, because the copy was interrupted"))
    with attach_report(lambda: report_of(repo, lines, "copy")):
        for start in range(0, len(todo), BATCH):
            some = {row: here[row] for row in todo[start : start + BATCH]}
            lines.update(_build_unknown_lines(some, "interrupted before the server answered"))
            lines.update(_copy_once(repo, some, target, before))
            stop = lines[todo[start]]
            if stop.outcome == "unsent":  # nobody is there, or the identity is uncertain
                rest = {row: here[row] for row in todo[start:]}
                lines.update(_build_lines(rest, "unsent", stop.reason))
                if isinstance(stop.error, AuthenticationError):
                    raise stop.error
                break
        copies = {row: line for row, line in lines.items() if line.outcome == "saved"}
        expected = {
            row: (line, Expected(line.id, "there", "copied", line.path)) for row, line in copies.items()
        }
        lines.update(confirm(repo, expected))
    done = report_of(repo, lines, "copy")
    raise_single(path, done, lines.get(0))
    return done


def _copy_once(repo: Connection, rows: Rows, target: str, before: frozenset[int]) -> dict[int, Line]:
    """Copy contents exactly once: a second request could create a second copy."""
    try:
        return _send_batch(repo, rows, target)
    except SensenetError as error:
        if settled := _explain_unexecuted(error, rows):
            return settled
        trouble = error
    lines: dict[int, Line] = {}
    left = dict(rows)
    for _ in looks():
        try:
            made = _read_new_contents(repo, target, before)
            for row, stored in list(left.items()):
                if copied := next((one for one in made if _is_copy(one, stored, target)), None):
                    made.remove(copied)
                    lines[row] = _describe_unanswered_copy(repo, copied, stored)
                    del left[row]
        except SensenetError as error:
            return lines | _build_unknown_lines(left, f"{trouble}; and looking it up failed: {error}")
        if not left:
            return lines
    return lines | _build_unknown_lines(
        left, f"{trouble}; the copy did not exist yet. Check before you copy it again"
    )


def _send_batch(repo: Connection, rows: Rows, target: str) -> dict[int, Line]:
    """Send one batch and return the server's result for each content."""
    body = {"targetPath": target, "paths": [row["Path"] for row in rows.values()]}
    answer = repo.client.send("POST", f"{entity(target)}/CopyBatch", body=body)
    try:
        results, errors = answer["d"]["results"], answer["d"]["errors"]
        done = {str(item.get("OriginalPath", item["Path"])).lower(): item for item in results}
        refused = {
            _extract_source(item["content"]): str(item["error"]["message"]["value"]) for item in errors
        }
    except (TypeError, KeyError, AttributeError):
        raise SensenetError("CopyBatch: the answer names no contents") from None
    lines: dict[int, Line] = {}
    for row, stored in rows.items():
        key = stored["Path"].lower()
        if key in done:
            made = done.pop(key)
            lines[row] = Line("saved", f"was {stored['Path']}", (), made["Id"], made["Path"])
        elif key in refused:
            why = explain_refusal(repo, stored["Id"], target, refused[key])
            lines[row] = Line("failed", why, (), stored["Id"], stored["Path"])
        else:
            lines[row] = Line("unknown", "the answer does not name it", (), stored["Id"], stored["Path"])
    return lines


def _extract_source(content: Stored) -> str:
    """Return the original path of a content in an error list."""
    return str(content.get("OriginalPath") or content["Path"] or "").lower()


def _explain_unexecuted(error: SensenetError, rows: Rows) -> dict[int, Line]:
    """Return the outcome of a batch that was certainly not executed; empty if that is uncertain."""
    outcome = classify_unexecuted(error)
    return _build_lines(rows, outcome, str(error), error) if outcome else {}


def _build_unknown_lines(rows: Rows, why: str) -> dict[int, Line]:
    return _build_lines(rows, "unknown", why)


def _build_lines(
    rows: Rows, outcome: Outcome, why: str, error: SensenetError | None = None
) -> dict[int, Line]:
    return {
        row: Line(outcome, why, (), stored["Id"], stored["Path"], error=error) for row, stored in rows.items()
    }


def _read_new_contents(repo: Connection, target: str, before: frozenset[int]) -> list[Stored]:
    """Read the contents that this call created below the target."""
    there = lookup.read_by_id(repo.client, _read_child_ids(repo, target) - before, [MAKER])
    return [one for one in there.values() if (one.get("CreatedBy") or {}).get("Path") == repo.user]


def _is_copy(made: Stored, stored: Stored, target: str) -> bool:
    beside = stored["Path"].lower() == f"{target}/{stored['Name']}".lower()
    pattern = rf"Copy (\(\d+\) )?of {re.escape(stored['Name'])}" if beside else re.escape(stored["Name"])
    return bool(made["Type"] == stored["Type"] and re.fullmatch(pattern, made["Name"], re.IGNORECASE))


def _describe_unanswered_copy(repo: Connection, made: Stored, stored: Stored) -> Line:
    """Return the outcome of a copy whose answer was lost: it may be incomplete."""
    count, whole = _count_contents(repo, made["Path"]), _count_contents(repo, stored["Path"])
    if count < whole:
        said = f"the answer was lost; the copy has {count:,} of {whole:,} contents"
        return Line("unknown", said, (), made["Id"], made["Path"])
    return Line("saved", SEEN, (), made["Id"], made["Path"])


def _count_contents(repo: Connection, path: str) -> int:
    return reading.count_rows(
        repo, repo.query("/Root", query=f"InTree:{query_value(path)}", autofilters=False)
    )


def _read_child_ids(repo: Connection, target: str) -> frozenset[int]:
    return frozenset(int(id_) for id_ in reading.read(repo, repo.query(target, select=["Name"])).index)
