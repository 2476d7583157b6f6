"""The client on what a real server answered: each list and entity becomes a frame of the schema's dtypes."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import httpx
import pandas as pd
import pytest

import sn_pandas as sn

from ..fakes import FakeServer
from .recorded import compare, requests

FILES = [
    "02_addressing",
    "03_options",
    "04_projection",
    "05_filter",
    "06_query",
    "15_paging",
    "21_requests",
    "22_random_reads",
]


@cache
def schema() -> list[dict[str, Any]]:
    """The types of the recording; in 21 there is one more."""
    types: list[dict[str, Any]] = next(
        e["response"]["json"] for e in requests("01_discovery") if e["target"].endswith("/GetSchema")
    )
    fields = [("Aspects", "Reference"), ("Author", "ShortText")]
    settings = [
        {"Name": n, "FieldClassName": f"SenseNet.ContentRepository.Fields.{k}Field"} for n, k in fields
    ]
    return [
        *types,
        {"ContentTypeName": "Article", "ParentTypeName": "GenericContent", "FieldSettings": settings},
    ]


def lists_and_entities(name: str) -> list[tuple[str, list[dict[str, Any]], bool]]:
    """Return the targets of a file with the rows that they gave, and whether they gave one entity."""
    found = []
    for exchange in requests(name):
        body = exchange["response"].get("json")
        if exchange["method"] != "GET" or exchange["response"]["status"] != 200 or not isinstance(body, dict):
            continue
        held = body.get("d")
        if isinstance(held, dict) and isinstance(held.get("results"), list):
            rows = held["results"]
            if all("Url" not in row or "Forbidden" not in row for row in rows):
                found.append((exchange["target"], rows, False))
        elif isinstance(held, dict) and ("Name" in held or "Id" in held) and len(held) > 1:
            found.append((exchange["target"], [held], True))
    return found


class Recorded:
    """Answers every question for contents with the same rows, and says how many there are."""

    def __init__(self) -> None:
        self.hold([], single=False)

    def hold(self, rows: list[dict[str, Any]], *, single: bool) -> None:
        # The client always asks for the id; where the recorded request did not, the row gets one.
        self.rows = [{**row, "Id": row.get("Id") or number} for number, row in enumerate(rows, 1)]
        self.single = single

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.endswith("GetSchema"):
            return httpx.Response(200, json=schema())
        if path.endswith("GetCurrentUser"):
            return httpx.Response(200, json={"d": {"Id": 1, "Path": "/Root/IMS/BuiltIn/Portal/Admin"}})
        if path.endswith("$count"):
            return httpx.Response(200, text=str(len(self.rows)))
        if path.endswith("$metadata"):
            return httpx.Response(404)
        if request.url.params.get("$select") == "EffectiveAllowedChildTypes/Name":
            return httpx.Response(200, json={"d": {"EffectiveAllowedChildTypes": []}})
        if "AspectDefinition" in request.url.params.get("$select", ""):
            return httpx.Response(200, json={"d": {"__count": 0, "results": []}})
        if request.url.params.get("$orderby") == "Id desc":
            return httpx.Response(200, json={"d": {"__count": 1, "results": self.rows[-1:]}})
        body = self.rows[0] if self.single else {"__count": len(self.rows), "results": self.rows}
        return httpx.Response(200, json={"d": body})


@pytest.mark.parametrize("name", FILES)
def test_every_recorded_row_becomes_a_typed_one(name: str) -> None:
    done = 0
    server = Recorded()
    repo = sn.connect("https://recorded.example", api_key="k", transport=FakeServer(server))
    for target, rows, single in lists_and_entities(name):
        plain = target.replace("{{id:", "").replace("}}", "").replace("content(/", "content(7)#")
        known = {key for row in rows for key in row} & set(repo.schema.fields)
        asked = sn.Query("/Root/Content", select=tuple(sorted(known - {"Id"})) or ("Name",), single=single)
        server.hold(rows, single=single)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", sn.IncompleteWarning)  # a type of one file may have other options
            frame = repo.read(asked, page_size=10_000)
        empty = sn.frames.reads.planning.Plan(asked, repo.schema).build_frame([], lambda: 0)
        assert len(frame) == len(rows), plain
        for column in frame.columns:
            if not isinstance(frame[column].dtype, pd.CategoricalDtype):
                assert frame[column].dtype == empty[column].dtype, (plain, column)
            field = repo.schema.field(column)
            assert field is not None
            for cell, row in zip(frame[column], rows, strict=True):
                compare(field, cell, row.get(column))
        done += 1
    assert done >= 10


def test_every_recorded_address_of_a_list_is_a_query() -> None:
    """What can be read of the addresses reads back as what it was; the rest is refused, not misread."""
    for name in FILES[:-1]:
        for target, _, _ in lists_and_entities(name):
            if "{{" in target:
                continue
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    query = sn.Query.parse(target)
                except sn.QueryError:
                    continue
                assert sn.Query.parse(query.url()) == query
