"""Batches: what names a content, and what refuses the whole call."""

from __future__ import annotations

from typing import Any

import pytest

from .client import WORKSPACE, Client, problem

BATCHES = [
    ("DeleteBatch", {"permanent": True}),
    ("CopyBatch", {"targetPath": f"{WORKSPACE}/target"}),
    ("MoveBatch", {"targetPath": f"{WORKSPACE}/target"}),
]


@pytest.fixture
def place(client: Client) -> Client:
    client.create(WORKSPACE, "Task", "good")
    client.create(WORKSPACE, "Folder", "target")
    return client


@pytest.mark.parametrize(("name", "more"), BATCHES)
@pytest.mark.parametrize(
    "item",
    ["abc", True, False, 5.5, {}, [], "", "/", "//Root/x", "/Root/x/", "/Root/a*b", "5.5", "Root/x", "-"],
)  # fmt: skip
def test_what_names_no_content_refuses_the_whole_call(
    place: Client, name: str, more: dict[str, Any], item: Any
) -> None:
    answer = place.call(WORKSPACE, name, paths=[f"{WORKSPACE}/good", item], **more)
    assert problem(answer) == (500, "NotSpecified", "SnNotSupportedException")
    assert place.names(WORKSPACE) == ["good", "target"]
    assert place.names(f"{WORKSPACE}/target") == []


@pytest.mark.parametrize(("name", "more"), BATCHES)
@pytest.mark.parametrize(
    ("item", "shown"),
    [
        (999999, {"Id": 999999, "Path": None}),
        ("999999", {"Id": 999999, "Path": None}),
        ("-5", {"Id": -5, "Path": None}),
        (None, {"Id": None, "Path": None}),
        ("/Root/nope", {"Id": 0, "Path": "/Root/nope"}),
    ],
)
def test_what_is_missing_is_an_error_of_its_own(
    place: Client, name: str, more: dict[str, Any], item: Any, shown: dict[str, Any]
) -> None:
    found = place.call(WORKSPACE, name, paths=[item, f"{WORKSPACE}/good"], **more).json()["d"]
    assert (len(found["results"]), [one["content"] for one in found["errors"]]) == (1, [shown])
