"""A compiled set to the generation that decides (DESIGN section 3). Imports no Casbin: a worker only loads."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from zoneinfo import ZoneInfo

from authz.core.generation import Generation
from authz.core.network import NetworkLine, TenantNetworks
from authz.policy.compiled import CompiledSet, decision_table
from authz.policy.document import Networks
from authz.policy.facts import compile_facts


def generation_of(
    compiled: CompiledSet, previous: Generation | None = None, pieces: Iterable[Networks] = ()
) -> Generation:
    """The generation, ready to decide.

    Args:
        pieces: networks that are not in `compiled`, from `decode_in_pieces`.
        previous: the generation that it will replace; networks of tenants whose lines are the same are taken over, so
            that one changed file costs one tenant.

    Raises:
        ValueError: the compiled set is not one that passed the checks (an expression, a time zone, a network).
    """
    definition = compiled.definition
    known = previous.networks if previous is not None else {}
    networks: dict[str, TenantNetworks] = {}
    for some in chain((compiled.networks,), pieces):
        networks.update((tenant, _networks(lines, known.get(tenant))) for tenant, lines in some.items())
    return Generation(
        definition,
        decision_table(compiled),
        networks,
        compile_facts(definition),
        ZoneInfo(definition.time_zone),
        compiled.revision,
    )


def _networks(lines: tuple[NetworkLine, ...], known: TenantNetworks | None) -> TenantNetworks:
    return known if known is not None and known.lines == lines else TenantNetworks(lines)
