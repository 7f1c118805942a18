"""The gate's decision: tenant and address alone (R3, R5, R7; calltrack 1.7)."""

from __future__ import annotations

import datetime as dt

import pytest

from authz.core.decide import decide
from authz.core.gate import passage
from authz.core.network import parse_address
from authz.core.types import NetworkChoice, Reason, Request
from authz.errors import NoActivePolicy
from tests.web.gate_world import CHOICES, gate_directory, gate_generation
from tests.web.world import World

NOW = dt.datetime(2026, 6, 3, 10, tzinfo=dt.UTC).timestamp()
GENERATIONS = {"demo": gate_generation()}
INSIDE, LEFT_OUT, OUTSIDE = "203.0.113.5", "203.0.113.66", "198.51.100.9"


@pytest.mark.parametrize(
    ("tenant", "address", "reason"),
    [
        ("acme", INSIDE, Reason.PERMITTED),
        ("acme", "::ffff:203.0.113.5", Reason.PERMITTED),
        ("acme", "2001:db8:5::1", Reason.PERMITTED),
        ("acme", LEFT_OUT, Reason.NETWORK_NOT_DECLARED),
        ("acme", OUTSIDE, Reason.NETWORK_NOT_DECLARED),
        ("acme", "2001:db8:6::1", Reason.NETWORK_NOT_DECLARED),
        ("beta", OUTSIDE, Reason.PERMITTED),
        ("beta", "2001:db8:6::1", Reason.PERMITTED),
        ("beta", "198.51.100.66", Reason.NETWORK_NOT_DECLARED),
        ("gamma", INSIDE, Reason.PERMITTED),
        ("gamma", OUTSIDE, Reason.NETWORK_NOT_DECLARED),
        ("mismatch", INSIDE, Reason.NETWORK_CHOICE_MISMATCH),
        ("bare", INSIDE, Reason.NETWORK_NOT_DECLARED),
        ("future", INSIDE, Reason.ANNEX_NOT_IN_FORCE),
        ("nobody", INSIDE, Reason.TENANT_UNKNOWN),
        ("", INSIDE, Reason.TENANT_UNKNOWN),
        ("*", INSIDE, Reason.TENANT_UNKNOWN),
    ],
)
def test_the_annex_in_force_and_the_lines_decide(tenant: str, address: str, reason: Reason) -> None:
    found = passage(tenant, parse_address(address), gate_directory(), GENERATIONS, NOW)

    assert (found.allowed, found.reason) == (reason is Reason.PERMITTED, reason)


def test_the_answer_says_which_line_spoke_and_whether_every_address_is_let_in() -> None:
    directory = gate_directory()

    declared = passage("acme", parse_address(INSIDE), directory, GENERATIONS, NOW)
    anywhere = passage("beta", parse_address(OUTSIDE), directory, GENERATIONS, NOW)
    ranges_hold = passage("gamma", parse_address(INSIDE), directory, GENERATIONS, NOW)
    refused = passage("acme", parse_address(LEFT_OUT), directory, GENERATIONS, NOW)

    assert (declared.network, declared.network_rule) == (NetworkChoice.DECLARED, "demo/networks/acme.csv:1")
    assert (anywhere.network, anywhere.network_rule) == (NetworkChoice.ANY, "demo/networks/beta.csv:1")
    assert ranges_hold.network is NetworkChoice.DECLARED
    assert (refused.network, refused.network_rule) == (None, "demo/networks/acme.csv:2")


def test_a_tenant_whose_policy_set_was_never_good_has_no_answer() -> None:
    with pytest.raises(NoActivePolicy):
        passage("other", parse_address(INSIDE), gate_directory(), GENERATIONS, NOW)


@pytest.mark.parametrize("tenant", sorted(CHOICES))
@pytest.mark.parametrize("address", [INSIDE, LEFT_OUT, OUTSIDE, "198.51.100.66", "2001:db8:5::1"])
def test_the_gate_and_the_decision_agree_about_the_network(tenant: str, address: str) -> None:
    """What the gate refuses for its address, the decision after login refuses too, and the other way round."""
    directory = gate_directory()
    known = World().directory.tenants["acme"].annexes[0].contacts[0]
    company = directory.tenants[tenant]
    annex = company.annexes[0]
    with_ana = type(company)(
        tenant, company.set_id, tenant, [type(annex)(1, annex.signed_on, annex.effective_from, annex.network, [known])]
    )
    directory.replace(with_ana)
    question = Request("contact", "ana@acme.example", "report", resource_id=tenant, address=parse_address(address))

    decided = decide(question, directory, GENERATIONS, NOW)
    found = passage(tenant, parse_address(address), directory, GENERATIONS, NOW)

    assert (decided.allowed, decided.reason) == (found.allowed, found.reason)
    assert decided.network_rule == found.network_rule
