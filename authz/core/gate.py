"""The gate: may a connection from this address reach the tenant's application at all? (R3, R5 and R7; calltrack 1.7)

A proxy at the edge knows the host that was asked for and the address it was asked from, nothing of the person. So this
looks at the tenant's annex in force and its network lines alone; who may do what is decided after login, by
`core.decide`, on the same lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from authz.core.decide import network_refusal
from authz.core.directory import Annex, Directory, Tenant
from authz.core.generation import Generation
from authz.core.types import Address, NetworkChoice, Reason
from authz.errors import NoActivePolicy


class Passage(NamedTuple):
    """The gate's answer. `network`: whether every address is let in or only the declared ones, None where not known.

    `network_rule` is the network line that spoke for or against the address, empty where none did. `tenant`, `annex`,
    `generation` are None where the answer came before they were known.
    """

    allowed: bool
    reason: Reason
    tenant: Tenant | None = None
    annex: Annex | None = None
    generation: Generation | None = None
    network: NetworkChoice | None = None
    network_rule: str = ""


def passage(
    tenant_id: str, address: Address, directory: Directory, generations: Mapping[str, Generation], now: float
) -> Passage:
    """May `address` reach the application of the tenant? `now`: seconds since 1970-01-01T00:00Z.

    Raises:
        NoActivePolicy: the tenant's policy set has no good generation.
    """
    tenant = directory.tenants.get(tenant_id)
    if tenant is None:
        return Passage(False, Reason.TENANT_UNKNOWN)
    generation = generations.get(tenant.set_id)
    if generation is None:
        raise NoActivePolicy("the contract's policy set has no good generation")
    annex = tenant.annex_in_force(generation.local_day.ordinal(now))
    if annex is None:
        return Passage(False, Reason.ANNEX_NOT_IN_FORCE, tenant, None, generation)
    lines = generation.networks.get(tenant.id)
    refusal, rule = network_refusal(address, annex, lines)
    if refusal is not None:
        return Passage(False, refusal, tenant, annex, generation, None, rule)
    network = NetworkChoice.ANY if lines is not None and lines.has_any else NetworkChoice.DECLARED
    return Passage(True, Reason.PERMITTED, tenant, annex, generation, network, rule)
