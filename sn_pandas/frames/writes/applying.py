"""Make a plan of the edits of a frame, and apply a plan: a save whose two halves lie apart."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import pandas as pd

from ...odata.addresses import canonical_origin
from ...odata.errors import AnswerError, ConflictError, PlanError, RefusedError, SaveWarning
from ...odata.schema import Field
from ...odata.warning import warn_user
from ...odata.wording import count_noun
from ..columns.cells import Json, decode_cell
from ..progress import Setting
from ..tracking.baseline import get_baseline
from .checking import find_problem
from .collecting import collect
from .comparing import OnConflict, check_choice, check_policy
from .hidden import learn, warn_of_hidden_members
from .journal import PROCESS
from .outcomes import describe_conflicts, describe_refusals
from .plan import get_own_field, get_stored_types, get_types
from .plan_files import SHORT_DIGEST, Plan
from .report import BECAUSE_OF_OTHERS, DRY, CellProblem, Line, Report
from .saving import Place, check, compare, refuse, warn
from .stages import build_unsent
from .undoing import build_numbered_report, finish, plan_patches
from .works import Patch, Work

if TYPE_CHECKING:
    from ..connection import Connection

_NO_PASSWORDS = "a plan holds no passwords: set it with repo.patch(path, {'Password': …})"


def make_plan(frame: pd.DataFrame, on_conflict: OnConflict = "raise") -> Plan:
    """Return the plan of the edits of a frame; see ``Accessor.plan``."""
    check_policy(on_conflict)
    baseline = get_baseline(frame)
    with baseline.shared.lock_save():
        collected = collect(frame, dry_run=True)
        collected.what = "plan"
        if new := {edit.row for edit in collected.edits if edit.id < 0}:
            raise PlanError(
                f"{count_noun(len(new), 'row')} of the frame {'is' if len(new) == 1 else 'are'} new, and a "
                "plan only changes contents that exist. Create new ones with df.sn.save(create=True), or "
                "plan the other rows: df[df.index > 0].sn.plan()"
            )
        checked = check(collected)
        warn(collected, checked.assigned)
        if checked.refused:
            report = refuse(collected, checked)
            raise RefusedError(describe_refusals(report).replace("saved", "planned"), report)
        warn_of_hidden_members(collected.repo, [field for _, field in checked.assigned])
        compared = compare(collected, checked, on_conflict)
    left_out = [line for line in compared.lines.values() if line.outcome not in ("unchanged", "saved")]
    conflicts = [line for line in left_out if line.outcome == "conflict"]
    if conflicts and on_conflict == "raise":
        lines = compared.lines | build_unsent(f"{BECAUSE_OF_OTHERS} rows have conflicts", compared.works)
        works: list[Work] = [*checked.patches]
        report = build_numbered_report(
            collected.repo, "plan", works, {n: lines[work.row] for n, work in enumerate(works)}, ()
        )
        raise ConflictError(describe_conflicts(conflicts, "nothing was planned"), report)
    if left_out:
        rest = "; ".join(f"{line.path or line.id}: {line.reason}" for line in left_out[:5])
        more = f"; and {len(left_out) - 5} more" if len(left_out) > 5 else ""
        rows, are = count_noun(len(left_out), "row"), "is" if len(left_out) == 1 else "are"
        warn_user(f"{rows} {are} not in the plan: {rest}{more}", SaveWarning)
    repo, types = collected.repo, get_types(collected.edits, baseline) | get_stored_types(checked.stored)
    header = {
        "origin": canonical_origin(repo.url),
        "user": str(repo.user),
        "planned": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "process": PROCESS,
    }
    works_of_plan = [
        dataclasses.replace(
            work,
            row=number,
            fields={name: work.fields[name] for name in work.after},
            edits={},
            chosen={},
            chosen_values={},
            unsure=set(),
        )
        for number, work in enumerate(compared.patches)
    ]
    return Plan(header, works_of_plan, {work.id: types[work.id] for work in works_of_plan})


def apply_plan(
    plan: Plan,
    repo: Connection,
    *,
    digest: str | None = None,
    dry_run: bool = False,
    on_conflict: OnConflict = "raise",
    on_refused: Literal["raise", "skip"] = "raise",
    workers: int = 8,
    journal: Place = None,
    progress: Setting = None,
) -> Report:
    """Make the changes of a plan; see ``sn_pandas.apply``."""
    check_policy(on_conflict)
    check_choice("on_refused", on_refused, ("raise", "skip"))
    if digest is not None:
        reject_unapproved(plan, digest)
    reject_foreign(plan, repo)
    works: list[Work] = [*plan.works]
    learn(repo, plan.types)
    lines: dict[int, Line] = {}
    todo: dict[int, Patch] = {}
    for number, work in enumerate(plan.works):
        fields, found = _read_fields(work, plan.types[work.id], repo)
        if found:
            said = "; ".join(f"{cell.name}: {cell.reason}" for cell in found)
            lines[number] = Line("refused", said, work.names, work.id, work.path, cells=found)
        else:
            todo[number] = dataclasses.replace(work, fields=fields)
    planned = plan_patches(repo, todo, on_conflict)
    _warn_of_other_places(plan, planned.paths)
    lines.update(planned.lines)
    refused = [line for line in lines.values() if line.outcome == "refused"]
    conflicts = [line for line in lines.values() if line.outcome == "conflict"]
    stopped = ""
    if refused and on_refused == "raise":
        stopped = f"{BECAUSE_OF_OTHERS} cells were refused"
    elif conflicts and on_conflict == "raise":
        stopped = f"{BECAUSE_OF_OTHERS} rows have conflicts"
    if stopped or dry_run:
        for number, left in planned.todo.items():
            lines[number] = Line("unsent", stopped or DRY, left.names, left.id, left.path)
        sent = () if stopped else planned.todo.values()
        report = build_numbered_report(repo, "apply", works, lines, sent)
        report = dataclasses.replace(report, dry_run=dry_run)
        if not stopped or dry_run:
            return report
        if refused and on_refused == "raise":
            raise RefusedError(describe_refusals(report), report)
        raise ConflictError(describe_conflicts(conflicts, "nothing was applied"), report)
    report = finish(repo, "apply", works, planned.todo, lines, on_conflict, journal, workers, progress)
    late = [line for line in lines.values() if line.outcome == "conflict"]
    if late and on_conflict == "raise":
        raise ConflictError(describe_conflicts(late, "some rows were not saved"), report)
    report.again = lambda: apply_plan(
        plan,
        repo,
        on_conflict=on_conflict,
        on_refused=on_refused,
        workers=workers,
        journal=report.journal.parent if journal is not None and report.journal is not None else None,
        progress=progress,
    )
    return report


def reject_unapproved(plan: Plan, digest: str) -> None:
    """Raise unless a plan has the digest that was approved, in full or from its beginning."""
    if not isinstance(digest, str):
        raise TypeError(f"digest is a text, such as {plan.short_digest!r}, not {digest!r}")
    wanted = "".join(digest.split()).lower().removeprefix("sha256:")
    if len(wanted) < SHORT_DIGEST:
        raise ValueError(f"digest needs the first {SHORT_DIGEST} letters of the digest, or all 64")
    if not plan.digest.startswith(wanted):
        raise PlanError(
            f"this is not the plan that was approved: its digest is {plan.short_digest}, not {digest}. Ask "
            "for the file that belongs to the approved page"
        )


def reject_foreign(plan: Plan, repo: Connection) -> None:
    """Raise unless a plan was made for a repository."""
    if canonical_origin(plan.origin) != canonical_origin(repo.url):
        raise PlanError(
            f"this plan belongs to {plan.origin}, not to {repo.url}, where the ids mean other contents. Pass "
            "the repository that the plan was made for"
        )


def _warn_of_other_places(plan: Plan, paths: Mapping[int, str]) -> None:
    """Warn of contents that are not where the approver of a plan saw them."""
    found = [(work.path or "", paths.get(work.id, work.path or "")) for work in plan.works]
    elsewhere = [f"{before} is {now}" for before, now in found if before.lower() != now.lower()]
    if elsewhere:
        more = f"; and {len(elsewhere) - 5} more" if len(elsewhere) > 5 else ""
        warn_user(
            f"{count_noun(len(elsewhere), 'content')} of the plan moved or renamed since: "
            f"{'; '.join(elsewhere[:5])}{more}. If nobody did that, this is not the plan that was approved",
            SaveWarning,
        )


def _read_fields(
    work: Patch, type_name: str, repo: Connection
) -> tuple[dict[str, Field], tuple[CellProblem, ...]]:
    """Return the fields as the schema defines them now, and the cells that cannot be saved."""
    fields: dict[str, Field] = {}
    found: list[CellProblem] = []
    for name, planned in work.fields.items():
        field = get_own_field(repo.schema.fields.get(name) or planned, type_name, repo.schema)
        before, after = work.before[name], work.after[name]
        if planned.is_secret or (field is not None and field.is_secret):
            found.append(CellProblem(name, _NO_PASSWORDS, None, "•••"))
            continue
        if field is None:
            reason = f"{type_name} has no field {name} any more"
        elif field.kind.patch:
            reason = f"a plan holds no fields of type {field.type}"
        elif (field.type, field.multiple) != (planned.type, planned.multiple):
            reason = f"{name} was of type {planned.type} and is of type {field.type} now: make a new plan"
        else:
            fields[name] = field
            reason = find_problem(field, after) or _find_damage(field, before)
        if reason:
            found.append(CellProblem(name, reason, before, after))
    return fields, tuple(found)


def _find_damage(field: Field, before: Json) -> str:
    """Return why the value that a plan says was read is not one that the server sends; empty if it may be."""
    try:
        decode_cell(field, field.name, before)
    except (AnswerError, TypeError, ValueError, OverflowError, AttributeError, LookupError):
        return f"the plan says that it was {before!r}, which is not a value of {field.type}: make a new plan"
    return ""
