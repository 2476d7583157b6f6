"""``python -m sn_pandas serve``: the embedded repository on a socket."""

from __future__ import annotations

import argparse
import io
import ipaddress
import os
import signal
import socket
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from sn_pandas.embedded.http.application import LARGEST_BODY, Application

Headers = list[tuple[str, str]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument(
        "--port", type=_port, default=8765, help="port to listen on, 0 to 65535 (default: 8765; 0 = any)"
    )
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
        _look_up(arguments.host)
        with locked(arguments.data):
            application = Application(arguments.data, sample=not arguments.empty, admin=arguments.admin)
            try:
                return _serve(application, arguments)
            finally:
                application.close()
    except FileInUseError as error:
        return _refuse(str(error))
    except sqlite3.DatabaseError as error:
        return _refuse(
            f"{arguments.data} cannot be served: {error}. It has to be a file that was made by serve or "
            "embedded://, or not to be there yet."
        )
    except OSError as error:
        return _refuse(str(error))


def _refuse(words: str) -> int:
    print(f"sn_pandas serve: {words}", file=sys.stderr)
    return 1


def _port(text: str) -> int:
    """Read a port; the resolver would take a larger number for another one."""
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: a number from 0 to 65535")
    return int(text)


def _look_up(host: str) -> None:
    """Make sure that there is such an address, before the repository is built."""
    try:
        socket.getaddrinfo(host, None)
    except OSError as error:
        raise OSError(
            f"--host {host} is no address of this machine ({error.strerror}); "
            "127.0.0.1 is for this machine only, 0.0.0.0 for all that reach it"
        ) from error


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
    if not path.parent.is_dir():
        raise FileNotFoundError(f"the folder {path.parent} of --data is not there; make it first")
    if Path(data).is_dir():
        raise IsADirectoryError(f"{data} is a folder; --data names a file in it, such as {data}/repo.db")
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
    """Speaks HTTP/1.1 with connections that stay open; keeps addresses, which may hold keys, out of logs."""

    protocol_version = "HTTP/1.1"
    server_version = "sn_pandas"
    sys_version = ""
    timeout = 120
    wbufsize = 64 * 1024
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        """Answer one request."""
        environ = self.make_environ()
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.wfile.flush()
        length = self.headers.get("Content-Length", "")
        if length.isdigit() and int(length) <= LARGEST_BODY:
            environ["wsgi.input"] = io.BytesIO(self.rfile.read(int(length)))
        elif length or "Transfer-Encoding" in self.headers:
            self.close_connection = True
        head: list[tuple[str, Headers]] = []

        def start(status: str, headers: Headers, error: object = None, /) -> Callable[[bytes], int]:
            head.append((status, headers))
            return self.wfile.write

        try:
            pieces = self.server.app(environ, start)
            self._send(head[0] if head else None, pieces)
        except ConnectionError:
            self.close_connection = True

    def _send(self, head: tuple[str, Headers] | None, pieces: Iterable[bytes]) -> None:
        """Write an answer; without a head the connection breaks, as a fault asked for."""
        if head is None:
            self.close_connection = True
            return
        status, headers = head
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        for piece in pieces:
            self.wfile.write(piece)
        self.wfile.flush()
        named = {name.lower() for name, _ in headers}
        if "content-length" not in named and int(code) not in (204, 304):
            self.close_connection = True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer a request that is no HTTP with a status and nothing else."""
        self.close_connection = True
        self.request_version = "HTTP/1.1"
        self.send_response(code, message)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        """Write nothing."""


def _serve(application: Application, arguments: argparse.Namespace) -> int:
    server = serve(application, arguments.host, arguments.port)
    address = f"http://{arguments.host}:{server.server_port}"
    print(f"The repository is at {address}", flush=True)
    if arguments.admin:
        print("Callers without a key are the Admin.", flush=True)
    else:
        print(f"Connect with: sn.connect({address!r}, api_key={application.api_key!r})", flush=True)
        print("This key is new at each start and ends with the server.", flush=True)
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
