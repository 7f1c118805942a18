from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from authz.policy.generations.builder import Builder, Place
from authz.policy.generations.store import PolicyStore
from authz.registry.store import RegistryStore
from tests.cli.program import Checkout, authz, authz_on_terminal, authz_process


def test_a_load_says_what_has_changed(checkout: Checkout) -> None:
    ran = authz("registry", "load", "registry.yaml")

    assert ran.status == 0
    assert ran.out == "registry.yaml: 1 tenant read: 1 tenant added, 1 annex added, 2 contacts added  revision 1\n"
    assert ran.err == ""


def test_a_second_load_changes_nothing(loaded: Checkout) -> None:
    ran = authz("registry", "load", "registry.yaml")

    assert ran.status == 0
    assert ran.out == "registry.yaml: 1 tenant read: nothing new  revision 1\n"


def test_every_problem_of_the_file_is_printed_with_its_place_and_nothing_is_loaded(checkout: Checkout) -> None:
    text = checkout.registry_file.read_text()
    checkout.registry_file.write_text(text.replace("role: guest", "role: gest").replace("2026-02-01", "tomorrow"))

    ran = authz("registry", "load", "registry.yaml")

    lines = ran.out.splitlines()
    assert ran.status == 1
    assert lines[0].startswith("registry.yaml:10:")
    assert lines[1].startswith("registry.yaml:14:")
    assert "gest" in lines[1]
    assert lines[-1] == "registry.yaml: 2 problems; nothing was loaded"
    assert authz("ask", "ana@acme.example", "gate").status == 1


def test_json_reports_counts_or_problems(checkout: Checkout) -> None:
    fit = authz("registry", "load", "registry.yaml", "--json")
    checkout.registry_file.write_text(checkout.registry_file.read_text().replace("role: guest", "role: gest"))
    unfit = authz("registry", "load", "registry.yaml", "--json")

    assert fit.status == 0
    assert (fit.json["ok"], fit.json["tenants_added"], fit.json["contacts_added"]) == (True, 1, 2)
    assert unfit.status == 1
    assert unfit.json["ok"] is False
    assert ("registry.yaml", 14) in [(problem["file"], problem["line"]) for problem in unfit.json["problems"]]


def test_a_tenant_a_line_is_loaded_too(checkout: Checkout) -> None:
    contact = {"name": "Ana Pop", "role": "keeper", "email": "ana@line.example"}
    annex = {
        "number": 1,
        "signed_on": "2026-01-05",
        "effective_from": "2026-01-05",
        "network": "any",
        "contacts": [contact],
    }
    tenant = {"id": "line", "set": "storehouse", "name": "Line SRL", "annexes": [annex]}
    Path("tenants.jsonl").write_text(json.dumps(tenant) + "\n")

    assert authz("registry", "load", "tenants.jsonl").status == 0
    assert authz("ask", "ana@line.example", "read_rules").status == 0


def test_who_loaded_is_kept_in_the_trail(checkout: Checkout, tmp_path: Path) -> None:
    authz("registry", "load", "registry.yaml", "--by", "Oana Marin")

    assert b"Oana Marin" in (tmp_path / "registry.sqlite").read_bytes()


def test_a_file_that_is_not_there_is_wrong_usage(checkout: Checkout) -> None:
    ran = authz("registry", "load", "nowhere.yaml")

    assert (ran.status, ran.out) == (2, "")
    assert "'nowhere.yaml' does not exist" in ran.err


def test_a_database_that_cannot_be_reached_is_one_line_without_its_url(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTHZ_DATABASE_URL", "postgresql://ana:secret@127.0.0.1:1/nowhere")

    ran = authz("registry", "load", "registry.yaml")

    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("authz: ")
    assert "secret" not in ran.err


def test_without_a_fit_policy_nobody_can_say_which_roles_there_are(checkout: Checkout) -> None:
    checkout.replace("matrix.csv", "p, *, guest,  open_gate,", "p, *, gest,   open_gate,")

    ran = authz("registry", "load", "registry.yaml")

    assert ran.status == 1
    assert "policies/storehouse/matrix.csv:3:7: " in ran.err


def test_a_bar_is_drawn_on_a_terminal_only(checkout: Checkout) -> None:
    piped = authz_process("registry", "load", "registry.yaml")
    shown = authz_on_terminal("registry", "load", "registry.yaml")

    assert piped.err == ""
    assert re.search(r"loading registry\.yaml", shown)
    assert "registry.yaml: 1 tenant read" in shown


def test_a_loaded_registry_is_what_the_service_reads(loaded: Checkout, tmp_path: Path) -> None:
    store = RegistryStore(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    directory = store.directory()
    store.close()

    assert set(directory.tenants) == {"acme"}
    assert directory.revision == 1


def test_what_is_live_says_which_roles_there_are_where_the_files_are_not_fit(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = checkout.root / "data"
    monkeypatch.setenv("AUTHZ_DATA", str(data))
    Builder(Place(checkout.root / "policies", checkout.root / "model.conf"), PolicyStore(data), None).look()
    checkout.replace("matrix.csv", "p, *, guest,  open_gate,", "p, *, gest,   open_gate,")

    assert authz("registry", "load", "registry.yaml").status == 0
    shutil.rmtree(checkout.root / "policies")
    assert authz("registry", "load", "registry.yaml").status == 0
