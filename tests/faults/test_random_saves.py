"""Random saves, resumes, undos and retries beside faults, against what somebody else sees before and after.

Each run has a number, from which everything in it follows; a failure names it. In a run a frame is edited
and reshaped in all ways of pandas, somebody else edits, too, and a save meets a fault: of the network, of a
proxy, lost credentials, Ctrl-C, or the end of the process (as by SIGKILL), after which only the journal is
there. Then the save is tried again, or resumed from its journal, and undone.
"""

from __future__ import annotations

import json
import random
import warnings

import pandas as pd
import pytest

import sn_pandas as sn

from ..fakes import FakeServer
from ..frames.labs import EDITOR, prepare
from ..frames.random_pandas import VALUES, Session, plain_value, same
from ..seeds import seeds

LAB = "/Root/Content/Lab"
FIELDS = tuple(VALUES)
FAULTS = {
    "none": lambda rule: rule.call(lambda request, forward: forward(request)),
    "overload": lambda rule: rule.unavailable(503, retry_after=0),
    "page": lambda rule: rule.html(),
    "other JSON": lambda rule: rule.json({"status": "ok"}),
    "empty": lambda rule: rule.empty(),
    "firewall": lambda rule: rule.html(403),
    "lost before": lambda rule: rule.reset(),
    "lost after": lambda rule: rule.reset(after=True),
    "refused": lambda rule: rule.refused(),
    "Visitor": lambda rule: rule.visitor(),
    "cut": lambda rule: rule.cut(5),
}
DONE = {"saved"}
NOT_DONE = {"unsent", "failed", "conflict", "refused", "unchanged"}


