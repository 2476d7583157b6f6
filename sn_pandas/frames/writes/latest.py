"""The report of the last save of this process, also of one that failed or was interrupted.

``%sensenet undo`` takes it back. Only the last is kept: an older one would be taken back without being meant.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator

from .report import Report


@dataclasses.dataclass
class Latest:
    """The last save: ``began`` if there was one, ``report`` None if it ended before the first request."""

    began: bool = False
    report: Report | None = None

    def forget(self) -> None:
        """Forget the last save."""
        self.began, self.report = False, None


latest = Latest()


@contextlib.contextmanager
def record_save() -> Iterator[Latest]:
    """Record a save: its report, or that of the error that ended it."""
    latest.began, latest.report = True, None
    try:
        yield latest
    except BaseException as error:
        latest.report = getattr(error, "report", None)
        raise
