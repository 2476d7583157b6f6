"""Law 11 for those who sign in themselves: what went over the wire is seen nowhere else."""

from __future__ import annotations

import json
import re
import threading
import traceback
import warnings
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl
from urllib.request import urlopen

import httpx
import pytest

import sn_pandas as sn
from sn_pandas.embedded import Faults

from ..embedded.authorities import REPOSITORY, World, follow, ticking
from ..fakes import QUICK
from .conftest import MakeWorld, Person
from .hushed import everything_logged, of_variables
from .keyrings import FileKeyring

LOGIN = r"builtin\admin"
CODE = "918273"
#: What gives tokens: for a code or a refresh token, and the calls of sn-auth.
SIGN_IN = "/connect/token|/api/auth/login|/api/auth/refresh-token"
#: Fields of what is sent and answered that are secrets.
FIELDS = {
    "access_token", "refresh_token", "id_token", "code", "code_verifier", "token", "password",
    "accessToken", "refreshToken", "multiFactorAuthToken", "multiFactorCode", "Value",
}  # fmt: skip
WAYS: dict[str, dict[str, Any]] = {
    "browser": {"browser": True},
    "browser, with a link": {"browser": "link"},
    "browser, kept": {"browser": True, "keep": True},
    "sn-auth": {"login": LOGIN, "keep": False},
    "sn-auth, second factor": {"login": LOGIN, "keep": False},
    "sn-auth, kept": {"login": LOGIN},
}
Answer = Callable[[httpx.Request, str], httpx.Response]


def _broken(request: httpx.Request, echo: str) -> httpx.Response:
    raise httpx.ReadError("broken", request=request)


FAILURES: dict[str, Answer] = {
    "refused with an echo": lambda _, echo: httpx.Response(
        400, json={"error": "invalid_grant", "error_description": echo}
    ),
    "error with an echo": lambda _, echo: httpx.Response(
        500, json={"error": {"code": "X", "message": {"value": echo}}}
    ),
    "page with an echo": lambda _, echo: httpx.Response(403, html=f"<p>{echo}</p>"),
    "no JSON": lambda _, echo: httpx.Response(200, text=echo),
    "no token": lambda _, echo: httpx.Response(200, json={"refresh_token": echo}),
    "down": lambda _, echo: httpx.Response(503, text=echo),
    "broken": _broken,
}
#: What fails, as whom the client asks.
WHERE: dict[str, Callable[[httpx.Request], bool]] = {
    "sign-in": lambda r: bool(re.search(SIGN_IN, r.url.path)),
    "renewal": lambda r: bool(re.search(SIGN_IN, r.url.path)),
    "repository": lambda r: r.method != "GET" and "odata.svc" in r.url.path,
}
#: Those that are tried each time; all of them take a minute together.
EACH_TIME = ("refused with an echo", "page with an echo")
CASES = [pytest.param("none", "renewal"), *(
    pytest.param(failure, where, marks=[] if failure in EACH_TIME else pytest.mark.long)
    for failure in FAILURES for where in WHERE
)]  # fmt: skip


