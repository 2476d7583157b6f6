"""Content types that are uploaded: what is refused, what a changed definition does to what is there."""

from __future__ import annotations

import pytest

from .client import WORKSPACE, Client, address, problem

TYPES = "/Root/System/Schema/ContentTypes"
DEFINITION = """<ContentType name="{name}" parentType="{parent}"
  handler="SenseNet.ContentRepository.GenericContent"
  xmlns="http://schemas.sensenet.com/SenseNet/ContentRepository/ContentTypeDefinition">
  <Fields>{fields}</Fields>
</ContentType>"""
REGISTRATION = (500, "NotSpecified", "ContentRegistrationException")


def install(
    client: Client, name: str, fields: str = "", parent: str = "GenericContent"
) -> tuple[int, str, str]:
    definition = DEFINITION.format(name=name, parent=parent, fields=fields)
    answer = client.upload(TYPES, name, definition, ContentType="ContentType")
    return (200, "", "") if answer.status_code == 200 else problem(answer)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ('<Field name="" type="ShortText"/>', REGISTRATION),
        ('<Field type="ShortText"/>', REGISTRATION),
        ('<Field name="X" type="Nope"/>', REGISTRATION),
        ('<Field name="X" type="ShortText"/><Field name="X" type="ShortText"/>', REGISTRATION),
        ('<Field name="Index" type="ShortText"/>', REGISTRATION),
    ],
)
def test_fields_that_cannot_be(client: Client, fields: str, expected: tuple[int, str, str]) -> None:
    assert install(client, "Gadget", fields) == expected


def test_another_document_is_no_content_type(client: Client) -> None:
    answer = client.upload(TYPES, "Gadget", '<Aspect name="Gadget"/>', ContentType="ContentType")
    assert problem(answer) == REGISTRATION


def test_limits_that_are_no_numbers_say_nothing(client: Client) -> None:
    fields = "".join(
        f'<Field name="{kind}s" type="{kind}"><Configuration><{limit}>much</{limit}></Configuration></Field>'
        for kind, limit in (("Integer", "MinValue"), ("Number", "MaxValue"), ("ShortText", "MaxLength"))
    )
    assert install(client, "Gadget", fields) == (200, "", "")
    client.call(WORKSPACE, "AddAllowedChildTypes", contentTypes=["Gadget"])
    client.create(WORKSPACE, "Gadget", "g", Integers=-5, Numbers=1e9, ShortTexts="x" * 1000)


def test_a_type_with_another_parent_moves_there_with_those_below_it(client: Client) -> None:
    assert install(client, "First", '<Field name="FromFirst" type="ShortText"/>') == (200, "", "")
    assert install(client, "Gadget", '<Field name="Size2" type="Integer"/>', "First") == (200, "", "")
    assert install(client, "Small", parent="Gadget") == (200, "", "")
    client.call(WORKSPACE, "AddAllowedChildTypes", contentTypes=["Small"])
    client.create(WORKSPACE, "Small", "s", FromFirst="x", Size2=3)
    assert install(client, "Gadget", '<Field name="Size2" type="Integer"/>') == (200, "", "")
    assert client.read(f"{TYPES}/GenericContent/Gadget/Small", "Name") == {"Name": "Small"}
    assert client.names(f"{TYPES}/GenericContent/First") == []
    assert client.read(f"{WORKSPACE}/s", "FromFirst,Size2") == {"FromFirst": None, "Size2": 3}


def test_references_stay_within_the_roots_and_the_query_of_their_field(client: Client) -> None:
    fields = """
    <Field name="Boss" type="Reference"><Configuration><AllowMultiple>true</AllowMultiple>
      <Query>+TypeIs:User -Name:Visitor</Query></Configuration></Field>
    <Field name="Mate" type="Reference"><Configuration><SelectionRoot><Path>.</Path><Path>/Root/IMS</Path>
      </SelectionRoot></Configuration></Field>
    <Field name="Guest" type="Reference"><Configuration><SelectionRoot><Path>/Root/IMS</Path>
      </SelectionRoot></Configuration></Field>"""
    assert install(client, "Gadget", fields) == (200, "", "")
    client.call(WORKSPACE, "AddAllowedChildTypes", contentTypes=["Gadget"])
    client.create(WORKSPACE, "Gadget", "g", Boss=[1], Mate=1, Guest="/Root/IMS")
    client.create(f"{WORKSPACE}/g", "SystemFolder", "below")
    invalid = (400, "RequestError", "InvalidContentException")
    for refused in ({"Boss": [1, 6]}, {"Boss": [7]}, {"Guest": WORKSPACE}, {"Mate": WORKSPACE}):
        assert client.patch(f"{WORKSPACE}/g", refused) == invalid
    fine: list[dict[str, object]] = [
        {"Boss": []}, {"Boss": [1, 1, 99999]}, {"Guest": 1},
        {"Mate": f"{WORKSPACE}/g"}, {"Mate": f"{WORKSPACE}/g/below"},
    ]  # fmt: skip
    for taken in fine:
        assert client.patch(f"{WORKSPACE}/g", taken) == {"Version": "V1.0.A"}


def test_a_date_with_a_lower_limit_must_be_given(client: Client) -> None:
    fields = "".join(
        f'<Field name="{name}" type="DateTime"><Configuration>{limit}</Configuration></Field>'
        for name, limit in (
            ("Since", "<MinValue>2020-01-01</MinValue>"),
            ("Until", "<MaxValue>2030-01-01</MaxValue>"),
        )
    )
    assert install(client, "Gadget", fields) == (200, "", "")
    client.call(WORKSPACE, "AddAllowedChildTypes", contentTypes=["Gadget"])
    answer = client.send("POST", address(WORKSPACE), {"__ContentType": "Gadget", "Name": "g"})
    assert problem(answer) == (400, "RequestError", "InvalidContentException")
    client.create(WORKSPACE, "Gadget", "g", Since="2020-01-01T00:00:00Z")
