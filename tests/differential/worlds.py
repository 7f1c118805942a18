"""Small random worlds in which clashes are common, as policy files and as registry objects."""

from __future__ import annotations

import datetime as dt
import json
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from authz.core.contacts import Contact
from authz.core.directory import Annex, Directory, Tenant
from authz.core.identity import email_key
from authz.core.network import parse_address
from authz.core.types import Assurance, Channel, ContactState, NetworkChoice, Request
from tests.differential.reference import Line, Paper, Person, Question, World

ROLES = ("boss", "clerk")
ACTIONS = ("read", "wipe")
TENANTS = ("t1", "t2", "t3")
FACTS = ("f1", "f2")
BUILT_IN = frozenset({"network_ok", "sender_ok"})
EMAILS = ("a@x.example", "b@x.example", "C@x.example")
ADDRESSES = (
    "192.0.2.0",
    "192.0.2.7",
    "192.0.2.8",
    "192.0.2.127",
    "192.0.2.128",
    "198.51.100.1",
    "2001:db8::",
    "2001:db9::",
)
NETWORKS = ("192.0.2.0/25", "192.0.2.0/29", "198.51.100.0/24", "2001:db8::/32")
ZONE = ZoneInfo("Europe/Bucharest")
TODAY = dt.date(2026, 6, 10)


def some_facts(rng: Random) -> frozenset[str]:
    return frozenset(fact for fact in FACTS if rng.random() < 0.3)


def random_lines(rng: Random) -> tuple[Line, ...]:
    """A base line per cell, then deny lines and one tenant's allow line, none of which the checks would refuse."""
    found: dict[tuple[Any, ...], Line] = {}

    def add(line: Line) -> None:
        found.setdefault((line.tenant, line.role, line.action, line.facts), line)

    for role in ROLES:
        for action in ACTIONS:
            allowed = rng.random() < 0.95
            add(
                Line("*", role, action, BUILT_IN | some_facts(rng), "allow")
                if allowed
                else Line("*", role, action, frozenset(), "deny")
            )
    for _ in range(rng.randrange(3)):
        where = rng.choice(["*", *TENANTS]), rng.choice(["*", *ROLES]), rng.choice(["*", *ACTIONS])
        facts = frozenset(rng.sample(("f1", "f1", "f2", "f2", "sender_ok"), rng.randint(1, 2)))
        add(Line(*where, facts, "deny"))
    if rng.random() < 0.5:
        tenant, role, action = rng.choice(TENANTS), rng.choice(ROLES), rng.choice(ACTIONS)
        line = Line(tenant, role, action, BUILT_IN | some_facts(rng), "allow")
        if not any(other.effect == "deny" and covers(other, line) for other in found.values()):
            add(line)
    return tuple(found.values())


def covers(deny: Line, allow: Line) -> bool:
    """Whether the deny line refuses whatever the allow line allows."""
    return (
        deny.tenant in ("*", allow.tenant)
        and deny.role in ("*", allow.role)
        and deny.action in ("*", allow.action)
        and deny.facts <= allow.facts
    )


def random_networks(rng: Random) -> tuple[tuple[str, str], ...]:
    kind = rng.random()
    if kind < 0.3:
        return (("any", "allow"),)
    if kind < 0.4:
        return (("any", "allow"), (rng.choice(NETWORKS), "deny"))
    chosen = rng.sample(NETWORKS, rng.randint(0 if kind < 0.45 else 1, 3))
    others = (rng.choice(["allow", "allow", "allow", "deny"]) for _ in chosen[1:])
    effects = ["allow", *others][: len(chosen)]  # deny lines alone are refused
    return tuple(zip(chosen, rng.sample(effects, len(effects)), strict=True))


def random_paper(rng: Random, effective_from: dt.date, network: str) -> Paper:
    listed = rng.sample(EMAILS, rng.randint(1, 3))
    states = ["active"] * 40 + ["suspended", "revoked"]
    return Paper(
        effective_from, network, tuple(Person(email.lower(), rng.choice(ROLES), rng.choice(states)) for email in listed)
    )


def random_world(rng: Random) -> World:
    networks = {tenant: random_networks(rng) for tenant in TENANTS if rng.random() < 0.95}
    papers = {}
    for tenant in rng.sample(TENANTS, rng.randint(1, 3)):
        is_any = ("any", "allow") in networks.get(tenant, ())
        later = [TODAY - dt.timedelta(5), TODAY, TODAY + dt.timedelta(1)]
        starts = [TODAY - dt.timedelta(9)] * (rng.random() < 0.85) + rng.sample(later, rng.randint(0, 1)) or later[-1:]
        choice = ["any"] * 4 + ["declared"] if is_any else ["any", "declared"]
        papers[tenant] = tuple(random_paper(rng, start, rng.choice(choice)) for start in starts)
    risky = frozenset({"wipe"}) if rng.random() < 0.3 else frozenset[str]()
    return World(random_lines(rng), networks, papers, ZONE, ROLES, ACTIONS, risky)


