"""Fields that lists and aspects add to contents."""

from __future__ import annotations

from typing import Any

import pytest

from .client import WORKSPACE, Client, address, problem

LIST = f"{WORKSPACE}/l"
ITEM = f"{LIST}/i"
DEFINITION = """<AspectDefinition xmlns="http://schemas.sensenet.com/SenseNet/ContentRepository/AspectDefinition">
<Fields><AspectField name="Text" type="ShortText"/><AspectField name="Weight" type="Integer"><Configuration>
<MinValue>2</MinValue></Configuration></AspectField></Fields></AspectDefinition>"""


@pytest.fixture
def things(client: Client) -> None:
    """Make a list with two fields and an item."""
    client.create(WORKSPACE, "CustomList", "l")
    client.call(LIST, "AddAllowedChildTypes", contentTypes=["Task", "Folder"])
    add(client, "IntegerFieldSetting", "Num", DisplayName="A number", MinValue=1, DefaultValue="5")
    add(client, "ShortTextFieldSetting", "Txt", DisplayName="A text", MaxLength=5)
    client.create(LIST, "Task", "i", **{"#Num": 3, "#Txt": "hi"})


def add(client: Client, kind: str, name: str, **settings: Any) -> Any:
    return client.create(LIST, kind, name, **settings)


@pytest.mark.usefixtures("things")
class TestListFields:
    def test_items_have_the_fields_and_others_do_not(self, client: Client) -> None:
        assert client.read(ITEM, "%23Num,%23Txt") == {"#Num": 3, "#Txt": "hi"}
        client.create(LIST, "Folder", "f")
        client.create(f"{LIST}/f", "Task", "deep", **{"#Num": 9})
        assert client.read(f"{LIST}/f/deep", "%23Num") == {"#Num": 9}
        client.create(WORKSPACE, "Task", "outside", **{"#Num": 4})
        assert client.read(f"{WORKSPACE}/outside", "%23Num") == {"#Num": None}

    def test_defaults_and_rules_apply(self, client: Client) -> None:
        client.create(LIST, "Task", "j")
        assert client.read(f"{LIST}/j", "%23Num") == {"#Num": 5}
        wrong = client.send("PATCH", address(ITEM), {"#Num": 0, "#Txt": "too long"})
        assert wrong.json()["error"]["message"]["value"].endswith("Invalid Fields: A number, A text")

    def test_they_can_be_searched_for(self, client: Client) -> None:
        assert client.names(LIST, "&$filter=%23Num gt 2") == ["i"]
        assert client.names(LIST, "&query=%23Txt:hi") == ["i"]
        assert client.names(LIST, "&$filter=%23Num gt 3") == []

    def test_a_list_shows_its_fields(self, client: Client) -> None:
        shown = client.read(LIST, "FieldSettingContents/Name", "&$expand=FieldSettingContents")
        assert shown == {"FieldSettingContents": [{"Name": "#Num"}, {"Name": "#Txt"}]}

    @pytest.mark.parametrize("name", ["Num", "#Num"])
    def test_a_field_is_changed_as_if_it_were_a_child(self, client: Client, name: str) -> None:
        changed = client.patch(f"{LIST}/{name}", {"DisplayName": "New"}, "Id,Name,DisplayName,MinValue,Icon")
        assert changed == {"Id": 0, "Name": "#Num", "DisplayName": "New", "MinValue": 1, "Icon": None}
        replaced = client.send(
            "PUT", address(f"{LIST}/{name}", "metadata=no&$select=MinValue"), {"MaxValue": 9}
        )
        assert replaced.json()["d"] == {"MinValue": None}
        for method in ("GET", "MERGE", "POST"):
            assert client.send(method, address(f"{LIST}/{name}"), {}).status_code == 404

    @pytest.mark.parametrize("name", ["Txt", "#Txt"])
    def test_a_removed_field_is_gone(self, client: Client, name: str) -> None:
        client.patch(LIST, {"Index": 3})
        assert client.send("DELETE", address(f"{LIST}/{name}")).status_code == 200
        assert client.send("DELETE", address(f"{LIST}/{name}")).status_code == 200, "it was gone before"
        assert client.read(ITEM, "%23Txt") == {"#Txt": None}
        target = f"/odata.svc{LIST}?$filter=%23Txt eq 'hi'"
        assert problem(client.send("GET", target))[0] == 400

    def test_a_written_setting_is_answered_before_the_list_is_read_again(self, client: Client) -> None:
        shown = "FieldClassName,AddToDefaultView"
        fresh = {"FieldClassName": None, "AddToDefaultView": True}
        kept = {"FieldClassName": "SenseNet.ContentRepository.Fields.NumberField", "AddToDefaultView": False}
        model = {"__ContentType": "NumberFieldSetting", "Name": "Mass"}
        target = f"metadata=no&$select={shown}"
        assert client.send("POST", address(LIST, target), model).json()["d"] == fresh
        assert client.send("PUT", address(f"{LIST}/Mass", target), {"MinValue": 2}).json()["d"] == fresh
        assert client.patch(f"{LIST}/Mass", {"MinValue": 3}, shown) == kept
        rows = client.read(LIST, "FieldSettingContents", "&$expand=FieldSettingContents")
        assert {name: rows["FieldSettingContents"][-1][name] for name in kept} == kept

    def test_a_name_is_taken_once(self, client: Client) -> None:
        again = client.send("POST", address(LIST), {"__ContentType": "IntegerFieldSetting", "Name": "Num"})
        assert again.status_code == 400

    def test_metadata_has_them(self, client: Client) -> None:
        document = client.send("GET", f"/odata.svc{LIST}/$metadata?$format=json").json()
        types = document["DataServices"]["Schemas"][0]["EntityTypes"]
        assert all("#Num" in [p["Name"] for p in one["Properties"]] for one in types)


