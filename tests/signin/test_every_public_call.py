"""The table of public calls is complete, so that a new one is tried with answers to the Visitor, too."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

import sn_pandas as sn
from sn_pandas.frames import Repository
from sn_pandas.frames.accessor.accessor import Accessor
from tests.fakes import FakeServer

from . import calls

#: How the calls name a repository.
_REPOSITORY = ("r", "repo")


def public() -> set[str]:
    """Return all public calls of a repository and of the frames read from it."""
    classes = (Repository, Accessor)
    return {f"{c.__name__}.{name}" for c in classes for name in dir(c) if not name.startswith("_")}


def called() -> set[str]:
    """Return the public calls that the table makes, as its source names them."""
    found = set()
    for node in ast.walk(ast.parse(Path(calls.__file__).read_text())):
        match node:
            case ast.Attribute(value=ast.Attribute(attr="sn"), attr=name):
                found.add(f"Accessor.{name}")
            case ast.Attribute(value=ast.Name(id=of), attr=name) if of in _REPOSITORY:
                found.add(f"Repository.{name}")
    return found


def test_each_public_call_is_in_the_table_or_sends_nothing() -> None:
    missing = public() - called() - calls.SENDS_NOTHING.keys()
    assert not missing, "add them to CALLS, or to SENDS_NOTHING with the reason"


def test_the_table_names_nothing_that_is_gone() -> None:
    assert called() | calls.SENDS_NOTHING.keys() <= public() | {"Repository.client"}


def test_what_sends_nothing_sends_nothing(fake: Callable[..., FakeServer], tmp_path: Path) -> None:
    server = fake()
    repo = server.connect()
    query = repo.query("/Root/Content/IT/Tasks", select="Name")
    frame = repo.read(query)
    frame["Name"] += "x"
    before = len(server.log)
    accessor = frame.sn
    doings: dict[str, Callable[[], object]] = {
        "Accessor.append": lambda: accessor.append({"Name": ["new"]}),
        "Accessor.baseline": lambda: accessor.baseline,
        "Accessor.changes": lambda: accessor.changes(),
        "Accessor.plot": lambda: accessor.plot,
        "Accessor.to_parquet": lambda: accessor.to_parquet(tmp_path / "rows.parquet"),
        "Accessor.upsert": lambda: accessor.upsert({"Name": ["T001x", "new"]}),
        "Accessor.revert": lambda: accessor.revert(),
        "Repository.remember_types": lambda: repo.remember_types(query, frozenset({"User"})),
        "Repository.types_met": lambda: repo.types_met(query),
        "Repository.sign_out": lambda: repo.sign_out(),
        "Repository.close": lambda: repo.close(),
    }
    assert doings.keys() == calls.SENDS_NOTHING.keys()
    for do in doings.values():
        do()
    assert len(server.log) == before
    with pytest.raises(sn.SensenetError, match="signed out"):
        repo.count("/Root/Content")
