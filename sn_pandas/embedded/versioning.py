"""The life of a version as a pure state machine: which action is valid when, and what it leads to.

A content has a history of versions. The last one is the *current* one; those since the last public one
(minor 0, approved) are the *working* versions. Where the content is heading is decided by two modes:
whether saving makes versions (none, major, full = major and minor), and whether a public version has to be
approved.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from sn_pandas.embedded.errors import ODataError, action_not_allowed

Mode = Literal["none", "major", "full"]
Action = Literal[
    "Save", "CheckOut", "CheckIn", "UndoCheckOut", "ForceUndoCheckOut", "Publish", "Approve", "Reject"
]

APPROVED, DRAFT, PENDING, LOCKED, REJECTED = "A", "D", "P", "L", "R"

FINALIZED, CREATING, MODIFYING, MODIFYING_LOCKED = 0, 1, 2, 3
"""Where a save in several steps stands: `Content.saving_state`."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version number with its status; two of the same number are the same version."""

    major: int
    minor: int
    status: str = APPROVED

    def __str__(self) -> str:
        return f"V{self.major}.{self.minor}.{self.status}"

    @property
    def number(self) -> tuple[int, int]:
        """The part that identifies the version."""
        return self.major, self.minor

    @property
    def public(self) -> bool:
        """Whether it is public."""
        return self.minor == 0 and self.status == APPROVED

    def to(self, status: str) -> Version:
        """Return the same number in another status."""
        return replace(self, status=status)


def parse(text: str) -> Version | None:
    """Parse a version in an address; None for an invalid one.

    >>> str(parse("v1.0"))
    'V1.0.A'
    >>> str(parse("0.2.D"))
    'V0.2.D'
    """
    match = re.fullmatch(r"[vV]?([0-9]{1,9})\.([0-9]{1,9})(?:\.([adplrADPLR]))?", text.strip())
    if match is None:
        return None
    major, minor, status = int(match.group(1)), int(match.group(2)), match.group(3)
    return Version(major, minor, status.upper() if status else DRAFT if minor else APPROVED)


@dataclass(frozen=True, slots=True)
class State:
    """All that decides what may be done with a content.

    Parameters
    ----------
    history
        Its versions, oldest first; empty for a content that is about to be created.
    mode, approving
        The modes that are in force.
    locked
        Who holds the lock: nobody, the caller, or somebody else.
    saving
        Where a save in several steps stands.
    is_file
        Files can be checked out without versions, too.
    """

    history: tuple[Version, ...] = ()
    mode: Mode = "none"
    approving: bool = False
    locked: Literal["no", "me", "other"] = "no"
    saving: int = FINALIZED
    is_file: bool = False

    @property
    def current(self) -> Version:
        """The last version."""
        return self.history[-1]

    @property
    def last_public(self) -> Version | None:
        """The last version that everybody may read."""
        return next((v for v in reversed(self.history) if v.public), None)

    @property
    def settled(self) -> Version | None:
        """The last version that was approved or rejected."""
        return next((v for v in reversed(self.history) if v.status in (APPROVED, REJECTED)), None)

    @property
    def working(self) -> tuple[Version, ...]:
        """The versions since the last public one, without the current one."""
        return tuple(v for v in self.since(self.last_public) if v != self.current)

    def since(self, version: Version | None) -> tuple[Version, ...]:
        """Return the versions after one; all if it does not exist."""
        return self.history[self.history.index(version) + 1 :] if version is not None else self.history


@dataclass(frozen=True, slots=True)
class Plan:
    """What an action does to the versions.

    Parameters
    ----------
    version
        What the current version becomes.
    new
        Whether that is a version of its own; the one before stays as it was.
    dropped
        Versions that are removed.
    lock
        Whether the caller holds the lock afterwards.
    saving
        Where a save in several steps stands afterwards.
    """

    version: Version
    new: bool = False
    dropped: tuple[Version, ...] = ()
    lock: bool = False
    saving: int = FINALIZED


def plan_creation(mode: Mode, approving: bool) -> Plan:
    """Return the first version of a content."""
    if mode == "full":
        return Plan(Version(0, 1, DRAFT), new=True)
    return Plan(Version(1, 0, PENDING if approving else APPROVED), new=True)


def plan_creation_in_steps(mode: Mode) -> Plan:
    """Return the first version of a content whose creation continues."""
    first = Version(0, 1, LOCKED) if mode == "full" else Version(1, 0, LOCKED)
    return Plan(first, new=True, lock=True, saving=CREATING)


def refusal(action: Action, state: State) -> ODataError | None:
    """Return why an action cannot be done now; None if it can. Permissions are not asked for here."""
    if action == "ForceUndoCheckOut":
        return None if state.locked == "other" else action_not_allowed("InvalidStateAction")
    if state.locked == "other" and action not in ("Approve", "Reject"):
        return action_not_allowed("CheckedOutToSomeoneElse")
    if state.saving and action not in ("CheckIn", "UndoCheckOut"):
        return action_not_allowed("MultistepSaveInProgress")
    if not _fits(action, state):
        return action_not_allowed("InvalidStateAction")
    if action == "UndoCheckOut" and len(state.history) == 1:
        return action_not_allowed("UndoSingleVersion")
    return None


