"""What is read: lists of actions, formats, versions, exports, raw values."""

from __future__ import annotations

from typing import Any

import pytest

from sn_pandas.embedded.fields.texts import color_parts
from sn_pandas.embedded.schema.types import Types
from sn_pandas.embedded.wire import options

from .client import WORKSPACE, Client, address, problem

Json = Any
TASKS = f"/odata.svc{WORKSPACE}/Tasks"
TASK = f"{TASKS}('t')"


@pytest.fixture
def tasks(client: Client) -> Client:
    client.create(WORKSPACE, "TaskList", "Tasks")
    client.create(f"{WORKSPACE}/Tasks", "Task", "t", DisplayName="Tea")
    return client


def rows(client: Client, target: str, key: str | None = None) -> Json:
    answer = client.send("GET", target, headers={} if key is None else {"apikey": key})
    assert answer.status_code == 200, answer.text
    return answer.json()["d"]


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ("$filter=Name eq 'Ancestors'", ["Ancestors"]),
        ("$filter=Name eq 'ancestors'", []),
        ("$filter=startswith(Name,'MoveT')", ["MoveTo"]),
        ("$filter=Name eq 'CopyTo' or Name eq 'Edit'&$orderby=Name desc&$skip=1&$top=5", ["CopyTo"]),
    ],
)
def test_actions_are_filtered_in_memory(tasks: Client, options: str, names: list[str]) -> None:
    found = rows(tasks, f"{TASK}/Actions?metadata=no&$select=Name&{options}")
    kept = [one["Name"] for one in found["results"]]
    assert (found["__count"], kept) == (len(names), names)


def test_the_total_of_actions_counts_what_the_filter_removes(tasks: Client) -> None:
    everything = rows(tasks, f"{TASK}/Actions?metadata=no&$select=Name")["__count"]
    found = rows(tasks, f"{TASK}/Actions?$select=Name&$filter=Name eq 'Share'&$inlinecount=allpages")
    assert (found["__count"], len(found["results"])) == (everything, 1)


def test_keys_of_actions(tasks: Client) -> None:
    item = rows(tasks, f"{TASK}/Actions?metadata=no&$top=1&$expand=Name")["results"][0]
    assert list(item)[-3:] == ["Actions", "Children", "IsFile"]
    assert item["Children"] == {"__deferred": {"uri": "/odata.svc/Root('xxx')/Children"}}
    item = rows(tasks, f"{TASK}/Actions?metadata=minimal&$top=1&$select=Nope,Name")["results"][0]
    assert list(item) == ["__metadata", "Nope", "Name"]
    assert item["Nope"] is None


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ("$filter=Nope eq 1", (400, "RequestError", "InvalidOperationException")),
        ("$orderby=Nope", (500, "NotSpecified", "InvalidOperationException")),
        ("$orderby=ActionParameters", (500, "NotSpecified", "InvalidOperationException")),
        ("$select=Name/X", (400, "InvalidSelectParameter", "ODataException")),
    ],
)
def test_options_that_actions_refuse(tasks: Client, options: str, error: tuple[int, str, str]) -> None:
    assert problem(tasks.send("GET", f"{TASK}/Actions?{options}")) == error


@pytest.mark.parametrize(
    "path", ["", "/DisplayName", "/Actions", "/Ancestors", "/AssignedTo", "/CreatedBy", "/GetPermissions"]
)
def test_formats_that_are_refused(tasks: Client, path: str) -> None:
    assert problem(tasks.send("GET", f"{TASK}{path}?$format=xml")) == (500, "", "")
    refused = tasks.send("GET", f"{TASK}{path}?$format=typescript")
    assert problem(refused) == (500, "NotSpecified", "SnNotSupportedException")


