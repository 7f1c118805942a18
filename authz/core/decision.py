"""The answer with everything that its explanation needs (R9)."""

from __future__ import annotations

from typing import NamedTuple

from authz.core.contacts import Contact
from authz.core.directory import Annex, Tenant
from authz.core.generation import Generation
from authz.core.table import Cell
from authz.core.types import Missing, Reason, SubjectKey


class Decision(NamedTuple):
    """The answer with everything its explanation needs (R9). Frozen; nothing in it is looked up later.

    `rule` is `<set>/<file>:<line>` of the deciding policy line, empty where no line decided (R1..R4).
    `missing` is the nearest allowed neighbour, empty for an allow and where nothing would help.
    `mask` and `unknown` hold, bit by bit in the cell's order of facts, which facts were true and which not known.
    `network_rule` is the network line that spoke for or against the address, empty where none did.
    `key`: the canonical id under which an allowed contact was found, None for a deny.
    `tenant`, `annex`, `contact`, `generation`, `cell` are None where the decision ended before they were known.
    """

    allowed: bool
    reason: Reason
    action: str = ""
    tenant: Tenant | None = None
    annex: Annex | None = None
    contact: Contact | None = None
    generation: Generation | None = None
    cell: Cell | None = None
    mask: int = 0
    unknown: int = 0
    rule: str = ""
    network_rule: str = ""
    fact: str = ""
    missing: tuple[Missing, ...] = ()
    key: SubjectKey | None = None
