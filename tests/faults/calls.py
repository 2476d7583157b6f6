"""What the tests of faults do: reads of all kinds, and a client whose answers are scripted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import httpx

import sn_pandas as sn
from sn_pandas.frames import Repository
from sn_pandas.odata.client import Client
from sn_pandas.odata.signin.credentials import ApiKey
from sn_pandas.widgets.listing import Listing

from ..fakes import Entry, FakeServer

Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]
#: Retries that wait no longer than a test can.
QUICK = sn.Retries(attempts=4, deadline=30.0, first_wait=0.001, longest_wait=0.3)
#: How the server refuses what it cannot do.
REFUSED = b'{"error":{"code":"NotSpecified","exceptiontype":"X","message":{"value":"No."},"innererror":null}}'
TASKS = "/Root/Content/IT/Tasks"
DOCS = "/Root/Content/IT/Documents"
GROUP = "/Root/IMS/BuiltIn/Portal/Administrators"
#: Reads of all kinds, on the sample company with a file hostile.txt.
READS: dict[str, Callable[[Repository], Any]] = {
    "read": lambda repo: repo.read(TASKS),
    "read some": lambda repo: repo.read(TASKS, select=["Name", "DueDate", "Priority", "AssignedTo/FullName"]),
    "read in pages": lambda repo: repo.read(TASKS, select="Name", page_size=13, workers=2),
    "read in order": lambda repo: repo.read(TASKS, select="Name", page_size=13, orderby="Name", workers=2),
    "search": lambda repo: repo.read("/Root/Content", query="TypeIs:Task", select=["Name", "AssignedTo"]),
    "read pages": lambda repo: list(repo.read_pages(TASKS, select="Name", page_size=20)),
    "reference": lambda repo: repo.read(GROUP, property="Members", select=["Name"]),
    "count": lambda repo: repo.count(TASKS),
    "get": lambda repo: repo.get(f"{TASKS}/T001"),
    "get some": lambda repo: repo.get(
        f"{TASKS}/T001", select=["Name", "DueDate", "AssignedTo", "CreatedBy/Path"]
    ),
    "value": lambda repo: repo.value(f"{TASKS}/T001", "DueDate"),
    "people": lambda repo: repo.value(f"{TASKS}/T001", "AssignedTo"),
    "actions": lambda repo: repo.actions(TASKS),
    "permissions": lambda repo: repo.permissions(TASKS),
    "members": lambda repo: repo.members(GROUP),
    "metadata": lambda repo: repo.metadata(TASKS, "json"),
    "metadata as XML": lambda repo: repo.metadata(),
    "download": lambda repo: repo.download(f"{DOCS}/hostile.txt"),
    "versions": lambda repo: repo.read(f"{TASKS}/T001", property="Versions", select=["Version"]),
    "call": lambda repo: repo.call(TASKS, "GetAllowedChildTypesFromCTD"),
    "tree": lambda repo: Listing(repo.client).page(TASKS),
    "jump in the tree": lambda repo: Listing(repo.client).position(TASKS, f"{TASKS}/T003"),
    "not there": lambda repo: repo.get(f"{TASKS}/T00l"),
    "who": lambda repo: repo.verify_identity(),
}


def client_of(*answers: Answer, retries: sn.Retries = QUICK) -> tuple[Client, Sequence[Entry]]:
    """Return a client whose server answers so, one after another, the last again and again."""
    server = FakeServer(None)
    server.on().script(*answers)
    server.on(match="GetCurrentUser").json({"d": {"Id": 1, "Path": "/Root/IMS/BuiltIn/Portal/Admin"}})
    client = Client("https://repo.example", auth=ApiKey("s3cret"), transport=server, retries=retries)
    return client, server.log
