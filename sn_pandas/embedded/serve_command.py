"""``python -m sn_pandas serve``: the embedded repository on a socket, and an authority beside it."""

from __future__ import annotations

import argparse
import ipaddress
import os
import signal
import socket
import sqlite3
import sys
import threading
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from sn_pandas.embedded import fault_scripts
from sn_pandas.embedded.callers import UnknownUserError
from sn_pandas.embedded.faults import Faults
from sn_pandas.embedded.http.application import Application
from sn_pandas.embedded.http.origins import Origins
from sn_pandas.embedded.http.server import FileInUseError, lock_file, serve
from sn_pandas.embedded.http.testing import Testing
from sn_pandas.embedded.http.wsgi_server import Server
from sn_pandas.embedded.storage.file_version import UnusableFileError

if TYPE_CHECKING:
    from sn_pandas.embedded.authority import Kind


SHORTEST_KEY = 16


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the arguments of the command."""
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
    who = parser.add_mutually_exclusive_group()
    who.add_argument(
        "--user", metavar="NAME", help="print a key of this user (default: of the administrator)"
    )
    parser.add_argument(
        "--key",
        type=_long_key,
        help="take this key instead of one that is new at each start, so that other programs can be given it",
    )
    parser.add_argument(
        "--cors",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="let web pages of this origin call, such as http://localhost:3000 (several times for several)",
    )
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name with dots by which this server is reached, such as repo.example.com",
    )
    parser.add_argument(
        "--faults",
        type=_script,
        metavar="FILE",
        help="fail on purpose, as this JSON file says; see the how-to on testing a client",
    )
    parser.add_argument(
        "--testing",
        action="store_true",
        help="let administrators reset the repository and read what was asked, under /_sn/",
    )
    parser.add_argument(
        "--authority",
        type=_port,
        metavar="PORT",
        help="serve an authority on this port too, to sign in to with a login name and a password (0 = any)",
    )
    parser.add_argument(
        "--sn-auth", action="store_true", help="let the authority be sn-auth instead of IdentityServer"
    )
    who.add_argument("--admin", action="store_true", help="callers without a key are the Admin (for tests)")


def _long_key(text: str) -> str:
    """Read a key that is not guessed."""
    if len(text) < SHORTEST_KEY or not text.isascii() or not text.isprintable() or " " in text:
        raise argparse.ArgumentTypeError(
            f"a key has at least {SHORTEST_KEY} letters and digits, and no blank; without --key one is made"
        )
    return text


def _script(path: str) -> Faults:
    """Read a script of faults."""
    try:
        return fault_scripts.load(path)
    except fault_scripts.FaultScriptError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def run(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C."""
    if arguments.sn_auth and arguments.authority is None:
        return _refuse("--sn-auth says which authority; add --authority PORT")
    try:
        _look_up(arguments.host)
        with lock_file(arguments.data):
            application = Application(
                arguments.data,
                sample=not arguments.empty,
                admin=arguments.admin,
                origins=Origins(
                    arguments.cors, [arguments.host, socket.gethostname(), *arguments.allow_host]
                ),
            )
            try:
                if arguments.user is not None:
                    application.api_key = application.key_of(arguments.user)
                if arguments.key is not None:
                    application.use_key(arguments.key, arguments.user)
                _serve(application, arguments)
            finally:
                application.close()
    except (FileInUseError, UnknownUserError) as error:
        return _refuse(str(error))
    except UnusableFileError as error:
        return _refuse(f"{arguments.data} cannot be served: {error}.")
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
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: a number from 0 to 65535")
    return int(text)


def _look_up(host: str) -> None:
    """Make sure that there is such an address, before the repository is built."""
    try:
        socket.getaddrinfo(host, None)
    except OSError as error:
        raise OSError(
            f"--host {host} is not an address of this machine ({error.strerror}); 127.0.0.1 is for this "
            "machine only, 0.0.0.0 for all that reach it"
        ) from error


def _serve(application: Application, arguments: argparse.Namespace) -> NoReturn:
    """Serve until a signal arrives, and end the process."""
    faults = arguments.faults or Faults()
    answering = faults.around(application)
    if arguments.testing:
        application.testing = Testing(application, application.store, faults)
        answering = application.testing.around(answering)
    server = Server(answering, arguments.host, arguments.port, trusts_anonymous=arguments.admin)
    address = f"http://{arguments.host}:{server.server_port}"
    print(f"The repository is at {address}", flush=True)
    if arguments.admin:
        print("Callers without a key are the Admin.", flush=True)
    else:
        print(f"Connect with: sn.connect({address!r}, api_key={application.api_key!r})", flush=True)
        print(
            "This key is yours, and ends with the server."
            if arguments.key
            else "This key is new at each start and ends with the server.",
            flush=True,
        )
    if arguments.testing:
        print(f"Tests may use {address}/_sn/reset, /_sn/requests and /_sn/faults.", flush=True)
    authority = _serve_authority(application, arguments, faults) if arguments.authority is not None else None
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
        if authority is not None:
            authority.shutdown()
        ended = [one.server_close() for one in (server, authority) if one is not None]
    if all(ended):  # otherwise threads still search or write: the file is sound at any moment
        application.close()
    print("Stopped.", flush=True)
    sys.stderr.flush()
    os._exit(0)  # at once: to take pandas down alone takes a third of a second


def _serve_authority(application: Application, arguments: argparse.Namespace, faults: Faults) -> Server:
    """Run an authority beside the repository, and say how to sign in."""
    from sn_pandas.embedded.authority import Authority

    holder: list[Authority] = []
    server = serve(lambda environ, start: holder[0](environ, start), arguments.host, arguments.authority)
    address = f"http://{arguments.host}:{server.server_port}"
    kind: Kind = "SNAuth" if arguments.sn_auth else "IdentityServer"
    holder.append(Authority(application, address, kind=kind, faults=faults))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    print(f"Its authority is at {address} ({kind})", flush=True)
    print(
        f"Sign in as admin or anybody of the sample (olga.okafor) with the password {holder[0].password}",
        flush=True,
    )
    return server


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
