"""What a careful owner of the registry would want to look at: people, network choices and policy lines held together.

Nothing here is a refusal; whether a policy set is valid depends on its files alone (DESIGN section 3).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from authz.core.contacts import Contact
from authz.core.directory import Annex, Directory, Tenant
from authz.core.generation import Generation
from authz.core.network import ANY_NETWORK, NetworkLine
from authz.core.types import ContactState, Effect, NetworkChoice

WIDEST_IPV4: Final = 20
WIDEST_IPV6: Final = 48
"""Prefix lengths; a shorter one covers more than a company has of its own (4,096 addresses; one site)."""

_NOT_PUBLIC: Final = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
        "224.0.0.0/3", "::/8", "fc00::/7", "fe80::/10", "ff00::/8",
    )
)  # fmt: skip


class Kind(StrEnum):
    """What a finding is about: a closed list."""

    NO_ADMIN = "no_admin"
    ONE_ADMIN = "one_admin"
    NO_ANNEX = "no_annex_in_force"
    SHARED_EMAIL = "email_at_several_tenants"
    PRIVATE_RANGE = "private_range"
    WIDE_RANGE = "wide_range"
    CHOICE = "choice_and_lines_disagree"
    NO_LINES = "no_network_lines"
    UNKNOWN_TENANT = "lines_of_unknown_tenant"
    NO_POLICY = "policy_set_not_live"
    UNUSED = "contact_unused"


class Remark(NamedTuple):
    """One finding. `source`: `<set>/<file>:<line>` where a policy line is meant."""

    kind: Kind
    tenant: str
    text: str
    source: str = ""


class NotChecked(NamedTuple):
    """Something that was asked for and cannot be known yet."""

    kind: str
    why: str


def remarks(directory: Directory, generations: Mapping[str, Generation], now: float) -> list[Remark]:
    """Every finding, by tenant. `now`: seconds since 1970-01-01T00:00Z."""
    found: list[Remark] = []
    at_tenants: dict[str, list[str]] = {}
    for tenant in directory.tenants.values():
        generation = generations.get(tenant.set_id)
        if generation is None:
            text = f"the policy set `{tenant.set_id}` is not live: nobody of the tenant can request anything"
            found.append(Remark(Kind.NO_POLICY, tenant.id, text))
            continue
        annex = tenant.annex_in_force(generation.local_day.ordinal(now))
        found += _of_people(tenant, annex, generation)
        found += _of_network(tenant, annex, generation)
        for key in annex.keys() if annex is not None else ():
            if "@" in key and ":" not in key:
                at_tenants.setdefault(key, []).append(tenant.id)
    for email, tenants in at_tenants.items():
        if len(tenants) > 1:
            text = f"`{email}` is a contact of {', '.join(sorted(tenants))}: a question has to name the tenant"
            found.append(Remark(Kind.SHARED_EMAIL, min(tenants), text))
    for set_id, generation in generations.items():
        found += _unknown_tenants(set_id, generation, directory)
    return sorted(found)


def leading_roles(tenant_id: str, generation: Generation) -> frozenset[str]:
    """The admin-like roles: those with the most actions that some request of theirs is allowed for."""
    definition = generation.definition
    reach = dict.fromkeys(definition.roles, 0)
    for role in definition.roles:
        cells = (generation.table.cell(tenant_id, role, action) for action in definition.actions)
        reach[role] = sum(1 for cell in cells if cell is not None and cell.can_allow)
    most = max(reach.values(), default=0)
    return frozenset(role for role, actions in reach.items() if actions == most and most)


def _of_people(tenant: Tenant, annex: Annex | None, generation: Generation) -> Iterator[Remark]:
    if annex is None:
        text = "no annex is in force: nobody of the tenant can request anything"
        yield Remark(Kind.NO_ANNEX, tenant.id, text)
        return
    roles = leading_roles(tenant.id, generation)
    able = [one for one in annex.contacts if one.role in roles and one.state is ContactState.ACTIVE]
    called = " or ".join(sorted(f"`{role}`" for role in roles)) or "no role"
    if not able:
        yield Remark(Kind.NO_ADMIN, tenant.id, f"no active contact with the role that may do the most ({called})")
    elif len(_people(able)) == 1:
        yield Remark(
            Kind.ONE_ADMIN, tenant.id, f"only one active contact with the role that may do the most ({called})"
        )


def _people(contacts: list[Contact]) -> set[tuple[str, ...]]:
    return {contact.keys for contact in contacts}


def _of_network(tenant: Tenant, annex: Annex | None, generation: Generation) -> Iterator[Remark]:
    networks = generation.networks.get(tenant.id)
    allowing = [line for line in networks.lines if line.effect is Effect.ALLOW] if networks is not None else []
    if not allowing:
        yield Remark(Kind.NO_LINES, tenant.id, "no network line allows any address: what needs one is refused (R7)")
        return
    for line in allowing:
        yield from _of_range(tenant.id, line)
    if annex is None:
        return
    any_line = next((line for line in allowing if line.network == ANY_NETWORK), None)
    if annex.network is NetworkChoice.DECLARED and any_line is not None:
        text = f"annex {annex.number} says declared addresses only, a line says any: requests over the web are refused"
        yield Remark(Kind.CHOICE, tenant.id, text, any_line.source)
    if annex.network is NetworkChoice.ANY and any_line is None:
        text = f"annex {annex.number} says any address, the lines declare ranges: the ranges hold"
        yield Remark(Kind.CHOICE, tenant.id, text, allowing[0].source)


def _of_range(tenant_id: str, line: NetworkLine) -> Iterator[Remark]:
    if line.network == ANY_NETWORK:
        return
    network = ipaddress.ip_network(line.network)
    if any(network.version == other.version and network.overlaps(other) for other in _NOT_PUBLIC):
        text = f"`{line.network}` holds addresses that no request from the internet can come from"
        yield Remark(Kind.PRIVATE_RANGE, tenant_id, text, line.source)
    widest = WIDEST_IPV4 if network.version == 4 else WIDEST_IPV6  # noqa: PLR2004 - IPv4
    if network.prefixlen < widest:
        text = f"`{line.network}` is wider than /{widest}: are all of these addresses the client's?"
        yield Remark(Kind.WIDE_RANGE, tenant_id, text, line.source)


def _unknown_tenants(set_id: str, generation: Generation, directory: Directory) -> Iterator[Remark]:
    for tenant_id, networks in generation.networks.items():
        tenant = directory.tenants.get(tenant_id)
        source = networks.lines[0].source if networks.lines else ""
        if tenant is None:
            text = f"network lines of a tenant that the registry does not know, in `{set_id}`"
            yield Remark(Kind.UNKNOWN_TENANT, tenant_id, text, source)
        elif tenant.set_id != set_id:
            text = f"network lines in `{set_id}`, but the tenant stands under `{tenant.set_id}`"
            yield Remark(Kind.UNKNOWN_TENANT, tenant_id, text, source)
