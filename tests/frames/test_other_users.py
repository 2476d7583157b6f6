"""``repo.as_user``: act as another user, by a key that is gone afterwards."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import contextmanager, suppress

import pytest

import sn_pandas as sn
from sn_pandas.frames.contents.permissions import PERMISSION_OF_ROLE

from ..fakes import FakeServer

OLGA = "/Root/IMS/Public/olga.okafor"
ANNA = "/Root/IMS/Public/anna.acs"
VISITOR = "/Root/IMS/BuiltIn/Portal/Visitor"
CREATED = "an API key was created for"


@pytest.fixture(scope="module")
def company():
    server = FakeServer()
    yield server
    server.end()


@pytest.fixture
def server(company):
    yield company
    company.clear()


@pytest.fixture
def admin(server):
    """An administrator: only those who may change a user create keys for them."""
    with server.connect(user="Admin") as repo:
        yield repo


@contextmanager
def acting_as(repo, user):
    """Connect as another user, which says that a key is created."""
    with pytest.warns(sn.SensenetWarning, match=CREATED):
        other = repo.as_user(user)
    with other:
        yield other


def keys(repo, user):
    return {key["Value"] for key in repo.call(user, "GetApiKeys")["apiKeys"]}


@pytest.mark.parametrize("user", [ANNA, "anna.acs", sn.ref("Anna Ács"), "Anna.Acs@example.com"])
def test_a_user_is_named_by_path_login_name_or_email(admin, user):
    with acting_as(admin, user) as anna:
        assert anna.user == ANNA
        assert anna.url == admin.url


def test_a_user_is_named_by_id(admin):
    id_ = int(admin.get(ANNA)["Id"])
    with acting_as(admin, id_) as anna:
        assert anna.user == ANNA


def test_the_key_is_deleted_when_the_connection_is_closed(admin):
    before = keys(admin, ANNA)
    with acting_as(admin, ANNA):
        assert len(keys(admin, ANNA)) == len(before) + 1
    assert keys(admin, ANNA) == before


@pytest.mark.parametrize("end", ["close", "sign_out"])
def test_the_key_is_deleted_when_the_first_connection_ends(server, admin, end):
    before = keys(admin, ANNA)
    other = server.connect(user="Admin")
    with pytest.warns(sn.SensenetWarning, match=CREATED):
        anna = other.as_user(ANNA)
    getattr(other, end)()
    assert keys(admin, ANNA) == before
    assert anna.closed
    with pytest.raises(sn.SensenetError, match="closed"):
        anna.count("/Root/Content")


def test_the_key_is_deleted_when_python_ends(tmp_path):
    url = f"embedded://{tmp_path}/repository.db"
    source = f"import sn_pandas as sn; sn.connect({url!r}).as_user({OLGA!r}); print('made')"
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, "made\n"), done.stderr
    assert done.stderr.count("Warning") == 1, done.stderr
    with sn.connect(url) as repo:
        assert not keys(repo, OLGA)


def test_a_key_signs_in_without_a_new_one(server, admin):
    with server.connect(user=ANNA) as anna:
        own = anna.create_api_key()
    before = keys(admin, ANNA)
    for key in (own, own.value):
        with admin.as_user(key) as anna:
            assert anna.user == ANNA
    assert keys(admin, ANNA) == before


def test_a_wrong_key_is_nobody(admin):
    with pytest.raises(sn.AuthenticationError) as caught:
        admin.as_user("x" * 83)
    assert "x" * 83 not in str(caught.value)


@pytest.mark.parametrize("visitor", [VISITOR, "Visitor", 6])
def test_the_visitor_needs_no_key(server, admin, visitor):
    for repo in (admin, server.connect()):  # ordinary users do not see the Visitor
        with repo.as_user(visitor) as other:
            assert other.user == VISITOR
    assert not keys(admin, VISITOR)


def test_whoever_may_change_a_user_may_act_as_them(server, admin):
    with server.connect(user=OLGA) as olga:
        with pytest.raises(sn.ForbiddenError, match="needs the permission Save on the user"):
            olga.as_user(ANNA)
        admin.allow(ANNA, OLGA, "Save")
        with acting_as(olga, ANNA) as anna:
            assert anna.user == ANNA
    admin.unset(ANNA, OLGA, "Save")


def test_a_key_that_does_not_sign_in_is_deleted(server, admin):
    before = keys(admin, ANNA)
    mine = server.key_of("Admin")
    server.on(when=lambda request: request.headers.get("apikey") != mine).visitor()
    with pytest.raises(sn.AuthenticationError):
        admin.as_user(ANNA)
    assert keys(admin, ANNA) == before


@pytest.mark.filterwarnings("error")
def test_no_key_is_left_where_the_warning_is_an_error(admin):
    before = keys(admin, ANNA)
    with pytest.raises(sn.SensenetWarning, match=CREATED):
        admin.as_user(ANNA)
    assert keys(admin, ANNA) == before


@pytest.mark.parametrize(
    ("user", "words"),
    [
        ("/Root/Content", "is not a user but a Workspace"),
        ("/Root/IMS/Public/nobody", "there is no such content"),
        ("anna.ac", "Did you mean /Root/IMS/Public/anna.acs"),
    ],
)
def test_what_is_no_user_is_rejected(admin, user, words):
    with pytest.raises(sn.SensenetError, match=words):
        admin.as_user(user)


def test_a_read_only_connection_creates_no_key_and_stays_read_only(server):
    with server.connect(user=ANNA) as anna:
        key = anna.create_api_key()
    with server.connect(user="Admin", read_only=True) as reader:
        with pytest.raises(sn.ReadOnlyError):
            reader.as_user(ANNA)
        with reader.as_user(key) as anna, pytest.raises(sn.ReadOnlyError):
            anna.patch("/Root/Content/IT", {"Index": 3})


def test_a_key_that_cannot_be_deleted_is_reported(server, admin):
    with pytest.warns(sn.SensenetWarning, match=CREATED):
        anna = admin.as_user(ANNA)
    server.on("POST", "DeleteApiKey").status(500)
    with pytest.warns(sn.SensenetWarning, match="may still be valid") as caught:
        anna.close()
    assert "repo.call('/Root/IMS/Public/anna.acs', 'DeleteApiKeys')" in str(caught[0].message)


def test_access_is_what_each_of_them_can_do(admin):
    place = "/Root/Content/IT/Documents"
    team = [OLGA, ANNA, VISITOR]
    held = admin.access(place, users=team).set_index("path")
    for path in team:
        with admin.as_user(path) if path == VISITOR else acting_as(admin, path) as me:
            for role, permission in PERMISSION_OF_ROLE.items():
                try:
                    answer = me.call(place, "HasPermission", permissions=[permission])
                except sn.SensenetError:  # whoever does not see the permissions is not told
                    continue
                assert held.loc[path, role] == answer


def test_a_key_that_could_not_be_deleted_is_tried_again_when_python_ends(tmp_path):
    source = f"""
import atexit, warnings
from tests.fakes import FakeServer
warnings.simplefilter("ignore")
server = FakeServer()
admin = server.connect(user="Admin")
atexit.register(lambda: print(len(admin.call({ANNA!r}, "GetApiKeys")["apiKeys"])))
anna = admin.as_user({ANNA!r})
server.on("POST", "DeleteApiKey").status(500)
anna.close()
server.clear()
print(len(admin.call({ANNA!r}, "GetApiKeys")["apiKeys"]))
"""
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, timeout=120)
    assert done.stdout == "1\n0\n", done.stderr


@pytest.mark.filterwarnings("ignore::sn_pandas.SensenetWarning")
def test_no_key_is_left_when_the_connection_is_closed_in_another_thread(server, admin):
    before = keys(admin, ANNA)
    mine = server.connect(user="Admin")

    def act():
        with suppress(sn.SensenetError):
            mine.as_user(ANNA)

    threads = [threading.Thread(target=act) for _ in range(4)]
    for thread in threads:
        thread.start()
    mine.close()
    for thread in threads:
        thread.join()
    assert keys(admin, ANNA) == before
