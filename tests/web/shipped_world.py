"""The shipped policy sets and the example registries behind the application, in memory."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from authz.core.directory import Directory
from authz.legal_holidays import legal_holidays
from authz.pdp import Pdp
from authz.registry.load import load_file
from authz.registry.store import RegistryStore
from tests.policies.shipped import ROOT, shipped
from tests.web.world import Policies, World

NOW = 1_780_470_000.0  # 2026-06-03T10:00:00+03:00
IDENTIFIER = "https://pdp.example"


def example_directory(folder: Path, files: Iterable[str], sets: Iterable[str]) -> Directory:
    """The people of `examples/<file>`, by way of a real registry in that folder."""
    store = RegistryStore(f"sqlite:///{folder / 'registry.sqlite'}")
    store.migrate()
    definitions = {set_id: shipped(set_id).parsed.definition for set_id in sets}
    for file in files:
        load_file(ROOT / "examples" / file, store, definitions, "tests")
    directory = store.directory()
    store.close()
    return directory


class ShippedWorld(World):
    """The same service with other policies and people, at a fixed time."""

    def __init__(self, directory: Directory, sets: Iterable[str], identifier: str = IDENTIFIER) -> None:
        super().__init__()
        self.identifier = identifier
        self.directory = directory
        self.policies = Policies({set_id: shipped(set_id).generation for set_id in sets})
        self.pdp = Pdp(self.policies, lambda: self.directory, legal_holidays, lambda: NOW)
