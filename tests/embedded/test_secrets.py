"""An ordinary user sends odd requests: no answer holds a word that he may not read.

The words stand in contents that he does not see, may only see, or may only preview, in drafts, in the trash,
and in users of a domain that is hidden from him.
"""

from __future__ import annotations

import random
import re
from dataclasses import replace

import pytest

from sn_pandas.embedded import Application

from .client import Client, address
from .fuzzing import Judge, Request, build, made, randoms

HOME = "/Root/Content/w"
KIM = "/Root/IMS/Public/kim"
DUE = "2026-01-05T08:00:00Z"
SECRET = re.compile(r"zq\w+")
"""What every word looks like that kim may not read."""
OURS = frozenset(("apikey", "x-visitor", "authorization", "cookie"))


class World:
    """A repository with secrets, the key of kim, and addresses that lead to the secrets."""

    def __init__(self) -> None:
        self.application = Application(sample=False, admin=True)
        build(self.application)
        self.client = client = Client(self.application)
        client.create("/Root/IMS", "Domain", "zqdomain")
        client.call("/Root/IMS/zqdomain", "SetPermissions", inheritance="break")
        everyone = {"identity": "/Root/IMS/BuiltIn/Portal/Everyone", "See": "undefined"}
        client.call("/Root/IMS/zqdomain", "SetPermissions", r=[everyone])
        person = client.create(
            "/Root/IMS/zqdomain", "User", "zqperson", LoginName="zqlogin", FullName="zqfullname",
            Email="zqmail@example.com", Password="Secret-123", Enabled=True,
        )["Id"]  # fmt: skip
        client.create("/Root/IMS/Public", "Group", "shown", Members=[person])
        client.create(HOME, "Folder", "zqvault", Description="zqvaulttext")
        client.call(f"{HOME}/zqvault", "SetPermissions", inheritance="break")
        client.create(
            f"{HOME}/zqvault", "Task", "zqtask", DisplayName="zqtitle", Description="zqtext", DueDate=DUE,
            AssignedTo=[person],
        )  # fmt: skip
        client.create(f"{HOME}/zqvault", "Memo", "zqgone", Description="zqgonetext")
        client.send("DELETE", address(f"{HOME}/zqvault/zqgone"))
        client.create(
            f"{HOME}/list", "Task", "seen", DisplayName="zqseentitle", Description="zqseentext", DueDate=DUE
        )
        for name in ("previewed.txt", "draft.txt"):
            client.upload(f"{HOME}/docs", name, "zqbytes" if name == "previewed.txt" else "public")
            client.call(f"{HOME}/docs/{name}", "Publish")
        client.upload(f"{HOME}/docs", "draft.txt", "zqdraftbytes", Overwrite=True)
        client.patch(f"{HOME}/docs/draft.txt", {"Description": "zqdrafttext", "Tags": "zqdrafttag"})
        client.upload(f"{HOME}/docs", "new.txt", "zqnewbytes")
        client.patch(f"{HOME}/docs/new.txt", {"Description": "zqnewtext"})
        self.permit(HOME, Open="allow")
        self.permit(f"{HOME}/list", Save="allow", AddNew="allow", Delete="allow", SeePermissions="allow")
        self.permit(f"{HOME}/list/seen", Preview="deny")
        self.permit(f"{HOME}/docs/previewed.txt", Open="deny")
        self.key = str(client.call(KIM, "CreateApiKey").json()["Value"])
        paths = [
            "zqvault",
            "zqvault/zqtask",
            "list/seen",
            "docs/previewed.txt",
            "docs/draft.txt",
            "docs/new.txt",
        ]
        ids = [person, *(client.read(f"{HOME}/{path}", "Id")["Id"] for path in paths)]
        self.places = [f"/content({one})" for one in ids]

    def permit(self, path: str, **permissions: str) -> None:
        entry = {"identity": KIM, **permissions}
        assert self.client.call(path, "SetPermissions", r=[entry]).status_code < 300

    def close(self) -> None:
        self.client.close()


def asked_by(key: str, chance: random.Random, places: list[str]) -> Request:
    """Return an odd request of kim, by turns about what is hidden from him."""
    one = made(chance)
    headers = {name: value for name, value in one.headers.items() if name.lower() not in OURS}
    target = re.sub("apikey=[^&]*", "", one.target)
    if chance.random() < 0.5:
        place = r"/odata\.svc(/Root/Content/w[^/?]*\('\w[^')]*'\)|/content\(-?\d+\)|/\('Root'\))"
        target = re.sub(place, f"/odata.svc{chance.choice(places)}", target)
    return replace(one, target=target, headers={**headers, "apikey": key})


def play(name: str, count: int) -> None:
    world, chance = World(), randoms(name)
    try:
        with Judge() as judge:
            for _ in range(count):
                one = asked_by(world.key, chance, world.places)
                _, body = judge.ask(world.application, one)
                assert not SECRET.findall(body.decode("utf-8", "replace")), str(one)
        assert not judge.faults, judge.report()
        assert judge.statuses[200] > count // 20
    finally:
        world.close()


def test_the_secrets_are_there_for_who_may_read_them() -> None:
    world = World()
    try:
        found = world.client.send("GET", f"/odata.svc{HOME}/list?metadata=no").text
        assert {"zqseentitle", "zqseentext"} <= set(SECRET.findall(found))
        for place in world.places:
            answer = world.client.send("GET", f"/odata.svc{place}?metadata=no")
            assert answer.status_code == 200
            hidden = world.client.send("GET", f"/odata.svc{place}?metadata=no", headers={"apikey": world.key})
            assert not SECRET.findall(hidden.text)
    finally:
        world.close()


def test_a_few_odd_requests_tell_no_secret() -> None:
    play("few secrets", 400)


@pytest.mark.long
@pytest.mark.parametrize("number", range(8))
def test_odd_requests_tell_no_secret(number: int) -> None:
    play(f"secrets {number}", 600)
