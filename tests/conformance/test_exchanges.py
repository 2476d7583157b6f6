"""Every recorded exchange, replayed on a fresh embedded repository in this process.

What does not agree yet stands in ``known_differences.txt``, a line each: ``FILE: NAME: reason``. A difference
that is not there fails, and so does one that is there and agrees.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from sn_pandas.embedded import Application

from ..wsgi import request
from .conftest import COUNTS
from .replay import replay

HERE = Path(__file__).parent
EXCHANGES = HERE / "exchanges"
TYPES = EXCHANGES / "00_types.jsonl"
FILES = sorted(EXCHANGES.glob("[0-9]*.jsonl"))


def known(name: str) -> set[str]:
    lines = (HERE / "known_differences.txt").read_text(encoding="utf-8").splitlines()
    start = f"{name}: "
    return {line[len(start) :].rpartition(": ")[0] for line in lines if line.startswith(start)}


def slow_clock() -> Callable[[], dt.datetime]:
    """Return a clock whose first second lasts: names that hold the second clash, as when recorded."""
    began, at = dt.datetime.now(dt.UTC).replace(microsecond=0), time.monotonic()
    return lambda: began + dt.timedelta(seconds=time.monotonic() - at) / 100


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_agrees_with_the_real_server(file: Path) -> None:
    application = Application(sample=False, admin=True)
    application.repository.clock = slow_clock()
    try:
        files = [file] if file == TYPES else [TYPES, file]
        passed, failures = replay(partial(request, application), files)
    finally:
        application.close()
    COUNTS[file.name] = passed, len(failures)
    failed = {name for name, _ in failures}
    listed = known(file.name)
    new = [f"{name}: {why}" for name, why in failures if name not in listed]
    agreeing = sorted(listed - failed)
    assert not new, "these do not agree:\n" + "\n".join(new)
    assert not agreeing, "these agree now, take them off the list:\n" + "\n".join(agreeing)
