"""Processes of one user share a sign-in: long reads through many renewals, whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import sn_pandas as sn

from .conftest import Person
from .keyrings import VARIABLE, FileKeyring
from .sockets import served

LOGIN = r"builtin\admin"
READER = r"""
import json, sys, time
import sn_pandas as sn

address, end = sys.argv[1], time.time() + float(sys.argv[2])
counts, reads, tokens = set(), 0, set()
with sn.connect(address, login=r"builtin\admin") as repo:
    while time.time() < end:
        counts.add(len(repo.read("/Root/Content/IT/Tasks", select=["Name"], page_size=10)))
        counts.add(repo.count("/Root/Content/IT/Tasks"))
        reads += 1
        tokens.add(repo.client.auth.current())
print(json.dumps({"counts": sorted(counts), "reads": reads, "tokens": len(tokens)}))
"""


@pytest.mark.long
def test_two_kernels_of_one_sn_auth_user_read_for_ten_renewals(
    keys: FileKeyring, tmp_path: Path, person: Person
) -> None:
    life, renewals = 3, 10
    with served(sample=True, kind="SNAuth", life=life) as here:
        person.answers = [here.authority.password]
        with sn.connect(
            here.address, login=LOGIN
        ) as repo:  # signs in; the others find the token in the keyring
            total = repo.count("/Root/Content/IT/Tasks")
        seconds = str(life * (renewals + 2))
        command = [sys.executable, "-c", READER, here.address, seconds]
        environment = os.environ | {
            "PYTHON_KEYRING_BACKEND": "tests.signin.keyrings.FileKeyring",
            VARIABLE: os.environ[VARIABLE],
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
        before = here.authority.tokens_given
        readers = [
            subprocess.Popen(
                command, env=environment, stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL
            )
            for _ in range(2)
        ]
        began = time.monotonic()
        found = [json.loads(reader.communicate(timeout=170)[0]) for reader in readers]
        given = here.authority.tokens_given - before
    assert [reader.returncode for reader in readers] == [0, 0]
    assert [one["counts"] for one in found] == [[total], [total]]
    assert given >= renewals
    assert min(one["tokens"] for one in found) > 1
    print(f"{found}, {given} tokens in {time.monotonic() - began:.0f} s")
