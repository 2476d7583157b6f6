"""Contents named one by one or together: twice, within each other, misspelt, or of another kind."""

from __future__ import annotations

import pytest

import sn_pandas as sn
from sn_pandas import NotFoundError, QueryError, SaveError

from .labs import LAB, fill, held, requests_of


@pytest.fixture
def tree(repo):
    """A folder in a folder, with a content in each."""
    for parent, name in ((LAB, "F"), (f"{LAB}/F", "G")):
        repo.create(parent, "Folder", name)
        repo.create(f"{parent}/{name}", "Asset", "A", {"Serial": "AB-1"})
    return repo


def test_a_content_is_deleted_once_however_often_it_is_named(tree):
    id_ = int(tree.get(f"{LAB}/F/G", select="Id").Id)
    places = [f"{LAB}/F/G/A", id_, f"{LAB}/f/g", f"{LAB}/F/G", f"{LAB}/F/A", "/Root/Nothing", 999999]
    plan = tree.delete(places, dry_run=True)
    assert len(plan.requests) == 2
    report = tree.delete(places)
    assert report.frame["outcome"].tolist() == ["saved"] * 5 + ["unchanged"] * 2
    assert report.frame["reason"].tolist()[:4] == [f"with {LAB}/F/G", "", "named twice", "named twice"]
    assert len(report.requests) == 2
    assert tree.count("/Root/Trash") == 2
    assert sn.undo(report).ok
    assert tree.count(f"{LAB}/F/G") == 1


def test_what_was_below_comes_back_after_what_was_above(tree):
    tree.delete(f"{LAB}/F/G/A")
    tree.delete(f"{LAB}/F/G")
    tree.delete(f"{LAB}/F")
    report = tree.restore([f"{LAB}/F/G/A", f"{LAB}/F", f"{LAB}/F/G", f"{LAB}/F"])
    assert report.frame["outcome"].tolist() == ["saved", "saved", "saved", "unchanged"]
    assert tree.get(f"{LAB}/F/G/A").Serial == "AB-1"


def test_a_move_is_undone(tree):
    tree.create(LAB, "Folder", "To")
    report = tree.move([f"{LAB}/F/G", f"{LAB}/F/A", f"{LAB}/F/A", f"{LAB}/F/B"], f"{LAB}/To")
    assert report.frame["outcome"].tolist() == ["saved", "saved", "unchanged", "failed"]
    assert report.frame["Path"].tolist()[:2] == [f"{LAB}/To/G", f"{LAB}/To/A"]
    assert tree.count(f"{LAB}/To") == 2
    assert sn.journals()["what"].iloc[0] == "move"
    assert sn.undo(report).counts == {"saved": 2}
    assert tree.count(f"{LAB}/F") == 2


def test_what_has_no_journal_says_so(tree):
    tree.create(LAB, "Folder", "To")
    with pytest.raises(sn.JournalError, match="copy") as error:
        sn.undo(tree.copy(f"{LAB}/F", f"{LAB}/To"))
    assert "sent nothing" not in str(error.value)


def test_a_creation_and_a_patch_are_undone_by_their_journals(repo):
    fill(repo, 1)
    repo.patch(f"{LAB}/A0", {"Quantity": 7, "Code": "new"})
    repo.create(LAB, "Asset", "B", {"Serial": "XY-1"})
    journals = sn.journals()
    assert journals["what"].tolist()[:3] == ["create", "patch", "create"]
    assert journals["open"].tolist() == [0] * len(journals)
    assert sn.undo(journals["journal"][0], repo).counts == {"saved": 1}
    assert sn.undo(journals["journal"][1], repo).counts == {"saved": 1}
    assert repo.read(LAB, select=["Name"], filter="isof('Asset')").Name.tolist() == ["A0"]
    assert (held(repo, "Quantity"), held(repo, "Code")) == (0, "c0")


def test_nothing_is_sent_where_no_journal_can_be_written(repo, tmp_path, monkeypatch):
    fill(repo, 1)
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "file"))
    sent = requests_of(repo)
    for do in (
        lambda: repo.create(LAB, "Asset", "B", {"Serial": "XY-1"}),
        lambda: repo.patch(f"{LAB}/A0", {"Quantity": 7}),
        lambda: repo.move(f"{LAB}/A0", "/Root/Content"),
    ):
        with pytest.raises(SaveError, match="nothing was sent, because the journal cannot be written"):
            do()
    assert {method for method, _ in sent} == {"GET"}


def test_a_template_gives_the_name(repo, admin):
    admin.create("/Root/ContentTemplates", "SystemFolder", "Asset")
    admin.create("/Root/ContentTemplates/Asset", "Asset", "Chair", {"Serial": "AB-1", "Code": "sit"})
    admin.allow("/Root/ContentTemplates", repo.user, "Open")
    made = [repo.create(LAB, "Asset", template="Chair") for _ in range(2)]
    assert [one.Name for one in made] == ["Chair", "Chair-2"]
    assert held(repo, "Code", "Chair-2") == "sit"


