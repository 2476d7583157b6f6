"""Whole sessions against a plain dict: edits, foreign edits, saves, crashes, resumes, undos, faults.

The model knows what the repository must hold. After every save it must hold just that: no cell written that
was not edited, no edit lost without a line, nothing created twice, what is undone is as it was.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, rule

import sn_pandas as sn
from sn_pandas import ConflictError
from sn_pandas.embedded import Application, Faults
from sn_pandas.frames.writes import settling
from sn_pandas.odata.schema import Schema

from .labs import LAB, SWIFT, client_of, prepare, sorted_in_place

# Whatever others write all the time is tried again until the deadline.
BRIEF = dataclasses.replace(SWIFT, deadline=5.0)
FIELDS = ("Quantity", "Code", "Notes")
FAULTS = {
    "none": lambda rule: None,
    "busy": lambda rule: rule.unavailable(429, retry_after=0),
    "before": lambda rule: rule.reset(),
    "after": lambda rule: rule.reset(after=True),
    "cut": lambda rule: rule.cut(3),
    "garbled": lambda rule: rule.garble(5),
    "proxy": lambda rule: rule.page(502),
    "out of date": lambda rule: rule.out_of_date(),
    "refused": lambda rule: rule.status(500, b'{"error":{"code":"NotSpecified","message":{"value":"no"}}}'),
}
names = st.sampled_from(["A0", "A1", "A2", "B0", "B1"])
values = st.integers(0, 4)
some = st.dictionaries(st.tuples(names, st.sampled_from(FIELDS)), values, max_size=5)


class Crash(BaseException):
    """The process dies in the middle of a save."""


class Session(RuleBasedStateMachine):
    """Somebody edits and saves while others edit, the network fails and the process dies."""

    reports = Bundle("reports")
    application: Application
    journals: Path
    schema: Schema
    number = 0

    @initialize()
    def begin(self):
        Session.number += 1
        self.faults = Faults(seed=Session.number)
        self.repo = client_of(self.application, self.faults, retries=BRIEF)
        self.others = client_of(self.application)
        self.repo.__dict__["schema"] = self.schema  # the same in every session
        self.folder = f"{LAB}/S{Session.number}"
        self.post(LAB, {"__ContentType": "Folder", "Name": f"S{Session.number}"})
        self.model = {}
        for n in range(3):
            made = {"__ContentType": "Asset", "Name": f"A{n}", "Serial": "AB-1", "Quantity": n, "Code": "c0"}
            self.post(self.folder, made)
            self.model[f"A{n}"] = {"Quantity": n, "Code": "c0", "Notes": None}
        self.read()

    def post(self, parent, body):
        self.others.client.send("POST", f"/odata.svc{parent}?metadata=no&$select=Id", body=body)

    def read(self):
        self.frame = self.repo.read(
            self.folder, select=["Name", "Path", "Type", "Serial", *FIELDS], filter="isof('Asset')"
        )

    @rule(mine=some)
    def edit(self, mine):
        for (name, field), value in mine.items():
            self.frame.loc[self.frame.Name == name, field] = cell_of(field, value)

    def foreign_edit(self, theirs):
        for (name, field), value in theirs.items():
            if name in self.model:
                address = f"/odata.svc{self.folder}('{name}')?metadata=no&$select=Id"
                self.others.client.send("PATCH", address, body={field: cell_of(field, value)})
                self.model[name][field] = cell_of(field, value)

    @rule(name=st.sampled_from(["B0", "B1"]), value=values)
    def new_row(self, name, value):
        if name not in set(self.frame.Name) and name not in self.model:
            row = {"Name": name, "Type": "Asset", "Serial": "XY-1", "Quantity": value, "Code": "new"}
            self.frame.loc[-value - 1 - len(self.frame), list(row)] = list(row.values())

    @rule(how=st.sampled_from(["sort", "filter", "copy", "column", "types", "drop", "revert", "refresh"]))
    def handle(self, how):
        frame = self.frame
        if how in ("revert", "refresh"):
            getattr(self, how)()
            return
        self.frame = {
            "sort": lambda: frame.sort_values("Name", ascending=False),
            "filter": lambda: frame[frame.Name != "A2"],
            "copy": lambda: frame.copy(),
            "column": lambda: frame.assign(extra=1),
            "drop": lambda: frame.iloc[1:].copy() if len(frame) > 1 else frame,
            "types": lambda: frame.astype({"Quantity": "float64", "Code": "object"}),
        }[how]()

    def revert(self):
        self.frame.sn.revert()
        assert self.frame.sn.changes().empty

    def refresh(self):
        kept = {(e.Id, e.field): e.after for e in self.frame.sn.changes().itertuples() if pd.notna(e.Id)}
        self.frame.sn.refresh()
        for _, row in self.frame[self.frame.index.to_numpy() > 0].iterrows():
            for field in FIELDS:
                expected = kept.get((row.name, field), self.model[row.Name][field])
                assert same(row[field], expected)

    @rule(
        target=reports,
        mine=some,
        theirs=some,
        conflicts=st.sampled_from(["skip", "overwrite", "raise"]),
        fault=st.sampled_from(list(FAULTS)),
        times=st.sampled_from([1, 3, None]),
        create=st.booleans(),
        workers=st.sampled_from([1, 3]),
    )
    def save(self, mine, theirs, conflicts, fault, times, create, workers):
        self.edit(mine)
        self.foreign_edit(theirs)
        wanted = self.pending()
        old = {name: dict(cells) for name, cells in self.model.items()}
        self.faults.clear()
        if fault != "none":
            for method in ("PATCH", "POST"):
                FAULTS[fault](self.faults.on(method, match=rf"{self.folder}|content", times=times))
        try:
            report = self.frame.sn.save(on_conflict=conflicts, create=create, workers=workers)
        except ConflictError as error:
            report = error.report
        self.faults.clear()
        self.believe(report, wanted)
        for name, cells in wanted.items():
            if name in old:
                clash = [
                    f
                    for f, (b, a) in cells.items()
                    if not same(old[name][f], b) and not same(old[name][f], a)
                ]
                outcome = self.outcome(report, name)
                assert (outcome == "conflict") <= bool(clash), "a conflict is one"
                if clash and conflicts == "skip":
                    assert outcome == "conflict", "no update is lost in silence"
        return (report, old)

    def believe(self, report, wanted):
        """Take from the report what became of each row, and see that the server agrees."""
        now, left = self.server(), self.pending()
        for name, cells in wanted.items():
            outcome = self.outcome(report, name)
            if outcome == "saved":
                new = {field: after for field, (_, after) in cells.items()}
                self.model[name] = {**self.model.get(name, dict.fromkeys(FIELDS)), **new}
            elif outcome == "unchanged":
                assert all(same(self.model[name][field], after) for field, (_, after) in cells.items())
            elif outcome == "unknown":
                self.model[name] = now.get(name, self.model.get(name))
            else:
                assert outcome in ("conflict", "failed", "unsent", "refused")
                assert set(cells) <= set(left.get(name, ())), "no edit is lost"
        self.check(now)
        edited = set(wanted)
        for row in report.frame.itertuples():
            if isinstance(row.Path, str) and row.Path.rpartition("/")[2] not in edited:
                assert row.outcome in ("unchanged", "unsent")

    def outcome(self, report, name):
        paths = [str(path).rpartition("/")[2] for path in report.frame["Path"]]
        if name in paths:
            return report.frame["outcome"].iloc[paths.index(name)]
        return "unsent"

    def pending(self):
        """Return the edits by name and field, with what they were and are to be."""
        found = {}
        named = dict(zip(self.frame.index, self.frame.Name, strict=True))
        baseline = self.frame.sn.baseline.frame
        for edit in self.frame.sn.changes().itertuples():
            if pd.notna(edit.Id) and edit.field in FIELDS:
                assert edit.Id in baseline.index
                found.setdefault(named[edit.Id], {})[edit.field] = (edit.before, edit.after)
        for _, row in self.frame[self.frame.index.to_numpy() < 0].iterrows():
            found[row.Name] = {f: (None, None if pd.isna(row[f]) else row[f]) for f in FIELDS}
        return found

    @rule(mine=some, after=st.integers(0, 2), conflicts=st.sampled_from(["skip", "overwrite"]))
    def crash_and_resume(self, mine, after, conflicts):
        self.edit(mine)
        wanted = self.pending()

        def die(done, total):
            if done > after:
                raise Crash

        self.faults.clear()
        Session.number += 1
        journal = self.journals / f"{Session.number}.jsonl"
        try:
            self.frame.sn.save(on_conflict=conflicts, create=True, workers=1, progress=die, journal=journal)
        except Crash:
            pass
        except ConflictError as error:
            raise AssertionError("asked to skip") from error
        else:
            return self.settle(wanted)
        sn.resume(journal, self.repo, on_conflict=conflicts)
        self.settle(wanted)
        self.read()

    def settle(self, wanted):
        """After a save that was finished, rows hold what was wanted, or what they held, whole."""
        now = self.server()
        for name, cells in wanted.items():
            new = {
                **self.model.get(name, dict.fromkeys(FIELDS)),
                **{f: after for f, (_, after) in cells.items()},
            }
            if name in now:
                held = self.model.get(name)
                assert alike(now[name], new) or (held is not None and alike(now[name], held))
                self.model[name] = now[name]
        self.check(now)

    @rule(done=reports, conflicts=st.sampled_from(["skip", "overwrite"]))
    def undo(self, done, conflicts):
        report, old = done
        if report.journal is None:
            return
        before = self.server()
        undone = sn.undo(report, self.repo, on_conflict=conflicts)
        now = self.server()
        for row in undone.frame.itertuples():
            name = str(row.Path).rpartition("/")[2]
            if row.outcome == "saved" and name in now:
                changed = {
                    f for f in FIELDS if not same(now[name][f], before.get(name, dict.fromkeys(FIELDS))[f])
                }
                assert all(name not in old or f in row.fields or not changed for f in changed)
            elif row.outcome in ("conflict", "unchanged", "failed"):
                assert now.get(name) == before.get(name), "what is not undone is left alone"
        self.model = now
        self.read()

    @rule(
        done=st.booleans(),
        blind=st.booleans(),
        theirs=st.booleans(),
        how=st.sampled_from(["retry", "sort", "copy", "resume", "undo"]),
    )
    def nameless(self, done, blind, theirs, how):
        """The answer to a new row without a name is lost: it is created once, no other is taken for it."""
        Session.number += 1
        serial = f"NN-{Session.number}"
        frame = self.repo.read(self.folder, select=["Type", "Serial"], filter="isof('Asset')")
        frame.loc[-1, ["Type", "Serial"]] = ["Asset", serial]
        self.faults.clear()
        self.faults.on("POST", match=self.folder).reset(after=done)
        if blind:
            self.faults.on("GET", match="'Asset").reset()
        report = frame.sn.save(create=True, on_conflict="skip")
        self.faults.clear()
        line = report.frame.iloc[-1]
        assert line.outcome == ("unknown" if blind else "saved" if done else "unsent")
        if theirs := theirs and not done:
            name = line.Path.rpartition("/")[2]
            self.post(self.folder, {"__ContentType": "Asset", "Name": name, "Serial": "ZZ-1"})
        self.go_on(how, frame, report)
        address = f"/odata.svc{self.folder}?metadata=no&$select=Id,Serial"
        rows = self.others.client.get(address)["d"]["results"]
        expected = how != "undo" if done else how != "undo" and not theirs
        assert [row["Serial"] for row in rows].count(serial) == expected
        assert [row["Serial"] for row in rows].count("ZZ-1") == theirs, "what others made stays"
        for row in rows:
            if row["Serial"] in (serial, "ZZ-1"):
                self.others.client.request("DELETE", f"/odata.svc/content({row['Id']})?permanent=true")
        self.check(self.server())

    def go_on(self, how, frame, report):
        """Do what people do after a save that was not answered."""
        if how == "undo":
            sn.undo(report, self.repo, on_conflict="skip")
        elif how == "resume":
            sn.resume(report, self.repo, on_conflict="skip")
        elif how == "copy":
            frame.sort_values("Serial", ascending=False).sn.save(create=True, on_conflict="skip")
        else:
            if how == "sort":
                sorted_in_place(frame, "Serial")
            report.retry()

    def server(self):
        address = f"/odata.svc{self.folder}?metadata=no&$select=Name,{','.join(FIELDS)}"
        rows = self.others.client.get(address)["d"]["results"]
        held = {row.pop("Name"): row for row in rows}
        assert len(held) == len(rows), "nothing is created twice"
        assert not [name for name in held if "(" in name], "nothing is created twice under another name"
        return held

    def check(self, now):
        """The server holds just what the model says."""
        assert set(now) == set(self.model)
        for name, cells in self.model.items():
            assert alike(now[name], cells), (name, now[name], cells)


def cell_of(field, value):
    return value if field == "Quantity" else f"{field}{value}"


def same(one, other):
    if pd.isna(one) or pd.isna(other):
        return bool(pd.isna(one) and pd.isna(other))
    return bool(one == other)


def alike(one, other):
    return all(same(one[f], other[f]) for f in FIELDS)


@pytest.fixture
def sessions(monkeypatch, tmp_path):
    """Return what sessions run on."""
    monkeypatch.setattr(settling, "LOOKS", (0.0, 0.0, 0.0))
    application = Application(sample=False)
    prepare(application)
    Session.application, Session.journals = application, tmp_path
    Session.schema = client_of(application).schema
    yield
    application.close()


CHECKS = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large]


def run(examples):
    from hypothesis.stateful import run_state_machine_as_test

    rules = settings(
        max_examples=examples, stateful_step_count=6, deadline=None, suppress_health_check=CHECKS
    )
    run_state_machine_as_test(Session, settings=rules)


def test_some_sessions(sessions):
    run(25)


@pytest.mark.slow
def test_a_hundred_sessions(sessions):
    run(100)


@pytest.mark.long
def test_many_sessions(sessions):
    run(600)
