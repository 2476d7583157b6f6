"""Web servers and firewalls that take shorter addresses than a sensenet."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pandas as pd
import pytest

import sn_pandas as sn

from ..fakes import FakeServer

ASSETS = "/Root/Content/Inventory"
PAGE = "<html><body><h2>404 - File or directory not found.</h2></body></html>"
REFUSALS = {
    "IIS": httpx.Response(404, html=PAGE),
    "404 without a body": httpx.Response(404),
    "400 page": httpx.Response(400, html="<h2>Bad Request - Request Too Long</h2>"),
    "414": httpx.Response(414),
}


def ids(repo: sn.frames.Repository) -> list[int]:
    return [int(id_) for id_ in repo.read(ASSETS, select="Name", top=400).index][::2]


def edit(repo: sn.frames.Repository) -> int:
    frame = repo.read(ASSETS, select=["Name", "Notes"]).iloc[:240:2]
    frame["Notes"] = "seen"
    return int(frame.sn.save().counts["saved"])


def append(repo: sn.frames.Repository) -> int:
    names = [f"a-rather-long-name-{n:05}" for n in range(30)]
    rows = pd.DataFrame({"Name": names, "Serial": "SN-12345", "Type": "Asset"})
    frame = repo.read(ASSETS, select=["Name", "Type", "Serial"]).sn.append(rows)
    return int(frame.sn.save(create=True).counts["saved"])


WORK: dict[str, Callable[[sn.frames.Repository], int]] = {
    "save": edit,
    "append": append,
    "refresh": lambda repo: len(repo.read(ASSETS, select="Name").sn.refresh()),
    "query": lambda repo: len(
        repo.read("/Root", query=f"Id:({' '.join(map(str, ids(repo)))})", select="Name")
    ),
    "filter": lambda repo: len(repo.read(ASSETS, filter=sn.F("Id").isin(ids(repo)), select="Name")),
    "filter and count": lambda repo: repo.count(ASSETS, filter=sn.F("Id").isin(ids(repo))),
    "pages by key": lambda repo: len(
        repo.read(
            ASSETS,
            filter=f"substringof('a', Name) or substringof('{'x' * 1700}', Name)",
            select="Name",
            page_size=50,
        )
    ),
}


def limit(server: FakeServer, length: int, answer: httpx.Response) -> None:
    server.on(when=lambda request: len(request.url.query) > length).call(lambda request, forward: answer)


CASES = [
    *((work, "IIS") for work in ("save", "append", "refresh", "filter and count")),
    *((work, refusal) for work in ("query", "filter") for refusal in REFUSALS),
]


@pytest.mark.slow
@pytest.mark.parametrize(("work", "refusal"), CASES)
def test_shorter_lists_are_sent_where_a_web_server_takes_shorter_addresses(
    fake: Callable[..., FakeServer], work: str, refusal: str
) -> None:
    server = fake()
    expected = WORK[work](fake().connect())
    limit(server, 1200, REFUSALS[refusal])
    assert WORK[work](server.connect()) == expected > 0


@pytest.mark.parametrize("refusal", REFUSALS)
def test_what_cannot_be_cut_is_said_to_be_too_long(fake: Callable[..., FakeServer], refusal: str) -> None:
    server = fake()
    limit(server, 1500, REFUSALS[refusal])
    repo = server.connect()
    with pytest.raises(sn.ServerError, match=r"address is too long.*select fewer fields") as error:
        WORK["pages by key"](repo)
    assert not isinstance(error.value, sn.NotFoundError)
    with pytest.raises(sn.ServerError, match="address is too long"):
        repo.get(ASSETS, select=[f"{step}/Path" for step in REFERENCES])


REFERENCES = [f"CreatedBy{'/CreatedBy' * n}" for n in range(20)]


def test_a_long_address_of_what_is_not_there_is_not_found(fake: Callable[..., FakeServer]) -> None:
    repo = fake().connect()
    with pytest.raises(sn.NotFoundError, match="no such content"):
        repo.read("/Root/Content/Nothing", filter=f"Name eq '{'x' * 3000}'", select="Name")


def test_a_missing_content_of_a_long_path_is_asked_for_a_few_times(fake: Callable[..., FakeServer]) -> None:
    repo = fake().connect()
    before = repo.client.requests
    with pytest.raises(sn.NotFoundError, match="no such content"):
        repo.get("/Root/Content/" + "/".join("漢" * 40 for _ in range(4)))
    assert repo.client.requests - before < 20
