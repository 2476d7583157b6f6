"""Sample content: a small company to look around in, and any number of contents for trials of size.

Everything comes from a seeded generator and fixed dates, so that two repositories hold the same.
"""

from __future__ import annotations

import csv
import io
import random
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sn_pandas.embedded.contents import ADMIN, ADMINISTRATORS, VISITOR, Content
from sn_pandas.embedded.schema import permission_names
from sn_pandas.embedded.security import entries, permissions
from sn_pandas.embedded.security.entries import Entry

if TYPE_CHECKING:
    from sn_pandas.embedded.storage.store import Store

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
"""The day on which the sample company stands still."""

ASSET = {
    "Name": "Asset",
    "Parent": "GenericContent",
    "DisplayName": "Asset",
    "Description": "A thing that the company owns.",
    "Icon": "Content",
    "Handler": "SenseNet.ContentRepository.GenericContent",
    "AllowIncrementalNaming": True,
    "Fields": [
        {"Name": "Serial", "Kind": "ShortText", "DisplayName": "Serial number", "MinLength": 4,
         "MaxLength": 12, "Regex": "[A-Z]{2}-[0-9]+"},
        {"Name": "Notes", "Kind": "LongText", "DisplayName": "Notes"},
        {"Name": "Quantity", "Kind": "Integer", "DisplayName": "Quantity", "MinValue": 0, "MaxValue": 1000},
        {"Name": "Weight", "Kind": "Number", "DisplayName": "Weight", "MinValue": 0, "Digits": 3},
        {"Name": "Price", "Kind": "Currency", "DisplayName": "Price", "Format": "en-US"},
        {"Name": "InUse", "Kind": "Boolean", "DisplayName": "In use"},
        {"Name": "BoughtOn", "Kind": "DateTime", "DisplayName": "Bought on", "DateTimeMode": "Date"},
        {"Name": "Condition", "Kind": "Choice", "DisplayName": "Condition", "AllowMultiple": False,
         "AllowExtraValue": False,
         "Options": [{"Value": "new", "Text": "New", "Selected": True}, {"Value": "used", "Text": "Used"},
                     {"Value": "broken", "Text": "Broken"}]},
        {"Name": "Labels", "Kind": "Choice", "DisplayName": "Labels", "AllowMultiple": True,
         "AllowExtraValue": True,
         "Options": [{"Value": c, "Text": c.title()} for c in ("red", "green", "blue")]},
        {"Name": "Keeper", "Kind": "Reference", "DisplayName": "Keeper", "AllowMultiple": False,
         "AllowedTypes": ["User"], "SelectionRoots": ["/Root/IMS"]},
    ],
}  # fmt: skip
"""The content type of the company's own."""

