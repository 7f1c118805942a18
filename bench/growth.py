"""What grows with what: cost of a decision, time to load and memory against tenants; cost against lines and batch size.

Each size runs in a process of its own, so that memory is its own. Usage: python bench/growth.py [--short]
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from results import write_results
from world import NOON, POLICY_SET, Asked, World, make_world

from authz.answer_writer import AnswerWriter
from authz.core.decide import decide
from authz.core.generation import Generation
from authz.core.limits import NO_LIMITS
from authz.core.network import NetworkLine, TenantNetworks, parse_address
from authz.core.types import Assurance, Effect, Request
from authz.legal_holidays import legal_holidays
from authz.pdp import Pdp
from authz.texts import Texts
from authz.web.decide.usual import usual_authzen

QUESTIONS = 20_000
TENANTS = (10, 1_000, 50_000)
LINES = (4, 40, 400, 4_000)
ROUNDS = 5


def cpu_us(work: Any, items: Any) -> float:
    """The least CPU time for each item, of several rounds."""
    rounds = []
    for _ in range(ROUNDS):
        began = time.process_time_ns()
        for item in items:
            work(item)
        rounds.append((time.process_time_ns() - began) / 1000 / len(items))
    return min(rounds)


def body(asked: Asked) -> bytes:
    """The question in AuthZEN's form."""
    document = {
        "subject": {"type": "contact", "id": asked.contact}, "action": {"name": asked.action},
        "resource": {"type": "tenant", "id": asked.tenant}, "context": {"ip": asked.ip},
    }  # fmt: skip
    return json.dumps(document, separators=(",", ":")).encode()


def request(asked: Asked) -> Request:
    """The question as the core takes it."""
    return Request("contact", asked.contact, asked.action, "tenant", asked.tenant, parse_address(asked.ip))


class Live:
    """The one generation, as `Pdp` wants to read it."""

    def __init__(self, generation: Generation) -> None:
        self._current = {POLICY_SET: generation}

    def current(self) -> dict[str, Generation]:
        """The one set."""
        return self._current


def resident_mib() -> float:
    """Memory that this process holds."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def by_tenants(tenants: int) -> dict[str, float]:
    """One size, in this process."""
    before = resident_mib()
    began = time.process_time()
    world = make_world(tenants, min(QUESTIONS, tenants * 800))
    made_s = time.process_time() - began
    generations = {POLICY_SET: world.generation}
    pdp = Pdp(Live(world.generation), lambda: world.directory, legal_holidays, lambda: NOON)
    writer = AnswerWriter(Texts())
    requests, bodies = [request(one) for one in world.questions], [body(one) for one in world.questions]

    def whole(sent: bytes) -> bytes:
        asked = usual_authzen(sent, Assurance.SESSION)
        if asked is None:
            raise AssertionError(sent)
        return writer.write(pdp.decide(asked, limits=NO_LIMITS), explain=True)

    return {
        "tenants": tenants,
        "contacts": tenants * 20,
        "decide_us": cpu_us(lambda one: decide(one, world.directory, generations, NOON), requests),
        "body_to_bytes_us": cpu_us(whole, bodies),
        "made_s": made_s,
        "memory_mib": resident_mib() - before,
    }


def by_lines(world: World, lines: int) -> dict[str, float]:
    """One tenant with so many ranges; made and asked."""
    declared = [NetworkLine(f"10.{at >> 8}.{at & 255}.0/25", Effect.ALLOW, f"x:{at}") for at in range(lines)]
    began = time.process_time()
    networks = TenantNetworks(declared)
    made_s = time.process_time() - began
    live = world.generation
    wide = Generation(
        live.definition,
        live.table,
        dict.fromkeys(world.lines, networks),
        live.facts,
        live.local_day.zone,
        live.revision,
    )
    requests = [request(one) for one in world.questions]
    generations = {POLICY_SET: wide}
    return {
        "lines": lines,
        "decide_us": cpu_us(lambda one: decide(one, world.directory, generations, NOON), requests),
        "made_ms": made_s * 1000,
    }


def main() -> None:
    if len(sys.argv) > 2 and sys.argv[1] == "--one":
        print(json.dumps(by_tenants(int(sys.argv[2]))))
        return
    sizes = TENANTS[:2] if "--short" in sys.argv else TENANTS
    measured = []
    for tenants in sizes:
        ran = subprocess.run(
            [sys.executable, __file__, "--one", str(tenants)], capture_output=True, text=True, check=True
        )
        measured.append(json.loads(ran.stdout))
    world = make_world(100, 5_000)
    write_results("growth", {"tenants": measured, "lines": [by_lines(world, lines) for lines in LINES]})


if __name__ == "__main__":
    main()
