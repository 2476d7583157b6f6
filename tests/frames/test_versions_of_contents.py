"""The versions of a content: listed, compared, restored."""

from __future__ import annotations

import pytest

import sn_pandas as sn
from sn_pandas import QueryError

from ..fakes import FakeServer, open_sample

PLACE = "/Root/Content/IT/Documents"
FILE = f"{PLACE}/plan.txt"


@pytest.fixture(scope="module")
def repo():
    """A library that keeps drafts, with a file of three versions."""
    repo = open_sample()
    repo.patch(PLACE, {"InheritableVersioningMode": ["3"]})
    repo.upload(PLACE, {"plan.txt": b"first"})
    for text, comment in (("second", "better"), ("third", "best")):
        repo.check_out(FILE)
        repo.patch(FILE, {"Description": text, "Watermark": text})
        repo.check_in(FILE, comment=comment)
    return repo


def test_versions_are_listed_newest_first(repo):
    listed = repo.versions(FILE, select="Description")
    assert listed.index.tolist()[-3:] == ["V0.3.D", "V0.2.D", "V0.1.D"]
    assert listed.loc["V0.2.D", ["Description", "CheckInComments"]].tolist() == ["second", "better"]
    assert listed["VersionModifiedBy"].unique().tolist() == [repo.user]


def test_an_edit_of_an_old_version_cannot_be_saved(repo):
    listed = repo.versions(FILE, select=["Description"])
    listed["Description"] = "another past"
    with pytest.raises(sn.TrackingError):
        listed.sn.save()


def test_ten_versions_are_in_the_order_of_their_numbers():
    repo = open_sample()
    repo.patch(PLACE, {"InheritableVersioningMode": ["3"]})
    repo.upload(PLACE, {"many.txt": b"text"})
    for number in range(10):
        repo.patch(f"{PLACE}/many.txt", {"Index": number})
    listed = repo.versions(f"{PLACE}/many.txt").index.tolist()
    assert listed == [f"V0.{number}.D" for number in range(len(listed), 0, -1)]
    assert len(listed) >= 10


def test_two_versions_differ_in_what_was_changed(repo):
    differing = repo.compare_versions(FILE, "V0.1.D", "V0.3.D")
    assert differing.loc["Watermark"].tolist() == [None, "third"]
    assert set(differing.index) == {"Description", "Watermark"}
    assert repo.compare_versions(FILE, "V0.2.D", "V0.2.D").empty
    assert repo.compare_versions(FILE, "0.2", "0.3").loc["Description"].tolist() == ["second", "third"]


def test_a_key_that_is_revoked_does_not_make_versions_equal():
    with FakeServer() as server, server.connect(user="Admin") as admin, server.connect() as repo:
        for user, right in (("BuiltIn/Portal/Visitor", "Open"), ("Public/Editors", "RecallOldVersion")):
            admin.allow(PLACE, f"/Root/IMS/{user}", right)
        admin.create(PLACE, "File", "open.txt", {"VersioningMode": ["3"], "Description": "public"})
        place = f"{PLACE}/open.txt"
        admin.publish(place)
        public = admin.versions(place).index[0]
        repo.patch(place, {"Description": "draft"})
        assert "Description" in repo.compare_versions(place, public).index
        server.on().visitor()
        with pytest.raises(sn.AuthenticationError):
            repo.compare_versions(place, public)


def test_references_are_compared(repo):
    repo.create("/Root/Content/IT/Tasks", "Task", "versioned", {"VersioningMode": ["3"], "Status": "active"})
    place = "/Root/Content/IT/Tasks/versioned"
    anna = "/Root/IMS/Public/anna.acs"
    before = repo.versions(place).index[0]
    repo.patch(place, {"AssignedTo": [anna]})
    differing = repo.compare_versions(place, before)
    assert differing.loc["AssignedTo", "new"] in (anna, [anna])
    assert differing.loc["AssignedTo", "old"] in (None, [])


def test_a_restored_version_is_the_present_one_again():
    repo = open_sample()
    repo.patch(PLACE, {"InheritableVersioningMode": ["3"]})
    repo.upload(PLACE, {"plan.txt": b"first"})
    repo.patch(FILE, {"Description": "second"})
    old = repo.versions(FILE).index[-1]
    count = len(repo.versions(FILE))
    report = repo.restore_version(FILE, old)
    assert report.counts == {"saved": 1}
    assert repo.value(FILE, "Description") in (None, "")
    assert len(repo.versions(FILE)) == count + 1


@pytest.mark.parametrize("version", ["old", "", None, "V1.x.A"])
def test_what_is_not_a_version_is_refused_before_it_is_sent(repo, version):
    with pytest.raises(QueryError, match=r"repo.versions\(path\)"):
        repo.restore_version(FILE, version)


def test_a_version_that_is_missing_is_named(repo):
    with pytest.raises(sn.NotFoundError, match=r"V7\.0\.A"):
        repo.compare_versions(FILE, "V7.0.A")
    with pytest.raises(sn.SaveError, match=r"V7\.0\.A"):
        repo.restore_version(FILE, "V7.0.A")


def test_a_field_that_is_misspelt_is_named(repo):
    with pytest.raises(QueryError, match="Did you mean Description"):
        repo.versions(FILE, select="Descripton")
