"""Names with control characters, which servers take and nobody can type, are refused before they are sent."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

import sn_pandas as sn

from ..fakes import FakeServer
from .labs import LAB, lab


@pytest.mark.parametrize("name", ["a\0b", "a\x1b[31mb", "a\x07b", "a\x7fb", "a\x9bb", "a\nb"])
def test_names_have_no_control_characters(fake: Callable[..., FakeServer], name: str) -> None:
    server = fake(sample=False)
    repo = server.connect()
    folder = repo.create("/Root/Content", "Folder", "own")
    frame = repo.read("/Root/Content", select=["Name", "Type"])
    sent = server.count("POST") + server.count("PATCH")
    with pytest.raises(sn.RefusedError, match="control characters"):
        repo.create("/Root/Content", "Folder", name)
    with pytest.raises(sn.SensenetError, match="control characters"):
        repo.patch(folder["Path"], {"Name": name})
    with pytest.raises(sn.RefusedError, match="cannot store the name"):
        repo.upload("/Root/Content", {name: b"x"})
    edited = frame.copy()
    edited.loc[edited["Name"] == "own", "Name"] = name
    assert list(edited.sn.check()["field"]) == ["Name"]
    added = frame.sn.append(pd.DataFrame({"Name": [name], "Type": ["Folder"]}))
    with pytest.raises(sn.RefusedError, match="is not a valid name"):
        added.sn.save(create=True)
    assert server.count("POST") + server.count("PATCH") == sent


@pytest.mark.parametrize("field", ["DisplayName", "Code", "Notes", "Description"])
@pytest.mark.parametrize(
    "text",
    ["a\0b", "a\0", "a\x1b[31mb", "a\x7f", "a\r\nb", "a\rb", "\t", "a\x85b\u2028", "\ufeffa", "a\ufffe"],
)
def test_texts_keep_their_control_characters(fake: Callable[..., FakeServer], field: str, text: str) -> None:
    """As a server stores and shows them, so an edit is neither ignored nor one of somebody else."""
    repo = lab(fake, rows=1).connect()
    frame = repo.read(LAB, select=["Name", "Path", field])
    frame[field] = text
    assert frame.sn.check().empty
    report = frame.sn.save()
    assert report.counts == {"saved": 1}
    assert repo.value(f"{LAB}/a0", field) == text
    assert frame.sn.changes().empty
    assert sn.undo(report).counts == {"saved": 1}
    assert repo.patch(f"{LAB}/a0", {field: text})[field] == text
    made = repo.create(LAB, "Asset", "made", {"Serial": "AB-1000", field: text})
    assert made[field] == text


def test_half_a_character_is_refused_before_it_is_sent(fake: Callable[..., FakeServer]) -> None:
    """A server would store U+FFFD for it."""
    server = lab(fake, rows=1)
    repo = server.connect()
    frame = repo.read(LAB, select=["Name", "Path", "Notes"]).astype({"Notes": object})
    frame["Notes"] = pd.Series(["a\ud800b"], index=frame.index, dtype=object)
    server.log.clear()
    assert "half a character" in frame.sn.check()["problem"].iloc[0]
    for do in (
        frame.sn.save,
        lambda: repo.patch(f"{LAB}/a0", {"Notes": "a\ud800b"}),
        lambda: repo.create(LAB, "Asset", "made", {"Serial": "AB-1000", "Notes": "a\ud800b"}),
    ):
        with pytest.raises(sn.RefusedError, match="half a character"):
            do()
    assert not server.count("PATCH") + server.count("POST")
