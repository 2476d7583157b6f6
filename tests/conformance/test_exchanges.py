"""Every recorded exchange, replayed on a fresh embedded repository in this process.

What does not agree yet stands in ``known_differences.txt``, a line each: ``FILE: NAME: reason``. A difference
that is not there fails, and so does one that is there and agrees.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from sn_pandas.embedded import Application

from .conftest import COUNTS
from .replay import Sender, replay

HERE = Path(__file__).parent
EXCHANGES = HERE / "exchanges"
TYPES = EXCHANGES / "00_types.jsonl"
FILES = sorted(EXCHANGES.glob("[0-9]*.jsonl"))


def known(name: str) -> set[str]:
    lines = (HERE / "known_differences.txt").read_text(encoding="utf-8").splitlines()
    start = f"{name}: "
    return {line[len(start) :].rpartition(": ")[0] for line in lines if line.startswith(start)}


def sender(application: Application) -> Sender:
    """Return what sends a request to an application and takes its answer apart."""

    def send(
        method: str, target: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        path, _, query = target.partition("?")
        environ: dict[str, object] = {
            "REQUEST_METHOD": method,
            "REQUEST_URI": target,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "wsgi.input": io.BytesIO(body or b""),
            "wsgi.errors": sys.stderr,
            "wsgi.url_scheme": "http",
            "SERVER_NAME": "embedded",
            "SERVER_PORT": "80",
        }
        if body is not None:
            environ["CONTENT_LENGTH"] = str(len(body))
        for name, value in headers.items():
            key = name.upper().replace("-", "_")
            environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
        answer: dict[str, tuple[int, dict[str, str]]] = {}

        def start(status: str, fields: list[tuple[str, str]]) -> None:
            answer["head"] = int(status[:3]), {k.lower(): v for k, v in fields}

        sent = b"".join(application(environ, start))
        return *answer["head"], sent

    return send


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_agrees_with_the_real_server(file: Path) -> None:
    application = Application(sample=False, admin=True)
    try:
        files = [file] if file == TYPES else [TYPES, file]
        passed, failures = replay(sender(application), files)
    finally:
        application.close()
    COUNTS[file.name] = passed, len(failures)
    failed = {name for name, _ in failures}
    listed = known(file.name)
    new = [f"{name}: {why}" for name, why in failures if name not in listed]
    agreeing = sorted(listed - failed)
    assert not new, "these do not agree:\n" + "\n".join(new)
    assert not agreeing, "these agree now, take them off the list:\n" + "\n".join(agreeing)
