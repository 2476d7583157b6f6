"""pandas on tracked frames at random, against a plain dict: every edit is seen and saved, nothing else is.

What a frame goes through stands in ``random_pandas``. Here others edit the same contents, and saves follow:
after each the server must hold what the model says, and no cell of the frame may be an edit.
"""

from __future__ import annotations

import copy
import random
import warnings

import pytest

import sn_pandas as sn

from ..seeds import seeds
from .labs import LAB, lab
from .random_pandas import FILES, VALUES, Session, same, through_parquet

COLUMNS = ["Name", "Path", *VALUES]
ROWS = 5


class Online(Session):
    """One session of random steps with saves, while somebody else edits the same contents."""

    def __init__(self, server, path, seed):
        dice = random.Random(seed)
        self.mine, self.other = server.connect(), server.connect()
        for row in range(ROWS):
            values = {column: dice.choice(some) for column, some in VALUES.items()}
            values |= {"BoughtOn": VALUES["BoughtOn"][0], "Condition": "new"}
            self.other.patch(f"{LAB}/a{row}", values)
        super().__init__(dice, self.mine.read(LAB, select=COLUMNS), path)
        self.truth = {name: dict(cells) for name, cells in self.read.items()}

    def step(self):
        kind = self.dice.choices([super().step, self.foreign, self.save], [11, 2, 3])[0]
        kind()

    def send_through_file(self):
        """Have nobody but the file know what was read; only our Parquet keeps it, so others are refreshed."""
        self.save()
        way = self.dice.choice(FILES)
        self.log.append(way.__name__)
        if way is not through_parquet:
            self.frame.sn.refresh()
            self.read = {name: dict(self.truth[name]) for name in self.cells}
            self.cells = copy.deepcopy(self.read)
        with self.undone_if_refused():
            self.frame = self.origin = sn.rebase(way(self.frame, self.path), self.mine)

    def foreign(self):
        name = self.dice.choice(list(self.truth))
        column = self.dice.choice([c for c in VALUES if (name, c) not in self.edits])
        value = self.dice.choice([v for v in VALUES[column] if v is not None])
        self.log.append(f"foreign {name}.{column} = {value!r}")
        self.other.patch(f"{LAB}/{name}", {column: value})
        self.truth[name][column] = value

    def save(self):
        self.log.append("save")
        self.check()
        report = self.frame.sn.save(on_conflict="overwrite")
        assert report.ok, report
        self.origin = self.frame
        for (name, column), value in self.edits.items():
            self.truth[name][column] = value
            self.read[name][column] = value
        held = self.other.read(LAB, select=COLUMNS).set_index("Name")
        for name, values in self.truth.items():
            for column, value in values.items():
                assert same(held.at[name, column], value), (name, column, held.at[name, column], value)
        assert not len(self.frame.sn.changes()), self.frame.sn.changes()
        if self.dice.random() < 0.5:
            self.begin(self.mine.read(LAB, select=COLUMNS))


def run(session, steps):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for _ in range(steps):
                session.step()
            session.check()
        except BaseException:
            print(*session.log, sep="\n  ")
            raise


def run_offline(read, path, numbers):
    """Run sessions without a save: what ``changes`` shows must be what was edited, value by value."""
    for seed in numbers:
        print(f"seed {seed}")
        run(Session(random.Random(seed), read.copy(), path), 6)


def run_online(fake, path, numbers, steps):
    server = lab(fake, rows=ROWS)
    for seed in numbers:
        print(f"seed {seed}")
        session = Online(server, path, seed)
        run(session, steps)
        session.save()


@pytest.fixture
def read(fake):
    return Online(lab(fake, rows=ROWS), None, 1).frame


def test_every_edit_is_seen_and_saved_and_nothing_else(fake, tmp_path):
    run_online(fake, tmp_path, range(6), 25)


def test_changes_are_what_was_edited(read, tmp_path):
    run_offline(read, tmp_path, range(60))


@pytest.mark.long
def test_every_edit_is_seen_and_saved_and_nothing_else_at_length(fake, tmp_path):
    run_online(fake, tmp_path, seeds(60, 100_016), 20)


@pytest.mark.long
def test_changes_are_what_was_edited_at_length(read, tmp_path):
    run_offline(read, tmp_path, seeds(4_400, 100_000))
