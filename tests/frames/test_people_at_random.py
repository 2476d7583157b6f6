"""An administrator and an ordinary user with the same rights get the same, whatever they do.

Two servers hold the same. On one an administrator does some random steps, on the other an editor, who sees
all content types, some of them, or none of the company's. Whatever a step gives is compared: frames with
their columns, dtypes, categories and cells, reports, single values, errors and warnings.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import sn_pandas as sn
from sn_pandas import F
from sn_pandas.frames import Repository

from ..fakes import FakeServer
from . import people
from .people import CONDITIONS, PLACE, QUERIES

#: What the editor sees of the company's types, and whether she sees all others.
VISIBLE: dict[str, tuple[tuple[str, ...], bool]] = {
    "none of the types": ((), False),
    "some of the types": (("Memento", "Widget"), False),
    "all of the types": (tuple(people.FIELDS), True),
}
#: The folder that each try has a copy of.
MODEL = f"{PLACE}/model"
_numbers = itertools.count()


@dataclasses.dataclass
class Side:
    """One of the two servers, and who acts there."""

    server: FakeServer
    user: str | None
    repo: Repository

    def reconnect(self) -> None:
        """Begin with nothing learned."""
        self.repo = self.server.connect(user=self.user)


class Pair:
    """Both servers: the administrator's and the editor's."""

    def __init__(self, visible: tuple[str, ...], *, all_others: bool) -> None:
        self.visible = set(visible)
        self.may_toggle = not all_others
        self.sides = []
        for user in (None, "erin"):
            server = FakeServer(sample=False)
            admin = people.company(server)
            people.show(admin, "Memento", "undefined")
            if all_others:
                people.show_all(admin)
            for name in visible:
                people.show(admin, name)
            admin.create(PLACE, "Folder", "model")
            people.fill(admin, MODEL, rows=4)
            admin.create(MODEL, "Folder", "sub")
            self.sides.append(Side(server, user, server.connect(user=user)))
        self.admins = [side.server.connect() for side in self.sides]

    def place(self) -> str:
        """Make a folder with the same contents on both servers; return its path."""
        folder = f"{PLACE}/x{next(_numbers)}"
        for admin in self.admins:
            admin.create(PLACE, "Folder", folder.rpartition("/")[2])
            admin.copy(MODEL, folder)
        for side in self.sides:
            side.reconnect()
        return f"{folder}/model"

    def hides(self, name: str) -> bool:
        """Whether the editor does not see a type; who sees one sees those that are derived from it."""
        return name in people.FIELDS and not self.visible & {name, people.PARENTS.get(name)}

    def toggle(self, name: str) -> None:
        """Show the editor a type that was hidden, or the other way round."""
        self.visible ^= {name}
        for admin in self.admins:
            people.show(admin, name, "allow" if name in self.visible else "undefined")

    def end(self) -> None:
        """Stop the servers."""
        for side in self.sides:
            side.server.end()


@pytest.fixture(scope="module", params=VISIBLE)
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    """Make the servers, for each of what the editor may see."""
    visible, all_others = VISIBLE[request.param]
    pair = Pair(visible, all_others=all_others)
    yield pair
    pair.end()


# --- what is compared


@dataclasses.dataclass(frozen=True)
class Got:
    """What a step gave one side."""

    what: Any
    words: tuple[str, ...]

    @property
    def is_unchecked(self) -> bool:
        """Whether there were no rows that tell what a name is, so that a warning says it is not checked."""
        return any("could not be checked" in word for word in self.words)


#: Words that only those are told who do not see every type, and what follows names of the caller.
_ONLY_HERS = re.compile(r"may have members that you are not shown|could not be checked|bring it back")
#: What only her reports of deletions say: that she, who does not see the type, cannot restore it.
_NO_WAY_BACK = re.compile(r"(?:; )?you cannot bring it back from the trash yourself.*$", re.DOTALL)
#: What is said of an unknown name, up to what it may be meant for.
_UNKNOWN = re.compile(
    r"QueryError: (?:the server ignores (?:an order by |expand=)'(?P<ignored>\w+)(?:/\w+)?': "
    r"no content type has "
    r"|(?:\w+: )?no content type has a field '(?P<field>\w+)'\.)"
)
_ADDRESS = re.compile(r"GET /.*? failed")
#: Fields of the company's types.
_COMPANYS = {name for fields in people.FIELDS.values() for name, _, _ in fields}
#: Columns that a server fills in by itself.
_BY_ITSELF = re.compile(r"Id$|Date$|^Valid|(?:Created|Modified)By$|^Owner$")
_IDS = re.compile(r"content\(\d+\)|\b(?:Id|id) \d+|\[\d+(?:, \d+)*\]")


def plain(value: Any) -> Any:
    """Return what can be compared: without ids, which the servers give by themselves."""
    if isinstance(value, pd.DataFrame):
        dtypes = {str(name): _dtype(value[name]) for name in value}
        cells = {
            str(name): [plain(cell) for cell in value[name].astype(object)]
            for name in value
            if not _BY_ITSELF.search(str(name))
        }
        return {"dtypes": dtypes, "cells": cells}
    if isinstance(value, pd.Series):
        return {str(name): plain(cell) for name, cell in value.items() if not _BY_ITSELF.search(str(name))}
    if isinstance(value, sn.Report):
        rows = value.frame[["Path", "outcome", "fields", "reason"]].to_dict("list")
        rows["reason"] = [_NO_WAY_BACK.sub("", reason) for reason in rows["reason"]]
        return {**{name: list(map(plain, cells)) for name, cells in rows.items()}, "note": value.note}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return _IDS.sub("(…)", str(value))


def _dtype(column: pd.Series[Any]) -> str:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return f"category {list(column.dtype.categories)}"
    return str(column.dtype)


def got(do: Callable[[Repository, str], Any], side: Side, place: str) -> Got:
    """Return what a step gives on one side, or its error."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            what = plain(do(side.repo, place))
        except sn.SensenetError as error:
            said = _ADDRESS.sub(
                "GET … failed", _IDS.sub("(…)", str(error))
            )  # of what she knows, in her order
            what = f"{type(error).__name__}: {said}"
    return Got(what, tuple(_IDS.sub("(…)", str(w.message)) for w in caught))


