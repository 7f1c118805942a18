"""From the body of a request to the bytes of its answer; the ASGI endpoints and `web.connection.fast` call this.

Nothing here waits but `recorded`. Whoever calls has identified the caller and asked for the scope `decide`. An answer
leaves only when its record is as safe as the log's mode promises (R9): `recorded` on the way through ASGI, `note` and
the journal's call-back on the fast path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from authz.answer_writer import AnswerWriter
from authz.core.outcome import Outcome
from authz.core.question import request_from_authzen, request_from_flat
from authz.core.types import Assurance, Request
from authz.log.lines.record import Asking
from authz.log.writing.writer import Settled
from authz.web.credentials.callers import Caller
from authz.web.decide.batch import Answer, Document, answers, effective, read_batch
from authz.web.decide.usual import usual_authzen, usual_batch, usual_flat
from authz.web.messages import wire
from authz.web.messages.incoming import REQUEST_ID
from authz.web.service import Service

ToRequest = Callable[[Mapping[str, Any], Assurance], Request]
"""From a JSON object and the caller's default assurance to a request; raises `RequestInvalid`."""

AS_OF: Final = "as_of"
_new: Final = tuple.__new__
_ITEMS_AT_A_TIME: Final = 100
"""Items of one batch that are answered before other requests get their turn."""


class Answered(NamedTuple):
    """The JSON answer to one request, whether it is held (`web.decide.hold`), and each decision in it, for the log."""

    body: bytes
    held: bool
    outcomes: tuple[Outcome, ...]


class Decisions:
    """The questions of one service's callers."""

    def __init__(self, service: Service) -> None:
        self._pdp = service.pdp
        self._answers = AnswerWriter(service.texts)
        self._journal = service.journal

    def note(self, outcomes: Sequence[Outcome], asking: Caller, request_id: str = "", as_of: str = "") -> int:
        """Queue the records of one answer; the ticket by which the journal's writer tells when they are safe.

        Raises:
            DecisionLogUnavailable: they cannot be recorded, so there is no answer (HTTP 503).
        """
        return self._journal.note(outcomes, _new(Asking, (asking.id, request_id)), as_of)

    def when_safe(self, ticket: int, leaves: Settled) -> None:
        """Call back once those records are as safe as the log's mode promises, or cannot be; relaxed: at once."""
        self._journal.writer.call_when_settled(ticket, leaves)

    async def recorded(self, outcomes: Sequence[Outcome], asking: Caller, as_of: str = "") -> None:
        """Record the answers to the request at hand, and wait until they may leave. Raises: as `note`."""
        if outcomes:
            await self._journal.settled(self.note(outcomes, asking, REQUEST_ID.get(""), as_of))

    def authzen(self, body: bytes, asking: Caller) -> Answered:
        """The answer to `POST /access/v1/evaluation`.

        Raises:
            RequestInvalid, CallerRefused: the question cannot be read, or claims more than the caller may.
            Unavailable: there is no answer now.
        """
        usual = usual_authzen(body, asking.default_assurance)
        if usual is not None:
            return self._answered(usual, asking)
        return self._one(wire.read_object(body), asking, request_from_authzen)

    def flat(self, body: bytes, asking: Caller) -> Answered:
        """The answer to `POST /v1/decision`, about now (`may_ask_the_past`). Raises: as `authzen`."""
        usual = usual_flat(body, asking.default_assurance)
        if usual is not None:
            return self._answered(usual, asking)
        return self._one(wire.read_object(body), asking, request_from_flat)

    def batch(self, body: bytes, asking: Caller) -> Iterator[Answered | None]:
        """The answer to `POST /access/v1/evaluations` comes last; None before it: others may take their turn now.

        Raises: as `authzen`, about the request as a whole.
        """
        explains, outcomes = asking.explains, list[Outcome]()

        def decided(request: Request) -> Answer:
            outcome = self._pdp.decide(asking.within(request), limits=asking.limits)
            written = self._answers.write(outcome, explains)
            outcomes.append(outcome)
            return _new(Answer, (written, outcome.decision.allowed))

        usual = usual_batch(body, asking.default_assurance)
        if usual is not None:
            found = answers(usual, decided)
        else:
            document = wire.read_object(body)
            batch = read_batch(document)
            if batch is None:
                yield self._one(document, asking, request_from_authzen)
                return
            defaults = batch.defaults

            def read_and_decided(item: object) -> Answer:
                return decided(request_from_authzen(effective(item, defaults), asking.default_assurance))

            found = answers(batch.items, read_and_decided, batch.stops_at)
        bodies: list[bytes] = []
        refused = False
        for answer in found:
            if bodies and len(bodies) % _ITEMS_AT_A_TIME == 0:
                yield None
            bodies.append(answer.body)
            refused = refused or not answer.allowed
        yield Answered(b'{"evaluations":[%b]}' % b",".join(bodies), refused and not explains, tuple(outcomes))

    def _one(self, document: Document, asking: Caller, to_request: ToRequest) -> Answered:
        return self._answered(to_request(document, asking.default_assurance), asking)

    def _answered(self, request: Request, asking: Caller) -> Answered:
        outcome, explains = self._pdp.decide(asking.within(request), limits=asking.limits), asking.explains
        written = self._answers.write(outcome, explains)
        return _new(Answered, (written, not (explains or outcome.decision.allowed), (outcome,)))


def may_ask_the_past(body: bytes) -> bool:
    """Whether the body of a flat question can have the member `as_of`, perhaps with escapes in its name."""
    return b"as_of" in body or b"\\" in body
