"""The example registries, held against the policy sets that come with the project."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import pytest

from authz.core.definition import PolicySet
from authz.core.directory import Annex, Directory
from authz.core.types import ContactState, NetworkChoice, SubjectKey
from authz.policy.bundle import find_model, find_sets, read_bundle
from authz.policy.parse import parse_set
from authz.registry.load import load_file
from authz.registry.seeds import write_seeds
from authz.registry.store import RegistryStore

ROOT = Path(__file__).resolve().parents[2]
TODAY = dt.date(2026, 11, 22).toordinal()
LATER = dt.date(2036, 1, 1).toordinal()


@pytest.fixture(scope="module")
def shipped() -> Mapping[str, PolicySet]:
    policies = ROOT / "policies"
    model = find_model(policies, ROOT / "model.conf")
    return {
        definition.id: definition
        for definition in (parse_set(read_bundle(folder, model)).definition for folder in find_sets(policies))
    }


def annex_of(directory: Directory, tenant: str, day: int = TODAY) -> Annex:
    annex = directory.tenants[tenant].annex_in_force(day)
    assert annex is not None
    return annex


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.yaml")), ids=lambda path: path.name)
def test_an_example_loads_and_loads_again(store: RegistryStore, shipped: Mapping[str, PolicySet], path: Path) -> None:
    first = load_file(path, store, shipped, "ines")
    again = load_file(path, store, shipped, "ines")

    assert first.tenants_added == first.tenants > 0
    assert again.revision == first.revision == 1


@pytest.fixture
def directory(store: RegistryStore, shipped: Mapping[str, PolicySet]) -> Directory:
    load_file(ROOT / "examples" / "registry.yaml", store, shipped, "ines")
    return store.directory()


def test_the_example_shows_every_set_that_has_tenants_of_its_own(
    directory: Directory, shipped: Mapping[str, PolicySet]
) -> None:
    assert {tenant.set_id for tenant in directory.tenants.values()} == set(shipped) - {"certification"}


@pytest.mark.parametrize("tenant", ["acme", "beta", "gamma"])
def test_each_calltrack_tenant_has_every_role(
    directory: Directory, shipped: Mapping[str, PolicySet], tenant: str
) -> None:
    roles = {contact.role for contact in annex_of(directory, tenant).contacts}

    assert roles == set(shipped["calltrack"].roles)


def test_acme_shows_the_life_of_a_list(directory: Directory) -> None:
    doru, mihai, radu = (SubjectKey(f"{name}@acme.example") for name in ("doru", "mihai", "radu"))
    acme = directory.tenants["acme"]
    now = annex_of(directory, "acme")
    suspended = now.contact(radu)

    assert acme.annexes[0].contact(doru) is not None
    assert now.contact(doru) is None
    assert now.contact(mihai) is None
    assert [annex.contact(mihai) is not None for annex in acme.future_annexes(TODAY)] == [True]
    assert annex_of(directory, "acme", LATER).contact(mihai) is not None
    assert suspended is not None
    assert suspended.state is ContactState.SUSPENDED


def test_the_network_choices_are_those_of_the_shipped_lines(directory: Directory) -> None:
    choices = {tenant: annex_of(directory, tenant).network for tenant in ("acme", "beta", "gamma")}

    assert choices == {
        "acme": NetworkChoice.DECLARED,
        "beta": NetworkChoice.ANY,
        "gamma": NetworkChoice.DECLARED,
    }


def test_one_address_stands_at_two_tenants(directory: Directory) -> None:
    assert set(directory.tenants_listing(SubjectKey("carmen@consulting.example"))) == {"beta", "gamma"}


def test_only_documentation_names_are_used(directory: Directory) -> None:
    addresses = [
        key
        for tenant in directory.tenants.values()
        for annex in tenant.annexes
        for contact in annex.contacts
        for key in contact.keys
        if "@" in key
    ]

    assert addresses
    assert all(address.endswith(".example") for address in addresses)


def test_seeds_make_a_registry_of_any_size(
    store: RegistryStore, shipped: Mapping[str, PolicySet], tmp_path: Path
) -> None:
    path = tmp_path / "seeds.jsonl"
    write_seeds(path, "calltrack", tuple(shipped["calltrack"].roles), tenants=30, contacts=7)

    report = load_file(path, store, shipped, "ines")

    assert (report.tenants_added, report.contacts_added) == (30, 210)
