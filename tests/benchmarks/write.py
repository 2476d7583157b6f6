"""What writing costs: finding the edits, and sending them to a server that takes 20 ms for each answer.

The naive way is what people write without us: compare with a copy of the frame, and a loop of PATCHes.
"""

from __future__ import annotations

import gc
import os
import tempfile
import time
import tracemalloc

import httpx
import numpy as np
import pandas as pd

import sn_pandas as sn
from sn_pandas.frames.tracking.baseline import track
from sn_pandas.frames.tracking.snapshots import split

from .pages import FIELDS
from .read import best, figure
from .writes import serving

PATH = "/Root/Content/IT/Tasks"
COLUMNS = list(FIELDS)


def main() -> None:
    """Measure and print the figures."""
    with tempfile.TemporaryDirectory() as state:
        os.environ["XDG_STATE_HOME"] = state
        finding()
        sending()


def finding(total: int = 100_000, edits: int = 1_000) -> None:
    """Find 1,000 edits in 100,000 rows of 25 columns."""
    with serving(total, 0) as url:
        repo = sn.connect(url, anonymous=True)
        read = repo.read(PATH, select=COLUMNS, progress=False)
        kept = read.copy()
        query, fields = read.sn.baseline.query, read.sn.baseline.fields
        columns = {name: kept[name] if kept[name].dtype == object else kept[name].array for name in kept}
        tracemalloc.start()  # it counts what is kept beside the memory in which the frame itself lies
        shown, before = (pd.DataFrame(half, index=kept.index, copy=False) for half in split(columns))
        track(shown, repo, query, fields, None, before)
        shown.sn.changes()
        taken = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        dice = np.random.default_rng(1)
        rows = dice.choice(total, edits, replace=False)
        shuffled = read.sample(frac=1, random_state=1)
        for frame in (read, shuffled):
            places = frame.columns.get_indexer(["Index"])
            frame.iloc[rows, places] = frame.iloc[rows, places] + 1
        assert len(read.sn.changes()) == len(shuffled.sn.changes()) == edits
        seconds = best(read.sn.changes, 9, time.process_time)
        moved = best(shuffled.sn.changes, 5, time.process_time)
        untouched = read.copy(deep=False)
        untouched["Index"] = kept["Index"].array
        nothing = best(untouched.sn.changes, 5, time.process_time)
        old = kept.copy()
        naive = best(lambda: old.compare(read), 2, time.process_time)
        print(
            f"{edits:,} edits in {total:,} x {len(COLUMNS) + 1}: {seconds * 1e3:.1f} ms, "
            f"none {nothing * 1e3:.2f} ms, rows in another order {moved * 1e3:.0f} ms; "
            f"DataFrame.compare {naive * 1e3:.0f} ms"
        )
        print(f"what is kept to find edits takes {taken / 1e3:.0f} kB until a column is edited")
        figure("changes_100000x25_1000_edits", seconds * 1e3, "ms", "<= 10")
        figure("tracking_before_an_edit", taken / 1e6, "MB", "<= 1")


def sending(total: int = 2_000) -> None:
    """Save an edit in each of 2,000 rows, with the comparison beforehand and the journal."""
    with serving(total) as url:
        repo = sn.connect(url, anonymous=True)
        frame = repo.read(PATH, select=["Name", "Path", "Index", "DisplayName"], progress=False)
        for workers, goal in ((8, 6.0), (32, 2.0)):
            seconds = min(_saved(frame, workers) for _ in range(3))
            print(f"{total:,} PATCHes, {workers} in flight: ideal {total * 0.02 / workers:.2f} s")
            figure(f"save_2000_{workers}_in_flight", seconds, "s", f"<= {goal:.0f}")
        print(f"a loop of PATCHes: {_naive(url, frame.head(200)) * total / 200:.0f} s")


def _saved(frame: pd.DataFrame, workers: int) -> float:
    frame["Index"] = frame["Index"] + 1
    gc.collect()
    began = time.perf_counter()
    report = frame.sn.save(workers=workers, progress=False)
    seconds = time.perf_counter() - began
    assert report.counts == {"saved": len(frame)}
    return seconds


def _naive(url: str, frame: pd.DataFrame) -> float:
    began = time.perf_counter()
    with httpx.Client() as client:
        for id_, row in frame.iterrows():
            body = {"Index": int(row["Index"]) + 1}
            client.patch(f"{url}/odata.svc/content({id_})?metadata=no&$select=Id,Index", json=body)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
