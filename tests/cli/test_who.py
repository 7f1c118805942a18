"""`authz who`: a whole company at once, by what `authz ask` would answer for each of its people."""

from __future__ import annotations

import pytest

from tests.cli.program import Checkout, authz
from tests.cli.storehouse import REGISTRY_YAML

ANA = "Ana Pop, keeper (ana@acme.example, +40213000001, ana.pop)"
NOTE = "note: no policy set ever went live here; the answer is by the files as they are now\n"


def test_people_places_and_paper_are_told_at_once(loaded: Checkout) -> None:
    ran = authz("who", "gate", "--tenant", "acme")

    assert ran.status == 0, ran.err
    assert ran.err == NOTE
    lines = ran.out.splitlines()
    assert lines[0] == "Acme Distribution SRL (acme)  open_gate, clause Table 1, row 1"
    assert lines[2:8] == [
        "may request it:",
        f"  {ANA}  if network_ok and sender_ok, not if gate_closed  storehouse/matrix.csv:2",
        "  not Dan Rus, guest: storehouse/matrix.csv:3",
        "from:",
        "  203.0.113.0/24  storehouse/networks/acme.csv:1",
        "  except 203.0.113.66/32  storehouse/networks/acme.csv:2",
    ]
    assert lines[9] == "under: annex 1, signed 2026-01-05, in force from 2026-02-01, loaded from a file"
    assert lines[11].startswith("  entered by test at ")
    assert lines[12].startswith("  approved by test at ")


def test_a_machine_is_told_the_same(loaded: Checkout) -> None:
    told = authz("who", "open_gate", "--tenant", "acme", "--json").json

    assert [one["name"] for one in told["may"]] == ["Ana Pop"]
    assert told["may"][0]["if"] == [["network_ok", "sender_ok"]]
    assert told["may"][0]["refused_if"] == [["gate_closed"]]
    assert [(one["name"], one["rule"]) for one in told["may_not"]] == [("Dan Rus", "storehouse/matrix.csv:3")]
    assert [(one["effect"], one["network"]) for one in told["from"]] == [
        ("allow", "203.0.113.0/24"),
        ("deny", "203.0.113.66/32"),
    ]
    assert (told["annex"]["number"], told["annex"]["approved_by"]) == (1, "test")
    assert told["policy"]["set"] == "storehouse"


@pytest.mark.parametrize("contact", ["ana@acme.example", "dan@acme.example"])
@pytest.mark.parametrize("action", ["open_gate", "read_rules"])
def test_who_may_is_whom_ask_allows_from_a_good_address(loaded: Checkout, contact: str, action: str) -> None:
    told = authz("who", action, "--tenant", "acme", "--json").json

    answer = authz("ask", contact, action, "--ip", "203.0.113.5", "--json").json

    assert answer["decision"] is any(contact in one["ids"] for one in told["may"])


def test_nobody_may_before_the_annex_was_in_force_and_whoever_is_suspended(loaded: Checkout) -> None:
    before = authz("who", "open_gate", "--tenant", "acme", "--at", "2026-01-31")
    assert before.status == 1
    assert "nobody may request it" in before.out
    assert "under no annex in force" in before.out
    assert authz("who", "open_gate", "--tenant", "acme", "--at", "2026-02-01").status == 0

    authz("contact", "suspend", "ana@acme.example", "--tenant", "acme", "--by", "Mara Ionescu")
    now = authz("who", "open_gate", "--tenant", "acme")
    assert now.status == 1
    assert "not Ana Pop, keeper: suspended" in now.out


def test_where_line_and_choice_disagree_no_address_is_good(checkout: Checkout) -> None:
    (checkout.set_dir / "networks" / "acme.csv").write_text("p2, acme, any, allow\n")
    authz("registry", "load", str(checkout.registry_file), "--by", "test")

    ran = authz("who", "open_gate", "--tenant", "acme")

    assert "from no address" in ran.out


def test_any_address_reads_as_such(checkout: Checkout) -> None:
    (checkout.set_dir / "networks" / "acme.csv").write_text("p2, acme, any, allow\n")
    checkout.registry_file.write_text(REGISTRY_YAML.replace("network: declared", "network: any"))
    authz("registry", "load", str(checkout.registry_file), "--by", "test")

    assert "  any address  storehouse/networks/acme.csv:1" in authz("who", "open_gate", "--tenant", "acme").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("fly", "--tenant", "acme"), "was no action or tag"),
        (("open_gate", "--tenant", "nowhere"), "there was no such tenant"),
        (("open_gate", "--tenant", "acme", "--at", "yesterday"), "neither a date"),
        (("open_gate",), "--tenant"),
    ],
    ids=["action", "tenant", "time", "no tenant"],
)
def test_what_cannot_be_meant_is_wrong_usage(loaded: Checkout, arguments: tuple[str, ...], said: str) -> None:
    ran = authz("who", *arguments)

    assert ran.status == 2
    assert said in ran.err


@pytest.mark.parametrize("at", ["9999-12-31", "0001-01-01", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00"])
@pytest.mark.parametrize("verb", [("who", "open_gate", "--tenant", "acme"), ("ask", "ana@acme.example", "open_gate")])
def test_a_day_that_no_contract_is_about_is_wrong_usage(loaded: Checkout, verb: tuple[str, ...], at: str) -> None:
    ran = authz(*verb, "--at", at)

    assert (ran.status, ran.out) == (2, "")
    assert "is not of the years 1970 to 9000" in ran.err
