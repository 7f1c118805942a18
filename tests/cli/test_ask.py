from __future__ import annotations

import datetime as dt
import re
import shutil

import pytest

from authz.policy.generations.builder import Builder, Place
from authz.policy.generations.store import PolicyStore
from tests.cli.program import Checkout, authz, authz_on_terminal, authz_process

INSIDE = ("--ip", "203.0.113.5")
WORKDAY = ("--at", "2026-06-03T10:00:00+03:00")


def publish(checkout: Checkout) -> None:
    """What the service's builder does at its start."""
    data = checkout.root / "data"
    place = Place(checkout.root / "policies", checkout.root / "model.conf")
    Builder(place, PolicyStore(data), None).look()


def test_an_allowed_question_ends_with_0_and_names_its_lines(loaded: Checkout) -> None:
    ran = authz("ask", "ana@acme.example", "gate", *INSIDE, *WORKDAY, "--policies", "policies")

    lines = ran.out.splitlines()
    assert ran.status == 0
    assert lines[0] == (
        "ALLOWED  permitted  Ana Pop (ana@acme.example) requests open_gate “Deschiderea porții” for "
        "Acme Distribution SRL (acme)"
    )
    assert lines[1] == "at 2026-06-03 10:00:00+03:00"
    rules = {line.split()[0]: line for line in lines if re.match(r"R[1-6] ", line)}
    assert list(rules) == ["R1", "R2", "R3", "R4", "R5", "R6"]
    assert all(" passed " in line for line in rules.values())
    assert rules["R5"].endswith("storehouse/networks/acme.csv:1")
    assert rules["R6"].endswith("storehouse/matrix.csv:2")
    assert "reaction due: 2026-06-03T11:00:00+03:00" in ran.out
    assert ran.err == ""


def test_a_refusal_ends_with_1_and_says_what_would_help_and_what_to_tell_whom(loaded: Checkout) -> None:
    ran = authz(
        "ask", "dan@acme.example", "move_box", *INSIDE, *WORKDAY,
        "--resource", "box:b1", "--tenant", "acme", "--property", "owner=ana@acme.example",
    )  # fmt: skip

    assert ran.status == 1
    assert ran.out.startswith("REFUSED  fact_not_met  Dan Rus (dan@acme.example) requests move_box")
    assert "missing           would be allowed if own_box: cutia este a contactului" in ran.out
    assert "to the requester  [ro] " in ran.out
    assert "[en] A condition of the contract is not met: the box is the contact's own." in ran.out
    assert "to the desk       [ro] " in ran.out
    assert re.search(r"R6 +judge +failed +fact_not_met +storehouse/matrix.csv:5$", ran.out, re.MULTILINE)


def test_an_obligation_of_an_allow_is_shown(loaded: Checkout) -> None:
    ran = authz(
        "ask", "dan@acme.example", "move_box", *INSIDE,
        "--resource", "box:b1", "--tenant", "acme", "--property", "resource.owner=dan@acme.example",
    )  # fmt: skip

    assert ran.status == 0
    assert (
        "obligations       sign-book (custom) kind: sign; text: [ro] semnați în registru, [en] sign the book" in ran.out
    )


def test_whoever_is_not_registered_is_refused_at_the_first_rule(loaded: Checkout) -> None:
    ran = authz("ask", "eve@acme.example", "gate", *INSIDE)

    rules = [line.split() for line in ran.out.splitlines() if re.match(r"R[1-6] ", line)]
    assert ran.status == 1
    assert rules[0][-2:] == ["failed", "contact_unregistered"]
    assert all(rule[-2:] == ["not", "reached"] for rule in rules[1:])
    assert "[en] " in ran.out
    assert "[ro] " not in ran.out


def test_json_is_the_http_answer_with_the_steps(loaded: Checkout) -> None:
    ran = authz("ask", "dan@acme.example", "gate", *INSIDE, "--json")

    context = ran.json["context"]
    assert ran.status == 1
    assert set(ran.json) == {"decision", "context", "steps"}
    assert ran.json["decision"] is False
    assert context["reason"] == "role_not_permitted"
    assert context["rule"] == "storehouse/matrix.csv:3"
    assert context["missing"] == []
    assert context["contact"]["name"] == "Dan Rus"
    assert context["revision"]["registry"] == 1
    assert context["revision"]["policy"].startswith("sha256:")
    assert set(context["reason_user"]) == {"ro", "en"}
    assert [step["rule"] for step in ran.json["steps"]] == ["R1", "R2", "R3", "R4", "R5", "R6"]
    assert ran.json["steps"][5]["source"] == "storehouse/matrix.csv:3"


