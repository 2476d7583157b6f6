"""A process that saves is killed with SIGKILL at any point; the next one finishes what its journal says."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from sn_pandas import connect
from sn_pandas.embedded import Application, serve

from ..frames.labs import EDITOR, LAB, prepare

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills processes that were forked")

ROWS = 500
# Loads everything once and forks a child for each order, so that a kill costs no start of Python.
ZYGOTE = """
import json, os, sys
import sn_pandas as sn
from sn_pandas.frames.writes import undoing
LAB = "/Root/Content/Lab"
for line in sys.stdin:
    order = json.loads(line)
    pid = os.fork()
    if pid == 0:
        repo = sn.connect(order["url"], api_key=order["key"])
        if order["do"] == "resume":
            sn.resume(order["journal"], repo, workers=4)
        elif order["do"] == "import":
            repo.import_rows(LAB, order["rows"], "Asset", journal=order["journal"], workers=4)
        elif order["do"] == "upsert":
            rows = [{"Name": f"A{n}", "Serial": f"AB-{n:06}", "Quantity": n} for n in range(200)]
            for row in rows:
                row["Quantity"] += order["least"]
            repo.upsert(LAB, rows, type="Asset", journal=order["journal"], workers=4)
        else:
            frame = repo.read(LAB, select=["Name", "Path", "Quantity"], filter="isof('Asset')")
            frame["Quantity"] = [n % 900 + order["least"] for n in range(len(frame))]
            frame.sn.save(journal=order["journal"], workers=4)
        os._exit(0)
    print(pid, flush=True)
    print(os.waitpid(pid, 0)[1], flush=True)