def _fits(action: Action, state: State) -> bool:
    status = state.current.status
    if action == "Save":
        return True
    if action == "CheckOut":
        return status != LOCKED and (state.mode != "none" or state.is_file)
    if action in ("CheckIn", "UndoCheckOut"):
        return status == LOCKED
    if action == "Publish":
        if state.mode == "full":
            return status in (DRAFT, LOCKED, REJECTED)
        return not state.approving and status in (DRAFT, REJECTED)
    return state.approving and status == PENDING


def plan(action: Action, state: State) -> Plan:
    """Return the effects of a valid action; an undo has none, because it restores the previous version."""
    return _drop_overtaken(_PLANS[action](state), state)


def plan_save_in_steps(state: State) -> Plan:
    """Return what the first step of a save in several steps does to a content that is there."""
    if state.current.status == LOCKED:
        return Plan(state.current, lock=True, saving=MODIFYING_LOCKED)
    return replace(plan("CheckOut", state), saving=MODIFYING)


def plan_final_step(state: State) -> Plan:
    """Return what the last step of a save in several steps does."""
    if state.saving == MODIFYING_LOCKED:
        return Plan(state.current, lock=True)
    return plan("CheckIn", state)


def plan_restoring(state: State) -> Plan:
    """Return what becomes of a content that is saved with the values of an old version."""
    current = state.current
    if current.status == LOCKED:
        return Plan(current, lock=True)
    if state.mode == "full":
        return plan("Save", state)
    if state.approving:
        if state.mode == "major":
            return Plan(Version(current.major + 1, 0, PENDING), new=True)
        settled = state.settled
        number = settled.major + 1 if settled else 1
        return Plan(Version(number, 0, PENDING), new=True, dropped=state.since(settled))
    if state.mode == "none":
        return _collapse(state)
    return Plan(_next_public(state), new=True, dropped=state.since(state.last_public))


def _drop_overtaken(plan: Plan, state: State) -> Plan:
    """Drop the versions whose numbers are not below the new one, as a change of modes can leave them."""
    others = state.history if plan.new else state.history[:-1]
    overtaken = [v for v in others if v.number >= plan.version.number and v not in plan.dropped]
    return replace(plan, dropped=(*plan.dropped, *overtaken)) if overtaken else plan


def _save(state: State) -> Plan:
    current = state.current
    if current.status == LOCKED:
        return Plan(current, lock=True)
    if state.mode == "full":
        return Plan(Version(current.major, current.minor + 1, DRAFT), new=True)
    settled = current.status in (APPROVED, REJECTED)
    if not state.approving:
        if state.mode == "none":
            return _collapse(state)
        return Plan(_next_public(state), new=settled, dropped=state.working)
    if state.mode == "none":
        return _keep_pending(state)
    if settled:
        return Plan(Version(current.major + 1, 0, PENDING), new=True)
    return Plan(current.to(PENDING))


def _check_out(state: State) -> Plan:
    current = state.current
    if state.mode == "full":
        return Plan(Version(current.major, current.minor + 1, LOCKED), new=True, lock=True)
    return Plan(Version(current.major + 1, 0, LOCKED), new=True, lock=True)


def _check_in(state: State) -> Plan:
    if state.mode == "full":
        return Plan(state.current.to(DRAFT))
    if state.approving:
        return _keep_pending(state) if state.mode == "none" else Plan(state.current.to(PENDING))
    if state.mode == "none":
        return _collapse(state)
    return Plan(_next_public(state), dropped=state.working)


def _publish(state: State) -> Plan:
    current = state.current
    if state.approving:
        if current.status == REJECTED:
            return Plan(Version(current.major, current.minor + 1, PENDING), new=True)
        return Plan(current.to(PENDING))
    if state.mode == "none":
        return _collapse(state)
    return Plan(Version(current.major + 1, 0))


def _approve(state: State) -> Plan:
    if state.mode == "none":
        return _collapse(state)
    if state.mode == "major":
        return Plan(_next_public(state), dropped=state.working)
    return Plan(Version(state.current.major + 1, 0))


def _reject(state: State) -> Plan:
    return Plan(state.current.to(REJECTED))


def _collapse(state: State) -> Plan:
    """Without versions the current values become the last public version, and nothing stays in between."""
    public = state.last_public
    if public is None:
        return Plan(Version(1, 0), dropped=state.working)
    dropped = state.working if state.current.public else (*state.working, public)
    return Plan(public, dropped=dropped)


def _keep_pending(state: State) -> Plan:
    """Without versions one pending version follows the last one that was approved or rejected."""
    settled = state.settled
    if settled is None:
        return Plan(Version(1, 0, PENDING), dropped=state.history[:-1])
    newer = tuple(v for v in state.since(settled) if v != state.current)
    return Plan(Version(settled.major + 1, 0, PENDING), new=settled == state.current, dropped=newer)


def _next_public(state: State) -> Version:
    public = state.last_public
    return Version(public.major + 1 if public else 1, 0)


_PLANS = {
    "Save": _save,
    "CheckOut": _check_out,
    "CheckIn": _check_in,
    "Publish": _publish,
    "Approve": _approve,
    "Reject": _reject,
}


def find(history: Sequence[Version], text: str) -> Version | Literal["ignored"] | None:
    """Return the version of a history that an address asks for; ``ignored`` = the address says nothing.

    ``lastmajor`` is the last public one, ``lastminor`` the last one of all.
    """
    word = text.strip().lower()
    if word == "lastminor":
        return history[-1]
    if word == "lastmajor":
        return next((v for v in reversed(history) if v.public), None)
    wanted = parse(text)
    if wanted is None:
        return "ignored"
    return next((v for v in history if v.number == wanted.number), None)
