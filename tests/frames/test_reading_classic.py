"""The classic example requests, asked of an embedded repository, give what the recording gives."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import unquote

import pandas as pd
import pytest

import sn_pandas as sn
from sn_pandas.connecting import InProcess
from sn_pandas.embedded import Application
from sn_pandas.frames import Repository
from sn_pandas.odata.addresses import without_service
from sn_pandas.odata.client import Client

from ..conformance.replay import replay
from ..wsgi import request
from .recorded import EXCHANGES, compare, requests

GETS = [e for e in requests("21_requests") if e["method"] == "GET"]
# The server answers for a place that is not there with the metadata of the service.
MISLEADING = ("/OData.svc/workspaces/$metadata", "/OData.svc/workspaces('project')/$metadata")
# The recorded request forgets to expand what it selects; ours expands it and gets the rows.
COMPLETED = "/odata.svc/Root/workspaces?$expand=Manager&$select=ModifiedBy/FullName"


@pytest.fixture(scope="module")
def repo() -> Iterator[Repository]:
    """An embedded repository on which all steps of the recording were done."""
    application = Application(sample=False, admin=True)
    replay(partial(request, application), [EXCHANGES / "00_types.jsonl", EXCHANGES / "21_requests.jsonl"])
    yield Repository(Client("http://embedded", transport=InProcess(application)), anonymous=True)
    application.close()


@pytest.mark.parametrize("exchange", GETS, ids=[e["target"] for e in GETS])
def test_a_classic_request(repo: Repository, exchange: dict[str, Any]) -> None:
    target = re.sub(r"\{\{id:(.*?)\}\}", lambda m: str(repo.get(m[1], select="Id")["Id"]), exchange["target"])
    response = exchange["response"]
    status, body = response["status"], response.get("json")
    if target == COMPLETED:
        assert list(ask(repo, target)["ModifiedBy/FullName"].unique()) == ["Admin"]
    elif status == 404 or target in MISLEADING:
        with pytest.raises((sn.NotFoundError, sn.QueryError)):
            ask(repo, target)
    elif body is None:
        text = response.get("text") or ""
        given = ask(repo, target)
        assert given == text or ("EntityType" in given and "EntityType" in text)
    elif "results" in body["d"]:
        rows_agree(repo, ask(repo, target), body["d"]["results"])
    elif len(body["d"]) == 1:
        assert ask(repo, target) == next(iter(body["d"].values()))
    else:
        rows_agree(repo, ask(repo, target), [body["d"]])


def ask(repo: Repository, target: str) -> Any:
    """Ask what an address asks, by the method of the repository that is for it."""
    place = without_service(unquote(target.partition("?")[0]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # misspelt options, cuts by $top
        if place.endswith("/$metadata"):
            return repo.metadata(place.removesuffix("/$metadata") or None)
        if place.endswith("/$count"):
            return repo.count(place.removesuffix("/$count"))
        if found := re.fullmatch(r"(.*'\))/(\w+)(/\$value)?", place):
            if found[2] == "Actions":
                return repo.actions(found[1])
            if found[2] in ("DisplayName",):
                return repo.value(found[1], found[2])
        return repo.read(sn.Query.parse(target))


def rows_agree(repo: Repository, frame: pd.DataFrame, rows: list[dict[str, Any]]) -> None:
    assert len(frame) == len(rows)
    key = next(
        (
            name
            for name in ("Path", "Name", "DisplayName")
            if name in frame and all(name in row for row in rows)
        ),
        None,
    )
    if key is None:
        return
    frame = frame.sort_values(key, kind="stable")
    for (_, cells), row in zip(frame.iterrows(), sorted(rows, key=lambda r: str(r[key])), strict=True):
        for name in set(frame.columns) & set(row):
            field = repo.schema.field(name)
            if field is not None and not _varies(name, row[name]) and "/" not in name:
                compare(field, cells[name], row[name])
        for name in (n for n in frame.columns if "/" in n):
            value: Any = row
            for step in name.split("/"):
                value = value.get(step) if isinstance(value, dict) else None
            assert cells[name] == value or (value is None and pd.isna(cells[name])), json.dumps(row)[:300]


def _varies(name: str, value: Any) -> bool:
    """Whether a value is another one in each run: ids and times."""
    if name.endswith("Id") or (isinstance(value, dict) and "__deferred" in value):
        return True
    return isinstance(value, dict) or (isinstance(value, str) and bool(re.match(r"\d{4}-\d\d-\d\dT", value)))
