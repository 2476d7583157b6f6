"""A WSGI server for the repository: waitress, made a little stricter.

Waitress reads a request as a whole before the application is called, in memory up to half a megabyte and in a
temporary file beyond; its threads never wait for what slow clients send. Here are added: no request whose end
or host two readers may see differently, small bodies only for callers without credentials, a time in which a
request has to arrive and a pace at which an answer has to be taken, and connections that break when a fault
asks for it.
"""

from __future__ import annotations

import contextlib
import copy
import io
import logging
import re
import threading
import time
from collections.abc import Callable
from typing import Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.receiver import ChunkedReceiver
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, WSGITask
from waitress.utilities import BadRequest, Error, RequestEntityTooLarge, RequestHeaderFieldsTooLarge

THREADS = 8
LARGEST_HEAD = 64 * 1024
MOST_HEADERS = 100
LONGEST_CHUNK_LINE = 1024
LARGEST_TRAILER = 16 * 1024
LARGEST_BODY = 31_000_000
"""A little more than the application takes: what is too large for it is answered in its words."""
LARGEST_ANONYMOUS_BODY = 64 * 1024
"""Bytes that are read from callers without credentials."""
MOST_CONNECTIONS = 500
IDLE = 120
"""Seconds without a byte after which a connection is closed."""
SLOWEST_REQUEST = 60
"""Seconds within which a request has to arrive."""

LONGEST_END = 0.4
"""Seconds that requests which are under way at the end have to be answered."""
LOOKED_AFTER = 5
"""Seconds between two looks at the connections."""
PATIENCE = 15
"""Seconds in which an answer has to move on at the `SLOWEST_PACE`."""
SLOWEST_PACE = 16 * 1024
"""Bytes per second at which a client has to take an answer."""
BRISK_PACE = 1024 * 1024
"""Bytes per second at which a client has to take an answer if most threads wait for such clients."""

_FOLDED = re.compile(rb"\r\n[ \t]")
_HOST = re.compile(rb"^host[ \t]*:", re.I | re.M)
_LENGTH = re.compile(rb"^content-length[ \t]*:([^\r\n]*)", re.I | re.M)
_CHUNKED = re.compile(rb"^transfer-encoding[ \t]*:", re.I | re.M)
_CREDENTIALS = re.compile(rb"^(apikey|authorization)[ \t]*:[ \t]*\S", re.I | re.M)
_KEY_IN_ADDRESS = re.compile(rb"^[^\r\n]*[?&]apikey=", re.I)


class _PassedOver:
    """A body that is read and thrown away, so that the client gets to read the answer."""

    def __init__(self, length: int) -> None:
        self.left = length
        self.completed = False
        self.error = None

    def __len__(self) -> int:
        return 0

    def received(self, data: bytes) -> int:
        """Take bytes and return how many of them."""
        taken = min(len(data), self.left)
        self.left -= taken
        self.completed = self.left == 0
        return taken

    def getfile(self) -> io.BytesIO:
        """Return nothing to read."""
        return io.BytesIO()

    def getbuf(self) -> io.BytesIO:
        """Return nothing to close."""
        return io.BytesIO()


# waitress has no types, so whatever is made of its classes is an exception of the type checker
class _Chunks(ChunkedReceiver):
    """A body in chunks, whose lines between the chunks have a bound."""

    def received(self, data: bytes) -> int:
        """Take bytes and return how many of them."""
        taken: int = super().received(data)
        if len(self.control_line) > LONGEST_CHUNK_LINE or len(self.trailer) > LARGEST_TRAILER:
            self.error = BadRequest("What stands between the chunks is too long.")
        return taken


