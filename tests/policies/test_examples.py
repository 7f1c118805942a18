"""The example registries under examples/, asked with the shipped sets and their own network lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from authz.answer import missing_words
from authz.core.decide import decide
from authz.core.decision import Decision
from authz.core.directory import Directory
from authz.core.network import parse_address
from authz.core.question import request_from_authzen
from authz.core.types import Reason, Request
from authz.registry.load import load_file
from authz.registry.store import RegistryStore
from tests.policies.shipped import ROOT, SETS, shipped

NOW = 1_780_470_000.0  # 2026-06-03T10:00:00+03:00

# Tabel 1 of the calltrack annex, copied by hand from the paper: Admin, Supervisor, User.
PRINTED = {
    "Error Report": "Allow Allow Allow",
    "Support Request": "Allow Allow Deny",
    "Change IP Address": "Allow Allow Deny",
    "Change Credentials": "Allow Deny Deny",
    "Change Settings (constants, IVR, audio files etc.)": "Allow Deny Deny",
    "Change / Transfer of personal data (name, telephone number, calls etc.)": "Allow Deny Deny",
    "Log Files Request": "Allow Deny Deny",
    "Backup files / Restore Data Request": "Allow Deny Deny",
    "Development / New Feature Request": "Allow Deny Deny",
    "Change Subscription Plan & Resource Scaling": "Allow Deny Deny",
}
ACME = ("ana@acme.example", "sorin@acme.example", "ioana@acme.example")
BETA = ("bogdan@beta.example", "silvia@beta.example", "ovidiu@beta.example")

ALICE = {"type": "user", "id": "alice"}
BOB = {"type": "user", "id": "bob"}
ADMIN_BOB = {**BOB, "properties": {"role": "admin"}}
RECORD_1 = {"type": "record", "id": "record-1"}
RECORD_2 = {"type": "record", "id": "record-2"}
ARCHIVED_2 = {**RECORD_2, "properties": {"status": "archived"}}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Directory]:
    store = RegistryStore(f"sqlite:///{tmp_path_factory.mktemp('registry') / 'registry.sqlite'}")
    store.migrate()
    sets = {set_id: shipped(set_id).parsed.definition for set_id in SETS}
    for file in sorted((ROOT / "examples").glob("*.yaml")):
        load_file(Path(file), store, sets, "tests")
    yield store.directory()
    store.close()


def answer(directory: Directory, request: Request) -> Decision:
    return decide(request, directory, {set_id: shipped(set_id).generation for set_id in SETS}, NOW)


def asked(directory: Directory, contact: str, action: str, ip: str | None) -> Decision:
    address = None if ip is None else parse_address(ip)
    return answer(directory, Request("contact", contact, action, address=address))


@pytest.mark.parametrize("label", PRINTED)
@pytest.mark.parametrize(
    ("people", "ip"), [(ACME, "203.0.113.5"), (ACME, "2001:db8:ac3e::5"), (BETA, "192.0.2.9"), (BETA, None)]
)
def test_the_printed_table_is_what_the_example_contacts_may_do(
    directory: Directory, people: tuple[str, ...], ip: str | None, label: str
) -> None:
    allowed = [asked(directory, contact, label, ip).allowed for contact in people]

    assert allowed == [word == "Allow" for word in PRINTED[label].split()]


@pytest.mark.parametrize("label", PRINTED)
@pytest.mark.parametrize(("ip", "reason"), [("192.0.2.9", Reason.NETWORK_NOT_DECLARED), (None, Reason.IP_MISSING)])
def test_from_outside_the_declared_addresses_nothing_is_allowed(
    directory: Directory, ip: str | None, reason: Reason, label: str
) -> None:
    reasons = [asked(directory, contact, label, ip).reason for contact in ACME]

    assert reasons == [reason if word == "Allow" else Reason.ROLE_NOT_PERMITTED for word in PRINTED[label].split()]


@pytest.mark.parametrize(("last", "allowed"), [(65, True), (66, False), (67, True)])
def test_one_address_is_left_out_of_a_declared_range(directory: Directory, last: int, allowed: bool) -> None:
    assert asked(directory, "gina@gamma.example", "error_report", f"198.51.100.{last}").allowed is allowed


@pytest.mark.parametrize(
    ("subject", "action", "resource", "allowed"),
    [
        pytest.param(ALICE, {"name": "read"}, RECORD_1, True, id="rule 1"),
        pytest.param(ALICE, {"name": "write"}, RECORD_1, True, id="rule 2"),
        pytest.param(BOB, {"name": "read"}, RECORD_1, True, id="rule 3"),
        pytest.param(BOB, {"name": "write"}, RECORD_1, False, id="rule 4"),
        pytest.param(ALICE, {"name": "write"}, ARCHIVED_2, False, id="rule 5"),
        pytest.param(ADMIN_BOB, {"name": "write"}, ARCHIVED_2, True, id="rule 6"),
        pytest.param(ALICE, {"name": "delete", "properties": {"soft": True}}, RECORD_1, True, id="rule 7"),
        pytest.param(ALICE, {"name": "delete", "properties": {"soft": False}}, RECORD_1, False, id="rule 8"),
        pytest.param(BOB, {"name": "write"}, ARCHIVED_2, True, id="search 4"),
        pytest.param(ADMIN_BOB, {"name": "write"}, RECORD_2, True, id="search 5"),
    ],
)
@pytest.mark.parametrize("context", [None, {"time": "2025-06-27T18:03-07:00", "ip": "192.168.1.1"}])
def test_the_certification_fixture_answers_as_its_scenario_demands(
    directory: Directory,
    subject: dict[str, object],
    action: dict[str, object],
    resource: dict[str, object],
    allowed: bool,
    context: dict[str, object] | None,
) -> None:
    question = {"subject": subject, "action": action, "resource": resource}

    decision = answer(directory, request_from_authzen(question | ({} if context is None else {"context": context})))

    assert decision.allowed is allowed


@pytest.mark.parametrize(
    ("login", "company", "agreed", "missing"),
    [
        ("taras.h", "zoria-contact", True, []),
        ("vira.h", "dzvin-prodazhi", True, []),
        ("taras.h", "zoria-contact", False, ["lending_agreed.lender_agrees"]),
    ],
)
def test_the_representative_lends_the_login_of_a_company_that_agrees(
    directory: Directory, login: str, company: str, agreed: bool, missing: list[str]
) -> None:
    lending = {"requested": True, "lender_agrees": agreed, "host_agrees": True}
    properties = {"tenant": company, "company": company, "lending": lending}
    question = {
        "subject": {"type": "login", "id": "rep.stepan"},
        "action": {"name": "lend_logins"},
        "resource": {"type": "login", "id": login, "properties": properties},
    }

    decision = answer(directory, request_from_authzen(question))

    assert decision.allowed is agreed
    assert [word for lacking in decision.missing for word in missing_words(lacking)] == missing


@pytest.mark.parametrize(("login", "allowed"), [("bohdan.r", True), ("vira.h", False)])
def test_a_recalled_guest_handles_no_calls_and_the_one_still_lent_does(
    directory: Directory, login: str, allowed: bool
) -> None:
    question = {
        "subject": {"type": "login", "id": login},
        "action": {"name": "handle_calls"},
        "resource": {"type": "tenant", "id": "zoria-contact"},
        "context": {"ip": "203.0.113.5"},
    }

    assert answer(directory, request_from_authzen(question)).allowed is allowed


def test_every_tenant_with_network_lines_stands_in_an_example_registry(directory: Directory) -> None:
    with_lines = {(tenant, set_id) for set_id in SETS for tenant in shipped(set_id).parsed.networks}

    assert with_lines == {(tenant.id, tenant.set_id) for tenant in directory.tenants.values()}
