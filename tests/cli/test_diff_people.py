"""Whom a change touches: each person once under what the change does to them, by the annex that they stand on."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from tests.cli.program import Checkout, authz
from tests.cli.test_diff_unseen import commit

ANA = "acme: Ana Pop <ana@acme.example>"
DAN = "acme: Dan Rus <dan@acme.example>"
COMING = """\
      - number: 2
        signed_on: 2026-02-05
        effective_from: 2999-01-01
        network: any
        contacts:
          - {name: Dan Rus, role: guest, email: dan@acme.example}
          - {name: Eva Lup, role: guest, email: eva@acme.example}
"""


@pytest.fixture
def versioned(checkout: Checkout) -> Checkout:
    with (checkout.set_dir / "matrix.csv").open("a") as stream:
        stream.write("p, gamma, guest, open_gate, own_box, deny\n")
    checkout.replace("set.yaml", "resource_types:\n", "subject_types: {staff: login}\nresource_types:\n")
    checkout.replace("set.yaml", "    match: {}\n", "    match: {tenant.closed: false}\n")
    commit(checkout)
    return checkout


def sentences(*options: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = authz(
        "diff", "HEAD", ".", "--format", "json", "--registry", "registry.yaml", *options
    ).json["sentences"]
    return found


def told(*options: str) -> dict[str, list[str]]:
    """Of the first sentence: who gains, who loses, to whom it does something else."""
    first = sentences(*options)[0]
    assert first["people"] == [*first["gains"], *first["loses"], *first["either"], *first["otherwise"]]
    return {way: first[way] for way in ("gains", "loses", "either", "otherwise") if first[way]}


TAGS = "tags: [gate]"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (TAGS, "tags: [gate, door]", {"gains": [ANA]}),
        (TAGS, "tags: [door]", {"gains": [ANA]}),
        ("tags: [gate]\n", "tags: [gate]\n    high_risk: true\n", {"loses": [ANA]}),
        ("resource_types:\n", "channels: [web, phone]\nresource_types:\n", {"loses": [ANA, DAN]}),
        ("expression: 'tenant.closed'", "expression: '!tenant.closed'", {"loses": [ANA]}),
        ("'resource.owner in subject.ids'", "'resource.owner in subject.ids || tenant.closed'", {"either": [DAN]}),
        ("tenant.closed: {type: bool}", "tenant.closed: {type: bool, origin: request}", {"either": [ANA, DAN]}),
        ("type: custom\n", "type: notification\n", {"either": [ANA, DAN]}),
        ("{kind: sign,", "{kind: sign, pages: 2,", {"either": [ANA, DAN]}),
        ("match: {tenant.closed: false}", "match: {}", {"loses": [ANA, DAN]}),
        ("match: {tenant.closed: false}", "match: {tenant.closed: [true, false]}", {"loses": [ANA, DAN]}),
        ("en: sign the book", "en: sign the log", {"otherwise": [ANA, DAN]}),
        ("subject_types: {staff: login}\n", "", {"loses": [ANA]}),
        ("subject_types: {staff: login}", "subject_types: {staff: phone, man: login}", {"gains": [ANA]}),
        ("reaction: 1 working hour", "reaction: 2 working hours", {"otherwise": [ANA]}),
        ('{mon-fri: "09:00-17:00"}', '{mon-fri: "09:00-18:00"}', {"otherwise": [ANA]}),
        ("time_zone: Europe/Bucharest\nphone", "time_zone: Europe/Paris\nphone", {"either": [ANA, DAN]}),
        ("phone_region: RO", "phone_region: MD", {"either": [ANA]}),
        ("en: Move a box", "en: Carry a box", {}),
    ],
)  # fmt: skip
def test_whoever_a_declaration_touches_is_named_under_what_it_does(
    versioned: Checkout, old: str, new: str, expected: dict[str, list[str]]
) -> None:
    versioned.replace("set.yaml", old, new)

    assert told() == expected


def test_an_obligation_that_an_attribute_of_the_tenant_spares_touches_nobody_there(versioned: Checkout) -> None:
    versioned.replace("set.yaml", "match: {tenant.closed: false}", "match: {tenant.closed: true}")
    commit(versioned)
    versioned.replace("set.yaml", "en: sign the book", "en: sign the log")

    assert told() == {}


def test_an_obligation_that_is_only_split_touches_nobody(versioned: Checkout) -> None:
    row = (versioned.set_dir / "set.yaml").read_text().partition("obligations:\n")[2].partition("calendars:")[0]
    web, others = (
        row.replace("{tenant.closed: false}", f"{{tenant.closed: false, channel: {channels}}}")
        for channels in ("web", "[api, email, phone, chat]")
    )
    versioned.replace("set.yaml", row, web + others.replace("id: sign-book", "id: sign-book-elsewhere"))

    assert [one["people"] for one in sentences()] == [[], []]


def test_an_action_that_is_closed_for_mail_alone_takes_nothing_from_a_tenant_without_mail(versioned: Checkout) -> None:
    versioned.registry_file.write_text(
        versioned.registry_file.read_text().replace("{closed: false}", "{closed: false, email_requests: deny}")
    )
    versioned.replace("set.yaml", "resource_types:\n", "channels: [web, api, phone, chat]\nresource_types:\n")

    assert told() == {}


def with_a_coming_annex(checkout: Checkout) -> None:
    checkout.registry_file.write_text(checkout.registry_file.read_text() + COMING)


def test_who_stands_on_a_coming_annex_only_is_named_with_its_day(versioned: Checkout) -> None:
    with_a_coming_annex(versioned)
    versioned.replace("matrix.csv", "network_ok + sender_ok + own_box, allow", "network_ok + sender_ok, allow")

    assert told() == {"gains": [DAN, "acme: Eva Lup <eva@acme.example>, from 2999-01-01 (annex 2)"]}
    assert told("--pseudonyms") == {
        "gains": [
            "acme: contact 2",
            "acme: contact 2 of annex 2, from 2999-01-01 (annex 2)",
        ]
    }


def test_the_choice_of_each_annex_says_what_any_in_place_of_ranges_does(versioned: Checkout) -> None:
    """R7: the annex in force says `declared`, so a line `any` lets nobody in; the coming one says `any`."""
    with_a_coming_annex(versioned)
    versioned.replace("networks/acme.csv", "203.0.113.0/24", "any")

    on_the_coming_one = [
        f"acme: {name}, from 2999-01-01 (annex 2)"
        for name in ("Dan Rus <dan@acme.example>", "Eva Lup <eva@acme.example>")
    ]
    assert told() == {"gains": on_the_coming_one, "loses": [ANA, DAN]}

    commit(versioned)
    versioned.replace("networks/acme.csv", "any", "198.51.100.0/24")

    assert told() == {"gains": [ANA, DAN], "loses": on_the_coming_one}


def test_a_reason_that_is_another_is_told_to_whom_it_is_given(versioned: Checkout) -> None:
    with (versioned.set_dir / "matrix.csv").open("a") as stream:
        stream.write("p, acme, guest, move_box, gate_closed, deny\n")
    commit(versioned)
    with (versioned.set_dir / "matrix.csv").open("a") as stream:
        stream.write("p, acme, guest, read_rules, -, deny\n")

    assert told() == {"loses": [DAN]}


def test_whoever_stands_under_two_sets_is_told_from_others_by_both(versioned: Checkout) -> None:
    second = versioned.root / "policies" / "second"
    shutil.copytree(versioned.set_dir, second)
    registry = versioned.registry_file.read_text()
    other = registry.replace("tenants:\n", "").replace("id: acme", "id: beta").replace("set: storehouse", "set: second")
    versioned.registry_file.write_text(registry + other)
    commit(versioned)
    versioned.replace("set.yaml", "subject_types: {staff: login}\n", "")

    assert told() == {"either": [ANA, ANA.replace("acme:", "beta:")]}


def test_the_people_stand_in_every_form(versioned: Checkout) -> None:
    versioned.replace("set.yaml", "resource_types:\n", "channels: [web, phone]\nresource_types:\n")

    shown = [
        authz("diff", "HEAD", ".", "--registry", "registry.yaml", "--format", one).out
        for one in ("terminal", "markdown")
    ]

    assert shown[0].startswith("NARROWER: 3 changes are narrower in storehouse; 2 people lose\n")
    assert f"    loses (2): {ANA}, {DAN}" in shown[0].splitlines()
    assert "| loses (2): acme: Ana Pop" in shown[1]


FOR_GUESTS = ("p, *, *,      open_gate,  gate_closed", "p, *, guest,  open_gate,  gate_closed")
"""Closed gates stay closed for guests alone, who may not open them anyway."""


def test_whom_a_fact_of_the_registry_spares_is_not_named(versioned: Checkout) -> None:
    """`gate_closed` reads the tenant alone: acme's gate is open, so that closed gates open gives Ana nothing."""
    versioned.replace("matrix.csv", *FOR_GUESTS)

    assert sentences()[0]["kind"] == "gain"
    assert told() == {}

    versioned.registry_file.write_text(versioned.registry_file.read_text().replace("closed: false", "closed: true"))
    assert told() == {"gains": [ANA]}


