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
    """Serves the application in the loop of its client, from its first request to its end."""

    def __init__(self, app: Any, way: str) -> None:
        self._app = app
        self._way = way
        self._server: asyncio.Server | None = None
        self._port = 0
        self._sent = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Ask over the socket."""
        if self._server is None:
            await self._start()
        url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self._port)
        asked = httpx.Request(
            request.method, url, headers=request.headers, stream=request.stream, extensions=request.extensions
        )
        return await self._sent.handle_async_request(asked)

    async def aclose(self) -> None:
        """End the server."""
        await self._sent.aclose()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _start(self) -> None:
        loop = asyncio.get_running_loop()
        made, state = configuration(self._app, self._way), ServerState()
        made.load()
        self._server = await loop.create_server(
            lambda: WAYS[self._way](config=made, server_state=state, app_state={}), "127.0.0.1", 0
        )
        self._port = self._server.sockets[0].getsockname()[1]
