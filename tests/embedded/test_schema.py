"""GetSchema and ``$metadata``: what they say of a type that was installed."""

from __future__ import annotations

import re
from typing import Any

import pytest

from .client import WORKSPACE, Client, address

Json = Any

ZOO = """<ContentType name="Zoo" parentType="GenericContent"
  handler="SenseNet.ContentRepository.GenericContent"
  xmlns="http://schemas.sensenet.com/SenseNet/ContentRepository/ContentTypeDefinition">
  <Fields>
    <Field name="Sign" type="ShortText"><Configuration>
      <OutputMethod>Html</OutputMethod></Configuration></Field>
    <Field name="Steps" type="Integer"><Configuration>
      <MaxValue>9</MaxValue><Step>2</Step></Configuration></Field>
    <Field name="Open" type="Choice"/>
    <Field name="Kinds" type="Choice"><Configuration><AllowMultiple>true</AllowMultiple><Options>
      <Option value="a">$Nope,Title</Option></Options></Configuration></Field>
    <Field name="Guide" type="Reference"><Configuration><Query>TypeIs:User</Query></Configuration></Field>
    <Field name="Fee" type="Currency"><Configuration><Format>de-DE</Format></Configuration></Field>
  </Fields>
</ContentType>"""


@pytest.fixture
def zoo(client: Client) -> Client:
    answer = client.upload("/Root/System/Schema/ContentTypes", "Zoo", ZOO, ContentType="ContentType")
    assert answer.status_code == 200, answer.text
    return client


def test_settings_of_fields(zoo: Client) -> None:
    answer = zoo.send("GET", "/odata.svc/('Root')/GetSchema?contentTypeName=Zoo")
    fields = {field["Name"]: field for field in answer.json()[0]["FieldSettings"]}
    assert fields["Sign"]["OutputMethod"] == 3
    assert re.search(r'"MaxValue":9,"Step":2\.0', answer.text)
    assert fields["Open"]["Options"] == []
    option = fields["Kinds"]["Options"][0]
    assert (option["Value"], option["Text"], option["StoredText"]) == ("a", "Nopeen-USTitle", "$Nope,Title")
    query = fields["Guide"]["Query"]
    assert (query["Text"], query["IsSafe"]) == ("TypeIs:User", True)
    assert query["Settings"]["Top"] == query["Settings"]["EnableAutofilters"] == 0
    symbols = [fields["Fee"][name] for name in ("CurrencySymbol", "CurrencyName", "CurrencyNativeName")]
    assert symbols == ["€", "EUR", "Euro"]


def test_enumerations_of_the_metadata(zoo: Client) -> None:
    xml = zoo.send("GET", "/odata.svc/$metadata").text
    found = dict(re.findall(r'<EnumType Name="([^"]+)" ([^>]*)>', xml))
    assert found["Zoo.Open"] == 'UnderlyingType="Edm.String" IsFlags="false"'
    assert found["Zoo.Kinds"] == 'UnderlyingType="Edm.String" IsFlags="true"'
    assert found["GenericContent.VersioningMode"] == 'UnderlyingType="Edm.Int32" IsFlags="false"'


def test_fields_of_a_list_show_on_the_list_itself_and_on_its_items(zoo: Client) -> None:
    definition = (
        "<ContentListDefinition xmlns='http://schemas.sensenet.com/SenseNet/ContentRepository/ContentListDefinition'>"
        "<Fields><ContentListField name='#Num' type='Integer'/></Fields></ContentListDefinition>"
    )
    zoo.create(WORKSPACE, "CustomList", "list", ContentListDefinition=definition)
    zoo.create(f"{WORKSPACE}/list", "ListItem", "item")
    for path in (f"{WORKSPACE}/list", f"{WORKSPACE}/list/item"):
        document = zoo.send("GET", f"{address(path)}/$metadata?$format=json").json()
        entity = document["DataServices"]["Schemas"][0]["EntityTypes"][0]
        assert [p["Type"] for p in entity["Properties"] if p["Name"] == "#Num"] == ["Edm.Int32"]
