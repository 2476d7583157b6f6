"""The documentation names everything that is public."""

from __future__ import annotations

import inspect
import pathlib
import re

import pytest
from sphinx.ext.napoleon import Config, NumpyDocstring

import sn_pandas
from sn_pandas import testing
from sn_pandas.frames import Repository
from sn_pandas.frames.accessor.accessor import Accessor
from sn_pandas.notebook import commands
from sn_pandas.notebook.magic import SensenetMagics
from sn_pandas.notebook.reference import build_page
from sn_pandas.odata import errors

DOCS = pathlib.Path(__file__).parents[2] / "docs"
REFERENCE = "\n".join(path.read_text(encoding="utf-8") for path in (DOCS / "reference").glob("*.md"))


@pytest.mark.parametrize("name", sn_pandas.__all__)
def test_every_public_name_is_in_the_reference_and_explains_itself(name: str) -> None:
    assert re.search(rf"auto(function|class|exception|data):: sn_pandas\.{name}\b", REFERENCE)
    assert inspect.getdoc(getattr(sn_pandas, name))


def test_every_error_stands_in_the_tree_that_the_reference_shows() -> None:
    found = {
        n for n, e in vars(errors).items() if isinstance(e, type) and issubclass(e, errors.SensenetError)
    }
    assert found <= set(re.findall(r"\w+", errors.__doc__ or ""))


def test_the_reference_names_only_public_paths() -> None:
    named = re.findall(r"auto\w+:: ([\w.]+)", REFERENCE)
    public = {f"{module.__name__}.{name}" for module in (sn_pandas, testing) for name in module.__all__}
    assert set(named) <= public


@pytest.mark.parametrize("kind", [Repository, Accessor, sn_pandas.Query])
def test_every_public_method_explains_itself(kind: type) -> None:
    for name, member in vars(kind).items():
        if not name.startswith("_") and (callable(member) or isinstance(member, (property, classmethod))):
            assert inspect.getdoc(member), f"{kind.__name__}.{name}"


def test_the_page_of_the_magic_has_every_command_and_option() -> None:
    text = build_page()
    for name in commands.COMMANDS:
        assert f"## %sensenet {name}" in text
    options = SensenetMagics.class_traits(config=True)
    assert {"limit", "caption"} <= set(options)
    for name, trait in options.items():
        assert f"`{name}` (default" in text
        assert trait.help


def documented() -> list[tuple[str, object]]:
    kinds = (Repository, Accessor, sn_pandas.Query, sn_pandas.Report)
    methods = [
        (f"{kind.__name__}.{name}", member)
        for kind in kinds
        for name, member in inspect.getmembers(kind, callable)
        if not name.startswith("_")
    ]
    functions = [(name, getattr(sn_pandas, name)) for name in sn_pandas.__all__]
    return [*methods, *((name, member) for name, member in functions if inspect.isfunction(member))]


@pytest.mark.parametrize(("name", "member"), [pytest.param(*one, id=one[0]) for one in documented()])
def test_what_the_reference_calls_parameters_are_parameters(name: str, member: object) -> None:
    text = str(NumpyDocstring(inspect.getdoc(member) or "", Config(napoleon_use_rtype=False)))
    known = {p.lstrip("*") for p in inspect.signature(member).parameters}  # type: ignore[arg-type]  # a callable
    named = {p.lstrip("\\*") for p in re.findall(r"^:param ([^:]+):", text, re.MULTILINE)}
    assert named <= known
