"""What the HTTP face needs of the service; `wiring.Service` is the real one."""

from __future__ import annotations

from typing import Protocol

from authz.core.limits import NO_LIMITS, Limits
from authz.core.outcome import Outcome
from authz.core.search import Place
from authz.core.types import Address, Request
from authz.log.journal import Journal
from authz.past import Past
from authz.pdp import GateOutcome, Search, SearchFor
from authz.recorded import Recorded
from authz.registry.confirmations import Binding, Issued
from authz.texts import Texts
from authz.wiring import Health, People


class Decides(Protocol):
    """The policy decision point."""

    def decide(self, request: Request, now: float | None = None, limits: Limits = NO_LIMITS) -> Outcome:
        """One decision; see `pdp.Pdp.decide`."""
        ...

    def search(self, what: SearchFor, question: Request, limits: Limits = NO_LIMITS, after: Place = ()) -> Search:
        """The permitted entities; see `pdp.Pdp.search`."""
        ...

    def obligation_types(self) -> tuple[str, ...]:
        """The types of obligation that the live policy sets can ask for, sorted."""
        ...

    def gate(self, tenant_id: str, address: Address, now: float | None = None) -> GateOutcome:
        """The gate's answer; see `pdp.Pdp.gate`."""
        ...


class Confirms(Protocol):
    """Issues and redeems confirmations; `registry.confirmations.Confirmations` is the real one. Both block."""

    def issue(self, binding: Binding) -> Issued:
        """A single-use token."""
        ...

    def redeem(self, token: str, binding: Binding) -> None:
        """Use a token up, or raise `ConfirmationRefused`."""
        ...


class Service(Protocol):
    """The parts of one worker."""

    @property
    def confirmations(self) -> Confirms:
        """The tokens behind confirmation links."""
        ...

    @property
    def pdp(self) -> Decides:
        """Decides requests."""
        ...

    @property
    def recorded(self) -> Recorded:
        """The recorded decisions; blocks."""
        ...

    def receipt(self, line: str, segment: str, now: float) -> bytes:
        """The signed receipt of a recorded line."""
        ...

    @property
    def journal(self) -> Journal:
        """Records every answer."""
        ...

    @property
    def texts(self) -> Texts:
        """Words for people."""
        ...

    @property
    def identifier(self) -> str:
        """The PDP's identifier (AuthZEN section 9.1.1), without a slash at its end."""
        ...

    @property
    def past(self) -> Past:
        """Decides as of earlier instants; blocks."""
        ...

    @property
    def people(self) -> People:
        """The registry's database behind the registry's routes; its parts block."""
        ...

    def health(self) -> Health:
        """What is live, how old, and what is wrong; from memory."""
        ...
