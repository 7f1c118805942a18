"""A blocking look beside the event loop, shared by everybody who waits for one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import structlog

_log = structlog.get_logger(__name__)

PAUSE_S: Final = 0.05
"""Seconds between the end of one look and the beginning of the next."""
PATIENCE_S: Final = 2.0
"""Seconds that anybody waits for a look to end."""


class SharedLook:
    """Calls `look` in a thread, never twice at once: a thousand who ask cost no more than one. It says whether it saw.

    A daemon thread for each look, not the loop's executor: one that hangs in a database must not hold up the end of the
    process.
    """

    def __init__(self, look: Callable[[], bool]) -> None:
        self._look = look
        self._busy = False
        self._next: asyncio.Future[bool] | None = None

    async def once_more(self) -> bool:
        """Wait for a look that began after this call, and say what it said; False where it did not end in time."""
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
        waiting = self._next
        if not self._busy:
            self._begin()
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await asyncio.shield(waiting)
        except TimeoutError:
            return False

    def _begin(self) -> None:
        mine, self._next = self._next, None
        if mine is None:
            self._busy = False
            return
        self._busy = True
        threading.Thread(target=self._run, args=(mine,), name="shared-look", daemon=True).start()

    def _run(self, mine: asyncio.Future[bool]) -> None:
        seen = False
        try:
            seen = self._look()
        except Exception:  # noqa: BLE001 - what was known stays known
            _log.exception("look_failed")
        with suppress(RuntimeError):  # the loop has ended meanwhile
            mine.get_loop().call_soon_threadsafe(self._ended, mine, seen)

    def _ended(self, mine: asyncio.Future[bool], seen: bool) -> None:
        if not mine.done():
            mine.set_result(seen)
        mine.get_loop().call_later(PAUSE_S, self._begin)
