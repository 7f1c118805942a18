"""Small random worlds in which clashes are common, as policy files and as registry objects."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from authz.core.directory import Annex, Contact, Directory, Tenant
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

extra_facts = st.frozensets(st.sampled_from(FACTS), max_size=2)
often = st.sampled_from([True, True, True, False])


@st.composite
def lines(draw: st.DrawFn) -> tuple[Line, ...]:
    """A base line per cell, then deny lines and one tenant's allow lines, none of which the checks would refuse."""
    found: dict[tuple[Any, ...], Line] = {}
    for role in ROLES:
        for action in ACTIONS:
            allowed = draw(often)
            facts = BUILT_IN | draw(extra_facts) if allowed else frozenset()
            line = Line("*", role, action, facts, "allow" if allowed else "deny")
            found[line.tenant, line.role, line.action, line.facts] = line
    for _ in range(draw(st.integers(0, 3))):
        line = Line(
            draw(st.sampled_from(("*", *TENANTS))),
            draw(st.sampled_from(("*", *ROLES))),
            draw(st.sampled_from(("*", *ACTIONS))),
            draw(st.frozensets(st.sampled_from((*FACTS, "sender_ok")), min_size=1, max_size=2)),
            "deny",
        )
        found.setdefault((line.tenant, line.role, line.action, line.facts), line)
    if draw(st.booleans()):
        tenant, role, action = (
            draw(st.sampled_from(TENANTS)),
            draw(st.sampled_from(ROLES)),
            draw(st.sampled_from(ACTIONS)),
        )
        line = Line(tenant, role, action, BUILT_IN | draw(extra_facts), "allow")
        covered = any(
            other.effect == "deny" and not other.facts - line.facts
            and other.tenant in ("*", tenant) and other.role in ("*", role) and other.action in ("*", action)
            for other in found.values()
        )  # fmt: skip
        if not covered:
            found.setdefault((line.tenant, line.role, line.action, line.facts), line)
    return tuple(found.values())


networks = st.one_of(
    st.just((("any", "allow"),)),
    st.tuples(st.just(("any", "allow")), st.tuples(st.sampled_from(NETWORKS), st.just("deny"))),
    st.lists(st.sampled_from(NETWORKS), unique=True, max_size=3).flatmap(
        lambda nets: st.tuples(*(st.tuples(st.just(net), st.sampled_from(["allow", "allow", "deny"])) for net in nets))
    ),
)
people = st.lists(
    st.builds(
        Person,
        st.sampled_from(EMAILS).map(str.lower),
        st.sampled_from(ROLES),
        st.sampled_from(["active"] * 5 + ["suspended", "revoked"]),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda person: person.email,
).map(tuple)
papers = st.lists(
    st.builds(
        Paper,
        st.sampled_from([TODAY - dt.timedelta(9), TODAY - dt.timedelta(9), TODAY, TODAY + dt.timedelta(1)]),
        st.sampled_from(["any", "declared"]),
        people,
    ),
    min_size=1,
    max_size=2,
    unique_by=lambda paper: paper.effective_from,
).map(tuple)
worlds = st.builds(
    World,
    lines(),
    st.dictionaries(st.sampled_from(TENANTS), networks),
    st.dictionaries(st.sampled_from(TENANTS), papers, min_size=1),
    st.just(ZONE),
    st.just(ROLES),
    st.just(ACTIONS),
    st.sampled_from([frozenset(), frozenset({"wipe"})]),
)
instants = st.sampled_from(
    [
        dt.datetime(2026, 6, 9, 20, 59, 59, tzinfo=dt.UTC),
        dt.datetime(2026, 6, 9, 21, 0, 0, tzinfo=dt.UTC),
        dt.datetime(2026, 6, 10, 12, 0, 0, tzinfo=dt.UTC),
        dt.datetime(2026, 6, 10, 21, 0, 0, tzinfo=dt.UTC),
    ]
)


@st.composite
def questions(draw: st.DrawFn, world: World) -> Question:
    """A question about the world, mostly one with a chance: somebody listed, an address inside, a good session."""
    tenant = draw(st.sampled_from([*world.papers, *world.papers, *TENANTS]))
    listed = [person.email for paper in world.papers.get(tenant, ()) for person in paper.people]
    channel = draw(st.sampled_from(["web", "web", "api", "email", "phone", "chat"]))
    inside = [net.split("/")[0] for net, effect in world.networks.get(tenant, ()) if net != "any" and effect == "allow"]
    return Question(
        email=draw(st.sampled_from([*listed * 3, *EMAILS, "stranger@x.example"])),
        action=draw(st.sampled_from([*ACTIONS * 4, "fly"])),
        tenant=draw(st.sampled_from([tenant, tenant, tenant, "*", "t9"])),
        ip=draw(st.none() | st.sampled_from([*inside * 6, *ADDRESSES])) if channel in ("web", "api") else None,
        channel=channel,
        assurance=draw(st.sampled_from([*["session", "confirmed"] * 2, "mail_verified", "mail_signed", "claimed"])),
        facts=draw(st.fixed_dictionaries({}, optional={fact: st.booleans() for fact in FACTS})),
        at=draw(instants),
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
