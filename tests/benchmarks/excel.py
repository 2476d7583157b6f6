"""What a list costs on its way to Excel and back: 10,000 rows of 15 columns, with 100 edits in the sheet."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd

import sn_pandas as sn

from .pages import FIELDS
from .read import figure
from .writes import serving

PATH = "/Root/Content/IT/Tasks"
COLUMNS = [*list(FIELDS)[:12], "Price", "Status", "DueDate"]
EDITS = 100


def main(total: int = 10_000) -> None:
    """Measure and print the figures."""
    with serving(total, 0) as url, tempfile.TemporaryDirectory() as folder:
        repo = sn.connect(url, anonymous=True)
        frame = repo.read(PATH, select=COLUMNS, progress=False)
        file = Path(folder, "tasks.xlsx")
        writing, _ = taken(lambda: frame.sn.to_excel(file))
        plain, _ = taken(lambda: _plain(frame, Path(folder, "plain.xlsx")))
        edit(file)
        reading, back = taken(lambda: sn.read_excel(file, repo))
        assert len(back.sn.changes()) == EDITS
        size = file.stat().st_size / 1e6
        print(
            f"{total:,} x {len(COLUMNS)}: {writing:.1f} s to Excel ({size:.1f} MB), {reading:.1f} s back "
            f"with {EDITS} edits; DataFrame.to_excel {plain:.1f} s"
        )
        figure("excel_write_10000x15", writing, "s", "<= 5")
        figure("excel_read_10000x15", reading, "s", "<= 5")


def edit(file: Path) -> None:
    """Change cells of the sheet, as people do."""
    book = openpyxl.load_workbook(file)
    sheet = book["Contents"]
    column = [cell.value for cell in sheet[1]].index("Index") + 1
    for row in range(2, 2 + EDITS):
        sheet.cell(row, column).value += 1
    book.save(file)


def taken(do: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds of the processor that something takes, and what it gives."""
    began = time.process_time()
    found = do()
    return time.process_time() - began, found


def _plain(frame: pd.DataFrame, file: Path) -> None:
    dates = frame.select_dtypes("datetimetz").columns
    frame.assign(**{name: frame[name].dt.tz_localize(None) for name in dates}).to_excel(file)


if __name__ == "__main__":
    main()
