"""The same tests by each way from bytes to an answer: the application in process, and the fast path over a real socket.

A test module that has `each_way` in its `pytestmark` is run by both; `World.client` looks at `WAY`.
"""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from uvicorn.server import ServerState

from tests.web.sockets import WAYS, configuration

IN_PROCESS = "application"
WAY = IN_PROCESS


@pytest.fixture(params=[IN_PROCESS, "fast"])
def each_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The way by which this test's clients ask."""
    monkeypatch.setattr("tests.web.ways.WAY", request.param)
    return str(request.param)


def transport(app: Any) -> httpx.AsyncBaseTransport:
    """From a client to an application, by the way that the test goes."""
    if WAY == IN_PROCESS:
        return httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return _Served(app, WAY)


class _Served(httpx.AsyncBaseTransport):
    """Serves the application in the loop of its client, from its first request to its end.

    Each request has a connection of its own, and is written as it is: httpx's own connections refuse bad ones.
    """

    def __init__(self, app: Any, way: str) -> None:
        self._app = app
        self._way = way
        self._server: asyncio.Server | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Ask over a socket."""
        if self._server is None:
            self._server = await self._started()
        reader, writer = await asyncio.open_connection(*self._server.sockets[0].getsockname())
        try:
            writer.write(b"%b %b HTTP/1.1\r\n" % (request.method.encode(), request.url.raw_path))
            writer.writelines(b"%b: %b\r\n" % header for header in request.headers.raw)
            body = await request.aread()
            if "transfer-encoding" in request.headers:
                body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
            writer.write(b"\r\n" + body)
            head, _, _ = (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n\r\n")
            first, *lines = head.split(b"\r\n")
            headers = [(name, value.strip()) for name, _, value in (line.partition(b":") for line in lines)]
            length = 0 if request.method == "HEAD" else int(dict(headers).get(b"content-length", b"0"))
            return httpx.Response(
                int(first.split(b" ")[1]), headers=headers, content=await reader.readexactly(length), request=request
            )
        finally:
            writer.close()

    async def aclose(self) -> None:
        """End the server."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _started(self) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        made, state = configuration(self._app, self._way), ServerState()
        made.load()
        return await loop.create_server(
            lambda: WAYS[self._way](config=made, server_state=state, app_state={}), "127.0.0.1", 0
        )
