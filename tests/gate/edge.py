"""What stands around a proxy in these tests: an application that says what it received, and clients with addresses."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, NamedTuple

DECLARED, STRANGER = "127.0.0.2", "127.0.0.3"
"""Real source addresses of clients: the one that acme has declared, and another."""
PATIENCE_S: Final = 30.0

Lines = Sequence[tuple[str, str]]


class Received(NamedTuple):
    """A request as the application got it."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def all(self, name: str) -> list[str]:
        """Every value under a name, and under every name that other software takes for it."""
        wanted = plain(name)
        return [value for sent, value in self.headers if plain(sent) == wanted]


def plain(name: str) -> str:
    """A header's name as CGI, WSGI and PHP tell names apart: not by case, nor by `-`, `_` or `.`."""
    return name.lower().replace("_", "-").replace(".", "-")


class Application:
    """Remembers what it was asked."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.port = 0


@contextmanager
def application() -> Iterator[Application]:
    """Serve it on a free port."""
    told = Application()

    class Endpoint(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            told.received.append(Received(self.command, self.path, tuple(self.headers.items()), body))
            answer = json.dumps({"application": True}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815

        def log_message(self, *_: Any) -> None:
            """Nothing on standard error."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as server:
        server.daemon_threads = True
        told.port = server.server_port
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield told
        finally:
            server.shutdown()


class Answer(NamedTuple):
    """What the client got."""

    status: int
    headers: dict[str, str]
    body: bytes


def ask(
    port: int,
    source: str,
    host: str,
    lines: Lines = (),
    *,
    method: str = "GET",
    target: str = "/",
    body: bytes = b"",
) -> Answer:
    """One request from a source address, with exactly these header lines beside Host."""
    connection = http.client.HTTPConnection("127.0.0.1", port, PATIENCE_S, (source, 0))
    try:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", host)
        for name, value in lines:
            connection.putheader(name, value)
        if body:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body or None)
        answer = connection.getresponse()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()
