"""What the index finds, kind of field by kind of field, and in which order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.index import matching, search
from sn_pandas.embedded.index.predicates import (
    Clause,
    Group,
    Nothing,
    Predicate,
    Range,
    Term,
    all_of,
    optimize,
)
from sn_pandas.embedded.index.search_sql import Query
from sn_pandas.embedded.index.sql import Sql
from sn_pandas.embedded.languages import filters
from sn_pandas.embedded.schema.types import Field

from .client import WORKSPACE, Client
from .search_world import World, refusal


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    w = World()
    w.task(
        "T1", Index=1, DisplayName="Write the plan", Status=["active"], DueDate="2026-01-05T09:30:15Z",
        Description="A long text, about tea.", TaskCompletion=10, AssignedTo=[1, 7],
    )  # fmt: skip
    w.task("T2", Index=-5, DisplayName="about Über-Prüfung", Status=["pending"], TaskCompletion=0)
    w.task("T3", Index=30, Status=["waiting"], Description="tea")
    w.gadget(
        "G1", Weight="3.125", Stock=3, InUse=True, Notes="note one", Story={"text": "Rich Words",
        "editor": None},
        Essay="Red wine; white wine", Secret="hush", CheckedAt="2026-01-05T09:30:15.25Z", Labels=["r", "b"],
        Keeper=[1], Parts=[9, 4],
        Homepage={"Href": "https://x.example", "Text": "Ex Ample", "Title": None, "Target": None},
    )  # fmt: skip
    w.gadget(
        "G2", Weight="3", Labels=["~other.Some Thing"], Tags="Home, Work;play", Marks="red, dark blue;green"
    )
    w.add(w.place, "Hidden folder", "SystemFolder").is_system = True
    w.add(w.place, "Memos", "Folder", AllowedChildTypes=["Memo", "Task"])
    yield w
    w.store.close()


GADGETS = ["G1", "G2"]
TASKS = ["T1", "T2", "T3"]

FOUND = [
    # text: whole, ignoring case; nothing is a term too
    ("Name eq 't1'", ["T1"]),
    ("DisplayName eq 'ABOUT über-PRÜFUNG'", ["T2"]),
    ("DisplayName eq 'T3'", ["T3"]),
    ("startswith(DisplayName, 'about')", ["T2"]),
    ("endswith(DisplayName, 'plan')", ["T1"]),
    ("substringof('the', DisplayName)", ["T1"]),
    ("DisplayName eq 'w*n'", ["T1"]),
    ("Notes eq 'note one'", ["G1"]),
    ("Notes eq 'note'", ["G1"]),
    ("Notes eq 'one note'", []),
    ("Notes eq null", []),
    ("Story eq null", []),
    ("Marks eq null", []),
    ("Marks eq 'green'", ["G2"]),
    # words
    ("Description eq 'long'", ["T1"]),
    ("Description eq 'long text'", ["T1"]),
    ("Description eq 'A long text, about tea.'", ["T1"]),
    ("Description eq 'text long'", []),
    ("Description eq 'the'", []),
    ("Description eq null", []),
    ("startswith(Description, 'te')", ["T1", "T3"]),
    ("endswith(Description, 'ea')", ["T1", "T3"]),
    ("Essay eq 'wine'", ["G1"]),
    ("Essay eq null", []),
    ("substringof('hit', Essay)", ["G1"]),
    # numbers
    ("Index lt 0", ["T2"]),
    ("Index gt 1", ["T3"]),
    ("TaskCompletion eq 0", ["T2", "T3"]),
    ("TaskCompletion lt 10", ["T2", "T3"]),
    ("TaskCompletion ge -1 and TaskCompletion le 10", TASKS),
    ("Weight gt 3m", ["G1"]),
    ("Weight eq 3.1250m", ["G1"]),
    ("Weight lt 4m", GADGETS),
    ("Stock eq 0", ["G2"]),
    # truth, only where the field is
    ("InUse", ["G1"]),
    ("not InUse", ["G2"]),
    ("InUse eq false", ["G2"]),
    # dates: by the minute, or as the field says
    ("DueDate eq datetime'2026-01-05T09:30:00'", ["T1"]),
    ("DueDate eq datetime'2026-01-05T09:30:15'", []),
    ("DueDate gt datetime'2026-01-05T09:30:00'", []),
    ("DueDate ge datetime'2026-01-05T09:30:00'", ["T1"]),
    ("DueDate lt datetime'2026-01-05T09:30:15' and DueDate gt datetime'2000-01-01'", ["T1"]),
    ("DueDate eq datetime'0001-01-01'", ["T2", "T3"]),
    ("CheckedAt eq datetime'2026-01-05T09:30:15'", ["G1"]),
    ("CheckedAt eq datetime'2026-01-05T09:30:00'", []),
    # choices: by $value and by label
    ("Status eq '$active'", ["T1"]),
    ("Status eq 'Active'", ["T1"]),
    ("startswith(Status, 'wait')", ["T3"]),
    ("Status ne 'active' and isof('Task')", ["T2", "T3"]),
    ("Labels eq 'deep blue'", ["G1"]),
    ("Labels eq 'deep'", []),
    ("Labels eq '$r' and Labels eq '$b'", ["G1"]),
    ("Labels eq 'r'", []),
    ("Labels eq '~other'", ["G2"]),
    ("Labels eq 'some thing'", ["G2"]),
    ("Labels eq null", []),
    # references: nothing in them is no term, but a real null is
    ("Keeper eq null", []),
    ("CheckedOutTo eq null and isof('Gadget')", GADGETS),
    # links, and what is not indexed
    ("Homepage eq null", []),
    ("Manual eq null", []),
    # types
    ("isof('listitem')", TASKS),
    ("isof('Nope')", []),
    ("ContentType eq 'gadget'", GADGETS),
    ("ContentType eq 'ga*'", GADGETS),
    ("IsFolder and Name eq 'Tasks'", ["Tasks"]),
    # negations
    ("not (Name eq 'T1') and isof('Task')", ["T2", "T3"]),
    ("Name ne 'T1' or Index eq 1", ["T1"]),
    ("not (not (Name eq 'T1')) and isof('Task')", TASKS),
    ("InFolder eq '/Root/Content/Tasks'", TASKS),
    ("InTree eq '/root/content/tasks'", ["T1", "T2", "T3", "Tasks"]),
    # patterns and regular expressions
    ("DisplayName eq 'about ?ber-pr*'", ["T2"]),
    ("Name eq 'T?'", TASKS),
    ("DisplayName eq '/^write/'", ["T1"]),
    ("Notes eq '/^o.e$/'", ["G1"]),
    ("InTree eq '/root/content/tasks/'", ["T1", "T2", "T3", "Tasks"]),
]


@pytest.mark.parametrize(("text", "names"), FOUND)
def test_filter(world: World, text: str, names: list[str]) -> None:
    assert world.filtered(text) == names


QUERIED = [
    ("Keeper:1", ["G1"]),
    ("Parts:4", ["G1"]),
    ("Parts:[5 TO 9]", ["G1"]),
    ("AssignedTo:7", ["T1"]),
    ("Homepage:'ex ample'", ["G1"]),
    ("Homepage:https*", ["G1"]),
    ("Tags:work", ["G2"]),
    ("Tags:wo*", ["G2"]),
    ("Secret:hush", []),
    ("Secret:''", []),
    ("Name:[t1 TO t2]", ["T1", "T2"]),
    ("Path:/root/content/tasks/t*", TASKS),
    ("InTree:/root/content/ta*", ["T1", "T2", "T3", "Tasks"]),
    ("Depth:3", TASKS),
    ("Version:v1.0.a AND TypeIs:Task", TASKS),
    ("Status:[$a TO $q]", ["T1", "T2"]),
    ("+Name:nope Name:t1", []),
    ("+Name:t2 Name:t1", ["T2"]),
    ("-Name:t1 -Name:t2", []),
    ("+(-Name:t1 -Name:t2) +TypeIs:Task", ["T3"]),
    ("Name:t1 OR NOT Name:t2", ["T1"]),
    ("Id:(1 2)", ["Root", "Content"]),
    # the full text
    ("tea", ["T1", "T3"]),
    ("tea AND long", ["T1"]),
    ("te*", ["T1", "T3"]),
    ("*ea", ["T1", "T3"]),
    ("wri*", ["T1"]),
    ("prüfung", ["T2"]),
    ("wine", ["G1"]),
    ("'long text'", ["T1"]),
    ("'ex ample'", []),
    ("'long tea'~3", ["T1"]),
    ("'long tea'~1", []),
    ("taa~0.5", ["T1", "T3"]),
    ("tasks", ["Tasks"]),
    ("gadget", GADGETS),
    ("[tea TO teb]", ["T1", "T3"]),
    ("Description:tea", ["T1", "T3"]),
    ("waiting", ["T3"]),
    ("hush", []),
    # what the head of every content says is part of the full text: version, numbers, icon, modes, state
    ("v1.0.a AND TypeIs:Gadget", GADGETS),
    ("v1 AND TypeIs:Gadget", []),
    ("a AND TypeIs:Task", []),
    ("a* AND TypeIs:Task", ["T1", "T2"]),
    ("d AND TypeIs:Task", []),
    ("inherited AND TypeIs:Task", TASKS),
    ("0 AND TypeIs:Gadget", GADGETS),
    ("30", ["T3"]),
    ("5 AND TypeIs:Task", ["T2"]),
    ("calendarevent OR 05", []),
    ("AllowedChildTypes:memo", []),
    ("DisplayName:*", [*TASKS, *GADGETS, "Root", "Content", "Tasks", "Hidden folder", "Memos"]),
    ("Tags:?*", ["G2"]),
    ("Marks:'dark blue'", ["G2"]),
    ("Marks:blue", []),
    ("Marks:'' OR Marks:null", []),
    ("Marks:*", ["G2"]),
    ("Notes:'note'~0.9", ["G1"]),
    ("Story:'rich words'", ["G1"]),
    ("Story:'words rich'", []),
    ("AllowedChildTypes:'' AND TypeIs:Gadget", []),
]


@pytest.mark.parametrize(("text", "names"), QUERIED)
def test_query(world: World, text: str, names: list[str]) -> None:
    assert sorted(world.queried(text)) == sorted(names)


@pytest.mark.parametrize(
    ("term", "exceptiontype"),
    [
        (Term("DisplayName", "/(/", "/(/"), "RegexParseException"),
        (Term("DisplayName", "red box", distance=2.0), "ArgumentException"),
        (Term("Notes", "the", distance=1.0), "ArgumentException"),
        (Range("InUse", False, True), "NotSupportedException"),
        (Range("Locked", False, True), "NotSupportedException"),
    ],
)
def test_what_the_index_refuses(world: World, term: Term | Range, exceptiontype: str) -> None:
    error = refusal(lambda: world.found(term))
    assert error is not None
    assert (error.status, error.exceptiontype) == (500, exceptiontype)


@pytest.mark.parametrize("term", [Term("Notes", "/o/", "/o/"), Term("_Text", "wine", distance=0.5)])
def test_a_search_ends_at_its_deadline(world: World, term: Term, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "DEADLINE", -1.0)
    error = refusal(lambda: world.found(term))
    assert error is not None
    assert error.exceptiontype == "TimeoutException"


def test_binary_text_is_found_word_by_word(world: World) -> None:
    file_id = world.store.put_file(b"\xef\xbb\xbfHello Index\nof files")
    binary = {"file": file_id, "name": "a.txt", "type": "text/plain", "size": 20}
    world.add(world.place, "a.txt", "File", Binary=binary)
    world.gadget("G9", Manual=binary)
    assert world.queried("Binary:index") == ["a.txt"]
    assert sorted(world.queried("index AND files")) == ["G9", "a.txt"]
    assert sorted(world.queried("'index of files'~1")) == ["G9", "a.txt"]
    assert world.queried("Manual:'hello index'") == ["G9"]
    for name in ("a.txt", "G9"):
        found = world.store.by_path(f"/Root/Content/{name}")
        assert found is not None
        world.store.delete([found.id])


# Order


def test_texts_sort_by_the_culture_and_in_any_letter_case(world: World) -> None:
    w = World()
    for number, name in enumerate(
        ["zebra", "Über", "about", "100%", "_x", "Abacus", "日本", "O'Neill", "Zoo"]
    ):
        w.task(f"N{number}", DisplayName=name)
    found = w.filtered("isof('Task')", sort=[("DisplayName", False)])
    shown = [w.store.by_path(f"/Root/Content/Tasks/{n}") for n in found]
    names = [c.fields["DisplayName"] for c in shown if c is not None]
    assert names == ["_x", "100%", "Abacus", "about", "O'Neill", "Über", "zebra", "Zoo", "日本"]
    w.store.close()


SORTED = [
    ([("Index", False)], ["T2", "T1", "T3"]),
    ([("Index", True)], ["T3", "T1", "T2"]),
    ([("Status", False)], ["T1", "T2", "T3"]),
    ([("TaskCompletion", False), ("Name", True)], ["T3", "T2", "T1"]),
    ([("DueDate", True), ("Name", True)], ["T1", "T3", "T2"]),
    ([("AssignedTo", False), ("Name", True)], ["T3", "T2", "T1"]),
    ([("AssignedTo", True), ("Name", False)], ["T1", "T2", "T3"]),
    ([("Nope", True)], ["T1", "T2", "T3"]),
    ([("CreatedBy", True)], ["T1", "T2", "T3"]),
    ([("CreationDate", True)], ["T3", "T2", "T1"]),
    ([("Path", True)], ["T3", "T2", "T1"]),
]


@pytest.mark.parametrize(("sort", "names"), SORTED)
def test_sort(world: World, sort: list[tuple[str, bool]], names: list[str]) -> None:
    assert world.filtered("isof('Task')", sort=sort) == names


def test_values_that_are_no_options_sort_before_all_options() -> None:
    w = World()
    labels = {"A": ["r"], "B": ["b", "r"], "C": ["~other.z"], "D": ["b", "~other.a.b"], "E": []}
    for name, values in labels.items():
        w.gadget(name, Labels=values)
    w.task("T")
    for down, names in ((False, "TEDCBA"), (True, "ABCDET")):
        found = w.filtered("isof('Gadget') or isof('Task')", sort=[("Labels", down)])
        assert "".join(found) == names
    assert w.queried("Labels:a") == ["D"]
    w.store.close()


def test_who_holds_a_content_sorts_before_nobody() -> None:
    w = World()
    for name, holder in (("T1", 0), ("T2", 7), ("T3", 5)):
        task = w.task(name)
        task.locked_by = holder
        w.store.save(task)
    for down, names in ((False, ["T3", "T2", "T1"]), (True, ["T1", "T2", "T3"])):
        assert w.filtered("isof('Task')", sort=[("CheckedOutTo", down)]) == names
    w.store.close()


def test_missing_numbers_sort_as_zero_and_missing_texts_before_all(world: World) -> None:
    text = "Name eq 'T1' or isof('Gadget')"
    assert world.filtered(text, sort=[("Stock", False), ("Name", False)]) == ["G2", "T1", "G1"]
    assert world.filtered(text, sort=[("Stock", True), ("Name", False)]) == ["G1", "G2", "T1"]
    assert world.filtered(text, sort=[("InUse", False), ("Name", False)]) == ["T1", "G2", "G1"]
    assert world.filtered(text, sort=[("InUse", True), ("Name", False)]) == ["G1", "G2", "T1"]


def test_word_fields_sort_by_their_greatest_word_and_references_by_the_largest_id() -> None:
    w = World()
    w.gadget("A", Notes="zoo and ant", Parts=[5, 90], Description="bee")
    w.gadget("B", Notes="été", Parts=[60], Description="the cat")
    w.gadget("C", Notes="", Parts=[7, 6])
    w.gadget("D", Notes="bear", Parts=[])
    assert "".join(w.filtered("isof('Gadget')", sort=[("Notes", False), ("Name", False)])) == "CDBA"
    assert "".join(w.filtered("isof('Gadget')", sort=[("Parts", False), ("Name", False)])) == "DCBA"
    assert "".join(w.filtered("isof('Gadget')", sort=[("Description", True), ("Name", False)])) == "BACD"
    w.store.close()


def test_folders_sort_behind_the_others_and_children_by_where_they_are() -> None:
    w = World()
    deep = w.add(w.tasks, "A", "Folder")
    w.add(deep, "z", "Folder")
    w.task("b")
    assert w.filtered("isof('Task') or Name eq 'A'", sort=[("IsFolder", False)]) == ["b", "A"]
    assert w.filtered("Name eq 'z' or Name eq 'b'", sort=[("InFolder", True)]) == ["z", "b"]
    w.store.close()


def test_a_phrase_runs_from_one_field_into_the_next() -> None:
    w = World()
    w.gadget("A", Notes="red box", Story={"text": "<p>old lid</p>", "editor": None}, Description="in a tin")
    assert w.queried("'box p old'") == ["A"]
    assert w.queried("Story:p") == ["A"]
    assert w.queried("'old box'") == []
    w.store.close()


def test_missing_values_of_list_fields_are_found_in_their_list_only() -> None:
    w = World()
    definition = '<Fields><ContentListField name="#Price" type="Integer"/></Fields>'
    prices = w.add(w.place, "Prices", "CustomList", ContentListDefinition=definition)
    w.types.extra_fields["#Price"] = Field("#Price", "Integer", "ContentList")
    w.add(prices, "a", "CustomListItem", **{"#Price": 9})
    w.add(prices, "b", "CustomListItem")
    w.task("c")
    assert w.queried("#Price:0") == ["b"]
    assert w.queried("#Price:<10") == ["a", "b"]
    w.store.close()


def test_without_a_sort_the_order_moves_when_a_content_is_saved() -> None:
    w = World()
    for number in range(40):
        w.task(f"T{number:02}")
    before = w.filtered("isof('Task')", sort=[])
    assert before == w.filtered("isof('Task')", sort=[])
    assert before != sorted(before)
    for number in range(0, 40, 5):
        content = w.store.by_path(f"/Root/Content/Tasks/T{number:02}")
        assert content is not None
        w.store.save(content)
    after = w.filtered("isof('Task')", sort=[])
    assert after != before
    assert sorted(after) == sorted(before)
    w.store.close()


# Pages and totals


def test_pages(world: World) -> None:
    predicate = Term("TypeIs", "task")
    sort = [("Name", False)]
    with world.store.reading() as db:
        page = search.find(db, predicate, world.types, sort=sort, top=2)
        rest = search.find(db, predicate, world.types, sort=sort, top=2, skip=2)
        beyond = search.find(db, predicate, world.types, sort=sort, top=2, skip=9)
        uncounted = search.find(db, predicate, world.types, sort=sort, top=2, total=False)
        everything = search.find(db, predicate, world.types, sort=sort)
        number = search.count(db, predicate, world.types)
    assert (len(page.ids), page.total, rest.total, beyond.ids, beyond.total) == (2, 3, 3, [], 3)
    with world.store.reading() as db:
        beyond = search.find(db, predicate, world.types, top=2, skip=9)
    assert (beyond.ids, beyond.total) == ([], 0), "nothing is counted past the end of what has no order"
    assert page.ids + rest.ids == everything.ids
    assert (uncounted.ids, uncounted.total) == (page.ids, 2)
    assert number == 3


def test_rows_that_are_not_visible_are_in_no_total(world: World) -> None:
    with world.store.reading() as db:
        hits = search.find(
            db, Term("TypeIs", "task"), world.types, visible=("c.idx > ?", [0]), sort=[("Name", False)], top=1
        )
        assert (len(hits.ids), hits.total) == (1, 2)
        assert search.count(db, Term("TypeIs", "task"), world.types, visible=("c.idx > ?", [0])) == 2


# The index follows every save


def test_a_save_replaces_what_was_found_before() -> None:
    w = World()
    content = w.task("T1", Status=["active"], Description="old words", DisplayName="One")
    content.fields |= {"Status": ["pending"], "Description": "new words", "DisplayName": None}
    w.store.save(content)
    assert w.filtered("Status eq '$active'") == w.queried("old") == w.filtered("DisplayName eq 'one'") == []
    assert (
        w.filtered("Status eq '$pending'") == w.queried("new") == w.filtered("DisplayName eq 't1'") == ["T1"]
    )
    w.store.delete([content.id])
    assert w.queried("new") == w.filtered("Status eq '$pending'") == []
    w.store.close()


def test_a_move_takes_the_subtree_along() -> None:
    w = World()
    w.task("T1")
    elsewhere = w.add(w.place, "Elsewhere", "Folder")
    w.store.move(w.tasks, elsewhere, "Chores")
    assert w.queried("InTree:/Root/Content/Elsewhere AND Name:T1") == ["T1"]
    assert w.queried("InFolder:/Root/Content/Tasks") == []
    assert w.queried("chores") == ["Chores"]
    w.store.close()


def test_what_is_rolled_back_is_not_found() -> None:
    w = World()

    class StopError(Exception):
        pass

    def fail() -> None:
        with w.store.transaction():
            w.task("T1", DisplayName="ghost", Priority=["1"])
            raise StopError

    with pytest.raises(StopError):
        fail()
    assert w.queried("ghost") == []
    w.task("T2", DisplayName="real", Priority=["1"])
    assert w.filtered("Priority eq '$1'") == ["T2"]
    w.store.close()


# Against a model: sets of names

LEAVES: dict[str, tuple[Predicate, set[str]]] = {
    "name": (Term("Name", "t1"), {"T1"}),
    "nothing": (Term("Name", "nope"), set()),
    "never": (Nothing(), set()),
    "tasks": (Term("TypeIs", "task"), {"T1", "T2", "T3"}),
    "gadgets": (Term("Type", "gadget"), {"G1", "G2"}),
    "index": (Range("Index", 0, None, includes_low=False), {"T1", "T3"}),
    "word": (Term("_Text", "tea"), {"T1", "T3"}),
    "label": (Term("Status", "active"), {"T1"}),
    "default": (Term("Stock", 0), {"G2"}),
    "reference": (Term("AssignedTo", 7), {"T1"}),
    "pattern": (Term("DisplayName", "*p*"), {"T1", "T2"}),
    "tree": (Term("InTree", "/root/content/tasks"), {"T1", "T2", "T3", "Tasks"}),
}


def expected(predicate: Predicate) -> set[str]:
    """Return what the index must find, worked out on sets."""
    if not isinstance(predicate, Group):
        return next(names for leaf, names in LEAVES.values() if leaf == predicate)
    parts: dict[str, list[set[str]]] = {"must": [], "should": [], "not": []}
    for clause in predicate.clauses:
        parts[clause.occur].append(expected(clause.predicate))
    found = set.intersection(*parts["must"]) if parts["must"] else set().union(*parts["should"])
    return found - set().union(*parts["not"])


leaves = st.sampled_from([leaf for leaf, _ in LEAVES.values()])
occurs = st.sampled_from(["must", "should", "not"])
predicates = st.recursive(
    leaves,
    lambda inner: st.lists(st.builds(Clause, occurs, inner), min_size=1, max_size=4).map(
        lambda clauses: Group(tuple(clauses))
    ),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(predicate=predicates)
def test_groups_find_what_the_rule_says(world: World, predicate: Predicate) -> None:
    assert set(world.found(predicate)) == expected(optimize(predicate))


@settings(max_examples=150, deadline=None)
@given(value=st.text(max_size=12), operator=st.sampled_from(["eq", "ne"]))
def test_any_text_can_be_searched_for(world: World, value: str, operator: str) -> None:
    quoted = value.replace("'", "''")

    def search_for() -> None:
        predicate = filters.parse(f"DisplayName {operator} '{quoted}'", world.types).predicate()
        assert predicate is not None
        world.found(predicate)

    error = refusal(search_for)
    assert error is None or error.exceptiontype in ("NotSupportedException", "ODataParserException")


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=20))
def test_any_query_runs_or_fails_cleanly(world: World, text: str) -> None:
    error = refusal(lambda: world.queried(text))
    assert error is None or error.status in (400, 500)


def test_sql_joins_its_parameters() -> None:
    joined = Sql("a = ?", [1]).and_(Sql("b = ?", [2]))
    assert (joined.text, list(joined.parameters)) == ("(a = ?) AND (b = ?)", [1, 2])


def test_a_thousand_contents_in_bulk() -> None:
    w = World()
    rows = (
        Content(1000 + i, w.tasks.id, f"B{i}", f"/Root/Content/Tasks/B{i}", "Task", version_id=1000 + i,
                fields={"TaskCompletion": i % 7, "DisplayName": f"Bulk {i}"})
        for i in range(1500)
    )  # fmt: skip
    w.store.insert_many(rows)
    assert len(w.filtered("TaskCompletion eq 3")) == len([i for i in range(1500) if i % 7 == 3])
    assert w.queried("bulk AND 20") == ["B20"]
    assert w.queried("bulk AND 1499") == ["B1499", "B499"], "ids are words too"
    w.store.close()


def test_workspaces_and_icons() -> None:
    w = World()
    outer = w.add(w.place, "outer", "Workspace")
    inner = w.add(outer, "inner", "Workspace")
    w.add(inner, "deep", "Folder")
    w.add(outer, "flat", "Folder", Icon="Star")
    assert w.queried(f"Workspace:{outer.id}") == ["flat", "outer"]
    assert w.queried(f"Workspace:{inner.id}") == ["deep", "inner"]
    assert w.queried("Workspace:null AND TypeIs:TaskList") == ["Tasks"]
    assert w.queried(f"Workspace:{w.tasks.id}") == []
    assert w.queried("Icon:star") == ["flat"]
    icon = w.types["Folder"].icon
    assert "deep" in w.queried(f"Icon:{icon}")
    assert "flat" not in w.queried(f"Icon:{icon}")
    w.store.close()


def test_every_version_is_searched_by_itself(tmp_path: Path) -> None:
    client = Client(tmp_path / "repo.db")
    client.prepare()
    client.patch(WORKSPACE, {"InheritableVersioningMode": ["3"]})
    for name, words in (("a", ("old", "new")), ("b", ("new", "newer"))):
        client.create(WORKSPACE, "File", name, Description=words[0])
        client.patch(f"{WORKSPACE}/{name}", {"Description": words[1]})

    def found(query: str) -> list[str]:
        target = f"/odata.svc/Root?metadata=no&$select=Name&$orderby=Name&query={query}"
        return [row["Name"] for row in client.send("GET", target).json()["d"]["results"]]

    assert found("Description:old") == []
    assert found("Description:old .ALLVERSIONS") == ["a"]
    assert found("Description:new .ALLVERSIONS") == ["a", "b"]
    assert found(f"InFolder:{WORKSPACE} .ALLVERSIONS") == ["a", "a", "b", "b"]
    assert found(f"InFolder:{WORKSPACE} .ALLVERSIONS .SKIP:1 .TOP:2") == ["a", "b"]
    assert found("Version:v0.1.d .ALLVERSIONS") == ["a", "b"]
    client.close()


def test_the_full_name_of_a_user_is_shown_and_found() -> None:
    w = World()
    w.add(w.place, "u1", "User", FullName="Ann Small")
    w.add(w.place, "u2", "User", FullName="Bob Tall", DisplayName="Bobby")
    assert w.filtered("DisplayName eq 'ann small'") == ["u1"]
    assert w.filtered("DisplayName eq 'u1' or DisplayName eq 'bob tall'") == []
    assert w.filtered("isof('User')", sort=[("DisplayName", True)]) == ["u2", "u1"]
    w.store.close()


def test_pages_by_key_read_only_their_rows() -> None:
    w = World()
    w.store.insert_many(
        Content(1000 + i, w.tasks.id, f"B{i}", f"/Root/Content/Tasks/B{i}", "Task", version_id=1000 + i)
        for i in range(12_000)
    )
    predicate = all_of(Term("InFolder", "/root/content/tasks"), Range("Id", 7000, None, includes_low=False))
    with w.store.reading() as db:
        where = Query(db, w.types).where(optimize(predicate))
        plan = db.execute(
            f"EXPLAIN QUERY PLAN SELECT c.id FROM contents AS c WHERE {where.text} ORDER BY c.id LIMIT 10",
            where.parameters,
        ).fetchall()
    assert "(parent_id=? AND id>?)" in plan[0][3] or "(parent_id=? AND rowid>?)" in plan[0][3]
    assert w.found(predicate, sort=[("Id", False)], top=2) == ["B6001", "B6002"]
    w.store.close()


def test_many_ids_and_many_words(world: World) -> None:
    ids = " ".join(str(i) for i in range(1, 900))
    assert world.queried(f"+Id:({ids}) +Name:T1") == ["T1"]
    assert world.queried(f"+AssignedTo:({ids}) +TypeIs:Task") == ["T1"]
    words = " ".join(f"w{i}" for i in range(700))
    assert world.queried(f"+({words} tea) +TypeIs:Task") == ["T1", "T3"]


def test_a_search_too_deep_for_the_database_is_an_error_of_its_own(world: World) -> None:
    predicate: Predicate = Term("Name", "t1")
    for _ in range(150):
        predicate = Group((Clause("should", Term("Name", "t2")), Clause("not", predicate)))
    error = refusal(lambda: world.found(predicate))
    assert error is None or error.exceptiontype == "InsufficientExecutionStackException"