class Wire(httpx.BaseTransport):
    """Hears the secrets that are sent and answered, and answers what is to fail with an echo of them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.secrets: set[str] = set()
        self.failing: tuple[Callable[[httpx.Request], bool], Answer] | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        sent = request.headers.get("authorization", "").partition(" ")[2]
        self._hear(request.content, request.headers.get("content-type", ""))
        self.secrets |= {sent} - {""}
        if self.failing and self.failing[0](request):
            return self.failing[1](request, f"{request.content.decode()} {sent}")
        answer = self._world.transport.handle_request(request)
        self._hear(answer.read(), answer.headers.get("content-type", ""))
        return answer

    def close(self) -> None:
        """Stay open: each client of the connection closes it."""

    def _hear(self, body: bytes, kind: str) -> None:
        found: Any = {}
        if "json" in kind and body[:1] == b"{":
            found = json.loads(body)
        elif "form" in kind:
            found = dict(parse_qsl(body.decode()))
        self.secrets |= {str(v) for k, v in found.items() if k in FIELDS and v and isinstance(v, str)}


@pytest.fixture
def signed_in(
    make_world: MakeWorld, person: Person, keys: FileKeyring, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], tuple[World, Wire]]:
    """Return a function that makes a world in which somebody signs in by a way."""

    def ready(way: str) -> tuple[World, Wire]:
        sn_auth = {"kind": "SNAuth", "clock": ticking()} if way.startswith("sn-auth") else {}
        factor = {"second_factor": {"admin": CODE}} if way.endswith("factor") else {}
        world = make_world(faults=Faults(), **sn_auth, **factor)
        person.answers = [f"wrong-{world.authority.password}", world.authority.password, "000000", CODE]

        def visit(place: str) -> bool:
            # a browser, whose requests httpx does not log
            threading.Thread(target=lambda: urlopen(follow(world, place)).close(), daemon=True).start()
            return True

        def tell(self: object, text: str) -> None:
            link = next((line for line in text.splitlines() if line.startswith("http")), None)
            if link and way.endswith("link"):
                person.answers = [follow(world, link)]
            print(text)

        monkeypatch.setattr(webbrowser, "open", visit)
        monkeypatch.setattr("sn_pandas.odata.signin.conversation.Keyboard.tell", tell)
        monkeypatch.setenv("DISPLAY", ":0")
        for name in ("JUPYTERHUB_API_TOKEN", "JUPYTERHUB_USER", "SSH_CONNECTION", "CODESPACES"):
            monkeypatch.delenv(name, raising=False)
        return world, Wire(world)

    return ready


def use(repo: sn.frames.Repository, texts: list[str]) -> None:
    """Read, save and make a key, and keep everything that is shown of it."""
    texts += [repr(repo), str(repo.client), repr(vars(repo)), repr(vars(repo.client)), repo.user.description]
    auth = repo.client.auth
    texts += [repr(auth), repr(vars(auth))]
    frame = repo.read("/Root/IMS/BuiltIn/Portal", select=["Name", "Path", "DisplayName"], top=3)
    texts += [repr(frame.attrs), frame.to_html()]
    frame["DisplayName"] = frame["DisplayName"] + "x"
    report = frame.sn.save()
    texts += [repr(report), report.frame.to_csv(), *report.requests]
    texts += [Path(report.journal).read_text()] if report.journal else []
    texts.append(repr(repo.create_api_key()))


@pytest.mark.parametrize(("failure", "where"), CASES)
@pytest.mark.parametrize("way", WAYS)
def test_no_secret_is_seen(
    signed_in: Callable[[str], tuple[World, Wire]],
    way: str,
    failure: str,
    where: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    world, wire = signed_in(way)
    failing = None if failure == "none" else (WHERE[where], FAILURES[failure])
    texts: list[str] = []
    values: list[str] = []
    happened: sn.SensenetError | None = None
    repo: sn.frames.Repository | None = None
    with everything_logged() as logged, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            wire.failing = failing if where == "sign-in" else None
            repo = sn.connect(REPOSITORY, transport=wire, retries=QUICK, **WAYS[way])
            wire.failing = failing
            if where == "renewal" and world.faults is not None:
                world.faults.on("GET", match="Portal", times=1).revoke_token()
            use(repo, texts)
        except sn.SensenetError as error:
            happened = error
            texts += [*traceback.format_exception(error), repr(error), repr(vars(error))]
            texts += error._render_traceback_()
            values += of_variables(error)
            report = getattr(error, "report", None)
            if report is not None:
                texts += [repr(report), report.frame.to_csv()]
                texts += [Path(report.journal).read_text()] if report.journal else []
        wire.failing = None
        if repo is not None:
            repo.sign_out()
    captured = capfd.readouterr()
    channels = {
        "log": logged[0],
        "texts": "\n".join([*texts, *(str(one.message) for one in caught)]),
        "traceback with the values of variables": "\n".join(values),
        "out": captured.out,
        "err": captured.err,
    }
    assert wire.secrets, "secrets were heard"
    for name, text in channels.items():
        found = [secret for secret in wire.secrets if secret in text]
        assert not found, f"{name}: …{text[max(0, text.index(found[0]) - 400) :][:500]}…"
    assert (happened is None) == (failure == "none"), happened
