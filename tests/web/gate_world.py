"""Tenants as the gate sees them: declared addresses, any address, and every way in which box and lines disagree."""

from __future__ import annotations

import datetime as dt
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

import httpx

from authz.core.directory import Annex, Directory, Tenant
from authz.core.generation import Generation
from authz.core.network import NetworkLine, TenantNetworks
from authz.core.types import Effect, NetworkChoice
from authz.web.app import create_app
from authz.web.connection.hygiene import Hygiene
from authz.web.credentials.callers import Callers, KeylessLoopback
from authz.web.gate.forward import GateRules
from tests.web import world
from tests.web.world import World

SUFFIX: Final = "app.example"
RULES: Final = GateRules(suffix=SUFFIX.encode())
LINES: Final = {
    "acme": ("203.0.113.0/24 allow", "203.0.113.66/32 deny", "2001:db8:5::/48 allow", "127.0.0.2/32 allow"),
    "beta": ("any allow", "198.51.100.66/32 deny"),
    "gamma": ("203.0.113.0/24 allow",),
    "mismatch": ("any allow",),
    "future": ("any allow",),
}
CHOICES: Final = {
    "acme": NetworkChoice.DECLARED,
    "beta": NetworkChoice.ANY,
    "gamma": NetworkChoice.ANY,
    "mismatch": NetworkChoice.DECLARED,
    "future": NetworkChoice.ANY,
    "bare": NetworkChoice.DECLARED,
}


def gate_generation() -> Generation:
    """The small world's policy set with these network lines."""
    base = world.generation()
    networks = {}
    for tenant, lines in LINES.items():
        split = (line.split() for line in lines)
        networks[tenant] = TenantNetworks(
            NetworkLine(network, Effect(effect), f"demo/networks/{tenant}.csv:{at}")
            for at, (network, effect) in enumerate(split, start=1)
        )
    return Generation(
        base.definition, base.table, networks, base.facts, ZoneInfo("Europe/Bucharest"), base.revision
    )  # fmt: skip


def gate_directory() -> Directory:
    """One annex each, in force since 2020; that of `future` comes into force in 2200. `other` has another set."""
    tenants = [
        Tenant(name, "demo", name, [Annex(1, since, since, choice, ())])
        for name, choice in CHOICES.items()
        for since in [dt.date(2200, 1, 1) if name == "future" else dt.date(2020, 1, 1)]
    ]
    elsewhere = Annex(1, dt.date(2020, 1, 1), dt.date(2020, 1, 1), NetworkChoice.ANY, ())
    return Directory([*tenants, Tenant("other", "absent", "other", [elsewhere])], revision=7)


class GateWorld(World):
    """A service in memory with these tenants."""

    def __init__(self, *, live: bool = True) -> None:
        super().__init__(live=live)
        if live:
            self.policies.generations = MappingProxyType({"demo": gate_generation()})
        self.directory = gate_directory()

    def gate(self, rules: GateRules = RULES, callers: Callers | None = None) -> Hygiene:
        """The whole application with the gate's rules."""
        return create_app(self, callers or KeylessLoopback(), gate=rules)

    def asked_by(
        self, peer: str = "127.0.0.1", rules: GateRules = RULES, callers: Callers | None = None
    ) -> httpx.AsyncClient:
        """A proxy at that address."""
        transport = httpx.ASGITransport(app=self.gate(rules, callers), client=(peer, 40000))
        return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000")
