"""pandas at random on a tracked frame, and the same on a plain dict of what its cells are then.

A ``Session`` edits a frame in all the ways of pandas, makes other frames of the same rows, and sends it
through files. Its model does the same on ``cells``, by the name of the content and by column. Everything
follows from a seed.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import io
import json
import random
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

import sn_pandas as sn

VALUES: Mapping[str, list[Any]] = {
    "Quantity": [0, 1, 7, 31],
    "Weight": [0.0, 0.5, 247.85, 1e6],
    "InUse": [True, False],
    "BoughtOn": [pd.Timestamp("2026-01-02 03:04:05.123456", tz="UTC"), pd.Timestamp("1999-12-31", tz="UTC")],
    "Condition": ["new", "used", "broken", None],
    "Labels": [["red"], ["red", "blue"], []],
    "Notes": ["a", "b c", "2024", "007", None],
}
#: What pandas raises where a dtype or a frame does not take an operation: then nothing is done.
REFUSED = (TypeError, ValueError, NotImplementedError, KeyError, AttributeError)

#: Ways to write one cell: they get the frame, the position of the row, the column and the value.
CELL = {
    "loc": lambda f, r, c, v: f.loc.__setitem__((f.index[r], c), v),
    "at": lambda f, r, c, v: f.at.__setitem__((f.index[r], c), v),
    "iloc": lambda f, r, c, v: f.iloc.__setitem__((r, f.columns.get_loc(c)), v),
    "iat": lambda f, r, c, v: f.iat.__setitem__((r, f.columns.get_loc(c)), v),
    "mask": lambda f, r, c, v: f.loc.__setitem__((np.arange(len(f)) == r, c), v),
    "callable": lambda f, r, c, v: f.loc.__setitem__((lambda g: g.index == g.index[r], c), v),
    "row": lambda f, r, c, v: f.loc.__setitem__((f.index[r], [c]), [v]),
    "column": lambda f, r, c, v: f.__setitem__(c, f[c].where(np.arange(len(f)) != r, v)),
    "attribute": lambda f, r, c, v: setattr(f, c, f[c].mask(np.arange(len(f)) == r, v)),
    "array": lambda f, r, c, v: f[c].array.__setitem__(r, v),
    "values": lambda f, r, c, v: f[c].array.__setitem__(slice(r, r + 1), [v]),
    "list": lambda f, r, c, v: f.__setitem__(c, _column(f, [*f[c][:r], v, *f[c][r + 1 :]])),
    "isetitem": lambda f, r, c, v: f.isetitem(
        f.columns.get_loc(c), _column(f, [*f[c][:r], v, *f[c][r + 1 :]])
    ),
}
#: Ways to make another frame of the same cells, or of those of some rows.
RESHAPED = {
    "copy": lambda f: f.copy(),
    "shallow copy": lambda f: f.copy(deep=False),
    "deepcopy": copy.deepcopy,
    "slice": lambda f: f.iloc[1:],
    "taken": lambda f: f.take([2, 0, 1]) if len(f) > 2 else f,
    "reversed": lambda f: f.iloc[::-1],
    "sorted": lambda f: f.sort_values("Name", ascending=False),
    "sampled": lambda f: f.sample(frac=1, random_state=1),
    "first of groups": lambda f: f.groupby("InUse", group_keys=False).head(2),
    "unique": lambda f: f.drop_duplicates("Name"),
    "filtered": lambda f: f[f["Name"] != "a3"],
    "query": lambda f: f.query("Name != 'a1'"),
    "reindexed": lambda f: f.reindex(f.index[::-1]),
    "aligned": lambda f: f.align(f.iloc[::-1], join="left")[0],
    "columns": lambda f: f[[*f.columns[1:], f.columns[0]]],
    "reset": lambda f: f.reset_index(drop=f.index.name in [None, *f.columns]),
    "by name": lambda f: f.reset_index().set_index("Name", drop=False) if "Id" not in f.columns else f,
    "by path": lambda f: f.set_index("Path", drop=False) if f.index.name == "Id" else f,
    "two levels": lambda f: f.set_index("Name", drop=False, append=True) if f.index.name == "Id" else f,
    "joined": lambda f: f.join(pd.Series(1, index=f.index, name="extra")) if "extra" not in f.columns else f,
    "merged": lambda f: _numbered(f).merge(pd.DataFrame({"Name": ["a0", "a1"]}).assign(m=1), "left"),
    "merged by index": lambda f: f.merge(pd.DataFrame(index=f.index), left_index=True, right_index=True),
    "concat": lambda f: pd.concat([f.iloc[:2], f.iloc[2:]]),
    "concat of columns": lambda f: pd.concat([f.iloc[:, :3], f.iloc[:, 3:]], axis=1),
    "transposed": lambda f: f.T.T,
    "stacked": lambda f: f.stack().unstack()[list(f.columns)] if f.index.nlevels == 1 else f,
    "melted": lambda f: _melted(f) if f.index.name == "Id" else f,
    "exploded": lambda f: _exploded(f),
    "popped": lambda f: _popped(f.copy(), "Quantity"),
    "renamed": lambda f: f.rename(columns={"Quantity": "q"}).rename(columns={"q": "Quantity"}),
    "assigned": lambda f: f.assign(Weight=lambda g: g["Weight"]),
    "applied": lambda f: f.apply(lambda column: column),
    "applied by rows": lambda f: f.apply(lambda row: row, axis=1),
    "objects": lambda f: f.astype(dict.fromkeys(_of(f), object)),
    "inferred": lambda f: f.infer_objects(),
    "small": lambda f: f.astype({"Weight": "float32"}) if f["Weight"].dtype == "float64" else f,
    # convert_dtypes of pandas 3.0 alone leaves one cell of each column of texts that unstack made
    "nullable": lambda f: f.infer_objects().convert_dtypes(),
    "arrow": lambda f: f.astype({"Weight": "double[pyarrow]", "Quantity": "int64[pyarrow]"}),
    "strings": lambda f: f.astype({"Notes": "string"}),
    "categories": lambda f: f.astype({"Notes": "category", "Quantity": "category"}),
    "zone": lambda f: f.assign(BoughtOn=f["BoughtOn"].dt.tz_convert("Asia/Tokyo")),
    "where": lambda f: f.where(f.notna(), None),
    "filled": lambda f: f.fillna({"Quantity": 0}),
    "sets": lambda f: f.assign(Labels=f["Labels"].map(lambda c: c if isinstance(c, str) else set(c))),
    "tuples": lambda f: f.assign(
        Labels=f["Labels"].map(lambda c: c if isinstance(c, (str, set)) else tuple(c))
    ),
}
#: What looks like an edit and is none, as pandas shows: whatever is written goes to a copy.
IN_VAIN = {
    "chained": lambda f, r, c, v: f.iloc[[r]].loc.__setitem__((f.index[r], c), v),
    "series": lambda f, r, c, v: f[c].iloc.__setitem__(r, v),
    "copied series": lambda f, r, c, v: f[c].copy().array.__setitem__(r, v),
    "to_numpy": lambda f, r, c, v: f[c].to_numpy(copy=True).__setitem__(r, v),
    "row": lambda f, r, c, v: f.iloc[r].__setitem__(c, v),
    "dict": lambda f, r, c, v: f.to_dict("list")[c].__setitem__(r, v),
    "discarded": lambda f, r, c, v: f.assign(**{c: [v] * len(f)}),
}


def _of(frame: pd.DataFrame) -> list[str]:
    return [column for column in VALUES if column in frame.columns]


def _column(frame: pd.DataFrame, cells: Iterable[Any]) -> pd.Series:
    return pd.Series(np.fromiter(cells, dtype=object, count=len(frame)), index=frame.index, dtype=object)


def _numbered(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose ids, if it has them, are a column, ready to be merged."""
    return frame.drop(columns="m", errors="ignore").reset_index(drop=frame.index.name != "Id")