@pytest.fixture(scope="module")
def world():
    """Return a server for all runs; each has a folder of its own."""
    server = FakeServer(sample=False)
    prepare(server.app)
    server.user = EDITOR
    yield server
    server.end()


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    """Have journals in a folder of the test, and no waiting."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr("sn_pandas.frames.writes.settling.LOOKS", (0.0,))
    return tmp_path / "state"


def to_json(value):
    return value.isoformat() if isinstance(value, pd.Timestamp) else value


def of_json(field, value):
    """Return a value of the model for what the server shows."""
    if field == "BoughtOn":
        return None if value is None or value.startswith("0001") else pd.Timestamp(value)
    if field == "Condition":
        return value[0] if value else None
    return plain_value(value)


class Run:
    """One run."""

    def __init__(self, server: FakeServer, number: int, cache: dict[str, object]) -> None:
        self.dice = random.Random(number)
        self.server = server
        server.clear()
        self.repo, self.admin = server.connect(), server.connect(user="Admin")
        for name, repo in {"schema": self.repo, "schema of all": self.admin}.items():
            if name not in cache:
                cache[name] = repo.schema
            repo.__dict__["schema"] = cache[name]
        self.folder = f"{LAB}/r{number}"
        self.admin.client.send(
            "POST", f"/odata.svc{LAB}", body={"__ContentType": "SystemFolder", "Name": f"r{number}"}
        )
        for n in range(4):
            body = {
                "__ContentType": "Asset",
                "Name": f"a{n}",
                "Serial": f"AB-{n:04}",
                **{field: to_json(self.dice.choice(values)) for field, values in VALUES.items()},
            }
            self.admin.client.send("POST", f"/odata.svc{self.folder}", body=body)

    def truth(self):
        """Return what somebody else sees: the fields by name."""
        address = (
            f"/odata.svc{self.folder}?metadata=no&$select=Name,{','.join(FIELDS)}&enableautofilters=false"
        )
        rows = self.admin.client.get(address)["d"]["results"]
        names = [row["Name"] for row in rows]
        assert len(names) == len(set(names)), "nothing is created twice"
        return {row["Name"]: {field: of_json(field, row[field]) for field in FIELDS} for row in rows}

    def foreign(self, names):
        """Have somebody else change some cells."""
        for name in self.dice.sample(names, self.dice.choice([0, 0, 1, 2])):
            field = self.dice.choice(FIELDS)
            body = {field: to_json(self.dice.choice(VALUES[field][:2]))}
            self.admin.client.send("PATCH", f"/odata.svc{self.folder}('{name}')", body=body)

    def do(self, act, methods):
        """Do something beside a fault, and return its report or error."""
        fault = self.dice.choice(list(FAULTS))
        numbers = self.dice.choice([range(1, 2), range(2, 4), range(1, 50), range(3, 50)])
        method = self.dice.choice([*methods, None])
        FAULTS[fault](self.server.on(method, nth=numbers))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                result = act()
            except (sn.SensenetError, KeyboardInterrupt) as error:
                result = error
        self.server.clear()
        return result

    def interrupting(self):
        """Return a progress that may press Ctrl-C."""
        at = self.dice.choice([None, None, 1, 2, 4])

        def progress(done, total):
            if done == at:
                raise KeyboardInterrupt

        return progress


def check(before, after, outcomes, edits, read):
    """Compare what was told with what is there."""
    for name, fields in after.items():
        for field, value in fields.items():
            was = before.get(name, {}).get(field)
            wanted = edits.get(name, {}).get(field, was)
            assert name not in before or same(value, was) or same(value, wanted), (
                f"{name} {field}: {value}, nobody wrote that"
            )
            outcome = outcomes.get(name)
            if name not in before and field not in edits.get(name, {}):
                continue
            if outcome in DONE:
                assert same(value, wanted), f"{name} {field} is called saved, and is {value}, not {wanted}"
            if outcome in NOT_DONE and name in before:
                assert same(value, was), f"{name} {field} is called {outcome}, and was changed to {value}"
            theirs = name in read and name in before and not same(was, read[name][field])
            if theirs and field in edits.get(name, {}) and not same(was, wanted):
                assert same(value, was), (
                    f"{name} {field}: somebody else's {was!r} was overwritten by {value!r}"
                )
    for name in edits:
        if name not in before:
            assert (name in after) or outcomes.get(name) not in DONE, (
                f"{name} is called saved, and is not there"
            )
            assert (name not in after) or outcomes.get(name) not in NOT_DONE, (
                f"{name} is there, called not so"
            )


def outcomes_of(result, known):
    """Return the outcome of each row by name; nothing where nothing is told."""
    report = getattr(result, "report", None) if isinstance(result, BaseException) else result
    if report is None:
        return dict.fromkeys(known, "unsent") if isinstance(result, BaseException) else {}, None
    names = report.frame["Path"].str.rpartition("/")[2]
    return dict(zip(names, report.frame["outcome"], strict=True)), report


def edited(one, path, log):
    """Return a frame that was edited at random, and its edits by name and field."""
    frame = one.repo.read(one.folder, select=["Name", "Path", "Type", "Serial", *FIELDS], orderby="Name")
    session = Session(one.dice, frame, path)
    session.log = log
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(one.dice.randint(1, 6)):
            session.step()
        session.check()
    edits = {}
    for (name, field), value in session.edits.items():
        edits.setdefault(name, {})[field] = value
    return session.frame, edits


def run(server, number, cache, path, log):
    """Do one run."""
    one = Run(server, number, cache)
    dice = one.dice
    read = one.truth()
    frame, edits = edited(one, path, log)
    new = dice.choice([0, 0, 1, 2]) if "Id" in (frame.index.name, *frame.columns) else 0
    for n in range(new):
        edits[f"n{n}"] = {"Quantity": n}
    if new:
        rows = [
            {"Name": f"n{n}", "Type": "Asset", "Serial": f"AB-9{n:03}", "Quantity": n} for n in range(new)
        ]
        frame = frame.sn.append(rows)
    one.foreign(list(read))
    before = one.truth()
    policy, workers = dice.choice(["raise", "skip"]), dice.choice([1, 3])
    progress = one.interrupting()
    result = one.do(
        lambda: frame.sn.save(create=True, on_conflict=policy, workers=workers, progress=progress),
        ["PATCH", "POST", "GET"],
    )
    after = one.truth()
    outcomes, report = outcomes_of(result, edits)
    check(before, after, outcomes, edits, read)
    journal = getattr(report, "journal", None)
    again = dice.choice(["retry", "resume", "killed"])
    if (
        journal is not None and again == "killed"
    ):  # only what was on the disk is left, and the last line is cut
        lines = journal.read_text().splitlines(keepends=True)
        plans = 1 + sum('"plan"' in line[:8] for line in lines)
        kept = lines[: dice.randint(plans, len(lines))]
        journal.write_text("".join(kept) + dice.choice(["", '{"done":0,"outc']))
    if journal is not None and again != "retry":
        one.foreign([name for name in after if name in read])
        between = one.truth()
        result = one.do(lambda: sn.resume(journal, one.repo, on_conflict="skip"), ["PATCH", "POST", "GET"])
        outcomes, _ = outcomes_of(result, edits)
        there = one.truth()
        told = {name: outcome for name, outcome in outcomes.items() if outcome not in ("unchanged", "saved")}
        check(between, there, told, edits, {})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            last = sn.resume(journal, one.repo, on_conflict="skip")
        assert not set(last.frame["outcome"]) & {"unknown", "unsent"}, last
    elif journal is not None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            last = frame.sn.save(create=True, on_conflict="skip")
        now = one.truth()
        outcomes, _ = outcomes_of(last, edits)
        for name, fields in edits.items():
            theirs = name in read and any(not same(before[name][f], read[name][f]) for f in fields)
            for field, value in fields.items():
                assert theirs or same(now[name][field], value), (
                    f"{name} {field} is {now[name][field]!r}, not {value!r}"
                )
        assert frame.sn.save(create=True, on_conflict="skip").ok or last.conflicts is not None
    if journal is None or again == "retry":
        return
    planned = [json.loads(line) for line in journal.read_text().splitlines() if line.startswith('{"plan"')]
    saved = one.truth()
    one.do(lambda: sn.undo(journal, one.repo, on_conflict="skip"), ["PATCH", "DELETE", "GET"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sn.undo(journal, one.repo, on_conflict="skip")
    back = one.truth()
    for plan in planned:
        name = (plan.get("path") or f"{plan.get('parent')}/{plan.get('name')}").rpartition("/")[2]
        for field, was in (plan.get("before") or {}).items():
            if field not in FIELDS:
                continue
            value, was = back[name][field], of_json(field, was)
            assert same(value, was) or same(value, saved[name][field]), (
                f"{name} {field} is {value!r}: neither undone nor kept"
            )
    for name, fields in back.items():
        for field, value in fields.items():
            if name in saved and field not in edits.get(name, {}):
                assert same(value, saved[name][field]), (
                    f"{name} {field}: the undo wrote what the save did not"
                )


def run_all(world, numbers, path):
    cache: dict[str, object] = {}
    for number in numbers:
        log: list[str] = []
        try:
            run(world, number, cache, path, log)
        except BaseException as error:
            error.add_note(f"this is run {number} of tests/faults/test_random_saves.py: {' | '.join(log)}")
            raise


@pytest.mark.slow
def test_random_saves(world, tmp_path):
    run_all(world, range(40), tmp_path)


@pytest.mark.long
def test_many_random_saves(world, tmp_path):
    run_all(world, seeds(540, 2_000), tmp_path)