@pytest.mark.parametrize("contact", ["ana@acme.example", "+40213000001", "ana.pop", "ANA@acme.example"])
def test_a_contact_is_known_by_any_of_its_ids(loaded: Checkout, contact: str) -> None:
    assert authz("ask", contact, "gate", *INSIDE).status == 0


def test_a_stated_type_is_taken_at_its_word(loaded: Checkout) -> None:
    assert authz("ask", "ana.pop", "gate", *INSIDE, "--type", "login").status == 0
    assert authz("ask", "ana.pop", "gate", *INSIDE, "--type", "contact").status == 1


@pytest.mark.parametrize(
    ("at", "status", "reason"),
    [
        ("2026-02-01", 0, "permitted"),
        ("2026-01-31", 1, "annex_not_in_force"),
        ("2026-01-31T22:00:00Z", 0, "permitted"),
        ("2026-01-31T21:59:59Z", 1, "annex_not_in_force"),
    ],
    ids=["a date begins in the set's zone", "the day before", "the same midnight in UTC", "one second before it"],
)
def test_a_question_can_be_asked_as_of_another_time(loaded: Checkout, at: str, status: int, reason: str) -> None:
    ran = authz("ask", "ana@acme.example", "gate", *INSIDE, "--at", at, "--json")

    assert (ran.status, ran.json["context"]["reason"]) == (status, reason)


@pytest.mark.parametrize("tenant", [(), ("--tenant", "acme")])
def test_a_date_begins_at_midnight_in_the_time_zone_of_the_set(loaded: Checkout, tenant: tuple[str, ...]) -> None:
    ran = authz("ask", "ana@acme.example", "gate", *INSIDE, *tenant, "--at", "2026-07-01")

    assert ran.out.splitlines()[1] == "at 2026-07-01 00:00:00+03:00"


@pytest.mark.parametrize(
    ("channel", "assurance", "reason"),
    [
        ("email", "mail_verified", "permitted"),
        ("email", "", "sender_unverified"),
        ("phone", "claimed", "sender_unverified"),
        ("web", "", "ip_missing"),
    ],
)
def test_channel_and_assurance_are_those_of_the_request(
    loaded: Checkout, channel: str, assurance: str, reason: str
) -> None:
    stated = ("--assurance", assurance) if assurance else ()

    ran = authz("ask", "ana@acme.example", "gate", "--channel", channel, *stated, "--json")

    assert ran.json["context"]["reason"] == reason


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--ip", "203.0.113.5:80"), "`ip` is not an IP address in plain form"),
        (("--ip", "203.0.113.5", "--channel", "email"), "`ip` does not apply to this channel"),
        (("--channel", "fax"), "`channel` is not one of web, api, email, phone, chat"),
        (("--assurance", "sure"), "`assurance` is not one of"),
        (("--resource", "box"), "`box` is not TYPE:ID"),
        (("--resource", "tenant:beta", "--tenant", "acme"), "name different tenants"),
        (("--property", "owner"), "`owner` is not NAME=VALUE"),
        (("--property", "owner=null"), "null is not the same as an absent member"),
        (("--property", "owner=1", "--property", "resource.owner=2"), "`resource.owner` is stated twice"),
        (("--property", "tenant.closed=true", "--resource", "box:b1"), "only a question about the tenant itself"),
        (("--at", "yesterday"), "`yesterday` is neither a date"),
        (("--at", "2026-06-03T10:00:00"), "has no offset"),
        (("--lang", "fr"), "there is no text in `fr` for this client; there is ro, en"),
    ],
)
def test_what_cannot_be_meant_is_wrong_usage(loaded: Checkout, arguments: tuple[str, ...], said: str) -> None:
    ran = authz("ask", "ana@acme.example", "gate", *arguments)

    assert ran.status == 2
    assert said in ran.err
    assert ran.out == ""
    assert ran.err.startswith("authz: ")
    assert ran.err.count("\n") == 1


def test_one_language_can_be_chosen(loaded: Checkout) -> None:
    ran = authz("ask", "ana@acme.example", "gate", *INSIDE, "--lang", "en")

    assert "“Open the gate”" in ran.out
    assert "[en] " in ran.out
    assert "[ro] " not in ran.out


def test_a_property_that_a_request_may_not_state_is_ignored_and_said_to_be(loaded: Checkout) -> None:
    ran = authz("ask", "ana@acme.example", "gate", *INSIDE, "--property", "tenant.closed=true")

    assert ran.status == 0
    assert ran.err == (
        "note: `resource.closed` is not an attribute that a request may state under `storehouse`; it was ignored\n"
    )


def test_without_a_registry_there_is_no_answer(checkout: Checkout) -> None:
    ran = authz("ask", "ana@acme.example", "gate")

    assert (ran.status, ran.out) == (2, "")
    assert "authz registry load" in ran.err


