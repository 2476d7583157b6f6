"""A server of prepared bytes: verbose rows of 25 columns, as many as one likes, after a wait of 20 ms.

``python -m tests.benchmarks.pages ROWS WAIT`` prints its port and serves; it knows what the clients of the
reading benchmarks ask: ``$top`` and ``$skip``, bounds on ``Id``, totals and counts.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable, Collection, Iterator
from urllib.parse import unquote

FIRST = 1001  # the id of the first row; the others follow without gaps
PATTERN = 1000  # rows after which everything but the ids repeats
_STATUS = ("active", "pending", "completed", "deferred")
_ID = 90000000  # stands for the id while the pattern is made
FIELDS = {
    "Name": "ShortText", "DisplayName": "ShortText", "Type": "NodeType", "Path": "ShortText",
    "Version": "Version", "Description": "LongText", "Keywords": "ShortText", "Icon": "ShortText",
    "Index": "Integer", "OwnerId": "Integer",
    "CreatedById": "Integer", "RemainingDays": "Integer", "TaskCompletion": "Integer", "Price": "Currency",
    "Size": "Number", "Hidden": "Boolean", "IsFolder": "Boolean", "Locked": "Boolean", "Status": "Choice",
    "Priority": "Choice", "DueDate": "DateTime", "StartDate": "DateTime", "CreationDate": "DateTime",
    "ModificationDate": "DateTime",
}  # fmt: skip


def row(number: int) -> dict[str, object]:
    """Return a row as a server with metadata=no writes it: Id and 24 more fields."""
    n = number % PATTERN
    day, clock = f"2026-{n % 12 + 1:02}-{n % 28 + 1:02}", f"{n % 24:02}:{n % 60:02}:{n * 7 % 60:02}"
    return {
        "Id": _ID,
        "Name": f"task-{_ID}",
        "DisplayName": f"Überprüfung {n} of the “plan”",
        "Type": "Task",
        "Path": f"/Root/Content/IT/Tasks/task-{_ID}",
        "Version": "V1.0.A",
        "Description": None if n % 3 else f"What has to be done in step {n}: look, think, write it down.",
        "Keywords": "plan report",
        "Icon": "FormDocument",
        "Index": n,
        "OwnerId": 1 + n % 7,
        "CreatedById": 1,
        "RemainingDays": n % 90,
        "TaskCompletion": n % 101,
        "Price": n / 8,
        "Size": None,
        "Hidden": n % 50 == 0,
        "IsFolder": False,
        "Locked": n % 9 == 0,
        "Status": [_STATUS[n % 4]],
        "Priority": [str(n % 3 + 1)],
        "DueDate": f"{day}T{clock}Z" if n % 4 else "0001-01-01T00:00:00",
        "StartDate": f"{day}T00:00:00Z",
        "CreationDate": f"{day}T{clock}.{n % 99 + 1:02}Z",
        "ModificationDate": f"2026-11-{n % 28 + 1:02}T{clock}.{1234567 + n}Z",
    }


def schema() -> list[dict[str, object]]:
    """Return the answer of ``GetSchema`` for these rows."""
    options = {"Status": _STATUS, "Priority": ("1", "2", "3")}
    fields = [
        {"Name": name, "FieldClassName": f"SenseNet.ContentRepository.Fields.{kind}Field", "ReadOnly": False,
         "Compulsory": False, "Options": [{"Value": v, "Text": v} for v in options.get(name, ())]}
        for name, kind in [("Id", "Integer"), *FIELDS.items()]
    ]  # fmt: skip
    return [{"ContentTypeName": "Task", "FieldSettings": fields}]


class Rows:
    """Answers of a list of ``total`` rows with some fields."""

    def __init__(self, total: int, names: Collection[str] = ("Id", *FIELDS)) -> None:
        self.total = total
        rows = ({name: value for name, value in row(n).items() if name in names} for n in range(PATTERN))
        texts = [json.dumps(row, indent=2, ensure_ascii=False) for row in rows]
        self._pieces = [text.replace("\n", "\n      ").encode().split(str(_ID).encode()) for text in texts]

    def page(self, start: int, end: int, count: int | None = None) -> bytes:
        """Return the rows from number ``start`` to before ``end``."""
        parts = [
            b'{\n  "d": {\n    "__count": %d,\n    "results": [\n' % (end - start if count is None else count)
        ]
        for number in range(start, end):
            parts.append(b"      " if number == start else b",\n      ")
            parts.append(str(FIRST + number).encode().join(self._pieces[number % PATTERN]))
        parts.append(b"\n    ]\n  }\n}")
        return b"".join(parts)

    def answer(self, target: str) -> bytes:
        """Answer what the clients of the benchmarks ask."""
        path, _, query = unquote(target).partition("?")
        if path.endswith("/GetSchema"):
            return json.dumps(schema()).encode()
        if path.endswith("/GetCurrentUser"):
            return b'{"d": {"Id": 1, "Path": "/Root/IMS/BuiltIn/Portal/Admin"}}'
        if path.endswith("/$count"):
            return str(self.total).encode()

        def number(pattern: str, default: int) -> int:
            found = re.search(pattern, query)
            return int(found[1]) if found else default

        low = number(r"Id gt (\d+)", FIRST - 1) + 1 - FIRST + number(r"\$skip=(\d+)", 0)
        high = min(number(r"Id le (\d+)", FIRST + self.total) + 1 - FIRST, self.total)
        top = number(r"\$top=(\d+)", 0)
        if "Id desc" in query:
            low = self.total - 1
        high = max(low, min(high, low + top) if top else high)
        return self.page(low, high, self.total if "allpages" in query else None)


async def _serve(rows: Rows, wait: float) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                body = rows.answer(head.split(b" ", 2)[1].decode())
                await asyncio.sleep(wait)
                kind = "application/json;odata=verbose;charset=utf-8"
                writer.write(
                    f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                )
                writer.write(body)
                await writer.drain()
        writer.close()

    await listen(talk)


async def listen(talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> None:
    """Print a free port and serve there until the process ends."""
    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


@contextlib.contextmanager
def serving(total: int, wait: float = 0.02, *, module: str = "pages") -> Iterator[str]:
    """Serve in a process of its own, by this module or another one beside it, and give the address."""
    command = [sys.executable, "-m", f"tests.benchmarks.{module}", str(total), str(wait)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.terminate()


if __name__ == "__main__":
    asyncio.run(_serve(Rows(int(sys.argv[1])), float(sys.argv[2])))
