"""The embedded repository at size: a million contents loaded, listed, counted, searched and changed.

``SN_PANDAS_STORE_ROWS`` makes it smaller for a quick look; the goals are those of a million.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

from sn_pandas.embedded import Application, populate

ROWS = int(os.environ.get("SN_PANDAS_STORE_ROWS", "1000000"))
FIELDS = "Id,Name,DisplayName,Index,Status,Priority,DueDate,TaskCompletion,CreationDate,Path"
PLACE = "/odata.svc/Root/Content/Many"


def main() -> None:
    """Measure and print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        app = populate(ROWS, Path(folder) / "large.db")
        seconds = time.perf_counter() - began
        print(f"{ROWS:,} tasks in {-(-ROWS // 1000):,} lists: {ROWS / seconds:,.0f} contents a second")
        print(f"figure load {seconds:.0f} s goal <= 180")
        requests(app)
        app.close()


def requests(app: Application) -> None:
    """Time each kind of request, the median of several with other values."""
    client = Client(app)
    middle = client.get("/odata.svc/Root/Content/Many/List00000?metadata=no&$select=Id&$top=1&$orderby=Id")
    first = middle["d"]["results"][0]["Id"]
    step = max(1, ROWS // 12)
    afters = [first + number * step for number in range(10)]

    def page(after: int) -> str:
        options = quote(f"TypeIs:Task .SORT:Id .AUTOFILTERS:OFF +Id:>{after}")
        return f"{PLACE}?metadata=no&$select={FIELDS}&$top=1000&query={options}"

    client.figure("keyset_page", [page(after) for after in afters], 50)
    client.figure("count", [f"{PLACE}/$count?$inlinecount=allpages&query=TypeIs:Task"] * 5, 200)
    names = [quote(f"Name:Task{number * step:07}") for number in range(10)]
    client.figure("indexed_filter", [f"{PLACE}?metadata=no&$select=Id,Name&query={name}" for name in names], 200)
    words = ["budget", "newsletter", "audit", "survey", "archive"]
    texts = [f"{PLACE}?metadata=no&$select=Id,Name&$top=100&query={quote(f'DisplayName:*{w}')}" for w in words]
    client.times("DisplayName by its ending, first 100", texts)
    texts = [f"{PLACE}?metadata=no&$select=Id,Name&$top=100&query={word}" for word in words]
    client.figure("full_text", texts, 200)
    patches = [f"/odata.svc/content({after})?metadata=no&$select=Id" for after in afters]
    client.figure("patch", patches, 5, method="PATCH")


class Client:
    """Sends requests to a repository in this process and times them."""

    def __init__(self, app: Application) -> None:
        self.app = app

    def get(self, target: str) -> dict:
        return json.loads(self.send("GET", target, 0))

    def send(self, method: str, target: str, number: int) -> bytes:
        from io import BytesIO

        path, _, query = target.partition("?")
        body = json.dumps({"TaskCompletion": (number * 7) % 100, "DisplayName": f"Changed {number}"}).encode()
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
        if not status[0].startswith("200"):
            raise RuntimeError(f"{method} {target}: {status[0]} {answer[:200]!r}")
        return answer

    def times(self, name: str, targets: list[str], method: str = "GET") -> float:
        """Time the requests, one after another, and give the median in milliseconds."""
        taken = []
        for number, target in enumerate(targets, 1):
            began = time.perf_counter()
            self.send(method, target, number)
            taken.append((time.perf_counter() - began) * 1000)
        middle = statistics.median(taken)
        print(f"{name}: {middle:.1f} ms ({min(taken):.1f} to {max(taken):.1f}, {len(taken)} requests)")
        return middle

    def figure(self, name: str, targets: list[str], goal: int, method: str = "GET") -> None:
        """Time the requests and print the figure."""
        print(f"figure {name} {self.times(name, targets, method):.1f} ms goal <= {goal}")


if __name__ == "__main__":
    main()
