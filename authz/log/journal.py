"""From an answer to its record in the log: the one place where answers are recorded (R9; DESIGN section 4)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from authz.core.outcome import Outcome
from authz.core.types import Address
from authz.log.lines.pseudonyms import Pseudonyms
from authz.log.lines.record import Asking, GateAnswer, Record, circumstances, decision_record, gate_record
from authz.log.writing.backlog import MakesRecords
from authz.log.writing.writer import LogHealth, Settled


class Writer(Protocol):
    """Where records go; `log.writing.writer.LogWriter` is the real one."""

    def append(self, records: Sequence[Record]) -> int:
        """Queue the records of one answer."""
        ...

    def append_when_made(self, count: int, makes: MakesRecords) -> int:
        """Queue the records of one answer, which are made before they are written."""
        ...

    def call_when_settled(self, ticket: int, settled: Settled) -> None:
        """Call back once they are as safe as the mode promises."""
        ...

    async def settled(self, ticket: int) -> None:
        """Wait for the same."""
        ...

    def health(self) -> LogHealth:
        """How it stands."""
        ...


class Journal:
    """Records answers. `registry_id`: of the registry that the decisions stand on."""

    def __init__(
        self,
        writer: Writer,
        pseudonyms: Pseudonyms,
        registry_id: Callable[[], str],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.writer = writer
        self._pseudonyms = pseudonyms
        self._registry_id = registry_id
        self._clock = clock

    def note(self, outcomes: Sequence[Outcome], asking: Asking, as_of: str = "") -> int:
        """Queue one record for each answer to one request; the ticket by which to wait for them.

        Args:
            as_of: for a question about the past: the instant it is about.

        Raises:
            DecisionLogUnavailable: they could not be written, so the request has no answer.
        """
        makes = partial(_records, outcomes, asking, self._registry_id(), self._clock(), as_of, self._pseudonyms)
        return self.writer.append_when_made(len(outcomes), makes)

    def note_gate(self, said: GateAnswer, address: Address, request_id: str) -> int:
        """As `note`, for one connection at the gate."""
        return self.writer.append([gate_record(said, address, request_id, self._registry_id())])

    async def settled(self, ticket: int) -> None:
        """Wait until the answer may leave.

        Raises:
            DecisionLogUnavailable: it must not.
        """
        await self.writer.settled(ticket)


def _records(
    outcomes: Sequence[Outcome], asking: Asking, registry_id: str, at: float, as_of: str, pseudonyms: Pseudonyms
) -> list[Record]:
    said = circumstances(asking, registry_id, at, as_of)
    return [decision_record(one, said, pseudonyms) for one in outcomes]
