"""The look-outs: they go on after a failure, tell it once, and end when told."""

from __future__ import annotations

import threading

import structlog

from authz.web.running.refresh import LookOut, LookOuts

PATIENCE_S = 20.0


class Place:
    """Something to look at, which fails while `failure` says so."""

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self.looks = 0
        self._turn = threading.Condition()

    def look(self) -> None:
        with self._turn:
            self.looks += 1
            self._turn.notify_all()
            if self.failure is not None:
                raise self.failure

    def some_looks(self) -> None:
        with self._turn:
            before = self.looks
            assert self._turn.wait_for(lambda: self.looks >= before + 3, PATIENCE_S)


def test_a_failure_is_logged_once_and_so_is_its_end() -> None:
    place = Place()
    with structlog.testing.capture_logs() as logged:
        look_out = LookOut("registry", place.look, 0.001)
        look_out.start()
        place.some_looks()
        place.failure = RuntimeError("away")
        place.some_looks()
        place.failure = None
        place.some_looks()
        look_out.stop()

    assert [(entry["event"], entry["what"]) for entry in logged] == [
        ("refresh_failed", "registry"),
        ("refresh_recovered", "registry"),
    ]
    assert not look_out.is_alive()


def test_one_that_hangs_holds_up_neither_the_others_nor_the_end() -> None:
    place, hanging = Place(), threading.Event()
    look_outs = LookOuts({"registry": hanging.wait, "policies": place.look}, 0.001)
    look_outs.start()
    place.some_looks()
    look_outs.stop()
    looks = place.looks

    assert looks >= 3
    assert all(thread.daemon for thread in threading.enumerate() if thread.name.startswith("look-out-"))
    hanging.set()


def test_a_look_out_that_was_stopped_does_not_look_again() -> None:
    place = Place()
    look_out = LookOut("policies", place.look, 0.001)
    look_out.start()
    place.some_looks()
    look_out.stop()
    looks = place.looks
    look_out.join(PATIENCE_S)

    assert place.looks == looks
