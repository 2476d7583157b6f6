"""Packages from npm that tests use, installed once for a lock file, outside of the checkout."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import filelock
import platformdirs


def node_modules(folder: Path) -> Path:
    """Install what the lock file of a folder lists, and return where the packages are.

    Raises
    ------
    RuntimeError
        If npm is missing, or cannot install them.
    """
    lock = (folder / "package-lock.json").read_bytes()
    cache = platformdirs.user_cache_path("sn_pandas") / "tests"
    installed = cache / f"{folder.name}-{hashlib.sha256(lock).hexdigest()[:16]}"
    cache.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(f"{installed}.lock"):
        if not (installed / "complete").exists():
            shutil.rmtree(installed, ignore_errors=True)
            installed.mkdir()
            for name in ("package.json", "package-lock.json"):
                shutil.copy(folder / name, installed)
            _run_npm(installed)
            (installed / "complete").touch()
    return installed / "node_modules"


def _run_npm(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError("npm is not installed.")
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"npm cannot install the packages: {done.stderr.strip()[-500:]}")
