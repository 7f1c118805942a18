"""Whoever is let in by one version and not by the other shows in the verdict, whatever was edited (R1 to R7).

Both versions decide the same questions, under either choice of the annex; the comparison is told nothing of them. Nor
does a duty of the caller go, come or read otherwise unseen.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from authz.core.contacts import Contact
from authz.core.diff.chances import Place
from authz.core.diff.reach import Difference, Reach, Way
from authz.core.diff.sets import SetDiff, Verdict, diff_sets
from authz.core.directory import Annex, Directory, Tenant
from authz.core.generation import Generation
from authz.core.identity import email_key, subject_key
from authz.core.network import parse_address
from authz.core.types import Assurance, Channel, NetworkChoice, Request
from authz.legal_holidays import legal_holidays
from authz.pdp import Pdp
from authz.policy.bundle import Bundle, bundle_revision
from authz.policy.compile import compile_set
from authz.policy.live import generation_of
from authz.policy.parse import parse_set

MODEL = (Path(__file__).parents[2] / "model.conf").read_bytes()
NOON = dt.datetime(2026, 6, 10, 12, tzinfo=dt.UTC).timestamp()
TENANT, ROLES = "beta", ("boss", "clerk")

CHOICES: dict[str, tuple[Any, ...]] = {
    "report line": (
        "network_ok + sender_ok, allow", "network_ok + sender_ok + fa, allow", "sender_ok, allow", "-, allow",
        "-, allow|network_ok, deny", "-, allow|sender_ok, deny", "network_ok, allow|sender_ok, deny",
        "sender_ok, allow|network_ok + fa, deny", "network_ok + sender_ok + fa, allow|fb, deny",
    ),
    "own line": ("", "", "", f"p, {TENANT}, clerk, report, fa, deny", f"p, {TENANT}, boss, report, network_ok, deny"),
    "audit": ("none", "denied", "allowed"),
    "word `audit`": ("", "report"),
    "word `bug`": ("", "report", "other"),
    "high risk": (False, True),
    "fact": (
        "tenant.a", "tenant.b", "tenant.a || tenant.b", "tenant.a // x\n && tenant.b", "tenant.a // x && tenant.b",
        "subject.role == 'boss'", "resource . mine", "tenant.b && tenant.a", "(tenant.a) && (tenant.b)",
        "tenant.a && tenant.b || resource.mine", "tenant.a && (tenant.b || resource.mine)",
        "subject.role == ' boss'", "tenant.a ? tenant.b : resource.mine", "tenant.b ? tenant.a : resource.mine",
        'subject.role == "boss"', "subject.role in ['boss', 'clerk']", "subject.role in ['clerk', 'boss']",
        "1 / 0 == 1 || tenant.a", "tenant.a || 1 / 0 == 1", "tenant.id == '//' && tenant.a || tenant.b",
    ),
    "name of the fact": ("fa", "fa", "mine"),
    "other fact": ("tenant.b", "tenant.b", "tenant.a", "resource.mine"),
    "names swapped in the lines": (False, False, True),
    "names swapped in the facts": (False, False, True),
    "things": (False, False, True),
    "networks": (
        ("any, allow",), ("192.0.2.0/24, allow",), ("192.0.2.0/25, allow",), ("any, allow", "192.0.2.0/25, deny"), (),
    ),
    "obligation": (
        None,
        {"type": "custom", "actions": ["report"], "properties": {"kind": "k"}},
        {"type": "custom", "actions": ["report"], "properties": {"kind": "another"}},
        {"type": "notification", "actions": ["report"], "properties": {"channel": "email"}},
        {"type": "custom", "actions": ["report", "other"], "properties": {"kind": "k"}},
        {"type": "custom", "actions": ["report"], "properties": {"kind": "k"}, "match": {"tenant.a": [True]}},
        {"type": "custom", "actions": ["report"], "properties": {"kind": "k"}, "match": {"tenant.a": [True, False]}},
        {"type": "custom", "actions": ["report"], "properties": {"kind": "k"},
         "match": {"tenant.a": [True], "resource.mine": [True]}},
        [{"type": "custom", "actions": ["report"], "properties": {"kind": "k"}, "match": {"tenant.a": [value]}}
         for value in (True, False)],
        {"type": "custom", "actions": ["report"], "properties": {"kind": "k"}, "match": {"channel": [*Channel]}},
        {"type": "custom", "actions": ["report"], "properties": {"kind": "k"},
         "match": {"channel": ["web"], "assurance": [*Assurance]}},
        [{"type": "custom", "actions": ["report"], "properties": {"kind": "k"}, "match": {"channel": value}}
         for value in (["web", "api"], ["email"], ["chat", "phone"])],
        {"type": "custom", "actions": ["report"], "properties": {"kind": "k", "pages": 2}},
        {"type": "step-up", "actions": ["report"], "properties": {"acr_values": "password"}},
        {"type": "step-up", "actions": ["report"], "properties": {"acr_values": "phishing_resistant"}},
        [{"type": "step-up", "actions": ["report"], "properties": {"acr_values": value}}
         for value in ("password", "phishing_resistant")],
        {"type": "custom", "actions": ["report"], "properties": {"kind": "k"}, "match": {"subject.role": ["boss"]}},
    ),
    "channels": (None, None, None, ["web", "email"], ["email", "phone"]),
    "role clerk": (True, True, True, False),
    "attributes": (
        {}, {"subject.role": {"type": "string", "origin": "request_over_registry"}},
        {"resource.mine": {"type": "bool", "origin": "registry"}},
        {"resource.mine": {"type": "bool", "origin": "request"}},
    ),
    "subject types": ({}, {}, {"staff": "login"}),
}  # fmt: skip
"""What a version is made of; each difference between two versions is one of these."""


def version(rng: Random) -> dict[str, Any]:
    return {name: rng.choice(choices) for name, choices in CHOICES.items()}


def edited(rng: Random, before: Mapping[str, Any]) -> dict[str, Any]:
    """One of its parts is another, rarely several are."""
    parts = rng.sample(list(CHOICES), rng.choice((1, 1, 1, 2, 3)))
    return {**before, **{name: rng.choice([one for one in CHOICES[name] if one != before[name]]) for name in parts}}


def names(made_of: Mapping[str, Any], where: str) -> tuple[str, str]:
    """What the two facts are called in the facts, or in the lines."""
    first, second = made_of["name of the fact"], "fb"
    return (second, first) if made_of[f"names swapped in the {where}"] else (first, second)


def generation(made_of: Mapping[str, Any]) -> Generation:
    label = {"label": {"en": "x"}, "clause": "1"}
    roles = ROLES if made_of["role clerk"] else ROLES[:1]
    open_to_any = {"open_to_any_sender": "a trial"}
    audit = made_of["audit"] != "none"
    tags = [word for word in ("audit", "bug") if made_of[f"word `{word}`"] == "report" and (word == "bug" or not audit)]
    actions: dict[str, Any] = {
        "report": {**label, **open_to_any, "high_risk": made_of["high risk"], "tags": tags},
        "other": {**label, "tags": ["bug"] if made_of["word `bug`"] == "other" else []},
    }
    lines = [f"p, *, {role}, report, {line}" for role in roles for line in made_of["report line"].split("|")]
    lines += [f"p, *, {role}, other, network_ok + sender_ok + fa, allow" for role in roles]
    lines.append("p, *, boss, other, fb, deny")
    in_lines = dict(zip(("fa", "fb"), names(made_of, "lines"), strict=True))
    if audit:
        actions["audit"] = label
        allowed = "network_ok + sender_ok, allow" if made_of["audit"] == "allowed" else "-, deny"
        lines += [f"p, *, {role}, audit, {allowed}" for role in roles]
    if made_of["own line"] and (made_of["role clerk"] or "clerk" not in made_of["own line"]):
        lines.append(made_of["own line"])
    declared: dict[str, Any] = {
        "title": {"en": "x"}, "source": {"document": "none"}, "languages": ["en"], "time_zone": "Europe/Bucharest",
        "phone_region": "RO", "roles": dict.fromkeys(roles, label), "actions": actions,
        "attributes": {
            "tenant.a": {"type": "bool"}, "tenant.b": {"type": "bool"}, "resource.mine": {"type": "bool"},
            **made_of["attributes"],
        },
        "subject_types": made_of["subject types"],
        "resource_types": {"thing": {**label, "tenant_free": made_of["things"]}},
        "facts": {
            name: {"expression": made_of[which], **label}
            for name, which in zip(names(made_of, "facts"), ("fact", "other fact"), strict=True)
        },
    }  # fmt: skip
    if made_of["obligation"]:
        rows = made_of["obligation"] if isinstance(made_of["obligation"], list) else [made_of["obligation"]]
        declared["obligations"] = [{"id": f"duty-{at}", "clause": "1", **row} for at, row in enumerate(rows)]
    if made_of["channels"]:
        declared["channels"] = made_of["channels"]
    files = {
        "set.yaml": json.dumps(declared).encode(),
        "matrix.csv": re.sub(r"\bf[ab]\b", lambda match: in_lines[match[0]], "\n".join([*lines, ""])).encode(),
        "tests.yaml": json.dumps({
            "tenants": {TENANT: {"networks": ["any allow"], "network": "any", "contacts": []}},
            "cases": [{"description": "a stranger", "ask": {"contact": "nobody@x.example", "action": "report"},
                       "expect": {"decision": False, "reason": "contact_unregistered"}}],
        }).encode(),
    }  # fmt: skip
    if made_of["networks"]:
        files[f"networks/{TENANT}.csv"] = "".join(f"p2, {TENANT}, {one}\n" for one in made_of["networks"]).encode()
    bundle = Bundle("world", files, MODEL, bundle_revision(files, MODEL), "policies/world")
    return generation_of(compile_set(parse_set(bundle)))


class Live:
    def __init__(self, generation: Generation) -> None:
        self._current = {"world": generation}

    def current(self) -> Mapping[str, Generation]:
        return self._current


def people(choice: str, *, a: bool, b: bool) -> Directory:
    contacts = []
    for role in ROLES:
        key, login = email_key(f"{role}@x.example"), subject_key("login", role)
        assert key is not None
        assert login is not None
        contacts.append(Contact(role, role, (key, login)))
    day = dt.date(2026, 6, 1)
    annex = Annex(1, day, day, NetworkChoice(choice), contacts)
    return Directory([Tenant(TENANT, "world", TENANT, [annex], attributes={"a": a, "b": b})])


def questions() -> Iterator[Request]:
    web = product(("192.0.2.9", "192.0.2.200", "198.51.100.1", None), ("session", "claimed"))
    senders = [(Channel.WEB, *one) for one in web]
    senders += [(Channel.EMAIL, None, one) for one in ("claimed", "mail_verified", "confirmed")]
    senders += [(Channel.PHONE, None, one) for one in ("claimed", "session")]
    supported = (None, frozenset[str](), frozenset({"custom"}))
    words = ("report", "other", "audit", "bug")
    for role, word, (channel, ip, assurance), types in product(ROLES, words, senders, supported):
        address = parse_address(ip) if ip else None
        asked = (word, "tenant", TENANT, address, channel, Assurance(assurance))
        yield Request("contact", f"{role}@x.example", *asked, supported_obligations=types)
        if types is None:
            yield Request("staff", role, *asked)
            yield Request(
                "contact", f"{role}@x.example", word, "thing", "one", address, channel, Assurance(assurance),
                {"role": "boss"}, resource_properties={"tenant": TENANT, "mine": True},
            )  # fmt: skip
            yield Request("contact", f"{role}@x.example", word, "thing", "one", address, channel, Assurance(assurance))


QUESTIONS = list(questions())


class Answer(NamedTuple):
    """`duties`: what the caller has to do, in words, where it is allowed."""

    allowed: bool
    duties: frozenset[str]


def answers(live: Generation, directory: Directory) -> list[Answer]:
    pdp = Pdp(Live(live), lambda: directory, legal_holidays, lambda: NOON)
    found = (pdp.decide(question) for question in QUESTIONS)
    return [
        Answer(one.decision.allowed, frozenset(f"{duty.type} {duty.properties}" for duty in one.obligations))
        for one in found
    ]


def ways_between(was: Answer, now: Answer) -> Iterator[Way]:
    """What becomes of whoever asks: a duty that goes lets in callers that cannot do it, a new one shuts them out."""
    if was.allowed and now.allowed:
        yield from [Way.GAINS] * bool(was.duties - now.duties) + [Way.LOSES] * bool(now.duties - was.duties)
    elif was.allowed or now.allowed:
        yield Way.GAINS if now.allowed else Way.LOSES


def told_of(role: str, diff: SetDiff, old: Generation, new: Generation, directory: Directory) -> set[Way | None]:
    """What the comparison says of the contact with that role, part by part."""
    reach = Reach("world", old, new, directory)
    (tenant,) = directory.tenants.values()
    (annex,) = tenant.annexes
    (contact,) = (one for one in annex.contacts if one.role == role)
    place = Place(tenant, annex, contact, dt.date(2026, 6, 10).toordinal())
    parts: list[Difference] = [diff.cells, *diff.networks, *diff.declared]
    return {reach.way(part, place) for part in parts}


def test_nobody_gains_or_loses_unseen() -> None:
    seen: Counter[str] = Counter()

    @settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=60)
    @given(seed=st.integers(0, 2**63))
    def agree(seed: int) -> None:
        rng = Random(seed)
        before = version(rng)
        after = edited(rng, before)
        old, new = generation(before), generation(after)
        diff = diff_sets(old, new)
        verdict = diff.verdict
        differing = {name: (before[name], after[name]) for name in before if before[name] != after[name]}
        gains = losses = False
        for choice, a, b in product(("any", "declared"), (False, True), (False, True)):
            directory = people(choice, a=a, b=b)
            seen_of: dict[str, set[Way]] = {role: set() for role in ROLES}
            asked = zip(QUESTIONS, answers(old, directory), answers(new, directory), strict=True)
            for question, was, now in asked:
                seen_of[question.subject_id.partition("@")[0]].update(ways_between(was, now))
            for role, ways in seen_of.items():
                named = told_of(role, diff, old, new, directory)
                assert Way.EITHER in named or ways <= named, (role, choice, ways, named, differing)
                gains, losses = gains or Way.GAINS in ways, losses or Way.LOSES in ways

        assert not gains or verdict in (Verdict.WIDER, Verdict.BOTH), differing
        assert not losses or verdict in (Verdict.NARROWER, Verdict.BOTH), differing
        seen["gains"] += gains
        seen["losses"] += losses

    agree()

    assert min(seen["gains"], seen["losses"]) >= 5, seen
