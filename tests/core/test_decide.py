"""R1 to R7, one sentence a test; every reason that a decision itself can give."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from authz.core.contacts import Contact
from authz.core.decide import decide
from authz.core.decision import Decision
from authz.core.definition import (
    ActionDef,
    AttributeDef,
    AttributeType,
    FactDef,
    FactPart,
    Origin,
    PolicySet,
    ResourceTypeDef,
    RoleDef,
)
from authz.core.directory import Annex, Directory, Tenant
from authz.core.generation import Generation
from authz.core.identity import subject_key
from authz.core.network import NetworkLine, TenantNetworks, parse_address
from authz.core.table import Cell, DecisionTable
from authz.core.types import (
    EMPTY,
    Assurance,
    Channel,
    ContactState,
    Effect,
    Missing,
    NetworkChoice,
    Reason,
    Request,
    SubjectKey,
)
from authz.errors import NoActivePolicy

ZONE = ZoneInfo("Europe/Bucharest")
NOON = dt.datetime(2026, 6, 10, 12, tzinfo=ZONE).timestamp()
INSIDE, OUTSIDE = "203.0.113.5", "198.51.100.9"
BUILT_IN = ("network_ok", "sender_ok")


class PlainFacts:
    """`own` is `resource.own`; `complete` has the parts `a` and `b`."""

    def __call__(self, fact: str, bindings: Mapping[str, object]) -> bool | None:
        value = bindings.get(f"resource.{fact}")
        return value if isinstance(value, bool) else None

    def unmet_parts(self, fact: str, bindings: Mapping[str, object]) -> tuple[str, ...]:
        return tuple(part for part in ("a", "b") if fact == "complete" and bindings.get(f"resource.{part}") is not True)


def cell(*facts: str, deny: str = "", rule: str = "set/matrix.csv:1") -> Cell:
    """Allowed when all `facts` hold, unless the fact `deny` holds as well."""
    names = (*facts, deny) if deny else facts
    wanted = (1 << len(facts)) - 1
    judged = []
    for mask in range(1 << len(names)):
        refused = bool(deny and mask >> len(facts) & 1)
        granted = mask & wanted == wanted and not refused
        judged.append((granted, rule if granted else "set/matrix.csv:9" if refused else ""))
    return Cell(names, judged)


NEVER = Cell((), [(False, "set/matrix.csv:7")])


def bool_attribute(name: str) -> AttributeDef:
    return AttributeDef(name, AttributeType.BOOL, Origin.REQUEST)


DEFINITION = PolicySet(
    id="set",
    title={"en": "set"},
    languages=("en",),
    time_zone="Europe/Bucharest",
    phone_region="RO",
    roles={role: RoleDef(role, {"en": role}, "1") for role in ("admin", "user")},
    actions={
        "read": ActionDef("read", {"en": "Read"}, "1", tags=("Read it", "lire")),
        "wipe": ActionDef("wipe", {"en": "Wipe"}, "1", high_risk=True),
        "own": ActionDef("own", {"en": "Own"}, "1"),
        "report": ActionDef("report", {"en": "Report"}, "1"),
        "blockable": ActionDef("blockable", {"en": "Blockable"}, "1"),
    },
    attributes={name: bool_attribute(name) for name in (f"resource.{word}" for word in ("own", "blocked", "a", "b"))}
    | {"resource.complete": bool_attribute("resource.complete")},
    facts={
        "own": FactDef("own", "resource.own", {"en": "own"}, "1"),
        "blocked": FactDef("blocked", "resource.blocked", {"en": "blocked"}, "1"),
        "complete": FactDef(
            "complete", "", {"en": "complete"}, "1", (FactPart("a", "", {"en": "a"}), FactPart("b", "", {"en": "b"}))
        ),
    },
    channels=tuple(channel for channel in Channel if channel is not Channel.CHAT),
    subject_types={"user": "login"},
    resource_types={
        "ticket": ResourceTypeDef("ticket", {"en": "ticket"}, "1"),
        "handbook": ResourceTypeDef("handbook", {"en": "handbook"}, "1", tenant_free=True),
    },
)
TABLE = DecisionTable(
    {
        **{(role, "read"): cell(*BUILT_IN, rule="set/matrix.csv:1") for role in ("admin", "user")},
        ("admin", "wipe"): cell(*BUILT_IN),
        ("user", "wipe"): NEVER,
        ("admin", "own"): cell(*BUILT_IN, "own"),
        ("admin", "report"): cell(*BUILT_IN, "complete"),
        ("admin", "blockable"): cell(*BUILT_IN, deny="blocked"),
    },
    {"strict": {("admin", "read"): NEVER}},
)


def lines(*written: str) -> TenantNetworks:
    return TenantNetworks(
        NetworkLine(network, Effect(effect), f"set/networks/t.csv:{at}")
        for at, (network, effect) in enumerate((text.split() for text in written), 1)
    )


NETWORKS = {
    "acme": lines("203.0.113.0/24 allow", "203.0.113.66/32 deny", "2001:db8:1::/48 allow"),
    "open": lines("any allow"),
    "strict": lines("any allow"),
    "liar": lines("any allow"),
}
GENERATION = Generation(DEFINITION, TABLE, NETWORKS, PlainFacts(), ZONE, "sha256:1")


def key(kind: str, text: str) -> SubjectKey:
    made = subject_key(kind, text)
    assert made is not None
    return made


def contact(login: str, role: str, state: ContactState = ContactState.ACTIVE) -> Contact:
    return Contact(login, role, (key("email", f"{login}@x.example"), key("login", login)), state)


def annex(number: int, start: str, network: str, *contacts: Contact) -> Annex:
    day = dt.date.fromisoformat(start)
    return Annex(number, day, day, NetworkChoice(network), contacts)


ANA, DAN, EVA = contact("ana", "admin"), contact("dan", "user"), contact("eva", "admin", ContactState.SUSPENDED)
DIRECTORY = Directory(
    [
        Tenant(
            "acme",
            "set",
            "Acme",
            [
                annex(1, "2026-01-01", "declared", ANA, DAN, EVA, contact("old", "admin")),
                annex(2, "2026-06-01", "declared", ANA, DAN, EVA, contact("two", "user")),
                annex(3, "2026-07-01", "declared", ANA, contact("new", "admin")),
            ],
            resources={("ticket", "T-1"): {}},
        ),
        Tenant(
            "open",
            "set",
            "Open",
            [annex(1, "2026-01-01", "any", contact("two", "admin"), contact("rev", "admin"))],
            resources={("ticket", "O-1"): {}},
        ),
        Tenant("strict", "set", "Strict", [annex(1, "2026-01-01", "any", contact("sia", "admin"))]),
        Tenant("liar", "set", "Liar", [annex(1, "2026-01-01", "declared", contact("lia", "admin"))]),
        Tenant("bare", "set", "Bare", [annex(1, "2026-01-01", "any", contact("bob", "admin"))]),
        Tenant("lost", "gone", "Lost", [annex(1, "2026-01-01", "any", contact("lou", "admin"))]),
        Tenant("empty", "set", "Empty", []),
    ]
)


def ask(who: str = "ana@x.example", what: str = "read", ip: str | None = INSIDE, **more: Any) -> Decision:
    at = more.pop("at", NOON)
    request = Request("contact", who, what, address=parse_address(ip) if ip else None)._replace(**more)
    return decide(request, DIRECTORY, {"set": GENERATION}, at)


def test_a_listed_contact_from_a_declared_address_is_permitted_and_the_line_is_named() -> None:
    decision = ask()

    assert (decision.allowed, decision.reason, decision.rule) == (True, Reason.PERMITTED, "set/matrix.csv:1")
    assert decision.network_rule == "set/networks/t.csv:1"


@pytest.mark.parametrize("who", ["nobody@x.example", "ana@x.example ", "ana", "", "аna@x.example", "ana@x.example\n"])
def test_r1_whoever_stands_on_no_annex_is_unregistered(who: str) -> None:
    assert ask(who).reason is Reason.CONTACT_UNREGISTERED


def test_r1_an_email_is_found_whatever_its_ascii_case_and_a_login_only_as_written() -> None:
    assert ask("ANA@X.example").allowed
    assert ask("ana", subject_type="login").allowed
    assert ask("Ana", subject_type="login").reason is Reason.CONTACT_UNREGISTERED


def test_r1_an_unknown_subject_type_is_nobody_and_a_type_of_the_set_is_somebody() -> None:
    assert ask("ana", subject_type="robot").reason is Reason.CONTACT_UNREGISTERED
    assert ask("ana", subject_type="user").allowed


def test_r1_whoever_a_newer_annex_left_out_is_unregistered() -> None:
    assert ask("old@x.example").reason is Reason.CONTACT_UNREGISTERED
    assert ask("old@x.example", at=dt.datetime(2026, 5, 31, 23, 59, tzinfo=ZONE).timestamp()).allowed
    assert (
        ask("old@x.example", at=dt.datetime(2026, 6, 1, tzinfo=ZONE).timestamp()).reason is Reason.CONTACT_UNREGISTERED
    )


def test_r3_an_annex_is_in_force_from_midnight_in_the_time_zone_of_the_set() -> None:
    midnight = dt.datetime(2026, 7, 1, tzinfo=ZONE).timestamp()

    assert ask("new@x.example", at=midnight - 0.001).reason is Reason.ANNEX_NOT_IN_FORCE
    assert ask("new@x.example", at=midnight).allowed
    assert ask("dan@x.example", at=midnight).reason is Reason.CONTACT_UNREGISTERED


def test_r2_the_tenant_is_inferred_only_from_exactly_one_standing() -> None:
    assert ask("two@x.example").reason is Reason.TENANT_AMBIGUOUS
    assert ask("two@x.example", resource_id="open").allowed
    assert ask("two@x.example", resource_id="acme").allowed


def of(resource_type: str, resource_id: str, properties: Mapping[str, object] = EMPTY) -> dict[str, Any]:
    return {"resource_type": resource_type, "resource_id": resource_id, "resource_properties": properties}


@pytest.mark.parametrize(
    ("resource", "reason"),
    [
        ({"resource_id": "nowhere"}, Reason.TENANT_UNKNOWN),
        ({"resource_id": "open"}, Reason.CONTACT_OF_OTHER_TENANT),
        ({"resource_id": "empty"}, Reason.CONTACT_OF_OTHER_TENANT),
        (of("ticket", "T-9"), Reason.TENANT_UNKNOWN),
        (of("ticket", "T-1"), Reason.PERMITTED),
        (of("spaceship", "T-1", {"tenant": "acme"}), Reason.TENANT_UNKNOWN),
        (of("ticket", "T-9", {"tenant": "acme"}), Reason.PERMITTED),
        (of("ticket", "T-9", {"tenant": "open"}), Reason.CONTACT_OF_OTHER_TENANT),
        (of("ticket", "T-9", {"tenant": "*"}), Reason.TENANT_UNKNOWN),
        (of("ticket", "O-1", {"tenant": "acme"}), Reason.TENANT_UNKNOWN),
        (of("ticket", "T-9", {"tenant": 7}), Reason.TENANT_UNKNOWN),
        (of("handbook", "H-1"), Reason.PERMITTED),
    ],
)  # fmt: skip
def test_r2_the_tenant_of_the_resource_is_told_by_its_id_its_property_or_the_registry(
    resource: dict[str, Any], reason: Reason
) -> None:
    assert ask(**resource).reason is reason


def test_r3_a_suspended_contact_is_refused_whatever_the_action() -> None:
    assert ask("eva@x.example").reason is Reason.CONTACT_SUSPENDED
    assert ask("eva@x.example", "nonsense").reason is Reason.CONTACT_SUSPENDED


def test_r4_an_action_goes_by_its_id_or_a_tag_and_by_nothing_like_it() -> None:
    assert ask(what="Read it").allowed
    assert ask(what="lire").allowed
    for word in ("READ", "read it", "", "*", "read\n"):
        assert ask(what=word).reason is Reason.ACTION_UNKNOWN


@pytest.mark.parametrize(
    ("ip", "reason"),
    [
        (OUTSIDE, Reason.NETWORK_NOT_DECLARED),
        ("203.0.113.66", Reason.NETWORK_NOT_DECLARED),
        (None, Reason.IP_MISSING),
        ("203.0.112.255", Reason.NETWORK_NOT_DECLARED),
        ("203.0.113.0", Reason.PERMITTED),
        ("203.0.113.255", Reason.PERMITTED),
        ("203.0.114.0", Reason.NETWORK_NOT_DECLARED),
        ("::ffff:203.0.113.5", Reason.PERMITTED),
        ("2001:db8:1::1", Reason.PERMITTED),
        ("2001:db8:2::", Reason.NETWORK_NOT_DECLARED),
    ],
)
def test_r5_the_address_has_to_lie_in_an_allow_line_and_in_no_deny_line(ip: str | None, reason: Reason) -> None:
    assert ask(ip=ip).reason is reason


def test_r5_any_is_every_address_and_also_none() -> None:
    for ip in (INSIDE, OUTSIDE, "2001:db8::1", None):
        assert ask("rev@x.example", ip=ip).allowed


def test_r7_any_lines_under_a_declared_annex_and_no_lines_at_all_hold_nothing() -> None:
    assert ask("lia@x.example").reason is Reason.NETWORK_CHOICE_MISMATCH
    assert ask("bob@x.example").reason is Reason.NETWORK_NOT_DECLARED


@pytest.mark.parametrize(
    ("channel", "assurance", "what", "reason"),
    [
        ("email", "mail_verified", "read", Reason.PERMITTED),
        ("email", "claimed", "read", Reason.SENDER_UNVERIFIED),
        ("email", "mail_verified", "wipe", Reason.CONFIRMATION_REQUIRED),
        ("email", "session", "wipe", Reason.CONFIRMATION_REQUIRED),
        ("email", "confirmed", "wipe", Reason.PERMITTED),
        ("web", "session", "wipe", Reason.PERMITTED),
        ("web", "mail_signed", "wipe", Reason.CONFIRMATION_REQUIRED),
        ("web", "claimed", "read", Reason.SENDER_UNVERIFIED),
        ("phone", "session", "read", Reason.PERMITTED),
        ("phone", "claimed", "read", Reason.SENDER_UNVERIFIED),
        ("chat", "session", "read", Reason.CHANNEL_NOT_ALLOWED),
    ],
)
def test_r5_the_sender_has_to_be_sure_enough_for_channel_and_action(
    channel: str, assurance: str, what: str, reason: Reason
) -> None:
    ip = INSIDE if channel == "web" else None

    assert ask(what=what, ip=ip, channel=Channel(channel), assurance=Assurance(assurance)).reason is reason


def test_r6_a_missing_network_is_named_before_a_missing_sender() -> None:
    assert ask(ip=OUTSIDE, assurance=Assurance.CLAIMED).reason is Reason.NETWORK_NOT_DECLARED
    assert ask(ip=OUTSIDE, assurance=Assurance.CLAIMED).missing == (Missing("network_ok"), Missing("sender_ok"))


def test_r6_a_cell_that_no_fact_opens_is_a_matter_of_the_role() -> None:
    decision = ask("dan@x.example", "wipe", ip=OUTSIDE)

    assert (decision.reason, decision.rule, decision.missing) == (Reason.ROLE_NOT_PERMITTED, "set/matrix.csv:7", ())


def test_r6_a_role_that_the_set_does_not_have_is_refused() -> None:
    assert ask("dan@x.example", "own").reason is Reason.ROLE_NOT_PERMITTED


def test_r6_a_tenant_with_lines_of_its_own_is_judged_by_them_alone() -> None:
    assert ask("sia@x.example").reason is Reason.ROLE_NOT_PERMITTED


@pytest.mark.parametrize(
    ("properties", "reason"),
    [({"own": True}, Reason.PERMITTED), ({"own": False}, Reason.FACT_NOT_MET), ({}, Reason.FACT_UNKNOWN)],
)
def test_r5_an_allow_line_needs_its_facts_known_and_true(properties: dict[str, object], reason: Reason) -> None:
    decision = ask(what="own", resource_properties=properties)

    assert decision.reason is reason
    assert decision.fact == ("" if decision.allowed else "own")


@pytest.mark.parametrize(
    ("properties", "reason"),
    [({"blocked": False}, Reason.PERMITTED), ({"blocked": True}, Reason.FACT_NOT_MET), ({}, Reason.FACT_UNKNOWN)],
)
def test_r5_not_knowing_a_deny_fact_refuses_as_well(properties: dict[str, object], reason: Reason) -> None:
    decision = ask(what="blockable", resource_properties=properties)

    assert decision.reason is reason
    if reason is Reason.FACT_NOT_MET:
        assert decision.missing == (Missing("blocked", wanted=False),)


def test_an_unknown_fact_that_cannot_change_the_answer_does_not_speak() -> None:
    decision = ask(what="own", ip=OUTSIDE)

    assert decision.reason is Reason.NETWORK_NOT_DECLARED
    assert decision.missing == (Missing("network_ok"), Missing("own"))


def test_r9_a_fact_with_parts_names_the_parts_that_are_missing() -> None:
    decision = ask(what="report", resource_properties={"complete": False, "a": True})

    assert decision.missing == (Missing("complete", True, ("b",)),)


def test_a_question_that_hangs_on_a_set_without_policy_is_not_answered() -> None:
    with pytest.raises(NoActivePolicy):
        ask("lou@x.example")
