"""The test command itself: it passes however it was started."""

import os
import pathlib
import re
import signal
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[1]


def test_ctrl_c_is_heard():
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no sh")
def test_ctrl_c_is_heard_by_tests_that_run_in_the_background():
    test = f"{pathlib.Path(__file__).relative_to(ROOT)}::test_ctrl_c_is_heard"
    command = f"trap '' INT; exec {sys.executable} -m pytest -q -p no:cacheprovider {test}"
    done = subprocess.run(["sh", "-c", command], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


LEAVES = """
import pandas as pd
from sn_pandas.odata.redaction import SECRETS, hide

def test_that_leaves_something():
    pd.set_option("display.max_rows", 7, "display.html.border", 3)
    SECRETS.keep("waiting")
    SECRETS.add("Straße")
    assert hide("waiting in a Straße") == "*** in a ***"

def test_that_comes_after_it():
    assert (pd.get_option("display.max_rows"), pd.get_option("display.html.border")) == (60, 1)
    assert hide("waiting in a Straße") == "waiting in a Straße"
"""


def test_a_test_leaves_nothing_to_the_next(tmp_path):
    (tmp_path / "test_leaving.py").write_text(LEAVES, "utf-8")
    options = ("-q", "-p", "no:cacheprovider", "-p", "tests.conftest", f"--rootdir={tmp_path}")
    command = (sys.executable, "-m", "pytest", *options, str(tmp_path))
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout


def test_what_runs_in_continuous_integration_is_the_command_of_the_readme():
    readme, run = (ROOT / "README.md").read_text("utf-8"), (ROOT / ".ci" / "run").read_text("utf-8")
    command = re.search(r"<!-- tests -->\n```bash\n(.*)\n```", readme)
    assert command is not None
    assert command[1].endswith('-m pytest -n 2 --dist loadfile -m "not long"')
    assert "<!-- tests -->" in run, "the command is taken from the readme, so that the two cannot part"
    assert "-m long" in run
