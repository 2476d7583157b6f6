"""The journals of a user in a table."""

from __future__ import annotations

import collections
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ...odata.errors import IncompleteWarning, JournalError
from ...odata.warning import warn_user
from .journal import FINAL, Journal, is_stillborn, read, read_header
from .journal_folders import list_own_folders
from .report import OUTCOMES
from .works import KINDS

#: How the lines of a journal begin.
_PLAN = re.compile(rf'^{{"plan":\d+,"do":"(?:{"|".join(KINDS)})",.*}}$'.encode(), re.MULTILINE)
_DONE = re.compile(rf'^{{"done":(\d+),"outcome":"({"|".join(OUTCOMES)})",.*}}$'.encode(), re.MULTILINE)
_END = re.compile(rb'^{"end":.*}$', re.MULTILINE)


def list_journals() -> pd.DataFrame:
    """Return the journals of this user, newest first: when, where, how many rows, how many are done."""
    found = []
    for file in (file for place in list_own_folders() for file in place.glob("*.jsonl")):
        if is_stillborn(file):
            continue
        try:
            found.append(_read_summary(file) or _build_summary(read(file)))
        except JournalError as error:
            warn_user(f"not listed: {error}", IncompleteWarning)
    found.sort(key=lambda summary: (summary["began"], summary["journal"]), reverse=True)
    columns = ["journal", "began", "what", "origin", "rows", "open", *OUTCOMES, "bytes"]
    frame = pd.DataFrame(found, columns=columns)
    numbers = ["rows", "open", *OUTCOMES, "bytes"]
    return frame.astype({"began": "datetime64[us, UTC]", **dict.fromkeys(numbers, "int64")})


def _read_summary(file: Path) -> dict[str, Any] | None:
    """Summarize a journal by the beginnings of its lines, for there may be many; None if one looks odd."""
    try:
        text = file.read_bytes()
        lines = text[: text.rfind(b"\n") + 1]
        header = read_header(json.loads(lines[: lines.find(b"\n")]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    plans = len(_PLAN.findall(lines))
    done = _DONE.findall(lines)
    if lines.count(b"\n") != 1 + plans + len(done) + len(_END.findall(lines)):
        return None
    outcomes = {int(number): outcome.decode() for number, outcome in done}
    rows = plans if plans >= header["rows"] else 0
    return _summarize(file, header, rows, outcomes, len(text))


def _build_summary(record: Journal) -> dict[str, Any]:
    outcomes = {number: line.outcome for number, line in record.lines.items()}
    size = record.path.stat().st_size
    return _summarize(record.path, record.header, len(record.works), outcomes, size)


def _summarize(
    file: Path, header: Mapping[str, Any], rows: int, outcomes: Mapping[int, str], size: int
) -> dict[str, Any]:
    counts = collections.Counter(outcomes.values())
    done = sum(1 for number, outcome in outcomes.items() if number < rows and outcome in FINAL)
    return {
        "journal": file.name,
        "began": pd.Timestamp(header["began"]),
        "what": header["what"],
        "origin": header["origin"],
        "rows": rows,
        "open": rows - done,
        **{outcome: counts[outcome] for outcome in OUTCOMES},
        "bytes": size,
    }
