"""The embedded repository at its usual size: how long it takes to start, and a request of a notebook."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from urllib.parse import quote

from sn_pandas.embedded import Application

from .store import FIELDS, Client

TASKS = "/odata.svc/Root/Content/IT/Tasks"
LIST = f"{TASKS}?metadata=no&$select={FIELDS}"
IMPORTS = """
import time, pandas, httpx, stamina
began = time.perf_counter()
import sn_pandas
sn_pandas.connect
from sn_pandas.embedded import Application, populate
print((time.perf_counter() - began) * 1000)
"""


def main() -> None:
    """Measure and print the figures."""
    own = [float(subprocess.check_output([sys.executable, "-c", IMPORTS])) for _ in range(5)]
    print(f"figure import {min(own):.0f} ms goal <= 400")
    print("  (what is ours and the server's, beside pandas, httpx and stamina)")
    starts = []
    for _ in range(5):
        began = time.perf_counter()
        app = Application()
        starts.append((time.perf_counter() - began) * 1000)
        app.close()
    print(f"figure start {min(starts):.0f} ms goal <= 500")
    app = Application()
    client = Client(app)
    first = client.get(f"{TASKS}?metadata=no&$select=Name&$top=1")["d"]["results"][0]["Name"]
    task = f"{TASKS}('{first}')"
    client.figure("entity", [task] * 100, 1.5)
    client.figure("entity_without_metadata", [f"{task}?metadata=no"] * 100, 1.5)
    client.figure("value", [f"{task}/DisplayName/$value"] * 100, 1.5)
    client.figure("patch_small", [f"{task}?metadata=no&$select=Id"] * 50, 5, method="PATCH")
    client.figure("list_of_ten", [f"{LIST}&$top=10"] * 100, 10)
    client.figure("filter_small", [f"{LIST}&$filter={quote('Index gt 5')}"] * 50, 20)
    for name, target in (
        ("row_selected", LIST),
        ("row_of_all_fields", f"{TASKS}?metadata=no"),
        ("row_with_metadata", TASKS),
        ("row_expanded", f"{LIST},AssignedTo/FullName&$expand=AssignedTo"),
    ):
        number = len(client.get(target)["d"]["results"])
        each = statistics.median(client.timed([target] * 20)[0]) / number
        print(f"figure {name} {each:.3f} ms goal <= 1")
    app.close()


if __name__ == "__main__":
    main()
