"""The official JavaScript client drives the embedded repository, as it comes from npm."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

from ..embedded.serving import server
from ..npm import node_modules

HERE = Path(__file__).parent
OLDEST_NODE = 18
"""The first version that has ``fetch``, which the client needs."""
LEAST_STEPS = 150


def give_up(reason: str) -> NoReturn:
    """Skip the test where somebody tries it at home; in CI nothing may be missing."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason} .ci/run installs it.")
    pytest.skip(reason)


@pytest.fixture(scope="module")
def node() -> str:
    """Return the path of a Node.js that is new enough."""
    found = shutil.which("node")
    if found is None or shutil.which("npm") is None:
        give_up("Node.js and npm are not installed.")
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
    number = re.match(r"v(\d+)\.", version)
    if number is None or int(number[1]) < OLDEST_NODE:
        give_up(f"Node.js {version.strip()} is older than {OLDEST_NODE}.")
    return found


@pytest.fixture(scope="module")
def packages(node: str) -> Path:
    """Install the client outside of the repository, once for a lock file; return the folder."""
    try:
        return node_modules(HERE).parent
    except RuntimeError as error:
        give_up(str(error))


@pytest.fixture(scope="module")
def outcome(node: str, packages: Path) -> dict[str, object]:
    """Run the steps against ``serve`` with the sample; return how they went."""
    with server() as (_, address, key):
        done = subprocess.run(
            [node, str(HERE / "steps.js"), address, key],
            env={**os.environ, "SN_CLIENTS": str(packages)},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    outcome: dict[str, object] = json.loads(done.stdout)
    return outcome


@pytest.mark.slow
def test_every_step_of_the_client_succeeds(outcome: dict[str, object]) -> None:
    assert outcome["failures"] == []
    assert isinstance(outcome["passed"], int)
    assert outcome["passed"] >= LEAST_STEPS