@pytest.mark.parametrize("right", ["Open", "OpenMinor"])
def test_a_field_that_says_nothing_is_found_beside_drafts(client: Client, right: str) -> None:
    key = client.user("kim", **{right: "allow"})
    client.create(WORKSPACE, "CustomList", "l")
    client.call(LIST, "AddAllowedChildTypes", contentTypes=["Memo"])
    add(client, "IntegerFieldSetting", "Votes")
    client.create(LIST, "Memo", "none", VersioningMode=["3"])
    client.create(LIST, "Memo", "some", VersioningMode=["3"], **{"#Votes": 3})
    client.create(WORKSPACE, "Memo", "outside", VersioningMode=["3"])
    for path in (f"{LIST}/none", f"{LIST}/some", f"{WORKSPACE}/outside"):
        client.call(path, "Publish")
        client.patch(path, {"Description": "A draft"})
    drafts = ["none"] if right == "OpenMinor" else []
    for condition, names in (
        ("&query=%23Votes:0", ["none"]),
        ("&query=%23Votes:0 AND Description:draft", drafts),
        ("&$filter=%23Votes eq 0", ["none"]),
        ("&$filter=%23Votes eq 3", ["some"]),
        ("&$filter=%23Votes ne 0", ["some"]),
    ):
        assert client.names(LIST, condition, key=key) == names, condition
    old = client.names("/Root/Content", f"&query=%23Votes:0 AND InTree:{WORKSPACE} .ALLVERSIONS")
    assert set(old) == {"none"}


