"""A server that answers as badly as it is told to, over a real socket."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Behaviour = Callable[[socket.socket], None]
"""What happens on a connection once a request with its body has arrived; the connection is closed after it."""


def answer(body: bytes, status: str = "200 OK", *lines: str) -> bytes:
    """A whole HTTP answer."""
    head = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *lines, "", ""]
    return "\r\n".join(head).encode() + body


class Stub:
    """Where it listens, and what it has received."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.requests: list[bytes] = []


@contextmanager
def stub(behave: Behaviour) -> Iterator[Stub]:
    """Serve until the end of the block."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        told = Stub(listening.getsockname()[1])
        thread = threading.Thread(target=_accept, args=(listening, behave, told), daemon=True)
        thread.start()
        try:
            yield told
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(10)


def _accept(listening: socket.socket, behave: Behaviour, told: Stub) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(connection, behave, told), daemon=True).start()


def _serve(connection: socket.socket, behave: Behaviour, told: Stub) -> None:
    with connection, suppress(OSError):
        request = b""
        while b"\r\n\r\n" not in request:
            part = connection.recv(65536)
            if not part:
                return
            request += part
        head, _, body = request.partition(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
        )
        while len(body) < length:
            body += connection.recv(65536)
        told.requests.append(head + b"\r\n\r\n" + body)
        behave(connection)