def _melted(frame: pd.DataFrame) -> pd.DataFrame:
    long = frame.reset_index().melt(id_vars=["Id", "Name", "Path"])
    return long.pivot(index=["Id", "Name", "Path"], columns="variable", values="value").reset_index(
        level=[1, 2]
    )


def _exploded(frame: pd.DataFrame) -> pd.DataFrame:
    if not frame["Labels"].map(lambda cell: isinstance(cell, (list, tuple))).all():
        return frame
    long = frame.explode("Labels")
    lists = [long["Labels"][long["Name"] == name].dropna().tolist() for name in frame["Name"]]
    return long[~long["Name"].duplicated()].assign(Labels=lists)


def _popped(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    frame.insert(0, column, frame.pop(column))
    return frame


# --- ways to edit several cells: each does it to the frame, and returns what the cells are then, by row


def _block(frame: pd.DataFrame, dice: random.Random, cells: list[dict[str, Any]]) -> None:
    first, last = sorted(dice.choices(range(len(frame) + 1), k=2))
    columns = ["Quantity", "Weight"]
    values = [[dice.choice(VALUES[c]) for c in columns] for _ in range(first, last)]
    if values:
        frame.iloc[first:last, [frame.columns.get_loc(c) for c in columns]] = values
    for row, line in zip(cells[first:last], values, strict=True):
        row.update(zip(columns, line, strict=True))


def _labels(frame: pd.DataFrame, dice: random.Random, cells: list[dict[str, Any]]) -> None:
    column = dice.choice(["Quantity", "Weight", "InUse", "BoughtOn"])
    rows, value = dice.sample(range(len(frame)), 2), dice.choice(VALUES[column])
    frame.loc[frame.index[rows], column] = value
    for row in rows:
        cells[row][column] = value


def _slice(frame: pd.DataFrame, dice: random.Random, cells: list[dict[str, Any]]) -> None:
    first, last = sorted(dice.choices(range(len(frame)), k=2))
    value = dice.choice(VALUES["Condition"][:3])
    frame.loc[frame.index[first] : frame.index[last], "Condition"] = value
    for row in cells[first : last + 1]:
        row["Condition"] = value


def _frame_mask(frame: pd.DataFrame, dice: random.Random, cells: list[dict[str, Any]]) -> None:
    old, new = dice.sample(VALUES["Quantity"], 2)
    frame[frame[["Quantity"]] == old] = new
    for row in cells:
        row["Quantity"] = new if row["Quantity"] == old else row["Quantity"]


def _replace(frame: pd.DataFrame, dice: random.Random, cells: list[dict[str, Any]]) -> pd.DataFrame:
    column = dice.choice(["Quantity", "Condition", "Notes"])
    old, new = dice.sample([value for value in VALUES[column] if value is not None], 2)
    for row in cells:
        row[column] = new if row[column] == old else row[column]
    if dice.random() < 0.5:
        return frame.replace({column: {old: new}})
    frame[column] = frame[column].replace(old, new)
    return frame


def _update(frame: pd.DataFrame, dice: random.Random, cells: list[dict[str, Any]]) -> None:
    column = dice.choice(["Quantity", "Weight", "Notes"])
    values = [dice.choice([*VALUES[column], None]) for _ in cells]
    other = pd.DataFrame({column: values}, index=frame.index).sample(frac=1, random_state=2)
    frame.update(other)
    for row, value in zip(cells, values, strict=True):
        row[column] = row[column] if value is None else value


def _combine_first(frame: pd.DataFrame, dice: random.Random, cells: list[dict[str, Any]]) -> pd.DataFrame:
    value = dice.choice(VALUES["Notes"][:4])
    combined = frame.combine_first(pd.DataFrame({"Notes": value}, index=frame.index))
    for row in cells:
        row["Notes"] = value if row["Notes"] is None else row["Notes"]
    return combined.reindex(frame.index)


def _eval(frame: pd.DataFrame, dice: random.Random, cells: list[dict[str, Any]]) -> pd.DataFrame:
    more = dice.choice([0, 1, 5])
    for row in cells:
        row["Quantity"] += more
    return frame.eval(f"Quantity = Quantity + {more}")


def _query(frame: pd.DataFrame, dice: random.Random, cells: list[dict[str, Any]]) -> None:
    least, value = dice.choice([1, 7, 30]), dice.choice(VALUES["Notes"][:4])
    frame.loc[frame.query("Quantity >= @least").index, "Notes"] = value
    for row in cells:
        row["Notes"] = value if row["Quantity"] >= least else row["Notes"]


def _transform(frame: pd.DataFrame, dice: random.Random, cells: list[dict[str, Any]]) -> None:
    column, how = dice.choice(["Quantity", "Weight"]), dice.choice([max, min])
    frame[column] = frame.groupby("InUse")[column].transform(how.__name__)
    best = {used: how(row[column] for row in cells if row["InUse"] == used) for used in (True, False)
            if any(row["InUse"] == used for row in cells)}  # fmt: skip
    for row in cells:
        row[column] = best[row["InUse"]]


def _in_place(frame: pd.DataFrame, dice: random.Random, cells: list[dict[str, Any]]) -> None:
    row = dice.randrange(len(frame))
    frame["Quantity"] += 1
    frame.iloc[row, frame.columns.get_loc("Weight")] *= 2
    for line in cells:
        line["Quantity"] += 1
    cells[row]["Weight"] *= 2


def _turned(frame: pd.DataFrame, dice: random.Random, cells: list[dict[str, Any]]) -> None:
    column = dice.choice(_of(frame))
    frame[column] = frame[column].array[::-1]
    values = [row[column] for row in cells][::-1]
    for row, value in zip(cells, values, strict=True):
        row[column] = value


def _texts(frame: pd.DataFrame, dice: random.Random, cells: list[dict[str, Any]]) -> None:
    frame["Notes"] = frame["Notes"].str.upper()
    for row in cells:
        row["Notes"] = row["Notes"] and row["Notes"].upper()


def _dates(frame: pd.DataFrame, dice: random.Random, cells: list[dict[str, Any]]) -> None:
    frame["BoughtOn"] = frame["BoughtOn"] + pd.Timedelta(days=1)
    for row in cells:
        row["BoughtOn"] += pd.Timedelta(days=1)


def _mapped(frame: pd.DataFrame, dice: random.Random, cells: list[dict[str, Any]]) -> None:
    column = dice.choice(["Quantity", "InUse"])
    table = {old: dice.choice(VALUES[column]) for old in {row[column] for row in cells}}
    frame[column] = frame[column].map(table)
    for row in cells:
        row[column] = table[row[column]]


def _merged(frame: pd.DataFrame, dice: random.Random, cells: list[dict[str, Any]]) -> pd.DataFrame:
    """Have new values come from a table, by name, as from a spreadsheet of somebody."""
    table = {row["Name"]: dice.choice(VALUES["Quantity"]) for row in cells if dice.random() < 0.6}
    right = pd.DataFrame({"Name": list(table), "m": list(table.values())}, dtype=object)
    both = _numbered(frame).merge(right, on="Name", how="left")
    both["Quantity"] = both["m"].where(both["m"].notna(), both["Quantity"])
    for row in cells:
        row["Quantity"] = table.get(row["Name"], row["Quantity"])
    return both.drop(columns="m")


def _by_assign(frame: pd.DataFrame, dice: random.Random, cells: list[dict[str, Any]]) -> pd.DataFrame:
    value = dice.choice(VALUES["Weight"])
    for row in cells:
        row["Weight"] = value if row["InUse"] else row["Weight"]
    return frame.assign(Weight=lambda f: f["Weight"].mask(f["InUse"], value))


def _swapped(frame: pd.DataFrame, dice: random.Random, cells: list[dict[str, Any]]) -> None:
    column = frame.columns.get_loc("Notes")
    frame.iloc[[0, 1], column] = frame.iloc[[1, 0], column].to_numpy()
    cells[0]["Notes"], cells[1]["Notes"] = cells[1]["Notes"], cells[0]["Notes"]


EDITS = {
    "block": _block,
    "labels": _labels,
    "slice": _slice,
    "frame mask": _frame_mask,
    "replace": _replace,
    "update": _update,
    "combine_first": _combine_first,
    "eval": _eval,
    "query": _query,
    "transform": _transform,
    "in place": _in_place,
    "turned": _turned,
    "str": _texts,
    "dates": _dates,
    "map": _mapped,
    "merge": _merged,
    "assign": _by_assign,
    "swapped": _swapped,
}


# --- files


def through_csv(frame: pd.DataFrame, path: Any) -> pd.DataFrame:
    back = pd.read_csv(io.StringIO(frame.to_csv()), dtype={"Notes": str})
    back = back.set_index("Id") if "Id" in back.columns else back
    return back.drop(columns=[c for c in back.columns if c.startswith("Unnamed") or c.endswith(".1")])


def through_pickle(frame: pd.DataFrame, path: Any) -> pd.DataFrame:
    frame.to_pickle(path / "it.pickle")
    return pd.read_pickle(path / "it.pickle")


def through_parquet(frame: pd.DataFrame, path: Any) -> pd.DataFrame:
    frame.sn.to_parquet(path / "it.parquet")
    return pd.read_parquet(path / "it.parquet")


def through_json(frame: pd.DataFrame, path: Any) -> pd.DataFrame:
    if frame["Labels"].map(lambda cell: isinstance(cell, set)).any():
        raise TypeError("JSON gives the items of a set another order in each process")
    plain = frame.reset_index(drop=frame.index.name != "Id")
    text = plain.to_json(orient="records", date_unit="us", date_format="iso", double_precision=15)
    return pd.read_json(
        io.StringIO(text), orient="records", precise_float=True, dtype=False, convert_dates=False
    )


def through_excel(frame: pd.DataFrame, path: Any) -> pd.DataFrame:
    plain = frame.reset_index(drop=frame.index.name != "Id").assign(
        BoughtOn=frame["BoughtOn"].astype(str).array
    )
    plain.to_excel(path / "it.xlsx", index=False)
    return pd.read_excel(path / "it.xlsx", dtype={"Notes": str})


FILES = [through_csv, through_pickle, through_parquet, through_json, through_excel]


class Session:
    """Random pandas on one frame; everything follows from the dice.

    Attributes
    ----------
    origin : DataFrame
        The frame that was read, or that was saved last: what others are tied to that lost their origin.
    read : dict
        What the cells were when they were read, by name and column.
    cells : dict
        What the cells of the frame are now.
    log : list of str
        What was done.
    """

    def __init__(self, dice: random.Random, frame: pd.DataFrame, path: Any = None) -> None:
        self.dice, self.path, self.log = dice, path, []
        self.columns = _of(frame)
        self.begin(frame)

    def begin(self, frame: pd.DataFrame) -> None:
        """Take a frame that was just read."""
        self.frame = self.origin = frame
        self.read = {
            row["Name"]: {c: plain_value(row[c]) for c in self.columns}
            for row in frame.reset_index(drop=True).to_dict("records")
        }
        self.cells = copy.deepcopy(self.read)

    @property
    def edits(self) -> dict[tuple[str, str], Any]:
        """What was edited: the cells that are not as they were read."""
        return {
            (name, column): value
            for name, cells in self.cells.items()
            for column, value in cells.items()
            if not same(self.read[name][column], value)
        }

    def step(self) -> None:
        """Do something to the frame."""
        kinds = [self.edit, self.edit_many, self.reshape, self.write_in_vain, self.send_through_file]
        self.dice.choices(kinds, [10, 6, 7, 1, 1 if self.path else 0])[0]()

    def edit(self) -> None:
        """Write one cell."""
        row, column, value = self._cell()
        way = self.dice.choice(list(CELL)) if not isinstance(value, list) else "list"
        name = self.frame["Name"].iloc[row]
        self.log.append(f"{way} {name}.{column} = {value!r}")
        with self.undone_if_refused():
            CELL[way](self.frame, row, column, value)
            self.cells[name][column] = value

    def edit_many(self) -> None:
        """Write several cells."""
        way = self.dice.choice(list(EDITS))
        self.log.append(way)
        with self.undone_if_refused():
            before = self.frame
            rows = [{"Name": name, **self.cells[name]} for name in before["Name"]]
            self._follow(EDITS[way](before, self.dice, rows))
            self.cells = {row.pop("Name"): row for row in rows}

    def write_in_vain(self) -> None:
        """Write to what pandas copies: no cell of the frame is another one."""
        row, column, value = self._cell()
        way = self.dice.choice(list(IN_VAIN))
        self.log.append(f"in vain: {way} {column}")
        with self.undone_if_refused():
            IN_VAIN[way](self.frame, row, column, value)

    def reshape(self) -> None:
        """Make another frame of the rows, or of some."""
        way = self.dice.choice(list(RESHAPED))
        self.log.append(way)
        with self.undone_if_refused():
            after = RESHAPED[way](self.frame)
            if len(after) > 1:
                self._follow(after)

    def send_through_file(self) -> None:
        """Write the frame to a file and read it back."""
        way = self.dice.choice(FILES)
        self.log.append(way.__name__)
        with self.undone_if_refused():
            self.frame = way(self.frame, self.path).sn.rebase(self.origin)

    def check(self) -> None:
        """Compare what ``changes`` shows with what was edited, value by value."""
        try:
            changes = self.frame.sn.changes()
        except sn.TrackingError:  # what was done dropped the origin, and the error says what to do
            changes = self.frame.sn.rebase(self.origin).sn.changes()
        names = [str(path).rpartition("/")[2] for path in changes["Path"]]
        seen = dict(zip(zip(names, changes["field"], strict=True), changes["after"], strict=True))
        meant = self.edits
        assert seen.keys() == meant.keys(), (seen, meant)
        for key, value in meant.items():
            assert same(seen[key], value), (key, seen[key], value)

    def _cell(self) -> tuple[int, str, Any]:
        row = self.dice.randrange(len(self.frame))
        column = self.dice.choice(self.columns)
        values = [value for value in VALUES[column] if value is not None or column != "Condition"]
        return row, column, self.dice.choice(values)

    def _follow(self, after: pd.DataFrame | None) -> None:
        if after is not None:
            self.frame = after
            self.cells = {name: self.cells[name] for name in after["Name"]}

    @contextlib.contextmanager
    def undone_if_refused(self) -> Iterator[None]:
        """Have pandas refuse what a dtype does not take; then frame and model are as before."""
        frame, cells = self.frame.copy(), {name: dict(cells) for name, cells in self.cells.items()}
        try:
            yield
        except REFUSED as error:
            self.log.append(f"  refused: {type(error).__name__}")
            self.frame, self.cells = frame, cells


def plain_value(cell: Any) -> Any:
    """Return a cell of a frame as the model has it."""
    if isinstance(cell, (list, tuple, set, frozenset, np.ndarray)):
        return sorted(map(str, cell))
    if pd.isna(cell):
        return None
    return cell.item() if isinstance(cell, np.generic) else cell


def same(held: Any, value: Any) -> bool:
    """Return whether a cell, as a file or a dtype may have changed it, is a value of the model."""
    held = plain_value(held)
    if isinstance(held, str) and isinstance(value, list):
        held = (
            json.loads(held) if held.startswith('["') else list(ast.literal_eval(held.replace("set()", "()")))
        )
    if isinstance(value, list):
        return sorted(held or []) == sorted(value)
    if isinstance(value, pd.Timestamp) and isinstance(held, str):
        held = pd.Timestamp(held)
    if isinstance(value, float) and isinstance(held, float):
        return np.float32(held) == np.float32(
            value
        )  # such a column that became one of objects holds its noise
    return bool(held == value) if held is not None and value is not None else held is value
