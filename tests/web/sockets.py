"""A real server on a real port, in a thread, and a client that writes bytes as it likes."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple, Self

import uvicorn

from authz.web.connection.deadline import LimitedConfig
from authz.web.connection.fast import FastHttpTools
from authz.web.connection.protocol import DeadlineH11, DeadlineHttpTools

WAYS: dict[str, Any] = {"fast": FastHttpTools, "httptools": DeadlineHttpTools, "h11": DeadlineH11}
"""Every way from bytes to an answer: the fast path, and the application behind each parser."""
PATIENCE_S = 20.0
"""After so many seconds without a byte a test fails; nothing here asserts how fast something is."""


class Answer(NamedTuple):
    """One parsed HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """The code of an error answer."""
        return str(json.loads(self.body)["error"]["code"])

    @property
    def allowed(self) -> bool:
        """Whether it is a yes."""
        return self.status == 200 and json.loads(self.body).get("decision") is True


class Connection:
    """A client's side of one TCP connection."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        self._buffer = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Write bytes; the server may have closed already."""
        with suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(data)

    def reset(self) -> None:
        """End the connection at once, also what is under way in it."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def answer(self, *, to_head: bool = False) -> Answer:
        """Read exactly one answer."""
        while b"\r\n\r\n" not in self._buffer:
            self._more()
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode("ascii").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        status = int(first.split(" ", 2)[1])
        if status == 100:
            return Answer(status, headers, b"")
        length = 0 if to_head else int(headers["content-length"])
        while len(self._buffer) < length:
            self._more()
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        return Answer(status, headers, body)

    def is_closed(self) -> bool:
        """Wait for the server to close; False if it sends another byte instead."""
        try:
            return self._buffer == b"" and self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def _more(self) -> None:
        received = self.socket.recv(65536)
        if not received:
            raise ConnectionError(f"closed after {self._buffer!r}")
        self._buffer += received


def configuration(
    app: Any, way: str, *, receive_timeout_s: float = 10.0, max_connections: int = 100, keep_alive_s: int = 5
) -> LimitedConfig:
    """How an ASGI application is served."""
    return LimitedConfig(
        app,
        receive_timeout_s=receive_timeout_s,
        max_connections=max_connections,
        timeout_keep_alive=keep_alive_s,
        http=WAYS[way],
        ws="none",
        lifespan="off",
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=1,
    )


@contextmanager
def served(app: Any, way: str, **limits: Any) -> Iterator[int]:
    """Serve an ASGI application in a thread; gives the port. `limits`: those of `configuration`."""
    config = configuration(app, way, **limits)
    server = uvicorn.Server(config)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(128)
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(PATIENCE_S)
