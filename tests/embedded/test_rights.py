"""What a caller may know of a content, by every way that leads to it.

The table below says what each right shows. Every way is tried with every right on contents of every state,
and no way may tell more than the table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from sn_pandas.embedded.security.rights import permission_to_find

from .client import WORKSPACE, Client, address, problem

RIGHTS = ("none", "See", "Preview", "PreviewWithoutRedaction", "Open", "OpenMinor", "Save")
"""What callers have on the contents: each a single permission with what it needs."""


class Knowledge(IntEnum):
    """How much of a content somebody knows; each step includes those before it."""

    NOTHING = 0
    """It looks as if it were not there."""
    HEAD = 1
    """Its name, place, type and dates."""
    FIELDS = 2
    """All fields of its last public version, except for the bytes."""
    PUBLIC = 3
    """Its last public version."""
    DRAFT = 4
    """Its present version, and the older ones."""


KNOWN = {
    "none": Knowledge.NOTHING, "See": Knowledge.HEAD, "Preview": Knowledge.FIELDS,
    "PreviewWithoutRedaction": Knowledge.FIELDS, "Open": Knowledge.PUBLIC,
    "OpenMinor": Knowledge.DRAFT, "Save": Knowledge.DRAFT,
}  # fmt: skip
PLACE = f"{WORKSPACE}/docs"
PORTAL = "/Root/IMS/BuiltIn/Portal"


@dataclass(frozen=True)
class State:
    """A content: the words of its public version and of its draft, in the description and in the bytes."""

    name: str
    public: str | None
    draft: str | None

    def word(self, right: str) -> str | None:
        """The word of the version that a right shows; None if it shows no content at all."""
        known = KNOWN[right]
        if known == Knowledge.NOTHING:
            return None
        return self.draft or self.public if known == Knowledge.DRAFT else self.public


STATES = (
    State("plain.txt", "alder", None),
    State("edited.txt", "birch", "cedar"),
    State("new.txt", None, "maple"),
)
WORDS = [word for state in STATES for word in (state.public, state.draft) if word]


class World:
    """Files with versions, and one user for each right."""

    def __init__(self, file: Path) -> None:
        self.admin = Client(file)
        self.admin.prepare()
        self.admin.create(WORKSPACE, "DocumentLibrary", "docs", InheritableVersioningMode=["3"])
        for state in STATES:
            for number, word in enumerate(word for word in (state.public, state.draft) if word):
                body = {"Overwrite": True} if number else {}
                self.admin.upload(PLACE, state.name, f"text of {word}bytes", **body)
                self.admin.patch(f"{PLACE}/{state.name}", {"Description": f"about {word}"})
                if word == state.public:
                    assert self.admin.call(f"{PLACE}/{state.name}", "Publish").status_code == 200
        self.ids = {state.name: self.admin.read(f"{PLACE}/{state.name}", "Id")["Id"] for state in STATES}
        self.keys = {right: self.admin.user(right.lower()) for right in RIGHTS}
        for right in RIGHTS:
            self.permit(WORKSPACE, right, localOnly=True, Open="allow")
            if right != "none":
                self.permit(PLACE, right, **{right: "allow"})

    def permit(self, path: str, user: str, **permissions: str | bool) -> None:
        entry = {"identity": f"/Root/IMS/Public/{user.lower()}", **permissions}
        assert self.admin.call(path, "SetPermissions", r=[entry]).status_code in (200, 204)

    def get(self, target: str, right: str) -> Any:
        return self.admin.send("GET", target, headers={"apikey": self.keys[right]})

    def rows(self, right: str, options: str, place: str = "/Root") -> set[str]:
        """The names of our files that a list shows."""
        target = f"/odata.svc{quote(place)}?metadata=no&$select=Name,Description&{options}"
        answer = self.get(target, right)
        if answer.status_code == 404 and place == PLACE:
            return set()
        assert answer.status_code == 200, answer.text
        return {row["Name"] for row in answer.json()["d"]["results"]} & set(self.ids)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    found = World(tmp_path_factory.mktemp("rights") / "repo.db")
    yield found
    found.admin.close()


def shown(right: str) -> set[str]:
    """The names of the files that a right shows."""
    return {state.name for state in STATES if state.word(right)}


def found(right: str, word: str, permission: str) -> set[str]:
    """The names of the files that a word finds, if a field of the search needs a permission."""
    has = RIGHTS.index(right)
    if has < RIGHTS.index(permission):
        return set()
    return {state.name for state in STATES if state.word(right) == word}


@pytest.mark.parametrize("right", RIGHTS)
def test_lists_and_entities_show_what_the_right_shows(world: World, right: str) -> None:
    assert world.rows(right, "", PLACE) == shown(right)
    assert world.rows(right, "query=TypeIs:File") == shown(right)
    for state in STATES:
        word = state.word(right) if KNOWN[right] >= Knowledge.FIELDS else None
        answer = world.get(address(f"{PLACE}/{state.name}", "metadata=no&$select=Description,Version"), right)
        by_id = world.get(
            f"/odata.svc/content({world.ids[state.name]})?metadata=no&$select=Description,Version", right
        )
        assert answer.status_code == by_id.status_code == (200 if state.word(right) else 404)
        if state.word(right):
            assert answer.json() == by_id.json()
            assert answer.json()["d"]["Description"] == (f"about {word}" if word else None)


@pytest.mark.parametrize("right", RIGHTS)
@pytest.mark.parametrize("word", WORDS)
def test_a_word_finds_only_what_may_be_read(world: World, right: str, word: str) -> None:
    fields = found(right, word, "Preview")
    text = found(right, word, "PreviewWithoutRedaction")
    assert world.rows(right, f"query=Description:{word}") == fields
    assert world.rows(right, f"$filter=substringof('{word}',Description)", PLACE) == fields
    assert world.rows(right, f"query=TypeIs:File AND (Name:nothing OR Description:{word})") == fields
    assert world.rows(right, f"query={word}") == text
    assert world.rows(right, f"query=_Text:{word}") == text
    assert world.rows(right, f"query=Binary:{word}bytes") == text
    ids = f"query=Id:{{{{Description:{word} .SELECT:Id}}}}"
    assert world.rows(right, ids) == fields
    count = world.get(f"/odata.svc/Root/$count?query=Description:{word}", right)
    assert int(count.content.decode("utf-8-sig")) == len(fields)
    in_tree = world.get(f"{address(WORKSPACE)}/GetContentCountInTree?query=Description:{word}", right)
    assert int(in_tree.content.decode("utf-8-sig")) == len(fields)


@pytest.mark.parametrize("right", RIGHTS)
def test_a_negation_finds_nothing_that_is_not_read_either(world: World, right: str) -> None:
    readable = shown(right) if KNOWN[right] >= Knowledge.FIELDS else set()
    assert world.rows(right, "query=TypeIs:File AND NOT Description:nothing") == readable
    assert world.rows(right, "query=Name:*.txt") == shown(right)


@pytest.mark.parametrize("right", RIGHTS)
@pytest.mark.parametrize("order", ["Description", "Name desc", "ModificationDate", "Id desc"])
@pytest.mark.parametrize("page", ["", "&$top=1", "&$top=1&$skip=1", "&$skip=1"])
def test_orders_and_pages_hold_across_drafts(world: World, right: str, order: str, page: str) -> None:
    def names(options: str) -> list[str]:
        answer = world.get(f"/odata.svc{PLACE}?metadata=no&$select=Name{options}", right)
        return [row["Name"] for row in answer.json()["d"]["results"]] if answer.status_code == 200 else []

    everything = names(f"&$orderby={order}")
    assert set(everything) == shown(right)
    begin = 1 if "skip" in page else 0
    end = begin + 1 if "top" in page else None
    assert names(f"&$orderby={order}{page}") == everything[begin:end]


def test_a_draft_is_read_by_its_new_name_and_index_and_found_by_the_old_ones(client: Client) -> None:
    kim, editor = client.user("kim", Open="allow"), client.user("lee", OpenMinor="allow")
    plan = f"{WORKSPACE}/plan"
    client.create(WORKSPACE, "Memo", "plan", VersioningMode=["3"], DisplayName="Plan", Index=20)
    client.create(WORKSPACE, "Memo", "other", DisplayName="Quest", Index=10)
    client.call(plan, "Publish")
    client.patch(plan, {"DisplayName": "Sketch", "Index": 5})

    def rows(key: str, options: str) -> list[str]:
        target = f"/odata.svc{WORKSPACE}?metadata=no&$select=Name&{options}"
        answer = client.send("GET", target, headers={"apikey": key})
        return [row["Name"] for row in answer.json()["d"]["results"]]

    for key in (kim, editor):
        assert client.read(plan, "DisplayName,Index", key=key) == {"DisplayName": "Sketch", "Index": 5}
    for condition, found_by_kim, found_by_lee in (
        ("query=DisplayName:Plan", ["plan"], []),
        ("query=DisplayName:Sketch", [], ["plan"]),
        ("query=Index:20", ["plan"], []),
        ("query=Index:5", [], ["plan"]),
        ("$filter=Index eq 20", ["plan"], []),
        ("$filter=Index lt 10", [], ["plan"]),
        ("query=TypeIs:Memo&$orderby=Index", ["other", "plan"], ["plan", "other"]),
        ("query=TypeIs:Memo&$orderby=DisplayName", ["plan", "other"], ["other", "plan"]),
    ):
        assert rows(kim, condition) == found_by_kim, condition
        assert rows(editor, condition) == found_by_lee, condition
    assert client.read(plan, "Index", "&version=V1.0.A", key=kim) == {"Index": 5}
    client.call(plan, "Publish")
    assert rows(kim, "query=Index:5") == ["plan"]
    assert rows(kim, "query=Index:20") == []


@pytest.mark.parametrize("right", RIGHTS)
def test_trees_and_ancestors_tell_no_drafts(world: World, right: str) -> None:
    for state in STATES:
        path = f"{PLACE}/{state.name}"
        for way in (
            f"{address(path)}/OpenTree?rootPath={PLACE}&withLeaves=true&metadata=no&$select=Name,Description",
            f"{address(path)}/Ancestors?metadata=no&$select=Name,Description",
            f"{address(path)}/Versions?metadata=no&$select=Name,Description",
            f"{address(WORKSPACE)}?metadata=no&$expand=Children/Children",
            f"/odata.svc{PLACE}?metadata=no",
        ):
            text = world.get(way, right).text
            readable = {one.word(right) for one in STATES} if KNOWN[right] >= Knowledge.FIELDS else set()
            if KNOWN[right] == Knowledge.DRAFT:
                readable |= set(WORDS)
            assert not [word for word in WORDS if word not in readable and f"about {word}" in text], way


@pytest.mark.parametrize("right", RIGHTS)
def test_copies_hold_what_the_copier_may_read(world: World, right: str) -> None:
    target = f"{WORKSPACE}/copies-{right.lower()}"
    world.admin.create(WORKSPACE, "DocumentLibrary", target.rpartition("/")[2])
    world.permit(target, right, AddNew="allow")
    paths = [f"{PLACE}/{state.name}" for state in STATES]
    body = {"targetPath": target, "paths": paths}
    world.admin.send("POST", f"{address(WORKSPACE)}/CopyBatch", body, {"apikey": world.keys[right]})
    copied = {
        row["Name"]: row["Description"]
        for row in world.admin.send(
            "GET", f"/odata.svc{target}?metadata=no&$select=Name,Description&enableautofilters=false"
        ).json()["d"]["results"]
    }
    opened = KNOWN[right] >= Knowledge.PUBLIC
    assert copied == {
        state.name: f"about {word}" for state in STATES if opened and (word := state.word(right))
    }


@pytest.mark.parametrize("right", RIGHTS)
@pytest.mark.parametrize("name", ["MoveBatch", "DeleteBatch"])
def test_who_may_not_delete_moves_and_deletes_nothing(world: World, right: str, name: str) -> None:
    target = f"{WORKSPACE}/{name}-{right.lower()}"
    world.admin.create(WORKSPACE, "DocumentLibrary", target.rpartition("/")[2])
    world.permit(target, right, AddNew="allow")
    more = {"targetPath": target} if name == "MoveBatch" else {"permanent": True}
    body = {"paths": [f"{PLACE}/{state.name}" for state in STATES], **more}
    answer = world.admin.send("POST", f"{address(WORKSPACE)}/{name}", body, {"apikey": world.keys[right]})
    found = answer.json()["d"]
    assert found["results"] == []
    missing = {
        one["content"]["Path"].rpartition("/")[2]
        for one in found["errors"]
        if one["error"]["exceptiontype"] == "ContentNotFoundException"
    }
    assert missing == {state.name for state in STATES} - shown(right)
    assert world.admin.names(PLACE) == sorted(world.ids)
    assert world.admin.names(target) == []


@pytest.mark.parametrize("right", RIGHTS)
def test_templates_are_used_by_who_may_open_them(world: World, right: str) -> None:
    templates = "/Root/ContentTemplates"
    if "Memo" not in world.admin.names(templates, "&enableautofilters=false"):
        world.admin.create(templates, "Folder", "Memo")
    template = f"of-{right.lower()}"
    world.admin.create(f"{templates}/Memo", "Memo", template, Description="from the template")
    if right != "none":
        world.permit(f"{templates}/Memo/{template}", right, **{right: "allow"})
    place = f"{WORKSPACE}/memos-{right.lower()}"
    world.admin.create(WORKSPACE, "MemoList", place.rpartition("/")[2])
    world.permit(place, right, AddNew="allow")
    model = {"__ContentType": "Memo", "Name": "new", "__ContentTemplate": template}
    answer = world.admin.send("POST", address(place), model, {"apikey": world.keys[right]})
    assert answer.status_code == 200, answer.text
    opened = KNOWN[right] >= Knowledge.PUBLIC
    assert (world.admin.read(f"{place}/new", "Description")["Description"] == "from the template") == opened


@pytest.mark.parametrize("right", RIGHTS)
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_versions_are_read_by_who_may_read_them(world: World, right: str, state: State) -> None:
    path = f"{PLACE}/{state.name}"
    draft, first = KNOWN[right] == Knowledge.DRAFT, state.public or state.draft

    def read(version: str) -> tuple[int, str | None]:
        query = f"metadata=no&$select=Description&version={version}"
        answer = world.get(address(path, query), right)
        return answer.status_code, answer.json()["d"]["Description"] if answer.status_code == 200 else None

    hidden = state.word(right) is None
    public = f"about {state.public}" if KNOWN[right] >= Knowledge.FIELDS else None
    for version in ("lastmajor", "V1.0.A"):
        assert read(version) == ((404, None) if hidden or state.public is None else (200, public))
    latest = (200, f"about {state.draft}") if draft else (403, None)
    assert read("lastminor") == ((404, None) if hidden else latest if state.draft else (200, public))
    assert read("V0.1.D") == ((404, None) if hidden else (200, None) if draft else (403, None))
    assert read("V9.0.A") == (404, None)
    answer = world.get(f"{address(path)}/Versions", right)  # needs RecallOldVersion, which nobody here has
    assert answer.status_code == (404 if hidden else 403)

    def data(target: str) -> tuple[int, str]:
        answer = world.get(target, right)
        return answer.status_code, answer.text.removeprefix("\ufeff")

    opened = KNOWN[right] >= Knowledge.PUBLIC
    handler = f"/binaryhandler.ashx?propertyname=Binary&nodeid={world.ids[state.name]}"
    by_path = f"/binaryhandler.ashx?propertyname=Binary&nodepath={path}"
    word = state.word(right)
    for way, versioned in ((path, f"{path}?"), (handler, f"{handler}&"), (by_path, f"{by_path}&")):
        if not opened:
            assert data(way) == data(f"{versioned}version=V0.1.D") == (404, "")
            continue
        assert data(way) == ((200, f"text of {word}bytes") if word else (500, ""))
        assert data(f"{versioned}version=V0.1.D") == ((200, f"text of {first}bytes") if draft else (500, ""))
        published = (200, f"text of {state.public}bytes") if state.public else (404, "")
        assert data(f"{versioned}version=V1.0.A") == published


def test_who_may_recall_versions_lists_them(world: World) -> None:
    world.keys["Recall"] = world.admin.user("recall")
    world.permit(PLACE, "Recall", RecallOldVersion="allow")
    for state in STATES:
        answer = world.get(
            f"{address(f'{PLACE}/{state.name}')}/Versions?metadata=no&$select=Version", "Recall"
        )
        versions = {row["Version"] for row in answer.json()["d"]["results"]}
        assert versions >= {"V0.1.D"} | ({"V1.0.A"} if state.public else set())


@pytest.mark.parametrize("right", RIGHTS)
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_other_forms_of_a_content_show_the_same(world: World, right: str, state: State) -> None:
    path = f"{PLACE}/{state.name}"
    entity, word = address(path), state.word(right)
    text = f"about {word}" if word and KNOWN[right] >= Knowledge.FIELDS else None

    def get(way: str) -> tuple[int, Any]:
        answer = world.get(way, right)
        kind = answer.headers.get("content-type", "")
        return answer.status_code, answer.json() if "json" in kind else answer.text

    exported = get(f"{entity}?$format=export&$select=Name,Description")
    whole = world.get(f"{entity}?$format=export", right).text
    assert not [one for one in WORDS if one != word and one in whole]
    if word is None:
        for way in ("/Name", "/Description", "/DisplayName/$value", "/Description/$value", "/Ancestors",
                    "/Owner", "/Actions", "/Binary", "?$format=verbosejson"):  # fmt: skip
            assert get(entity + way) == (404, ""), way
        assert exported == get(f"/odata.svc{path}/$metadata") == (404, "")
        return
    fields = {"Name": state.name} | ({"Description": text} if text else {})
    assert exported == (200, {"d": {"ContentName": state.name, "ContentType": "File", "Fields": fields}})
    assert get(f"{entity}/Name") == (200, {"d": {"Name": state.name}})
    assert get(f"{entity}/DisplayName/$value") == (200, state.name)
    rows = get(f"{entity}/Ancestors?metadata=no&$select=Name")[1]["d"]["results"]
    assert [row["Name"] for row in rows][:2] == ["docs", "w"]
    if text is None:
        for way in (f"{entity}/Description", f"{entity}/Description/$value", f"{entity}/Owner",
                    f"/odata.svc{PLACE}/$metadata?$format=json"):  # fmt: skip
            status, error = get(way)
            assert (status, error["error"]["exceptiontype"]) == (500, "InvalidOperationException"), way
        return
    assert get(f"{entity}/Description") == (200, {"d": {"Description": text}})
    assert get(f"{entity}/Description/$value") == (200, text)
    assert get(f"/odata.svc{PLACE}/$metadata")[0] == 200


@pytest.mark.parametrize("right", RIGHTS)
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_rights_and_sharing_are_told_to_who_may_see_permissions(
    world: World, right: str, state: State
) -> None:
    entity, shown = address(f"{PLACE}/{state.name}"), state.word(right) is not None
    me = f"/Root/IMS/Public/{right.lower()}"
    denied, refused = "Access denied.", "Operation not accessible"
    for way, status, words in (
        ("GetAcl", 403, denied), ("GetPermissions", 500, "only authorized to query your own"),
        (f"GetPermissions?identity={me}", 200, right.lower()),
        ("HasPermission?permissions=See", 403, refused),
        (f"HasPermission?permissions=See&user={me}", 403, refused), ("GetSharing", 403, refused),
        ("GetAllowedUsers?permissions=Open", 403, denied),
        ("GetRelatedIdentities?permissionLevel=AllowedOrDenied&identityKind=All", 403, denied),
        ("GetRelatedIdentitiesByPermissions?permissionLevel=Allowed&identityKind=Users&permissions=See",
         403, denied),
        (f"GetRelatedItems?permissionLevel=Allowed&explicitOnly=true&memberPath={me}&permissions=See",
         403, denied),
        (f"GetRelatedItemsOneLevel?permissionLevel=Allowed&memberPath={me}&permissions=See", 403, denied),
        (f"GetRelatedPermissions?permissionLevel=Allowed&explicitOnly=true&memberPath={me}&includedTypes=",
         403, denied),
        (f"GetPermissionInfo?identity={me}", 200, '"permissions":[]'),
    ):  # fmt: skip
        answer = world.get(f"{entity}/{way}", right)
        assert answer.status_code == (status if shown else 404), way
        assert words in answer.text if shown else answer.text == "", way


@pytest.mark.parametrize("right", RIGHTS)
def test_reports_on_children_name_no_hidden_child(world: World, right: str) -> None:
    me = f"/Root/IMS/Public/{right.lower()}"
    answer = world.get(f"{address(PLACE)}/GetChildrenPermissionInfo?identity={me}", right)
    if right == "none":
        assert answer.status_code == 404
        return
    results = answer.json()["d"]["results"]
    assert {one["name"] for one in results} == shown(right)
    assert all(one["permissions"] == one["subPermissions"] == [] for one in results)


def test_permission_reports_for_who_may_see_permissions(world: World) -> None:
    world.keys["Auditor"] = world.admin.user("auditor")
    world.permit(PLACE, "Auditor", Open="allow", SeePermissions="allow")
    world.permit("/Root/IMS/Public", "Auditor", Open="allow")
    member = "permissionLevel=Allowed&memberPath=/Root/IMS/Public/open"

    def names(way: str) -> set[str]:
        rows = world.get(f"{address(PLACE)}/{way}&metadata=no&$select=Name", "Auditor").json()["d"]["results"]
        return {row["Name"] for row in rows}

    users = names("GetAllowedUsers?permissions=Save")
    assert "save" in users
    assert not users & {"none", "see", "preview", "open", "openminor"}
    kinds = "permissionLevel=Allowed&identityKind=Users"
    for way in ("GetRelatedIdentities?", "GetRelatedIdentitiesByPermissions?permissions=See&"):
        assert names(way + kinds) >= {right.lower() for right in RIGHTS if right != "none"}
    assert names(f"GetRelatedItems?{member}&explicitOnly=true&permissions=See") == {"docs"}
    assert names(f"GetRelatedItemsOneLevel?{member}&permissions=See") == {"docs"}
    infos = world.get(
        f"{address(PLACE)}/GetChildrenPermissionInfo?identity=/Root/IMS/Public/open", "Auditor"
    ).json()["d"]["results"]
    assert {one["name"] for one in infos} == {"plain.txt", "edited.txt"}
    assert all(len(one["permissions"]) == len(one["subPermissions"]) == 19 for one in infos)


@pytest.mark.parametrize("right", RIGHTS)
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_what_is_asked_of_files(world: World, right: str, state: State) -> None:
    entity, opened = address(f"{PLACE}/{state.name}"), KNOWN[right] >= Knowledge.PUBLIC
    hidden = state.word(right) is None
    token = world.get(f"{entity}/GetBinaryToken", right)
    assert token.status_code == (404 if hidden else 200 if opened else 403)
    if token.status_code == 200:
        version = world.get(f"{entity}?metadata=no&$select=VersionId", right).json()["d"]["VersionId"]
        assert f"versionId: {version} }}" in token.text
    for way in ("GetExistingPreviewImages", "GetPreviewImages", "GetContentCountInTree?query=TypeIs:File"):
        assert world.get(f"{entity}/{way}", right).status_code == (404 if hidden else 200), way


@pytest.mark.parametrize("right", RIGHTS)
def test_references_show_what_the_right_shows(world: World, right: str) -> None:
    pointer = f"{WORKSPACE}/pointer-{right.lower()}"
    world.admin.create(WORKSPACE, "Asset", pointer.rpartition("/")[2], Aspects=list(world.ids.values()))
    world.permit(pointer, right, Open="allow")
    expected = {
        state.name: f"about {word}" if KNOWN[right] >= Knowledge.FIELDS else None
        for state in STATES
        if (word := state.word(right))
    }
    expanded = "metadata=no&$expand=Aspects&$select=Aspects/Name,Aspects/Description"
    rows = world.get(address(pointer, expanded), right).json()["d"]["Aspects"]
    assert {row["Name"]: row["Description"] for row in rows} == expected
    listed = world.get(f"{address(pointer)}/Aspects?metadata=no&$select=Name,Description", right)
    assert {row["Name"]: row["Description"] for row in listed.json()["d"]["results"]} == expected


def test_the_fields_of_a_search_say_what_it_needs() -> None:
    assert permission_to_find([]) == permission_to_find(["Name", "TypeIs", "InTree", "Id"]) == "See"
    assert permission_to_find(["Name", "DisplayName"]) == "Preview"
    assert permission_to_find(["Name", "Binary"]) == "PreviewWithoutRedaction"


def test_the_trash_shows_what_was_shown_before(tmp_path: Path) -> None:
    world = World(tmp_path / "repo.db")
    try:
        for state in STATES:
            assert world.admin.send("DELETE", address(f"{PLACE}/{state.name}")).status_code == 200
        for right in RIGHTS:
            for state in STATES:
                word = state.word(right)
                by_id = f"/odata.svc/content({world.ids[state.name]})?metadata=no&$select=Description"
                answer = world.get(by_id, right)
                assert answer.status_code == (200 if word else 404)
                if word:
                    readable = KNOWN[right] >= Knowledge.FIELDS
                    assert answer.json()["d"]["Description"] == (f"about {word}" if readable else None)
            bags = world.get("/odata.svc/Root/Trash?metadata=no&$select=Id", right).json()["d"]["__count"]
            assert bags == (0 if right == "none" else len(STATES))
    finally:
        world.admin.close()


@pytest.mark.parametrize(
    "places", [[PORTAL], [f"{WORKSPACE}/shared", WORKSPACE], [WORKSPACE, f"{WORKSPACE}/shared"]]
)
def test_a_user_who_is_deleted_takes_only_the_own_rights_along(client: Client, places: list[str]) -> None:
    client.create(WORKSPACE, "Folder", "shared")
    client.create(f"{WORKSPACE}/shared", "Folder", "below")
    key = client.user("reader")
    client.user("leaver")
    entry = {"identity": "/Root/IMS/Public/reader", "Open": "allow"}
    assert client.call("/Root/Content", "SetPermissions", r=[entry]).status_code == 200
    for place in places:
        entry = {"identity": "/Root/IMS/Public/leaver", "Open": "allow"}
        assert client.call(place, "SetPermissions", r=[entry]).status_code == 200
    inside = places[0] if places == [PORTAL] else f"{WORKSPACE}/shared/below"
    gone = client.send("DELETE", f"{address('/Root/IMS/Public/leaver')}?permanent=true")
    assert gone.status_code in (200, 204)
    assert client.read(inside, "Path") == {"Path": inside}
    assert (
        client.send("GET", address(inside), headers={"apikey": client.application.api_key}).status_code == 200
    )
    if inside.startswith(WORKSPACE):  # what was inherited is inherited again
        assert client.send("GET", address(inside), headers={"apikey": key}).status_code == 200


def test_what_everybody_logged_in_may_ask_of_the_repository(client: Client) -> None:
    kim, visitor = client.user("kim", Open="allow"), "of nobody"
    assert client.upload(WORKSPACE, "a.txt", "text").status_code == 200
    entry = {"identity": "/Root/IMS/BuiltIn/Portal/Visitor", "Open": "allow"}
    client.call(WORKSPACE, "SetPermissions", r=[entry])
    root, file = "/odata.svc/('Root')", address(f"{WORKSPACE}/a.txt")

    def asked(target: str, key: str | None) -> tuple[int, str]:
        answer = client.send("GET", target, headers={} if key is None else {"apikey": key})
        return answer.status_code, answer.text

    assert asked(f"{root}/GetFeatures", kim) == (200, "[]")
    assert asked(f"{root}/GetFeatures", None) == (200, '{"features":[]}')
    assert asked(f"{root}/GetDashboardData", kim)[0] == 204
    for name in ("GetFeatures", "GetDashboardData"):
        assert asked(f"{root}/{name}", visitor)[0] == 403
    assert asked(f"{root}/GetRepositoryType", visitor) == asked(f"{root}/GetRepositoryType", kim)
    assert asked(f"{root}/GetRepositoryType", visitor)[0] == 200
    token = asked(f"{file}/GetBinaryToken", None)
    assert token[0] == 200
    assert asked(f"{file}/GetBinaryToken", kim) == asked(f"{file}/GetBinaryToken", visitor) == token
    for key, statuses in ((kim, (200, 204)), (visitor, (403,))):
        path = f"{WORKSPACE}/a.txt"
        assert client.call(path, "SetPageCount", key=key, pageCount=3).status_code in statuses
        assert client.call(path, "SetPreviewStatus", key=key, status="NotSupported").status_code in statuses


def test_who_may_not_write_uploads_nothing(client: Client) -> None:
    keys = (client.user("kim", Open="allow"), "of nobody")
    assert client.upload(WORKSPACE, "a.txt", "text").status_code == 200
    entry = {"identity": "/Root/IMS/BuiltIn/Portal/Visitor", "Open": "allow"}
    client.call(WORKSPACE, "SetPermissions", r=[entry])
    file, pieces = f"{WORKSPACE}/a.txt", {"fullSize": 3, "fieldName": "Binary"}
    for key in keys:
        for path, name, parameters in (
            (WORKSPACE, "Upload", {"FileName": "b.txt", "FileText": "text"}),
            (WORKSPACE, "StartBlobUploadToParent", {"name": "b.txt", "contentType": "File", **pieces}),
            (file, "StartBlobUpload", pieces),
            (file, "FinalizeBlobUpload", {"token": "1|2|3|4", **pieces}),
            (file, "FinalizeContent", {}),
        ):
            answer = client.call(path, name, key=key, **parameters)
            assert answer.status_code == 403, name
            assert "Operation not accessible" in answer.text, name
        assert problem(client.call(file, "CheckIn", key=key))[:2] == (500, "NotEnoughPermissions")
    assert client.names(WORKSPACE) == ["a.txt"]


@pytest.mark.parametrize(
    ("opened", "place", "expected"),
    [
        (False, "", (500, "InvalidOperationException")),
        (False, "/list", (500, "InvalidOperationException")),
        (False, "/folder", (500, "InvalidOperationException")),
        (False, "/folder/inner", (500, "InvalidOperationException")),
        (True, "/list", (500, "InvalidOperationException")),
        (True, "/folder/inner", (403, "SenseNetSecurityException")),  # of a workspace that may be opened
    ],
)
def test_nothing_is_created_where_one_only_sees(
    client: Client, opened: bool, place: str, expected: tuple[int, str]
) -> None:
    key = client.user("kim", See="allow", **({"Open": "allow"} if opened else {}))
    client.create(WORKSPACE, "TaskList", "list")
    client.create(WORKSPACE, "Folder", "folder")
    client.create(f"{WORKSPACE}/folder", "Folder", "inner")
    for name in ("list", "folder"):
        entry = {"identity": "/Root/IMS/Public/kim", "Preview": "deny"}
        client.call(f"{WORKSPACE}/{name}", "SetPermissions", r=[entry])
    made = {"__ContentType": "Task", "Name": "new"}
    answer = client.send("POST", address(WORKSPACE + place), made, {"apikey": key})
    assert problem(answer)[::2] == expected
    assert ("See-only" in answer.text) == (expected[0] == 500)


def test_what_has_no_bytes_is_copied_by_who_may_preview_it(client: Client) -> None:
    key = client.user("kim", Open="allow")
    client.create(WORKSPACE, "Folder", "to")
    client.create(WORKSPACE, "Memo", "note", Description="words")
    client.upload(WORKSPACE, "a.txt", "text")
    for name in ("note", "a.txt"):
        entry = {"identity": "/Root/IMS/Public/kim", "Open": "deny"}
        client.call(f"{WORKSPACE}/{name}", "SetPermissions", r=[entry])
    entry = {"identity": "/Root/IMS/Public/kim", "AddNew": "allow"}
    client.call(f"{WORKSPACE}/to", "SetPermissions", r=[entry])
    paths = [f"{WORKSPACE}/note", f"{WORKSPACE}/a.txt"]
    done = client.call(WORKSPACE, "CopyBatch", key=key, targetPath=f"{WORKSPACE}/to", paths=paths).json()["d"]
    assert [one["Name"] for one in done["results"]] == ["note"]
    assert [one["content"]["Name"] for one in done["errors"]] == ["a.txt"]
    assert client.read(f"{WORKSPACE}/to/note", "Description")["Description"] == "words"
