"""Content types written as XML: what is written installs the same type again."""

from __future__ import annotations

from typing import Any

import pytest

from sn_pandas.embedded.content_types import definitions, type_xml
from sn_pandas.embedded.content_types.types import Types

from .client import Client, address

TYPES = Types.built_in()
FIELD = (*type_xml.CONFIGURED, *definitions.FORMS, "DisplayName", "Description", "Icon", "Index", "Analyzer",
         "AllowedTypes", "SelectionRoots")  # fmt: skip
TYPE = ("DisplayName", "Icon", "AllowedChildTypes", "Categories", "AllowIncrementalNaming", "Handler",
        "AllowIndexing", "IsTransitiveForAllowedTypes")  # fmt: skip


def said(settings: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: settings[name] for name in names if settings.get(name) not in (None, [], False)}


def options(settings: Any) -> list[Any]:
    return [(o["Value"], o.get("Text", o["Value"]), o.get("Selected")) for o in settings.get("Options", ())]


@pytest.mark.parametrize("name", TYPES)
def test_a_definition_is_read_as_it_was_written(name: str) -> None:
    one = TYPES[name]
    read = definitions.parse(type_xml.written(one).decode())
    assert (read["Name"], read.get("Parent")) == (name, one.parent)
    assert said(read, TYPE) == said(one.settings, TYPE)
    fields = {field["Name"]: field for field in read.get("Fields", ())}
    assert list(fields) == [field.name for field in one.own_fields]
    for field in one.own_fields:
        again = fields[field.name]
        assert again["Kind"] == field.kind
        assert said(again, FIELD) == said(field.settings, FIELD)
        assert options(again) == options(field.settings)


def test_a_definition_is_downloaded_and_installed_again(client: Client) -> None:
    path = "/Root/System/Schema/ContentTypes/GenericContent/Asset"
    answer = client.send("GET", path)
    assert answer.headers["content-type"] == "text/xml"
    assert answer.headers["content-disposition"].startswith("attachment")
    shown = client.read(path, "Binary", "&$expand=Binary")["Binary"]["Text"]
    assert shown == answer.text
    changed = answer.text.replace('name="Code"', 'name="Mark"')
    client.upload("/Root/System/Schema/ContentTypes", "Asset", changed, ContentType="ContentType")
    client.create("/Root/Content/w", "Asset", "a", Mark="x")
    assert client.read("/Root/Content/w/a", "Mark,Code") == {"Mark": "x", "Code": None}
    assert client.send("GET", address(path)).status_code == 200
