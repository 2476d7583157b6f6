"""However a search is asked, by what is rare or by walking through an index, it finds the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sn_pandas.embedded import populate
from sn_pandas.embedded.index import search, search_plans
from sn_pandas.embedded.index.predicates import Predicate, Range, Term, all_of, any_of, none_of
from sn_pandas.embedded.sample import Builder
from sn_pandas.embedded.storage.store import Store

PLACE = "/root/content/many"
PREDICATES: dict[str, Predicate] = {
    "tree": Term("InTree", PLACE),
    "everything": Term("InTree", "/root"),
    "type": all_of(Term("TypeIs", "task"), Term("InTree", PLACE)),
    "folder": Term("InFolder", f"{PLACE}/list00001"),
    "after": all_of(Term("TypeIs", "task"), Range("Id", 2500, None, includes_low=False)),
    "folder, after": all_of(Term("InFolder", f"{PLACE}/list00000"), Range("Id", 1900, None)),
    "between": all_of(Range("Index", 100, None), Range("Index", None, 700, includes_high=False)),
    "nowhere": all_of(Range("Index", 700, None), Range("Index", None, 100)),
    "default": all_of(Range("TaskCompletion", -5, None), Range("TaskCompletion", None, 50)),
    "status": all_of(Term("TypeIs", "task"), Term("Status", "$active"), Term("IsSystemContent", False)),
    "word": all_of(Term("_Text", "budget"), Term("TypeIs", "task")),
    "beginning": all_of(Term("_Text", "budg*"), Term("InTree", PLACE)),
    "ending": all_of(Term("DisplayName", "*budget"), Term("InTree", PLACE)),
    "either": any_of(Term("Name", "task0000007"), Term("Status", "$waiting")),
    "not": all_of(Term("TypeIs", "task"), none_of(Term("Status", "$active"))),
    "said twice": all_of(Term("TypeIs", "task"), Term("TypeIs", "task"), Range("Index", 5, 5)),
}
SORTS: list[search.Sort] = [
    (),
    [("Id", False)],
    [("Id", True)],
    [("Index", False)],
    [("Index", True), ("Name", False)],
    [("CreationDate", False)],
    [("ModificationDate", True)],
    [("DisplayName", False)],
]


def _tables(store: Store) -> set[tuple[str, str]]:
    with store.reading() as db:
        return set(db.execute("SELECT type, name FROM sqlite_master"))


def test_a_large_load_leaves_every_index_behind() -> None:
    app = populate(0)
    before = _tables(app.store)
    populate(20_001, app, "/root/content/large")
    assert _tables(app.store) == before
    with app.store.reading() as db:
        wanted = all_of(Term("TypeIs", "task"), Term("Name", "task0020000"))
        assert search.find(db, wanted, app.store.types).total == 1
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    app.close()


def test_a_large_load_that_fails_leaves_nothing_but_the_indexes() -> None:
    app = populate(0)
    before = _tables(app.store)
    last = app.store.last_id()
    builder = Builder(app.store, 1)

    def load() -> None:
        with app.store.loading(30_000):
            folder = builder.add(builder.below("/root/content"), "Folder", "Half")
            for number in range(10):
                builder.add(folder, "Task", f"Task{number}")
            builder.flush()
            raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        load()
    assert _tables(app.store) == before
    assert app.store.last_id() == last
    app.close()


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    app = populate(2000)
    yield app.store
    app.close()


@pytest.mark.parametrize("name", PREDICATES)
def test_a_page_is_a_part_of_all_however_it_is_asked(
    store: Store, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    predicate = PREDICATES[name]
    with store.reading() as db:
        for sort in SORTS:
            whole = search.find(db, predicate, store.types, sort=sort)
            assert whole.total == search.count(db, predicate, store.types) == len(set(whole.ids))
            for top, skip in ((1, 0), (100, 0), (100, 250), (5000, 0)):
                for rare in (0, 10**9):  # all conditions are many, so that pages are walked; none is
                    monkeypatch.setattr(search_plans, "isqrt", lambda number, rare=rare: rare)
                    page = search.find(db, predicate, store.types, sort=sort, top=top, skip=skip)
                    assert page.ids == whole.ids[skip : skip + top]
                    beyond = not sort and skip >= whole.total > 0
                    assert page.total == (0 if beyond else whole.total)


def test_a_page_of_many_is_walked_and_one_of_few_is_not(store: Store) -> None:
    with store.reading() as db:
        query = search.Query(db, store.types)
        many = query.page(Term("TypeIs", "task"), (), rows=10)
        few = query.page(Term("Name", "task0000007"), (), rows=10)
    assert "contents_shuffled" in many.source
    assert "contents_shuffled" not in few.source


@pytest.mark.parametrize("name", ["tree", "type", "folder", "everything"])
def test_counts_read_nothing_but_an_index(store: Store, name: str) -> None:
    visible = "c.holder IN (2, 3) AND c.version LIKE '%.0.A' AND NOT c.is_system"
    with store.reading() as db:
        where = search.Query(db, store.types).where(PREDICATES[name])
        sql = f"EXPLAIN QUERY PLAN SELECT count(*) FROM contents AS c WHERE {where.text} AND {visible}"
        steps = [row[3] for row in db.execute(sql, where.parameters)]
    assert all("COVERING INDEX" in step for step in steps), steps


@pytest.mark.parametrize("down", [False, True])
def test_a_page_of_one_folder_by_name_is_read_in_order(store: Store, down: bool) -> None:
    parent = store.by_path("/Root/Content/Many/List00000")
    assert parent is not None
    with store.reading() as db:
        query = search.Query(db, store.types)
        plan = query.page(Term("InFolder", parent.path.lower()), [("Name", down)], rows=10)
        chosen = f"FROM {plan.source} WHERE {plan.where.text} ORDER BY {plan.order.text} LIMIT 10"
        parameters = [*plan.where.parameters, *plan.order.parameters]
        steps = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN SELECT c.id {chosen}", parameters)]
    assert any("contents_named" in step for step in steps), steps
    assert not any("ORDER BY" in step and "PART OF" not in step for step in steps), steps


ALTERNATIVES: dict[str, list[object]] = {
    "DisplayName": ["*budget", "task 7", "report", "a*", "?ata*", "", "5"],
    "Name": ["task0000007", "task00000*", "list00001", "nothing", "admin"],
    "Status": ["$active", "active", "$waiting", "pend*", "waiting on somebody else"],
    "Path": [f"{PLACE}/list00001", f"{PLACE}/list00002/*", "/root", "/root/nothing"],
    "InTree": [f"{PLACE}/list00001", PLACE, "/root/ims", "/root/ims/", "", "/root/content*"],
    "InFolder": [f"{PLACE}/list00001", "/root/ims", "/root/nothing", f"{PLACE}/list*2"],
    "Type": ["task", "tasklist", "*group*", "nothing", 5],
    "TypeIs": ["task", "group", "folder"],
    "_Text": ["budget", "bud*", "*get", "1", "2500", "sensenet", "v1.0.a", "wor?", "two words"],
    "Description": ["budget", "the", "re*", "no such word"],
    "Index": [0, 5, 7, 10**6, "5"],
    "Id": [1, 2, 1500, -1, 10**12, "1*"],
    "CreatedBy": [1, 2, 999, "null"],
    "Manager": [1, 999, "null"],
    "Workspace": [1369, "null", "x"],
    "Version": ["v1.0.a", "v2*", "x"],
    "ApprovingMode": ["$0", "inherited", "$1"],
    "IsTaskOverdue": [True, False],
    "DueDate": [0, 630_000_000_000_000_000],
    "Nothing": ["a", "b", "c*"],
}


@pytest.mark.parametrize("field", ALTERNATIVES)
def test_alternatives_of_one_field_find_together_what_each_finds(store: Store, field: str) -> None:
    terms = [Term(field, value) for value in ALTERNATIVES[field]]  # type: ignore[arg-type]
    everything = Term("InTree", "/root")
    with store.reading() as db:

        def found(predicate: Predicate) -> set[int]:
            return set(search.find(db, predicate, store.types).ids)

        each = set[int]().union(*(found(term) for term in terms))
        assert found(any_of(*terms)) == each
        assert found(any_of(*terms, *(Term(field, f"none of {number}") for number in range(300)))) == each
        assert found(all_of(everything, any_of(*terms))) == each
        assert found(all_of(everything, none_of(any_of(*terms)))) == found(everything) - each