def test_aspects_add_fields_that_may_be_null(client: Client) -> None:
    client.create("/Root/System/Schema", "SystemFolder", "Aspects")
    client.create("/Root/System/Schema/Aspects", "Aspect", "Sum", AspectDefinition=DEFINITION)
    client.create(WORKSPACE, "Asset", "a", Aspects=["/Root/System/Schema/Aspects/Sum"])
    client.create(WORKSPACE, "Asset", "b")
    asset, fields = f"{WORKSPACE}/a", "Sum.Text,Sum.Weight"
    assert client.read(asset, fields) == {"Sum.Text": None, "Sum.Weight": None}
    assert client.patch(asset, {"Sum.Weight": 1})[2] == "InvalidContentException"
    assert client.patch(asset, {"Sum.Weight": 3}, fields) == {"Sum.Text": None, "Sum.Weight": 3}
    assert client.names(WORKSPACE, "&$filter=Sum/Weight gt 2") == ["a"]
    assert client.names(WORKSPACE, "&query=Sum.Weight:3") == ["a"]
    client.create(WORKSPACE, "Asset", "c", Aspects=["/Root/System/Schema/Aspects/Sum"])
    assert client.names(WORKSPACE, "&$filter=Sum/Weight lt 3") == ["c"], "b has no such aspect"
    assert client.names(WORKSPACE, "&$filter=Sum/Text eq null&$orderby=Name") == ["a", "c"]
    assert client.names("/Root/Content", "&query=Sum.Weight:0 .SORT:Name") == ["c"]
    rows = client.send("GET", f"/odata.svc{WORKSPACE}?metadata=no&$orderby=Name").json()["d"]["results"]
    assert ["Sum.Weight" in row for row in rows] == [True, False, True]


def test_fields_are_known_again_after_a_restart(client: Client, things: None) -> None:
    data = client.application.store.path
    client.close()
    again = Client(data)  # type: ignore[arg-type]  # a path as text
    assert again.names(LIST, "&$filter=%23Num gt 2") == ["i"]
    again.close()


def test_a_smart_folder_lists_what_its_query_finds(client: Client) -> None:
    for name in ("t1", "t2", "t3"):
        client.create(WORKSPACE, "Task", name)
    client.create(WORKSPACE, "SmartFolder", "s", Query=f"+TypeIs:Task +InTree:{WORKSPACE} .SORT:Name .TOP:2")
    smart = f"{WORKSPACE}/s"
    assert client.names(smart) == ["t1", "t2"]
    assert client.names(smart, "&$top=1&$filter=Name ne 't2'") == ["t1", "t3"]
    assert client.names(smart, "&query=TypeIs:Task") == []
    client.patch(smart, {"Query": None})
    client.create(smart, "Folder", "real")
    assert client.names(smart) == ["real"]


@pytest.mark.parametrize("text", ["Name:x* OR ", ".TOP:1 ", "{{Name:x}} ", "(", "'", "/* "])
def test_a_smart_folder_has_a_longest_query(client: Client, text: str) -> None:
    client.create(WORKSPACE, "SmartFolder", "s", Query=(text * 100_001)[:100_001])
    answer = client.send("GET", f"/odata.svc{WORKSPACE}/s")
    assert problem(answer)[::2] == (400, "ParserException")
    assert client.read(f"{WORKSPACE}/s", "Name") == {"Name": "s"}


def test_what_hides_contents_of_smart_folders(client: Client) -> None:
    client.create(WORKSPACE, "SystemFolder", "Hidden")
    client.create(WORKSPACE, "Folder", "Gone", EnableLifespan=True, ValidTill="2020-01-01T00:00:00Z")
    text = f"Name:(Hidden Gone) AND InTree:{WORKSPACE} .SORT:Name"
    client.create(WORKSPACE, "SmartFolder", "s", Query=text)

    def found(query: str, own: str, options: str = "") -> list[str]:
        client.patch(f"{WORKSPACE}/s", {"Query": f"{text} {query}", "EnableLifespanFilter": [own]})
        return client.names(f"{WORKSPACE}/s", options)

    assert found("", "0") == ["Gone", "Hidden"]
    assert found(".AUTOFILTERS:ON", "0") == ["Gone", "Hidden"], "it is forced off after the keywords"
    assert found("", "0", "&enableautofilters=true") == ["Gone"]
    assert found("", "1") == ["Hidden"]
    assert found(".LIFESPAN:ON", "0") == ["Hidden"]
    assert found(".LIFESPAN:ON", "2") == ["Gone", "Hidden"]
    assert found("", "1", "&enablelifespanfilter=true") == ["Gone", "Hidden"]
    assert found(".LIFESPAN:ON", "1", "&enablelifespanfilter=true") == ["Hidden"]
    assert found(".LIFESPAN:ON", "1", "&enablelifespanfilter=x&enableautofilters=false") == ["Gone", "Hidden"]


