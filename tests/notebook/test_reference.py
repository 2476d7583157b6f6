"""The documentation names everything that is public."""

from __future__ import annotations

import inspect
import pathlib
import re

import pytest

import sn_pandas
from sn_pandas.frames import Repository
from sn_pandas.frames.accessor import Accessor
from sn_pandas.notebook import commands
from sn_pandas.notebook.magic import SensenetMagics
from sn_pandas.notebook.reference import page

DOCS = pathlib.Path(__file__).parents[2] / "docs"
REFERENCE = "\n".join(path.read_text(encoding="utf-8") for path in (DOCS / "reference").glob("*.md"))


@pytest.mark.parametrize("name", sn_pandas.__all__)
def test_every_public_name_is_in_the_reference_and_explains_itself(name: str) -> None:
    assert re.search(rf"auto(function|class|exception|data):: sn_pandas\.{name}\b", REFERENCE)
    assert inspect.getdoc(getattr(sn_pandas, name))


@pytest.mark.parametrize("kind", [Repository, Accessor, sn_pandas.Query])
def test_every_public_method_explains_itself(kind: type) -> None:
    for name, member in vars(kind).items():
        if not name.startswith("_") and (callable(member) or isinstance(member, (property, classmethod))):
            assert inspect.getdoc(member), f"{kind.__name__}.{name}"


def test_the_page_of_the_magic_has_every_command_and_option() -> None:
    text = page()
    for name in commands.COMMANDS:
        assert f"## %sensenet {name}" in text
    for name, trait in SensenetMagics.class_own_traits(config=True).items():
        assert f"`{name}`" in text
        assert trait.help