def with_an_end(checkout: Checkout, until: str) -> None:
    """The gate is closed from the day after that."""
    checkout.replace("set.yaml", "attributes:\n", "attributes:\n  tenant.until: {type: date}\n")
    checkout.replace("set.yaml", "expression: 'tenant.closed'", "expression: 'today > tenant.until'")
    tests = checkout.set_dir / "tests.yaml"
    for value, day in (("false", "2999-12-31"), ("true", "2000-01-01")):
        tests.write_text(tests.read_text().replace(f"{{closed: {value}}}", f"{{closed: {value}, until: {day}}}"))
    registry = checkout.registry_file
    registry.write_text(registry.read_text().replace("closed: false", f"closed: false, until: {until}"))
    commit(checkout)


@pytest.mark.parametrize(("until", "expected"), [("2999-12-31", {}), ("2000-01-01", {"gains": [ANA]})])
def test_whom_a_fact_of_the_registry_and_of_the_day_spares_is_not_named(
    versioned: Checkout, until: str, expected: dict[str, list[str]]
) -> None:
    with_an_end(versioned, until)
    versioned.replace("matrix.csv", *FOR_GUESTS)

    assert sentences()[0]["kind"] == "gain"
    assert told() == expected


def test_a_coming_annex_is_judged_by_the_day_on_which_it_begins(versioned: Checkout) -> None:
    with_an_end(versioned, "2998-12-31")
    registry = versioned.registry_file
    registry.write_text(registry.read_text() + COMING.replace("role: guest, email: eva", "role: keeper, email: eva"))
    versioned.replace("matrix.csv", *FOR_GUESTS)

    assert told() == {"gains": ["acme: Eva Lup <eva@acme.example>, from 2999-01-01 (annex 2)"]}


