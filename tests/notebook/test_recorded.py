"""Recorded requests of a real server as cells: each gives the rows that the server gave."""

from __future__ import annotations

import json
import warnings
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

import sn_pandas as sn
from sn_pandas.embedded import Application
from sn_pandas.frames import Repository
from sn_pandas.notebook.cells import query_of
from sn_pandas.odata.client import Client

from ..conformance.replay import replay
from ..wsgi import request

EXCHANGES = Path(__file__).parents[1] / "conformance" / "exchanges"
# Not a read of contents in a cell: operations, raw values, and what is no list.
NOT_CELLS = (
    "/GetAllowedChildTypes",
    "/CheckAllowedChildTypes",
    "/GetClientRequestParameters",
    "/Actions",
    "$",
)
# What a cell refuses although the server answers, and why.
REFUSED = {
    "$top3": "there is no such option: the server ignores it and gives everything",
    "ALLVERSIONS": "the same content would come several times",
}
IDENTITY = ("Id", "Path", "Name", "DisplayName")


class Reader:
    """Sends what is replayed, and reads each list again as a cell does."""

    def __init__(self, application: Application) -> None:
        self.send = partial(request, application)
        client = Client("http://embedded", transport=httpx.WSGITransport(app=application))
        self.repo = Repository(client, anonymous=True)
        self.differences: list[str] = []
        self.read = 0

    def __call__(self, method: str, target: str, body: bytes | None, headers: dict[str, str]) -> Any:
        answer = self.send(method, target, body, headers)
        other_caller = {"apikey", "x-visitor"} & {name.lower() for name in headers}
        rows = _rows(answer) if method == "GET" and not other_caller else None
        if rows is not None and not any(part in urlsplit(target).path for part in NOT_CELLS):
            self._compare(target, rows)
        return answer

    def _compare(self, target: str, rows: list[dict[str, Any]]) -> None:
        if difference := self._difference(target, rows):
            self.differences.append(f"{target}: {difference}")

    def _difference(self, target: str, rows: list[dict[str, Any]]) -> str | None:
        self.read += 1
        try:
            self.repo.__dict__.pop("schema", None)  # types are installed while the exchanges go on
            query = query_of(f"http://embedded{target}", {}, lambda: self.repo.schema.fields)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", sn.IncompleteWarning)
                warnings.filterwarnings("ignore", "query=.*also finds contents whose", UserWarning)
                frame = self.repo.read(query)
        except (sn.SensenetError, UserWarning) as error:
            return None if any(part in target for part in REFUSED) else f"{type(error).__name__}: {error}"
        if len(frame) != len(rows):
            return f"{len(frame)} rows, not {len(rows)}"
        ordered = "$orderby" in target.lower() or "SORT:" in target
        if not ordered and any(part in target.lower() for part in ("$top=", "$skip=", ".top:", ".skip:")):
            return None  # which rows come is chance at the server
        keys = [key for key in IDENTITY if rows and key in rows[0] and (key == "Id" or key in frame.columns)]
        found = [tuple(row) for row in frame.reset_index()[keys].astype(object).itertuples(index=False)]
        expected = [tuple(row[key] for key in keys) for row in rows]
        same = found == expected if ordered else Counter(found) == Counter(expected)
        return None if same else f"{found[:3]} …, not {expected[:3]} …"


def _rows(answer: Any) -> list[dict[str, Any]] | None:
    status, _, body = answer
    try:
        rows = json.loads(body)["d"]["results"] if status == 200 else None
    except (ValueError, KeyError, TypeError):
        return None
    return rows if isinstance(rows, list) and all("__deferred" not in row for row in rows) else None


@pytest.mark.parametrize(("name", "at_least"), [("14_docs", 40), ("21_requests", 30)])
def test_recorded_requests_work_as_cells(name: str, at_least: int) -> None:
    application = Application(sample=False, admin=True)
    try:
        reader = Reader(application)
        replay(reader, [EXCHANGES / "00_types.jsonl", EXCHANGES / f"{name}.jsonl"])
    finally:
        application.close()
    assert not reader.differences, "\n".join(reader.differences)
    assert reader.read >= at_least
