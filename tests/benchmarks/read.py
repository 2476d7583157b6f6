"""What reading costs: decoding, the way from the server to the frame, memory, and how that grows.

The peers are what people do without us: ``json`` with ``pandas.json_normalize``, in a loop of requests, and
pyodata, an OData client from PyPI; all read the same bytes in the same run.
"""

from __future__ import annotations

import gc
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx
import pandas as pd

import sn_pandas as sn
from sn_pandas.frames import Repository
from sn_pandas.frames.reads.planning import Plan
from sn_pandas.odata.messages import Response
from sn_pandas.odata.rows import RowReader
from sn_pandas.odata.schema import Schema

from .pages import FIELDS, Rows, schema, serving

PATH = "/Root/Content/IT/Tasks"
COLUMNS = list(FIELDS)
PAGE = 1000


def main() -> None:
    """Measure and print the figures."""
    decoding()
    paths()
    end_to_end()
    growth()
    memory()


def decoding(total: int = 100_000) -> None:
    """Decode prepared pages on one core."""
    rows = Rows(total)
    pages = [rows.page(start, start + PAGE) for start in range(0, total, PAGE)]
    size = sum(map(len, pages)) / 1e6
    import orjson  # of the extra `bench`, and this module is collected without it

    query = sn.Query(PATH, select=tuple(COLUMNS))
    answers = [Response(200, content=page) for page in pages]

    def ours() -> pd.DataFrame:
        plan = Plan(query, Schema(schema()), ["Task"])
        reader = RowReader(plan.names)
        return plan.frame((reader.read("", page, plan.chunks)[2] for page in answers), lambda: total)

    def decoder() -> int:
        return sum(len(orjson.loads(page)["d"]["results"]) for page in pages)

    def normalized() -> pd.DataFrame:
        return pd.json_normalize([row for page in pages for row in json.loads(page)["d"]["results"]])

    clock = time.process_time  # one core; the wall says more about the neighbours
    # By turns, so that a busy neighbour slows down both of a pair.
    pairs = [(best(ours, 1, clock), best(decoder, 1, clock)) for _ in range(11)]
    seconds, alone = (statistics.median(times) for times in zip(*pairs, strict=True))
    ratio = statistics.median(mine / its for mine, its in pairs)
    naive = best(normalized, 2, clock)
    print(
        f"{total:,} rows of 25 columns, {size:.0f} MB: decoder alone {alone:.3f} s, "
        f"decode and frame {seconds:.3f} s,"
    )
    print(
        f"json and pandas.json_normalize {naive:.3f} s (its frame has texts for dates and lists for choices)"
    )
    figure("decode_over_json_normalize", naive / seconds, "x", ">= 5")
    figure("decode_over_decoder", ratio, "x", "<= 1.5")


def paths(total: int = 100_000) -> None:
    """Compare reading paths along, beside columns that were asked for, with rows that have none."""
    for columns in (COLUMNS, ["Name", "Index", "Status", "DueDate"]):
        names = [name for name in columns if name != "Path"]
        query = sn.Query(PATH, select=tuple(names))

        def frame(answers: list[Response]) -> pd.DataFrame:
            plan = Plan(query, Schema(schema()), ["Task"])  # noqa: B023 - called at once
            reader = RowReader(plan.names)
            return plan.frame((reader.read("", page, plan.chunks)[2] for page in answers), lambda: total)

        took = []
        for sent in (["Id", *names, "Path"], ["Id", *names]):
            rows = Rows(total, sent)
            answers = [Response(200, content=rows.page(s, s + PAGE)) for s in range(0, total, PAGE)]
            took.append(best(partial(frame, answers), 5, time.process_time))
        along, without = took
        print(f"{len(names)} columns and the paths beside them {along:.3f} s, without paths {without:.3f} s")
        figure(f"paths_beside_{len(names)}_columns", along / without, "x", "<= 1.5")


def end_to_end(total: int = 100_000) -> None:
    """Read everything from a server that takes 20 ms for each answer."""
    with serving(total) as url:
        repo = sn.connect(url, anonymous=True)

        def ours() -> pd.DataFrame:
            frame: pd.DataFrame = repo.read(PATH, select=COLUMNS, page_size=PAGE, workers=4, progress=False)
            assert len(frame) == total
            return frame

        seconds = best(ours, 3)
        naive = best(lambda: _naive(url, total), 1)
        part = total // 10
        peer = best(lambda: _pyodata(url, part), 1) * total / part
        repo.close()
    print(f"{total:,} rows in pages of {PAGE:,} from a server of 20 ms, 4 in flight: {seconds:.2f} s;")
    print(
        f"a loop of httpx, json and json_normalize {naive:.2f} s; "
        f"pyodata {peer:.1f} s (measured on {part:,} rows)"
    )
    figure("read_over_naive_loop", naive / seconds, "x", ">= 4")
    figure("read_over_pyodata", peer / seconds, "x", ">= 4")
    figure("read_rate", total / seconds, "rows/s", ">= 45000")


