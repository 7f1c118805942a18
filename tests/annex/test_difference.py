"""What a new annex changes, said in sentences; gains and losses come from the decision table."""

from __future__ import annotations

import pytest

from authz.annex.difference import Permissions, differences
from authz.core.types import ContactState, NetworkChoice
from authz.registry.entries import AnnexEntry, ContactEntry
from tests.annex.small import DAY, DEFINITION, GENERATION

ANA = ContactEntry("Ana Pop", "user", "IT", "ana@acme.example", "+40213000001")
DAN = ContactEntry("Dan Rus", "admin", "", "dan@acme.example")
PERMISSIONS = Permissions(DEFINITION, GENERATION.table, "acme")


def annex(*contacts: ContactEntry, network: NetworkChoice = NetworkChoice.DECLARED) -> AnnexEntry:
    return AnnexEntry(3, DAY, DAY, network, "", contacts)


def sentences(before: AnnexEntry | None, after: AnnexEntry) -> list[str]:
    return [one.sentence for one in differences(before, after, PERMISSIONS)]


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (ANA, []),
        (
            ANA._replace(role="admin"),
            ["Ana Pop: User -> Admin, gains 2 actions, 1 action under other conditions"],
        ),
        (ANA._replace(role="supervisor"), ["Ana Pop: User -> Supervisor, gains 1 action"]),
        (ANA._replace(email="ana.pop@acme.example"), ["Ana Pop: e-mail ana@acme.example -> ana.pop@acme.example"]),
        (ANA._replace(phone=None), ["Ana Pop: phone +40213000001 removed"]),
        (ANA._replace(login="ana"), ["Ana Pop: login ana added"]),
        (ANA._replace(function="CTO"), ["Ana Pop: function IT -> CTO"]),
        (ANA._replace(name="Ana Rus"), ["Ana Rus: was `Ana Pop`"]),
        (ANA._replace(attributes={"blocked": False}), ["Ana Pop: blocked False added"]),
        (
            ANA._replace(role="supervisor", email="a@acme.example", phone=None),
            [
                "Ana Pop: User -> Supervisor, gains 1 action",
                "Ana Pop: e-mail ana@acme.example -> a@acme.example",
                "Ana Pop: phone +40213000001 removed",
            ],
        ),
    ],
)
def test_each_change_of_a_person_is_a_sentence(after: ContactEntry, said: list[str]) -> None:
    assert sentences(annex(ANA, DAN), annex(after, DAN)) == said


def test_losses_are_counted_and_named() -> None:
    found = differences(annex(DAN), annex(DAN._replace(role="user")), PERMISSIONS)

    assert [one.sentence for one in found] == [
        "Dan Rus: Admin -> User, loses 2 actions, 1 action under other conditions"
    ]
    assert (found[0].gains, found[0].loses) == ((), ("Ask", "Restore"))


def test_people_who_come_and_go_are_named_with_what_they_gain_and_lose() -> None:
    assert sentences(annex(ANA), annex(DAN)) == [
        "Dan Rus: added as Admin, gains 4 actions",
        "Ana Pop: removed, loses 2 actions",
    ]


def test_the_first_annex_adds_everybody() -> None:
    assert sentences(None, annex(ANA)) == ["Ana Pop: added as User, gains 2 actions"]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (NetworkChoice.DECLARED, NetworkChoice.ANY, ["from declared IPs to any"]),
        (NetworkChoice.ANY, NetworkChoice.DECLARED, ["from any to declared IPs"]),
        (NetworkChoice.ANY, NetworkChoice.ANY, []),
    ],
)
def test_a_changed_network_choice_is_a_sentence(before: NetworkChoice, after: NetworkChoice, said: list[str]) -> None:
    assert sentences(annex(ANA, network=before), annex(ANA, network=after)) == said


def test_the_order_of_the_lines_changes_nothing() -> None:
    assert sentences(annex(ANA, DAN), annex(DAN, ANA)) == []


def test_two_people_of_one_name_are_told_apart_by_their_ids() -> None:
    other = ANA._replace(email="ana2@acme.example", phone=None)

    assert sentences(annex(ANA, other), annex(other, ANA._replace(role="supervisor"))) == [
        "Ana Pop: User -> Supervisor, gains 1 action"
    ]
    assert sentences(annex(ANA, other), annex(ANA._replace(email="x@acme.example", phone=None))) == [
        "Ana Pop: added as User, gains 2 actions",
        "Ana Pop: removed, loses 2 actions",
        "Ana Pop: removed, loses 2 actions",
    ]


def test_a_person_who_stays_suspended_is_named_where_his_line_changes() -> None:
    states = {0: ContactState.SUSPENDED}

    changed = differences(annex(ANA), annex(ANA._replace(role="admin")), PERMISSIONS, states)
    same = differences(annex(ANA), annex(ANA), PERMISSIONS, states)

    assert changed[-1].sentence == "Ana Pop: stays suspended"
    assert same == []


def test_without_the_policy_the_sentences_are_said_by_ids_alone() -> None:
    found = differences(annex(ANA), annex(ANA._replace(role="admin")), Permissions(None))

    assert [one.sentence for one in found] == ["Ana Pop: user -> admin"]
