"""A repository that is made up as it is asked: folders of any size, slow or failing where a test says so."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import httpx

from sn_pandas.frames import Repository
from sn_pandas.odata.client import Client, Retries

ADMIN = {"Id": 1, "Path": "/Root/IMS/BuiltIn/Portal/Admin"}


class Source(httpx.BaseTransport):
    """Answers for folders with so many children, of which the first are folders.

    Parameters
    ----------
    sizes : dict
        By path, how many children a folder has, and how many of these are folders.
    """

    def __init__(self, sizes: dict[str, tuple[int, int]]) -> None:
        self.sizes = dict(sizes)
        self.asked: list[str] = []
        self.fault: Callable[[str], tuple[int, dict[str, Any]] | None] = lambda path: None
        self.delay = 0.0
        #: Answers wait while it is not set, for tests of what happens meanwhile.
        self.gate = threading.Event()
        self.gate.set()
        self.hidden: set[str] = set()
        self._lock = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        parts = urlsplit(str(request.url))
        address = unquote(parts.path).removeprefix("/odata.svc")
        options = {k: v[0] for k, v in parse_qs(parts.query).items()}
        single = re.fullmatch(r"(.*)/?\('([^']*)'\)(/GetCurrentUser)?", address)
        path = f"{single[1].rstrip('/')}/{single[2]}" if single else address
        with self._lock:
            self.asked.append(f"{path}?{options.get('$skip', '0')}" if not single else f"'{path}'")
        if single and single[3]:
            return self._json({"d": ADMIN})
        time.sleep(self.delay)
        assert self.gate.wait(60), "the test let no answer pass"
        if not single and (fault := self.fault(path)):
            return httpx.Response(fault[0], json=fault[1]) if fault[1] else httpx.Response(fault[0])
        if not self._exists(path):
            return httpx.Response(404)
        if single:
            return self._json({"d": self._row(path)})
        return self._json({"d": self._list(path, options)})

    def _list(self, path: str, options: dict[str, str]) -> dict[str, Any]:
        total, folders = self.sizes.get(path, (0, 0))
        names: Any = range(total)
        if text := options.get("$filter"):
            names = [n for n in names if self._passes(self._row(self._path(path, n, folders)), text)]
        if self.hidden:
            names = [n for n in names if self._path(path, n, folders) not in self.hidden]
        skip, top = int(options.get("$skip", 0)), int(options.get("$top", 0)) or len(names)
        rows = [self._row(self._path(path, n, folders)) for n in names[skip : skip + top]]
        return {"__count": len(names), "results": rows}

    def _passes(self, row: dict[str, Any], text: str) -> bool:
        """Test the two forms that a tree asks for: a part of either name, the start of one, or both."""
        part = re.search(r"substringof\('((?:[^']|'')*)', Name\) or substringof\('\1', DisplayName\)", text)
        start = re.search(r"startswith\((\w+), '((?:[^']|'')*)'\)", text)
        if not part and not start:
            raise AssertionError(f"the source does not know the filter {text}")
        names = [row["Name"].lower(), row["DisplayName"].lower()]
        if part and not any(part[1].replace("''", "'").lower() in name for name in names):
            return False
        return not start or row[start[1]].lower().startswith(start[2].replace("''", "'").lower())

    def _name(self, n: int, folders: int) -> str:
        return f"F{n:06}" if n < folders else f"c{n:06}"

    def _path(self, folder: str, n: int, folders: int) -> str:
        return f"{folder}/{self._name(n, folders)}"

    def _exists(self, path: str) -> bool:
        parent, _, name = path.rpartition("/")
        return path not in self.hidden and (
            path in self.sizes
            or (parent in self.sizes and name[1:].isdigit() and int(name[1:]) < self.sizes[parent][0])
        )

    def _row(self, path: str) -> dict[str, Any]:
        name = path.rpartition("/")[2]
        folder = path in self.sizes or name.startswith("F")
        kind = "Folder" if folder else "Task"
        return {
            "Name": name,
            "DisplayName": name.replace("c", "Content ", 1) if not folder else name,
            "Type": kind,
            "Icon": kind,
            "IsFolder": folder,
            "IsFile": False,
            "Path": path,
        }

    def _json(self, body: dict[str, Any]) -> httpx.Response:
        return httpx.Response(200, content=json.dumps(body).encode())


def repository(source: httpx.BaseTransport) -> Repository:
    """Connect to a source, with no patience for its faults."""
    retries = Retries(attempts=1)
    return Repository(Client("http://made.up", transport=source, retries=retries), anonymous=True)


def small() -> Source:
    """Three levels: enough for most tests."""
    return Source(
        {
            "/Root/Content": (30, 3),
            "/Root/Content/F000000": (450, 2),
            "/Root/Content/F000000/F000001": (5, 0),
            "/Root/Content/F000001": (0, 0),
            "/Root/Content/F000002": (4, 0),
        }
    )
