"""Every module can be the first of the package that a process imports."""

from __future__ import annotations

import subprocess
import sys

import pytest

ALONE = """
import importlib, pkgutil, sys

import sn_pandas

always = set(sys.modules)
for found in pkgutil.walk_packages(sn_pandas.__path__, "sn_pandas."):
    if found.name in always or found.name.endswith("__main__"):
        continue
    for name in [one for one in sys.modules if one.startswith("sn_pandas.") and one not in always]:
        del sys.modules[name]
    try:
        importlib.import_module(found.name)
    except ImportError as error:
        print(found.name, error)
    else:
        sys.stderr.write(".")
"""
"""Prints the modules whose import fails in a process that has imported nothing else of the package."""


@pytest.mark.long
def test_every_module_can_be_imported_first() -> None:
    done = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert done.stderr.count(".") > 100
