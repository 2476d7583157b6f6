"""What the package shows of itself, before anything is connected."""

from __future__ import annotations

import subprocess
import sys

import sn_pandas as sn


def test_names_are_the_public_ones_and_all_load() -> None:
    assert set(dir(sn)) == {*sn.__all__, "__version__", "embedded"}
    assert all(getattr(sn, name) for name in (*sn.__all__, "__version__"))


def test_every_frame_has_the_accessor_before_anything_is_connected() -> None:
    program = """
import pandas, sys
import sn_pandas
assert "sn_pandas.frames" not in sys.modules
try:
    pandas.DataFrame({"Name": ["a"]}).sn.changes()
except sn_pandas.TrackingError as error:
    print(error)
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "does not come from a repository" in run.stdout


def test_a_repository_lists_what_users_need_and_nothing_that_only_the_package_uses() -> None:
    with sn.connect() as repo:
        names = {name for name in dir(repo) if not name.startswith("_")}
    assert {"read", "get", "create", "upload", "schema", "user", "url", "close"} <= names
    assert not names & {
        "base",
        "client",
        "moved",
        "number",
        "open_grid",
        "open_tree",
        "record_total",
        "verify_identity",
    }
