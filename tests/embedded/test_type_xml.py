"""Content types written as XML: what is written installs the same type again."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from sn_pandas.embedded.content_types import definitions, type_xml
from sn_pandas.embedded.schema import field_settings
from sn_pandas.embedded.schema.types import Types

from .client import Client, address, problem

TYPES = Types.built_in()
TYPES_PATH = "/Root/System/Schema/ContentTypes"
DEFINITION = """<ContentType name="Plain" parentType="GenericContent"
  handler="SenseNet.ContentRepository.GenericContent"
  xmlns="http://schemas.sensenet.com/SenseNet/ContentRepository/ContentTypeDefinition"><Fields/></ContentType>"""
FIELD = (*type_xml.CONFIGURED, *field_settings.FORMS, "DisplayName", "Description", "Icon", "Index",
         "Analyzer", "AllowedTypes", "SelectionRoots")  # fmt: skip
TYPE = ("DisplayName", "Icon", "AllowedChildTypes", "Categories", "AllowIncrementalNaming", "Handler",
        "AllowIndexing", "IsTransitiveForAllowedTypes")  # fmt: skip


def said(settings: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: settings[name] for name in names if settings.get(name) not in (None, [], False)}


def options(settings: Any) -> list[Any]:
    return [(o["Value"], o.get("Text", o["Value"]), o.get("Selected")) for o in settings.get("Options", ())]


@pytest.mark.parametrize("name", TYPES)
def test_a_definition_is_read_as_it_was_written(name: str) -> None:
    one = TYPES[name]
    read = definitions.parse(type_xml.definition_of(one).decode())
    assert (read["Name"], read.get("Parent")) == (name, one.parent)
    assert said(read, TYPE) == said(one.settings, TYPE)
    fields = {field["Name"]: field for field in read.get("Fields", ())}
    assert list(fields) == [field.name for field in one.own_fields]
    for field in one.own_fields:
        again = fields[field.name]
        assert again["Kind"] == field.kind
        assert said(again, FIELD) == said(field.settings, FIELD)
        assert options(again) == options(field.settings)


def download(client: Client, path: str) -> httpx.Response:
    return client.send("GET", f"/binaryhandler.ashx?nodepath={path}&propertyname=Binary")


def test_a_definition_is_downloaded_and_installed_again(client: Client) -> None:
    answer = download(client, f"{TYPES_PATH}/GenericContent/Asset")
    assert answer.headers["content-type"] == "text/xml"
    assert answer.headers["content-disposition"] == "attachment; filename=Asset.ContentType"
    shown = client.read(f"{TYPES_PATH}/GenericContent/Asset", "Binary", "&$expand=Binary")["Binary"]
    assert (shown["FileName"], shown["Text"]) == ("Asset.ContentType", answer.content.decode("utf-8-sig"))
    changed = answer.content.decode("utf-8-sig").replace('name="Code"', 'name="Mark"')
    client.upload(TYPES_PATH, "Asset", changed, ContentType="ContentType")
    client.create("/Root/Content/w", "Asset", "a", Mark="x")
    assert client.read("/Root/Content/w/a", "Mark,Code") == {"Mark": "x", "Code": None}
    assert client.count("files") == client.count("file_owners") == 0, "the earlier definition is gone"


def test_a_built_in_definition_is_downloaded(client: Client) -> None:
    answer = download(client, f"{TYPES_PATH}/GenericContent/Folder")
    assert answer.headers["content-disposition"] == "attachment; filename=Folder.ContentType"
    assert definitions.parse(answer.text)["Name"] == "Folder"


def test_a_definition_comes_back_byte_for_byte(client: Client) -> None:
    text = DEFINITION.replace("<Fields/>", "<!-- none\n\n yet -->\n<Fields ></Fields>").replace('"', "'")
    client.upload(TYPES_PATH, "Plain", text, ContentType="ContentType")
    path = f"{TYPES_PATH}/GenericContent/Plain"
    assert download(client, path).content == b"\xef\xbb\xbf" + text.encode()
    assert client.read(path, "Description") == {"Description": None}
    described = text.replace("<!--", "<Description>A plain thing</Description><!--")
    client.upload(TYPES_PATH, "Plain", described, ContentType="ContentType")
    assert download(client, path).content == b"\xef\xbb\xbf" + described.encode()
    assert client.read(path, "Description") == {"Description": "A plain thing"}


@pytest.mark.parametrize("name", ["Asset", "Folder"])
def test_a_content_type_has_no_direct_address(client: Client, name: str) -> None:
    path = f"{TYPES_PATH}/GenericContent/{name}"
    assert client.send("GET", path).status_code == 404
    assert client.send("GET", address(path)).status_code == 200


@pytest.mark.parametrize(
    ("before", "exceptiontype"),
    [
        ("<!-- who made it -->", "ContentRegistrationException"),
        ("<?xml version='1.0'?>\n<!-- who made it -->\n", "ContentRegistrationException"),
        ("\ufeff", "XmlException"),
        ("x", "XmlException"),
    ],
)
def test_what_may_not_stand_before_the_element(client: Client, before: str, exceptiontype: str) -> None:
    answer = client.upload(TYPES_PATH, "Plain", before + DEFINITION, ContentType="ContentType")
    assert problem(answer) == (500, "NotSpecified", exceptiontype)
    assert client.names(f"{TYPES_PATH}/GenericContent", "&query=Name:Plain") == []


@pytest.mark.parametrize("before", ["", "\n\n  ", "<?xml version='1.0' encoding='utf-8'?>\n"])
def test_what_may(client: Client, before: str) -> None:
    answer = client.upload(TYPES_PATH, "Plain", before + DEFINITION, ContentType="ContentType")
    assert answer.status_code == 200
