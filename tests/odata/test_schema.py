"""The layers of the schema: shown, learned from contents, built in, and the shape of values; each alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from sn_pandas.embedded import Application
from sn_pandas.odata.errors import AnswerError
from sn_pandas.odata.schema import Field, Schema
from sn_pandas.odata.type_documents import TypeDescription, read_metadata, read_values

METADATA = """<?xml version="1.0" encoding="utf-8" standalone="yes"?>
<edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx">
  <edmx:DataServices xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata" m:DataServiceVersion="3.0">
    <Schema Namespace="SenseNet.OData" xmlns="http://schemas.microsoft.com/ado/2007/05/edm">
      <EntityType Name="Gadget" BaseType="GenericContent">
        <Key><PropertyRef Name="Id"/></Key>
        <Property Name="Code" Type="Edm.String" FieldType="ShortText" Nullable="false" MaxLength="20"/>
        <Property Name="Quantity" Type="Edm.Int32" FieldType="Integer" Nullable="true"/>
        <Property Name="Shape" Type="Gadget.Shape" FieldType="Choice" Nullable="true"/>
        <Property Name="Labels" Type="Gadget.Labels" FieldType="Choice" Nullable="true"/>
        <Property Name="Path" Type="Edm.String" FieldType="ShortText" Nullable="true"/>
        <Property Name="#Price" Type="Edm.Decimal" FieldType="Number" Nullable="true"/>
        <NavigationProperty Name="Keeper" Relationship="Gadget_Keeper" FromRole="Gadget_Keeper_From" ToRole="Gadget_Keeper_To"/>
        <NavigationProperty Name="Parts" Relationship="Gadget_Parts" FromRole="Gadget_Parts_From" ToRole="Gadget_Parts_To"/>
      </EntityType>
      <EnumType Name="Gadget.Shape" UnderlyingType="Edm.String" IsFlags="false">
        <Member Name="New one" Value="new"/><Member Name="Used" Value="used"/>
      </EnumType>
      <EnumType Name="Gadget.Labels" UnderlyingType="Edm.String" IsFlags="true"><Member Name="Red" Value="red"/></EnumType>
      <Association Name="Gadget_Keeper">
        <End Type="Gadget" Role="Gadget_Keeper_From" Multiplicity="1"/>
        <End Type="User" Role="Gadget_Keeper_To" Multiplicity="0..1"/>
      </Association>
      <Association Name="Gadget_Parts">
        <End Type="Gadget" Role="Gadget_Parts_From" Multiplicity="1"/>
        <End Type="GenericContent" Role="Gadget_Parts_To" Multiplicity="*"/>
      </Association>
      <EntityContainer Name="SenseNet_Entities">
        <AssociationSet Name="Gadget_Keeper" Association="SenseNet.OData.Gadget_Keeper">
          <End Role="Gadget_Keeper_To" EntitySet="User"/>
        </AssociationSet>
      </EntityContainer>
    </Schema>
  </edmx:DataServices>
