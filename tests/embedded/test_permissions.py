"""Permissions: what goes along with what, what reaches a content, what a list shows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sn_pandas.embedded import callers
from sn_pandas.embedded.changes import writes
from sn_pandas.embedded.contents import EVERYONE, Content
from sn_pandas.embedded.http.application import Application
from sn_pandas.embedded.index import search
from sn_pandas.embedded.index.predicates import Term
from sn_pandas.embedded.operations.access import set_inheritance
from sn_pandas.embedded.schema import permission_names
from sn_pandas.embedded.security import entries, permissions
from sn_pandas.embedded.security.effective_entries import effective_entries
from sn_pandas.embedded.security.entries import Entry
from sn_pandas.embedded.session import Session

NAMED = st.sampled_from(permission_names.NAMED)
VALUES = st.sampled_from(("allow", "deny", "undefined"))
CHANGES = st.lists(st.tuples(NAMED, VALUES), max_size=8)
PLACES = ("a", "a/b", "a/b/c", "a/d")


class World:
    """A repository with a user, a group that he is in through another one, and a small tree."""

    def __init__(self) -> None:
        self.app = Application(sample=False)
        self.store = self.app.store
        self.system = self.app.repository.session()
        public = self.at("/Root/IMS/Public")
        self.user = self.make(public, "User", "low", LoginName="low", FullName="Low", Email="low@example.com",
                              Password="secret")  # fmt: skip
        self.inner = self.make(public, "Group", "inner", Members=[self.user.id])
        self.outer = self.make(public, "Group", "outer", Members=[self.inner.id])
        top = self.at("/Root/Content")
        self.places = {}
        for place in PLACES:
            parent, _, name = place.rpartition("/")
            kind = "Workspace" if not parent else "Folder"
            self.places[place] = self.make(self.places.get(parent, top), kind, name)

    def at(self, path: str) -> Content:
        found = self.store.by_path(path)
        assert found is not None
        return found

    def make(self, parent: Content, kind: str, name: str, **fields: object) -> Content:
        return writes.create(self.system, parent, {"__ContentType": kind, "Name": name, **fields})

    def session(self) -> Session:
        return self.app.repository.session(callers.load(self.app.repository, self.user.id))

    def permit(self, place: Content, *found: Entry, broken: bool = False) -> None:
        entries.save(self.store, place, found, broken)

    def seen(self) -> set[int]:
        """Return the ids of everything that a search lets the user see."""
        session = self.session()
        with self.store.reading() as db:
            hits = search.find(
                db, Term("InTree", "/root/content"), self.store.types, visible=session.rights.visible()
            )
        return set(hits.ids)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    world = World()
    yield world
    world.app.close()


@pytest.mark.parametrize(
    ("allowed", "along"),
    [
        ("See", {"See"}),
        ("Open", {"See", "Preview", "PreviewWithoutWatermark", "PreviewWithoutRedaction", "Open"}),
        ("SetPermissions", {"SeePermissions", "SetPermissions"}),
        ("RunApplication", {"RunApplication"}),
    ],
)
def test_allowing_allows_what_is_needed(allowed: str, along: set[str]) -> None:
    assert set(permissions.names(permissions.required_bits(allowed))) == along


def test_denying_see_denies_everything_that_needs_it() -> None:
    denied = set(permissions.names(permissions.dependent_bits("See")))
    assert {"See", "Open", "Save", "Delete", "TakeOwnership", "ManageListsAndWorkspaces"} <= denied
    assert not denied & {"RunApplication", "SeePermissions", "SetPermissions"}


def test_undefining_publish_leaves_what_it_needed() -> None:
    entry = Entry(1)
    permissions.set_permission(entry, "Publish", "allow")
    permissions.set_permission(entry, "Publish", "undefined")
    assert "OpenMinor" in permissions.names(entry.allow)
    assert "Publish" not in permissions.names(entry.allow)


@given(CHANGES)
def test_an_entry_is_always_complete(changes: list[tuple[str, str]]) -> None:
    """Nothing is both, what is allowed has what it needs, what is denied denies what needs it."""
    entry = Entry(1)
    for name, value in changes:
        permissions.set_permission(entry, name, value)
    assert entry.allow & entry.deny == 0
    undefined = any(value == "undefined" for _, value in changes)
    for name in permissions.names(entry.deny):
        assert undefined or permissions.dependent_bits(name) & ~entry.deny == 0
    for name in permissions.names(entry.allow):
        assert permissions.required_bits(name) & ~entry.allow == 0


@given(st.integers(0, permissions.EVERYTHING), st.integers(0, permissions.EVERYTHING))
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_entries_come_back_as_they_were_saved(world: World, allow: int, deny: int) -> None:
    entry = Entry(world.user.id, True, allow, deny)
    world.permit(world.places["a/d"], entry)
    assert entries.own_entries(world.store, world.places["a/d"].id) == ([entry] if allow or deny else [])
    world.permit(world.places["a/d"])


ENTRY = st.builds(
    Entry,
    st.sampled_from(("user", "inner", "outer", "everyone")),
    st.booleans(),
    st.sampled_from((0, permissions.required_bits("See"), permissions.required_bits("Save"))),
    st.sampled_from((0, permissions.dependent_bits("See"), permissions.dependent_bits("Save"))),
)
ACLS = st.dictionaries(
    st.sampled_from(PLACES), st.tuples(st.lists(ENTRY, max_size=3), st.booleans()), max_size=4
)


def expected(world: World, place: str) -> int:
    """Return the bits of the user on a place, worked out step by step upwards."""
    identities = permissions.identities_of(world.store, world.user.id)
    allow = deny = 0
    path = f"/Root/Content/{place}"
    at: Content | None = world.at(path)
    while at is not None:
        for entry in entries.own_entries(world.store, at.id):
            if entry.identity in identities and (not entry.local_only or at.path == path):
                allow |= entry.allow
                deny |= entry.deny
        at = None if entries.breaks_inheritance(world.store, at.id) else world.store.load(at.parent_id)
    return allow & ~deny


@given(ACLS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_lists_show_what_may_be_seen(world: World, acls: dict[str, tuple[list[Entry], bool]]) -> None:
    """The SQL that trims lists, the check of one content, and the plain walk upwards agree everywhere."""
    ids = {"user": world.user.id, "inner": world.inner.id, "outer": world.outer.id, "everyone": EVERYONE}
    for place, content in world.places.items():
        found, broken = acls.get(place, ([], False))
        unique = {(e.identity, e.local_only): e for e in found}
        wanted = [Entry(ids[str(e.identity)], e.local_only, e.allow, e.deny) for e in unique.values()]
        world.permit(content, *wanted, broken=broken)
    session, seen = world.session(), world.seen()
    for place in PLACES:
        content = world.at(f"/Root/Content/{place}")
        bits = session.rights.bits(content)
        assert bits == expected(world, place)
        assert (content.id in seen) == bool(bits & permissions.BIT["See"])


def test_many_places_with_entries_are_told_apart_one_by_one_and_together(world: World) -> None:
    top = world.make(world.at("/Root/Content"), "Workspace", "many")
    world.permit(top, Entry(world.user.id, False, permissions.required_bits("See")))
    places = [world.make(top, "Folder", f"m{number}") for number in range(80)]
    for number, place in enumerate(places):
        allow, deny = (
            permissions.required_bits("Open"),
            permissions.dependent_bits("See") if number % 3 == 0 else 0,
        )
        world.permit(place, Entry(world.user.id, False, allow if number % 2 else 0, deny))
    session = world.session()
    bits = [session.rights.bits(world.at(place.path)) for place in places]  # one by one
    assert [place.id in world.seen() for place in places] == [number % 3 != 0 for number in range(80)]
    assert bits == [world.session().rights.bits(world.at(place.path)) for place in places]  # after a list
    open_bit = permissions.BIT["Open"]
    assert [bool(b & open_bit) for b in bits] == [n % 2 == 1 and n % 3 != 0 for n in range(80)]
    world.permit(places[0], Entry(world.user.id, False, permissions.required_bits("Save")))
    assert world.session().rights.bits(world.at(places[0].path)) == permissions.required_bits("Save")


def test_moves_and_new_contents_take_the_permissions_of_their_place(world: World) -> None:
    world.permit(world.places["a"])
    world.permit(world.places["a/d"], Entry(world.user.id, False, permissions.required_bits("See")))
    world.permit(world.places["a/b"])
    world.permit(world.places["a/b/c"])
    new = world.make(world.places["a/d"], "Folder", "new")
    below = world.make(new, "Folder", "below")
    assert {new.id, below.id} <= world.seen()
    moved = world.at(new.path)
    world.store.move(moved, world.at("/Root/Content/a/b"), "new")
    assert not {new.id, below.id} & world.seen()
    world.store.move(world.at(moved.path), world.at("/Root/Content/a/d"), "new")
    assert {new.id, below.id} <= world.seen()
    world.store.delete(world.store.subtree_ids("/Root/Content/a/d/new"))


def test_breaking_changes_nobodys_permissions_and_joining_restores_the_entries(world: World) -> None:
    inherited = Entry(world.outer.id, False, permissions.required_bits("Save"))
    own = Entry(world.user.id, False, 0, permissions.dependent_bits("Delete"))
    world.permit(world.places["a"], inherited)
    world.permit(world.places["a/b"], own)
    place = world.at("/Root/Content/a/b")
    before = {(e.identity, e.allow, e.deny) for e in effective_entries(world.store, place)}
    set_inheritance(world.system, place, "Break")
    assert {(e.identity, e.allow, e.deny) for e in effective_entries(world.store, place)} == before
    world.permit(world.places["a"])
    assert {(e.identity, e.allow, e.deny) for e in effective_entries(world.store, place)} == before
    world.permit(world.places["a"], inherited)
    set_inheritance(world.system, place, "unbreak")
    assert entries.own_entries(world.store, place.id) == [own]


def test_a_save_does_not_bring_an_old_holder_back(world: World) -> None:
    """A content that was loaded before permissions changed, and is saved after, keeps the new ones."""
    world.permit(world.places["a"])
    world.permit(world.places["a/b"])
    loaded = world.at("/Root/Content/a/b/c")
    world.permit(world.places["a/b"], Entry(world.user.id, False, permissions.required_bits("See")))
    loaded.index += 1
    world.store.save(loaded)
    assert loaded.id in world.seen()


def test_a_group_that_loses_a_member_takes_his_permissions_along(world: World) -> None:
    world.permit(world.places["a"], Entry(world.outer.id, False, permissions.required_bits("See")))
    assert world.places["a"].id in world.seen()
    group = world.at(world.inner.path)
    group.fields["Members"] = []
    world.store.save(group)
    assert world.places["a"].id not in world.seen()
    group.fields["Members"] = [world.user.id]
    world.store.save(group)
    assert world.places["a"].id in world.seen()


def test_an_organizational_unit_stands_for_the_users_below_it(world: World) -> None:
    unit = world.make(world.at("/Root/IMS/Public"), "OrganizationalUnit", "unit")
    user = world.make(unit, "User", "bob", LoginName="bob", FullName="Bob", Email="bob@example.com",
                      Password="secret")  # fmt: skip
    assert {user.id, unit.id, EVERYONE} == permissions.identities_of(world.store, user.id)


def test_a_rolled_back_change_leaves_no_trace(world: World) -> None:
    world.permit(world.places["a"])
    seen = world.seen()

    def change_and_fail() -> None:
        with world.store.transaction():
            world.permit(world.places["a"], Entry(world.user.id, False, permissions.required_bits("See")))
            assert world.seen() != seen
            raise RuntimeError

    with pytest.raises(RuntimeError):
        change_and_fail()
    assert world.seen() == seen


def test_a_deleted_identity_leaves_no_entries(world: World) -> None:
    passing = world.make(world.at("/Root/IMS/Public"), "Group", "passing")
    world.permit(world.places["a"], Entry(passing.id, False, 1))
    world.store.delete([passing.id])
    assert entries.own_entries(world.store, world.places["a"].id) == []
