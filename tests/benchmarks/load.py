"""The embedded server under load: 16 and 64 people read and write at once for five minutes each.

``python -m tests.benchmarks load --seconds 20`` takes less time. The people are those of the sample; each has
a connection and does by turns what people do: open a list, look at a task, search, count, edit a task, add
one, take it away again. Clients and server share the processors of the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sn_pandas.embedded import Application, callers

CONNECTIONS = (16, 64)
SECONDS = 300.0
RATE, SLOWEST = 2_000, 200
"""Answers a second, and milliseconds within which 99 of 100 answers come: the goals."""
FIELDS = "Id,Name,Path,DisplayName,Status,Priority,DueDate,TaskCompletion,ModificationDate"
TASK = {"__ContentType": "Task", "DueDate": "2026-12-05T08:00:00Z", "Description": "made under load"}


@dataclass
class Person:
    """Somebody of the sample: his key, and tasks that he may edit."""

    key: str
    tasks: list[tuple[int, str]]
    own: list[int] = field(default_factory=list)
    """Ids of the tasks that he added and did not take away yet."""


@dataclass
class Answers:
    """What was answered: seconds by kind of request, and what went wrong."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    wrong: Counter[str] = field(default_factory=Counter)
    out_of_date: int = 0

    @property
    def all(self) -> list[float]:
        return sorted(second for kind in self.seconds.values() for second in kind)