FIRST_NAMES = (
    "Anna Bálint Chloé Dávid Eszter Farid Greta Hugo Ines Jonas Kira László Mónika Noah Olga Péter "
    "Quirin Réka Sven Tímea Uma Viktor Wanda Zsófia"
).split()
LAST_NAMES = (
    "Ács Berg Csonka Duarte Egri Fischer Gál Horváth Ito Jansen Kovács Lang Molnár Nagy Okafor Pap "
    "Quint Rossi Szabó Tóth Ujvári Varga Weber Zentai"
).split()
JOBS = ("Analyst", "Designer", "Engineer", "Editor", "Planner", "Support")
DEPARTMENTS = {
    "IT": "IT department",
    "HR": "People and culture",
    "Sales": "Sales",
    "Marketing": "Marketing",
    "Research": "Research & development",
}
VERBS = "Review Prepare Update Archive Translate Check Plan Order Clean Publish Test Renew".split()
THINGS = (
    "the budget|travel policy|the web site|supplier contracts|onboarding checklist|the "
    "newsletter|backup report|price list|meeting rooms|customer survey|security audit|release "
    "notes|training material|the archive"
).split("|")
WORDS = (
    "agreed after before budget build change check client content copy data date deliver detail "
    "document draft early final first follow form goal idea keep late learn list meet need next note "
    "office open order paper people plan price question quick read report review send share short start "
    "team test text time update value visit week work"
).split()
READ = ("Open",)
EDIT = ("Save", "AddNew", "Delete", "Publish", "RecallOldVersion", "RunApplication")
MANAGE = (*EDIT, "Approve", "ForceCheckin", "DeleteOldVersion", "SeePermissions", "ManageListsAndWorkspaces")
"""Permissions of those who read, who edit, and who look after a place."""
AREAS = {"office": "Office", "tools": "Tools", "people": "People"}
SUGGESTION_FIELDS = (
    "<ContentListDefinition xmlns='http://schemas.sensenet.com/SenseNet/ContentRepository/ContentListDefinition'>"
    "<DisplayName>Suggestions</DisplayName><Fields>"
    "<ContentListField name='#Votes' type='Integer'><DisplayName>Votes</DisplayName>"
    "<Configuration><MinValue>0</MinValue></Configuration></ContentListField>"
    "<ContentListField name='#Area' type='Choice'><DisplayName>Area</DisplayName><Configuration>"
    "<AllowMultiple>false</AllowMultiple><AllowExtraValue>false</AllowExtraValue><Options>"
    + "".join(f"<Option value='{value}'>{text}</Option>" for value, text in AREAS.items())
    + "</Options></Configuration></ContentListField>"
    "<ContentListField name='#Cost' type='Currency'><DisplayName>Cost</DisplayName></ContentListField>"
    "<ContentListField name='#Done' type='Boolean'><DisplayName>Done</DisplayName></ContentListField>"
    "</Fields></ContentListDefinition>"
)
"""The fields that the list of suggestions adds to its items."""
LETTERS = {
    "Welcome": ("Welcome to {company}", "<p>Dear {name},</p><p>your desk is ready on {date}.</p>"),
    "Reminder": ("{task} is due", "<p>Dear {name},</p><p>{task} is due on {date}.</p>"),
    "Newsletter": ("News of {month}", "<h1>{month}</h1><p>{text}</p>"),
}
"""Name of a mail -> its subject and its body, with places for what differs."""
QUERIES = {
    "Active tasks": "+TypeIs:Task +Status:active",
    "Large files": "+TypeIs:File +Size:>500 .SORT:Size",
}
STATUS = ("pending", "active", "completed", "deferred", "waiting")
LINKS = ("Handbook|https://example.com/handbook", "Calendar|https://example.com/calendar",
         "Time sheet|https://example.com/time", "Travel|https://example.com/travel",
         "Status page|https://example.com/status")  # fmt: skip


def build(store: Store, seed: int = 1) -> None:
    """Put the sample company into an untouched repository: about 2,000 contents."""
    builder = Builder(store, seed)
    with store.transaction():
        _add_type(builder)
        users = _people(builder)
        for name, title in DEPARTMENTS.items():
            _workspace(
                builder, builder.below("/Root/Content"), name, title, users, size=1.0 if name == "IT" else 0.7
            )
        projects = builder.add(builder.below("/Root/Content"), "Folder", "Projects", DisplayName="Projects")
        for number, title in enumerate(("Aurora", "Birch", "Cedar", "Delta", "Ember"), 1):
            _workspace(builder, projects, title, f"Project {title}", users, size=0.3 + number / 20)
        _inventory(builder, users)
        _rights(builder, users)
        _marketing(builder, users)


