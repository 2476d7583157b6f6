"""A server that takes PATCHes: the rows of ``pages``, with what was written to them, after a wait of 20 ms.

``python -m tests.benchmarks.writes ROWS WAIT`` prints its port and serves.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import sys
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import unquote

from . import pages
from .pages import FIRST, Rows, listen, row


class Written(Rows):
    """Rows that can be changed."""

    def __init__(self, total: int) -> None:
        super().__init__(total)
        self._changed: dict[int, dict[str, Any]] = {}

    def respond(self, method: str, target: str, body: bytes) -> bytes:
        """Answer what a client that saves asks."""
        path, _, query = unquote(target).partition("?")
        if match := re.search(r"content\((\d+)\)", path):
            id_ = int(match[1])
            if method == "PATCH":
                self._changed.setdefault(id_, {}).update(json.loads(body))
            return json.dumps({"d": self._shown(id_, query)}).encode()
        if match := re.search(r"query=\+?Id:\(([\d ]+)\)", query):
            shown = [self._shown(int(id_), query) for id_ in match[1].split()]
            return json.dumps({"d": {"__count": len(shown), "results": shown}}).encode()
        return self.answer(target)

    def _shown(self, id_: int, query: str) -> dict[str, Any]:
        whole = {**row(id_ - FIRST), "Id": id_, **self._changed.get(id_, {})}
        match = re.search(r"\$select=([^&]*)", query)
        return {name: whole.get(name) for name in match[1].split(",")} if match else whole


async def _serve(rows: Written, wait: float) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                method, target, _ = head.split(" ", 2)
                length = re.search(r"content-length: *(\d+)", head, re.IGNORECASE)
                body = rows.respond(method, target, await reader.readexactly(int(length[1]) if length else 0))
                await asyncio.sleep(wait)
                kind = "application/json;odata=verbose;charset=utf-8"
                top = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
                writer.write(top.encode() + body)
                await writer.drain()
        writer.close()

    await listen(talk)


def serving(total: int, wait: float = 0.02) -> AbstractContextManager[str]:
    """Serve in a process of its own and give the address."""
    return pages.serving(total, wait, module="writes")


if __name__ == "__main__":
    asyncio.run(_serve(Written(int(sys.argv[1])), float(sys.argv[2])))
