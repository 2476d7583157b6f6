"""Random writes of any value to any field, as the real server answered them: what check says is true."""

from __future__ import annotations

import json
import re

import pytest

from sn_pandas.frames.columns.cells import are_same_json, encode
from sn_pandas.frames.writes.checking import explain_absent, find_problem
from sn_pandas.odata.schema import Schema

from .recorded import exchanges, schema

SCHEMA = Schema(schema())
FILES = ("07_create", "09_put_delete", "14_docs", "19_a_day", "21_requests", "23_random_writes")
# What a look at the repository finds, and not the value: names that are taken, parents, targets.
LOOKED_UP = re.compile(
    "AlreadyExists|because its ancestor does not allow|PathTooLong|JsonReaderException|^null$"
)


def writes(file, *methods):
    lines = exchanges(file)
    ids = next((line["ids"] for line in lines if "ids" in line), {})
    for line in lines:
        if line.get("method") not in methods:
            continue
        text = re.sub(r'"\{\{id:([^}]*)\}\}"', lambda m: str(ids.get(m[1], 1)), line.get("body") or "")
        try:
            body = json.loads(text)
        except ValueError:
            continue
        if isinstance(body, dict):
            yield line, body


def kind_of(line):
    shown = (line["response"].get("json") or {}).get("d") or {}
    places = {
        "/IMS/": "User",
        "Assets": "Asset",
        "Tasks": "Task",
        "Memos": "Memo",
        "Calendar": "CalendarEvent",
    }
    named = [kind for place, kind in places.items() if place in line["target"]]
    return shown.get("Type") or (named[0] if named else None)


def test_of_random_changes():
    """What is not refused beforehand the server takes, and stores as it is meant."""
    judged = 0
    for line, body in writes("23_random_writes", "PATCH", "MERGE"):
        kind = kind_of(line)
        assert kind in SCHEMA, line["name"]
        fields = SCHEMA[kind].fields
        told = {
            name: find_problem(fields[name], cell) if name in fields else "unknown"
            for name, cell in body.items()
        }
        if any(told.values()):
            continue
        if any(fields[n].is_reference or encode(fields[n], cell) != cell for n, cell in body.items()):
            continue  # looked up, or translated to what the server takes
        judged += 1
        assert line["response"]["status"] == 200, (kind, body, line["response"])
        stored = line["response"]["json"]["d"]
        for name, cell in body.items():
            assert name not in stored or are_same_json(fields[name], cell, stored[name]), (
                name,
                cell,
                stored[name],
            )
    assert judged > 20


def test_of_random_changes_nothing_is_refused_without_need():
    """What the server stores as it was sent is refused only where people mean something else."""
    for line, body in writes("23_random_writes", "PATCH", "MERGE"):
        fields = SCHEMA[kind_of(line)].fields
        stored = (line["response"].get("json") or {}).get("d") or {}
        for name, cell in body.items():
            if name in fields and name in stored and are_same_json(fields[name], cell, stored[name]):
                told = find_problem(fields[name], cell)
                assert not told or "True nor False" in told or "read-only" in told, (name, cell, told)


@pytest.mark.parametrize("file", FILES)
def test_of_creations(file):
    """A content that the server made lacks nothing; one that it refused lacks something, or is looked up."""
    for line, body in writes(file, "POST"):
        kind = body.get("__ContentType")
        if not isinstance(kind, str) or kind not in SCHEMA or body.get("__ContentTemplate"):
            continue
        fields = SCHEMA[kind].fields
        lacking = {
            name: explain_absent(field)
            for name, field in fields.items()
            if name not in body and explain_absent(field)
        }
        if line["response"]["status"] == 200:
            assert not lacking, (line["name"], lacking)
            continue
        told = [
            find_problem(fields[name], cell) if name in fields else "unknown"
            for name, cell in body.items()
            if not name.startswith("__")
        ]
        words = json.dumps(line["response"].get("json"))
        assert lacking or any(told) or LOOKED_UP.search(words), (line["name"], body, words)
