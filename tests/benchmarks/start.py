"""What ``%load_ext sn_pandas`` costs a session that has pandas and IPython already."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys

RUNS = 7
_PROGRAM = """
import json, sys, time
import pandas, IPython
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
before = set(sys.modules)
began = time.perf_counter()
shell.run_line_magic("load_ext", "sn_pandas")
seconds = time.perf_counter() - began
loaded = sorted({name.partition(".")[0] for name in set(sys.modules) - before})
began = time.perf_counter()
import sn_pandas
repo = sn_pandas.connect()
first = time.perf_counter() - began
began = time.perf_counter()
repo.schema
schema = time.perf_counter() - began
print(json.dumps([seconds, loaded, first, schema]))
"""


def main() -> None:
    """Measure in fresh processes and print the figures; the quickest run was disturbed the least."""
    runs = [json.loads(subprocess.check_output([sys.executable, "-c", _PROGRAM])) for _ in range(RUNS)]
    seconds = [run[0] for run in runs]
    print(f"%load_ext sn_pandas, {RUNS} fresh processes: {_range(seconds)}; loads {', '.join(runs[0][1])}")
    print(f"first connect() to the embedded repository: {_range([run[2] for run in runs])}")
    print(f"first schema: {_range([run[3] for run in runs])}")
    print(f"figure load_ext {min(seconds) * 1000:.0f} ms goal <= 120")


def _range(seconds: list[float]) -> str:
    low, middle, high = min(seconds), statistics.median(seconds), max(seconds)
    return f"{middle * 1000:.0f} ms ({low * 1000:.0f} to {high * 1000:.0f})"


if __name__ == "__main__":
    main()
