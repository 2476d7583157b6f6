"""However a search is asked, by what is rare or by walking through an index, it finds the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sn_pandas.embedded import populate
from sn_pandas.embedded.index import search, search_plans
from sn_pandas.embedded.languages.predicates import Predicate, Range, Term, all_of, any_of, none_of
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
                    assert page.total == whole.total


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
