"""What a type checker sees of the public names."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def check(*arguments: str) -> str:
    """Return what mypy prints, with its exit status behind it."""
    command = [sys.executable, "-m", "mypy", "--strict", *arguments]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    return f"{run.stdout}{run.stderr}{run.returncode}"


@pytest.mark.slow
def test_public_names_have_the_types_that_are_promised() -> None:
    assert check(str(HERE / "public_types.py")).endswith("no issues found in 1 source file\n0")
