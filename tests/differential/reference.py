"""R1..R7 of docs/semantics.md restated over plain values, without the package's logic: the oracle of these tests."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, combinations
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Line:
    tenant: str
    role: str
    action: str
    facts: frozenset[str]
    effect: str


@dataclass(frozen=True)
class Person:
    email: str
    role: str
    state: str = "active"


@dataclass(frozen=True)
class Paper:
    effective_from: dt.date
    network: str
    people: tuple[Person, ...]


@dataclass(frozen=True)
class World:
    lines: tuple[Line, ...]
    networks: dict[str, tuple[tuple[str, str], ...]]
    papers: dict[str, tuple[Paper, ...]]
    zone: ZoneInfo
    roles: tuple[str, ...]
    actions: tuple[str, ...]
    high_risk: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Question:
    email: str
    action: str
    tenant: str
    ip: str | None
    channel: str
    assurance: str
    facts: dict[str, bool] = field(default_factory=dict)
    at: dt.datetime = dt.datetime(2026, 6, 10, 12, tzinfo=dt.UTC)


def allows(world: World, tenant: str, role: str, action: str, facts: frozenset[str]) -> bool:
    """R6: default deny, one matching deny beats any allow."""
    effects = {
        line.effect
        for line in world.lines
        if line.tenant in ("*", tenant) and line.role in ("*", role) and line.action in ("*", action)
        and line.facts <= facts
    }  # fmt: skip
    return effects == {"allow"}


def network_holds(world: World, tenant: str, choice: str, ip: str | None) -> bool:
    """R5 and R7."""
    lines = world.networks.get(tenant, ())
    is_any = ("any", "allow") in lines
    if not lines or (choice == "declared" and is_any) or (ip is None and not is_any):
        return False
    if ip is None:
        return True
    inside = {
        effect for network, effect in lines
        if network == "any" or ipaddress.ip_address(ip) in ipaddress.ip_network(network)
    }  # fmt: skip
    return inside == {"allow"}


def sender_holds(world: World, question: Question) -> bool:
    """R5 `sender_ok`."""
    risky = question.action in world.high_risk
    if question.channel == "email":
        enough = {"confirmed"} if risky else {"confirmed", "session", "mail_signed", "mail_verified"}
    else:
        enough = {"confirmed", "session"} | (set() if risky else {"mail_signed", "mail_verified"})
    return question.assurance in enough


def answer(world: World, question: Question) -> tuple[bool, str]:
    """(allowed, reason); reasons of the judge are "judge" where nothing but the judge can name them."""
    day = question.at.astimezone(world.zone).date()
    newest = {
        tenant: max(
            (paper for paper in papers if paper.effective_from <= day), key=lambda p: p.effective_from, default=None
        )
        for tenant, papers in world.papers.items()
    }
    standing = {
        tenant: (paper, person)
        for tenant, paper in newest.items() if paper
        for person in paper.people if person.email == question.email.lower()
    }  # fmt: skip
    coming = {
        tenant for tenant, papers in world.papers.items() for paper in papers
        if paper.effective_from > day and tenant not in standing
        and any(person.email == question.email.lower() for person in paper.people)
    }  # fmt: skip
    if not standing:
        return False, "annex_not_in_force" if coming else "contact_unregistered"
    if question.tenant == "*" and len(standing) > 1:
        return False, "tenant_ambiguous"
    tenant = next(iter(standing)) if question.tenant == "*" else question.tenant
    if tenant not in world.papers:
        return False, "tenant_unknown"
    if tenant not in standing:
        return False, "annex_not_in_force" if tenant in coming else "contact_of_other_tenant"
    paper, person = standing[tenant]
    if person.state != "active":
        return False, "contact_suspended"
    if question.action not in world.actions:
        return False, "action_unknown"
    sender = sender_holds(world, question)
    network = network_holds(world, tenant, paper.network, question.ip) if question.channel in ("web", "api") else sender
    given = {"network_ok": network, "sender_ok": sender, **question.facts}
    return judge(world, tenant, person.role, question.action, given)


def judge(world: World, tenant: str, role: str, action: str, given: dict[str, bool]) -> tuple[bool, str]:
    """R5 and R6: an unknown fact that could change the answer refuses; no fact would help: `role_not_permitted`."""
    words = sorted(set(chain.from_iterable(line.facts for line in world.lines)))
    known = {word for word in words if given.get(word)}
    unknown = [word for word in words if word not in given]
    outcomes = {allows(world, tenant, role, action, frozenset(known | set(more))) for more in subsets(unknown)}
    if len(outcomes) == 2:
        return False, "fact_unknown"
    if outcomes == {True}:
        return True, "permitted"
    if not any(allows(world, tenant, role, action, frozenset(some)) for some in subsets(words)):
        return False, "role_not_permitted"
    return False, "judge"


def subsets(words: list[str]) -> Iterator[tuple[str, ...]]:
    return chain.from_iterable(combinations(words, size) for size in range(len(words) + 1))