class Parser(HTTPRequestParser):
    """Takes a request apart; refuses one whose length or host is said twice, or in an unusual way."""

    error: Any = None
    body_rcv: Any = None
    request_uri: str = ""

    def __init__(self, adjustments: Adjustments) -> None:
        super().__init__(adjustments)
        self.adj: Any = adjustments
        self.began = time.monotonic()
        self.passed_over = False
        self.refusal: Error | None = None

    def parse_header(self, header_plus: bytes) -> None:
        """Read the head of a request."""
        if _FOLDED.search(header_plus):
            raise ParsingError("A header goes on in the next line.")
        if len(_HOST.findall(header_plus)) > 1:
            raise ParsingError("The host is said more than once.")
        lengths = _LENGTH.findall(header_plus)
        if len(lengths) > 1 or (lengths and _CHUNKED.search(header_plus)):
            raise ParsingError("The length of the body is said more than once.")
        if lengths and not re.fullmatch(rb"[ \t]*[0-9]{1,12}[ \t]*", lengths[0]):
            raise ParsingError("Content-Length is invalid")
        super().parse_header(header_plus)
        if self.version != "1.1" and _CHUNKED.search(header_plus):
            raise ParsingError("HTTP/1.0 has no chunks.")
        if self.chunked:
            self.body_rcv = _Chunks(self.body_rcv.getbuf())
        if self.proxy_netloc:
            self._take_host_of_target()
        if self.version == "1.1" and "HOST" not in self.headers:
            raise ParsingError("The host is missing.")
        if header_plus.count(b"\r\n") > MOST_HEADERS + 3:
            self.refusal = RequestHeaderFieldsTooLarge("There are too many headers.")
        if self.adj.takes_large_bodies(header_plus):
            return
        if LARGEST_ANONYMOUS_BODY < self.content_length < LARGEST_BODY:
            self.passed_over = True
            self.body_rcv = _PassedOver(self.content_length)
        elif self.chunked:
            self.adj = copy.copy(self.adj)
            self.adj.max_request_body_size = LARGEST_ANONYMOUS_BODY

    def _take_host_of_target(self) -> None:
        """Read a target that names the host, as it does for a proxy; it has to be that of the header."""
        scheme, host = self.proxy_scheme, self.proxy_netloc
        if self.headers.get("HOST", host).lower() != host.lower():
            raise ParsingError("The host of the target is not that of the header.")
        self.headers["HOST"] = host
        self.request_uri = self.request_uri[len(scheme) + 3 + len(host) :] or "/"

    def received(self, data: bytes) -> int:
        """Take bytes of a request and return how many of them."""
        consumed: int = super().received(data)
        if self.refusal is not None and self.error is None:
            self.error, self.completed = self.refusal, True
        if self.completed and self.passed_over and self.error is None:
            self.error = RequestEntityTooLarge("The body is too large for a caller without credentials.")
        return consumed


class _NothingTask(ErrorTask):
    """Answers a request that is not HTTP with a status and nothing else."""

    def execute(self) -> None:
        """Write the answer."""
        error = self.request.error
        self.version = "1.1"
        self.status = f"{error.code} {error.reason}"
        self.content_length = 0
        self.response_headers.extend([("Content-Length", "0"), ("Connection", "close")])
        self.set_close_on_finish()
        self.write(b"")


class _Task(WSGITask):
    """Calls the application; what it breaks looks to the client like a connection that broke."""

    def execute(self) -> None:
        """Answer one request."""
        try:
            super().execute()
        except ConnectionError:
            self._break()
            return
        if not self.complete:
            self._break()

    def get_environment(self) -> dict[str, Any]:
        """Return the environ of the request."""
        environ: dict[str, Any] = super().get_environment()
        environ["REQUEST_URI"] = self.request.request_uri
        environ["werkzeug.socket"] = self.channel.socket  # faults cut it
        environ["wsgi.input_terminated"] = True
        return environ

    def finish(self) -> None:
        """Complete the answer."""
        if not self.complete:
            return
        super().finish()

    def _break(self) -> None:
        self.wrote_header = True
        self.close_on_finish = True
        self.complete = False


class _Channel(HTTPChannel):
    """A connection."""

    parser_class = Parser
    task_class = _Task
    error_task_class = _NothingTask

    taken = 0
    """Bytes that the client has taken so far."""
    mark: tuple[float, int] | None = None
    """A moment since which an answer is under way, and the bytes that were taken until then."""

    def send(self, data: bytes, do_close: bool = True) -> int:
        """Send bytes and return how many of them."""
        sent: int = super().send(data, do_close=do_close)
        self.taken += sent
        return sent

    @property
    def is_waited_for(self) -> bool:
        """Whether a thread waits until the client has taken more."""
        return bool(self.total_outbufs_len > self.adj.outbuf_high_watermark)

    def pace(self, now: float) -> float:
        """Return the rate in bytes per second at which the client receives the current answer."""
        began, before = self.mark or (now, self.taken)
        return (self.taken - before) / max(now - began, 0.001)