class Builder:
    """Creates contents that are stored in bulk: assigns ids, paths and dates."""

    def __init__(self, store: Store, seed: int) -> None:
        self.store = store
        self.dice = random.Random(seed)
        self._waiting: list[Content] = []
        self._next_id = store.last_id() + 1

    def below(self, path: str) -> Content:
        """Return the stored content at a path, to add contents below it."""
        content = self.store.by_path(path)
        if content is None:
            raise LookupError(f"there is no content {path}")
        return content

    def add(self, parent: Content, type_name: str, name: str, *, index: int = 0, **fields: Any) -> Content:
        """Add a content; its fields in their stored form."""
        moment = stamp(NOW - timedelta(minutes=self.dice.randrange(200_000)))
        content = Content(
            id=self._next_id,
            parent_id=parent.id,
            name=name,
            path=f"{parent.path}/{name}",
            type=type_name,
            index=index,
            created=moment,
            created_by=ADMIN,
            modified=moment,
            modified_by=ADMIN,
            version_created=moment,
            version_created_by=ADMIN,
            version_modified=moment,
            version_modified_by=ADMIN,
            owner=ADMIN,
            is_system=parent.is_system,
            holder=parent.holder,
            fields={key: value for key, value in fields.items() if value is not None},
        )
        self._next_id += 1
        self._waiting.append(content)
        if len(self._waiting) >= 5000:
            self.flush()
        return content

    def file(self, parent: Content, name: str, data: bytes, mime: str, type_name: str = "File") -> Content:
        """Add a file with its bytes."""
        stored = {"file": self.store.put_file(data), "name": name, "type": mime, "size": len(data)}
        return self.add(parent, type_name, name, DisplayName=name, Binary=stored)

    def flush(self) -> None:
        """Store what waits."""
        last = self.store.next_number("version", len(self._waiting))
        for number, content in enumerate(self._waiting, last - len(self._waiting) + 1):
            content.version_id = number
        self.store.insert_many(self._waiting)
        self._waiting.clear()


def stamp(moment: datetime) -> str:
    """Write a date as it is stored."""
    return f"{moment.astimezone(UTC).isoformat(timespec='seconds')[:19]}Z"  # strftime is slower


def _add_type(builder: Builder) -> None:
    builder.store.put_types([ASSET])
    types = builder.below("/Root/System/Schema/ContentTypes/GenericContent")
    builder.add(types, "ContentType", "Asset", DisplayName="Asset")


