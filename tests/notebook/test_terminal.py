"""The magic in IPython at a terminal, keystroke by keystroke."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

TASKS = "/Root/Content/IT/Tasks"


class Terminal:
    """A terminal in which IPython runs."""

    def __init__(self, home: Path) -> None:
        self._end, theirs = pty.openpty()
        command = [
            sys.executable,
            "-m",
            "IPython",
            "--no-banner",
            "--colors=NoColor",
            f"--ipython-dir={home}",
        ]
        options = ["--TerminalInteractiveShell.enable_tip=False", "--no-confirm-exit"]
        environment = {**os.environ, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1", "COLUMNS": "160"}
        self.process = subprocess.Popen(
            [*command, *options], stdin=theirs, stdout=theirs, stderr=theirs, env=environment, close_fds=True
        )
        os.close(theirs)

    def until(self, words: str, seconds: float = 180) -> str:
        """Return what is shown, up to some words."""
        shown, end = "", time.monotonic() + seconds
        while not re.search(words, shown):
            assert time.monotonic() < end, f"{words!r} did not come: {shown[-2000:]}"
            if select.select([self._end], [], [], 0.2)[0]:
                shown += re.sub(
                    r"\x1b\[[\d;?]*[A-Za-z]", "", os.read(self._end, 65536).decode("utf-8", "replace")
                )
        return shown

    def type(self, text: str) -> None:
        """Press keys; a cell of several lines ends with empty ones."""
        os.write(self._end, text.encode())

    def close(self) -> None:
        """End IPython and the terminal."""
        self.process.kill()
        self.process.wait()
        os.close(self._end)


def test_a_cell_in_a_terminal(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    try:
        terminal.until(r"In \[1\]")
        terminal.type("%load_ext sn_pandas\r")
        terminal.until(r"In \[2\]")
        terminal.type(f"%%sensenet tasks\r{TASKS}\r$select=Name,Status\r$top=3\r\r\r")
        shown = terminal.until(r"In \[3\]")
        assert "tasks: 3 of 60 rows" in shown
        assert "T002" in shown
        terminal.type("%sensenet /Root/Content/IT/Ta\t")
        terminal.until("Tasks")
        terminal.type("?$select=Nmae\r")
        assert "Did you mean Name" in terminal.until(r"In \[4\]")
        terminal.type("tasks.sn.changes().shape\r")
        assert "(0, 5)" in terminal.until(r"In \[5\]")
    finally:
        terminal.close()
