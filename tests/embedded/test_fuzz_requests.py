"""100,000 odd requests: recorded ones that were changed, ones that the grammar makes, and bytes on a socket.

``SN_SEED`` chooses other ones. Half of them are in `test_fuzz_grammar`, so that two processes share the work.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from sn_pandas.embedded import Application

from .fuzzing import EXCHANGES, Judge, Recorded, check_database, randoms

FILES = sorted(EXCHANGES.glob("[0-9]*.jsonl"))
REQUESTS = 50_000
"""Changed requests of all files together, as many for a short file as for a long one."""


def play(file: Path, count: int) -> None:
    application = Application(sample=False, admin=True)
    try:
        with Judge() as judge:
            types = Recorded(EXCHANGES / "00_types.jsonl", application, judge)
            if file.stem != "00_types":
                types.play(randoms("types"), 0)
            recorded = Recorded(file, application, judge)
            recorded.run.keys = types.run.keys
            recorded.play(randoms(file.stem), count)
        print(
            f"{count} requests, {dict(judge.statuses)}, slowest {judge.slowest[0]:.2f} s: {judge.slowest[1]}"
        )
        assert not judge.faults, judge.report()
        assert sum(judge.statuses.values()) >= count - 1
        check_database(application)
    finally:
        application.close()


@pytest.mark.parametrize("name", ["07_create", "11_binary", "17_trash"])
def test_a_few_changed_requests(name: str) -> None:
    play(EXCHANGES / f"{name}.jsonl", 200)


@pytest.mark.long
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_changed_requests(file: Path) -> None:
    play(file, REQUESTS // len(FILES))
