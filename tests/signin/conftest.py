"""Repositories with authorities, a keyring in a file, and somebody who answers questions."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keyring
import pytest

from ..embedded.authorities import World
from .hushed import hushed
from .keyrings import VARIABLE, FileKeyring

__all__ = ["hushed"]

MakeWorld = Callable[..., World]


@pytest.fixture
def make_world() -> Iterator[MakeWorld]:
    worlds: list[World] = []

    def make(**options: Any) -> World:
        worlds.append(World(**options))
        return worlds[-1]

    yield make
    for world in worlds:
        world.close()


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FileKeyring]:
    """Yield a keyring for the test, empty at first."""
    before = keyring.get_keyring()
    monkeypatch.setenv(VARIABLE, str(tmp_path / "keyring.json"))
    found = FileKeyring()
    keyring.set_keyring(found)
    yield found
    keyring.set_keyring(before)


class Person:
    """Who sits at the keyboard: answers questions in order, and remembers them."""

    def __init__(self) -> None:
        self.answers: list[str] = []
        self.asked: list[str] = []

    def answer(self, question: str = "") -> str:
        self.asked.append(question)
        if not self.answers:
            raise EOFError
        return self.answers.pop(0)


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> Person:
    person = Person()
    monkeypatch.setattr("builtins.input", person.answer)
    monkeypatch.setattr(getpass, "getpass", person.answer)
    return person
