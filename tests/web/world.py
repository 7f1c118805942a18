"""A small world with real parts: one policy set, one tenant with declared ranges, one decision point, one app."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from starlette.types import Scope as Connection

from authz.core.contacts import Contact
from authz.core.definition import ActionDef, PolicySet, ResourceTypeDef, RoleDef
from authz.core.directory import Annex, Directory, Tenant
from authz.core.generation import Generation
from authz.core.network import NetworkLine, TenantNetworks
from authz.core.table import Cell, DecisionTable
from authz.core.types import ContactState, Effect, NetworkChoice, SubjectKey
from authz.indexer import log_index
from authz.legal_holidays import legal_holidays
from authz.log.journal import Journal
from authz.log.lines.pseudonyms import Pseudonyms
from authz.log.lines.record import Record
from authz.log.writing.backlog import MakesRecords
from authz.log.writing.writer import LogHealth, Settled
from authz.past import Past, Present
from authz.pdp import Pdp
from authz.policy.generations.past import PastPolicies
from authz.policy.generations.store import SetStatus
from authz.recorded import Recorded
from authz.registry.confirmations import Confirmations
from authz.registry.store import RegistryStore
from authz.texts import Texts
from authz.web.app import create_app
from authz.web.connection.hygiene import Hygiene
from authz.web.credentials.callers import Caller, Callers, CallerUnknown, KeylessLoopback, Known
from authz.web.measures.metrics import Metrics
from authz.web.measures.tally import Tally
from authz.wiring import Health, People, RegistryHealth
from tests.web.ways import transport

REVISION = "sha256:" + "5f0c" * 16
INSIDE = "203.0.113.5"
OUTSIDE = "198.51.100.9"
QUESTION = {
    "subject": {"type": "contact", "id": "ana@acme.example"},
    "action": {"name": "report"},
    "resource": {"type": "tenant", "id": "acme"},
    "context": {"ip": INSIDE},
}
FLAT = {"contact": "ana@acme.example", "action": "report", "ip": INSIDE}
TEXTS = Texts()


class NoFacts:
    """The set declares no fact."""

    def __call__(self, fact: str, bindings: Mapping[str, object]) -> bool | None:
        return None

    def unmet_parts(self, fact: str, bindings: Mapping[str, object]) -> tuple[str, ...]:
        return ()


def generation() -> Generation:
    """`user` and `admin` may report from a declared address; nobody may restore."""
    names = {"en": "name"}
    definition = PolicySet(
        id="demo",
        title=names,
        languages=("en",),
        time_zone="Europe/Bucharest",
        phone_region="RO",
        roles={role: RoleDef(role, names, "1") for role in ("admin", "user")},
        actions={
            "report": ActionDef("report", names, "2", ("Error report",)),
            "restore": ActionDef("restore", names, "3"),
        },
        resource_types={"ticket": ResourceTypeDef("ticket", names, "1")},
    )
    both = ("network_ok", "sender_ok")
    may = Cell(both, [(mask == 3, "demo/matrix.csv:1" if mask == 3 else "") for mask in range(4)])
    never = Cell((), [(False, "demo/matrix.csv:2")])
    cells = {
        (role, action): cell for role in definition.roles for action, cell in (("report", may), ("restore", never))
    }
    lines = [NetworkLine("203.0.113.0/24", Effect.ALLOW, "demo/networks/acme.csv:1")]
    return Generation(
        definition,
        DecisionTable(cells, {}),
        {"acme": TenantNetworks(lines)},
        NoFacts(),
        ZoneInfo("Europe/Bucharest"),
        REVISION,
    )


def directory() -> Directory:
    """Ana is an active contact of acme, Dan a suspended one."""
    contacts = [
        Contact("Ana Pop", "admin", (SubjectKey("ana@acme.example"), SubjectKey("+40213000001"))),
        Contact("Dan Rus", "user", (SubjectKey("dan@acme.example"),), ContactState.SUSPENDED),
    ]
    annex = Annex(1, dt.date(2020, 1, 1), dt.date(2020, 1, 1), NetworkChoice.DECLARED, contacts)
    return Directory([Tenant("acme", "demo", "Acme Distribution SRL", [annex], ("en",))], revision=7)


class Policies:
    """Generations in memory."""

    def __init__(self, generations: Mapping[str, Generation]) -> None:
        self.generations = MappingProxyType(dict(generations))

    def current(self) -> Mapping[str, Generation]:
        return self.generations


class InMemory:
    """The decision log of a test: records in memory, each safe at once."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.problem: Exception | None = None

    def append(self, records: Sequence[Record]) -> int:
        if self.problem is not None:
            raise self.problem
        self.records += records
        return len(self.records)

    def append_when_made(self, _: int, makes: MakesRecords) -> int:
        return self.append(list(makes()))

    def call_when_settled(self, ticket: int, settled: Settled) -> None:
        assert ticket <= len(self.records)
        settled(None)

    async def settled(self, ticket: int) -> None:
        assert ticket <= len(self.records)

    def health(self) -> LogHealth:
        return LogHealth("durable", 0, len(self.records), 0, "")