@pytest.mark.parametrize("option", ["xml", "typescript", "table", "export"])
def test_raw_text_has_no_format(tasks: Client, option: str) -> None:
    assert tasks.send("GET", f"{TASK}/DisplayName/$value?$format={option}").text == "Tea"
    assert tasks.send("GET", f"{TASKS}/$count?$format={option}").text == "1"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "target", [TASK, TASKS, f"{TASKS}/$count", f"{TASK}/DisplayName", f"{TASK}/Children"]
)
def test_a_version_must_exist(tasks: Client, method: str, target: str) -> None:
    for version, status in (("1.0", 200), ("LastMajor", 200), ("nonsense", 200), ("7.0", 404)):
        assert tasks.send(method, f"{target}?metadata=no&version={version}").status_code == status
    assert tasks.send("PATCH", f"{TASK}?metadata=no&version=7.0", {"Index": 3}).status_code == 200


def test_exports_name_references_by_path(tasks: Client) -> None:
    tasks.user("u")
    tasks.patch(f"{WORKSPACE}/Tasks/t", {"AssignedTo": ["/Root/IMS/Public/u"]})
    fields = rows(tasks, f"{TASK}?$format=export")["Fields"]
    assert fields["AssignedTo"] == ["/Root/IMS/Public/u"]
    assert fields["CreatedBy"] == "/Root/IMS/BuiltIn/Portal/Admin"
    assert fields["CheckedOutTo"] is None
    assert "__deferred" not in str(fields)
    assert fields.keys().isdisjoint(("InTree", "Icon", "SavingState", "Actions", "Children", "IsFile"))
    chosen = rows(tasks, f"{TASK}?$format=export&$select=Index,Nope,Name&$expand=CreatedBy")
    assert chosen["Fields"] == {"Index": 0, "Name": "t"}
    user = rows(tasks, f"{address('/Root/IMS/Public/u')}?$format=export&$select=Password")
    assert list(user["Fields"]["Password"]) == ["Hash"]


def test_raw_dates_have_years_of_four_digits(tasks: Client) -> None:
    assert tasks.send("GET", f"{TASK}/DueDate/$value").text == "1/1/0001 12:00:00\u202fAM"


@pytest.mark.parametrize("rights", [{"See": "allow"}, {"See": "allow", "Preview": "allow"}])
def test_bytes_need_open_also_when_they_are_expanded(tasks: Client, rights: dict[str, str]) -> None:
    tasks.create(WORKSPACE, "DocumentLibrary", "Files")
    tasks.upload(f"{WORKSPACE}/Files", "secret.txt", "secret")
    key = {"apikey": tasks.user("reader", **rights)}
    target = f"/odata.svc{WORKSPACE}/Files('secret.txt')?metadata=no&$expand=Binary"
    for select in ("", "&$select=Binary", "&$select=Binary/Text"):
        answer = tasks.send("GET", target + select, headers=key)
        assert answer.json()["d"]["Binary"] is None
    mine = tasks.send("GET", f"{target}&$select=Binary/Text")
    assert mine.json()["d"] == {"Binary": {"Text": "secret"}}


def test_somebody_is_shown_whole_in_place_of_an_invisible_user(tasks: Client) -> None:
    key = {"apikey": tasks.user("reader", See="allow", Open="allow")}
    target = f"{TASK}?metadata=no&$expand=CreatedBy&$select=CreatedById,CreatedBy,*"
    found = tasks.send("GET", target, headers=key).json()["d"]
    assert found["CreatedById"] == 1
    assert (found["CreatedBy"]["LoginName"], found["CreatedBy"]["Id"]) == ("Somebody", 10)
    assert tasks.send("GET", "/odata.svc/content(10)", headers=key).status_code == 404


def test_the_state_is_for_administrators(tasks: Client) -> None:
    answer = tasks.send("GET", "/Health")
    assert (answer.status_code, answer.headers.get("content-type")) == (200, None)
    assert answer.json()["Repository_Status"] == {"Running": True, "Status": "Started"}
    key = {"apikey": tasks.user("reader")}
    assert tasks.send("GET", "/health", headers=key).json()["Reason"] == "Access denied."


ODD = """<ContentType name="Odd" parentType="GenericContent"
  handler="SenseNet.ContentRepository.GenericContent"
  xmlns="http://schemas.sensenet.com/SenseNet/ContentRepository/ContentTypeDefinition">
  <Fields>
    <Field name="Tint" type="Color"/>
    <Field name="Sure" type="YesNo"/>
    <Field name="Needs" type="PermissionChoice"><Configuration><AllowMultiple>true</AllowMultiple>
      <VisiblePermissionCount>2</VisiblePermissionCount></Configuration></Field>
  </Fields>
</ContentType>"""


