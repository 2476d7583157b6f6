"""What a caller sets for a connection: no writes, so many requests a second, who says that it asks."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import pytest

import sn_pandas as sn
from sn_pandas.frames import Repository

TASKS = "/Root/Content/IT/Tasks"
PEOPLE = "/Root/IMS/Public"


def _save(repo: Repository) -> Any:
    frame = repo.read(TASKS, select=["Index"])
    frame["Index"] += 1
    return frame.sn.save()


WRITES: dict[str, Callable[[Repository], Any]] = {
    "save": _save,
    "create": lambda repo: repo.create("/Root/Content", "Folder", "x"),
    "patch": lambda repo: repo.patch(TASKS, {"Index": 7}),
    "put": lambda repo: repo.put(TASKS, {"Index": 7}),
    "upload several": lambda repo: repo.upload("/Root/Content", {"a.txt": b"x", "b.txt": b"y"}),
    "upload": lambda repo: repo.upload("/Root/Content", b"x", name="a.txt"),
    "delete": lambda repo: repo.delete(TASKS),
    "move": lambda repo: repo.move(TASKS, "/Root/Content"),
    "copy": lambda repo: repo.copy(TASKS, "/Root/Content"),
    "call": lambda repo: repo.call(TASKS, "CheckOut"),
    "check out": lambda repo: repo.check_out(TASKS),
    "add members": lambda repo: repo.add_members(f"{PEOPLE}/IT-team", f"{PEOPLE}/hugo.horvath"),
    "allow": lambda repo: repo.allow(TASKS, f"{PEOPLE}/hugo.horvath", "See"),
    "inherit": lambda repo: repo.inherit(TASKS, False),
    "api key": lambda repo: repo.create_api_key(),
}


def test_no_write_leaves_a_read_only_connection(fake: Any) -> None:
    server, ended = fake(), {}
    with server.connect(read_only=True) as repo:
        for name, write in WRITES.items():
            try:
                write(repo)
            except sn.SensenetError as error:
                said = str(error)
                is_right = "nothing was sent" in said and "may have been done" not in said
                ended[name] = type(error).__name__, is_right
        assert {entry.method for entry in server.log} == {"GET"}
        assert len(repo.read(TASKS, select=["Name"])) == 60
    assert ended == dict.fromkeys(WRITES, ("ReadOnlyError", True))


def test_a_dry_run_needs_no_writes(fake: Any) -> None:
    with fake().connect(read_only=True) as repo:
        frame = repo.read(TASKS, select=["Index"])
        frame["Index"] += 1
        assert len(frame.sn.save(dry_run=True).frame) == 60


def test_requests_keep_the_pace(fake: Any) -> None:
    server = fake()
    with server.connect(max_requests_per_second=20) as repo:
        repo.read(TASKS, select=["Name"], page_size=20)
    times = sorted(entry.at for entry in server.log)
    assert len(times) > 8
    # the first may leave at once; a slow machine only makes them rarer
    assert times[-1] - times[0] > (len(times) - 1) / 20 * 0.8


@pytest.mark.parametrize("pace", [0, -1.0, float("nan")])
def test_a_pace_that_is_none(fake: Any, pace: float) -> None:
    with pytest.raises(sn.QueryError, match="max_requests_per_second must be greater than 0"):
        fake(sample=False).connect(max_requests_per_second=pace)


@pytest.mark.parametrize(
    ("application", "expected"),
    [(None, ""), ("price-report/1.2", " price-report/1.2"), ("nightly", " nightly")],
)
def test_every_request_says_what_it_comes_from(fake: Any, application: str | None, expected: str) -> None:
    server = fake(sample=False)
    with server.connect(application=application) as repo:
        repo.count("/Root/Content")
    agents = {entry.headers["User-Agent"] for entry in server.log}
    assert agents == {f"sn_pandas/{version('sn_pandas')}{expected}"}


@pytest.mark.parametrize("application", ["a\r\nX: y", "price report", "preis-über/1", "(comment)", " "])
def test_an_application_that_does_not_fit_into_a_header(fake: Any, application: str) -> None:
    with pytest.raises(sn.QueryError, match="does not fit into a User-Agent"):
        fake(sample=False).connect(application=application)
