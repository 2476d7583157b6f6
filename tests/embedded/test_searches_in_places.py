"""A search below a place finds of it what a search of everything finds there."""

from __future__ import annotations

import random
from urllib.parse import quote

import pytest

from .client import WORKSPACE, Client

KIM = "/Root/IMS/Public/kim"
SETTINGS = ["See", "Preview", "Open", "OpenMinor", "Save"]
QUESTIONS = ["Name:*", "DisplayName:*", "text"]
"""Questions that need more and more permissions."""


def grow(client: Client, dice: random.Random) -> list[str]:
    """Make folders and tasks in each other, some with permissions of their own; return the folders."""
    folders = [WORKSPACE]
    for number in range(12):
        parent = dice.choice(folders)
        client.create(parent, "Folder", f"f{number}", Description="text")
        folders.append(f"{parent}/f{number}")
        client.create(folders[-1], "Task", f"t{number}", Description="text", VersioningMode=["3"])
        if dice.random() < 0.5:
            client.call(f"{folders[-1]}/t{number}", "Publish")
        for path in (folders[-1], f"{folders[-1]}/t{number}"):
            if dice.random() < 0.5:
                entry = {"identity": KIM, dice.choice(SETTINGS): dice.choice(["allow", "deny"])}
                client.call(path, "SetPermissions", r=[{**entry, "localOnly": dice.random() < 0.3}])
    client.call(folders[3], "SetPermissions", inheritance="break")
    return folders


@pytest.mark.parametrize("seed", range(3))
def test_the_place_changes_nothing_but_what_is_asked_for(client: Client, seed: int) -> None:
    dice = random.Random(seed)
    key = client.user("kim", Open="allow", AddNew="allow")
    folders = grow(client, dice)

    def found(place: str, query: str) -> set[str]:
        target = f"/odata.svc{place}?metadata=no&$select=Path&query={quote(query)}"
        answer = client.send("GET", target, headers={"apikey": key}).json()
        count = client.send("GET", target.replace("?", "/$count?"), headers={"apikey": key})
        paths = {row["Path"] for row in answer["d"]["results"]}
        assert int(count.text) == len(paths)
        return paths

    for question in QUESTIONS:
        below = {place: found("/Root/Content", f"+{question} +InTree:'{place}'") for place in folders}
        everything = found("/Root", question)
        for place in folders:
            there = {path for path in everything if f"{path}/".startswith(f"{place}/")}
            assert below[place] == there
