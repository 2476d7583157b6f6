"""A server that is killed at any moment: what it answered with success is in the file afterwards."""

from __future__ import annotations

import contextlib
import itertools
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from sn_pandas.embedded import Application

from .client import address
from .serving import server

KILLS, WRITES = 20, 1_000
WRITERS = 3
PUBLIC = "/Root/IMS/Public"


class Writer:
    """Writes of all kinds below a folder of its own; knows what was answered, and what was under way."""

    def __init__(self, number: int) -> None:
        self.folder = f"/Root/Content/writer{number}"
        self.group = f"{PUBLIC}/group{number}"
        self.user = f"{PUBLIC}/user{number}"
        self.user_id = 0
        self.counter = itertools.count(1)
        self.answered = 0
        self.known: dict[str, set[Any]] = {}
        """What was written -> the states in which it may be: one, or two while an answer is missing."""

    def prepare(self, http: httpx.Client) -> None:
        """Make the folder, the group and the user."""
        name = self.user.rpartition("/")[2]
        made = [
            (self.folder, {"__ContentType": "SystemFolder"}),
            (self.group, {"__ContentType": "Group"}),
            (self.user, {"__ContentType": "User", "LoginName": name, "Password": "Secret-1234",
                         "FullName": name, "Email": f"{name}@example.com", "Enabled": True}),
        ]  # fmt: skip
        for path, fields in made:
            parent, _, last = path.rpartition("/")
            answer = http.post(address(parent, "metadata=no"), json={"Name": last, **fields})
            assert answer.status_code == 200, answer.text
            self.user_id = answer.json()["d"]["Id"]

    def run(self, base: str, dice: random.Random, count: Callable[[], None]) -> None:
        """Write until the server is gone."""
        writes = [self.patch, self.create, self.upload, self.allow, self.join, self.leave, self.delete]
        with contextlib.suppress(httpx.TransportError), httpx.Client(base_url=base, timeout=60) as http:
            while True:
                key, state, answer = dice.choice(writes)(http)
                if answer is not None:
                    assert answer.status_code in (200, 204), answer.text
                    self.known[key] = {state}
                    self.answered += 1
                    count()

    def _write(
        self, http: httpx.Client, key: str, state: Any, method: str, target: str, body: Any, **more: Any
    ) -> tuple[str, Any, httpx.Response | None]:
        self.known.setdefault(key, {0} if key == "members" else {None}).add(state)
        return key, state, http.request(method, target, json=body, **more)

    def patch(self, http: httpx.Client) -> tuple[str, Any, httpx.Response | None]:
        value = next(self.counter)
        return self._write(http, "Index", value, "PATCH", address(self.folder), {"Index": value})

    def create(self, http: httpx.Client) -> tuple[str, Any, httpx.Response | None]:
        path = f"{self.folder}/c{next(self.counter)}"
        body = {"__ContentType": "SystemFolder", "Name": path.rpartition("/")[2]}
        return self._write(http, path, True, "POST", address(self.folder), body)

    def upload(self, http: httpx.Client) -> tuple[str, Any, httpx.Response | None]:
        path = f"{self.folder}/u{next(self.counter)}.txt"
        name = path.rpartition("/")[2]
        body = {"FileName": name, "FileText": name * 1_000, "ContentType": "File"}
        return self._write(http, path, name * 1_000, "POST", f"{address(self.folder)}/Upload", body)

    def allow(self, http: httpx.Client) -> tuple[str, Any, httpx.Response | None]:
        wanted = ("allow", "deny")[next(self.counter) % 2]
        body = {"r": [{"identity": self.user, "AddNew": wanted}]}
        target = f"{address(self.folder)}/SetPermissions"
        return self._write(http, "AddNew", wanted, "POST", target, body)

    def join(self, http: httpx.Client) -> tuple[str, Any, httpx.Response | None]:
        body = {"contentIds": [self.user_id]}
        state = self._members() + 1  # also of one who is in it already, as at the real server
        return self._write(http, "members", state, "POST", f"{address(self.group)}/AddMembers", body)

    def leave(self, http: httpx.Client) -> tuple[str, Any, httpx.Response | None]:
        body = {"contentIds": [self.user_id]}
        state = max(0, self._members() - 1)
        return self._write(http, "members", state, "POST", f"{address(self.group)}/RemoveMembers", body)

    def _members(self) -> int:
        (number,) = self.known.get("members", {0})
        return int(number)

    def delete(self, http: httpx.Client) -> tuple[str, Any, httpx.Response | None]:
        path = next((key for key, states in self.known.items() if key[0] == "/" and states == {True}), None)
        if path is None:
            return "", None, None
        return self._write(http, path, False, "DELETE", address(path, "permanent=true"), None)

    def check(self, http: httpx.Client) -> None:
        """Compare what is there with what was answered; what was under way may be either."""
        for key, states in list(self.known.items()):
            found = self._found(http, key)
            assert found in states or (found is False and None in states), (self.folder, key, found, states)
            if key[0] == "/" and found is False and None in states:
                del self.known[key]
            else:
                self.known[key] = {found}

    def _found(self, http: httpx.Client, key: str) -> Any:
        if key == "Index":
            index = http.get(address(self.folder, "metadata=no&$select=Index")).json()["d"]["Index"]
            return index or None
        if key == "AddNew":
            entries = http.get(f"{address(self.folder)}/GetAcl").json()["entries"]
            own = [one["permissions"]["AddNew"] for one in entries if one["identity"]["path"] == self.user]
            return own[0]["value"] if own and own[0] else None
        if key == "members":
            target = address(self.group, "metadata=no&$select=Members/Id&$expand=Members")
            return len(http.get(target).json()["d"]["Members"])
        answer = http.get(key if key.endswith(".txt") else address(key, "metadata=no&$select=Id"))
        if answer.status_code == 404:
            return False
        return answer.content.decode("utf-8-sig") if key.endswith(".txt") else True


@pytest.mark.long
def test_no_answered_write_is_lost_when_the_server_is_killed(tmp_path: Path) -> None:
    data = tmp_path / "repo.db"
    writers = [Writer(number) for number in range(WRITERS)]
    application = Application(data, sample=False, admin=True)
    transport = httpx.WSGITransport(app=application)
    with httpx.Client(transport=transport, base_url="http://embedded") as http:
        for writer in writers:
            writer.prepare(http)
    application.close()
    dice = random.Random(11)
    for kill in range(KILLS):
        enough = threading.Event()
        wanted = sum(writer.answered for writer in writers) + WRITES // KILLS + dice.randrange(10)

        def count(enough: threading.Event = enough, wanted: int = wanted) -> None:
            if sum(writer.answered for writer in writers) >= wanted:
                enough.set()

        with server("--admin", "--data", str(data)) as (process, base, _):
            threads = [
                threading.Thread(target=writer.run, args=(base, random.Random(kill * 10 + number), count))
                for number, writer in enumerate(writers)
            ]
            for thread in threads:
                thread.start()
            assert enough.wait(300)
            time.sleep(dice.random() / 20)
            process.kill()
            for thread in threads:
                thread.join(60)
        application = Application(data, sample=False, admin=True)
        with application.store.reading() as db:
            assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        transport = httpx.WSGITransport(app=application)
        with httpx.Client(transport=transport, base_url="http://embedded") as http:
            for writer in writers:
                writer.check(http)
        application.close()
    assert sum(writer.answered for writer in writers) >= WRITES
