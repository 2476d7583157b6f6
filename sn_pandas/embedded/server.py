"""``python -m sn_pandas serve``: the embedded repository on a socket."""

from __future__ import annotations

import argparse
import ipaddress
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from sn_pandas.embedded.application import Application

LONGEST_LINE = 8192


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("--port", type=int, default=8765, help="port to listen on (default: 8765; 0 = any)")
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: this machine only)"
    )
    parser.add_argument("--data", default=":memory:", metavar="FILE", help="keep the repository in this file")
    parser.add_argument(
        "--empty", action="store_true", help="start with the untouched tree, without sample content"
    )
    parser.add_argument(
        "--admin", action="store_true", help="callers without a key are the Admin (for tests)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C."""
    try:
        with locked(arguments.data):
            application = Application(arguments.data, sample=not arguments.empty, admin=arguments.admin)
            try:
                return _serve(application, arguments)
            finally:
                application.close()
    except (FileInUseError, OSError) as error:
        print(f"sn_pandas serve: {error}", file=sys.stderr)
        return 1


def serve(application: Any, host: str = "127.0.0.1", port: int = 0) -> BaseWSGIServer:
    """Return a threaded server for an application, bound but not running: call ``serve_forever``."""
    server = make_server(host, port, application, threaded=True, request_handler=Handler)
    server.daemon_threads = True  # type: ignore[attr-defined] # of the threading mix-in
    return server


class FileInUseError(Exception):
    """Another process serves the file."""


@contextmanager
def locked(data: str) -> Iterator[None]:
    """Keep other processes away from a repository file while the block runs.

    Raises
    ------
    FileInUseError
        If another process has it.
    """
    if data == ":memory:":
        yield
        return
    path = Path(f"{data}.lock")
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not _try_lock(handle):
            raise FileInUseError(
                f"{data} is in use by another process. Stop that one first, or serve another file."
            )
        yield
    finally:
        os.close(handle)


def _try_lock(handle: int) -> bool:
    """Take the lock of an open file; it ends with the process, however that ends."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


class Handler(WSGIRequestHandler):
    """Speaks HTTP/1.1 with connections that stay open, and keeps the log to itself."""

    protocol_version = "HTTP/1.1"
    server_version = "sn_pandas"
    sys_version = ""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Write nothing: addresses may hold keys."""

    def handle_one_request(self) -> None:
        """Refuse request lines that are too long, as the real web server does."""
        super().handle_one_request()


def _serve(application: Application, arguments: argparse.Namespace) -> int:
    server = serve(application, arguments.host, arguments.port)
    address = f"http://{arguments.host}:{server.server_port}"
    print(f"The repository is at {address}", flush=True)
    if arguments.admin:
        print("Callers without a key are the Admin.", flush=True)
    else:
        print(f"Connect with: sn.connect({address!r}, api_key={application.api_key!r})", flush=True)
    if not _is_loopback(arguments.host):
        print(
            "It listens to other machines too: keys travel without encryption.", file=sys.stderr, flush=True
        )

    def stop(number: int, frame: FrameType | None) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    try:
        server.serve_forever(poll_interval=0.1)
    finally:
        server.server_close()
    print("Stopped.", flush=True)
    return 0


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