def growth(few: int = 10_000, many: int = 1_000_000, times: int = 30) -> None:
    """Compare the time a row of many rows with that of few, on average, without a wait of the server."""

    def seconds_of(repo: Repository, times: int) -> float:
        began = time.perf_counter()
        for _ in range(times):
            repo.read(PATH, select=COLUMNS, page_size=PAGE, progress=False)
        return time.perf_counter() - began

    with (
        serving(few, 0) as small,
        serving(many, 0) as large,
        sn.connect(small, anonymous=True) as short,
        sn.connect(large, anonymous=True) as long,
    ):
        seconds_of(short, 3)
        before = seconds_of(short, times)
        long_read = seconds_of(long, 1) / many * 1e6
        short_read = (before + seconds_of(short, times)) / (2 * times * few) * 1e6
    print(f"a row of {few:,} takes {short_read:.1f} µs, a row of {many:,} {long_read:.1f} µs")
    figure("time_a_row_of_a_million", long_read / short_read, "x", "<= 1.2")


def memory(total: int = 300_000) -> None:
    """Compare the memory that a read takes at its peak with the frame, in a process of its own."""
    peak, frame, streamed, page = json.loads(
        subprocess.check_output([sys.executable, "-c", _MEMORY, str(total)], text=True)
    )
    print(f"{total:,} rows: the frame has {frame:.0f} MB, reading it takes {peak:.0f} MB at the peak;")
    print(f"in pages of {PAGE:,}, one after another, {streamed:.0f} MB (a page has {page:.1f} MB)")
    figure("peak_over_frame", peak / frame, "x", "<= 1.5")
    figure("streamed_peak", streamed, "MB", "<= 40")


_MEMORY = """
import gc, json, sys
import sn_pandas as sn
from tests.benchmarks.pages import FIELDS, serving

def status(name):
    return next(int(l.split()[1]) for l in open("/proc/self/status") if l.startswith(name)) / 1024

def peak_of(read):
    gc.collect()
    open("/proc/self/clear_refs", "w").write("5")
    before = status("VmRSS")
    result = read()
    return status("VmHWM") - before, result

total = int(sys.argv[1])
with serving(total, 0) as url, sn.connect(url, anonymous=True) as repo:
    options = dict(select=list(FIELDS), progress=False)
    for _, part in zip(range(20), repo.read_pages("/Root/Content/IT/Tasks", **options)):
        pass
    def stream():
        size = 0
        for part in repo.read_pages("/Root/Content/IT/Tasks", **options):
            size = part.memory_usage(deep=True).sum()
        return size
    streamed, page = peak_of(stream)
    peak, frame = peak_of(lambda: repo.read("/Root/Content/IT/Tasks", **options))
    print(json.dumps([peak, frame.memory_usage(deep=True).sum() / 2**20, streamed, page / 2**20]))
"""


def best(work: Callable[[], Any], times: int, clock: Callable[[], float] = time.perf_counter) -> float:
    """Return the seconds of the fastest of some runs."""
    fastest = float("inf")
    for _ in range(times):
        gc.collect()
        began = clock()
        result = work()
        fastest = min(fastest, clock() - began)
        del result
    return fastest


def figure(name: str, value: float, unit: str, goal: str) -> None:
    """Print a number that we promise."""
    print(f"figure {name} {value:.2f} {unit} goal {goal}", flush=True)


def _naive(url: str, total: int) -> pd.DataFrame:
    frames = []
    with httpx.Client() as client:
        for skip in range(0, total, PAGE):
            options = {
                "$select": ",".join(["Id", *COLUMNS]),
                "$orderby": "Id",
                "$top": str(PAGE),
                "$skip": str(skip),
                "metadata": "no",
            }
            answer = client.get(f"{url}/odata.svc{PATH}", params=options)
            frames.append(pd.json_normalize(json.loads(answer.content)["d"]["results"]))
    return pd.concat(frames, ignore_index=True)


def _pyodata(url: str, total: int) -> pd.DataFrame:
    import pyodata
    import requests

    session = requests.Session()
    client = pyodata.Client(f"{url}/odata.svc/Root/Content/IT", session, metadata=_METADATA.encode())
    rows = []
    for skip in range(0, total, PAGE):
        found = client.entity_sets.Tasks.get_entities().skip(skip).top(PAGE).execute()
        rows += [{name: getattr(item, name) for name in ("Id", *COLUMNS)} for item in found]
    return pd.DataFrame(rows)


# pyodata knows no lists of text; it passes the two choices on as they are.
_EDM = {"Integer": "Edm.Int32", "Number": "Edm.Double", "Currency": "Edm.Double", "Boolean": "Edm.Boolean"}
_METADATA = f"""<edmx:Edmx xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx" Version="1.0">
<edmx:DataServices xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"
 m:DataServiceVersion="2.0">
<Schema xmlns="http://schemas.microsoft.com/ado/2008/09/edm" Namespace="S">
<EntityType Name="Task"><Key><PropertyRef Name="Id"/></Key>
<Property Name="Id" Type="Edm.Int32" Nullable="false"/>
{"".join(f'<Property Name="{n}" Type="{_EDM.get(k, "Edm.String")}"/>' for n, k in FIELDS.items())}
</EntityType>
<EntityContainer Name="C" m:IsDefaultEntityContainer="true">
<EntitySet Name="Tasks" EntityType="S.Task"/></EntityContainer>
</Schema></edmx:DataServices></edmx:Edmx>"""


if __name__ == "__main__":
    main()