def agree(step: Step, theirs: Got, ours: Got) -> bool:
    """Compare what the administrator and the editor got; return whether both did it."""
    if ours.is_unchecked and _is_empty(ours.what):
        return True  # no row came that tells her what the name is, and she is told so
    unknown = _UNKNOWN.match(str(ours.what))
    if unknown and _name_in(unknown) in _COMPANYS and ours.what != theirs.what:
        return False  # a field of a type that none of the rows has: nobody can tell who does not see it
    if unknown and str(theirs.what).startswith(unknown[0]):
        return True  # what it may be meant for she knows only of types that she has met
    mistake = _UNKNOWN.match(str(theirs.what))
    if mistake and _name_in(mistake) in WRONG and str(ours.what).startswith("QueryError"):
        return False  # of several mistakes she is told first the one that she need not see the types for
    _make_allowance(theirs.what, ours.what)
    assert first_difference(theirs.what, ours.what) == "", step
    hers = [word for word in ours.words if not _ONLY_HERS.search(word)]
    assert hers == list(theirs.words), step
    return True


def _name_in(unknown: re.Match[str]) -> str:
    return unknown["ignored"] or unknown["field"]


def _make_allowance(theirs: Any, ours: Any) -> None:
    """Leave out of frames what comes of types of which no row came, so that nothing is known of them.

    Their columns are missing, and those that other types have, too, may stand elsewhere; a choice of the same
    name may have one option, not several, or fewer.
    """
    for one, other in zip(theirs, ours, strict=False) if isinstance(theirs, list) else [(theirs, ours)]:
        if not (isinstance(one, dict) and isinstance(other, dict) and "dtypes" in one.keys() & other.keys()):
            continue
        missing = one["dtypes"].keys() & _COMPANYS - other["dtypes"].keys()
        for name in missing:
            assert set(one["cells"][name]) <= {"nan", "None", "<NA>", "NaT", "[]"}, name
            del one["dtypes"][name], one["cells"][name]
        for part in ("dtypes", "cells"):  # of the same name in two types the first counts
            built_in = [[name for name in side[part] if name not in _COMPANYS] for side in (one, other)]
            assert built_in[0] == built_in[1]
            order = [name for name in other[part] if name in one[part]]
            one[part] = {name: one[part][name] for name in [*order, *(one[part].keys() - set(order))]}
        for name in one["dtypes"].keys() & other["dtypes"].keys() & _COMPANYS:
            cells = [*one["cells"].get(name, ["?"]), *other["cells"].get(name, ["?"])]
            nothing = all(str(cell) in {"nan", "None", "<NA>", "NaT"} for cell in cells)
            if other["dtypes"][name] == "object" and nothing:
                one["dtypes"][name] = "object"  # of a page that came before any row of the type
                one["cells"][name] = other["cells"][name]
        for name in one["dtypes"].keys() & other["dtypes"].keys() & {"Shape", "Labels"}:
            alike = all(one[part].get(name) == other[part].get(name) for part in ("dtypes", "cells"))
            if not alike and other["dtypes"][name] != "str":
                other["dtypes"][name] = one["dtypes"][name]
                one["cells"][name] = [_options(cell) for cell in one["cells"][name]]
                other["cells"][name] = [_options(cell) for cell in other["cells"][name]]