class World:
    """A service in memory; satisfies `authz.web.service.Service`."""

    identifier = "https://pdp.example"

    def __init__(self, *, live: bool = True) -> None:
        self.policies = Policies({"demo": generation()} if live else {})
        self.directory = directory()
        self.pdp = Pdp(self.policies, lambda: self.directory, legal_holidays)
        self.texts = TEXTS
        self.log = InMemory()
        self.journal = Journal(self.log, Pseudonyms(Path("no such folder")), lambda: "demo registry")
        away = RegistryStore("sqlite:///no such folder/registry.sqlite")
        self.confirmations = Confirmations(away)
        present = Present(self.policies, lambda: self.directory)
        self.past = Past(PastPolicies(Path("no such folder")), away, present, legal_holidays)
        no_log = Path("no such folder", "log")
        self.recorded = Recorded(away, log_index(no_log, away), no_log)
        self.people = People(away, self.policies.current, lambda _tenant, _revision: None)
        self.state = Health(
            {"demo": set_status() if live else set_status(revision="", stale=True)},
            RegistryHealth(7, 0.2, stale=False),
        )

    def receipt(self, line: str, segment: str, now: float) -> bytes:
        raise AssertionError((line, segment, now))

    def health(self) -> Health:
        return self.state

    def app(self, callers: Callers | None = None) -> Hygiene:
        metrics = Metrics(Tally())
        self.pdp.observe = metrics.observe
        return create_app(self, callers or KeylessLoopback(), metrics=metrics)

    def client(self, callers: Callers | None = None) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=transport(self.app(callers)), base_url="http://pdp.example")


class As:
    """Everybody is this caller."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller

    async def identify(self, connection: Connection) -> Caller:
        return self.admit(self.recognise(connection))

    def epoch(self) -> object:
        return self

    def recognise(self, connection: Connection) -> Known:
        return Known(self.caller, lasting=True)

    def admit(self, known: Known) -> Caller:
        return known.caller


class Keyed(As):
    """One caller for the right key."""

    def recognise(self, connection: Connection) -> Known:
        if (b"authorization", b"Bearer right") in connection["headers"]:
            return super().recognise(connection)
        raise CallerUnknown("the credentials are missing or wrong")


def set_status(
    revision: str = REVISION, age_s: float = 4.0, *, stale: bool = False, problems: tuple[str, ...] = ()
) -> SetStatus:
    """The status of one set as the store tells it."""
    return {
        "revision": revision,
        "since": "2026-06-03T09:00:00+00:00" if revision else "",
        "age_s": age_s if revision else None,
        "stale": stale,
        "problems": list(problems),
    }


def error_code(answer: httpx.Response) -> str:
    """The code of an error answer, whose form is checked on the way."""
    document: Any = answer.json()
    assert set(document) == {"error"}
    assert set(document["error"]) == {"code", "message"}
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    return str(document["error"]["code"])
