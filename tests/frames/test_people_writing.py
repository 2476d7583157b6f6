"""What an ordinary user writes to contents of types that she may not see is what an administrator writes."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import sn_pandas as sn
from sn_pandas.frames import Repository

from ..fakes import FakeServer
from . import people
from .people import PLACE, told

PLACES = {None: f"{PLACE}/admins", "erin": f"{PLACE}/erins"}
SOMEBODY = "/Root/IMS/BuiltIn/Portal/Somebody"


@pytest.fixture(scope="module")
def server() -> Iterator[FakeServer]:
    """A server with the same contents in a place of the administrator's and in one of the editor's."""
    server = FakeServer(sample=False)
    admin = people.company(server)
    for place in PLACES.values():
        admin.create(PLACE, "Folder", place.rpartition("/")[2])
        people.fill(admin, place, rows=4)
    yield server
    server.end()


@pytest.fixture
def erin(server: FakeServer) -> Repository:
    """The editor, who has just connected."""
    return server.connect(user="erin")


def both(server: FakeServer, do: Callable[[Repository, str], Any]) -> Any:
    """Do the same as administrator and as editor, each in a place; return what both got."""
    theirs, ours = (
        str(told(lambda user=user, place=place: do(server.connect(user=user), place))).replace(place, "HERE")
        for user, place in PLACES.items()
    )
    assert theirs == ours
    return ours


def report_of(report: sn.Report) -> Any:
    """Return what a report says, ids left aside."""
    rows = report.frame[["Path", "outcome", "fields", "reason"]].copy()
    # only who does not see the type is told that she cannot restore what she deletes
    rows["reason"] = rows["reason"].str.replace(r"(?:; )?you cannot bring it back .*", "", regex=True)
    return rows.values.tolist(), report.note


@given(data=st.data())
@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_random_edits_and_undos_are_those_of_an_administrator(
    server: FakeServer, data: st.DataObject
) -> None:
    names = data.draw(st.lists(st.sampled_from(sorted(people.EDITS)), min_size=1, max_size=3, unique=True))
    values = {name: data.draw(st.sampled_from(people.EDITS[name])) for name in names}
    typed, kind = data.draw(st.booleans()), data.draw(st.sampled_from(["g3", "s1"]))

    def edit(repo: Repository, place: str) -> Any:
        select = ["Name", *(["Type"] if typed else []), *names]
        frame = repo.read(place, select=select, filter=f"Name eq '{kind}'")
        for name, value in values.items():
            frame[name] = frame[name].astype(object)
            frame.at[frame.index[0], name] = placed(value, place)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            checked = frame.sn.check()[["Path", "field", "problem"]].values.tolist()
            if checked:
                return checked
            saved = frame.sn.save()
            seen = repo.get(f"{place}/{kind}", select=names).drop("Id").to_dict()
            undone = sn.undo(saved, repo) if not saved.frame["outcome"].eq("unchanged").all() else None
            last = repo.get(f"{place}/{kind}", select=names).drop("Id").to_dict()
        return report_of(saved), seen, undone and report_of(undone), last

    both(server, edit)


def placed(value: Any, place: str) -> Any:
    if isinstance(value, list):
        return [placed(item, place) for item in value]
    return value.replace("HERE", place) if isinstance(value, str) else value


ACTIONS: dict[str, Callable[[Repository, str], Any]] = {
    "patch": lambda repo, place: repo.patch(f"{place}/g1", {"Quantity": 6}).drop("Id").to_dict(),
    "patch of a wrong name": lambda repo, place: repo.patch(f"{place}/g1", {"Quantty": 6}),
    "create": lambda repo, place: (
        repo.create(place, "Memento", "made", {"Spot": "here"}).drop("Id").to_dict()
    ),
    "upload": lambda repo, place: report_of(repo.upload(place, {"a.txt": b"abc"})),
    "append": lambda repo, place: report_of(
        repo.read(place, select="Name,Type,Notes", filter="isof('Memento')")
        .sn.append([{"Name": "new", "Type": "Memento", "Notes": "n"}])
        .sn.save(create=True)
    ),
    "delete and undo": lambda repo, place: report_of(sn.undo(repo.delete(f"{place}/t0"), repo)),
    "delete": lambda repo, place: report_of(repo.delete(f"{place}/s0")),
    "explode": lambda repo, place: (
        repo.read(place, select="Name", filter="isof('Gadget')").sn.explode("Parts")["Name"].tolist()
    ),
    "versions": lambda repo, place: (
        repo.read(f"{place}/g1", property="Versions", select="Version,Weight").to_numpy().tolist()
    ),
    "download": lambda repo, place: repo.download(f"{place}/g1"),
    "rename": lambda repo, place: repo.patch(f"{place}/g2", {"Name": "g2"}).drop("Id").to_dict(),
    "move": lambda repo, place: report_of(sn.undo(repo.move(f"{place}/m1", PLACE), repo)),
    "copy": lambda repo, place: [
        repo.copy(f"{place}/m0", PLACE).counts,
        repo.delete(f"{PLACE}/m0", permanent=True).counts,
    ],
}


@pytest.mark.parametrize("do", ACTIONS.values(), ids=ACTIONS)
def test_actions_are_those_of_an_administrator(do: Any, server: FakeServer) -> None:
    both(server, do)


def test_frames_from_files_are_tied_to_contents_of_hidden_types(server: FakeServer) -> None:
    def tie(repo: Repository, place: str) -> Any:
        frame = repo.read(place, select="Name,Quantity,Shape", filter="isof('Gadget')")
        plain = pd.DataFrame(frame.reset_index().to_dict("list"))
        plain.loc[0, "Quantity"] = 99
        plain["total"] = 1
        with pytest.warns(sn.SaveWarning):
            plain.sn.rebase(server.connect(user="erin" if "erin" in place else None))
        return plain.sn.changes()[["Path", "field", "before", "after"]].values.tolist()

    assert "Quantity" in both(server, tie)


def test_unknown_names_are_never_sent(server: FakeServer, erin: Repository) -> None:
    server.clear()
    with pytest.raises(sn.RefusedError, match="Did you mean Quantity"):
        erin.patch(f"{PLACES['erin']}/g1", {"Quantty": 5})
    assert server.count("PATCH") == 0
    frame = erin.read(PLACES["erin"], select="Name,Spot,Quantity")
    gadget = frame.index[frame["Name"] == "g1"][0]
    frame.at[gadget, "Spot"] = "nowhere"  # a field of the type Memento
    assert frame.sn.check()["problem"].str.contains("a Gadget has no field Spot").tolist() == [True]
    with pytest.raises(sn.RefusedError):
        frame.sn.save()
    assert server.count("PATCH") == 0


def test_a_frame_without_types_learns_them_before_it_is_saved(server: FakeServer, erin: Repository) -> None:
    frame = erin.read(PLACES["erin"], select="Name,DisplayName", filter="isof('Gadget')")
    assert not erin.schema.is_complete("Gadget"), "nothing in these columns depends on the type"
    frame["DisplayName"] = "same"
    server.clear()
    report = frame.sn.save()
    assert set(report.counts) == {"saved"}
    assert server.count("GET", r"\$metadata") == 2, "Gadget and Special, once each"


@pytest.mark.parametrize("key", ["Name", "Code"])
def test_an_upsert_changes_contents_of_hidden_types(server: FakeServer, key: str) -> None:
    admin = server.connect()
    for place in PLACES.values():
        admin.create(place, "Folder", f"by-{key}")
        people.fill(admin, f"{place}/by-{key}", rows=4)

    def upsert(repo: Repository, place: str) -> Any:
        # c0 and c1 are codes of two contents each
        rows = [{"Name": f"g{n}", "Code": f"c{n}", "Quantity": 60 + n, "Shape": "broken"} for n in (2, 3)]
        report = repo.upsert(f"{place}/by-{key}", rows, key=key)
        counts = report.counts
        undone = sn.undo(report)
        return counts, undone.counts, report_of(report), report_of(undone)

    assert both(server, upsert).startswith("({'saved': 2}, {'saved': 2}, ")


def test_an_import_says_that_a_hidden_type_cannot_be_created(erin: Repository) -> None:
    with pytest.raises(sn.RefusedError, match="or you may not see this type"):
        erin.import_rows(PLACE, [{"Name": "new", "Code": "c"}], "Gadget")


@pytest.mark.parametrize("name", ["Gadget", "Gadgt", "User", "Mement"])
def test_a_type_that_is_hidden_or_none_cannot_be_created(
    name: str, server: FakeServer, erin: Repository
) -> None:
    server.clear()
    place = PLACES["erin"]
    says = rf"{place} does not allow the type '{name}', or you may not see this type; allowed are: .*Memento"
    if name in ("Gadget", "User"):
        says += rf".* An administrator can let you see it: repo\.allow\('/Root/System/\S+/{name}'"
    with pytest.raises(sn.RefusedError, match=says):
        erin.create(place, name, "x")
    with pytest.raises(sn.RefusedError, match=says):
        erin.upload(place, {"x.txt": b"x"}, type=name)
    frame = erin.read(place, select="Name,Type", filter="isof('Memento')")
    frame = frame.sn.append([{"Name": "x", "Type": name}, {"Name": "y", "Type": "Memento"}])
    assert frame.sn.check()["problem"].str.contains(says).tolist() == [True]
    with pytest.raises(sn.RefusedError, match=says):
        frame.sn.save(create=True)
    assert server.count("POST") == 0


def test_a_type_that_became_visible_can_be_created(server: FakeServer, erin: Repository) -> None:
    assert "Widget" not in erin.schema.shown
    admin = server.connect()
    people.show(admin, "Widget")
    made = erin.create(PLACES["erin"], "Widget", "fresh", {"Code": "c", "Shape": ["new", "used"]})
    assert made["Code"] == "c"
    assert erin.schema["Widget"]["Code"].layer == "shown"
    people.show(admin, "Widget", "undefined")
    erin.delete(f"{PLACES['erin']}/fresh", permanent=True)


def test_types_that_a_place_lists_but_the_caller_does_not_see_are_not_offered(
    server: FakeServer, erin: Repository
) -> None:
    def unfiltered(request: httpx.Request, forward: Callable[[httpx.Request], httpx.Response]) -> Any:
        answer = forward(request)
        told = answer.json()
        for row in told["d"]["results"]:
            row["EffectiveAllowedChildTypes"] = [
                {"Name": name} for name in ("Memento", "Gadget", "SystemFolder")
            ]
        return httpx.Response(200, json=told)

    rule = server.on("GET", "EffectiveAllowedChildTypes").call(unfiltered)
    try:
        for name in ("SystemFolder", "Gadget", "Gadgt"):
            with pytest.raises(sn.RefusedError, match=r"allowed are: Memento\.($| An)"):
                erin.create(PLACES["erin"], name, "x")
    finally:
        rule.off()


def test_who_may_not_replace_a_content_is_told_so(server: FakeServer, erin: Repository) -> None:
    place = f"{PLACES['erin']}/m0"
    with pytest.raises(sn.ForbiddenError, match=r"only operators .*erin is not one of them.* repo\.patch\("):
        erin.put(place, {"Notes": "other"})
    assert erin.value(place, "Notes") == "memo 0"
    erin.put(place, {"Notes": "other"}, dry_run=True)


def test_somebody_is_never_written_back(server: FakeServer, erin: Repository) -> None:
    place = f"{PLACES['erin']}/w0"
    frame = erin.read(PLACES["erin"], select="Name,Owner,CreatedBy,Index,Type", filter="Name eq 'w0'")
    row = frame.index[0]
    assert frame.at[row, "Owner"] == SOMEBODY
    copied = frame.copy()
    frame["Owner"] = frame["Owner"].astype(object)
    frame.at[row, "Owner"], frame.at[row, "Index"] = people.ERIN, 9
    undone = sn.undo(frame.sn.save(), erin)
    assert undone.frame["reason"].tolist() == ["Owner: the former value is hidden from you, so it stays"]
    assert "1 row kept a value, because the former one is hidden" in repr(undone)
    assert erin.get(place, select="Index")["Index"] == 0
    assert erin.value(place, "Owner") == people.ERIN
    only = erin.read(PLACES["erin"], select="Name,Owner", filter="Name eq 't0'")
    only["Owner"] = [people.ERIN]
    saved = only.sn.save()
    assert sn.undo(saved, erin).counts == {"refused": 1}
    server.clear()
    copied["Owner"] = [people.ERIN]
    copied = copied.sn.refresh()
    copied["Owner"] = [SOMEBODY]
    assert "Somebody stands for a person" in copied.sn.check()["problem"].iloc[0]
    for spelled in (SOMEBODY, SOMEBODY.replace("Some", "some"), 10, {"Id": 10}):
        with pytest.raises(sn.RefusedError, match="Somebody stands for a person"):
            erin.patch(place, {"Owner": spelled})
    assert server.count("PATCH") == 0


def test_a_check_says_what_a_list_may_lose(server: FakeServer, erin: Repository) -> None:
    for repo in (erin, server.connect()):
        frame = repo.read(PLACES["erin"], select="Name,Parts", filter="Name eq 'g3'")
        frame["Parts"] = [[f"{PLACES['erin']}/g0"]]
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            assert frame.sn.check().empty
        said = [str(w.message) for w in caught if "may have members that you are not shown" in str(w.message)]
        assert len(said) == (repo is erin)


def test_a_list_of_a_new_row_has_nothing_to_lose(erin: Repository) -> None:
    frame = erin.read(PLACES["erin"], select="Name,Type,AssignedTo", filter="isof('Task')")
    frame = frame.sn.append([{"Name": "newer", "Type": "Task", "AssignedTo": [people.ERIN]}])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert frame.sn.check().empty