def test_kinds_that_bring_their_own_options(client: Client) -> None:
    client.upload("/Root/System/Schema/ContentTypes", "Odd", ODD, ContentType="ContentType")
    client.call(WORKSPACE, "AddAllowedChildTypes", contentTypes=["Odd"])
    made = client.create(WORKSPACE, "Odd", "odd")
    assert (made["Sure"], made["Needs"]) == ([], None)
    schema = client.send("GET", "/odata.svc/('Root')/GetSchema?contentTypeName=Odd").json()[0]
    options = {f["Name"]: [o["Value"] for o in f.get("Options", ())] for f in schema["FieldSettings"]}
    assert options == {"Tint": [], "Sure": ["yes", "no"], "Needs": ["See", "Preview"]}
    path = f"{WORKSPACE}/odd"
    assert client.patch(path, {"Sure": "no", "Needs": ["Open", "Save"]}, "Sure,Needs") == {
        "Sure": ["no"], "Needs": ["Open", "Save"],
    }  # fmt: skip
    assert client.patch(path, {"Needs": None}, "Needs") == {"Needs": []}
    assert client.patch(path, {"Needs": ["Nope"]}) == (400, "RequestError", "InvalidContentException")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (None, (255, 0, 0, 0, 0.0)),
        ("", (0, 0, 0, 0, 0.0)),
        ("#00ff00", (255, 0, 255, 0, 119.99999)),
        ("#0f0", (255, 0, 255, 0, 119.99999)),
        ("#8000ff00", (255, 136, 0, 0, 0.0)),
        ("blue", (255, 0, 0, 255, 240.0)),
        ("transparent", (0, 255, 255, 255, 0.0)),
        ("Red", (0, 0, 0, 0, 0.0)),
        ("FF0000", (0, 0, 0, 0, 0.0)),
    ],
)
def test_colours_are_read_as_their_parts(text: str | None, parts: tuple[float, ...]) -> None:
    assert tuple(color_parts(text).values()) == parts


def test_a_content_shows_only_the_child_types_that_it_lists_itself(tasks: Client) -> None:
    path = f"{WORKSPACE}/Tasks"

    def listed(field: str) -> list[str]:
        return [one["Name"] for one in rows(tasks, f"{address(path)}/{field}?metadata=no")["results"]]

    assert (listed("AllowedChildTypes"), listed("EffectiveAllowedChildTypes")) == (
        [],
        ["Task", "SystemFolder"],
    )
    tasks.call(path, "AddAllowedChildTypes", contentTypes=["Memo"])
    assert (
        listed("AllowedChildTypes")
        == listed("EffectiveAllowedChildTypes")
        == ["Task", "SystemFolder", "Memo"]
    )
    tasks.call(path, "RemoveAllowedChildTypes", contentTypes=["Memo", "SystemFolder"])
    assert (listed("AllowedChildTypes"), listed("EffectiveAllowedChildTypes")) == (
        [],
        ["Task", "SystemFolder"],
    )
    tasks.call(path, "AddAllowedChildTypes", contentTypes=["Memo"])
    tasks.patch(path, {"AllowedChildTypes": []})
    assert (listed("AllowedChildTypes"), listed("EffectiveAllowedChildTypes")) == (
        [],
        ["Task", "SystemFolder"],
    )


@pytest.mark.parametrize(
    ("select", "status"),
    [
        ("CreatedBy/Name", 400),
        ("CreatedBy", 200),
        ("CreatedBy,CreatedBy/Name", 200),
        ("CreatedBy/*,CreatedBy/Name", 200),
        ("CreatedBy/Manager", 200),
        ("CreatedBy/Manager/Name,CreatedBy/Name", 200),
        ("Name", 200),
        ("Name,ModifiedBy/Name", 400),
        ("*,ModifiedBy/Name", 400),
    ],
)
def test_a_long_chain_that_is_expanded_must_be_selected(tasks: Client, select: str, status: int) -> None:
    target = f"{TASK}?metadata=no&$expand=CreatedBy/Manager/CreatedBy&$select={select}"
    assert tasks.send("GET", target).status_code == status


