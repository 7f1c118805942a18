"""The world that the measurements share: a shipped set, made-up tenants and contacts, distinct questions."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path
from typing import NamedTuple

from authz.core.contacts import Contact
from authz.core.directory import Annex, Directory, Tenant
from authz.core.generation import Generation
from authz.core.identity import email_key
from authz.core.network import NetworkLine, TenantNetworks
from authz.core.types import Effect, NetworkChoice
from authz.policy.bundle import read_bundle
from authz.policy.live import generation_of
from authz.policy.pipeline import build_set

ROOT = Path(__file__).resolve().parents[1]
POLICY_SET = "calltrack"
CONTACTS_PER_TENANT = 20
NOON = dt.datetime(2026, 6, 10, 12, tzinfo=dt.UTC).timestamp()
_DAY = dt.date(2026, 1, 1)


class Asked(NamedTuple):
    """One question in plain words; `ip` lies inside the tenant's ranges in three of four cases."""

    contact: str
    action: str
    tenant: str
    ip: str


class World(NamedTuple):
    """`roles` and `lines` say the same as the directory and the generation, for other engines to load."""

    directory: Directory
    generation: Generation
    roles: dict[str, tuple[str, str]]
    lines: dict[str, tuple[NetworkLine, ...]]
    questions: tuple[Asked, ...]


def make_world(tenants: int, questions: int, seed: int = 1, contacts: int = CONTACTS_PER_TENANT) -> World:
    """`tenants` x `contacts`, each tenant with four declared ranges and a denied address; distinct questions."""
    rng = random.Random(seed)
    live = compiled(ROOT / "policies" / POLICY_SET)
    lines = {f"t{number}": _lines(number) for number in range(tenants)}
    networks = {tenant: TenantNetworks(declared) for tenant, declared in lines.items()}
    generation = Generation(live.definition, live.table, networks, live.facts, live.local_day.zone, live.revision)
    role_names = list(live.definition.roles)
    roles = {
        f"c{at}@t{number}.example": (f"t{number}", role_names[at % len(role_names)])
        for number in range(tenants)
        for at in range(contacts)
    }
    directory = Directory(_tenant(f"t{number}", roles, contacts) for number in range(tenants))
    asked: dict[Asked, None] = {}
    actions = list(live.definition.actions)
    while len(asked) < questions:
        number = rng.randrange(tenants)
        contact = f"c{rng.randrange(contacts)}@t{number}.example"
        inside = rng.random() < 0.75
        ip = f"{_prefix(number)}.{rng.choice((0, 2, 4, 6) if inside else (1, 3, 5, 7))}.{rng.randrange(256)}"
        asked[Asked(contact, rng.choice(actions), f"t{number}", ip)] = None
    return World(directory, generation, roles, lines, tuple(asked))


def compiled(set_dir: Path) -> Generation:
    """A set of files, ready to decide."""
    return generation_of(build_set(read_bundle(set_dir, ROOT / "model.conf")))


def _prefix(number: int) -> str:
    return f"{10 + number // 250 % 100}.{number % 250}"


def _lines(number: int) -> tuple[NetworkLine, ...]:
    prefix = _prefix(number)
    allowed = [NetworkLine(f"{prefix}.{third}.0/24", Effect.ALLOW, f"bench:{third}") for third in (0, 2, 4, 6)]
    return (*allowed, NetworkLine(f"{prefix}.2.66/32", Effect.DENY, "bench:9"))


def _tenant(tenant: str, roles: dict[str, tuple[str, str]], many: int) -> Tenant:
    contacts = []
    for at in range(many):
        email = f"c{at}@{tenant}.example"
        key = email_key(email)
        if key is None:
            raise AssertionError(email)
        contacts.append(Contact(f"Contact {at}", roles[email][1], (key,)))
    return Tenant(tenant, POLICY_SET, tenant, [Annex(1, _DAY, _DAY, NetworkChoice.DECLARED, contacts)])
