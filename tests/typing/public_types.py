"""The types of the public names, as an editor shows them: read by mypy, never run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, assert_type

import httpx
import pandas as pd

import sn_pandas as sn


def connecting() -> None:
    assert_type(sn.connect(), sn.Repository)
    assert_type(sn.connect("https://repo.example.com", api_key="key", read_only=True), sn.Repository)
    with sn.connect(user="olga.okafor") as repo:
        assert_type(repo, sn.Repository)
        assert_type(repo.url, str)
        assert_type(repo.user, sn.User)
        assert_type(repo.user.how, str)
        assert_type(repo.create_api_key(), sn.NewApiKey)
        assert_type(repo.as_user("olga.okafor"), sn.Repository)


def carrying(ours: sn.Transport, theirs: httpx.BaseTransport) -> None:
    sn.connect("https://repo.example.com", api_key="key", transport=ours)
    sn.connect("https://repo.example.com", api_key="key", transport=theirs)


def editing(frame: pd.DataFrame, grid: sn.EditGrid) -> None:
    assert_type(grid.frame, pd.DataFrame)
    assert_type(grid.report, sn.Report | None)


def reading(repo: sn.Repository) -> None:
    assert_type(repo.read_pages("/Root/Content", page_size=100), Iterator[pd.DataFrame])
    assert_type(repo.count("/Root/Content", filter=sn.isof("Task")), int)
    assert_type(repo.get(1), "pd.Series[Any]")
    assert_type(repo.find("Olga Okafor", type="User"), pd.DataFrame)
    assert_type(repo.upsert("/Root/Content", [{"Name": "new"}], type="Folder"), sn.Report)
    assert_type(repo.import_rows("/Root/Content", "rows.csv", "Task", decimal=","), sn.Report)
    assert_type(sn.ref("Olga Okafor"), sn.Ref)
    assert_type(sn.ref("Olga Okafor").type, str | None)
    assert_type(repo.actions("/Root/Content"), pd.DataFrame)
    assert_type(repo.query("/Root/Content", select="Name"), sn.Query)


def conditions() -> None:
    assert_type(sn.F("Index") > 5, sn.Filter)
    assert_type((sn.F("Index") == 5) & ~sn.F("Name").startswith("a") | sn.isof("Task"), sn.Filter)
    assert_type(sn.F("Status").isin(["active", "waiting"]), sn.Filter)
    assert_type(sn.Query("/Root/Content").url(), str)
    assert_type(sn.Query.parse("/Root/Content?$top=5"), sn.Query)


def schema(repo: sn.Repository) -> None:
    assert_type(repo.schema, sn.Schema)
    task = repo.schema["Task"]
    assert_type(task, sn.ContentType)
    assert_type(task.fields["Status"], sn.Field)
    assert_type(task.fields["Status"].options, tuple[sn.Option, ...])
    assert_type(task.fields["Status"].read_only, bool)


def frames(accessor: sn.Accessor) -> None:
    assert_type(accessor.changes(), pd.DataFrame)
    assert_type(accessor.check(), pd.DataFrame)
    assert_type(accessor.save(dry_run=True, on_conflict="skip"), sn.Report)
    assert_type(accessor.revert(), pd.DataFrame)
    assert_type(accessor.refresh(), pd.DataFrame)
    assert_type(accessor.append(pd.DataFrame({"Name": ["new"]})), pd.DataFrame)
    assert_type(accessor.upsert([{"Name": "new"}], key="Name"), pd.DataFrame)
    assert_type(accessor.plot, sn.Plots)


def keep_mine(conflict: sn.Conflict) -> Any:
    return conflict.mine


def saving(accessor: sn.Accessor, repo: sn.Repository) -> None:
    report = accessor.save(on_conflict=keep_mine)
    assert_type(report.ok, bool)
    assert_type(report.counts, dict[str, int])
    assert_type(report.frame, pd.DataFrame)
    assert_type(report.journal, Path | None)
    assert_type(sn.undo(report), sn.Report)
    assert_type(sn.resume("save.jsonl", repo), sn.Report)
    assert_type(sn.journals(), pd.DataFrame)
    journal = sn.Journal.read("save.jsonl")
    assert_type(journal.entries, pd.DataFrame)
    assert_type(sn.undo(journal), sn.Report)
    plan = accessor.plan()
    assert_type(plan, sn.Plan)
    assert_type(plan.changes, pd.DataFrame)
    assert_type(plan.to_json(), str | None)
    assert_type(sn.Plan.read("plan.json"), sn.Plan)
    assert_type(sn.apply("plan.json", repo, digest=plan.digest), sn.Report)
    assert_type(sn.rebase(report.frame, repo), pd.DataFrame)
    assert_type(accessor.to_excel("list.xlsx"), None)
    assert_type(sn.read_excel("list.xlsx", repo), pd.DataFrame)


def contents(repo: sn.Repository) -> None:
    assert_type(repo.create("/Root/Content", "Folder", "new"), "pd.Series[Any]")
    assert_type(repo.patch(1, {"Index": 5}), "pd.Series[Any]")
    assert_type(repo.move(["/Root/Content/a"], "/Root/Content/b"), sn.Report)
    assert_type(repo.delete("/Root/Content/a", permanent=True), sn.Report)
    assert_type(repo.upload("/Root/Content/Documents", "a.pdf"), sn.Report)
    assert_type(repo.download("/Root/Content/Documents/a.pdf"), bytes | Path)
    assert_type(repo.permissions("/Root/Content"), pd.DataFrame)
    assert_type(repo.members("/Root/IMS/Public/Editors"), pd.DataFrame)


def errors(accessor: sn.Accessor) -> None:
    try:
        accessor.save()
    except sn.ConflictError as error:
        report: sn.Report = error.report
        assert_type(report.conflicts, pd.DataFrame)
        assert_type(report.problems, pd.DataFrame)
    except sn.ServerError as error:
        assert_type(error.status, int)
        assert_type(error.code, str)
