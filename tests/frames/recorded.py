"""A transport that answers writes as the real server was recorded to answer them."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx
import pandas as pd

from sn_pandas.connecting import connect
from sn_pandas.frames.columns import cells
from sn_pandas.odata.schema import Schema

from ..fakes import FakeServer

#: The folder of the recordings.
EXCHANGES = Path(__file__).parents[1] / "conformance" / "exchanges"
Json = Any


@functools.cache
def exchanges(name: str) -> list[dict[str, Any]]:
    """Return the lines of a recording."""
    with (EXCHANGES / f"{name}.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@functools.cache
def schema() -> Json:
    """Return the recorded schema with the type Asset."""
    whole = next(e for e in exchanges("01_discovery") if e.get("name") == "schema, whole")
    asset = next(e for e in exchanges("00_types") if e.get("name") == "schema of Asset")
    return whole["response"]["json"] + asset["response"]["json"]


@functools.cache
def _parsed() -> Schema:
    return Schema(schema())


class Case:
    """A recorded PATCH of an asset: what was sent, what was answered, how the asset was before and after."""

    def __init__(self, patch: dict[str, Any], after: dict[str, Any], ids: dict[str, int]) -> None:
        text = re.sub(r'"\{\{id:([^}]*)\}\}"', lambda m: str(ids[m[1]]), patch["body"])
        self.name = patch["body"]
        self.body = json.loads(text)
        self.status = patch["response"]["status"]
        self.answer = patch["response"].get("json")
        self.after = after["response"]["json"]["d"]


def requests(name: str) -> list[dict[str, Any]]:
    """Return the requests of a recording, with their answers."""
    return [line for line in exchanges(name) if line.get("method")]


def cases() -> list[Case]:
    """Return the value cases of the recording of PATCH."""
    lines = exchanges("08_patch")
    ids = next(line["ids"] for line in lines if "ids" in line)
    return [
        Case(line, lines[n + 1], ids)
        for n, line in enumerate(lines)
        if line.get("name", "").startswith("patch ")
    ]


class RecordedServer:
    """One asset; a PATCH is answered as the recording answers the same body."""

    def __init__(self, recorded: list[Case]) -> None:
        lines = exchanges("08_patch")
        self._ids = next(line["ids"] for line in lines if "ids" in line) | {
            "/Root/IMS/BuiltIn/Portal/Admin": 1
        }
        self._schema = schema()
        self._cases = {json.dumps(case.body, sort_keys=True): case for case in reversed(recorded)}
        untouched = next(case for case in recorded if case.body == {})
        self.state: dict[str, Json] = self.typed(untouched.after)
        self.patches: list[Json] = []

    def repo(self) -> Any:
        """Return a client of it."""
        repo = connect("https://recorded.example", api_key="k", transport=FakeServer(self))
        repo.__dict__["schema"] = _parsed()  # reading it anew for each case takes most of the time
        return repo

    def __call__(self, request: httpx.Request) -> httpx.Response:
        parts = urlsplit(str(request.url))
        path, options = unquote(parts.path), dict(parse_qsl(parts.query))
        if path.endswith("/GetSchema"):
            return httpx.Response(200, json=self._schema)
        if path.endswith("/GetCurrentUser"):
            return httpx.Response(200, json={"d": {"Id": 1, "Path": "/Root/IMS/BuiltIn/Portal/Admin"}})
        if request.method == "PATCH":
            return self._patch(json.loads(request.content), options)
        if match := re.fullmatch(r"/odata.svc/content\((\d+)\)", path):
            found = [row for row in self._rows() if row["Id"] == int(match[1])]
            return (
                httpx.Response(200, json={"d": _shown(found[0], options)}) if found else httpx.Response(404)
            )
        if path.endswith("')"):
            found = [row for row in self._rows() if row["Name"] == path.split("'")[1]]
            return (
                httpx.Response(200, json={"d": _shown(found[0], options)}) if found else httpx.Response(404)
            )
        rows = [row for row in self._rows() if _asked(row, options)]
        shown = [_shown(row, options) for row in rows]
        return httpx.Response(200, json={"d": {"__count": len(shown), "results": shown}})

    def _patch(self, body: Json, options: dict[str, str]) -> httpx.Response:
        self.patches.append(body)
        case = self._cases.get(json.dumps(body, sort_keys=True))
        if case is None:  # a value that the client translated to what the server is known to store as it is
            self.state.update({name: self._resolved(name, value) for name, value in body.items()})
        elif case.status != 200:
            return httpx.Response(case.status, json=case.answer)
        else:
            self.state = {**self.state, **{k: v for k, v in self.typed(case.after).items() if k in body}}
        return httpx.Response(200, json={"d": _shown(self.state, options)})

    def _resolved(self, name: str, value: Json) -> Json:
        if name not in ("Keeper", "Parts"):
            return value
        known = {row[key]: row for row in self._rows()[1:] for key in ("Id", "Path")}
        return [known[one] for one in value] if isinstance(value, list) else value and known[value]

    def _rows(self) -> list[dict[str, Json]]:
        others = [
            {
                "Id": id_,
                "Path": path,
                "Name": path.rpartition("/")[2],
                "Type": "User" if path.startswith("/Root/IMS") else "Task",
            }
            for path, id_ in self._ids.items()
            if path.startswith(("/Root/IMS", "/Root/Content/patc/Tasks/T"))
        ]
        return [self.state, *others]

    def typed(self, after: dict[str, Json]) -> dict[str, Json]:
        """Return the state that a recorded answer shows, its references by id and path."""
        by_name = {path.rpartition("/")[2]: (id_, path) for path, id_ in self._ids.items()}

        def target(shown: Json) -> Json:
            if isinstance(shown, list):
                return [target(one) for one in shown]
            if shown is None:
                return None
            id_, path = by_name[shown["Name"]]
            return {"Id": id_, "Path": path, "Name": shown["Name"]}

        fixed = {"Id": 9001, "Name": "p", "Path": "/Root/Content/patc/Assets/p", "Type": "Asset"}
        references = {name: target(after[name]) for name in ("Keeper", "Parts")}
        return {**after, **references, **fixed, "DisplayName": "p", "Version": "V1.0.A"}


def _asked(row: dict[str, Json], options: dict[str, str]) -> bool:
    query = options.get("query", "")
    if match := re.search(r"Id:\(([\d ]*)\)", query):
        return row["Id"] in {int(id_) for id_ in match[1].split()}
    if match := re.search(r"Path:\((.*)\)", query):
        return row["Path"] in [path.replace("\\", "") for path in re.findall(r'"([^"]*)"', match[1])]
    return row["Id"] == 9001 and "Id gt 9001" not in options.get("$filter", "")


def _shown(row: dict[str, Json], options: dict[str, str]) -> dict[str, Json]:
    shown: dict[str, Json] = {}
    for chain in options["$select"].split(","):
        first, _, rest = chain.partition("/")
        value = row.get(first)
        if rest:
            old = shown.get(first)
            if isinstance(value, list):
                shown[first] = [
                    {**(old[n] if old else {}), rest: one.get(rest)} for n, one in enumerate(value)
                ]
            else:
                shown[first] = {**(old or {}), rest: value.get(rest)} if value else None
        else:
            shown[first] = value
    return shown


def compare(field: Any, cell: Any, value: Any) -> None:
    """Assert that a cell of a frame is what a value of an answer means."""
    if isinstance(value, dict) and "__deferred" in value:
        assert cell is None
    elif field.is_reference:
        key = "Name" if field.type == "AllowedChildTypes" else "Path"
        pointed = [v.get(key) for v in value] if isinstance(value, list) else value and value.get(key)
        assert cell == pointed
    elif value is None:
        assert cell is None or pd.isna(cell)
    elif (
        field.type
        in ("ShortText", "LongText", "RichText", "Integer", "Number", "Currency", "Boolean", "DateTime")
        or field.is_choice
    ):
        assert cells.are_same_json(field, cells.encode(field, cell), value), (field.name, cell, value)
    else:
        assert cell == value
