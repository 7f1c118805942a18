from __future__ import annotations

import json

import pytest

from tests.cli.program import Checkout, authz

ASKED = ("ask", "ana@acme.example", "gate", "--ip", "203.0.113.5", "--json")
AT_ACME = ("--tenant", "acme", "--by", "Mara Ionescu")


def reason() -> str:
    return str(authz(*ASKED).json["context"]["reason"])


def test_a_contact_is_suspended_and_restored_under_every_id(loaded: Checkout) -> None:
    suspended = authz("contact", "suspend", "ana.pop", *AT_ACME, "--cause", "laptop stolen")
    assert (suspended.status, suspended.out) == (0, "ana.pop at acme is suspended  revision 2\n")
    assert reason() == "contact_suspended"

    restored = authz("contact", "restore", "+40213000001", *AT_ACME, "--json")
    assert restored.json == {"ok": True, "tenant": "acme", "state": "active", "revision": 3}
    assert reason() == "permitted"


def test_a_revocation_is_lifted_only_in_so_many_words(loaded: Checkout) -> None:
    assert authz("contact", "revoke", "ana@acme.example", *AT_ACME).status == 0

    refused = authz("contact", "restore", "ana@acme.example", *AT_ACME)
    assert refused.status == 1
    assert "revoked" in refused.out
    assert reason() == "contact_suspended"

    assert authz("contact", "restore", "ana@acme.example", *AT_ACME, "--revoked-too").status == 0
    assert reason() == "permitted"


@pytest.mark.parametrize("verb", ["suspend", "restore", "revoke"])
def test_who_is_no_contact_of_the_tenant_is_a_finding(loaded: Checkout, verb: str) -> None:
    ran = authz("contact", verb, "eve@acme.example", *AT_ACME, "--json")

    assert ran.status == 1
    assert ran.json["ok"] is False


@pytest.mark.parametrize(
    "words", [("not an id!", *AT_ACME), ("ana@acme.example", "--tenant", "acme"), ("ana@acme.example", "--by", "Mara")]
)
def test_words_that_name_nobody_or_leave_something_out_are_wrong_usage(
    loaded: Checkout, words: tuple[str, ...]
) -> None:
    assert authz("contact", "suspend", *words).status == 2


def test_the_change_and_its_author_stand_in_the_trail(loaded: Checkout) -> None:
    authz("contact", "suspend", "ana@acme.example", *AT_ACME)

    assert "Mara Ionescu" in json.dumps(authz("annex", "list", "acme", "--json").json)
