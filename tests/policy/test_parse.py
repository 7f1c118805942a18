"""A good set as values: what each line of the example says."""

from __future__ import annotations

import datetime as dt

from authz.core.definition import AttributeDef, AttributeType, CalendarDef, Hours, Origin, Term
from authz.core.network import NetworkLine
from authz.core.types import Channel, Effect
from authz.policy.cases.case import Case
from authz.policy.parse import MatrixLine
from tests.policy import orchard


def test_matrix_lines_keep_their_order_their_facts_and_their_source() -> None:
    matrix = orchard.parsed().matrix

    assert len(matrix) == 9
    assert matrix[1] == MatrixLine(
        "*", "keeper", "move_stock", ("network_ok", "sender_ok", "season_paid"), Effect.ALLOW, "orchard/matrix.csv:3", 3
    )
    assert matrix[-1] == MatrixLine("valley", "*", "*", ("quarantined",), Effect.DENY, "orchard/own_lines.csv:4", 4)


def test_a_deny_line_may_switch_an_action_off_for_everybody() -> None:
    edits: dict[str, orchard.Edit] = {orchard.OWN: [("# Stricter", "p, *, *, open_gate, -, deny\n# Stricter")]}

    assert orchard.problems(edits) == []


def test_network_lines_of_all_files_belong_to_their_tenant() -> None:
    networks = orchard.parsed().networks

    assert networks["riverside"] == (NetworkLine("any", Effect.ALLOW, "orchard/networks/east/riverside.csv:1"),)
    assert networks["hilltop"][1] == NetworkLine("203.0.113.66/32", Effect.DENY, "orchard/networks/hilltop.csv:3")


def test_words_carry_labels_tags_and_clauses() -> None:
    definition = orchard.parsed().definition

    assert definition.id == "orchard"
    assert definition.languages == ("en", "ro")
    assert definition.roles["picker"].label == {"en": "Picker", "ro": "Culeg\u0103tor"}
    assert definition.actions["open_gate"].tags == ("gate", "Open the gate")
    assert definition.actions["move_stock"].high_risk
    assert definition.actions["report_smoke"].open_to_any_sender == "whoever sees smoke may say so"
    assert definition.channels == (Channel.WEB, Channel.EMAIL, Channel.PHONE)
    assert definition.subject_types == {"badge": "login"}
    assert definition.resource_types["handbook"].tenant_free
    assert definition.readings[0].clause == "3.3"


def test_channels_that_are_not_named_are_all_open() -> None:
    closed: dict[str, orchard.Edit] = {orchard.SET: [("channels: [web, email, phone]\n", "")]}

    assert orchard.parsed(closed).definition.channels == tuple(Channel)


def test_attributes_have_type_and_origin() -> None:
    attributes = orchard.parsed().definition.attributes

    assert attributes["tenant.season.until"] == AttributeDef("tenant.season.until", AttributeType.DATE, Origin.REGISTRY)
    assert attributes["resource.owner"] == AttributeDef(
        "resource.owner", AttributeType.STRING, Origin.REQUEST_OVER_REGISTRY, contact_id=True
    )


def test_a_fact_has_one_expression_or_parts() -> None:
    facts = orchard.parsed().definition.facts

    assert facts["own_crate"].expression == "resource.owner in subject.ids"
    assert [(part.id, part.expression) for part in facts["papers_complete"].parts] == [
        ("weight", "resource.weight > 0"),
        ("labels", "resource.labels != []"),
    ]


def test_calendars_count_in_minutes_of_their_own_time_zone() -> None:
    calendars = orchard.parsed().definition.calendars

    assert calendars["gatehouse"] == CalendarDef(
        "gatehouse",
        "Europe/Bucharest",
        {**dict.fromkeys(range(1, 6), (Hours(480, 990),)), 6: (Hours(540, 720),)},
        (Hours(600, 720),),
        "RO",
        (dt.date(2026, 12, 31),),
        (dt.date(2026, 12, 19),),
        flag="hours as posted at the gate",
    )
    assert calendars["watch"].time_zone == "Etc/GMT-4"
    assert calendars["watch"].around_the_clock


