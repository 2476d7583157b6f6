"""The page that says what of a server the embedded repository has: nothing is left out, nothing made up."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from sn_pandas.embedded import coverage
from sn_pandas.embedded.fields import KINDS
from sn_pandas.embedded.operations import REGISTRY
from sn_pandas.embedded.schema.types import Types
from sn_pandas.embedded.wire import options

PAGE = coverage.page()
STATES = {"exact", "partial", "absent"}


def rows(heading: str) -> list[list[str]]:
    section = re.search(rf"^##+ {heading}[^\n]*\n(.*?)(?=^##|\Z)", PAGE, re.M | re.S)
    assert section is not None
    lines = [line for line in section[1].splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_every_operation_is_listed_with_its_state() -> None:
    registered = sorted(one.op_id for group in REGISTRY.values() for one in group)
    listed = rows("Operations")
    assert sorted(row[0].strip("`") for row in listed) == registered
    assert {row[2].strip("*") for row in listed} == {"exact", "partial"}
    assert all(row[3] for row in listed)  # what it does, or what differs


def test_what_needs_a_missing_service_is_partial() -> None:
    states = {row[0].strip("`").partition("(")[0]: row[2] for row in rows("Operations")}
    assert (
        states["GetWopiData"] == states["CheckPreviews"] == states["SendChangePasswordMail"] == "**partial**"
    )
    assert states["CheckOut"] == states["Upload"] == states["SetPermissions"] == "**exact**"


def test_absent_operations_have_a_reason_and_are_not_there() -> None:
    listed = rows("Absent operations")
    assert listed
    for name, state, why in listed:
        assert name.strip("`").lower() not in REGISTRY
        assert (state, bool(why)) == ("**absent**", True)


@pytest.mark.parametrize("name", options.OPTIONS)
def test_every_listed_option_is_read(name: str) -> None:
    field, example, _ = options.OPTIONS[name]
    types = Types.built_in()
    read = options.parse(f"{name}={example}", types)
    assert getattr(read, field) != getattr(options.parse("", types), field)
    assert f"`{name}={example}`" in PAGE


def test_every_option_that_is_read_is_listed() -> None:
    read = {one.name for one in fields(options.Options)}
    listed = {field for field, _, _ in options.OPTIONS.values()}
    assert read - listed == {"parameters", "pairs", "host", "all_rich_text"}


def test_every_field_type_is_listed() -> None:
    listed = {row[0].strip("`"): row[1].strip("*") for row in rows("Field types")}
    assert set(listed) == set(KINDS)
    assert {field.kind for kind in Types.built_in().values() for field in kind.fields.values()} <= set(listed)
    assert set(listed.values()) <= STATES
    assert (listed["Integer"], listed["Rating"]) == ("exact", "partial")
