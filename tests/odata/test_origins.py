"""One server is one server, however its address is spelled; two are two."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sn_pandas as sn
from sn_pandas.odata.origins import canonical_origin, canonical_url, is_secure, same_origin

HOSTS = st.sampled_from(["repo.example", "login.repo.example", "bücher.example", "127.0.0.1", "[::1]"])
PLACES = st.tuples(st.sampled_from(["http", "https"]), HOSTS, st.sampled_from([80, 443, 8080]))


@st.composite
def spellings(draw: st.DrawFn, place: tuple[str, str, int]) -> str:
    """Return an address of a place in some spelling."""
    scheme, host, port = place
    change = draw(st.sampled_from([str.lower, str.upper, str.title]))
    default = {"http": 80, "https": 443}[scheme]
    behind = "" if port == default and draw(st.booleans()) else f":{port}"
    rest = draw(st.sampled_from(["", "/", "/odata.svc/Root", "?x=1", "/#x"]))
    return f"{draw(st.sampled_from([scheme, scheme.upper()]))}://{change(host)}{behind}{rest}"


@given(PLACES, PLACES, st.data())
def test_two_addresses_are_equal_if_they_name_one_server(
    one: tuple[str, str, int], other: tuple[str, str, int], data: st.DataObject
) -> None:
    first, second = data.draw(spellings(one)), data.draw(spellings(other))
    assert same_origin(first, second) == (one == other)
    assert (canonical_origin(first) == canonical_origin(second)) == (one == other)
    assert canonical_origin(canonical_origin(first)) == canonical_origin(first)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://Repo.Example:443/", "https://repo.example"),
        ("http://repo.example:443", "http://repo.example:443"),
        ("https://me:hush@repo.example/x?apikey=hush", "https://repo.example"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_canonical_origins(address: str, expected: str) -> None:
    assert canonical_origin(address) == expected


@pytest.mark.parametrize(
    "address", ["", "repo.example", "ftp://repo.example", "https://", "embedded://", "https://a:x", "/Root"]
)
def test_addresses_without_a_server(address: str) -> None:
    with pytest.raises(sn.QueryError, match="address of a server"):
        canonical_origin(address)
    assert not same_origin(address, address)


def test_repositories_below_a_path_are_told_apart() -> None:
    assert canonical_url("https://Host/One/") == "https://host/One"
    assert canonical_url("https://host/Two") != canonical_url("https://host/One")


@pytest.mark.parametrize(
    ("address", "secure"),
    [
        ("https://a.example", True),
        ("HTTP://LocalHost:5000", True),
        ("http://127.0.0.1", True),
        ("http://[::1]:8", True),
        ("http://a.example", False),
        ("http://localhost.example", False),
    ],
)
def test_where_nobody_reads_along(address: str, secure: bool) -> None:
    assert is_secure(address) is secure


def test_a_repository_has_its_canonical_address() -> None:
    from tests.fakes import FakeServer
    from tests.frames.lists import Server

    for spelled in (
        "https://Lists.Example:443",
        "HTTPS://lists.example/",
        "https://lists.example/Root/Content",
    ):
        with sn.connect(spelled, api_key="k", transport=FakeServer(Server([]))) as repo:
            assert repo.url == "https://lists.example"