@pytest.mark.parametrize("template", ["Table", "chair", "", "Chair/x", 5])
def test_a_template_that_is_not_there_is_refused(repo, admin, template):
    words = "/Root/ContentTemplates/Asset has no template"
    with pytest.raises(sn.RefusedError, match=f"{words} .* \\(you see none there\\)"):
        repo.create(LAB, "Asset", "new", {"Serial": "AB-1"}, template=template)
    admin.create("/Root/ContentTemplates", "SystemFolder", "Asset")
    admin.create("/Root/ContentTemplates/Asset", "Asset", "Chair", {"Serial": "AB-1"})
    admin.allow("/Root/ContentTemplates", repo.user, "Open")
    with pytest.raises(sn.RefusedError, match=f"{words} .* \\(there are Chair\\), and the server would"):
        repo.create(LAB, "Asset", "new", {"Serial": "AB-1"}, template=template)
    assert repo.count(LAB) == 0


@pytest.mark.parametrize(
    "do",
    [
        lambda repo, path: repo.patch(path, {"Quantity": 1}),
        lambda repo, path: repo.put(path, {"Quantity": 1}),
        lambda repo, path: repo.permissions(path),
        lambda repo, path: repo.call(path, "CheckOut"),
        lambda repo, path: repo.members(path),
        lambda repo, path: repo.move(path, LAB),
        lambda repo, path: repo.copy(LAB, path),
        lambda repo, path: repo.create(path, "Folder", "x"),
        lambda repo, path: repo.restore(LAB, path),
    ],
)
def test_a_misspelt_path_is_told_what_it_may_have_been(tree, do):
    with pytest.raises((NotFoundError, SaveError), match=rf"Did you mean {LAB}/F/G\?"):
        do(tree, f"{LAB}/F/GG")


def test_a_misspelt_path_is_not_deleted_in_silence(tree):
    with pytest.raises(NotFoundError, match=rf"^{LAB}/F/GG: .* Did you mean {LAB}/F/G\?"):
        tree.delete(f"{LAB}/F/GG")
    with pytest.raises(NotFoundError, match="999999: there is no content with this id"):
        tree.delete(999999)
    several = tree.delete([f"{LAB}/F/GG", f"{LAB}/nobody", 999999, f"{LAB}/F/A"]).frame
    assert several["outcome"].tolist() == ["unchanged"] * 3 + ["saved"]
    said = "there is no such content, or you may not see it"
    assert several["reason"].tolist()[:3] == [f"{said}. Did you mean {LAB}/F/G?", said, said]
    assert several["Id"].iloc[2] == 999999
    assert tree.delete(f"{LAB}/F/A").counts == {"unchanged": 1}  # it is in the trash
    with pytest.raises(NotFoundError, match=r"it is in the trash; .* delete /Root/Trash/"):
        tree.delete(f"{LAB}/F/A", permanent=True)


def test_a_misspelt_path_is_told_first(tree):
    for do in (tree.check_out, tree.publish, tree.inherit):
        with pytest.raises(NotFoundError, match=rf"^{LAB}/F/GG: .* Did you mean {LAB}/F/G\?"):
            do(f"{LAB}/F/GG")
    with pytest.raises(NotFoundError, match=r"nothing\.txt: ") as error:
        tree.check_out(f"{LAB}/F/nothing.txt")
    assert "Did you mean" not in str(error.value), "a sibling is not meant because its path is long"
    with pytest.raises(SaveError, match=f"{LAB}/F/GG: it is not in the trash"):
        tree.restore(f"{LAB}/F/GG")


def test_a_misspelt_folder_above_is_found(tree):
    with pytest.raises(NotFoundError, match=rf"Did you mean {LAB}/F/G/A\?"):
        tree.patch(f"{LAB}/FF/G/A", {"Quantity": 1})


def test_who_has_no_members_says_so(repo):
    with pytest.raises(QueryError, match="Lab is not a group but a SystemFolder: it has no members"):
        repo.members(LAB)
    with pytest.raises(QueryError, match="not a group"):
        repo.add_members(LAB, "/Root/IMS/BuiltIn/Portal/Admin")


def test_a_put_is_believed_only_when_seen(admin, monkeypatch):
    repo = admin  # only the administrator may put
    fill(repo, 1)
    original = repo.client.send

    def send(method, target, *, body=None, kind="write"):
        return original(
            method, target, body={**body, "Serial": "QQ-1"} if method == "PUT" else body, kind=kind
        )

    monkeypatch.setattr(repo.client, "send", send)
    with pytest.raises(SaveError, match="ignored: Serial differs from what was sent") as error:
        repo.put(f"{LAB}/A0", {"Serial": "ZZ-9"})
    assert error.value.report.frame["fields"].tolist() == ["Serial"]


def test_an_interrupted_copy_tells_what_is_done(tree, monkeypatch):
    from sn_pandas.frames.contents import move_copy

    monkeypatch.setattr(move_copy, "BATCH", 1)
    tree.create(LAB, "Folder", "To")
    original, sent = tree.client.send, []

    def send(method, target, **more):
        if "CopyBatch" in target:
            sent.append(target)
            if len(sent) == 2:
                raise KeyboardInterrupt
        return original(method, target, **more)

    monkeypatch.setattr(tree.client, "send", send)
    with pytest.raises(KeyboardInterrupt) as stopped:
        tree.copy([f"{LAB}/F/A", f"{LAB}/F/G", f"{LAB}/F"], f"{LAB}/To")
    assert stopped.value.report.frame["outcome"].tolist() == ["saved", "unknown", "unsent"]
