"""``python -m sn_pandas serve`` in a process of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def server(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """Run a server; gives the process, its address and the key it printed."""
    command = [sys.executable, "-m", "sn_pandas", "serve", "--port", "0", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        first, second = process.stdout.readline(), process.stdout.readline()
        address = re.search(r"http://\S+", first)
        assert address is not None, process.stderr.read() if process.stderr else ""
        key = re.search(r"api_key='(\w+)'", second)
        yield process, address.group(), key.group(1) if key else ""
    finally:
        process.kill()
        process.communicate()


def run_serve(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a server that is expected to end by itself."""
    command = [sys.executable, "-m", "sn_pandas", "serve", "--port", "0", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
