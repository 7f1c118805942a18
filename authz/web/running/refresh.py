"""Looking for new policy generations and registry revisions, beside the event loop.

Daemon threads, not tasks: reading files and rows blocks, and a database that hangs must hold up neither an answer,
nor the other look-out, nor the end of the process. What they find goes live by one assignment.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

import structlog

_log = structlog.get_logger(__name__)


class LookOut(threading.Thread):
    """Calls `look` every `interval_s` seconds until stopped; a failure is logged when it begins and when it ends."""

    def __init__(self, name: str, look: Callable[[], object], interval_s: float) -> None:
        super().__init__(name=f"look-out-{name}", daemon=True)
        self._what = name
        self._look = look
        self._interval_s = interval_s
        self._awake = threading.Event()
        self._stopping = False
        self._failing = ""

    def wake(self) -> None:
        """Look now."""
        self._awake.set()

    def run(self) -> None:
        """Until `stop`."""
        while True:
            self._awake.wait(self._interval_s)
            self._awake.clear()
            if self._stopping:
                return
            try:
                self._look()
            except Exception as error:  # noqa: BLE001 - what is live stays live; the next look may succeed
                failure = f"{type(error).__name__}: {error}"
                if failure != self._failing:
                    _log.exception("refresh_failed", what=self._what)
                self._failing = failure
            else:
                if self._failing:
                    _log.info("refresh_recovered", what=self._what)
                self._failing = ""

    def stop(self) -> None:
        """Make the thread end; waits a second at most, since it may hang in a call."""
        self._stopping = True
        self._awake.set()
        self.join(timeout=1.0)


class LookOuts:
    """Several at once."""

    def __init__(self, looks: Mapping[str, Callable[[], object]], interval_s: float) -> None:
        self._all = {name: LookOut(name, look, interval_s) for name, look in looks.items()}

    def start(self) -> None:
        """Begin looking."""
        for one in self._all.values():
            one.start()

    def wake(self, *names: str) -> None:
        """Have some of them look now."""
        for name in names:
            self._all[name].wake()

    def stop(self) -> None:
        """End looking."""
        for one in self._all.values():
            one.stop()