@pytest.mark.parametrize(
    ("select", "expand", "expected"),
    [
        ("AssignedTo/Name", "AssignedTo", {"AssignedTo": [{"Name": "Admin"}]}),
        ("AssignedTo/Name", "AssignedTo/*", {"AssignedTo": [{"Name": None}]}),
        ("AssignedTo/Id,Name", "AssignedTo/*", {"AssignedTo": [{"Id": None}], "Name": "t"}),
        ("AssignedTo/CreatedBy/Name", "AssignedTo/*", {"AssignedTo": [{"CreatedBy": {"Name": None}}]}),
        ("Name", "*", {"Name": "t"}),
    ],
)
def test_a_star_below_an_expanded_field_expands_every_name(
    tasks: Client, select: str, expand: str, expected: Json
) -> None:
    tasks.patch(f"{WORKSPACE}/Tasks/t", {"AssignedTo": [1]})
    assert tasks.read(f"{WORKSPACE}/Tasks/t", select, f"&$expand={expand}") == expected


def test_an_expansion_without_end_is_refused(tasks: Client) -> None:
    tasks.patch(f"{WORKSPACE}/Tasks/t", {"AssignedTo": [1]})
    answer = tasks.send("GET", f"{TASK}?metadata=no&$expand=AssignedTo/*&$select=AssignedTo")
    assert answer.status_code == 500


@pytest.mark.parametrize(
    ("segment", "expected"),
    [
        ("content(((3)", 200),
        ("content(3))", 200),
        ("content( +3 )", 200),
        ("content(())", (400, "RequestError", "IndexOutOfRangeException")),
        ("content(3')", (400, "RequestError", "ArgumentOutOfRangeException")),
        ("content('3)", 404),
        ("content(3 4)", (500, "InvalidId", "ODataException")),
    ],
)
def test_ids_in_addresses(client: Client, segment: str, expected: int | tuple[int, str, str]) -> None:
    answer = client.send("GET", f"/odata.svc/{segment}?metadata=no&$select=Name")
    assert (answer.status_code if isinstance(expected, int) else problem(answer)) == expected
    if expected == 200:
        assert answer.json() == {"d": {"Name": "IMS"}}


@pytest.mark.parametrize(
    ("given", "row"),
    [
        ("$select=Name, ,Id", {"Name": "t", "": None, "Id": ...}),
        ("$select=%20", {"": None}),
        ("$select=Name,,,", {"Name": "t"}),
        ("$select=Name&$orderby=%09Name%09 desc", {"Name": "t"}),
    ],
)
def test_items_of_lists_in_options(tasks: Client, given: str, row: Json) -> None:
    found = rows(tasks, f"{TASKS}?metadata=no&{given}")["results"][0]
    assert found == {name: found[name] if value is ... else value for name, value in row.items()}
    assert list(found) == list(row)


def test_one_star_asks_for_the_editor_of_every_rich_text() -> None:
    types = Types.built_in()
    assert options.parse("richtexteditor=Nope,ALL", types).all_rich_text
    assert options.parse("richtexteditor=*", types).all_rich_text
    assert not options.parse("richtexteditor=Story", types).all_rich_text


@pytest.mark.parametrize("ordinary", [True, False])
def test_the_root_has_the_columns_of_what_is_directly_below_it(tasks: Client, ordinary: bool) -> None:
    key = tasks.user("ida", Open="allow") if ordinary else None
    below = rows(tasks, "/odata.svc/Root?metadata=no", key)["results"]
    found = rows(tasks, "/odata.svc/Root?metadata=no&query=Id:2", key)["results"]
    above = rows(tasks, f"/odata.svc{WORKSPACE}/('Tasks')/Ancestors?metadata=no", key)["results"]
    root = [row for row in above if row["Path"] == "/Root"]
    assert [set(row) for row in (*below, *found, *root)] == [set(below[0])] * (len(below) + 2)
    assert len(below[0]) == 92  # as in every repository that nobody added a type of content to