def test_the_table_is_printed_in_the_first_language_unless_the_set_says_otherwise() -> None:
    first, other = orchard.parsed().definition.languages
    stated = orchard.parsed({"set.yaml": [("\ntime_zone: ", f"\ntable_language: {other}\ntime_zone: ")]})

    assert orchard.parsed().definition.table_language == first
    assert stated.definition.table_language == other


def test_a_day_has_several_spans_and_holidays_may_be_those_of_a_region() -> None:
    edits = [
        ('sat: "09:00-12:00"', 'sat: "00:00-06:00,22:00-24:00"'),
        ("holidays: RO", "holidays: DE-BY"),
        ('"10:00-12:00"', '"10:00-11:00, 11:00-12:00"'),
    ]
    gatehouse = orchard.parsed({"set.yaml": edits}).definition.calendars["gatehouse"]

    assert gatehouse.hours[6] == (Hours(0, 360), Hours(1320, 1440))
    assert gatehouse.holiday_hours == (Hours(600, 660), Hours(660, 720))
    assert gatehouse.country == "DE-BY"


def test_service_rows_promise_working_time() -> None:
    smoke, other = orchard.parsed().definition.service

    assert smoke.reaction == Term(5, "minutes")
    assert smoke.completion is None
    assert (other.reaction, other.completion) == (Term(120, "minutes"), Term(3, "days"))
    assert (other.lapse, other.lapse_from, other.lapse_to) == (Term(15, "days"), "resource.asked_at", "closed")
    assert other.match == {"subject.role": ("keeper",)}
    assert other.deferred_channels == (Channel.EMAIL,)


def test_guards_know_their_line() -> None:
    never, narrow = orchard.parsed().definition.guards

    assert (never.roles, never.actions, never.line) == (("picker",), ("move_stock",), 103)
    assert (narrow.widest_ipv4, narrow.widest_ipv6) == (16, 48)


def test_an_each_table_becomes_one_case_per_row() -> None:
    cases = orchard.parsed().tests.cases

    assert [case.line for case in cases] == [21, 28, 29, 31]
    assert cases[2] == Case(
        "nobody opens the gate from outside [dan.voicu, null, phone, false, contact_suspended]",
        {"at": "2026-06-03T10:00:00+03:00", "contact": "dan.voicu", "channel": "phone", "action": "open_gate"},
        {"decision": False, "reason": "contact_suspended"},
        29,
        11,
    )


def test_inline_tenants_stay_plain_values() -> None:
    hilltop, valley = orchard.parsed().tests.tenants

    assert (hilltop.id, hilltop.line) == ("hilltop", 2)
    assert hilltop.stated["attributes"] == {
        "season": {"paid": True, "until": dt.date(2026, 12, 31)},
        "email_requests": "allow",
    }
    assert valley.stated["annexes"] == [
        {
            "number": 1,
            "signed_on": dt.date(2026, 1, 10),
            "effective_from": dt.date(2026, 2, 1),
            "network": "any",
            "contacts": [{"role": "picker", "login": "mia"}],
        }
    ]


GROUPS = "groups:\n  people: [ana@hilltop.example, mia]\n  doors: [open_gate, report_smoke]\n"
EVERY = """\
  - description: everywhere
    every: {contact: people, action: doors, ip: [203.0.113.5, null]}
    expect: {decision: false, reason: network_not_declared}
"""


def test_every_makes_one_case_of_each_combination() -> None:
    cases = orchard.parsed(
        {
            orchard.TESTS: [
                ("defaults:", f"{GROUPS}defaults:"),
                ("  - description: papers", f"{EVERY}  - description: papers"),
            ]
        }
    ).tests.cases

    made = [case for case in cases if case.description.startswith("everywhere")]
    assert [case.description.removeprefix("everywhere ") for case in made[:3]] == [
        "[ana@hilltop.example, open_gate, 203.0.113.5]",
        "[ana@hilltop.example, open_gate, null]",
        "[ana@hilltop.example, report_smoke, 203.0.113.5]",
    ]
    assert len(made) == 8
    assert {case.line for case in made} == {34}
    assert "ip" not in made[1].ask
