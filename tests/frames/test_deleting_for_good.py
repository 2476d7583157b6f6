"""Deletions that the server makes final by itself: said before, and said afterwards."""

from __future__ import annotations

import pytest

import sn_pandas as sn

from .labs import LAB

PLACE = f"{LAB}/place"


def no_trash_above(admin):
    admin.patch(PLACE, {"TrashDisabled": True})


def no_trash_itself(admin):
    admin.patch(f"{PLACE}/a", {"TrashDisabled": True})


def no_trash_anywhere(admin):
    admin.patch("/Root/Trash", {"IsActive": False})


@pytest.fixture
def place(repo):
    repo.create(LAB, "Folder", "place")
    for name in ("a", "b"):
        repo.create(PLACE, "Folder", name)
    return repo


@pytest.mark.parametrize("off", [no_trash_above, no_trash_itself, no_trash_anywhere])
@pytest.mark.parametrize("by", ["path", "frame"])
def test_what_will_not_be_in_the_trash_is_said_before_and_after(place, admin, off, by):
    off(admin)
    frame = place.read(PLACE, select="Name,Path", filter="Name eq 'a'")
    given = frame.sn.delete if by == "frame" else lambda **options: place.delete([f"{PLACE}/a"], **options)
    told = given(dry_run=True).frame.iloc[0]
    assert told["reason"].startswith("dry run: it would be deleted for good: the trash is switched off")
    with pytest.warns(sn.SaveWarning, match=f"1 content will be deleted for good.*{PLACE}/a.*permanent=True"):
        report = given()
    line = report.frame.iloc[0]
    assert (line["outcome"], line["reason"]) == (
        "saved",
        "deleted for good: it is not in the trash, as far as you see",
    )


@pytest.mark.parametrize("kind", ["Group", "OrganizationalUnit"])
def test_people_and_groups_never_go_to_the_trash(admin, kind):
    admin.create("/Root/IMS/Public", kind, "gone")
    with pytest.warns(sn.SaveWarning, match="users, groups and organizational units never go to the trash"):
        admin.delete("/Root/IMS/Public/gone")


def test_what_goes_to_the_trash_and_what_is_meant_for_good_is_not_warned_of(place, admin):
    place.delete(f"{PLACE}/a")
    no_trash_above(admin)
    place.delete(f"{PLACE}/b", permanent=True)
    dry = place.delete(PLACE, dry_run=True).frame.iloc[0]
    assert dry["reason"].startswith("dry run: it would be deleted for good")


def test_a_folder_further_above_does_not_count(place, admin):
    place.create(f"{PLACE}/a", "Folder", "deep")
    no_trash_above(admin)
    place.delete(f"{PLACE}/a/deep")
    assert place.count("/Root/Trash") == 1
