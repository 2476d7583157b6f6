"""Every operation that writes, called 40 times at once: what was answered with success is there afterwards.

`WRITES` has an entry for each action of the registry and for each verb; a new action without one fails. An
entry prepares a world, sends the numbers 0 to 39 and says afterwards which of them are lost. It runs on one
content and on 40 contents, over threads and over HTTP.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from sn_pandas.embedded import Application
from sn_pandas.embedded.http.server import serve
from sn_pandas.embedded.operations import REGISTRY

from .client import Client, address

Json = Any
Send = Callable[[httpx.Client, int], httpx.Response]
Lost = Callable[[set[int]], Iterable[int]]

MANY = 40
HOME = "/Root/Content/at"
PUBLIC = "/Root/IMS/Public"
DUE = "2026-01-05T08:00:00Z"
DEFINITION = (
    '<ContentType name="{}" parentType="GenericContent" handler="SenseNet.ContentRepository.GenericContent"'
    ' xmlns="http://schemas.sensenet.com/SenseNet/ContentRepository/ContentTypeDefinition"><Fields/></ContentType>'
)
REFUSED = {
    (400, "NodeIsOutOfDateException"), (400, "LockedTreeException"), (400, "ApplicationException"),
    (403, "NodeAlreadyExistsException"), (403, "SenseNetSecurityException"), (404, ""),
    (404, "ContentNotFoundException"),
    (500, "InvalidContentActionException"), (500, "InvalidOperationException"), (500, "Exception"),
}  # fmt: skip
"""What the real server answers who comes too late (V12, V13): never an error of our own."""


class World:
    """A repository, and the contents that a write is tried on: one for all numbers, or one for each."""

    def __init__(self, application: Application, one: bool) -> None:
        self.client = Client(application)
        self.one = one
        self.create("/Root/Content", "Workspace", "at", AllowedChildTypes=TYPES)

    def create(self, parent: str, kind: str, name: str, **fields: Json) -> str:
        if kind == "Task":
            fields.setdefault("DueDate", DUE)
        self.client.create(parent, kind, name, **fields)
        return f"{parent}/{name}"

    def targets(self, kind: str, parent: str = HOME, **fields: Json) -> list[str]:
        """Return the path of the content for each number."""
        made = [self.create(parent, kind, f"t{n}", **fields) for n in range(1 if self.one else MANY)]
        return made * MANY if self.one else made

    def users(self, prefix: str = "u", count: int = MANY, **fields: Json) -> list[str]:
        return [
            self.create(
                PUBLIC, "User", f"{prefix}{n}", LoginName=f"{prefix}{n}", FullName=f"{prefix} {n}",
                Email=f"{prefix}{n}@example.com", Password="Secret-123", Enabled=True, **fields,
            )
            for n in range(count)
        ]  # fmt: skip

    def user_targets(self) -> list[str]:
        made = self.users(count=1 if self.one else MANY)
        return made * MANY if self.one else made

    def read(self, path: str, select: str = "Id", options: str = "") -> Json:
        return self.client.read(path, select, options)

    def there(self, path: str) -> bool:
        return self.client.send("GET", address(path, "$select=Id")).status_code == 200

    def names(self, path: str, options: str = "") -> set[str]:
        return set(self.client.names(path, options))

    def names_of(self, path: str, field: str) -> set[str]:
        """Return the names of what a field refers to."""
        rows = self.client.send("GET", f"{address(path)}/{field}?metadata=no&$select=Name").json()["d"][
            "results"
        ]
        return {row["Name"] for row in rows}

    def call(self, path: str, name: str, /, **given: Json) -> httpx.Response:
        answer = self.client.call(path, name, **given)
        assert answer.status_code < 300, answer.text
        return answer

    def get(self, path: str, function: str, query: str = "") -> Json:
        return json.loads(self.client.send("GET", f"{address(path)}/{function}?{query}").content or b"null")


TYPES = ["Task", "TaskList", "Folder", "File", "Memo", "CustomList", "DocumentLibrary", "SystemFolder"]

WRITES: dict[str, Callable[[World], tuple[Send, Lost]]] = {}


def write(*names: str) -> Callable[[Callable[[World], tuple[Send, Lost]]], None]:
    """Register the decorated function for operations (name and parameters) or verbs."""

    def register(prepare: Callable[[World], tuple[Send, Lost]]) -> None:
        for name in names:
            WRITES[name] = prepare

    return register


def post(path: str, name: str, /, **given: Json) -> Callable[[httpx.Client], httpx.Response]:
    return lambda http: http.post(f"{address(path)}/{name}", json=given)


# Verbs


@write("PATCH")
def _patch(world: World) -> tuple[Send, Lost]:
    targets = world.targets("Task")

    def lost(kept: set[int]) -> Iterable[int]:
        found = {n: world.read(targets[n], "Index")["Index"] for n in kept}
        return [] if world.one and set(found.values()) <= kept else [n for n in kept if found[n] != n]

    return lambda http, n: http.patch(address(targets[n]), json={"Index": n}), lost


@write("PATCH of versions")
def _versions(world: World) -> tuple[Send, Lost]:
    place = world.create(
        HOME, "DocumentLibrary", "versioned", InheritableVersioningMode=["3"], AllowedChildTypes=["Task"]
    )
    targets = world.targets("Task", place)

    def lost(kept: set[int]) -> Iterable[int]:
        versions = world.client.send(
            "GET", f"{address(targets[0])}/Versions?metadata=no&$select=TaskCompletion"
        ).json()
        shown = {row["TaskCompletion"] for row in versions["d"]["results"]}
        return (
            kept - shown
            if world.one
            else [n for n in kept if world.read(targets[n], "TaskCompletion")["TaskCompletion"] != n]
        )

    return lambda http, n: http.patch(address(targets[n]), json={"TaskCompletion": n}), lost


@write("PATCH of different fields")
def _fields(world: World) -> tuple[Send, Lost]:
    targets = world.targets("Task")
    fields: list[dict[str, Json]] = [
        {"Description": "d"},
        {"TaskCompletion": 7},
        {"Status": ["active"]},
        {"Index": 9},
    ]

    def lost(kept: set[int]) -> Iterable[int]:
        return [
            n
            for n in kept
            for name, value in fields[n % 4].items()
            if world.read(targets[n], name)[name] != value
        ]

    return lambda http, n: http.patch(address(targets[n]), json=fields[n % 4]), lost


@write("MERGE")
def _merge(world: World) -> tuple[Send, Lost]:
    targets = world.targets("Task")
    return (
        lambda http, n: http.request("MERGE", address(targets[n]), json={"Description": f"m{n}."}),
        lambda kept: (
            kept
            if not {world.read(targets[n], "Description")["Description"] for n in kept}
            <= {f"m{n}." for n in kept}
            else []
        ),
    )


@write("PUT")
def _put(world: World) -> tuple[Send, Lost]:
    targets = world.targets("Memo")
    return (
        lambda http, n: http.put(address(targets[n]), json={"DisplayName": f"P{n}"}),
        lambda kept: (
            kept
            if not {world.read(targets[n], "DisplayName")["DisplayName"] for n in kept}
            <= {f"P{n}" for n in kept}
            else []
        ),
    )


@write("POST")
def _post(world: World) -> tuple[Send, Lost]:
    places = world.targets("Folder")
    return (
        lambda http, n: http.post(
            address(places[n]), json={"__ContentType": "Task", "Name": f"n{n}", "DueDate": DUE}
        ),
        lambda kept: [n for n in kept if not world.there(f"{places[n]}/n{n}")],
    )


@write("POST of one name")
def _numbered(world: World) -> tuple[Send, Lost]:
    places = world.targets("Folder")

    def lost(kept: set[int]) -> Iterable[int]:
        found = sum(len(world.names(place, "&enableautofilters=false")) for place in set(places))
        return [] if found == len(kept) else kept

    return lambda http, n: http.post(address(places[n]), json={"__ContentType": "Task", "DueDate": DUE}), lost


@write("DELETE")
def _delete(world: World) -> tuple[Send, Lost]:
    targets = world.targets("Task")

    def lost(kept: set[int]) -> Iterable[int]:
        bags = world.names("/Root/Trash")
        assert len(bags) == len(set(targets))
        return [n for n in kept if world.there(targets[n])]

    return lambda http, n: http.delete(address(targets[n])), lost


@write("DELETE for good")
def _purge(world: World) -> tuple[Send, Lost]:
    targets = world.targets("Task")
    return (
        lambda http, n: http.delete(address(targets[n], "permanent=true")),
        lambda kept: [n for n in kept if world.there(targets[n])],
    )


@write("PATCH of the name")
def _rename(world: World) -> tuple[Send, Lost]:
    folders = [world.create(HOME, "Folder", f"t{n}") for n in range(MANY)]
    name = (lambda n: "same") if world.one else (lambda n: f"new{n}")

    def lost(kept: set[int]) -> Iterable[int]:
        assert len(world.names(HOME)) == MANY
        assert len(kept) == 1 or not world.one
        return [n for n in kept if not world.there(f"{HOME}/{name(n)}") or world.there(folders[n])]

    return lambda http, n: http.patch(address(folders[n]), json={"Name": name(n)}), lost


@write("PATCH of members")
def _members_field(world: World) -> tuple[Send, Lost]:
    groups, users = world.targets("Group", PUBLIC), world.users()
    ids = [world.read(user)["Id"] for user in users]

    def lost(kept: set[int]) -> Iterable[int]:
        last = {
            n: world.client.send("GET", f"{address(groups[n])}/Members?metadata=no&$select=Id").json()
            for n in kept
        }
        found = {n: [row["Id"] for row in one["d"]["results"]] for n, one in last.items()}
        return [n for n in kept if found[n] not in [[ids[k]] for k in (kept if world.one else {n})]]

    return lambda http, n: http.patch(address(groups[n]), json={"Members": [ids[n]]}), lost


@write("POST of a list field")
def _list_field(world: World) -> tuple[Send, Lost]:
    lists = world.targets("CustomList")

    def lost(kept: set[int]) -> Iterable[int]:
        shown = {
            place: world.read(place, "ContentListDefinition")["ContentListDefinition"] for place in set(lists)
        }
        return [n for n in kept if not re.search(rf"#F{n}\b", shown[lists[n]])]

    return lambda http, n: http.post(
        address(lists[n]), json={"__ContentType": "IntegerFieldSetting", "Name": f"F{n}"}
    ), lost


@write("PATCH of a list field")
def _list_field_edit(world: World) -> tuple[Send, Lost]:
    lists = world.targets("CustomList")
    for n, place in enumerate(lists):
        world.client.create(place, "IntegerFieldSetting", f"F{n}")

    def lost(kept: set[int]) -> Iterable[int]:
        shown = {
            place: world.read(place, "ContentListDefinition")["ContentListDefinition"] for place in set(lists)
        }
        return [n for n in kept if f"Title {n}<" not in shown[lists[n]]]

    return lambda http, n: http.patch(address(f"{lists[n]}/F{n}"), json={"DisplayName": f"Title {n}"}), lost


@write("DELETE of a list field")
def _list_field_gone(world: World) -> tuple[Send, Lost]:
    lists = world.targets("CustomList")
    for n, place in enumerate(lists):
        world.client.create(place, "IntegerFieldSetting", f"F{n}")

    def lost(kept: set[int]) -> Iterable[int]:
        shown = {
            place: world.read(place, "ContentListDefinition")["ContentListDefinition"] for place in set(lists)
        }
        return [n for n in kept if re.search(rf"#F{n}\b", shown[lists[n]])]

    return lambda http, n: http.delete(address(f"{lists[n]}/#F{n}")), lost


@write("upload in chunks")
def _chunks(world: World) -> tuple[Send, Lost]:
    places = world.targets("DocumentLibrary")
    half = [f"{n:05}".encode() for n in range(MANY)]

    def piece(http: httpx.Client, n: int, token: str, begin: int) -> httpx.Response:
        fields = {
            "FileName": f"f{n}.txt",
            "ContentType": "File",
            "UseChunk": "true",
            "FileLength": "10",
            "ChunkToken": token,
        }
        headers = {
            "Content-Range": f"bytes {begin}-{begin + 4}/10",
            "Content-Disposition": f'attachment; filename="f{n}.txt"',
        }
        return http.post(
            f"{address(places[n])}/Upload",
            data=fields,
            files={"files[]": (f"f{n}.txt", half[n])},
            headers=headers,
        )

    def send(http: httpx.Client, n: int) -> httpx.Response:
        given = {"FileName": f"f{n}.txt", "UseChunk": True, "FileLength": 10}
        began = http.post(f"{address(places[n])}/Upload?create=1", json=given)
        for begin in (0, 5):
            if began.status_code != 200:
                return began
            last = piece(http, n, began.text, begin)
            if last.status_code != 200:
                return last
        return last

    return send, lambda kept: [
        n for n in kept if world.client.send("GET", f"{places[n]}/f{n}.txt").content != half[n] * 2
    ]


# Operations, in the order of their names


@write("AddAllowedChildTypes(contentTypes)")
def _allow(world: World) -> tuple[Send, Lost]:
    places = world.targets("TaskList")
    names = [
        "Memo",
        "File",
        "Image",
        "Link",
        "Folder",
        "Workspace",
        "TaskList",
        "MemoList",
        "LinkList",
        "EventList",
    ] * 4

    def lost(kept: set[int]) -> Iterable[int]:
        return [n for n in kept if names[n] not in world.names_of(places[n], "AllowedChildTypes")]

    return lambda http, n: post(places[n], "AddAllowedChildTypes", contentTypes=[names[n]])(http), lost


@write("RemoveAllowedChildTypes(contentTypes)")
def _disallow(world: World) -> tuple[Send, Lost]:
    names = [
        "Memo",
        "File",
        "Image",
        "Link",
        "Folder",
        "Workspace",
        "TaskList",
        "MemoList",
        "LinkList",
        "EventList",
    ] * 4
    places = world.targets("TaskList", AllowedChildTypes=[*names[:10], "Task"])

    def lost(kept: set[int]) -> Iterable[int]:
        return [n for n in kept if names[n] in world.names_of(places[n], "AllowedChildTypes")]

    return lambda http, n: post(places[n], "RemoveAllowedChildTypes", contentTypes=[names[n]])(http), lost


@write("AddMembers(contentIds)")
def _join(world: World) -> tuple[Send, Lost]:
    groups = world.targets("Group", PUBLIC)
    ids = [world.read(user)["Id"] for user in world.users()]
    return (
        lambda http, n: post(groups[n], "AddMembers", contentIds=[ids[n]])(http),
        lambda kept: [n for n in kept if f"u{n}" not in world.names_of(groups[n], "Members")],
    )


@write("RemoveMembers(contentIds)")
def _leave(world: World) -> tuple[Send, Lost]:
    ids = [world.read(user)["Id"] for user in world.users()]
    groups = world.targets("Group", PUBLIC, Members=ids)
    return (
        lambda http, n: post(groups[n], "RemoveMembers", contentIds=[ids[n]])(http),
        lambda kept: [n for n in kept if f"u{n}" in world.names_of(groups[n], "Members")],
    )


def _in_versions(world: World, **fields: Json) -> list[str]:
    """Return a task for each number, in a place that keeps drafts and approves."""
    place = world.create(
        HOME, "DocumentLibrary", "versioned", InheritableVersioningMode=["3"], InheritableApprovingMode=["2"],
        AllowedChildTypes=["Task"],
    )  # fmt: skip
    return world.targets("Task", place, **fields)


def _version(world: World, path: str) -> str:
    return str(world.read(path, "Version")["Version"])


def _one_wins(world: World, kept: set[int]) -> list[int]:
    """Return those who were told that they did what only one can do."""
    return sorted(kept)[1:] if world.one else []


@write("CheckOut()")
def _check_out(world: World) -> tuple[Send, Lost]:
    targets = _in_versions(world)
    return (
        lambda http, n: post(targets[n], "CheckOut")(http),
        lambda kept: (
            _one_wins(world, kept) or [n for n in kept if not world.read(targets[n], "Locked")["Locked"]]
        ),
    )


def _ended(name: str, /, *, undo: bool, **given: Json) -> Callable[[World], tuple[Send, Lost]]:
    """Return the entry of what ends a check-out."""

    def prepare(world: World) -> tuple[Send, Lost]:
        targets = _in_versions(world, TaskCompletion=1)
        key = None
        if name == "ForceUndoCheckOut":  # is for what somebody else has
            (user,) = world.users("other", 1)
            world.call(HOME, "SetPermissions", r=[{"identity": user, "Save": "allow"}])
            key = world.call(user, "CreateApiKey").json()["Value"]
        for target in dict.fromkeys(targets):
            assert world.client.call(target, "CheckOut", key=key).status_code == 200
            headers = {"apikey": key} if key else {}
            world.client.send("PATCH", address(target), {"TaskCompletion": 2}, headers)

        def lost(kept: set[int]) -> Iterable[int]:
            rows = {n: world.read(targets[n], "Locked,TaskCompletion") for n in kept}
            return _one_wins(world, kept) or [
                n for n in kept if rows[n] != {"Locked": False, "TaskCompletion": 1 if undo else 2}
            ]

        return lambda http, n: post(targets[n], name, **given)(http), lost

    return prepare


write("CheckIn(checkInComments)")(_ended("CheckIn", undo=False, checkInComments="c"))
write("UndoCheckOut()")(_ended("UndoCheckOut", undo=True))
write("ForceUndoCheckOut()")(_ended("ForceUndoCheckOut", undo=True))


def _moved_on(name: str, status: str, *before: str, **given: Json) -> Callable[[World], tuple[Send, Lost]]:
    """Return the entry of what gives a version another status."""

    def prepare(world: World) -> tuple[Send, Lost]:
        targets = _in_versions(world)
        for target in dict.fromkeys(targets):
            for one in before:
                world.call(target, one)
        return (
            lambda http, n: post(targets[n], name, **given)(http),
            lambda kept: (
                _one_wins(world, kept)
                or [n for n in kept if not _version(world, targets[n]).endswith(status)]
            ),
        )

    return prepare


write("Publish()")(_moved_on("Publish", "P"))
write("Approve()")(_moved_on("Approve", "A", "Publish"))
write("Reject(rejectReason)")(_moved_on("Reject", "R", "Publish", rejectReason="no"))


@write("RestoreVersion(version)")
def _restore_version(world: World) -> tuple[Send, Lost]:
    targets = _in_versions(world)
    first = _version(world, targets[0])
    for target in dict.fromkeys(targets):
        world.client.patch(target, {"TaskCompletion": 5})

    def lost(kept: set[int]) -> Iterable[int]:
        count = len(world.client.versions(targets[0]))
        assert count == 2 + len(kept) or not world.one
        return [n for n in kept if world.read(targets[n], "TaskCompletion")["TaskCompletion"] != 0]

    return lambda http, n: post(targets[n], "RestoreVersion", version=first)(http), lost


@write("TakeLockOver(user)")
def _lock_over(world: World) -> tuple[Send, Lost]:
    targets = _in_versions(world)
    for target in dict.fromkeys(targets):
        world.call(target, "CheckOut")
    users = world.users()
    entries = [{"identity": user, "Save": "allow"} for user in users]
    world.call(HOME, "SetPermissions", r=entries)

    def holder(n: int) -> str:
        select = "$expand=CheckedOutTo&$select=CheckedOutTo/Path&metadata=no"
        return str(world.client.send("GET", address(targets[n], select)).json()["d"]["CheckedOutTo"]["Path"])

    def lost(kept: set[int]) -> Iterable[int]:
        return [n for n in kept if holder(n) not in [users[k] for k in (kept if world.one else {n})]]

    return lambda http, n: post(targets[n], "TakeLockOver", user=users[n])(http), lost


@write("TakeOwnership(userOrGroup)")
def _own(world: World) -> tuple[Send, Lost]:
    targets, users = world.targets("Task"), world.users()

    def owner(n: int) -> str:
        select = "$expand=Owner&$select=Owner/Path&metadata=no"
        return str(world.client.send("GET", address(targets[n], select)).json()["d"]["Owner"]["Path"])

    def lost(kept: set[int]) -> Iterable[int]:
        return [n for n in kept if owner(n) not in [users[k] for k in (kept if world.one else {n})]]

    return lambda http, n: post(targets[n], "TakeOwnership", userOrGroup=users[n])(http), lost


@write("SetPermissions(r)")
def _permit(world: World) -> tuple[Send, Lost]:
    targets, users = world.targets("Task"), world.users()

    def lost(kept: set[int]) -> Iterable[int]:
        shown = {
            n: {one["identity"]["path"] for one in world.get(targets[n], "GetPermissions")["entries"]}
            for n in kept
        }
        return [n for n in kept if users[n] not in shown[n]]

    return lambda http, n: post(targets[n], "SetPermissions", r=[{"identity": users[n], "Open": "allow"}])(
        http
    ), lost


@write("SetPermissions(inheritance)")
def _break(world: World) -> tuple[Send, Lost]:
    targets = world.targets("Task")
    return (
        lambda http, n: post(targets[n], "SetPermissions", inheritance="break")(http),
        lambda kept: [n for n in kept if world.get(targets[n], "GetPermissions")["inherits"]],
    )


@write("CopyExplicitEntriesOfEveryoneToVisitor(exceptList)")
def _to_visitor(world: World) -> tuple[Send, Lost]:
    targets = world.targets("Task")
    for target in dict.fromkeys(targets):
        world.call(
            target, "SetPermissions", r=[{"identity": "/Root/IMS/BuiltIn/Portal/Everyone", "Open": "allow"}]
        )
    visitor = "/Root/IMS/BuiltIn/Portal/Visitor"

    def lost(kept: set[int]) -> Iterable[int]:
        shown = [
            {one["identity"]["path"] for one in world.get(targets[n], "GetPermissions")["entries"]}
            for n in kept
        ]
        return kept if not all(visitor in one for one in shown) else []

    return lambda http, n: post("/Root", "CopyExplicitEntriesOfEveryoneToVisitor", exceptList=[])(http), lost


def _batch(name: str, *, goes: bool) -> Callable[[World], tuple[Send, Lost]]:
    """Return the entry of copies or moves to one folder."""

    def prepare(world: World) -> tuple[Send, Lost]:
        tasks = [world.create(world.create(HOME, "Folder", f"from{n}"), "Task", f"a{n}") for n in range(MANY)]
        places = world.targets("Folder")

        def lost(kept: set[int]) -> Iterable[int]:
            there = {place: world.names(place) for place in set(places)}
            return [n for n in kept if f"a{n}" not in there[places[n]] or world.there(tasks[n]) is goes]

        return lambda http, n: post(HOME, name, targetPath=places[n], paths=[tasks[n]])(http), lost

    return prepare


write("CopyBatch(targetPath,paths)")(_batch("CopyBatch", goes=False))
write("MoveBatch(targetPath,paths)")(_batch("MoveBatch", goes=True))


def _gone(name: str, **given: Json) -> Callable[[World], tuple[Send, Lost]]:
    def prepare(world: World) -> tuple[Send, Lost]:
        targets = world.targets("Task")

        def send(http: httpx.Client, n: int) -> httpx.Response:
            batch = name == "DeleteBatch"
            more = {"paths": [targets[n]]} if batch else {}
            return post(HOME if batch else targets[n], name, permanent=n % 2 == 0, **more)(http)

        return send, lambda kept: [n for n in kept if world.there(targets[n])]

    return prepare


write("Delete(permanent)")(_gone("Delete"))
write("DeleteBatch(permanent,paths)")(_gone("DeleteBatch"))


@write("Restore(destination,newname)")
def _restore(world: World) -> tuple[Send, Lost]:
    targets = world.targets("Task")
    for target in dict.fromkeys(targets):
        assert world.client.send("DELETE", address(target)).status_code == 200
    rows = world.client.send(
        "GET", "/odata.svc/Root/Trash?metadata=no&$select=Path,OriginalPath,DisplayName"
    ).json()
    bags = {row["DisplayName"]: row["Path"] for row in rows["d"]["results"]}
    mine = [bags[target.rpartition("/")[2]] for target in targets]
    return (
        lambda http, n: post(mine[n], "Restore", destination=HOME)(http),
        lambda kept: [n for n in kept if not world.there(targets[n])],
    )


@write("CreateApiKey()")
def _key(world: World) -> tuple[Send, Lost]:
    users = world.user_targets()
    made: dict[int, str] = {}

    def send(http: httpx.Client, n: int) -> httpx.Response:
        answer = post(users[n], "CreateApiKey")(http)
        made[n] = answer.json().get("Value", "")
        return answer

    def lost(kept: set[int]) -> Iterable[int]:
        shown = {n: {one["Value"] for one in world.get(users[n], "GetApiKeys")["apiKeys"]} for n in kept}
        return [n for n in kept if made[n] not in shown[n]]

    return send, lost


def _keys_gone(name: str) -> Callable[[World], tuple[Send, Lost]]:
    def prepare(world: World) -> tuple[Send, Lost]:
        users = world.user_targets()
        keys = [world.call(user, "CreateApiKey").json()["Value"] for user in users]
        given = [{"apiKey": key} if name == "DeleteApiKey" else {} for key in keys]

        def lost(kept: set[int]) -> Iterable[int]:
            return [n for n in kept if keys[n] in json.dumps(world.get(users[n], "GetApiKeys"))]

        return lambda http, n: post(users[n], name, **given[n])(http), lost

    return prepare


write("DeleteApiKey(apiKey)")(_keys_gone("DeleteApiKey"))
write("DeleteApiKeys()")(_keys_gone("DeleteApiKeys"))


def _clients(world: World) -> dict[str, Json]:
    return {one["clientId"]: one for one in world.get("/Root", "GetClients")["clients"]}


@write("CreateClient(name,type,userName)")
def _client(world: World) -> tuple[Send, Lost]:
    def lost(kept: set[int]) -> Iterable[int]:
        names = {one["name"] for one in _clients(world).values()}
        return [n for n in kept if f"c{n}" not in names]

    return lambda http, n: post("/Root", "CreateClient", name=f"c{n}", type="ExternalClient")(http), lost


def _client_targets(world: World, count: int) -> list[str]:
    made = [
        world.call("/Root", "CreateClient", name=f"c{n}", type="ExternalClient").json()["clientId"]
        for n in range(count)
    ]
    return made * MANY if count == 1 else made


@write("DeleteClient(clientId)")
def _client_gone(world: World) -> tuple[Send, Lost]:
    ids = _client_targets(world, MANY)
    return (
        lambda http, n: post("/Root", "DeleteClient", clientId=ids[n])(http),
        lambda kept: [n for n in kept if ids[n] in _clients(world)],
    )


@write("CreateSecret(clientId,validTill)")
def _secret(world: World) -> tuple[Send, Lost]:
    ids = _client_targets(world, 1 if world.one else MANY)
    made: dict[int, str] = {}

    def send(http: httpx.Client, n: int) -> httpx.Response:
        answer = post("/Root", "CreateSecret", clientId=ids[n])(http)
        made[n] = answer.json().get("id", "")
        return answer

    return send, lambda kept: [n for n in kept if made[n] not in json.dumps(_clients(world)[ids[n]])]


def _secrets(world: World) -> list[tuple[str, str]]:
    ids = _client_targets(world, 1 if world.one else MANY)
    return [(one, world.call("/Root", "CreateSecret", clientId=one).json()["id"]) for one in ids]


@write("DeleteSecret(clientId,secretId)")
def _secret_gone(world: World) -> tuple[Send, Lost]:
    made = _secrets(world)
    return (
        lambda http, n: post("/Root", "DeleteSecret", clientId=made[n][0], secretId=made[n][1])(http),
        lambda kept: [n for n in kept if made[n][1] in json.dumps(_clients(world))],
    )


@write("RegenerateSecretForRepository(clientId,secretId,validTill)")
def _secret_again(world: World) -> tuple[Send, Lost]:
    made = _secrets(world)
    values: dict[int, str] = {}

    def send(http: httpx.Client, n: int) -> httpx.Response:
        answer = post("/Root", "RegenerateSecretForRepository", clientId=made[n][0], secretId=made[n][1])(
            http
        )
        values[n] = answer.json().get("value", "")
        return answer

    return send, lambda kept: [n for n in kept if values[n] not in json.dumps(_clients(world))]


@write("CreateLocalUser(loginName,password,email)")
def _local_user(world: World) -> tuple[Send, Lost]:
    def send(http: httpx.Client, n: int) -> httpx.Response:
        name = "only" if world.one else f"l{n}"
        return post(
            "/Root", "CreateLocalUser", loginName=name, password="Secret-123", email=f"{name}@example.com"
        )(http)

    def lost(kept: set[int]) -> Iterable[int]:
        found = world.client.send(
            "GET", "/odata.svc/Root/IMS?query=TypeIs:User&$select=LoginName&metadata=no"
        ).json()
        logins = [row["LoginName"] for row in found["d"]["results"]]
        return _one_wins(world, kept) or [n for n in kept if ("only" if world.one else f"l{n}") not in logins]

    return send, lost


@write("CreateUserByProvider(provider,userId,claims)")
def _provided_user(world: World) -> tuple[Send, Lost]:
    def send(http: httpx.Client, n: int) -> httpx.Response:
        name = "only" if world.one else f"p{n}"
        given = {"name": name, "email": f"{name}@example.com", "password": "Secret-123"}
        claims = json.dumps([{"type": kind, "value": value} for kind, value in given.items()])
        return post("/Root", "CreateUserByProvider", provider="X", userId=name, claims=claims)(http)

    def lost(kept: set[int]) -> Iterable[int]:
        found = world.client.send(
            "GET", "/odata.svc/Root/IMS?query=TypeIs:User&$select=LoginName&metadata=no"
        ).json()
        logins = [row["LoginName"] for row in found["d"]["results"]]
        return _one_wins(world, kept) or [n for n in kept if ("only" if world.one else f"p{n}") not in logins]

    return send, lost


@write("ChangePassword(password)")
def _password(world: World) -> tuple[Send, Lost]:
    users = world.user_targets()

    def knows(n: int, word: str) -> bool:
        name = users[n].rpartition("/")[2]
        given = {"userName": f"public\\{name}", "password": word}
        return world.client.send("POST", "/odata.svc/('Root')/ValidateCredentials", given).status_code == 200

    def lost(kept: set[int]) -> Iterable[int]:
        return [n for n in kept if not any(knows(n, f"Secret-{k}-x") for k in (kept if world.one else {n}))]

    return lambda http, n: post(users[n], "ChangePassword", password=f"Secret-{n}-x")(http), lost


@write("Share(token,level,mode,sendNotification)")
def _share(world: World) -> tuple[Send, Lost]:
    targets, users = world.targets("Task"), world.users()

    def send(http: httpx.Client, n: int) -> httpx.Response:
        mail = f"u{n}@example.com"
        return post(targets[n], "Share", token=mail, level="Open", mode="Private", sendNotification=False)(
            http
        )

    def lost(kept: set[int]) -> Iterable[int]:
        shown = {n: json.dumps(world.get(targets[n], "GetSharing")) for n in kept}
        entries = {n: json.dumps(world.get(targets[n], "GetPermissions")) for n in kept}
        return [n for n in kept if f'"u{n}@example.com"' not in shown[n] or f'"{users[n]}"' not in entries[n]]

    return send, lost


@write("RemoveSharing(id)")
def _unshare(world: World) -> tuple[Send, Lost]:
    targets = world.targets("Task")
    world.users()
    ids = []
    for n in range(MANY):
        given = {"token": f"u{n}@example.com", "level": "Open", "mode": "Private", "sendNotification": False}
        ids.append(world.call(targets[n], "Share", **given).json()["Id"])
    return (
        lambda http, n: post(targets[n], "RemoveSharing", id=ids[n])(http),
        lambda kept: [n for n in kept if ids[n] in json.dumps(world.get(targets[n], "GetSharing"))],
    )


@write("SaveQuery(query,displayName,queryType,uiFilters)")
def _save_query(world: World) -> tuple[Send, Lost]:
    places = world.targets("Folder")

    def lost(kept: set[int]) -> Iterable[int]:
        rows = world.get(HOME, "GetQueries", "onlyPublic=true&metadata=no&$select=DisplayName")["d"][
            "results"
        ]
        return [n for n in kept if f"Q{n}" not in {row["DisplayName"] for row in rows}]

    return lambda http, n: post(
        places[n], "SaveQuery", query="Name:x", displayName=f"Q{n}", queryType="Public"
    )(http), lost


@write("WriteSettings(name,settingsData)")
def _settings(world: World) -> tuple[Send, Lost]:
    places = world.targets("Folder")

    def lost(kept: set[int]) -> Iterable[int]:
        found = {n: world.get(places[n], "GetSettings", "name=Logging").get("n") for n in kept}
        return [n for n in kept if found[n] not in (kept if world.one else {n})]

    return lambda http, n: post(places[n], "WriteSettings", name="Logging", settingsData={"n": n})(http), lost


@write(
    "Upload(FileLength,ContentType,PropertyName,FileText,Overwrite,ContentId,FileName,ChunkToken,UseChunk,create)"
)
def _upload(world: World) -> tuple[Send, Lost]:
    places = world.targets("DocumentLibrary")
    name = (lambda n: "same.txt") if world.one else (lambda n: f"f{n}.txt")

    def lost(kept: set[int]) -> Iterable[int]:
        found = {n: world.client.send("GET", f"{places[n]}/{name(n)}").text.lstrip("\ufeff") for n in kept}
        return [n for n in kept if found[n] not in [f"text {k}" for k in (kept if world.one else {n})]]

    return lambda http, n: post(places[n], "Upload", FileName=name(n), FileText=f"text {n}")(http), lost


@write("Upload of a content type")
def _types(world: World) -> tuple[Send, Lost]:
    def send(http: httpx.Client, n: int) -> httpx.Response:
        given = {"FileName": f"T{n}", "FileText": DEFINITION.format(f"T{n}"), "ContentType": "ContentType"}
        return post("/Root/System/Schema/ContentTypes", "Upload", **given)(http)

    def lost(kept: set[int]) -> Iterable[int]:
        shown = {one["ContentTypeName"] for one in world.get("/Root", "GetSchema")}
        return [n for n in kept if f"T{n}" not in shown]

    return send, lost


@write("StartBlobUploadToParent(name,contentType,fullSize,fieldName)")
def _blob_below(world: World) -> tuple[Send, Lost]:
    places = world.targets("DocumentLibrary")

    def send(http: httpx.Client, n: int) -> httpx.Response:
        return post(places[n], "StartBlobUploadToParent", name=f"b{n}.txt", contentType="File", fullSize=5)(
            http
        )

    return send, lambda kept: [n for n in kept if not world.there(f"{places[n]}/b{n}.txt")]


def _blob_targets(world: World) -> list[str]:
    library = world.create(HOME, "DocumentLibrary", "blobs")
    return world.targets("File", library)


@write("StartBlobUpload(fullSize,fieldName)")
def _blob(world: World) -> tuple[Send, Lost]:
    files = _blob_targets(world)
    return (
        lambda http, n: post(files[n], "StartBlobUpload", fullSize=5)(http),
        lambda kept: [n for n in kept if world.read(files[n], "SavingState")["SavingState"] == ["0"]],
    )


def _blob_ended(name: str) -> Callable[[World], tuple[Send, Lost]]:
    def prepare(world: World) -> tuple[Send, Lost]:
        files = _blob_targets(world)
        tokens = {}
        for file in dict.fromkeys(files):
            text = world.call(file, "StartBlobUpload", fullSize=0).text
            found = re.search(r"token: '([^']*)'", text)
            assert found is not None
            tokens[file] = found[1]

        def send(http: httpx.Client, n: int) -> httpx.Response:
            given = {"token": tokens[files[n]], "fullSize": 0, "fileName": "x.css"}
            return post(files[n], name, **(given if name == "FinalizeBlobUpload" else {}))(http)

        return send, lambda kept: [
            n for n in kept if world.read(files[n], "SavingState")["SavingState"] != ["0"]
        ]

    return prepare


write("FinalizeBlobUpload(token,fullSize,fieldName,fileName)")(_blob_ended("FinalizeBlobUpload"))
write("FinalizeContent()")(_blob_ended("FinalizeContent"))


NOTHING = {
    "Ad2PortalSyncFinalizer(result)",
    "CheckPreviews(generateMissing)",
    "DocumentPreviewFinalizer(result)",
    "GetPageCount()",
    "GetPreviewsFolder(empty)",
    "RebuildIndex(recursive,rebuildLevel)",
    "RebuildIndexSubtree()",
    "RefreshIndexSubtree()",
    "RegeneratePreviews()",
    "Replicate(target,options)",
    "ResetTwoFactorKey()",
    "SendChangePasswordMail(email,returnUrl)",
    "SendChangePasswordMail(returnUrl)",
    "SetPageCount(pageCount)",
    "SetPreviewStatus(status)",
    "ValidateCredentials(userName,password)",
    "ValidateTwoFactorCode(twoFactorCode)",
}
"""Actions that save no content."""

QUICK = ["PATCH", "POST", "SetPermissions(r)", "POST of a list field"]


@contextmanager
def clients(application: Application, over: str) -> Iterator[Callable[[], httpx.Client]]:
    """Yield what makes clients: over sockets, or of the application itself."""
    if over == "threads":
        transport = httpx.WSGITransport(app=application)
        yield lambda: httpx.Client(transport=transport, base_url="http://embedded")
        return
    server = serve(application)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield lambda: httpx.Client(base_url=f"http://127.0.0.1:{server.server_port}", timeout=300)
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def at_once(make: Callable[[], httpx.Client], send: Send) -> list[httpx.Response]:
    start = threading.Barrier(MANY)

    def work(number: int) -> httpx.Response:
        with make() as http:
            start.wait()
            return send(http, number)

    with ThreadPoolExecutor(MANY) as pool:
        return list(pool.map(work, range(MANY)))


def check(data: Path | str, name: str, *, one: bool, over: str) -> None:
    application = Application(data, sample=False, admin=True)
    try:
        world = World(application, one)
        send, lost = WRITES[name](world)
        with clients(application, over) as make:
            answers = at_once(make, send)
        kept = {n for n, answer in enumerate(answers) if answer.status_code < 300}
        refused = {_problem(answer) for answer in answers if answer.status_code >= 300}
        assert kept
        assert refused <= REFUSED
        assert sorted(lost(kept)) == []
    finally:
        application.close()


def _problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["exceptiontype"] if answer.content else ""


def test_every_action_of_the_registry_is_in_the_table() -> None:
    actions = {one.op_id for group in REGISTRY.values() for one in group if one.action}
    assert actions - WRITES.keys() - NOTHING == set()
    assert (WRITES.keys() & NOTHING) | (NOTHING - actions) == set()


@pytest.mark.parametrize("name", QUICK)
def test_some_writes_at_once(tmp_path: Path, name: str) -> None:
    check(tmp_path / "repository.db", name, one=True, over="http")


@pytest.mark.long
@pytest.mark.parametrize("over", ["threads", "http"])
@pytest.mark.parametrize("one", [True, False], ids=["one", "many"])
@pytest.mark.parametrize("name", list(WRITES))
def test_writes_at_once(tmp_path: Path, name: str, one: bool, over: str) -> None:
    check(":memory:" if over == "threads" else tmp_path / "repository.db", name, one=one, over=over)
