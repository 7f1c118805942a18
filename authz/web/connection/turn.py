"""One turn of the event loop: what comes on all connections is read first, and looked at then, one after the other."""

from __future__ import annotations

import asyncio
from typing import Protocol

import structlog

_log = structlog.get_logger(__name__)


class Connection(Protocol):
    """A connection on which something came."""

    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport

    def look(self) -> None:
        """At what came."""
        ...


class Turn:
    """The connections of one worker on which something came in the present turn of its event loop."""

    def __init__(self) -> None:
        self._come: list[Connection] = []

    def join(self, connection: Connection) -> None:
        """Have the connection look at what came when all connections were read."""
        self._come.append(connection)
        if len(self._come) == 1:
            connection.loop.call_soon(self._ends)

    def _ends(self) -> None:
        come, self._come = self._come, []
        for connection in come:
            try:
                connection.look()
            except Exception:  # noqa: BLE001 - a fault on one connection is none of the others
                _log.exception("connection_failed")
                connection.transport.abort()
