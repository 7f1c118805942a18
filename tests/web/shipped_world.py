"""The shipped policy sets and the example registries behind the application, in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

import httpx

from authz.core.directory import Directory
from authz.core.generation import Generation
from authz.legal_holidays import legal_holidays
from authz.pdp import Pdp
from authz.registry.load import load_file
from authz.registry.store import RegistryStore
from authz.web.app import create_app
from authz.web.callers import Callers, KeylessLoopback
from authz.web.hygiene import Hygiene
from authz.wiring import Health, RegistryHealth
from tests.policies.shipped import ROOT, shipped
from tests.web.world import TEXTS, set_status

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


class ShippedWorld:
    """A service; satisfies `authz.web.service.Service`."""

    def __init__(self, directory: Directory, sets: Iterable[str], identifier: str = IDENTIFIER) -> None:
        self.identifier = identifier
        self.texts = TEXTS
        self.people = directory
        self.generations: Mapping[str, Generation] = MappingProxyType(
            {set_id: shipped(set_id).generation for set_id in sets}
        )
        self.pdp = Pdp(self, lambda: self.people, legal_holidays, lambda: NOW)

    def current(self) -> Mapping[str, Generation]:
        return self.generations

    def health(self) -> Health:
        return Health({set_id: set_status() for set_id in self.generations}, RegistryHealth(1, 0.0, stale=False))

    def app(self, callers: Callers | None = None) -> Hygiene:
        return create_app(self, callers or KeylessLoopback())

    def client(self, callers: Callers | None = None) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=self.app(callers), raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://pdp.example")
