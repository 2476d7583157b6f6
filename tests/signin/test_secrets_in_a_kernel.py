"""Law 11 in a notebook: no secret is in any output of its cells, each way to sign in by each failure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import sn_pandas as sn
from sn_pandas.embedded import Faults
from tests.fakes import FakeServer

from .calls import PLACE
from .hushed import FAILURES, FORBIDDEN, SECRET, TOKEN, begin
from .sockets import served

#: How a cell connects; the secrets are in the environment of the kernel, as users are told to keep them.
WAYS = {
    "API key": "it = %sensenet connect {} --api-key-env HUSH --name it",
    "API key, in Python": "it = sn.connect('{}', api_key=os.environ['HUSH'], retries=quick)",
    "token": "it = %sensenet connect {} --token-env TOKEN --name it",
    "function": "it = sn.connect('{}', token=lambda: os.environ['TOKEN'], retries=quick)",
    "client": (
        "it = %sensenet connect {0} --client-id client --client-secret-env HUSH --authority {0} --name it"
    ),
    "client, basic": (
        "it = sn.connect('{0}', client_id='client', client_secret=os.environ['HUSH'], authority='{0}',"
        " send_secret='basic', retries=quick)"
    ),
}
#: Those that are tried each time; all of them take two minutes.
EACH_TIME = ("none", "lost while saving", "echoed by the authority", "echoed by the server", "redirect")
BEGINNING = [
    "import logging, os\nimport sn_pandas as sn\n%load_ext sn_pandas",
    "logging.basicConfig(level=logging.DEBUG, force=True)\n%xmode Verbose",
    "quick = sn.Retries(attempts=2, deadline=5, first_wait=0.001, longest_wait=0.002)",
]
#: What is done with a connection, and how it is shown when a cell has failed.
CELLS = [
    "%sensenet status",
    f"%%sensenet rows\n{PLACE}\n$select=Name,Path,Index",
    "rows['Index'] += 1\nreport = rows.sn.save()\nreport",
    "report.frame",
    "%sensenet save rows",
    "%tb",
    "import sys, traceback\ntraceback.print_exception(sys.last_value)",
    "repr(sys.last_value), vars(sys.last_value)",
    "print(repr(it), it.user, vars(it), vars(it.client), vars(it.client.auth))",
    "it.create_api_key()",
    "%sensenet fields /Root/Content",
    "%sensenet disconnect it",
    "%reset_selective -f ^(it|rows|report)$",
]


@pytest.fixture(scope="module")
def kernel() -> Iterator[NotebookClient]:
    client = NotebookClient(nbformat.v4.new_notebook(), timeout=240, kernel_name="python3", allow_errors=True)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("HUSH", SECRET)
        patched.setenv("TOKEN", TOKEN)
        with client.setup_kernel():
            run(client, *BEGINNING)
            yield client


def run(client: NotebookClient, *sources: str) -> list[str]:
    """Run cells one after the other and return their outputs as a notebook file has them."""
    texts = []
    for source in sources:
        cell = nbformat.v4.new_code_cell(source)
        client.nb.cells.append(cell)
        client.execute_cell(cell, len(client.nb.cells) - 1)
        texts.append(json.dumps(cell.outputs, ensure_ascii=False))
    return texts


def assert_hidden(sources: list[str], outputs: list[str], secrets: list[str]) -> None:
    for source, text in zip(sources, outputs, strict=True):
        found = [secret for secret in secrets if secret in text or json.dumps(secret)[1:-1] in text]
        assert not found, f"{source}: …{text[max(0, text.index(found[0]) - 300) :][:500]}…"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "failure", [pytest.param(f, marks=[] if f in EACH_TIME else pytest.mark.long) for f in FAILURES]
)
def test_no_secret_is_in_the_output_of_a_cell(
    kernel: NotebookClient, hushed: tuple[FakeServer, str], way: str, failure: str
) -> None:
    fake, address = hushed
    begin(fake, address)
    FAILURES[failure](fake)
    sources = [WAYS[way].format(address), *CELLS]
    outputs = run(kernel, *sources)
    assert_hidden(sources, outputs, FORBIDDEN)
    assert "DEBUG" in "".join(outputs), "the log is in the outputs"
    assert failure != "none" or '"ename"' not in "".join(outputs[:4]), "\n".join(
        o[-1500:] for o in outputs[:4]
    )


#: What a browser does in which somebody signs in; httpx would log its addresses.
VISIT = r"""
import threading, webbrowser
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import urlopen
def visit(place):
    login = urlopen(place).geturl()
    form = {"returnUrl": parse_qs(urlsplit(login).query)["returnUrl"][0], "username": "builtin\\admin",
            "password": os.environ["PASSWORD"]}
    where = login.partition("?")[0]
    threading.Thread(target=lambda: urlopen(where, urlencode(form).encode()).close(), daemon=True).start()
    return True
webbrowser.open = visit
os.environ["DISPLAY"] = ":0"
for name in ("JUPYTERHUB_API_TOKEN", "JUPYTERHUB_USER", "SSH_CONNECTION", "CODESPACES"):
    os.environ.pop(name, None)
get_ipython().kernel.getpass = lambda *question, **how: os.environ["PASSWORD"]
"""
PEOPLE = {
    "sn-auth": ("SNAuth", "it = %sensenet connect {} --login builtin\\admin --no-keep --name it"),
    "sn-auth, in Python": (
        "SNAuth",
        "it = sn.connect('{}', login='builtin\\\\admin', keep=False, retries=quick)",
    ),
    "browser": ("IdentityServer", "it = %sensenet connect {} --browser --name it"),
    "browser, in Python": ("IdentityServer", "it = sn.connect('{}', browser=True, retries=quick)"),
}
_SIGN_IN = "/connect/token|/api/auth/"
FAILURES_OF_PEOPLE: dict[str, Callable[[Faults], object]] = {
    "none": lambda f: None,
    "the token dies": lambda f: f.on("GET", match="Lab", times=1).revoke_token(),
    "the repository breaks": lambda f: f.on("PATCH").reset(after=True),
    "the authority is down": lambda f: f.on(match=_SIGN_IN).unavailable(503),
    "the authority shows a page": lambda f: f.on(match=_SIGN_IN).page(403),
    "the authority breaks": lambda f: f.on(match=_SIGN_IN).reset(after=True),
}


@pytest.mark.parametrize("way", PEOPLE)
@pytest.mark.parametrize("failure", FAILURES_OF_PEOPLE)
def test_no_secret_of_a_person_is_in_the_output_of_a_cell(
    kernel: NotebookClient, way: str, failure: str, tmp_path: Path
) -> None:
    kind, connecting = PEOPLE[way]
    faults, token = Faults(), tmp_path / "token"
    FAILURES_OF_PEOPLE[failure](faults)
    with served(faults=faults, kind=kind) as here:
        admin = sn.connect(here.address, api_key=here.application.api_key)
        admin.create("/Root/Content", "SystemFolder", "Lab")
        admin.create(PLACE, "Folder", "a", {"Index": 1})
        run(kernel, f"os.environ['PASSWORD'] = {here.authority.password!r}", VISIT)
        keep = f"with open({str(token)!r}, 'w') as f: print(it.client.auth.current(), file=f)"
        sources = [connecting.format(here.address), keep, *CELLS]
        outputs = run(kernel, *sources)
        admin.close()
    given = token.read_text().strip() if token.exists() else ""
    assert_hidden(sources, outputs, [here.authority.password, *([given] if given else [])])
    assert failure != "none" or (given and '"ename"' not in "".join(outputs[:5])), "\n".join(
        o[-1500:] for o in outputs[:5]
    )