def _people(builder: Builder) -> list[Content]:
    """Twenty-four users with managers, and a group for each department."""
    home = builder.below("/Root/IMS/Public")
    users: list[Content] = []
    departments = list(DEPARTMENTS)
    for number, (first, last) in enumerate(zip(FIRST_NAMES, LAST_NAMES, strict=True)):
        login = _strip_accents(f"{first}.{last}").lower()
        boss = users[(number - len(departments)) // 4] if number >= len(departments) else None
        user = builder.add(
            home,
            "User",
            login,
            LoginName=login,
            FullName=f"{first} {last}",
            DisplayName=f"{first} {last}",
            Email=f"{login}@example.com",
            Enabled=True,
            Domain="Public",
            JobTitle="Head of department" if boss is None else JOBS[number % len(JOBS)],
            Department=departments[number % len(departments)],
            Phone=f"+36 1 555 {number:04}",
            BirthDate=stamp(datetime(1965 + number, 1 + number % 12, 1 + number, tzinfo=UTC)),
            Manager=[boss.id] if boss else None,
        )
        user.owner = user.created_by = user.version_created_by = user.id  # as a server has it
        users.append(user)
    for place, department in enumerate(departments):
        members = [user.id for user in users[place :: len(departments)]]
        builder.add(home, "Group", f"{department}-team", DisplayName=f"{department} team", Members=members)
    return users


def _rights(builder: Builder, users: Sequence[Content]) -> None:
    """Who may do what, as a company would have it.

    Two editors look after everything below /Root/Content, but give no rights. The people of a department
    edit what is in its workspace (those of IT also the inventory) and read the others, except that of HR.
    All of them see their colleagues, except for the auditor from outside. Visitors read the documents of
    Marketing. The company's own content type is shown to the editors only.
    """
    store = builder.store
    anna, auditor = users[0], users[-1]
    olga = next(user for user in users if user.name == "olga.okafor")
    home = builder.below("/Root/IMS/Public")
    editors = builder.add(home, "Group", "Editors", DisplayName="Editors", Members=[anna.id, olga.id])
    builder.flush()
    teams = {name: builder.below(f"/Root/IMS/Public/{name}-team") for name in DEPARTMENTS}
    staff = builder.add(
        home, "Group", "Staff", DisplayName="Staff", Members=[team.id for team in teams.values()]
    )
    builder.flush()
    read, edit, manage = (_bits(names) for names in (READ, EDIT, MANAGE))

    def allow(path: str, *given: tuple[int, int], broken: bool = False) -> None:
        content = builder.below(path)
        already = [] if broken else entries.own_entries(store, content.id)
        wanted = [Entry(identity, allow=bits) for identity, bits in given]
        merged = {(one.identity, one.local_only): one for one in already}
        for one in wanted:
            merged[one.identity, False] = one
        entries.save(store, content, merged.values(), broken)

    everything = permissions.mask(permission_names.NAMED)
    allow("/Root/Content", (staff.id, read), (editors.id, manage))
    for department, team in teams.items():
        private = department == "HR"
        above = [(ADMINISTRATORS, everything), (editors.id, manage)] if private else []
        allow(f"/Root/Content/{department}", *above, (team.id, edit), broken=private)
        if department == "IT":
            allow("/Root/Content/Inventory", (team.id, edit))
    allow("/Root/Content/Marketing/Documents", (VISITOR, read))
    allow("/Root/IMS/Public", (staff.id, read))
    allow(auditor.path, (ADMINISTRATORS, everything), (editors.id, read), (auditor.id, read), broken=True)
    allow("/Root/System/Schema/ContentTypes/GenericContent/Asset", (editors.id, permissions.BIT["See"]))


def _bits(names: Iterable[str]) -> int:
    """Return permissions with all that they need, as bits."""
    found = 0
    for name in names:
        found |= permissions.required_bits(name)
    return found


def _workspace(
    builder: Builder, parent: Content, name: str, title: str, users: Sequence[Content], size: float
) -> None:
    """A workspace with lists and documents; ``size`` 1.0 is about 220 contents."""
    dice = builder.dice
    home = builder.add(
        parent, "Workspace", name, DisplayName=title, Description=_sentence(dice), IsActive=True
    )
    tasks = builder.add(home, "TaskList", "Tasks", DisplayName="Tasks")
    for number in range(1, round(60 * size) + 1):
        who = [user.id for user in dice.sample(list(users), dice.choice((0, 1, 1, 1, 2)))]
        builder.add(
            tasks, "Task", f"T{number:03}", index=number, AssignedTo=who or None, **task_fields(dice, NOW)
        )
    memos = builder.add(home, "MemoList", "Memos", DisplayName="Memos")
    for number in range(1, round(30 * size) + 1):
        builder.add(
            memos,
            "Memo",
            f"M{number:03}",
            index=number,
            DisplayName=_title(dice),
            Description=_sentence(dice),
            Date=stamp(NOW - timedelta(days=dice.randrange(300))),
            MemoType=[dice.choice(("generic", "iso", "iaudit"))],
        )
    events = builder.add(home, "EventList", "Calendar", DisplayName="Calendar")
    for number in range(1, round(40 * size) + 1):
        begin = NOW + timedelta(days=dice.randrange(-120, 120), hours=dice.randrange(0, 8))
        builder.add(
            events,
            "CalendarEvent",
            f"E{number:03}",
            index=number,
            DisplayName=_title(dice),
            Location=f"Room {dice.randrange(1, 9)}",
            StartDate=stamp(begin),
            EndDate=stamp(begin + timedelta(minutes=30 * dice.randrange(1, 6))),
            Lead=_sentence(dice),
        )
    links = builder.add(home, "LinkList", "Links", DisplayName="Links")
    for number, link in enumerate(LINKS, 1):
        text, _, url = link.partition("|")
        builder.add(
            links, "Link", _strip_accents(text).replace(" ", "-"), index=number, DisplayName=text, Url=url
        )
    _documents(builder, home, size)


def _documents(builder: Builder, home: Content, size: float) -> None:
    """A document library with real small files."""
    dice = builder.dice
    library = builder.add(
        home, "DocumentLibrary", "Documents", DisplayName="Documents",
        AllowedChildTypes=["Folder", "File", "Image"],
    )  # fmt: skip
    for year in (2024, 2025, 2026):
        folder = builder.add(library, "Folder", str(year), DisplayName=f"Year {year}")
        for number in range(1, round(8 * size) + 1):
            lines = "\n".join(_sentence(dice) for _ in range(dice.randrange(3, 12)))
            text = f"{_title(dice)}\n\n{lines}\n"
            builder.file(folder, f"report-{number:02}.txt", text.encode(), "text/plain")
            builder.file(folder, f"figures-{number:02}.csv", _table(dice), "text/csv")
        builder.file(folder, "chart.png", _picture(dice), "image/png", "Image")
    builder.add(library, "Folder", "Empty", DisplayName="Nothing here yet")


def _inventory(builder: Builder, users: Sequence[Content]) -> None:
    """A folder of assets, the company's own content type."""
    dice = builder.dice
    top = builder.add(builder.below("/Root/Content"), "Workspace", "Inventory", DisplayName="Inventory",
                      AllowedChildTypes=["Asset", "Folder"])  # fmt: skip
    kinds = {"LT": "Laptop", "MN": "Monitor", "CH": "Chair", "PH": "Phone", "PR": "Printer"}
    for number in range(1, 401):
        code = dice.choice(list(kinds))
        cents = dice.randrange(1_999, 250_000)
        builder.add(
            top,
            "Asset",
            f"{code}-{number:04}",
            index=number,
            DisplayName=f"{kinds[code]} {number}",
            Serial=f"{code}-{1000 + number}",
            Notes=_sentence(dice) if dice.random() < 0.4 else None,
            Quantity=dice.randrange(1, 12),
            Weight=f"{dice.randrange(1, 300) / 8}".removesuffix(".0"),
            Price=f"{cents / 100}".removesuffix(".0"),
            InUse=dice.random() < 0.7,
            BoughtOn=stamp(datetime(2026, 1, 1, tzinfo=UTC) - timedelta(days=dice.randrange(2000))),
            Condition=[dice.choice(("new", "used", "used", "broken"))],
            Labels=dice.sample(["red", "green", "blue"], dice.randrange(0, 3)) or None,
            Keeper=[dice.choice(list(users)).id],
        )


def _marketing(builder: Builder, users: Sequence[Content]) -> None:
    """Add to Marketing the rarer sorts of contents: pictures, a list with own fields, mails, links, queries.

    Everybody of the staff may add a suggestion. What is made here comes last: other ids stay as they are.
    """
    store, dice = builder.store, builder.dice
    home = builder.below("/Root/Content/Marketing")
    home.fields["AllowedChildTypes"] = [
        *store.types[home.type].allowed_child_types, "SmartFolder", "ContentLink",
    ]  # fmt: skip
    store.save(home)
    builder.add(
        builder.below("/Root/IMS/Public"), "OrganizationalUnit", "Partners", DisplayName="Partners",
        Description="People of other companies that work with us.",
    )  # fmt: skip
    pictures = builder.add(home, "ImageLibrary", "Pictures", DisplayName="Pictures")
    shown = [
        builder.file(pictures, f"{name}.png", _picture(dice, 96, 60), "image/png", "Image")
        for name in ("fair", "office", "product", "team")
    ]
    pictures.fields["CoverImage"] = [shown[-1].id]
    suggestions = builder.add(
        home, "CustomList", "Suggestions", DisplayName="Suggestions", ContentListDefinition=SUGGESTION_FIELDS,
        AllowedChildTypes=["CustomListItem"],
    )  # fmt: skip
    letters = builder.add(
        home, "SystemFolder", "Letters", DisplayName="Letters", AllowedChildTypes=["EmailTemplate"]
    )
    letters.is_system = True
    for name, (subject, body) in LETTERS.items():
        mail = builder.add(letters, "EmailTemplate", name, DisplayName=name, Subject=subject, Body=body)
        mail.is_system = True
    builder.add(
        home, "SmartFolder", "Active-tasks", DisplayName="Active tasks", Query=QUERIES["Active tasks"],
        EnableAutofilters=["0"],
    )  # fmt: skip
    chart = builder.below("/Root/Content/Marketing/Documents/2026/chart.png")
    builder.add(home, "ContentLink", "Figures", DisplayName="Figures of this year", Link=[chart.id])
    queries = builder.add(
        home, "CustomList", "Queries", DisplayName="Queries", Hidden=True, AllowedChildTypes=["Query"]
    )
    for number, (title, text) in enumerate(QUERIES.items()):
        name = f"Query-{(NOW + timedelta(minutes=number)).strftime('%Y%m%d%H%M%S')}"
        builder.add(queries, "Query", name, DisplayName=title, Query=text, QueryType=["Public"])
    builder.flush()
    store.reload_types()  # from here on the index knows the fields of the list
    for number in range(1, 13):
        item = builder.add(
            suggestions, "CustomListItem", f"S{number:03}", index=number, DisplayName=_title(dice),
            Description=_sentence(dice), **{
                "#Votes": dice.randrange(0, 25), "#Area": [dice.choice(list(AREAS))],
                "#Cost": str(dice.randrange(0, 40) * 50), "#Done": dice.random() < 0.25,
            },
        )  # fmt: skip
        item.created_by = item.version_created_by = item.owner = dice.choice(list(users)).id
    builder.flush()
    staff = builder.below("/Root/IMS/Public/Staff")
    entries.save(store, suggestions, [Entry(staff.id, allow=_bits((*READ, "AddNew")))], False)


def task_fields(dice: random.Random, now: datetime) -> dict[str, Any]:
    """Return the fields of a task by chance, with dates around a moment."""
    start = now + timedelta(days=dice.randrange(-90, 60), hours=dice.randrange(0, 9))
    status = dice.choice(STATUS)
    done = {"completed": 100, "pending": 0}.get(status, dice.randrange(0, 20) * 5)
    return {
        "DisplayName": _title(dice),
        "Description": _sentence(dice),
        "StartDate": stamp(start),
        "DueDate": stamp(start + timedelta(days=dice.randrange(1, 45))),
        "Priority": [dice.choice("123")],
        "Status": [status],
        "TaskCompletion": done,
    }


def _title(dice: random.Random) -> str:
    return f"{dice.choice(VERBS)} {dice.choice(THINGS)}"


def _sentence(dice: random.Random) -> str:
    return " ".join(dice.choices(WORDS, k=dice.randrange(5, 14))).capitalize() + "."


def _strip_accents(text: str) -> str:
    """Letters without marks: what a login name is made of."""
    marks = str.maketrans("áÁéÉíÍóÓöÖőŐúÚüÜűŰ", "aAeEiIoOoOoOuUuUuU")
    return text.translate(marks)


def _table(dice: random.Random) -> bytes:
    text = io.StringIO()
    rows: Iterable[Sequence[Any]] = (
        (month, dice.randrange(10, 500), dice.randrange(5, 90)) for month in range(1, 13)
    )
    csv.writer(text, lineterminator="\n").writerows([("month", "orders", "returns"), *rows])
    return text.getvalue().encode()


def _picture(dice: random.Random, width: int = 64, height: int = 40) -> bytes:
    """Return a bar chart as PNG."""
    bars = [dice.randrange(4, height) for _ in range(8)]
    colour = bytes(dice.randrange(40, 200) for _ in range(3))
    rows = b"".join(
        b"\0"
        + b"".join(colour if height - y <= bars[x * 8 // width] else b"\xff\xff\xff" for x in range(width))
        for y in range(height)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunks(chunks))


def _chunks(chunks: Iterable[tuple[bytes, bytes]]) -> Iterator[bytes]:
    for kind, data in chunks:
        yield struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
