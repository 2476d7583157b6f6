"""One request and its answer, with limits of time and size, and clear errors."""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from .bounds import Clock, TooLarge, pieces, within
from .errors import AnswerError, BrokenAnswer, NoAnswer, QueryError
from .escaping import cut_short
from .http_transport import AnyTransport, carrier_of, header_of
from .messages import (
    AddressError,
    Answer,
    AnswerTimeoutError,
    ConnectError,
    ConnectTimeoutError,
    DecodingError,
    ProxyRefusalError,
    ProxyUnreachableError,
    Request,
    Response,
    TransportError,
)
from .server_clock import ServerClock

T = TypeVar("T")
# Headers that tell how a body came, which is no longer so once it is there.
_OF_THE_WIRE = frozenset([b"content-encoding", b"content-length", b"transfer-encoding"])
# Seconds to wait for a connection.
_TO_CONNECT = 15.0
# Bytes that a download gets on by within the time of an answer.
_PACE = 64 * 1024


class Wire:
    """Exchanges one request for one answer; safe to use from several threads.

    Parameters
    ----------
    origin : str
        ``https://host[:port]`` with the path before that of each request.
    transport : Transport or httpx.BaseTransport, optional
        What carries the requests; the network if not given.
    verify : bool or ssl.SSLContext
        As httpx has it.
    timeout : float
        Seconds to wait for a sign of life of the server.
    largest : int
        Bytes that an answer may have, unless it is read piece by piece.

    Attributes
    ----------
    clock : ServerClock
        What time it is at the server.
    """

    def __init__(
        self,
        origin: str,
        transport: AnyTransport | None,
        verify: ssl.SSLContext | bool,
        *,
        timeout: float,
        largest: int,
    ) -> None:
        self._origin = origin
        self._transport, self._proxy = carrier_of(origin, transport, verify)
        self._timeout = timeout
        self._largest = largest
        self.clock = ServerClock()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def exchange(
        self,
        what: str,
        method: str,
        target: str,
        headers: Mapping[str, str],
        content: bytes | None,
        end: float | None,
        clock: Clock,
        use: Callable[[Answer], T],
    ) -> T:
        """Send a request and return the result of ``use`` for the answer, which must read all it needs.

        Raises
        ------
        NoAnswer
            If the connection breaks, or nothing comes in time.
        BrokenAnswer
            If what comes cannot be decompressed.
        AnswerError
            If more comes than an answer may have.
        QueryError
            If the address or a header cannot be sent.
        """
        request = Request(method, target, headers, content, self._patience(end), self._origin)
        try:
            with within(clock):
                answer = self._send(what, request)
                try:
                    clock.started()
                    self.clock.note(header_of(answer.headers, b"date"))
                    return use(answer)
                finally:
                    answer.close()
        except TooLarge:
            raise AnswerError(
                f"{what}: the answer has more than {self._largest:,} bytes, so reading stopped. Request less "
                "(fewer fields, a smaller page_size), or connect with a larger max_answer"
            ) from None
        except AnswerTimeoutError as error:
            unsent = isinstance(error, ConnectTimeoutError)
            raise NoAnswer(
                f"{what}: {self._origin} did not answer in time{self._describe_way()}", sent=not unsent
            ) from error
        except ProxyRefusalError as error:
            raise self._proxy_error(what, error) from error
        except ConnectError as error:
            raise self._connection_error(what, error) from error
        except DecodingError as error:
            raise BrokenAnswer(
                f"{what}: the answer cannot be decompressed ({cut_short(str(error))})"
            ) from error
        except TransportError as error:
            raise NoAnswer(
                f"{what}: the connection to {self._origin} broke ({error.name}){self._describe_way()}",
                sent=True,
            ) from error

    def read_whole(self, answer: Answer, clock: Clock) -> Response:
        """Return an answer with its body, read and decompressed within its bounds."""
        body = b"".join(pieces(answer, answer.encoding, clock, self._largest))
        headers = [pair for pair in answer.headers if pair[0].lower() not in _OF_THE_WIRE]
        return Response(answer.status, headers, body)

    def head(self, answer: Answer) -> Response:
        """Return an answer whose body is read elsewhere."""
        return Response(answer.status, answer.headers, None)

    def pace(self, answer: Answer, clock: Clock) -> Iterator[bytes]:
        """Yield the pieces of a body; the time limit restarts after every few thousand bytes."""
        count = 0
        for piece in pieces(answer, answer.encoding, clock):
            yield piece
            count += len(piece)
            if count >= _PACE:
                count = 0
                clock.restart()

    def _send(self, what: str, request: Request) -> Answer:
        try:
            return self._transport.send(request)
        except AddressError as error:
            raise QueryError(f"{what}: this is not a valid address ({error})") from None

    def _describe_way(self) -> str:
        """Describe the proxy between here and the server, if there is one."""
        return f", by way of the proxy {self._proxy}" if self._proxy else ""

    def _proxy_error(self, what: str, error: ProxyRefusalError) -> NoAnswer:
        said = cut_short(str(error))
        status = said[:3]
        if status == "407":
            said += (
                "; it asks for a user name and a password: put them into its address, such as "
                "$https_proxy=http://user:password@proxy.example:8080"
            )
        lasting = status.isdigit() and status not in ("408", "429", "500", "502", "503", "504")
        return NoAnswer(
            f"{what}: the proxy {self._proxy} does not forward requests to {self._origin}: {said}",
            sent=False,
            lasting=lasting,
        )

    def _connection_error(self, what: str, error: ConnectError) -> NoAnswer:
        said = cut_short(str(error))
        if "CERTIFICATE_VERIFY_FAILED" in said:
            return NoAnswer(
                f"{what}: the certificate of {self._origin} is not accepted: {_why_untrusted(said)}. "
                "If your company signs its own certificates, name the file that holds its authority: "
                'verify=ssl.create_default_context(cafile="company-ca.pem"), or $SSL_CERT_FILE',
                sent=False,
                lasting=True,
            )
        if "WRONG_VERSION_NUMBER" in said or "RECORD_LAYER_FAILURE" in said:
            plain = f"http://{self._origin.removeprefix('https://')}"
            return NoAnswer(
                f"{what}: {self._origin} does not accept https ({said}). If it uses http, such as a "
                f"server on this computer, write {plain}",
                sent=False,
                lasting=True,
            )
        if isinstance(error, ProxyUnreachableError):
            return NoAnswer(
                f"{what}: cannot connect to the proxy {self._proxy} ({said}); $https_proxy, $http_proxy, "
                "$all_proxy or the settings of the system name it, and $no_proxy excludes servers from it",
                sent=False,
            )
        return NoAnswer(f"{what}: cannot connect to {self._origin} ({said})", sent=False)

    def _patience(self, end: float | None) -> dict[str, float | None]:
        left = self._timeout if end is None else min(self._timeout, max(0.05, end - time.monotonic()))
        return {"connect": min(left, _TO_CONNECT), "read": left, "write": left, "pool": left}


def _why_untrusted(said: str) -> str:
    """Return the reason why a certificate is not accepted, out of the words of OpenSSL."""
    found = re.search(r"certificate verify failed: ([^(\]]+)", said)
    return found[1].strip() if found else said
