"""``apply``: save the changes of a plan."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from typing import Any, Literal

from .frames import Repository
from .frames.progress import Setting
from .frames.writes.applying import apply_plan
from .frames.writes.comparing import Conflict
from .frames.writes.latest import Latest, record_save
from .frames.writes.plan_files import Plan
from .frames.writes.report import Report
from .odata.errors import PlanError
from .recovering import is_of_another_process


def apply(
    plan: Plan | str | os.PathLike[str],
    repo: Repository,
    *,
    digest: str | None = None,
    dry_run: bool = False,
    on_conflict: Literal["raise", "skip", "overwrite"] | Callable[[Conflict], Any] = "raise",
    on_refused: Literal["raise", "skip"] = "raise",
    workers: int = 8,
    journal: str | os.PathLike[str] | None = None,
    progress: Setting = None,
) -> Report:
    """Save the changes of a plan, as ``df.sn.save`` would have saved them when the plan was made.

    What others changed since is merged or a conflict, as in a save; changes that are there already are
    ``unchanged``, so that a plan may be applied twice. The changes are made by the caller of ``repo``, with
    the permissions of the caller. They are in a journal beforehand: ``sn_pandas.resume`` goes on after an
    interruption, and ``sn_pandas.undo`` takes them back.

    Parameters
    ----------
    plan : Plan or path
        The plan, or the file that ``plan.to_json`` wrote.
    repo : Repository
        The repository that the plan was made for.
    digest : str, optional
        The digest of the plan that was approved, in full or its first 16 letters, as the page of
        ``plan.to_html`` shows it; a plan with another one is rejected.
    dry_run : bool
        Send nothing; the report shows the requests.
    on_conflict, on_refused, workers, journal, progress
        As in ``df.sn.save``.

    Returns
    -------
    Report
        One row per content of the plan.

    Raises
    ------
    PlanError
        If the file is not a plan, was changed since it was written, comes from a newer version, belongs to
        another repository, or is not the one that was approved; nothing was sent.
    RefusedError
        If a change cannot be saved and ``on_refused`` is ``"raise"``; nothing was sent.
    ConflictError
        If there are conflicts and ``on_conflict`` is ``"raise"``; nothing was sent if they were known
        beforehand.

    Examples
    --------
    >>> import sn_pandas as sn
    >>> repo = sn.connect("embedded://")
    >>> df = repo.read("/Root/Content/IT/Tasks", select=["Name", "Index"])
    >>> df["Index"] += 100
    >>> plan = df.sn.plan()
    >>> sn.apply(plan, repo, digest=plan.short_digest).counts == {"saved": len(df)}
    True
    """
    if not isinstance(repo, Repository):
        raise TypeError(f"the second argument of apply is a repository, not {type(repo).__name__}")
    made = plan if isinstance(plan, Plan) else Plan.read(plan)
    if is_of_another_process(made.origin, made.header.get("process")):
        raise PlanError(
            "the embedded repository of this plan was in the memory of another process, where the ids mean "
            "other contents. A repository in a file is there for the next process, too: "
            'sn_pandas.connect("embedded:///path/to/file")'
        )
    with contextlib.nullcontext(Latest()) if dry_run else record_save() as last:
        last.report = apply_plan(
            made,
            repo,
            digest=digest,
            dry_run=dry_run,
            on_conflict=on_conflict,
            on_refused=on_refused,
            workers=workers,
            journal=journal,
            progress=progress,
        )
    return last.report