def random_question(rng: Random, world: World) -> Question:
    """Mostly one with a chance: somebody listed, an address inside, a good session, known facts."""
    tenant = rng.choice([*world.papers] * 16 + [*TENANTS])
    started = [paper for paper in world.papers.get(tenant, ()) if paper.effective_from < TODAY]
    listed = [person.email for paper in started[-1:] for person in paper.people] or [*EMAILS]
    channel = rng.choice(["web"] * 4 + ["api", "email", "phone", "chat"])
    lines = world.networks.get(tenant, ())
    inside = [network.split("/")[0] for network, effect in lines if network != "any" and effect == "allow"]
    given = {fact: rng.random() < (0.93 if fact in needed(world) else 0.2) for fact in FACTS if rng.random() < 0.9}
    return Question(
        email=rng.choice(listed) if rng.random() < 0.95 else rng.choice([*EMAILS, "stranger@x.example"]),
        action=rng.choice([*ACTIONS * 25, "fly"]),
        tenant=rng.choice([tenant] * 20 + ["*"] * 2 + ["t9"]),
        ip=rng.choice([*inside * 20, *ADDRESSES, None]) if channel in ("web", "api") else None,
        channel=channel,
        assurance=rng.choice(["session", "confirmed"] * 15 + ["mail_verified", "mail_signed", "claimed"]),
        facts=given,
        at=rng.choice(INSTANTS),
    )


def needed(world: World) -> frozenset[str]:
    """The facts that allow lines ask for; deny lines ask for the others."""
    return frozenset().union(*(line.facts for line in world.lines if line.effect == "allow"))


INSTANTS = (
    dt.datetime(2026, 6, 9, 20, 59, 59, tzinfo=dt.UTC),
    dt.datetime(2026, 6, 9, 21, 0, 0, tzinfo=dt.UTC),
    dt.datetime(2026, 6, 10, 12, 0, 0, tzinfo=dt.UTC),
    dt.datetime(2026, 6, 10, 21, 0, 0, tzinfo=dt.UTC),
)


def policy_files(world: World) -> dict[str, bytes]:
    """The world's rules as `set.yaml`, `matrix.csv`, `networks/*.csv` and a `tests.yaml` with one case."""
    used = sorted({fact for line in world.lines for fact in line.facts if fact in FACTS})
    label = {"en": "x"}
    document: dict[str, Any] = {
        "title": label,
        "source": {"document": "none"},
        "languages": ["en"],
        "time_zone": str(world.zone),
        "phone_region": "RO",
        "roles": {role: {"label": label, "clause": "1"} for role in world.roles},
        "actions": {
            action: {"label": label, "clause": "1", **({"high_risk": True} if action in world.high_risk else {})}
            for action in world.actions
        },
        "attributes": {f"resource.{fact}": {"type": "bool", "origin": "request"} for fact in used},
        "facts": {fact: {"expression": f"resource.{fact}", "label": label, "clause": "1"} for fact in used},
        "resource_types": {"thing": {"label": label, "clause": "1"}},
    }
    document = {key: value for key, value in document.items() if value}
    matrix = "".join(
        f"p, {line.tenant}, {line.role}, {line.action}, {' + '.join(sorted(line.facts)) or '-'}, {line.effect}\n"
        for line in world.lines
    )
    files = {
        "set.yaml": json.dumps(document).encode(),
        "matrix.csv": matrix.encode(),
        "tests.yaml": json.dumps(
            {
                "tenants": {"t0": {"networks": ["any allow"], "network": "any", "contacts": []}},
                "cases": [
                    {
                        "description": "a stranger is refused",
                        "ask": {"contact": "nobody@x.example", "action": "read"},
                        "expect": {"decision": False, "reason": "contact_unregistered"},
                    }
                ],
            }
        ).encode(),
    }
    for tenant, declared in world.networks.items():
        if declared:
            files[f"networks/{tenant}.csv"] = "".join(
                f"p2, {tenant}, {net}, {effect}\n" for net, effect in declared
            ).encode()
    return files


def directory(world: World) -> Directory:
    """The world's people as the package holds them."""
    return Directory(
        Tenant(
            tenant,
            "world",
            tenant,
            [
                Annex(
                    number,
                    paper.effective_from,
                    paper.effective_from,
                    NetworkChoice(paper.network),
                    [_contact(person) for person in paper.people],
                )
                for number, paper in enumerate(sorted(papers, key=lambda p: p.effective_from), start=1)
            ],
        )
        for tenant, papers in world.papers.items()
    )


def _contact(person: Person) -> Contact:
    key = email_key(person.email)
    assert key is not None
    return Contact(person.email, person.role, (key,), ContactState(person.state))


def request(question: Question) -> Request:
    """The question as the faces hand it to the core."""
    return (
        Request(
            "contact",
            question.email,
            question.action,
            "thing",
            "one",
            parse_address(question.ip) if question.ip is not None else None,
            Channel(question.channel),
            Assurance(question.assurance),
            resource_properties={**question.facts, "tenant": question.tenant},
        )
        if question.tenant != "*"
        else Request(
            "contact",
            question.email,
            question.action,
            "tenant",
            "*",
            parse_address(question.ip) if question.ip is not None else None,
            Channel(question.channel),
            Assurance(question.assurance),
            resource_properties=question.facts,
        )
    )