def test_the_keyword_holds_where_the_options_say_nothing(client: Client) -> None:
    client.create(WORKSPACE, "Folder", "Gone", EnableLifespan=True, ValidTill="2020-01-01T00:00:00Z")
    query = "&query=Name:Gone .LIFESPAN:ON"
    assert (
        client.names(WORKSPACE, query) == client.names(WORKSPACE, query + "&enablelifespanfilter=true") == []
    )
    off = "&enablelifespanfilter=true&enableautofilters=false"
    assert client.names(WORKSPACE, query + off) == ["Gone"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("Name:{{TypeIs:Task .SELECT:Name}}", ["t1", "t2"]),
        ("Path:{{Name:t1 .SELECT:Path}}", ["t1"]),
        ("Depth:{{Name:t1 .SELECT:Depth}} AND TypeIs:Task", ["t1", "t2"]),
        ("Index:{{Name:t1 .SELECT:Index}}", []),
        ("DisplayName:{{Name:t1 .SELECT:DisplayName}}", []),
        ("Id:{{TypeIs:Task .SORT:Name .TOP:1}}", ["t1"]),
    ],
)
def test_nested_queries_of_smart_folders_select_what_the_index_stores(
    client: Client, query: str, names: list[str]
) -> None:
    for name in ("t1", "t2"):
        client.create(WORKSPACE, "Task", name)
    client.create(WORKSPACE, "SmartFolder", "s", Query=f"+({query}) +InTree:{WORKSPACE}")
    assert client.names(f"{WORKSPACE}/s", "&$orderby=Name") == names


def test_a_field_with_a_sign_that_no_definition_holds_is_refused(client: Client) -> None:
    client.create(WORKSPACE, "CustomList", "l")
    model = {"__ContentType": "IntegerFieldSetting", "Name": "Num", "Description": "a\x00b"}
    answer = client.send("POST", address(LIST), model)
    assert problem(answer) == (500, "NotSpecified", "ArgumentException")
    add(client, "IntegerFieldSetting", "Num", Description="a b")


def test_lists_have_options_and_a_precision_of_their_own(client: Client) -> None:
    field = '<ContentListField name="#{0}" type="{1}"><Configuration>{2}</Configuration></ContentListField>'
    lists = {"a": ("Minute", "new"), "b": ("Second", "used")}
    for name, (precision, option) in lists.items():
        fields = field.format("When", "DateTime", f"<Precision>{precision}</Precision>")
        option = f'<Options><Option value="{option}">{option}!</Option></Options>'
        fields += field.format("State", "Choice", option)
        definition = f"<ContentListDefinition><Fields>{fields}</Fields></ContentListDefinition>"
        client.create(WORKSPACE, "CustomList", name, ContentListDefinition=definition)
        client.create(
            f"{WORKSPACE}/{name}",
            "ListItem",
            f"i{name}",
            **{"#When": "2026-01-31T12:30:15Z", "#State": [lists[name][1]]},
        )
    assert client.names(f"{WORKSPACE}/b", "&$filter=%23State eq '$used'") == ["ib"]
    assert client.names(WORKSPACE, "&query=%23State:$used") == ["ib"]
    for condition, name in (("12:30:15", "b"), ("12:30:00", "a")):
        found = client.names(WORKSPACE, f"&query=%23When:'2026-01-31 {condition}'")
        assert found == [f"i{name}"]