def main(arguments: list[str] | None = None) -> None:
    """Measure and print the figures."""
    parser = argparse.ArgumentParser(prog="load", description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long each number is tried")
    seconds = parser.parse_args(arguments or []).seconds
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "repository.db"
        people = _people(data, max(CONNECTIONS))
        with _server(data) as (process, port):
            for connections in CONNECTIONS:
                used = _processor_seconds(process.pid)
                answers = asyncio.run(_run(port, people[:connections], seconds))
                used = _processor_seconds(process.pid) - used
                _print(connections, answers, seconds, used, _memory(process.pid))


def _people(data: Path, count: int) -> list[Person]:
    """Build the sample, and give people keys."""
    application = Application(data)
    try:
        store = application.store
        with store.reading() as db:
            users = [
                row[0]
                for row in db.execute(
                    "SELECT id FROM contents WHERE type = 'User' AND key LIKE '/root/ims/public/%'"
                )
            ]
            tasks = [row[0] for row in db.execute(
                "SELECT id FROM contents WHERE type = 'Task' AND key LIKE '/root/content/%' ORDER BY id"
            )]  # fmt: skip
        found = []
        for user in users:
            session = application.repository.session(callers.load(application.repository, user))
            mine = [(one.id, one.parent_path) for one in session.load_many(tasks) if session.can(one, "Save")]
            if mine:
                found.append(Person(callers.new_key(application.repository, user).value, mine))
        return [Person(one.key, one.tasks) for number in range(count) for one in [found[number % len(found)]]]
    finally:
        application.close()


@contextmanager
def _server(data: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    command = [sys.executable, "-m", "sn_pandas", "serve", "--port", "0", "--data", str(data)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = re.search(r":(\d+)$", process.stdout.readline().strip())
        assert port is not None
        yield process, int(port[1])
    finally:
        process.terminate()
        process.communicate()


def _requests(dice: random.Random, person: Person) -> tuple[str, str, str, Any]:
    """Return the kind, method, target and body of what a person does next."""
    task, folder = dice.choice(person.tasks)
    kind = dice.choices(
        ("list", "entity", "search", "count", "expand", "tree", "edit", "add", "remove"),
        (24, 24, 8, 6, 6, 4, 18, 5, 5),
    )[0]
    if kind == "remove" and not person.own:
        kind = "add"
    place = f"/odata.svc{quote(folder)}"
    if kind == "list":
        return kind, "GET", f"{place}?metadata=no&$select={FIELDS}&$orderby=DueDate&$top=50", None
    if kind == "entity":
        return kind, "GET", f"/odata.svc/content({task})?metadata=no", None
    if kind == "search":
        word = dice.choice(("budget", "report", "review", "client", "draft", "price"))
        query = quote(f"TypeIs:Task AND {word} .SORT:ModificationDate .TOP:20")
        return kind, "GET", f"/odata.svc/Root/Content?metadata=no&query={query}&$select={FIELDS}", None
    if kind == "count":
        return (
            kind,
            "GET",
            f"{place}/$count?$filter={quote(chr(39).join(('Status eq ', 'active', '')))}",
            None,
        )
    if kind == "expand":
        select = f"{FIELDS},AssignedTo/FullName,CreatedBy/FullName"
        return kind, "GET", f"{place}?metadata=no&$expand=AssignedTo,CreatedBy&$select={select}&$top=20", None
    if kind == "tree":
        target = f"{folder.rpartition('/')[0]}('{folder.rpartition('/')[2]}')"
        return (
            kind,
            "GET",
            f"/odata.svc{quote(target, safe=chr(39) + '()/')}/Ancestors?metadata=no&$select=Path",
            None,
        )
    if kind == "edit":
        body = {
            "TaskCompletion": dice.randrange(101),
            "Status": [dice.choice(("active", "pending", "completed"))],
        }
        return kind, "PATCH", f"/odata.svc/content({task})?metadata=no&$select=Id", body
    if kind == "add":
        body = {**TASK, "Name": f"load-{dice.randrange(2**48):x}"}
        return kind, "POST", f"{place}?metadata=no&$select=Id", body
    return kind, "DELETE", f"/odata.svc/content({person.own.pop()})?permanent=true", None


async def _run(port: int, people: list[Person], seconds: float) -> Answers:
    answers = Answers()
    end = time.perf_counter() + seconds
    await asyncio.gather(*(_act(port, person, number, end, answers) for number, person in enumerate(people)))
    return answers


async def _act(port: int, person: Person, number: int, end: float, answers: Answers) -> None:
    """Send one request after the other on one connection."""
    dice = random.Random(f"{port} {end} {number}")  # names that nobody had before
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.perf_counter() < end:
        kind, method, target, body = _requests(dice, person)
        data = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {target} HTTP/1.1\r\nHost: localhost\r\napikey: {person.key}\r\n"
        head += f"Content-Length: {len(data)}\r\n\r\n"
        began = time.perf_counter()
        writer.write(head.encode() + data)
        fields = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", fields)
        text = await reader.readexactly(int(length[1])) if length else b""
        answers.seconds.setdefault(kind, []).append(time.perf_counter() - began)
        status = int(fields[9:12])
        if kind == "add" and status == 200:
            person.own.append(json.loads(text)["d"]["Id"])
        if status == 400 and b"NodeIsOutOfDateException" in text:
            answers.out_of_date += 1
        elif status >= 400:
            answers.wrong[f"{kind}: {status} {text[:120]!r}"] += 1
    writer.close()
    await writer.wait_closed()


def _print(connections: int, answers: Answers, seconds: float, used: float, memory: float) -> None:
    every = answers.all
    for kind, found in sorted(answers.seconds.items()):
        found.sort()
        print(
            f"{connections} people, {kind}: {len(found):,}, median {_at(found, 0.5)}, p99 {_at(found, 0.99)}"
        )
    wrong = sum(answers.wrong.values())
    print(f"{connections} people: {answers.out_of_date} edits were out of date; {wrong} errors")
    for what, number in answers.wrong.most_common(5):
        print(f"  {number} x {what}")
    print(f"the server used its processor for {used / max(1, len(every)) * 1000:.2f} ms an answer")
    print(f"figure load_{connections}_rate {len(every) / seconds:.0f} requests/s goal >= {RATE}")
    print(f"figure load_{connections}_p99 {every[int(len(every) * 0.99)] * 1000:.0f} ms goal <= {SLOWEST}")
    print(f"figure load_{connections}_errors {wrong} answers goal <= 0")
    print(f"figure load_{connections}_memory {memory:.0f} MB goal <= 300", flush=True)


def _at(found: list[float], share: float) -> str:
    return f"{found[min(len(found) - 1, int(len(found) * share))] * 1000:.1f} ms"


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> float:
    """Return the most memory that a process ever had, in MB."""
    peak = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(peak[1]) / 1024 if peak else 0.0


if __name__ == "__main__":
    main(sys.argv[1:])
