"""The main job from end to end, on an embedded repository: read, edit, look, save, read again."""

from __future__ import annotations

import pandas as pd

from .connecting import EMBEDDED, connect

PLACE = "/Root/Content/IT/Tasks"
FIELDS = ["DisplayName", "Status", "Priority", "DueDate", "TaskCompletion", "AssignedTo/FullName"]


def demo() -> None:
    """Print each step of the main workflow and its result."""
    with pd.option_context("display.width", 140, "display.max_columns", 12), connect(EMBEDDED) as repo:
        print(f"Connected to {repo.url} as {repo.user}\n")

        print(f"$ df = repo.read({PLACE!r}, select={FIELDS})")
        df = repo.read(PLACE, select=FIELDS, expand=["AssignedTo"])
        print(f"{df.head()}\n{len(df)} rows; dtypes: {', '.join(f'{n} {t}' for n, t in df.dtypes.items())}\n")

        first, second, third = df.index[:3]
        df.loc[first, "TaskCompletion"] = 80 if df.loc[first, "TaskCompletion"] != 80 else 85
        df.loc[second, "Status"] = "completed" if df.loc[second, "Status"] != "completed" else "active"
        df.loc[third, "DueDate"] += pd.Timedelta(days=7)
        print(f"Three cells edited with plain pandas.\n\n$ df.sn.changes()\n{df.sn.changes()}\n")

        report = df.sn.save()
        print(f"$ report = df.sn.save()\n{report}\n")
        print(f"$ report.frame.loc[df.index[:4]]\n{report.frame.loc[df.index[:4]]}\n")

        again = repo.read(PLACE, select=FIELDS, expand=["AssignedTo"])
        print(f"Read again:\n{again.loc[[first, second, third]]}\n")
        kept = again.loc[[first, second, third]].equals(df.loc[[first, second, third]])
        saved = int((report.frame["outcome"] == "saved").sum())
        print(f"{saved} contents saved by PATCH; the repository holds the edits: {'yes' if kept else 'NO'}")