def test_without_a_fit_policy_there_is_no_answer_but_its_problems(loaded: Checkout) -> None:
    loaded.replace("matrix.csv", "p, *, guest,  open_gate,", "p, *, gest,   open_gate,")

    ran = authz("ask", "ana@acme.example", "gate")

    assert (ran.status, ran.out) == (2, "")
    assert "policies/storehouse/matrix.csv:3:7: unknown role `gest`" in ran.err


def test_what_is_live_answers_even_when_the_files_have_changed(
    loaded: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTHZ_DATA", str(loaded.root / "data"))
    publish(loaded)
    loaded.replace(
        "matrix.csv",
        "p, *, keeper, open_gate,  network_ok + sender_ok,           allow",
        "p, *, keeper, open_gate, -, deny",
    )
    loaded.replace(
        "tests.yaml",
        "action: open_gate}\n    expect: {decision: true}",
        "action: open_gate}\n    expect: {decision: false}",
    )
    loaded.replace("tests.yaml", "reason: fact_not_met, fact: gate_closed", "reason: role_not_permitted")

    by_what_is_live = authz("ask", "ana@acme.example", "gate", *INSIDE)
    by_the_files = authz("ask", "ana@acme.example", "gate", *INSIDE, "--policies", ".")

    assert by_what_is_live.status == 0
    assert "note: the files of `storehouse` are not what is live" in by_what_is_live.err
    assert by_the_files.status == 1
    assert "role_not_permitted" in by_the_files.out
    assert by_the_files.err == ""


def test_what_is_live_answers_without_any_policy_file(loaded: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTHZ_DATA", str(loaded.root / "data"))
    publish(loaded)
    shutil.rmtree(loaded.root / "policies")

    assert authz("ask", "ana@acme.example", "gate", *INSIDE).status == 0


def test_asking_changes_nothing_on_disk(loaded: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    data = loaded.root / "data"
    monkeypatch.setenv("AUTHZ_DATA", str(data))
    publish(loaded)
    before = sorted((path, path.stat().st_mtime_ns) for path in data.rglob("*"))

    authz("ask", "ana@acme.example", "gate", *INSIDE)

    assert sorted((path, path.stat().st_mtime_ns) for path in data.rglob("*")) == before


def test_the_explanation_is_coloured_on_a_terminal_and_plain_in_a_pipe(loaded: Checkout) -> None:
    question = ("ask", "dan@acme.example", "gate", *INSIDE)

    shown = authz_on_terminal(*question)
    piped = authz_process(*question)

    assert "\x1b[1;31mREFUSED" in shown
    assert "\x1b[" not in piped.out
    assert piped.status == 1
    assert all(line == line.rstrip() for line in piped.out.splitlines())


def test_a_question_about_the_past_is_answered_by_the_policy_of_then_and_names_it(
    loaded: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = loaded.root / "data"
    monkeypatch.setenv("AUTHZ_DATA", str(data))
    place = Place(loaded.root / "policies", loaded.root / "model.conf")
    march = dt.datetime(2026, 3, 1, tzinfo=dt.UTC).timestamp()
    may = dt.datetime(2026, 5, 1, tzinfo=dt.UTC).timestamp()
    Builder(place, PolicyStore(data, lambda: march), None).look()
    first = PolicyStore(data)
    first.refresh()
    loaded.replace("networks/acme.csv", "p2, acme, 203.0.113.66/32, deny\n", "p2, acme, 203.0.113.5/32, deny\n")
    Builder(place, PolicyStore(data, lambda: may), None).look()

    then = authz("ask", "ana@acme.example", "gate", *INSIDE, "--at", "2026-04-01", "--json")
    later = authz("ask", "ana@acme.example", "gate", *INSIDE, "--at", "2026-06-01", "--json")
    shown = authz("ask", "ana@acme.example", "gate", *INSIDE, "--at", "2026-04-01")
    before = authz("ask", "ana@acme.example", "gate", *INSIDE, "--at", "2026-02-15")

    assert (then.status, later.status) == (0, 1)
    assert then.json["context"]["as_of"]["policy"]["revision"] == first.current()["storehouse"].revision
    assert then.json["context"]["as_of"]["policy"]["since"] == "2026-03-01T02:00:00+02:00"
    assert then.json["context"]["as_of"]["annex"]["number"] == 1
    assert "policy then" in shown.out
    assert "approved" in shown.out
    assert (before.status, before.out) == (2, "")
    assert "no policy of that instant is recorded" in before.err


def test_where_no_policy_ever_went_live_an_answer_about_the_past_says_by_what_it_is(loaded: Checkout) -> None:
    ran = authz("ask", "ana@acme.example", "gate", *INSIDE, *WORKDAY)

    assert ran.status == 0
    assert "the answer is by the files as they are now" in ran.err
