"""A repository and its authority in this process, each with an address of its own."""

from __future__ import annotations

import base64
import hashlib
import itertools
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from sn_pandas.connecting import InProcess
from sn_pandas.embedded import Application, Faults
from sn_pandas.embedded.authority import Authority

Json = Any

REPOSITORY, AUTHORITY = "http://localhost:8765", "http://localhost:8766"
ROOT = "/odata.svc/('Root')"
ME = f"{ROOT}/GetCurrentUser?metadata=no&$select=Name"
BACK = "http://127.0.0.1:54321/"
VERIFIER = "v" * 43


class World:
    """A repository with an authority; ``options`` are those of `Authority`."""

    def __init__(self, *, sample: bool = False, faults: Faults | None = None, **options: Any) -> None:
        self.application = Application(sample=sample)
        self.authority = Authority(self.application, AUTHORITY, faults=faults, **options)
        self.faults = faults
        self.transport = InProcess(self.serve)
        self.http = httpx.Client(transport=InProcess(self.serve))
        self.key = self.application.api_key

    def close(self) -> None:
        self.http.close()
        self.application.close()

    def serve(self, environ: Any, start: Any) -> Iterable[bytes]:
        """Answer a request to either of them, by the port."""
        if environ["SERVER_PORT"] == "8766":
            return self.authority(environ, start)
        app = self.faults.around(self.application) if self.faults else self.application
        return app(environ, start)

    def who(self, token: str | None = None, *, key: str | None = None, **headers: str) -> str:
        """Return the name of the user who a request with a token is of."""
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        if key is not None:
            headers["apikey"] = key
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.http.get(REPOSITORY + ME, headers=sent)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["d"]["Name"])

    def call(self, name: str, /, **parameters: Json) -> Json:
        """Call an operation of the root as the Admin."""
        answer = self.http.post(f"{REPOSITORY}{ROOT}/{name}", json=parameters, headers={"apikey": self.key})
        assert answer.status_code in (200, 204), answer.text
        return answer.json() if answer.content else None

    def clients(self) -> dict[str, Json]:
        """Return the clients of the repository by type."""
        found = self.http.get(f"{REPOSITORY}{ROOT}/GetClients", headers={"apikey": self.key}).json()
        return {one["type"]: one for one in found["clients"]}

    def program(self, kind: str = "InternalClient") -> dict[str, str]:
        """Return client id and secret of a client that is there from the beginning."""
        client = self.clients()[kind]
        return {"client_id": client["clientId"], "client_secret": client["secrets"][0]["value"]}

    def token(self, status: int = 200, **form: str) -> Json:
        """Ask for a token."""
        answer = self.http.post(f"{AUTHORITY}/connect/token", data=form)
        assert answer.status_code == status, answer.text
        return answer.json()

    def asked(self, **changes: str | None) -> dict[str, str]:
        """Return the parameters by which an application asks a person to sign in."""
        digest = hashlib.sha256(VERIFIER.encode()).digest()
        asked: dict[str, str | None] = {
            "client_id": self.clients()["AdminUi"]["clientId"],
            "response_type": "code",
            "redirect_uri": BACK,
            "scope": "openid profile sensenet offline_access",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            "state": "s1",
            **changes,
        }
        return {name: value for name, value in asked.items() if value is not None}

    def log_in(self, name: str, password: str, **changes: str | None) -> httpx.Response:
        """Fill in the login page and return the answer."""
        first = self.http.get(f"{AUTHORITY}/connect/authorize", params=self.asked(**changes))
        assert first.status_code == 302, first.text
        page = self.http.get(AUTHORITY + first.headers["Location"])
        assert 'type="password"' in page.text
        back = parse_qs(urlsplit(first.headers["Location"]).query)["returnUrl"][0]
        form = {"returnUrl": back, "username": name, "password": password}
        return self.http.post(f"{AUTHORITY}/account/login", data=form)

    def code(self, name: str = r"builtin\admin") -> str:
        """Sign in and return the code that the browser brings back."""
        answer = self.log_in(name, self.authority.password)
        assert answer.status_code == 302
        found = parse_qs(urlsplit(answer.headers["Location"]).query)
        assert answer.headers["Location"].startswith(BACK)
        assert found["state"] == ["s1"]
        return found["code"][0]

    def sn(self, call: str, status: int = 200, bearer: str = "", **given: Json) -> Json:
        """Call sn-auth."""
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        method = "GET" if call == "validate-token" else "POST"
        answer = self.http.request(
            method, f"{AUTHORITY}/api/auth/{call}", json=given or None, headers=headers
        )
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None


def follow(world: World, place: str, name: str = r"builtin\admin") -> str:
    """Sign in on the page that a link leads to, and return where the browser goes then."""
    first = world.http.get(place)
    assert first.status_code == 302, first.text
    back = parse_qs(urlsplit(first.headers["Location"]).query)["returnUrl"][0]
    form = {"returnUrl": back, "username": name, "password": world.authority.password}
    answer = world.http.post(f"{AUTHORITY}/account/login", data=form)
    return str(answer.headers["Location"])


def ticking() -> Callable[[], float]:
    """Return a clock that goes on by a second whenever somebody looks: tokens of one second are the same."""
    return map(float, itertools.count(2_000_000_000)).__next__
