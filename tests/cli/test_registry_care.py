"""Hygiene and erasure, as an operator runs them."""

from __future__ import annotations

from pathlib import Path

import pytest

from authz.registry.keeping import SnapshotKeeper
from authz.registry.snapshot import load_snapshot
from authz.registry.store import RegistryStore
from authz.settings import Settings
from authz.wiring import Service
from tests.cli.program import Checkout, authz
from tests.cli.test_ask import publish

TRACES = (b"ana@acme.example", b"Ana Pop", b"+40213000001", b"ana.pop")


@pytest.fixture
def data(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of the test's own, with the registry in it, and what a service leaves there."""
    folder = checkout.root / "data"
    monkeypatch.setenv("AUTHZ_DATA", str(folder))
    monkeypatch.delenv("AUTHZ_DATABASE_URL")
    publish(checkout)
    assert authz("registry", "load", str(checkout.registry_file), "--by", "test").status == 0
    store = RegistryStore(Settings().registry_url.get_secret_value())
    SnapshotKeeper(store, folder / "registry.snapshot").keep()
    store.close()
    return folder


def traces(folder: Path) -> list[tuple[str, bytes]]:
    """Every file in which one of the person's names stands."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [(path.name, trace) for path in files for trace in TRACES if trace in path.read_bytes()]


def test_no_file_of_the_data_folder_holds_an_erased_person(data: Path) -> None:
    (data / ".registry.snapshot.killed").write_bytes(b"ana@acme.example")
    assert {name for name, _ in traces(data)} >= {"registry.snapshot", ".registry.snapshot.killed"}
    assert authz("contact", "suspend", "ana@acme.example", "--tenant", "acme", "--by", "Mara").status == 0

    ran = authz("registry", "erase", "ana.pop", "--by", "Mara Ionescu")

    assert ran.status == 0, ran.out + ran.err
    assert traces(data) == []
    assert "erased: acme: annex 1 contact 1" in ran.out
    assert [line for line in ran.out.splitlines() if line.startswith("stays: ")]
    kept = load_snapshot(data / "registry.snapshot").directory.tenants["acme"].annexes[0]
    assert [contact.name for contact in kept.contacts] == ["Dan Rus"]
    assert authz("ask", "ana@acme.example", "gate", "--ip", "203.0.113.5").status == 1


def test_a_service_that_reads_meanwhile_does_not_keep_the_write_ahead_log(data: Path) -> None:
    service = Service(Settings())

    assert authz("registry", "erase", "ana@acme.example", "--by", "Mara").status == 0
    service.refresh_registry()

    assert traces(data) == []
    assert "ana@acme.example" not in {key for one in service.directory().tenants.values() for key in one.subject_keys()}


def test_erasing_nobody_is_a_finding_and_cleans_all_the_same(data: Path) -> None:
    ran = authz("registry", "erase", "eve@acme.example", "--by", "Mara", "--json")

    assert ran.status == 1
    assert (ran.json["ok"], ran.json["lines"]) == (False, [])
    assert (data / "registry.sqlite-wal").stat().st_size == 0 if (data / "registry.sqlite-wal").exists() else True


def test_a_report_names_what_to_look_at_and_what_it_cannot_know(loaded: Checkout) -> None:
    ran = authz("registry", "report")
    said = authz("registry", "report", "--json")

    assert ran.status == said.status == 1
    assert "one admin" in ran.out
    assert "not checked: contacts unused for 180 days" in ran.out
    assert ("one_admin", "acme") in [(one["kind"], one["tenant"]) for one in said.json["findings"]]
    assert [one["kind"] for one in said.json["not_checked"]] == ["contact_unused"]


def test_a_report_reads_the_lines_of_the_policy_files(loaded: Checkout) -> None:
    loaded.replace("networks/acme.csv", "p2, acme, 203.0.113.0/24, allow", "p2, acme, any, allow")

    found = {one["kind"]: one for one in authz("registry", "report", "--json").json["findings"]}

    assert found["choice_and_lines_disagree"]["source"] == "storehouse/networks/acme.csv:1"
