"""A list of rows behind a transport, which does with ``Id``, orders and pages what a server does."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import httpx

import sn_pandas as sn

from ..fakes import FakeServer

FIELDS = {"Name": "ShortText", "Index": "Integer", "DueDate": "DateTime"}


def schema(fields: dict[str, str | dict[str, Any]] = FIELDS) -> list[dict[str, Any]]:  # type: ignore[assignment]  # read only
    """Return what ``GetSchema`` answers for one type, Task."""
    settings = []
    for name, kind in {"Id": "Integer", "Type": "NodeType", "Path": "ShortText", **fields}.items():
        more = {} if isinstance(kind, str) else kind
        short = kind if isinstance(kind, str) else kind["type"]
        settings.append(
            {"Name": name, "FieldClassName": f"SenseNet.ContentRepository.Fields.{short}Field", **more}
        )
    return [{"ContentTypeName": "Task", "FieldSettings": settings}]


class Server:
    """Answers requests for one list; ``before`` is called before each page, with the number of the page."""

    def __init__(
        self,
        rows: list[dict[str, Any]],
        fields: dict[str, Any] | None = None,
        before: Callable[[int], None] = lambda number: None,
    ) -> None:
        self.rows = rows
        self.fields = fields or FIELDS
        self.before = before
        self.pages = 0
        self.targets: list[str] = []
        self.largest = 10**9  # rows of an answer, beyond which the server refuses
        self.longest = 8192  # bytes of a request line
        self.own_order: str | None = None  # a smart folder's
        self.own_top = 0
        self.user = {"Id": 1, "Path": "/Root/IMS/BuiltIn/Portal/Admin"}

    def connect(self, **options: Any) -> sn.frames.Repository:
        """Connect to this server."""
        given = options.keys() & {"api_key", "token", "anonymous", "client_secret"}
        return sn.connect(
            "https://lists.example",
            transport=FakeServer(self),
            **({} if given else {"api_key": "k"}),
            **options,
        )

    def __call__(self, request: httpx.Request) -> httpx.Response:
        target = request.url.raw_path.decode()
        self.targets.append(target)
        if len(target) + len("GET  HTTP/1.1\r\n") > self.longest:
            return httpx.Response(414)
        if "GetSchema" in target:
            return httpx.Response(200, json=schema(self.fields))
        if "GetCurrentUser" in target:
            return httpx.Response(200, json={"d": self.user})
        options = dict(request.url.params)
        if request.url.path.endswith("/$count"):
            return httpx.Response(200, text=str(len(self._found(options))))
        self.pages += 1
        self.before(self.pages)
        found = self._found(options)
        page = self._sorted(found, options)
        skip, top = int(options.get("$skip", 0)), int(options.get("$top", 0))
        page = page[skip:]
        page = page[:top] if top else page
        page = page[: self.own_top] if self.own_top else page
        if len(page) > self.largest:
            error = {"code": "RequestError", "message": {"value": "Response length limit exceeded."}}
            return httpx.Response(400, json={"error": error})
        names = [name.partition("/")[0] for name in options["$select"].split(",")]
        rows = [{name: row.get(name) for name in names} for row in page]
        count = len(found) if options.get("$inlinecount") == "allpages" else len(rows)
        return httpx.Response(200, content=json.dumps({"d": {"__count": count, "results": rows}}).encode())

    def _found(self, options: dict[str, str]) -> list[dict[str, Any]]:
        text = options.get("$filter", "")
        low = max([int(n) for n in re.findall(r"Id gt (\d+)", text)], default=-1)
        high = min([int(n) for n in re.findall(r"Id le (\d+)", text)], default=10**12)
        listed = {int(n) for n in re.findall(r"Id eq (\d+)", text)}
        for first, last in re.findall(r"Id ge (\d+) and Id le (\d+)", text):
            listed |= set(range(int(first), int(last) + 1))
            high = 10**12
        if group := re.search(r"Id:\(([\d ]+)\)", options.get("query", "")):
            listed = {int(n) for n in group[1].split()}
        return [r for r in self.rows if low < r["Id"] <= high and (not listed or r["Id"] in listed)]

    def _sorted(self, rows: list[dict[str, Any]], options: dict[str, str]) -> list[dict[str, Any]]:
        order = self.own_order or options.get("$orderby", "")
        for key in reversed([key for key in order.split(",") if key]):
            name, _, direction = key.strip().partition(" ")
            rows = sorted(
                rows, key=lambda r: (r.get(name) is not None, r.get(name) or 0), reverse=direction == "desc"
            )
        return rows
