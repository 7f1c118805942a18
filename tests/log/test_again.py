"""Facts told again from a record, case by case; the law itself stands in tests/differential."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from authz.core.definition import ActionDef, PolicySet, RoleDef
from authz.core.generation import Generation
from authz.core.network import NetworkLine, TenantNetworks
from authz.core.table import Cell, DecisionTable
from authz.core.types import Effect
from authz.log.reading.again import Fact, asked_in, fact_again
from authz.replay import Verdict, rejudge
from tests.log.segments import decision
from tests.web.world import NoFacts

ALLOW = "203.0.113.0/24"


def rules(*lines: tuple[str, str], high_risk: bool = False, revision: str = "new") -> Generation:
    """`keeper` may move a box if `network_ok` and `sender_ok`."""
    definition = PolicySet(
        "storehouse",
        {},
        ("en",),
        "UTC",
        "RO",
        {"keeper": RoleDef("keeper", {}, "1")},
        {"move_box": ActionDef("move_box", {}, "1", high_risk=high_risk)},
    )
    judged = [(mask == 3, "storehouse/matrix.csv:1") for mask in range(4)]
    table = DecisionTable({("keeper", "move_box"): Cell(("network_ok", "sender_ok"), judged)}, {})
    declared = [NetworkLine(net, Effect(effect), f"n.csv:{at}") for at, (net, effect) in enumerate(lines, 1)]
    networks = {"acme": TenantNetworks(declared)} if declared else {}
    return Generation(definition, table, networks, NoFacts(), dt.UTC, revision)


def again(fact: str, record: dict[str, Any], now: Generation, then: Generation | None = None) -> Fact:
    asked = asked_in(record)
    assert asked is not None
    return fact_again(fact, asked, now, then)


REFUSED: dict[str, Any] = {
    "decision": False,
    "reason": "network_not_declared",
    "network_rule": None,
    "ip_ref": "sum:" + "0" * 32,
    "facts": {"network_ok": False, "sender_ok": True},
}
NOT_ASKED: dict[str, Any] = {"facts": {}, "ip_ref": None, "network_rule": None}


@pytest.mark.parametrize(
    ("record", "lines", "expected"),
    [
        (decision(), [(ALLOW, "allow")], True),
        (decision(), [], False),
        (decision(), [("198.51.100.0/24", "allow")], False),
        (decision(), [("203.0.113.0/25", "allow")], None),
        (decision(), [(ALLOW, "allow"), ("203.0.113.66/32", "deny")], None),
        (decision(), [("any", "allow")], None),
        (decision(ip_ref="any"), [("any", "allow")], True),
        (decision(ip_ref="any"), [(ALLOW, "allow")], None),
        (decision(ip_ref="any"), [("any", "allow"), ("192.0.2.0/24", "deny")], None),
        (decision(ip_ref=None, network_rule=None), [("any", "allow")], True),
        (decision(ip_ref=None, network_rule=None), [(ALLOW, "allow")], False),
        (decision(**NOT_ASKED), [(ALLOW, "allow")], None),
        (decision(**NOT_ASKED), [("any", "allow")], None),
        (decision(**{**REFUSED, "ip_network": "198.51.100.0/24"}), [(ALLOW, "allow")], False),
        (decision(**{**REFUSED, "ip_network": "198.51.100.0/24"}), [("198.51.100.0/24", "allow")], True),
        (decision(**{**REFUSED, "ip_network": "198.51.100.0/24"}), [("198.51.100.0/25", "allow")], None),
        (decision(**REFUSED), [(ALLOW, "allow")], None),
        (decision(**REFUSED), [], False),
        (decision(**{**REFUSED, "reason": "ip_missing", "ip_ref": None}), [(ALLOW, "allow")], False),
        (decision(**{**REFUSED, "reason": "ip_missing", "ip_ref": None}), [("any", "allow")], None),
        (decision(**{**REFUSED, "reason": "network_choice_mismatch"}), [("any", "allow")], False),
        (
            decision(**{**REFUSED, "reason": "network_choice_mismatch", "ip_network": ALLOW}),
            [(ALLOW, "allow")],
            True,
        ),
    ],
    ids=[
        "the range is declared as before", "no lines any more", "the range is declared no more", "half of the range",
        "a hole in the range", "any address, if the annex says so", "any address as before",
        "any address before, a range now", "any address before, a hole now", "no address as before",
        "no address, and ranges now", "nobody asked where it came from", "nobody asked, and any address now",
        "still outside", "now inside", "now perhaps inside", "the network was deleted", "deleted, and no lines now",
        "no address then", "no address, any address now", "a choice of declared networks", "declared at last",
    ],
)  # fmt: skip
def test_where_a_request_came_from_is_told_as_far_as_it_is_known(
    record: dict[str, Any], lines: list[tuple[str, str]], expected: Fact
) -> None:
    assert again("network_ok", record, rules(*lines)) is expected


def test_with_the_rules_of_then_a_hole_that_was_there_is_no_doubt() -> None:
    holed = [(ALLOW, "allow"), ("203.0.113.66/32", "deny")]
    then = rules(*holed, revision="old")
    record = decision(network_rule="n.csv:1")

    assert again("network_ok", record, rules(*holed), then) is True
    assert again("network_ok", record, rules((ALLOW, "allow"), ("203.0.113.66/31", "deny")), then) is None
    assert again("network_ok", record, rules(("203.0.113.0/24", "allow"), ("192.0.2.0/24", "deny")), then) is True


MAIL: dict[str, Any] = {"channel": "email", "assurance": "mail_verified", "ip_ref": None, "network_rule": None}
UNSURE: dict[str, Any] = {
    **MAIL, "decision": False, "reason": "confirmation_required", "facts": {"network_ok": False, "sender_ok": False},
}  # fmt: skip


@pytest.mark.parametrize(
    ("record", "now", "then", "expected"),
    [
        (decision(), rules(), None, True),
        (decision(assurance="claimed"), rules(), None, False),
        (decision(assurance="mail_signed"), rules(high_risk=True), None, False),
        (decision(**MAIL), rules(), None, True),
        (decision(**MAIL), rules(high_risk=True), None, False),
        (decision(**UNSURE), rules(), None, None),
        (decision(**UNSURE), rules(), rules(high_risk=True), None),
        (decision(**UNSURE), rules(), rules(), False),
    ],
    ids=[
        "a session", "a claim", "a signed mail for a risky action", "a mail that was good enough",
        "the action is risky now", "the tenant may want a confirmation", "the action was risky",
        "the tenant wanted one",
    ],
)  # fmt: skip
def test_whether_a_sender_is_sure_enough_is_told_as_far_as_it_is_known(
    record: dict[str, Any], now: Generation, then: Generation | None, expected: Fact
) -> None:
    assert again("sender_ok", record, now, then) is expected


@pytest.mark.parametrize(
    ("record", "verdict", "cause"),
    [
        (decision(), Verdict.SAME, ""),
        (decision(policy="new", role="nobody"), Verdict.SAME, ""),
        (decision(reason="contact_suspended", decision=False), Verdict.SAME, ""),
        (decision(reason="from_the_future", decision=False, role=None), Verdict.UNTOLD, "does not say which action"),
        (decision(reason="action_unknown", decision=False, action=None), Verdict.UNTOLD, "which action was asked for"),
        (decision(set="granary"), Verdict.OTHERWISE, "no policy set `granary`"),
        (decision(action="fly"), Verdict.OTHERWISE, "no action `fly`"),
        (decision(role="visitor"), Verdict.OTHERWISE, "no line for `visitor`"),
        (decision(reason="channel_not_allowed", decision=False, facts=None), Verdict.UNTOLD, "channel was closed"),
        (decision(decision=False, reason="fact_not_met", fact="supported_obligations"), Verdict.UNTOLD, "obligation"),
        (decision(channel="pigeon"), Verdict.UNTOLD, "does not say"),
    ],
    ids=[
        "the same answer", "the same revision", "a matter of people", "a reason of a later version", "an unknown word",
        "a set that is gone", "an action that is gone", "a role that is gone", "a channel that was closed",
        "an obligation", "a channel of a later version",
    ],
)  # fmt: skip
def test_what_no_fact_decides_is_told_or_not(record: dict[str, Any], verdict: Verdict, cause: str) -> None:
    found = rejudge(record, {"storehouse": rules((ALLOW, "allow"))})

    assert found.verdict is verdict
    assert cause in found.cause
