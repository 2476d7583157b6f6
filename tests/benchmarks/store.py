"""The embedded repository at size: a million contents loaded, listed, counted, searched and changed.

``SN_PANDAS_STORE_ROWS`` makes it smaller for a quick look; the goals are those of a million. ``store --beside
CHECKOUT`` measures the package of another checkout as well, one after the other, and prints both side by
side, with the time of computing, which other programs on the machine disturb less, and with the time of a
plain loop, which says how fast the machine is at the moment. It can be any checkout
that has what is imported here and answers the requests; whether it does is seen before the million.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

from sn_pandas.embedded import Application, populate
from sn_pandas.embedded.sample import Builder

ROWS = int(os.environ.get("SN_PANDAS_STORE_ROWS", "1000000"))
FIELDS = "Id,Name,DisplayName,Index,Status,Priority,DueDate,TaskCompletion,CreationDate,Path"
PLACE = "/odata.svc/Root/Content/Many"
FOLDER = "/odata.svc/Root/Content/Flat"
LARGE = max(1000, ROWS // 4)
"""How many contents stand in one folder, beside those in lists of a thousand."""


def main(options: list[str] | None = None) -> None:
    """Measure and print the figures; beside those of another checkout if asked so."""
    if options:
        _, checkout = options
        beside(Path(checkout))
        return
    print(f"computing ten_million_steps {ten_million_steps():.2f} s")
    with tempfile.TemporaryDirectory() as folder:
        began, computed = time.perf_counter(), time.process_time()
        app = populate(ROWS, Path(folder) / "large.db")
        seconds = time.perf_counter() - began
        print(f"{ROWS:,} tasks in {-(-ROWS // 1000):,} lists: {ROWS / seconds:,.0f} contents a second")
        print(f"computing load {time.process_time() - computed:.1f} s")
        print(f"figure load {seconds:.0f} s goal <= 120")
        last = flat(app)
        requests(app, last)
        app.close()
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"figure memory {memory:.0f} MB goal <= 300")


def ten_million_steps() -> float:
    """Return the seconds that a loop of ten million steps takes: how fast the machine is at the moment."""
    began, step = time.perf_counter(), 0
    while step < 10_000_000:
        step += 1
    return time.perf_counter() - began


def beside(checkout: Path) -> None:
    """Print the figures of another checkout and of this one, and the computing that both took."""
    measure(checkout, 1000)  # it fails here if it cannot be measured
    tables = [measure(root, ROWS) for root in (checkout, Path(__file__).parents[2])]
    print(f"{'':32} {'other':>12} {'this':>12}")
    for name, value in tables[1].items():
        print(f"{name:32} {tables[0].get(name, ''):>12} {value:>12}")


def measure(root: Path, rows: int) -> dict[str, str]:
    """Return the figures of a checkout with so many contents, by name.

    Raises
    ------
    SystemExit
        If its package cannot be measured.
    """
    environment = {**os.environ, "PYTHONPATH": str(root), "SN_PANDAS_STORE_ROWS": str(rows)}
    command = [sys.executable, "-P", __file__]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = done.stderr.strip().rpartition("\n")[2]
        raise SystemExit(f"The package in {root} cannot be measured by this benchmark: {reason}")
    lines = (line.split() for line in done.stdout.splitlines())
    return {f"{kind} {name}": f"{value} {unit}" for kind, name, value, unit, *_ in lines
            if kind in ("figure", "computing")}  # fmt: skip


def flat(app: Application) -> int:
    """Put very many contents into one folder; gives the id of the last one."""
    builder = Builder(app.store, 2)
    with app.store.transaction():
        folder = builder.add(builder.below("/Root/Content"), "TaskList", "Flat")
        for number in range(LARGE):
            due = f"2026-{1 + number % 12:02}-{1 + number % 28:02}T12:00:00Z"
            status = ["active" if number % 3 else "completed"]
            last = builder.add(folder, "Task", f"Item{number:07}", index=number, DueDate=due, Status=status)
        builder.flush()
    return last.id


def requests(app: Application, last: int) -> None:
    """Time each kind of request, the median of several with other values."""
    client = Client(app)
    middle = client.get("/odata.svc/Root/Content/Many/List00000?metadata=no&$select=Id&$top=1&$orderby=Id")
    first = middle["d"]["results"][0]["Id"]
    step = max(1, ROWS // 12)
    afters = [first + number * step for number in range(10)]

    def page(after: int) -> str:
        options = quote(f"TypeIs:Task .SORT:Id .AUTOFILTERS:OFF +Id:>{after}")
        return f"{PLACE}?metadata=no&$select={FIELDS}&$top=1000&query={options}"

    client.figure("keyset_page", [page(after) for after in afters], 30)
    client.figure("subtree_page", [page(after).replace("TypeIs:Task", "InTree:/Root/Content/Many")
                                   for after in afters], 30)  # fmt: skip
    inside = [last - LARGE + 1 + number * LARGE // 12 for number in range(10)]
    options = f"metadata=no&$select={FIELDS}&$orderby=Id&$top=1000&$filter="
    client.figure("folder_page", [f"{FOLDER}?{options}{quote(f'Id gt {after}')}" for after in inside], 30)
    client.figure("count", [f"{PLACE}/$count?$inlinecount=allpages&query=TypeIs:Task"] * 5, 150)
    client.figure("count_subtree", [f"{PLACE}/$count?query=InTree:/Root/Content/Many"] * 5, 150)
    client.figure("count_folder", [f"{FOLDER}/$count"] * 5, 150)
    with client.as_ordinary_user():
        client.figure("count_as_user", [f"{PLACE}/$count?query=TypeIs:Task"] * 5, 150)
        client.figure(
            "page_as_user", [f"{FOLDER}?{options}{quote(f'Id gt {after}')}" for after in inside], 30
        )
    for name, condition in (
        ("index", "Index eq {0}"),
        ("status", "Status eq '$active' and Id gt {1}"),
        ("due_date", "DueDate ge datetime'2026-0{2}-05' and DueDate lt datetime'2026-0{2}-06'"),
        ("starts_with", "startswith(Name,'Item{0:07}')"),
    ):
        filters = [quote(condition.format(n * LARGE // 12, inside[n], n + 1)) for n in range(9)]
        targets = [f"{FOLDER}?metadata=no&$select={FIELDS}&$top=100&$filter={f}" for f in filters]
        client.figure(f"filter_{name}", targets, 200)
    names = [quote(f"Name:Task{number * step:07}") for number in range(10)]
    client.figure(
        "indexed_filter", [f"{PLACE}?metadata=no&$select=Id,Name&query={name}" for name in names], 200
    )
    words = ["budget", "newsletter", "audit", "survey", "archive"]
    texts = [
        f"{PLACE}?metadata=no&$select=Id,Name&$top=100&query={quote(f'DisplayName:*{w}')}" for w in words
    ]
    client.times("DisplayName by its ending, first 100", texts)
    texts = [f"{PLACE}?metadata=no&$select=Id,Name&$top=100&query={word}" for word in words]
    client.figure("full_text", texts, 20)
    patches = [f"/odata.svc/content({after})?metadata=no&$select=Id" for after in afters]
    client.figure("patch", patches, 2, method="PATCH")


class Client:
    """Sends requests to a repository in this process and times them."""

    def __init__(self, app: Application) -> None:
        self.app = app

    def get(self, target: str) -> dict:
        return json.loads(self.send("GET", target))

    def send(self, method: str, target: str, content: dict | None = None) -> bytes:
        path, _, query = target.partition("?")
        body = b"" if content is None else json.dumps(content).encode()
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "embedded",
            "SERVER_PORT": "80",
            "wsgi.url_scheme": "http",
            "HTTP_APIKEY": self.app.api_key,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": BytesIO(body),
        }
        status: list[str] = []
        answer = b"".join(self.app(environ, lambda line, *_: status.append(line)))
        if not status[0].startswith("20"):
            raise RuntimeError(f"{method} {target}: {status[0]} {answer[:200]!r}")
        return answer

    @contextmanager
    def as_ordinary_user(self) -> Iterator[None]:
        """Send requests as a user who may open what is in the repository, but no more."""
        admin = self.app.api_key
        body = {"__ContentType": "User", "Name": "reader", "LoginName": "reader", "FullName": "Reader",
                "Email": "reader@example.com", "Password": "pass-word-1", "Enabled": True}  # fmt: skip
        made = json.loads(self.send("POST", "/odata.svc/Root/IMS('Public')", body))
        right = {"r": [{"identity": "/Root/IMS/Public/reader", "Open": "allow"}]}
        self.send("POST", "/odata.svc/Root('Content')/SetPermissions", right)
        given = json.loads(self.send("POST", f"/odata.svc/content({made['d']['Id']})/CreateApiKey"))
        self.app.api_key = given["Value"]
        try:
            yield
        finally:
            self.app.api_key = admin

    def times(self, name: str, targets: list[str], method: str = "GET") -> float:
        """Time the requests, one after another, and give the median in milliseconds."""
        taken, computed = self.timed(targets, method)
        middle = statistics.median(taken)
        print(f"computing {name.replace(' ', '_')} {statistics.median(computed):.1f} ms")
        print(f"{name}: {middle:.1f} ms ({min(taken):.1f} to {max(taken):.1f}, {len(taken)} requests)")
        return middle

    def timed(self, targets: list[str], method: str = "GET") -> tuple[list[float], list[float]]:
        """Return the milliseconds that each request took, and those of computing.

        Medians of them compare well. A mean does not: one request in ten meets the garbage collector or the
        merging of the full-text index, which cost as much as ten requests.
        """
        taken, computed = [], []
        for number, target in enumerate(targets, 1):
            change = {"TaskCompletion": (number * 7) % 100, "DisplayName": f"Changed {number}"}
            began, computing = time.perf_counter(), time.process_time()
            self.send(method, target, None if method == "GET" else change)
            taken.append((time.perf_counter() - began) * 1000)
            computed.append((time.process_time() - computing) * 1000)
        return taken, computed

    def figure(self, name: str, targets: list[str], goal: float, method: str = "GET") -> None:
        """Time the requests and print the figure."""
        print(f"figure {name} {self.times(name, targets, method):.1f} ms goal <= {goal}")


if __name__ == "__main__":
    main()
