"""A repository with content types that an editor may not see, and an administrator beside her.

Four types of the company: ``Gadget`` with every kind of field, hidden; ``Special``, hidden, below it;
``Widget``, hidden, with some of the names, whose choice takes several options; ``Memento``, shown, with some
of the names and other options. A field of one name has the same type everywhere.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pandas as pd

import sn_pandas as sn
from sn_pandas import F, Q
from sn_pandas.frames import Repository

from ..fakes import FakeServer

PLACE = "/Root/Content/W"
EVERYONE = "/Root/IMS/BuiltIn/Portal/Everyone"
ERIN = "/Root/IMS/Public/erin"
TYPES = "/Root/System/Schema/ContentTypes"
_OPTIONS = "".join(f'<Option value="{v}">{v.title()}</Option>' for v in ("new", "used", "broken"))
_SINGLE = f"<Configuration><Options>{_OPTIONS}</Options></Configuration>"
_MULTIPLE = f"<Configuration><AllowMultiple>true</AllowMultiple><Options>{_OPTIONS}</Options></Configuration>"
_OTHER = "<Configuration><Options><Option value='old'>Old</Option></Options></Configuration>"
_USER = "<Configuration><AllowedTypes><Type>User</Type></AllowedTypes></Configuration>"
_SEVERAL = "<Configuration><AllowMultiple>true</AllowMultiple></Configuration>"
#: The fields of each type: name, kind, configuration.
FIELDS: dict[str, list[tuple[str, str, str]]] = {
    "Gadget": [
        ("Code", "ShortText", ""),
        ("Notes", "LongText", ""),
        ("Story", "RichText", ""),
        ("Quantity", "Integer", ""),
        ("Weight", "Number", ""),
        ("Price", "Currency", ""),
        ("InUse", "Boolean", ""),
        ("BoughtOn", "DateTime", ""),
        ("Shape", "Choice", _SINGLE),
        ("Labels", "Choice", _MULTIPLE),
        ("Keeper", "Reference", _USER),
        ("Parts", "Reference", _SEVERAL),
        ("Paint", "Color", ""),
        ("Home", "HyperLink", ""),
    ],
    "Special": [("Extra", "Integer", "")],
    "Widget": [("Code", "ShortText", ""), ("Weight", "Number", ""), ("Shape", "Choice", _MULTIPLE)],
    "Memento": [("Notes", "LongText", ""), ("Labels", "Choice", _OTHER), ("Spot", "ShortText", "")],
}
#: The types that are derived from others of them.
PARENTS = {"Special": "Gadget"}
#: All that one can do with a content but see its type.
RIGHTS = (
    "See Preview PreviewWithoutWatermark PreviewWithoutRedaction Open OpenMinor Save Publish ForceCheckin "
    "AddNew Approve Delete RecallOldVersion DeleteOldVersion SeePermissions SetPermissions RunApplication "
    "ManageListsAndWorkspaces TakeOwnership"
).split()
SHAPES = ("new", "used", "broken")
#: Filters by name, of which the editor can ask what her types allow.
CONDITIONS: dict[str, Any] = {
    "Code ==": F("Code") == "c1",
    "Code !=": F("Code") != "c1",
    "Code startswith": F("Code").startswith("c"),
    "Code contains": F("Code").contains("1"),
    "Code isin": F("Code").isin(["c1", "w"]),
    "Quantity >": F("Quantity") > 7,
    "Quantity between": F("Quantity").between(0, 14),
    "Quantity half": F("Quantity") > 7.5,
    "Weight >": F("Weight") > 1,
    "Weight ==": F("Weight") == 0.5,
    "Price <=": F("Price") <= 2.5,
    "InUse": F("InUse") == True,  # noqa: E712
    "not InUse": ~(F("InUse") == True),  # noqa: E712
    "BoughtOn text": F("BoughtOn") >= "2026-01-02",
    "BoughtOn": F("BoughtOn") < pd.Timestamp("2026-01-03", tz="UTC"),
    "BoughtOn none": F("BoughtOn") == None,  # noqa: E711
    "Shape ==": F("Shape") == "used",
    "Shape isin": F("Shape").isin(["used", "new"]),
    "Labels": F("Labels") == "new",
    "Keeper": F("Keeper") == ERIN,
    "Notes words": F("Notes").has_words("note"),
    "Notes ==": F("Notes") == "note",
    "Spot": F("Spot") == "shelf",
    "Status": F("Status") == "active",
    "two": (F("Weight") > 0.1) & (F("Quantity") >= 7),
    "or": (F("Weight") > 2) | (F("Shape") == "used"),
    "wrong": F("Quantty") == 3,
    "text": "Quantity gt 7 and Shape eq 'used'",
    "text on a type": "isof('Gadget') and InUse eq true",
    "text of nothing": "startswith(Name,'nobody')",
    "text behind": "Keeper/Name ne 'none'",
    **{f"isof {name}": sn.isof(name) for name in ("Gadget", "Special", "Widget", "Memento", "Task")},
}
#: Conditions of the content query language by name.
QUERIES: dict[str, Any] = {
    "Quantity": Q("Quantity") > 7,
    "Shape": Q("Shape") == "used",
    "Weight": Q("Weight") >= 2,
    "BoughtOn": Q("BoughtOn") > pd.Timestamp("2026-01-02", tz="UTC"),
    "InUse": Q("InUse") == True,  # noqa: E712
    "Keeper": Q("Keeper").where(Q("Name") == "erin"),
    "Notes": Q("Notes").has_words("note"),
    "text": "Quantity:>7 .SORT:Name",
    "type": "TypeIs:Gadget",
    "other type": "TypeIs:Special OR TypeIs:Memento",
    "wrong": "Quantty:3",
    "wrong Q": Q("Quantty") == 3,
}


def definition(name: str) -> bytes:
    """Return the definition of one of the types."""
    parent = PARENTS.get(name, "GenericContent")
    fields = "".join(f'<Field name="{n}" type="{kind}">{more}</Field>' for n, kind, more in FIELDS[name])
    return (
        f'<ContentType name="{name}" parentType="{parent}" '
        'handler="SenseNet.ContentRepository.GenericContent" '
        'xmlns="http://schemas.sensenet.com/SenseNet/ContentRepository/ContentTypeDefinition">'
        f"<DisplayName>{name}</DisplayName><Fields>{fields}</Fields></ContentType>"
    ).encode()


def container(name: str, *allowed: str) -> bytes:
    """Return the definition of a type of folders that allows some types by itself."""
    return (
        f'<ContentType name="{name}" parentType="Folder" handler="SenseNet.ContentRepository.Folder" '
        'xmlns="http://schemas.sensenet.com/SenseNet/ContentRepository/ContentTypeDefinition">'
        f"<AllowedChildTypes>{','.join(allowed)}</AllowedChildTypes><Fields/></ContentType>"
    ).encode()


def show(admin: Repository, name: str, value: str = "allow") -> None:
    """Let everyone see a type, or no longer (``"undefined"``)."""
    parents = [name]
    while parents[-1] in PARENTS:
        parents.append(PARENTS[parents[-1]])
    path = "/".join([TYPES, "GenericContent", *reversed(parents)])
    admin.call(path, "SetPermissions", r=[{"identity": EVERYONE, "See": value}])


def show_all(admin: Repository) -> None:
    """Let everyone see every content type there is."""
    every = admin.read(TYPES, query="TypeIs:ContentType", select="Name", autofilters=False)
    for id_ in every.index:
        admin.call(int(id_), "SetPermissions", r=[{"identity": EVERYONE, "See": "allow"}])


def company(server: FakeServer) -> Repository:
    """Install the types, make the editor and the place; return the administrator's repository."""
    admin = server.connect()
    for name in FIELDS:
        report = admin.upload(TYPES, {name: definition(name)}, type="ContentType")
        assert report.ok, report
    admin = server.connect()
    show(admin, "Memento")
    admin.create("/Root/Content", "Workspace", "W")
    admin.call(PLACE, "AddAllowedChildTypes", contentTypes=[*FIELDS, "Task", "Folder", "File"])
    erin = {"LoginName": "erin", "FullName": "Erin Editor", "Email": "erin@example.com", "Enabled": True}
    admin.create("/Root/IMS/Public", "User", "erin", {**erin, "Password": "Erin-12345678"})
    admin.call(PLACE, "SetPermissions", r=[{"identity": ERIN, **dict.fromkeys(RIGHTS, "allow")}])
    return admin


