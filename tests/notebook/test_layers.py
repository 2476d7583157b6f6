"""Where the definition of a field comes from: in types and fields, explanations, and offers of Tab."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import sn_pandas as sn
from sn_pandas.frames import Repository
from sn_pandas.notebook.catalogue import Catalogue
from sn_pandas.notebook.describing import build_fields_frame, build_types_frame
from sn_pandas.notebook.explaining import explain

from ..fakes import FakeServer
from ..frames import people
from ..frames.people import PLACE


@pytest.fixture(scope="module")
def server() -> Iterator[FakeServer]:
    server = FakeServer(sample=False)
    people.fill(people.company(server), rows=2)
    yield server
    server.end()


@pytest.fixture
def erin(server: FakeServer) -> Repository:
    """An editor who does not see every type, and has just connected."""
    return server.connect(user="erin")


def test_types_and_fields_say_their_layer(erin: Repository) -> None:
    erin.read(PLACE, select="Name,Quantity", filter="isof('Gadget')")
    layers = build_types_frame(erin.schema)["layer"]
    assert layers[["Task", "Gadget", "User"]].tolist() == ["shown", "learned", "built in"]
    fields = build_fields_frame(erin.schema, ["Gadget", "User"])["layer"]
    assert fields[["Name", "Quantity", "Version", "LoginName"]].tolist() == [
        "shown",
        "learned",
        "shown",
        "built in",
    ]
    with pytest.raises(sn.QueryError, match="there is no content type"):
        build_types_frame(erin.schema, "Gadgets")


def test_everything_is_shown_to_an_administrator(server: FakeServer) -> None:
    schema = server.connect().schema
    assert set(build_fields_frame(schema, ["Gadget", "User"])["layer"]) == {"shown"}
    words = explain(PLACE, [("$select", "Quantity,Keeper/FullName")], schema)
    assert not [line for line in words.does if "may not see" in line]


def test_explanations_say_what_is_not_shown(erin: Repository) -> None:
    asked = [("$select", "Name,Quantity,Keeper/FullName"), ("$filter", "Weight gt 1m")]
    before = "\n".join(explain(PLACE, asked, erin.schema).does)
    assert (
        "sends these without checking, until the types of the rows are available: Quantity, Keeper, Weight"
        in before
    )
    assert "which you may not see: FullName" in before
    erin.read(PLACE, select="Name,Quantity", filter="isof('Gadget')")
    after = "\n".join(explain(PLACE, asked, erin.schema).does)
    assert (
        "takes the definitions from contents of types that you may not see: Quantity, Keeper, Weight" in after
    )


def test_tab_offers_the_fields_of_hidden_types(erin: Repository) -> None:
    catalogue = Catalogue(erin, seconds=60)
    try:
        assert ("g0", "Gadget") in catalogue.children(PLACE)
        assert {"Quantity", "Keeper", "Extra", "Spot"} <= set(catalogue.fields(PLACE))
    finally:
        catalogue.close()


def test_a_report_says_the_layers_of_what_it_wrote(erin: Repository) -> None:
    frame = erin.read(PLACE, select="Name,Index,Quantity", filter="Name eq 'g1'")
    frame["Index"], frame["Quantity"] = 3, 4
    report = frame.sn.save()
    assert report.layers == {"Index": "shown", "Quantity": "learned"}
