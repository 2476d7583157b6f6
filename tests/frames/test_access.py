"""Who can do what: ``repo.access`` says of everybody what the server answers to themselves."""

from __future__ import annotations

import pandas as pd
import pytest

import sn_pandas as sn
from sn_pandas import QueryError
from sn_pandas.frames.contents.permissions import PERMISSION_OF_ROLE

from ..fakes import FakeServer, open_sample

IT = "/Root/Content/IT"
ANNA, BALINT, FARID = (f"/Root/IMS/Public/{name}" for name in ("anna.acs", "balint.berg", "farid.fischer"))
VISITOR = "/Root/IMS/BuiltIn/Portal/Visitor"
OWNERS = "/Root/IMS/BuiltIn/Portal/Owners"


@pytest.fixture(scope="module")
def server():
    """A company with folders whose permissions are broken, local, denied, or the owner's."""
    server = FakeServer()
    with server.connect(user="Admin") as admin:
        for name in ("Inherited", "Broken", "Local", "Denied", "Owned", "Hidden"):
            admin.create(IT, "Folder", name)
            admin.create(f"{IT}/{name}", "Folder", "Below")
        admin.inherit(f"{IT}/Broken", False)
        admin.unset(f"{IT}/Broken", "/Root/IMS/Public/Staff", "see")
        admin.allow(f"{IT}/Broken", BALINT, "edit")
        admin.allow(f"{IT}/Local", BALINT, "edit", "add", local=True)
        admin.deny(f"{IT}/Denied", "/Root/IMS/Public/IT-team", "edit")
        admin.allow(f"{IT}/Denied", FARID, "edit")
        admin.allow(f"{IT}/Owned", OWNERS, "grant", "delete")
        admin.patch(f"{IT}/Owned", {"Owner": BALINT})
        admin.deny(f"{IT}/Hidden", BALINT, "see")
    yield server
    server.end()


@pytest.fixture
def editor(server):
    with server.connect() as repo:
        yield repo


def answers_to_themselves(server, place, people):
    """Ask each of some people, with a key of their own, what they can do."""
    held = {}
    for path in people:
        with server.connect(user=path.rpartition("/")[2]) as repo:
            for role, permission in PERMISSION_OF_ROLE.items():
                try:
                    held[path, role] = repo.call(place, "HasPermission", permissions=[permission])
                except sn.SensenetError:  # whoever does not see the permissions is not told
                    held[path, role] = None
    return held


@pytest.mark.parametrize("name", ["Inherited", "Broken", "Local", "Denied", "Owned", "Hidden"])
@pytest.mark.parametrize("below", ["", "/Below"])
def test_it_is_what_the_server_answers_to_each_of_them(server, editor, name, below):
    people = [ANNA, BALINT, FARID, "/Root/IMS/Public/olga.okafor", "/Root/IMS/Public/chloe.csonka"]
    place = f"{IT}/{name}{below}"
    shown = editor.access(place, users=people).set_index("path")
    held = answers_to_themselves(server, place, people)
    compared = {key: bool(shown.loc[key[0], key[1]]) for key, answer in held.items() if answer is not None}
    assert compared == {key: answer for key, answer in held.items() if answer is not None}
    assert any(compared.values())
    untold = {path for (path, _), answer in held.items() if answer is None}
    assert all(not shown.loc[path, "grant"] for path in untold)


def test_who_can_read_a_folder_takes_one_line(editor):
    readers = editor.access(f"{IT}/Broken", "read").query("read")["user"].tolist()
    assert "Bálint Berg" in readers
    assert "Chloé Csonka" not in readers


def test_it_shows_through_which_entries_one_can(editor):
    shown = editor.access(f"{IT}/Owned", users=[ANNA, BALINT]).set_index("path")
    assert "/Root/IMS/Public/IT-team" in shown.loc[ANNA, "through"]
    assert "/Root/IMS/Public/IT-team" not in shown.loc[BALINT, "through"]
    own = editor.access(f"{IT}/Denied", users=FARID)
    assert FARID in own["through"].iloc[0]


def test_an_administrator_sees_what_owners_get(server):
    with server.connect(user="Admin") as admin:  # others do not see the group of owners
        shown = admin.access(f"{IT}/Owned", users=[ANNA, BALINT]).set_index("path")
    assert OWNERS in shown.loc[BALINT, "through"]
    assert OWNERS not in shown.loc[ANNA, "through"]


def test_users_are_ordered_by_name_and_as_they_are_given(editor):
    names = editor.access(IT, "see")["user"].tolist()
    assert names == sorted(names, key=str.lower)
    assert len(names) == len(editor.read("/Root", query="TypeIs:User", select="Name", autofilters=False))
    given = editor.access(IT, "see", users=[BALINT, ANNA])
    assert given["path"].tolist() == [BALINT, ANNA]
    assert editor.access(IT, "see", users=editor.find("okafor", type="User"))["user"].tolist() == [
        "Olga Okafor"
    ]


def test_the_columns_are_as_asked(editor):
    shown = editor.access(IT, ["read", "OpenMinor"], users=ANNA)
    assert shown.columns.tolist() == ["user", "read", "OpenMinor", "through", "path"]
    assert shown.dtypes[["read", "OpenMinor"]].astype(str).tolist() == ["bool", "bool"]
    assert shown.index.name == "Id"
    assert editor.access(IT, users=[]).columns.tolist() == ["user", *PERMISSION_OF_ROLE, "through", "path"]


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda repo: repo.access(IT, "raed"), "Unknown permission 'raed'. Did you mean read"),
        (lambda repo: repo.access(IT, users=["/Root/IMS/Public/nobody"]), "nobody"),
        (lambda repo: repo.access(IT, users="/Root/IMS/Public/Staff"), "Staff is not a user"),
    ],
)
def test_what_is_unknown_is_named(editor, ask, said):
    with pytest.raises(QueryError, match=said):
        ask(editor)


def test_who_may_not_see_permissions_is_told(server):
    with (
        server.connect(user="chloe.csonka") as repo,
        pytest.raises(sn.ForbiddenError, match="you need the permission SeePermissions"),
    ):
        repo.access(IT)


def test_a_place_that_is_missing_is_named(editor):
    with pytest.raises(sn.NotFoundError, match="/Root/Content/Nowhere"):
        editor.access("/Root/Content/Nowhere")


def test_a_role_is_allowed_and_denied_like_the_permission_that_it_takes():
    repo = open_sample(user="Admin")
    assert repo.allow(IT, BALINT, "edit").ok
    assert repo.access(IT, users=BALINT)["edit"].tolist() == [True]
    assert repo.deny(IT, BALINT, "edit").ok
    assert repo.access(IT, users=BALINT)["edit"].tolist() == [False]
    assert repo.unset(IT, BALINT, "read").ok
    entries = repo.permissions(IT)
    assert "Open" not in entries[entries["identity"] == BALINT]["permission"].tolist()


def test_only_a_reading_connection_is_needed(server):
    with server.connect(read_only=True) as repo:
        assert isinstance(repo.access(IT, "read", users=ANNA), pd.DataFrame)


def test_users_are_named_as_in_as_user(server):
    with server.connect(user="Admin") as admin:
        held = admin.access(IT, "read", users=["anna.acs", "Visitor", BALINT, sn.ref("Farid Fischer")])
        assert set(held["path"]) == {ANNA, VISITOR, BALINT, FARID}
        assert admin.access(IT, "read", users="anna.acs")["path"].tolist() == [ANNA]
        with pytest.raises(sn.RefusedError, match="no User has the name"):
            admin.access(IT, "read", users="nobody.here")