"""


class Watched:
    """A repository that counts the writes it has done, and says when so many have come."""

    def __init__(self, application):
        self.application = application
        self.done = Counter()
        self.seen = 0
        self.active = 0
        self.lock = threading.Condition()

    def __call__(self, environ, start_response):
        writing = environ["REQUEST_METHOD"] in ("PATCH", "POST")
        with self.lock:
            self.active += 1
            self.seen += writing
            self.lock.notify_all()
        try:
            heads = []

            def start(status, headers, exc_info=None):
                heads.append(status)
                return start_response(status, headers)

            answer = list(self.application(environ, start))
            if environ["REQUEST_METHOD"] == "PATCH" and heads[-1].startswith("200"):  # a cut body is refused
                with self.lock:
                    self.done[environ["PATH_INFO"]] += 1
            return answer
        finally:
            with self.lock:
                self.active -= 1
                self.lock.notify_all()

    def wait_for(self, writes, process):
        """Wait until so many writes have come, or the process ended."""
        end = time.monotonic() + 300
        with self.lock:
            while self.seen < writes and not process() and time.monotonic() < end:
                self.lock.wait(0.05)

    def wait_until_quiet(self):
        """Wait until what was on its way when the process died has come and is done."""
        seen, quiet = -1, 0
        while quiet < 5:  # a slow machine may take its time to pass on what has come
            quiet = quiet + 1 if seen == self.seen and not self.active else 0
            seen = self.seen
            time.sleep(0.03)


@pytest.mark.slow
def test_killed_and_resumed(tmp_path):
    """Some points, among them the first moments."""
    kill_at_points(tmp_path, 12, seed=3)


@pytest.mark.slow
def test_killed_at_two_hundred_points(tmp_path):
    """Two hundred points of saves of 500 rows, and of what resumes them."""
    kill_at_points(tmp_path, 200, seed=4)


@pytest.mark.slow
def test_an_upsert_is_killed_and_resumed(tmp_path):
    """The first one edits half of the contents and creates the others, those that follow edit all."""
    kills = Counter()
    with served(tmp_path) as (application, watched, url, zygote):
        repo = connect(url, api_key=application.key_of(EDITOR))
        for n in range(100):
            body = {"__ContentType": "Asset", "Name": f"A{n}", "Serial": f"AB-{n:06}", "Quantity": 900}
            repo.client.send("POST", f"/odata.svc{LAB}?metadata=no&$select=Id", body=body)
        order = {"url": url, "key": application.key_of(EDITOR), "begin": "upsert"}
        for least in range(3):
            journal = tmp_path / f"journal-{least}.jsonl"
            killed_until_done(
                {**order, "least": least},
                journal,
                random.Random(least),
                watched,
                zygote,
                kills,
                4 * least + 4,
            )
            now = repo.read(LAB, select=["Name", "Quantity"], filter="isof('Asset')")
            held = dict(zip(now["Name"], now["Quantity"], strict=True))
            assert len(now) == 200, "each is created once"
            assert held == {f"A{n}": n + least for n in range(200)}
        repo.close()
    assert kills["resume"]


@pytest.mark.slow
def test_an_import_is_killed_and_resumed(tmp_path):
    """Each file brings rows of its own, and each row becomes one content."""
    kills = Counter()
    with served(tmp_path) as (application, watched, url, zygote):
        repo = connect(url, api_key=application.key_of(EDITOR))
        order = {"url": url, "key": application.key_of(EDITOR), "begin": "import"}
        expected = {}
        for number in range(2):
            rows = {f"I{number}-{n}": n for n in range(150)}
            expected |= rows
            file = tmp_path / f"rows-{number}.csv"
            lines = [f"{name},AB-{n:06},{n}" for name, n in rows.items()]
            file.write_text("\n".join(["Name,Serial,Quantity", *lines]))
            journal, dice, points = (
                tmp_path / f"journal-{number}.jsonl",
                random.Random(number),
                4 * number + 4,
            )
            order["rows"] = str(file)
            killed_until_done(order, journal, dice, watched, zygote, kills, points)
            now = repo.read(LAB, select=["Name", "Quantity"], filter="isof('Asset')")
            assert len(now) == len(expected), "each is created once"
            assert dict(zip(now["Name"], now["Quantity"], strict=True)) == expected
        repo.close()
    assert kills["resume"]


def kill_at_points(folder: Path, points: int, seed: int) -> None:
    dice = random.Random(seed)
    kills = Counter()
    with served(folder) as (application, watched, url, zygote):
        repo = connect(url, api_key=application.key_of(EDITOR))
        for n in range(ROWS):
            body = {"__ContentType": "Asset", "Name": f"A{n}", "Serial": f"AB-{n:06}", "Quantity": 1}
            repo.client.send("POST", f"/odata.svc{LAB}?metadata=no&$select=Id", body=body)
        order = {"url": url, "key": application.key_of(EDITOR), "least": 2}
        while kills.total() < points:
            journal = folder / f"journal-{kills.total()}.jsonl"
            killed_until_done(order, journal, dice, watched, zygote, kills, points)
            now = repo.read(LAB, select=["Quantity"], filter="isof('Asset')")
            assert now.Quantity.tolist() == [n % 900 + order["least"] for n in range(ROWS)]
            assert len(watched.done) == ROWS
            assert set(watched.done.values()) == {1}, "each row is written once"
            order["least"] += 1  # so that every row is edited again
            watched.done.clear()
        repo.close()
    assert kills["resume"]
    assert kills["save"]


@contextlib.contextmanager
def served(folder):
    """Serve a repository to processes that are forked, and give all that a test needs of both."""
    application = Application(str(folder / "repository.db"), sample=False)
    prepare(application)
    watched = Watched(application)
    server = serve(watched)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    zygote = subprocess.Popen(
        [sys.executable, "-c", ZYGOTE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    try:
        yield application, watched, f"http://127.0.0.1:{server.server_port}", zygote
    finally:
        zygote.stdin.close()
        zygote.wait()
        zygote.stdout.close()
        server.shutdown()
        server.server_close()
        application.close()


def killed_until_done(order, journal, dice, watched, zygote, kills, points):
    """Save, and kill it at random points until nothing is left to do."""
    while True:
        doing = "resume" if journal.exists() and complete(journal) else order.get("begin", "save")
        if doing != "resume":
            journal.unlink(missing_ok=True)  # killed before the plan was on disk, so nothing was sent
        first = watched.seen
        zygote.stdin.write(json.dumps({**order, "do": doing, "journal": str(journal)}) + "\n")
        pid = int(zygote.stdout.readline())
        ended = threading.Event()
        status = []

        def reap(status=status, ended=ended):
            status.append(int(zygote.stdout.readline()))
            ended.set()

        reaper = threading.Thread(target=reap)
        reaper.start()
        if kills.total() < points:
            watched.wait_for(first + dice.choice([0, 1, dice.randrange(2, 100)]), ended.is_set)
            time.sleep(dice.random() * 0.004)
            if not ended.is_set():
                os.kill(pid, signal.SIGKILL)
        reaper.join()
        watched.wait_until_quiet()
        if status[0] == 0:
            return
        assert os.WIFSIGNALED(status[0]), "it was killed and did not fail"
        kills[doing] += 1


def complete(journal):
    """Whether the whole plan was on disk."""
    lines = journal.read_text(encoding="utf-8").splitlines(keepends=True)
    if not lines or not lines[0].endswith("\n"):
        return False
    rows = json.loads(lines[0])["rows"]
    return len(lines) > rows and lines[rows].endswith("\n")
