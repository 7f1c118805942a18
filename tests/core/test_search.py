"""A search lists exactly what evaluation one by one permits (AuthZEN sections 8.1 to 8.6), and each entity once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from random import Random
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.core.contacts import Contact
from authz.core.decide import decide
from authz.core.decision import Decision
from authz.core.directory import Annex, Directory, Tenant
from authz.core.generation import Generation
from authz.core.identity import subject_key
from authz.core.limits import NO_LIMITS, Limits
from authz.core.network import parse_address
from authz.core.types import Assurance, Channel, ContactState, NetworkChoice, Request, SubjectKey
from authz.errors import NoActivePolicy
from authz.legal_holidays import legal_holidays
from authz.pdp import Pdp, Permitted, SearchFor
from tests.policies.shipped import shipped
from tests.web.world import Policies

NOW = 1_780_470_000.0  # 2026-06-03T10:00:00+03:00
TODAY = dt.date(2026, 6, 3)
SETS = ("calltrack", "certification", "okitoki")
# `gamma` and `nowhere` have no address at which anybody could be; the others are declared in the shipped sets.
TENANTS = {
    "acme": "calltrack",
    "beta": "calltrack",
    "certification": "certification",
    "nowhere": "calltrack",
    "zoria-contact": "okitoki",
}
IDS = {
    "contact": ("a@x.example", "b@x.example", "c@y.example"),
    "phone": ("+40213000001", "+40213000002"),
    "login": ("alice", "bob", "Bob", "carol"),
}
KINDS = {"contact": "email", "phone": "phone", "login": "login"}
RESOURCES = ("r1", "r2", "r3")
STATES = [ContactState.ACTIVE] * 8 + [ContactState.SUSPENDED, ContactState.REVOKED]
seeds = st.integers(0, 2**63)


@pytest.fixture(scope="module")
def generations() -> dict[str, Generation]:
    return {set_id: shipped(set_id).generation for set_id in SETS}


def random_directory(rng: Random, generations: dict[str, Generation]) -> Directory:
    tenants = []
    for tenant_id in rng.sample(sorted(TENANTS), rng.randint(1, len(TENANTS))):
        definition = generations[TENANTS[tenant_id]].definition
        starts = rng.choice([[-9], [-9], [-9, 0], [-9, 1], [1]])
        annexes = [
            Annex(
                number,
                day := TODAY + dt.timedelta(start),
                day,
                rng.choice([NetworkChoice.ANY, NetworkChoice.ANY, NetworkChoice.DECLARED]),
                random_contacts(rng, sorted(definition.roles)),
            )
            for number, start in enumerate(starts, start=1)
        ]
        types = [*definition.resource_types, "record"]
        resources = {
            (rng.choice(types), rng.choice(RESOURCES)): {"status": rng.choice(["active", "archived"])}
            for _ in range(rng.randrange(4))
        }
        attributes = rng.choice([{}, {}, {"email_requests": "deny"}, {"email_requests": "confirm"}])
        tenants.append(Tenant(tenant_id, definition.id, tenant_id, annexes, ("en",), attributes, resources))
    return Directory(tenants, revision=1)


def random_contacts(rng: Random, roles: list[str]) -> Iterator[Contact]:
    used: set[str] = set()
    for _ in range(rng.randint(1, 4)):
        keys = []
        for type_, ids in IDS.items():
            chosen = rng.choice([*ids, ""])
            if chosen and chosen not in used:
                used.add(chosen)
                key = subject_key(KINDS[type_], chosen)
                assert key is not None
                keys.append(key)
        if keys:
            attributes = rng.choice([{}, {"role": "admin"}])
            yield Contact("x", rng.choice(roles), tuple(keys), rng.choice(STATES), attributes=attributes)


def random_question(rng: Random, people: Directory, generations: dict[str, Generation]) -> Request:
    subject_type = rng.choice([*IDS, *IDS, "user", "user", "spaceship"])
    channel = rng.choice([Channel.WEB] * 4 + list(Channel))
    actions = [action for live in generations.values() for action in live.words]
    known = sorted({type_ for tenant in people.tenants.values() for type_, _ in tenant.resources})
    properties: dict[str, object] = {}
    if rng.random() < 0.4:
        properties["status"] = rng.choice(["active", "archived"])
    if rng.random() < 0.4:
        properties["tenant"] = rng.choice([*TENANTS, "*", "other"])
    return Request(
        subject_type,
        rng.choice(IDS.get(subject_type, IDS["login"])),
        rng.choice(["read", "write", "error_report", "support_request", rng.choice(actions), "fly"]),
        resource_type := rng.choice(["tenant", "tenant", *known * 2, "login", "spaceship"]),
        rng.choice([*TENANTS, "*", "*"] if resource_type == "tenant" else RESOURCES),
        rng.choice([None, *map(parse_address, ("192.0.2.1", "203.0.113.5", "2001:db8::1"))])
        if channel.has_address
        else None,
        channel,
        rng.choice([Assurance.SESSION] * 3 + list(Assurance)),
        rng.choice([{}, {}, {"role": "admin"}]),
        rng.choice([{}, {"soft": True}]),
        properties,
        rng.choice([None, None, frozenset(), frozenset({"custom"}), frozenset({"other"})]),
    )


def random_limits(rng: Random) -> Limits:
    if rng.random() < 0.6:
        return NO_LIMITS
    tenants = frozenset(rng.sample(sorted(TENANTS), 2)) if rng.random() < 0.7 else None
    return Limits(tenants, frozenset({Channel.WEB, Channel.EMAIL}) if rng.random() < 0.5 else None)


def one_by_one(
    what: SearchFor, question: Request, people: Directory, generations: dict[str, Generation]
) -> list[tuple[str, Request]]:
    """Every entity that there is for the search, with the question about it."""
    if what is SearchFor.SUBJECT:
        ids = IDS.get("login" if question.subject_type == "user" else question.subject_type, ())
        return [(one, question._replace(subject_id=one)) for one in ids]
    if what is SearchFor.ACTION:
        names = {action for live in generations.values() for action in live.definition.actions}
        return [(one, question._replace(action=one)) for one in names]
    if question.resource_type == "tenant":
        return [(one, question._replace(resource_id=one)) for one in people.tenants]
    stated = question.resource_properties.get("tenant")
    known = {
        resource
        for tenant in people.tenants.values()
        for kind, resource in tenant.resources
        if kind == question.resource_type and stated in (None, tenant.id)
    }
    return [(one, question._replace(resource_id=one)) for one in known]


def test_a_search_equals_evaluation_one_by_one(generations: dict[str, Generation]) -> None:
    found_at_all: set[SearchFor] = set()

    @given(seed=seeds)
    def agree(seed: int) -> None:
        rng = Random(seed)
        people = random_directory(rng, generations)
        pdp = Pdp(Policies(generations), lambda: people, legal_holidays, lambda: NOW)
        for _ in range(8):
            question, limits = random_question(rng, people, generations), random_limits(rng)
            for what in SearchFor:
                results = list(pdp.search(what, question, limits).results)
                permitted = {
                    one: outcome.obligations
                    for one, asked in one_by_one(what, question, people, generations)
                    if (outcome := pdp.decide(asked, NOW, limits)).decision.allowed
                }
                assert {one.id: one.obligations for one in results} == permitted, (what, question, limits)
                assert len({one.id for one in results}) == len(results)
                if results:
                    found_at_all.add(what)
                    assert pages(pdp, what, question, limits, rng) == results

    agree()
    assert found_at_all == set(SearchFor)


def pages(pdp: Pdp, what: SearchFor, question: Request, limits: Limits, rng: Random) -> list[Permitted]:
    """The same search in pieces, each from the place where the one before ended."""
    found: list[Permitted] = []
    after: tuple[str, ...] = ()
    while True:
        piece = [
            one
            for one, _ in zip(pdp.search(what, question, limits, after).results, range(rng.randint(1, 3)), strict=False)
        ]
        if not piece:
            return found
        found += piece
        after = piece[-1].place


def test_nobody_is_asked_about_whom_the_table_refuses_whatever_the_facts() -> None:
    contacts = [
        Contact(one, role, (SubjectKey(f"login:{one}"),))
        for one, role in (("a", "admin"), ("s", "supervisor"), ("u", "user"))
    ]
    annex = Annex(1, TODAY, TODAY, NetworkChoice.DECLARED, contacts)
    people = Directory([Tenant(tenant, "calltrack", tenant, [annex]) for tenant in ("acme", "beta")])
    pdp = Pdp(Policies({"calltrack": shipped("calltrack").generation}), lambda: people, legal_holidays, lambda: NOW)
    asked: list[tuple[str, str]] = []

    class Noting(Limits):
        def refusal(self, request: Request) -> None:
            asked.append((request.subject_id, request.resource_id))

    # Table 1: the subscription is the Admin's alone; 203.0.113.5 is an address of acme and of nobody else.
    for tenant in ("acme", "beta"):
        question = Request("login", "", "change_subscription", "tenant", tenant, parse_address("203.0.113.5"))
        list(pdp.search(SearchFor.SUBJECT, question, Noting()).results)

    assert asked == [("a", "acme")]


def test_a_search_about_tenants_without_a_live_policy_is_not_answered_and_others_go_on() -> None:
    contacts = [Contact(one, "user", (SubjectKey(f"{one}@x.example"),)) for one in ("a", "b")]
    both = Annex(1, TODAY, TODAY, NetworkChoice.ANY, contacts)
    people = Directory(
        [
            Tenant("acme", "calltrack", "acme", [both]),
            Tenant("dark", "never-good", "dark", [Annex(1, TODAY, TODAY, NetworkChoice.ANY, contacts[:1])]),
        ]
    )
    pdp = Pdp(Policies({"calltrack": shipped("calltrack").generation}), lambda: people, legal_holidays, lambda: NOW)
    inside = parse_address("203.0.113.5")

    def found(what: SearchFor, subject: str, tenant: str, limits: Limits = NO_LIMITS) -> list[str]:
        question = Request("contact", subject, "error_report", "tenant", tenant, inside)
        return [one.id for one in pdp.search(what, question, limits).results]

    with pytest.raises(NoActivePolicy):
        found(SearchFor.SUBJECT, "", "dark")
    for what in SearchFor:
        with pytest.raises(NoActivePolicy):
            found(what, "a@x.example", "*" if what is SearchFor.RESOURCE else "dark", Limits(frozenset({"dark"})))
    assert found(SearchFor.SUBJECT, "", "acme") == ["a@x.example", "b@x.example"]
    # Whether `a` may is not known: it may stand on the annex of `dark`, too.
    assert found(SearchFor.SUBJECT, "", "*") == ["b@x.example"]
    assert found(SearchFor.RESOURCE, "a@x.example", "*") == ["acme"]
    assert found(SearchFor.ACTION, "a@x.example", "acme") == ["error_report"]
    assert found(SearchFor.ACTION, "a@x.example", "*") == []


def test_without_any_live_policy_a_search_is_not_answered() -> None:
    pdp = Pdp(Policies({}), Directory, legal_holidays)

    with pytest.raises(NoActivePolicy):
        pdp.search(SearchFor.ACTION, Request("contact", "a@x.example", ""))


def test_an_error_about_one_candidate_leaves_it_out_and_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    contacts = [Contact(one, "admin", (SubjectKey(f"login:{one}"),)) for one in ("a", "b")]
    people = Directory(
        [Tenant("acme", "calltrack", "acme", [Annex(1, TODAY, TODAY, NetworkChoice.DECLARED, contacts)])]
    )
    pdp = Pdp(
        Policies(MappingProxyType({"calltrack": shipped("calltrack").generation})),
        lambda: people,
        legal_holidays,
        lambda: NOW,
    )
    question = Request("login", "", "error_report", "tenant", "acme", channel=Channel.PHONE)
    assert [one.id for one in pdp.search(SearchFor.SUBJECT, question).results] == ["a", "b"]

    def failing(request: Request, *known: Any) -> Decision:
        if request.subject_id == "a":
            raise RuntimeError("broken")
        return decide(request, *known)

    monkeypatch.setattr("authz.pdp.decide", failing)

    assert [one.id for one in pdp.search(SearchFor.SUBJECT, question).results] == ["b"]
    assert pdp.internal_errors == 1
