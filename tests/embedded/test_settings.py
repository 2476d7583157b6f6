"""Settings take new names as they come."""

from __future__ import annotations

import pytest

from .client import Client, address, problem

FOLDER = "/Root/System/Settings"
MINE = f"{FOLDER}/Mine.settings"


@pytest.fixture
def settings(client: Client) -> Client:
    client.create(FOLDER, "Settings", "Mine.settings")
    return client


def test_a_new_name_becomes_a_field_of_the_kind_of_its_value(settings: Client) -> None:
    values = {"Word": "a", "Limit": 3, "On": True, "Day": "2026-01-02T03:04:05Z"}
    assert settings.patch(MINE, values, "Word,Limit,On,Day") == {**values, "Limit": 3.0}
    assert settings.read(MINE, "Limit,Word") == {"Limit": 3.0, "Word": "a"}
    found = settings.send("GET", f"{address('/Root/Content')}/GetSettings?name=Mine")
    assert found.json() == {**values, "Limit": 3.0}


def test_what_is_no_single_value_is_passed_over(settings: Client) -> None:
    fields = {"None": None, "List": [1], "Object": {"a": 1}, "Type": "x", "Word": "a"}
    assert settings.patch(MINE, fields, "None,List,Object,Word") == {
        "None": None, "List": None, "Object": None, "Word": "a",
    }  # fmt: skip
    assert settings.call("/Root/Content", "GetSettings", name="Mine").json() == {"Word": "a"}


def test_the_kind_stays(settings: Client) -> None:
    settings.patch(MINE, {"Limit": 3})
    assert settings.patch(MINE, {"Limit": "abc"}) == (500, "NotSpecified", "FormatException")
    assert settings.patch(MINE, {"Limit": "4"}, "Limit") == {"Limit": 4.0}
    assert settings.patch(MINE, {"Limit": None, "Other": "x"}, "Limit,Other") == {"Limit": 0.0, "Other": "x"}


def test_they_come_with_creation_too_but_only_to_settings(client: Client) -> None:
    client.create(FOLDER, "Settings", "Mine.settings", Limit=3)
    assert client.read(MINE, "Limit") == {"Limit": 3.0}
    client.create("/Root/Content/w", "Folder", "f", Limit=3)
    assert problem(client.send("GET", f"{address('/Root/Content/w/f')}/Limit"))[1] == "UnknownAction"