class Server:
    """A server that is bound, but does not run yet: call `serve_forever`.

    Parameters
    ----------
    application
        What is called for each request.
    host, port
        Where to listen; port 0 = any that is free.
    trusts_anonymous
        Whether callers without credentials may send large bodies.
    """

    def __init__(self, application: Any, host: str, port: int, *, trusts_anonymous: bool = False) -> None:
        logging.getLogger("waitress").setLevel(logging.CRITICAL)  # its lines would name addresses
        adjustments = Adjustments(
            host=host,
            port=port,
            threads=THREADS,
            ident=None,
            max_request_header_size=LARGEST_HEAD,
            max_request_body_size=LARGEST_BODY,
            connection_limit=MOST_CONNECTIONS,
            channel_timeout=IDLE,
            cleanup_interval=LOOKED_AFTER,
            clear_untrusted_proxy_headers=False,
        )
        adjustments.takes_large_bodies = _everybody if trusts_anonymous else _has_credentials
        self._map: dict[int, Any] = {}
        self._server = _Listener(application, map=self._map, adj=adjustments, sockinfo=adjustments.listen[0])
        self.server_port = int(self._server.socket.getsockname()[1])
        self._stopping = threading.Event()
        self._stopped = threading.Event()
        self._stopped.set()

    def serve_forever(self, poll_interval: float = 0.5) -> None:
        """Answer requests until `shutdown` is called."""
        self._stopped.clear()
        try:
            while not self._stopping.is_set():
                wasyncore.loop(timeout=poll_interval, map=self._map, use_poll=True, count=1)
        finally:
            self._stopped.set()

    def shutdown(self) -> None:
        """Have `serve_forever` end, and wait until it has."""
        self._stopping.set()
        with contextlib.suppress(OSError):  # it may have ended by itself, and closed what would wake it
            self._server.pull_trigger()
        self._stopped.wait(5)

    def server_close(self) -> bool:
        """Close all connections; return whether every request was answered or given up by then."""
        self._stopping.set()
        dispatcher = self._server.task_dispatcher
        dispatcher.shutdown(cancel_pending=True, timeout=LONGEST_END)
        for one in list(self._map.values()):
            one.close()
        return not dispatcher.threads


class _Listener(TcpWSGIServer):
    channel_class = _Channel

    def maintenance(self, now: float) -> None:
        """Close connections that are idle, send a request too slowly, or take an answer too slowly."""
        super().maintenance(now)
        now = time.monotonic()
        channels = list(self.active_channels.values())
        for channel in channels:
            request = channel.request
            if request is not None and now - request.began > SLOWEST_REQUEST:
                channel.will_close = True
        waited_for = sorted((one for one in channels if one.is_waited_for), key=lambda one: one.pace(now))
        too_slow = [
            channel
            for channel in waited_for[: max(0, len(waited_for) - THREADS // 2)]
            if channel.mark is not None and channel.pace(now) < BRISK_PACE
        ]
        for channel in channels:
            if not channel.total_outbufs_len:
                channel.mark = None
            elif channel.mark is None:
                channel.mark = now, channel.taken
            elif now - channel.mark[0] >= PATIENCE:
                if channel.pace(now) < SLOWEST_PACE:
                    too_slow.append(channel)
                channel.mark = now, channel.taken
        for channel in too_slow:
            channel.handle_close()  # at once: `will_close` waits until the client can be written to


def _everybody(head: bytes) -> bool:
    return True


def _has_credentials(head: bytes) -> bool:
    """Return whether the head of a request carries credentials, good or bad."""
    return bool(_CREDENTIALS.search(head) or _KEY_IN_ADDRESS.match(head))


Limit = Callable[[bytes], bool]
"""Says of the head of a request whether its body may be large."""
