"""What a record holds: the allow-list and nothing else; whom it is about only for those who have the key."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from authz.core.contacts import Contact
from authz.core.directory import Annex, Directory, Tenant
from authz.core.network import parse_address
from authz.core.types import Assurance, NetworkChoice, Reason, Request, SubjectKey
from authz.legal_holidays import legal_holidays
from authz.log.lines.pseudonyms import Pseudonyms, known_days, subject_ref, unknown_ref
from authz.log.lines.record import MEMBERS, Asking, GateAnswer, Record, circumstances, decision_record, gate_record
from authz.pdp import Pdp
from tests.web.world import Policies, generation

NOON = dt.datetime(2026, 6, 10, 12, tzinfo=dt.UTC).timestamp()
KEY = "0f" * 16
CANARIES = (
    "ana@acme.example",
    "Ana Canary",
    "+40213000001",
    "login.canary",
    "203.0.113.5",
    "198.51.100.9",
    "TICKET-CANARY",
)


def pdp() -> Pdp:
    contacts = [
        Contact("Ana Canary", "admin", (SubjectKey("ana@acme.example"), SubjectKey("login:login.canary")), log_key=KEY)
    ]
    annex = Annex(4, dt.date(2020, 1, 1), dt.date(2020, 1, 1), NetworkChoice.DECLARED, contacts, "ab" * 32)
    people = Directory([Tenant("acme", "demo", "Acme Canary SRL", [annex], ("en",))], revision=7)
    return Pdp(Policies({"demo": generation()}), lambda: people, legal_holidays, lambda: NOON)


def recorded(folder: Path, request: Request, now: float = NOON) -> tuple[dict[str, Any], Record]:
    record = decision_record(
        pdp().decide(request), circumstances(Asking("key-1", "req-1"), "r" * 8, now), Pseudonyms(folder)
    )
    members: dict[str, Any] = json.loads(b"{%b}" % record.body)
    return members, record


ALLOWED = Request("contact", "ana@acme.example", "report", address=parse_address("203.0.113.5"))
QUESTIONS = {
    "allowed": ALLOWED,
    "from outside": ALLOWED._replace(address=parse_address("198.51.100.9")),
    "by login": ALLOWED._replace(subject_type="login", subject_id="login.canary"),
    "not permitted": ALLOWED._replace(action="restore"),
    "an unknown word": ALLOWED._replace(action="Ana Canary TICKET-CANARY"),
    "a stranger": ALLOWED._replace(subject_id="stranger-ana@acme.example"),
    "a ticket": ALLOWED._replace(
        resource_type="ticket", resource_id="TICKET-CANARY", resource_properties={"tenant": "acme"}
    ),
    "claimed": ALLOWED._replace(assurance=Assurance.CLAIMED),
}  # fmt: skip


@pytest.mark.parametrize("what", QUESTIONS)
def test_a_record_has_members_of_the_allow_list_only_in_its_order(what: str, tmp_path: Path) -> None:
    members, _ = recorded(tmp_path, QUESTIONS[what])

    assert list(members) == [name for name in MEMBERS if name in members]
    assert {"kind", "id", "at", "caller", "decision", "reason", "policy", "registry"} <= members.keys()
    assert None not in members.values()


@pytest.mark.parametrize("what", QUESTIONS)
def test_a_record_names_nobody(what: str, tmp_path: Path) -> None:
    _, record = recorded(tmp_path, QUESTIONS[what])

    written = record.body.decode()
    assert not [canary for canary in CANARIES if canary in written]


def test_an_allow_says_under_which_rules_paper_and_range(tmp_path: Path) -> None:
    members, record = recorded(tmp_path, ALLOWED)

    assert members["annex"] == 4
    assert members["annex_sha256"] == "ab" * 32
    assert members["rule"] == "demo/matrix.csv:1"
    assert members["network_rule"] == "demo/networks/acme.csv:1"
    assert members["ip_ref"] == "203.0.113.0/24"
    assert members["facts"] == {"network_ok": True, "sender_ok": True}
    assert record.network == ""


def test_a_refused_address_is_kept_as_its_surroundings_and_apart(tmp_path: Path) -> None:
    members, record = recorded(tmp_path, QUESTIONS["from outside"])

    assert record.network == "198.51.100.0/24"
    assert "ip_ref" not in members


def test_one_person_has_one_reference_under_every_id_and_another_key_gives_another(tmp_path: Path) -> None:
    by_mail, _ = recorded(tmp_path, ALLOWED)
    by_login, _ = recorded(tmp_path, QUESTIONS["by login"])

    assert by_mail["subject_ref"] == by_login["subject_ref"] == subject_ref(KEY, "acme")
    assert subject_ref("1f" * 16, "acme") != subject_ref(KEY, "acme") != subject_ref(KEY, "beta")


def test_a_stranger_is_the_same_all_day_and_somebody_else_tomorrow(tmp_path: Path) -> None:
    stranger = QUESTIONS["a stranger"]
    first, later, tomorrow = (
        recorded(tmp_path, stranger, NOON + hours * 3600)[0]["subject_ref"] for hours in (0, 5, 24)
    )

    assert first == later
    assert first.startswith("20260610-")
    assert tomorrow.startswith("20260611-")
    assert first.partition("-")[2] != tomorrow.partition("-")[2]


def test_yesterdays_key_is_thrown_away(tmp_path: Path) -> None:
    stranger = QUESTIONS["a stranger"]
    ref = recorded(tmp_path, stranger)[0]["subject_ref"]
    assert unknown_ref(tmp_path, "20260610", "contact", stranger.subject_id) == ref

    recorded(tmp_path, stranger, NOON + 86_400)

    assert known_days(tmp_path) == ["20260611"]
    assert unknown_ref(tmp_path, "20260610", "contact", stranger.subject_id) is None


def test_workers_of_one_folder_share_the_days_key(tmp_path: Path) -> None:
    one, other = Pseudonyms(tmp_path), Pseudonyms(tmp_path)

    assert one.unknown("contact", "x", NOON) == other.unknown("contact", "x", NOON)
    assert one.unknown("contact", "x", NOON) != one.unknown("login", "x", NOON)


def test_a_worker_that_runs_past_midnight_takes_the_new_days_key(tmp_path: Path) -> None:
    worker = Pseudonyms(tmp_path)
    today, tomorrow = (worker.unknown("contact", "x", NOON + days * 86_400) for days in (0, 1))
    assert (today[:9], tomorrow[:9]) == ("20260610-", "20260611-")
    assert today[9:] != tomorrow[9:]


def test_a_contacts_pseudonym_is_remembered_for_one_revision_of_the_registry_and_no_longer(tmp_path: Path) -> None:
    worker = Pseudonyms(tmp_path)

    for _ in range(2):
        assert worker.contact(KEY, "acme", 7) == subject_ref(KEY, "acme")
        assert worker.contact(KEY, "beta", 7) == subject_ref(KEY, "beta")
    assert KEY in str(vars(worker))
    assert worker.contact("1f" * 16, "acme", 8) == subject_ref("1f" * 16, "acme")
    assert KEY not in str(vars(worker))


def test_with_the_disk_away_a_stranger_still_has_a_reference(tmp_path: Path) -> None:
    assert Pseudonyms(tmp_path / "not there").unknown("contact", "x", NOON).startswith("20260610-")


def test_a_request_id_with_quotes_and_line_breaks_stays_one_line(tmp_path: Path) -> None:
    record = decision_record(
        pdp().decide(ALLOWED), circumstances(Asking("k", 'a"b\\c\nd\u00e9'), "", NOON), Pseudonyms(tmp_path)
    )

    assert b"\n" not in record.body
    assert record.body.isascii()
    assert json.loads(b"{%b}" % record.body)["request_id"] == 'a"b\\c\nd\u00e9'


def test_a_connection_at_the_gate_is_recorded_without_its_address() -> None:
    said = GateAnswer("d1", NOON, False, Reason.NETWORK_NOT_DECLARED, "sha256:1", 7, "demo", "acme", 4)

    record = gate_record(said, parse_address("2001:db8:1:2::9"), "", "r")

    members = json.loads(b"{%b}" % record.body)
    assert (members["kind"], members["decision"], members["tenant"]) == ("gate", False, "acme")
    assert record.network == "2001:db8:1::/48"
    assert "2001" not in record.body.decode()
