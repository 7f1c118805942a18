"""The shipped policy sets and the example registries behind the application, in memory."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from authz.core.directory import Directory
from authz.legal_holidays import legal_holidays
from authz.pdp import Pdp
from authz.policy.bundle import find_model, read_bundle
from authz.policy.parse import parse_set
from authz.registry.load import load_file
from authz.registry.store import RegistryStore
from tests.policies.shipped import ROOT, SETS, shipped
from tests.web.world import Policies, World

NOW = 1_780_470_000.0  # 2026-06-03T10:00:00+03:00
IDENTIFIER = "https://pdp.example"


def example_directory(folder: Path, files: Iterable[str], sets: Iterable[str]) -> Directory:
    """The people of `examples/<file>` whose policy is one of the sets, by way of a real registry in that folder."""
    store = RegistryStore(f"sqlite:///{folder / 'registry.sqlite'}")
    store.migrate()
    definitions = {
        set_id: parse_set(read_bundle(place, find_model(place, ROOT / "model.conf"))).definition
        for set_id, place in SETS.items()
    }
    for file in files:
        load_file(ROOT / "examples" / file, store, definitions, "tests")
    everybody = store.directory()
    store.close()
    return Directory([one for one in everybody.tenants.values() if one.set_id in sets], everybody.revision)


class ShippedWorld(World):
    """The same service with other policies and people, at a fixed time."""

    def __init__(self, directory: Directory, sets: Iterable[str], identifier: str = IDENTIFIER) -> None:
        super().__init__()
        self.identifier = identifier
        self.directory = directory
        self.policies = Policies({set_id: shipped(set_id).generation for set_id in sets})
        self.pdp = Pdp(self.policies, lambda: self.directory, legal_holidays, lambda: NOW)