</edmx:Edmx>"""  # noqa: E501 - as the server writes it


@pytest.fixture(scope="module")
def answer() -> list[dict[str, Any]]:
    """What ``GetSchema`` answers an administrator."""
    application = Application(sample=False)
    carrier = httpx.WSGITransport(app=application)
    with httpx.Client(transport=carrier, base_url="http://repo.example") as client:
        answer = client.get("/odata.svc/('Root')/GetSchema", headers={"apikey": application.api_key})
    found: list[dict[str, Any]] = answer.json()
    return found


def shown_without(answer: list[dict[str, Any]], *hidden: str) -> list[dict[str, Any]]:
    return [raw for raw in answer if raw["ContentTypeName"] not in hidden]


def alike(fields: Mapping[str, Field]) -> list[Field]:
    """Return fields, whichever layer they come from."""
    return [dataclasses.replace(f, layer="shown", untold=frozenset()) for f in fields.values()]


def test_metadata_of_a_content_describes_its_type() -> None:
    told = read_metadata(METADATA)
    fields = told.fields
    assert (told.name, told.parent, told.layer) == ("Gadget", "GenericContent", "learned")
    assert (fields["Code"].type, fields["Code"].compulsory, fields["Code"].limits) == (
        "ShortText",
        True,
        {"MaxLength": 20},
    )
    assert [(o.value, o.text) for o in fields["Shape"].options] == [("new", "New one"), ("used", "Used")]
    assert [fields[n].multiple for n in ("Shape", "Labels", "Keeper", "Parts")] == [False, True, False, True]
    assert [fields[n].type for n in ("Keeper", "Parts")] == ["Reference", "Reference"]
    assert fields["Keeper"].limits == {"AllowedTypes": ["User"]}
    assert "#Price" not in fields, "it is the list's"
    assert all("ReadOnly" in field.untold for field in fields.values())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html><body>Log in",
        "<html></html>",
        METADATA.replace("</EntityType>", "</EntityType><EntityType Name='Other'/>", 1),
        '<!DOCTYPE x [<!ENTITY a "aaaa">]>' + METADATA.partition("?>")[2],
    ],
    ids=["empty", "broken page", "page", "metadata of the service", "entities"],
)
def test_other_documents_are_no_description(text: str) -> None:
    with pytest.raises(AnswerError):
        read_metadata(text)


def test_the_built_in_layer_says_what_getschema_says(answer: list[dict[str, Any]]) -> None:
    shown, built_in = Schema(answer), Schema([])
    assert len(built_in.shown) == 0
    for name in shown.shown:
        assert alike(shown[name].fields) == alike(built_in[name].fields), name
        assert built_in[name].layer == "built in"
        mine, its = shown[name], built_in[name]
        assert (mine.display_name, mine.description) == (its.display_name, its.description)
        assert set(mine.allowed_child_types) == set(its.allowed_child_types)
        assert list(shown.bases(name)) == list(built_in.bases(name))


def test_a_type_that_is_not_shown_is_built_in_and_its_fields_say_so(answer: list[dict[str, Any]]) -> None:
    schema = Schema(shown_without(answer, "User"))
    assert "User" in schema
    assert "User" not in schema.shown
    assert schema.is_partial
    assert not schema.is_complete("User")
    assert schema.is_complete("Task")
    assert schema["User"]["LoginName"].layer == "built in"
    assert schema["User"]["Version"].layer == "shown", "it is inherited from a type that is shown"
    assert schema.fields["LoginName"].type == "ShortText"
    assert repr(schema) == "<Schema of 58 content types and 18 that you may not see>"


def test_a_hidden_type_is_described_once_and_by_its_contents_only(answer: list[dict[str, Any]]) -> None:
    asked: list[int | str] = []

    def describe(place: int | str) -> TypeDescription | None:
        asked.append(place)
        return read_metadata(METADATA)

    schema = Schema(answer, describe)
    assert "Gadget" not in schema
    assert "Quantity" not in schema.fields
    for content in (12, 13):
        learned = schema.learn("Gadget", content)
        assert learned is not None
        assert learned["Quantity"].type == "Integer"
        assert schema.learn("Nothing", content) is None
        assert schema.learn("Task", content) is schema["Task"], "it is shown"
    assert asked == [12, 12, 13], "once, and another content where one is of another type by now"
    assert schema["Gadget"]["Path"] is schema["GenericContent"]["Path"], "the shown layer knows it better"
    assert schema["Gadget"]["Rate"].layer == "shown", "no metadata name it"
    assert schema["Gadget"].own == ("Code", "Quantity", "Shape", "Labels", "Keeper", "Parts")
    assert list(schema.bases("Gadget")) == ["Gadget", "GenericContent"]
    assert schema.fields["Quantity"].layer == "learned"


def test_a_learned_type_is_built_in_as_far_as_metadata_say_nothing(answer: list[dict[str, Any]]) -> None:
    login_name = 'Name="LoginName" Type="Edm.String" FieldType="ShortText"'
    text = METADATA.replace('Name="Gadget"', 'Name="User"')
    text = text.replace('Name="Quantity" Type="Edm.Int32" FieldType="Integer"', login_name)
    schema = Schema(shown_without(answer, "User"), lambda place: read_metadata(text))
    built_in = schema["User"]["LoginName"]
    learned = schema.learn("User", 1)
    assert learned is not None
    assert learned.layer == "learned"
    assert "Shape" in learned.fields
    login = learned["LoginName"]
    assert (login.description, login.untold) == (built_in.description, frozenset())
    assert built_in.compulsory
    assert not login.compulsory, "the content knows better"


def test_values_of_a_content_are_the_last_layer() -> None:
    told = read_values(
        {
            "Type": "Gadget", "Quantity": 5, "Weight": 0.5, "InUse": False, "Code": "", "Shape": ["new"],
            "BoughtOn": "2026-01-01T00:00:00Z", "Never": "0001-01-01T00:00:00", "Notes": None, "File": {},
            "Keeper": {"__deferred": {"uri": "x"}}, "#Price": 1.0, "__metadata": {},
        }
    )  # fmt: skip
    assert {name: field.type for name, field in told.fields.items()} == {
        "Type": "ShortText", "Quantity": "Integer", "Weight": "Number", "InUse": "Boolean",
        "Code": "ShortText", "Shape": "Choice", "BoughtOn": "DateTime", "Never": "DateTime",
        "Notes": "Object", "File": "Object", "Keeper": "Reference",
    }  # fmt: skip
    assert {field.layer for field in told.fields.values()} == {"values"}
    schema = Schema([], lambda place: told)
    learned = schema.learn("Gadget", 1)
    assert learned is not None
    assert learned["Quantity"].layer == "values"
    assert learned["Version"].layer == "built in"


def test_a_shown_type_below_a_hidden_one_is_completed_by_a_content(answer: list[dict[str, Any]]) -> None:
    field = {"Name": "Extra", "FieldClassName": "SenseNet.ContentRepository.Fields.IntegerField"}
    below = {"ContentTypeName": "Special", "ParentTypeName": "Gadget", "FieldSettings": [field]}
    text = METADATA.replace('Name="Gadget" BaseType="GenericContent"', 'Name="Special" BaseType="Gadget"')
    schema = Schema([*answer, below], lambda place: read_metadata(text))
    assert schema.is_partial
    assert not schema.is_complete("Special")
    assert {"Extra", "Path"} <= set(schema["Special"].fields)
    assert list(schema.bases("Special")) == ["Special", "Gadget", "GenericContent"]
    learned = schema.learn("Special", 1)
    assert learned is not None
    assert schema.is_complete("Special")
    assert {"Extra", "Path", "Quantity"} <= set(learned.fields)


def test_joined_fields_do_not_depend_on_the_order_of_types_nor_on_hashes() -> None:
    names = ["Ann", "Bob", "Cat", "Dan", "Eve", "Fay"]
    shape = {"Name": "Shape", "FieldClassName": "x.ChoiceField"}
    for order in (names, names[::-1], names[3:] + names[:3]):
        raw = [{"ContentTypeName": n, "FieldSettings": [{**shape, "Options": [{"Value": n}]}]} for n in order]
        for types in ([], order, names):
            field = Schema(raw).field("Shape", types)
            assert field is not None
            assert [option.value for option in field.options] == names


def test_what_was_learned_of_other_types_does_not_change_a_field(answer: list[dict[str, Any]]) -> None:
    text = METADATA.replace('Name="Quantity"', 'Name="Status"')
    schema = Schema(answer, lambda place: read_metadata(text))
    before = schema.field("Status")
    schema.learn("Gadget", 1)
    assert schema.field("Status") == before, "a query that meets no such row keeps its dtypes"
    among = schema.field("Status", rows=["Gadget"])
    assert among is not None
    assert among.type == "Object", "a choice and an integer"
    only = schema.field("Shape")
    assert only is not None
    assert only.type == "Choice", "nobody else has it"
