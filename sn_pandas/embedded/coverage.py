"""A page that lists the features of the embedded repository, generated from its registries.

Whatever is registered is listed as exact unless it says itself what differs; what the documentation of the
server names, and nobody registers, is listed as absent.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable

from sn_pandas.embedded.fields import KINDS
from sn_pandas.embedded.operations import REGISTRY, Operation
from sn_pandas.embedded.wire import options

INDEX_FILES = "the index is tables of SQLite, with no files and no journal"
COUNTED = "requests and rows are not counted over time"
MISSING_OPERATIONS = {
    **dict.fromkeys(
        (
            "BackupIndex", "CancelIndexBackup", "QueryIndexBackup", "GetIndexDocumentByDocumentId",
            "GetIndexProperties", "GetInvertedIndex", "GetWholeInvertedIndex", "GetRecentIndexingActivities",
            "RefreshIndexAndCleanActivities", "ResetRecentIndexingActivities",
        ),
        INDEX_FILES,
    ),
    **dict.fromkeys(
        ("GetApiUsageList", "GetApiUsagePeriod", "GetApiUsagePeriods", "GeDatabaseUsagePeriod"), COUNTED
    ),
    "GetClientsForRepository": "GetClients lists them: there is one repository",
    "GetRecentSecurityActivities": "permissions change at once, with no activities",
    **dict.fromkeys(("Encrypt", "Decrypt"), "the server's own key is not here"),
    **dict.fromkeys(("WopiOpenView", "WopiOpenEdit"), "there is no office server"),
    "SetInitialPreviewProperties": "no previews are made",
    **dict.fromkeys(
        ("AddPreviewComment", "GetPreviewComments", "DeletePreviewComment"), "no previews are made"
    ),
    **dict.fromkeys(
        ("FireWebHook", "GetWebHookUsageList", "GetWebHookUsagePeriod", "GetWebHookUsagePeriods"),
        "there are no webhooks",
    ),
    **dict.fromkeys(("Login", "LoadSubtree", "Purge"), "only in old documentation: the server has none"),
}  # fmt: skip
"""Operation that nobody registers -> why."""
MISSING_OPTIONS = {
    **dict.fromkeys(("$skiptoken", "$search", "$apply", "$compute"), "ignored, as by the server"),
    "$batch": "404, as at the server: use DeleteBatch, CopyBatch, MoveBatch",
}  # fmt: skip
"""Option of OData that nobody reads -> what happens."""

_HEAD = """# What the embedded repository has

`sn.connect()` without an address, and `python -m sn_pandas serve`, answer as a sensenet server does. This
page is made from what the code registers: **exact** is what was compared with recorded answers of a real
server, or follows its rules, with no known difference; **partial** says what differs; **absent** is what the
documentation of the server names and this repository does not have.
"""


def page() -> str:
    """Return the page as MyST text."""
    operations = [one for name in sorted(REGISTRY) for one in REGISTRY[name]]
    parts = [
        _HEAD,
        f"## Operations ({len(operations)})\n",
        _table("operation", "called by", map(_operation_row, operations)),
        f"### Absent operations ({len(MISSING_OPERATIONS)})\n",
        _table(
            "operation", "", ((name, "", "absent", why) for name, why in sorted(MISSING_OPERATIONS.items()))
        ),
        f"## Query options ({len(options.OPTIONS)})\n",
        _table("option", "example", map(_option_row, options.OPTIONS)),
        "### Absent options\n",
        _table("option", "", ((name, "", "absent", why) for name, why in MISSING_OPTIONS.items())),
        f"## Field types ({len(KINDS)})\n",
        _table("type", "", ((name, "", *_state(KINDS[name].partial)) for name in sorted(KINDS))),
    ]
    return "\n".join(parts)


Row = tuple[str, str, str, str]
"""A name, its second column, how much of it is here, and what differs."""


def _operation_row(one: Operation) -> Row:
    summary = (inspect.getdoc(one.call) or "").partition("\n")[0]
    state, why = _state(one.partial)
    return one.op_id, "POST" if one.action else "GET, POST", state, why or summary


def _option_row(name: str) -> Row:
    _, example, partial = options.OPTIONS[name]
    return (name, f"`{name}={example}`", *_state(partial))


def _state(partial: str) -> tuple[str, str]:
    return ("partial", partial) if partial else ("exact", "")


def _table(name: str, second: str, rows: Iterable[Row]) -> str:
    columns = [name, *([second] if second else []), "here", ""]
    lines = [columns, ["---"] * len(columns)]
    for title, more, state, why in rows:
        lines.append([f"`{title}`", *([more] if second else []), f"**{state}**", _escape(why)])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _escape(text: str) -> str:
    """Escape a text for a table."""
    return text.replace("``", "`").replace("|", "\\|")
