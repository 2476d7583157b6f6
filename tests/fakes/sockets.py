"""Servers of raw bytes on a socket, for what a server of HTTP cannot be made to answer."""

from __future__ import annotations

import socket
import threading
import time


class Sockets:
    """A server of raw bytes: for each connection the next of some answers, in pieces with a wait between."""

    def __init__(self, *answers: list[bytes], wait: float = 0.0) -> None:
        self._answers = list(answers)
        self._wait = wait
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while self._answers:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
            threading.Thread(target=self._answer, args=(connection, answer), daemon=True).start()

    def _answer(self, connection: socket.socket, answer: list[bytes]) -> None:
        with connection:
            try:
                connection.recv(65536)
                for piece in answer:
                    connection.sendall(piece)
                    time.sleep(self._wait)
            except OSError:
                pass

    def close(self) -> None:
        self._socket.close()


class Proxy:
    """A proxy that answers everything so."""

    def __init__(self, answer: bytes) -> None:
        self.asked: list[bytes] = []
        self._answer = answer
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                self.asked.append(connection.recv(65536))
                connection.sendall(self._answer)

    def close(self) -> None:
        self._socket.close()