def test_what_the_registry_does_not_know_refuses_so_a_line_that_no_longer_asks_for_it_lets_in(
    versioned: Checkout,
) -> None:
    versioned.registry_file.write_text(versioned.registry_file.read_text().replace("attributes: {closed: false}", ""))
    versioned.replace("matrix.csv", *FOR_GUESTS)

    assert told() == {"gains": [ANA]}


def test_a_fact_that_is_computed_otherwise_takes_from_whom_it_denies_now_and_gives_to_whom_it_denied(
    versioned: Checkout,
) -> None:
    versioned.replace("set.yaml", "expression: 'tenant.closed'", "expression: 'tenant.closed || tenant.id == \"acme\"'")
    assert told() == {"loses": [ANA]}

    commit(versioned)
    versioned.replace("set.yaml", "tenant.closed || tenant.id == ", "tenant.closed || tenant.id != ")
    assert told() == {"gains": [ANA]}

    commit(versioned)
    versioned.replace("set.yaml", "tenant.closed || tenant.id != ", "tenant.closed || resource.type == ")
    assert told() == {"loses": [ANA]}


def test_a_role_that_only_the_request_states_spares_nobody(versioned: Checkout) -> None:
    versioned.replace(
        "set.yaml", "attributes:\n", "attributes:\n  subject.role: {type: string, origin: request_over_registry}\n"
    )
    versioned.replace("set.yaml", "expression: 'tenant.closed'", "expression: 'subject.role == \"guest\"'")
    commit(versioned)
    versioned.replace("matrix.csv", *FOR_GUESTS)

    assert told() == {"gains": [ANA]}


@pytest.mark.parametrize("options", [(), ("--pseudonyms",)])
def test_one_person_is_counted_once_whatever_the_annex_and_the_tenant(
    versioned: Checkout, options: tuple[str, ...]
) -> None:
    """Dan is touched on the annex in force by one line, on the coming one and at another company by another."""
    with_a_coming_annex(versioned)
    registry = versioned.registry_file.read_text()
    versioned.registry_file.write_text(registry + registry.replace("tenants:\n", "").replace("id: acme", "id: beta"))
    versioned.replace("networks/acme.csv", "203.0.113.0/24", "any")
    commit(versioned)
    versioned.replace("networks/acme.csv", "any", "198.51.100.0/24")
    versioned.replace("matrix.csv", "network_ok + sender_ok + own_box, allow", "network_ok + sender_ok, allow")

    headline = authz("diff", "HEAD", ".", "--registry", "registry.yaml", *options).out.partition("\n")[0]

    assert headline == ("BOTH: 1 change is wider, 1 is of both kinds in storehouse; 3 people gain, 2 people lose")


def test_a_login_names_two_people_at_two_companies_and_one_on_two_annexes_of_the_same(versioned: Checkout) -> None:
    registry = versioned.registry_file.read_text().replace(
        "role: guest, email: dan@acme.example", "role: guest, login: dan"
    )
    coming = COMING.replace("email: dan@acme.example", "login: dan").replace("email: eva@acme.example", "login: eva")
    other = registry.replace("tenants:\n", "").replace("id: acme", "id: beta")
    versioned.registry_file.write_text(registry + coming + other)
    commit(versioned)
    versioned.replace("matrix.csv", "network_ok + sender_ok + own_box, allow", "network_ok + sender_ok, allow")

    headline = authz("diff", "HEAD", ".", "--registry", "registry.yaml").out.partition("\n")[0]

    assert headline == "WIDER: 1 change is wider in storehouse; 3 people gain"
