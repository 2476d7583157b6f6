"""The state machine of versions: what is valid when, and laws that hold on every way through it."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sn_pandas.embedded import versioning
from sn_pandas.embedded.versioning import Action, Mode, Plan, State, Version

ACTIONS = [a for a in get_args(Action) if a != "ForceUndoCheckOut"]
MODES = list(get_args(Mode))


def version(text: str) -> Version:
    found = versioning.parse(text)
    assert found is not None
    return found


def state(history: str, mode: Mode = "none", approving: bool = False, **other: object) -> State:
    versions = tuple(version(text) for text in history.split())
    locked = "me" if versions[-1].status == "L" else "no"
    return replace(State(versions, mode, approving, locked), **other)  # type: ignore[arg-type]  # by name


def after(before: State, action: Action) -> State:
    """Do what the repository does with a plan."""
    if action == "UndoCheckOut":
        return replace(before, history=before.history[:-1], locked="no", saving=0)
    plan = versioning.plan(action, before)
    return applied(before, plan)


def applied(before: State, plan: Plan) -> State:
    kept = [v for v in (before.history if plan.new else before.history[:-1]) if v not in plan.dropped]
    return replace(
        before,
        history=(*kept, plan.version),
        locked="me" if plan.lock else "no",
        saving=plan.saving,
    )


@pytest.mark.parametrize(
    ("history", "mode", "approving", "action", "expected"),
    [
        ("V1.0.A", "none", False, "Save", "V1.0.A"),
        ("V1.0.A V1.1.D V1.2.D", "none", False, "Save", "V1.0.A"),
        ("V0.1.D V0.2.D", "none", False, "Save", "V1.0.A"),
        ("V1.0.P", "none", True, "Save", "V1.0.P"),
        ("V1.0.A", "none", True, "Save", "V1.0.A V2.0.P"),
        ("V1.0.R", "none", True, "Save", "V1.0.R V2.0.P"),
        ("V1.0.A V2.0.P", "none", True, "Save", "V1.0.A V2.0.P"),
        ("V1.0.A V2.0.P", "none", True, "Approve", "V1.0.A"),
        ("V1.0.P V2.0.L", "none", True, "CheckIn", "V1.0.P"),
        ("V1.0.A V2.0.L", "none", True, "CheckIn", "V1.0.A V2.0.P"),
        ("V1.0.A V1.1.D", "none", False, "Publish", "V1.0.A"),
        ("V1.0.A V2.0.L", "none", False, "CheckIn", "V1.0.A"),
        ("V1.0.L", "none", False, "CheckIn", "V1.0.A"),
        ("V1.0.A", "major", False, "Save", "V1.0.A V2.0.A"),
        ("V1.0.A V1.1.D", "major", False, "Save", "V1.0.A V2.0.A"),
        ("V1.0.A", "major", False, "CheckOut", "V1.0.A V2.0.L"),
        ("V1.0.A V2.0.L", "major", False, "Save", "V1.0.A V2.0.L"),
        ("V1.0.A V2.0.L", "major", False, "CheckIn", "V1.0.A V2.0.A"),
        ("V1.0.A V2.0.L", "major", False, "UndoCheckOut", "V1.0.A"),
        ("V1.0.P", "major", True, "Save", "V1.0.P"),
        ("V1.0.P", "major", True, "CheckOut", "V1.0.P V2.0.L"),
        ("V1.0.P V2.0.L", "major", True, "CheckIn", "V1.0.P V2.0.P"),
        ("V1.0.P V2.0.P", "major", True, "Approve", "V1.0.A"),
        ("V1.0.P", "major", True, "Reject", "V1.0.R"),
        ("V1.0.R", "major", True, "Save", "V1.0.R V2.0.P"),
        ("V1.0.A V1.1.D", "major", True, "Save", "V1.0.A V1.1.P"),
        ("V1.0.A V1.1.D", "major", False, "Publish", "V1.0.A V2.0.A"),
        ("V0.1.D", "full", False, "Save", "V0.1.D V0.2.D"),
        ("V0.1.D V0.2.D", "full", False, "Publish", "V0.1.D V1.0.A"),
        ("V1.0.A", "full", False, "Save", "V1.0.A V1.1.D"),
        ("V1.0.A", "full", False, "CheckOut", "V1.0.A V1.1.L"),
        ("V1.0.A V1.1.L", "full", False, "CheckIn", "V1.0.A V1.1.D"),
        ("V1.0.A V1.1.L", "full", False, "Publish", "V1.0.A V2.0.A"),
        ("V0.3.D", "full", True, "Publish", "V0.3.P"),
        ("V0.2.D V0.3.P", "full", True, "Approve", "V0.2.D V1.0.A"),
        ("V0.3.P", "full", True, "Reject", "V0.3.R"),
        ("V0.3.R", "full", True, "Publish", "V0.3.R V0.4.P"),
    ],
)
def test_a_valid_action_leads_to(
    history: str, mode: Mode, approving: bool, action: Action, expected: str
) -> None:
    before = state(history, mode, approving)
    assert versioning.refusal(action, before) is None
    assert " ".join(map(str, after(before, action).history)) == expected


@pytest.mark.parametrize(
    ("before", "action", "code"),
    [
        (state("V1.0.A"), "CheckOut", "InvalidStateAction"),
        (state("V1.0.A"), "CheckIn", "InvalidStateAction"),
        (state("V1.0.A"), "UndoCheckOut", "InvalidStateAction"),
        (state("V1.0.A"), "ForceUndoCheckOut", "InvalidStateAction"),
        (state("V1.0.A"), "Publish", "InvalidStateAction"),
        (state("V1.0.A", approving=True), "Approve", "InvalidStateAction"),
        (state("V1.0.P"), "Reject", "InvalidStateAction"),
        (state("V1.0.A V2.0.L", "major"), "CheckOut", "InvalidStateAction"),
        (state("V1.0.A V2.0.L", "major"), "Publish", "InvalidStateAction"),
        (state("V1.0.A V2.0.L", "major"), "ForceUndoCheckOut", "InvalidStateAction"),
        (state("V1.0.L", "major"), "UndoCheckOut", "UndoSingleVersion"),
        (state("V1.0.L", saving=1), "Save", "MultistepSaveInProgress"),
        (state("V1.0.L", saving=1), "CheckOut", "MultistepSaveInProgress"),
        *(
            (state("V1.0.A V2.0.L", "major", locked="other"), action, "CheckedOutToSomeoneElse")
            for action in ("Save", "CheckOut", "CheckIn", "UndoCheckOut", "Publish")
        ),
        (state("V1.0.A V2.0.L", "major", True, locked="other"), "Approve", "InvalidStateAction"),
    ],
)
def test_an_invalid_action_says_why(before: State, action: Action, code: str) -> None:
    refusal = versioning.refusal(action, before)
    assert refusal is not None
    assert (refusal.code, refusal.status) == (code, 500)


def test_files_are_checked_out_without_versions() -> None:
    assert versioning.refusal("CheckOut", state("V1.0.A", is_file=True)) is None


def test_only_the_lock_of_somebody_else_is_forced() -> None:
    assert versioning.refusal("ForceUndoCheckOut", state("V1.0.A V2.0.L", locked="other")) is None


@st.composite
def lives(draw: st.DrawFn) -> list[State]:
    """States that a content goes through: any modes, any valid actions."""
    mode, approving = draw(st.sampled_from(MODES)), draw(st.booleans())
    in_steps = draw(st.booleans())
    first = versioning.plan_creation_in_steps(mode) if in_steps else versioning.plan_creation(mode, approving)
    now = applied(State((), mode, approving, is_file=draw(st.booleans())), first)
    seen = [now]
    for _ in range(draw(st.integers(0, 25))):
        if draw(st.integers(0, 5)) == 0:
            now = replace(now, mode=draw(st.sampled_from(MODES)), approving=draw(st.booleans()))
        valid = [a for a in ACTIONS if versioning.refusal(a, now) is None]
        if not valid:
            break
        now = after(now, draw(st.sampled_from(valid)))
        seen.append(now)
    return seen


@given(lives())
def test_numbers_grow_and_only_the_last_version_is_locked(seen: list[State]) -> None:
    for now in seen:
        numbers = [v.number for v in now.history]
        assert numbers == sorted(set(numbers))
        assert all(v.status != "L" for v in now.history[:-1])
        assert (now.current.status == "L") == (now.locked == "me")


@given(lives())
def test_a_locked_content_can_always_be_freed_and_an_unlocked_one_always_saved(seen: list[State]) -> None:
    for now in seen:
        free = "CheckIn" if now.locked == "me" else "Save"
        assert versioning.refusal(free, now) is None  # type: ignore[arg-type]  # two of the actions


@given(lives())
def test_without_versions_and_approval_a_save_leaves_no_draft(seen: list[State]) -> None:
    now = replace(seen[-1], mode="none", approving=False)
    if now.locked == "no":
        saved = after(now, "Save")
        assert saved.current.public
        assert saved.working == ()


@given(lives())
def test_a_save_in_steps_ends_unlocked_unless_it_began_locked(seen: list[State]) -> None:
    now = seen[-1]
    if now.saving:
        return
    begun = applied(now, versioning.plan_save_in_steps(now))
    assert begun.saving
    assert begun.current.status == "L"
    ended = applied(begun, versioning.plan_final_step(begun))
    assert not ended.saving
    assert ended.locked == now.locked


@given(st.integers(0, 999), st.integers(0, 999), st.sampled_from("ADPLR"))
def test_versions_are_read_as_they_are_written(major: int, minor: int, status: str) -> None:
    one = Version(major, minor, status)
    assert versioning.parse(str(one)) == one
    assert versioning.parse(str(one).lower()) == one


@given(st.text())
def test_any_text_is_a_version_or_none(text: str) -> None:
    found = versioning.parse(text)
    assert found is None or versioning.parse(str(found)) == found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("V1.0.A", "V1.0.A"),
        ("v1.1", "V1.1.D"),
        ("lastmajor", "V1.0.A"),
        ("LastMinor", "V1.1.D"),
        ("9.9", "None"),
        ("nonsense", "ignored"),
        ("", "ignored"),
    ],
)
def test_an_address_names_a_version(text: str, expected: str) -> None:
    assert str(versioning.find(state("V1.0.A V1.1.D").history, text)) == expected