@pytest.mark.parametrize("options", ["metadata=no", "metadata=minimal", "$expand=CreatedBy", "$select=Name"])
def test_a_long_list_is_whole(tasks: Client, options: str) -> None:
    for number in range(120):
        tasks.create(f"{WORKSPACE}/Tasks", "Task", f"n{number:03}", DisplayName=f"\u2028 \x85 {number}")
    found = rows(tasks, f"{TASKS}?{options}&$orderby=Name")
    assert found["__count"] == 121
    assert [row["Name"] for row in found["results"]] == [*(f"n{n:03}" for n in range(120)), "t"]
    assert rows(tasks, f"{TASKS}?{options}&$filter=Name eq 'none'") == {"__count": 0, "results": []}
    assert rows(tasks, f"{TASKS}?{options}&$top=2&$inlinecount=allpages")["__count"] == 121


@pytest.mark.parametrize(
    ("options", "number"),
    [
        ("$inlinecount=allpages", "3"),
        ("$inlinecount=allpages&$skip=2", "3"),
        ("$inlinecount=allpages&$skip=3", "0"),
        ("$inlinecount=allpages&$skip=3&$top=1", "0"),
        ("$inlinecount=allpages&$skip=3&$orderby=Id", "3"),
        ("$inlinecount=allpages&$skip=9&query=TypeIs:Task .SORT:Id", "3"),
        ("$inlinecount=allpages&$skip=9&query=TypeIs:Task", "0"),
        ("$inlinecount=allpages&$skip=100000&$orderby=Id", "0"),
        ("$inlinecount=allpages&$skip=100000&query=TypeIs:Task .SORT:Id", "0"),
        ("$skip=2", "1"),
        ("$skip=9", "0"),
    ],
)
def test_a_count_past_the_end_of_what_has_no_order_is_0(tasks: Client, options: str, number: str) -> None:
    for name in ("u", "v"):
        tasks.create(f"{WORKSPACE}/Tasks", "Task", name)
    assert tasks.send("GET", f"{TASKS}/$count?{options}").text == number
    if "allpages" in options:
        assert rows(tasks, f"{TASKS}?{options}")["__count"] == int(number)


def test_a_sorted_page_tells_the_total_until_it_skips_as_many_versions_as_there_are(tasks: Client) -> None:
    def told(skip: int) -> int:
        found = rows(tasks, f"{TASKS}?$orderby=Id&$skip={skip}&$inlinecount=allpages")
        assert found["results"] == []
        return int(found["__count"])

    everything = "&query=Id:>0 .ALLVERSIONS"
    versions = rows(tasks, f"/odata.svc/Root?enableautofilters=false{everything}")["__count"]
    assert (told(versions - 1), told(versions)) == (1, 0)
    tasks.create(f"{WORKSPACE}/Tasks", "Task", "u", VersioningMode=["3"])
    assert tasks.send("PATCH", f"{TASKS}('u')", {"Index": 1}).status_code == 200
    more = rows(tasks, f"/odata.svc/Root?enableautofilters=false{everything}")["__count"]
    assert more == versions + 2, "a content of two versions more"
    assert (told(more - 1), told(more)) == (2, 0)


def test_a_star_behind_a_slash_is_a_pattern_and_no_comment(tasks: Client) -> None:
    assert tasks.names(WORKSPACE, f"&query=Path:{WORKSPACE}/Tasks/*") == ["t"]
    assert tasks.names(WORKSPACE, f"&query=InFolder:{WORKSPACE}* AND Name:t /* a comment") == ["t"]
    assert tasks.names(WORKSPACE, f"&query=.TOP:1 Path:{WORKSPACE}/Tasks/*") == ["t"]
    behind = f"/odata.svc{WORKSPACE}?query=Path:{WORKSPACE}/Tasks/* .TOP:1"
    assert tasks.send("GET", behind).status_code == 400, "a keyword behind it is not seen"