def fill(admin: Repository, place: str = PLACE, rows: int = 6) -> None:
    """Make contents of all types in a place."""
    for n in range(rows):
        admin.create(place, "Gadget", f"g{n}", gadget(n, place))
    for n in range(2):
        admin.create(place, "Special", f"s{n}", {**gadget(n, place), "Extra": n})
        admin.create(place, "Widget", f"w{n}", {"Code": "w", "Weight": n / 4, "Shape": list(SHAPES[: n + 1])})
        admin.create(place, "Memento", f"m{n}", {"Notes": f"memo {n}", "Labels": ["old"], "Spot": "shelf"})
        admin.create(place, "Task", f"t{n}", {"AssignedTo": [ERIN], "Status": "active", "Index": n})


def gadget(n: int, place: str) -> dict[str, object]:
    """Return the fields of a gadget."""
    return {
        "Code": f"c{n}",
        "Notes": f"note {n}",
        "Quantity": n * 7,
        "Weight": n + 0.5,
        "Price": n * 1.25,
        "InUse": n % 2 == 0,
        "BoughtOn": f"2026-01-0{n % 9 + 1}T00:00:00Z",
        "Shape": [SHAPES[n % 3]],
        "Labels": list(SHAPES[: n % 3]),
        "Keeper": ERIN if n % 2 else None,
        "Parts": [f"{place}/g{k}" for k in range(n)],
    }


def key_of(server: FakeServer) -> dict[str, str]:
    """Return what connects as the editor."""
    return {"api_key": server.key_of("erin")}


def editors(server: FakeServer) -> Iterator[Repository]:
    """Yield new connections of the editor."""
    for _ in itertools.count():
        yield server.connect(user="erin")


def told(do: object) -> object:
    """Return what a call gives, or its error in words."""
    try:
        return do()  # type: ignore[operator]
    except (sn.SensenetError, KeyError) as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0]}"


#: What is written into a cell of each field; texts with HERE name the place.
EDITS: dict[str, list[Any]] = {
    "Code": ["other", "", None, 5],
    "Notes": ["longer\ntext", None],
    "Quantity": [41, None, 2.5, "many", 2**40],
    "Weight": [0.25, "x"],
    "Price": [12, None],
    "InUse": [True, False, "yes"],
    "BoughtOn": [pd.Timestamp("2026-03-04", tz="UTC"), None, "soon"],
    "Shape": ["broken", "Used", "brokn", None],
    "Labels": [["new"], [], ["new", "brokn"]],
    "Keeper": [None, ERIN, "HERE/g0", "/Root/Nowhere"],
    "Parts": [["HERE/g0"], [], ["HERE/g0", "HERE/g1"]],
    "Story": ["<p>x</p>"],
    "DisplayName": ["shown"],
    "Name": ["g3"],
    "Path": ["/Root/Other"],
    "Version": ["V2.0"],
    "Spot": ["shelf"],
    "Paint": ["red"],
}