def _options(cell: Any) -> str:
    """Return the options of a choice, whether it takes one or several."""
    return re.sub(r"\W|nan|None", "", str(cell))


def first_difference(theirs: Any, ours: Any, where: str = "") -> str:
    """Say where two things begin to differ; empty if they do not."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        if list(theirs) != list(ours):
            missing, more = [n for n in theirs if n not in ours], [n for n in ours if n not in theirs]
            return f"{where}: {missing} missing, {more} more, or in another order: {list(theirs)}"
        pairs = [(name, theirs[name], ours[name]) for name in theirs]
        chosen = {
            name for name in theirs if re.search("/(Shape|Labels)$", str(name))
        }  # of types not met, too
        pairs = [(n, *map(_options, pair)) if n in chosen else (n, *pair) for n, *pair in pairs]
    elif isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        pairs = [(number, *pair) for number, pair in enumerate(zip(theirs, ours, strict=True))]
    else:
        return "" if theirs == ours else f"{where}: {theirs!r} and {ours!r}"
    found = (first_difference(one, other, f"{where}/{name}") for name, one, other in pairs)
    return next(filter(None, found), "")


def _is_empty(what: Any) -> bool:
    if isinstance(what, dict) and "cells" in what:
        return not any(what["cells"].values())
    if isinstance(what, list):
        return all(map(_is_empty, what))
    return what == "0"


# --- steps


@dataclasses.dataclass(frozen=True, repr=False)
class Step:
    """Something that both do.

    ``places`` are the types of the contents that it puts somewhere: made, moved, copied, restored. The server
    lets nobody do this with contents of a type that he does not see.
    """

    name: str
    given: Any
    do: Callable[[Repository, str], Any]
    places: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"{self.name} {self.given!r}"


OWN = [name for name, _, _ in people.FIELDS["Gadget"]]
NAMES = [*OWN, *"Extra Spot Name Type Path Status Index Version AssignedTo DisplayName".split()]
CHAINS = "Keeper/FullName Keeper/Email Parts/Name Parts/Quantity Parts/Shape AssignedTo/FullName".split()
WRONG = ["Quantty", "Keeper/FullNam", "Nope"]
CONTENTS = ["g0", "g1", "g2", "g3", "s0", "s1", "w0", "w1", "m0", "m1", "t0", "t1"]
TYPE_OF = {"g": "Gadget", "s": "Special", "w": "Widget", "m": "Memento", "t": "Task"}
TYPES = ["Gadget", "Special", "Widget", "Memento", "Task"]
#: What is written into a cell of each field; texts with HERE name the place.
VALUES: dict[str, list[Any]] = {
    **people.EDITS,
    "Shape": [*people.EDITS["Shape"], ["new", "used"]],
    "Labels": [*people.EDITS["Labels"], ["old"]],
    "Index": [3],
    "Name": ["g3", "renamed"],
    "Spot": ["window"],
    "Extra": [7],
    "Status": ["completed"],
    "AssignedTo": [[people.ERIN], []],
    "Paint": ["red", "#112233"],
    "Home": ["<a href='x'>x</a>"],
}


def here(value: Any, place: str) -> Any:
    """Put the place into a value."""
    if isinstance(value, (list, tuple)):
        return [here(item, place) for item in value]
    if isinstance(value, dict):
        return {name: here(one, place) for name, one in value.items()}
    return value.replace("HERE", place) if isinstance(value, str) else value


@st.composite
def reads(draw: st.DrawFn) -> Step:
    """Draw a read of a list: everything that a query can say."""
    how: dict[str, Any] = {}
    if draw(st.booleans()):
        names = st.sampled_from([*NAMES, *CHAINS, *(WRONG if draw(st.integers(0, 5)) == 0 else [])])
        how["select"] = draw(st.lists(names, min_size=1, max_size=6, unique=True))
    elif draw(st.booleans()):
        how["expand"] = draw(st.sampled_from(["Keeper", "Parts", "AssignedTo"]))
    condition = draw(st.sampled_from([None, "filter", "query"]))
    words: dict[str, Any] = {}
    if condition:
        table = CONDITIONS if condition == "filter" else QUERIES
        key = draw(st.sampled_from(sorted(table)))
        how[condition], words = table[key], {condition: key}
    orders = [None, "Quantity desc, Name", "Weight, Name", "Name", "Shape, Name desc", "Quantty"]
    how["orderby"] = draw(st.sampled_from(orders if condition != "query" else orders[:1]))
    how["page_size"] = draw(st.sampled_from([2, 5, 1000]))
    how["dtype_backend"] = draw(st.sampled_from([None, None, "numpy_nullable"]))
    call = draw(st.sampled_from(["read", "read", "read_pages", "count"]))
    given = (how | words, call)
    if call == "count":
        how = {name: value for name, value in how.items() if name in ("filter", "query")}
        return Step("count", how | words, lambda repo, place: repo.count(place, **how))
    if call == "read_pages":
        return Step("pages", given, lambda repo, place: list(repo.read_pages(place, **how)))
    return Step("read", given, lambda repo, place: repo.read(place, **how))


@st.composite
def looks(draw: st.DrawFn) -> Step:
    """Draw a look at one content."""
    name = draw(st.sampled_from(CONTENTS))
    field = draw(st.sampled_from([*NAMES, "Quantty"]))
    names = draw(st.lists(st.sampled_from([*NAMES, *CHAINS]), min_size=1, max_size=4, unique=True))
    calls: dict[str, Callable[[Repository, str], Any]] = {
        "value": lambda repo, place: repo.value(f"{place}/{name}", field),
        "get": lambda repo, place: repo.get(f"{place}/{name}", select=names),
        "get expanded": lambda repo, place: repo.get(f"{place}/{name}", select=[*names, "Parts"]),
        "version": lambda repo, place: repo.get(f"{place}/{name}", select=field, version="V1.0.A"),
        "versions": lambda repo, place: repo.read(
            f"{place}/{name}", property="Versions", select=["Version", field]
        ),
        "parts": lambda repo, place: repo.read(f"{place}/{name}", property="Parts", select=["Name", field]),
        "all parts": lambda repo, place: repo.read(f"{place}/{name}", property="Parts", select=names),
        "children": lambda repo, place: repo.read(f"{place}/{name}", select=names),
        "explode": lambda repo, place: repo.read(place, select=["Name", "Parts"]).sn.explode("Parts", names),
        "put dry": lambda repo, place: _own(repo.put(f"{place}/{name}", {"DisplayName": "x"}, dry_run=True)),
        "permission": lambda repo, place: repo.call(f"{place}/{name}", "HasPermission", permissions=["Save"]),
    }
    call = draw(st.sampled_from(sorted(calls)))
    return Step(call, (name, field, names), calls[call])


def _own(frame: pd.DataFrame) -> pd.DataFrame:
    """Leave out who made a content, and when."""
    return frame[~frame["field"].str.contains(_BY_ITSELF.pattern)].reset_index(drop=True)


@st.composite
def edits(draw: st.DrawFn) -> Step:
    """Draw edits of a frame or of one content, saved and perhaps undone."""
    fields = draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=3, unique=True))
    values = {name: draw(st.sampled_from(VALUES[name])) for name in fields}
    some = draw(st.lists(st.sampled_from(CONTENTS), min_size=1, max_size=3, unique=True))
    typed, undo, skip = draw(st.booleans()), draw(st.booleans()), draw(st.booleans())
    if draw(st.integers(0, 3)) == 0:
        return Step(
            "patch",
            (some[0], values),
            lambda repo, place: repo.patch(f"{place}/{some[0]}", here(values, place)),
        )

    def edit(repo: Repository, place: str) -> Any:
        select = ["Name", *(["Type"] if typed else []), *(f for f in fields if f != "Name")]
        frame = repo.read(place, select=select, filter=F("Name").isin(some))
        for name, value in values.items():
            frame[name] = frame[name].astype(object)
            for row in frame.index:
                frame.at[row, name] = here(value, place)
        seen: list[Any] = [frame.sn.check()[["Path", "field", "problem"]], frame.sn.save(dry_run=True)]
        try:
            seen.append(frame.sn.save(on_refused="skip" if skip else "raise"))
        except sn.SaveError as error:
            seen.append(error.report)
            return [*seen, str(error)]
        if undo:
            seen.append(sn.undo(seen[-1], repo))
            seen.append(frame.sn.refresh())
        return [*seen, *(repo.get(f"{place}/{name}", select=fields) for name in some if "Name" not in fields)]

    return Step("edit", (some, values, typed, undo, skip), edit)


@st.composite
def creations(draw: st.DrawFn) -> Step:
    """Draw creations: by themselves, as rows of a frame, as uploads."""
    kind = draw(st.sampled_from([*TYPES, "Folder"]))
    name = f"new{draw(st.integers(0, 2))}"
    known = [field for field, _, _ in people.FIELDS.get(kind, [])] or ["DisplayName"]
    fields = draw(st.lists(st.sampled_from([*known, "Index"]), max_size=2, unique=True))
    values = {field: draw(st.sampled_from(VALUES[field])) for field in fields}
    calls: dict[str, Callable[[Repository, str], Any]] = {
        "create": lambda repo, place: repo.create(place, kind, name, here(values, place)),
        "append": lambda repo, place: (
            repo.read(place, select=["Name", "Type", "Path", *fields])
            .sn.append([{"Name": name, "Type": kind, **here(values, place)}])
            .sn.save(create=True)
        ),
        "append and check": lambda repo, place: (
            repo.read(place, select=["Name", "Type", *fields], top=1)
            .sn.append([{"Name": name, "Type": kind, **here(values, place)}])
            .sn.check()[["field", "problem"]]
        ),
        "upload": lambda repo, place: repo.upload(place, {f"{name}.txt": b"abc"}),
        "upload some": lambda repo, place: repo.upload(f"{place}/sub", {"a.txt": b"a", "b.txt": b"b"}),
        "download": lambda repo, place: repo.download(f"{place}/{name}.txt"),
        "download of no file": lambda repo, place: repo.download(f"{place}/g0"),
    }
    call = draw(st.sampled_from(sorted(calls)))
    places = (kind,) if call in ("create", "append", "append and check") else ()
    return Step(call, (kind, name, values), calls[call], places)


@st.composite
def ends(draw: st.DrawFn) -> Step:
    """Draw deletions, moves, copies and check-outs, perhaps undone."""
    some = draw(st.lists(st.sampled_from(CONTENTS), min_size=1, max_size=2, unique=True))
    undo = draw(st.booleans())

    def paths(place: str) -> list[str]:
        return [f"{place}/{name}" for name in some]

    def rows(repo: Repository, place: str) -> pd.DataFrame:
        frame: pd.DataFrame = repo.read(place, select="Name", filter=F("Name").isin(some))
        return frame

    calls: dict[str, Callable[[Repository, str], Any]] = {
        "delete": lambda repo, place: repo.delete(paths(place)),
        "delete for good": lambda repo, place: repo.delete(paths(place), permanent=True),
        "delete rows": lambda repo, place: rows(repo, place).sn.delete(),
        "restore": lambda repo, place: repo.restore(paths(place)),
        "move": lambda repo, place: repo.move(paths(place), f"{place}/sub"),
        "copy": lambda repo, place: repo.copy(paths(place), f"{place}/sub"),
        "check out": lambda repo, place: repo.check_out(paths(place)),
        "check in": lambda repo, place: repo.check_in(paths(place)),
        "call": lambda repo, place: rows(repo, place).sn.call("CheckOut"),
        "no call": lambda repo, place: repo.call(paths(place)[0], "NoSuchThing"),
    }
    call = draw(st.sampled_from(sorted(calls)))
    undoes = undo and call in ("delete", "move", "delete rows")

    def do(repo: Repository, place: str) -> Any:
        report = calls[call](repo, place)
        return [report, sn.undo(report, repo)] if undoes else report

    places = [TYPE_OF[name[0]] for name in some] if undoes or call in ("restore", "move", "copy") else []
    return Step(call, (some, undoes), do, tuple(places))


toggles = st.sampled_from(["Gadget", "Widget", "Memento"])
reconnects = st.just("reconnect")
STEPS = st.lists(
    st.one_of(reads(), reads(), looks(), edits(), edits(), creations(), ends(), toggles, reconnects),
    min_size=2,
    max_size=6,
)


def run(pair: Pair, steps: list[Any]) -> None:
    """Have both do the same, and compare after each step."""
    place = pair.place()
    before = set(pair.visible)
    try:
        all(_do(pair, step, place) for step in steps)
    finally:
        for name in before ^ pair.visible:
            pair.toggle(name)


def _do(pair: Pair, step: Any, place: str) -> bool:
    """Have both do a step; return whether they can go on."""
    admin, erin = pair.sides
    if step == "reconnect":
        erin.reconnect()
    elif isinstance(step, str):
        if pair.may_toggle:
            pair.toggle(step)
    elif any(pair.hides(kind) for kind in step.places):
        if len(step.places) == 1 and "delete" not in step.name:
            said = str(got(step.do, erin, place).what)
            unknown = _UNKNOWN.match(said)
            is_hers = unknown is not None and _name_in(unknown) in _COMPANYS
            is_gone = step.name == "restore" and "not in the trash" in said
            assert "allow" in said or is_gone or is_hers, said
    else:
        return agree(step, got(step.do, admin, place), got(step.do, erin, place))
    return True


HOW = settings(
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


@given(steps=STEPS)
@settings(HOW, max_examples=10)
def test_both_get_the_same(pair: Pair, steps: list[Any]) -> None:
    run(pair, steps)
