"""What grows with what: the cost of a decision, time to load, memory and the time of a comparison against tenants; the
cost of a decision against network lines, facts of an action, and questions in one request.

Each number of tenants has a process of its own, so that memory is its own. 500,000 tenants are simulated: with two
contacts each, so that the people are as many as with 50,000. Usage: python bench/growth.py [--short]
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from peers.load import drive
from peers.servers import BIN, ours, policies_of
from results import write_results
from world import CONTACTS_PER_TENANT, NOON, POLICY_SET, ROOT, Asked, World, compiled, make_world

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
TENANTS = (10, 1_000, 50_000, 500_000)
MOST_FILES = 50_000
"""Tenants with a file of lines each that two folders are compared with."""
LINES = (4, 40, 400, 4_000)
FACTS = (0, 1, 2, 4)
BATCHES = (1, 10, 100, 400)
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
    contacts = CONTACTS_PER_TENANT if tenants <= MOST_FILES else 2
    began = time.process_time()
    world = make_world(tenants, min(QUESTIONS, tenants * 800), contacts=contacts)
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
        "contacts": tenants * contacts,
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


def write_facts(set_dir: Path, facts: int) -> None:
    """So many expressions, all of them true, on each line of the set that allows."""
    names = [f"fact_{at}" for at in range(facts)]
    matrix, stated = set_dir / "matrix.csv", set_dir / "set.yaml"
    matrix.write_text(matrix.read_text().replace("+ sender_ok", " + ".join(["+ sender_ok", *names])))
    about = "expression: action.name != \"nothing\", clause: '1.1'"
    lines = [f"  {name}: {{{about}, label: {{ro: {name}, en: {name}}}}}" for name in names]
    if names:
        stated.write_text("\n".join([stated.read_text(), "facts:", *lines, ""]))


def by_facts(facts: int) -> dict[str, float]:
    """The shipped set with so many facts of its own on each action."""
    with tempfile.TemporaryDirectory() as made:
        changed = Path(shutil.copytree(ROOT / "policies" / POLICY_SET, Path(made, POLICY_SET)))
        write_facts(changed, facts)
        live = compiled(changed)
    world = make_world(100, 5_000)
    generation = Generation(
        live.definition, live.table, world.generation.networks, live.facts, live.local_day.zone, live.revision
    )
    requests = [request(one) for one in world.questions]
    generations = {POLICY_SET: generation}
    if not any(decide(one, world.directory, generations, NOON).allowed for one in requests):
        raise AssertionError("the expressions were to be true")
    return {
        "facts": facts,
        "decide_us": cpu_us(lambda one: decide(one, world.directory, generations, NOON), requests),
    }


def by_batch(world: World) -> list[dict[str, float]]:
    """One worker, log relaxed, four connections; the CPU of all its processes for each decision."""
    with tempfile.TemporaryDirectory() as made, ours(world, "relaxed", Path(made)) as server:
        if server.batch is None:
            raise AssertionError(server.name)
        measured = []
        for size in BATCHES:
            bodies = [server.batch(world.questions[at : at + size]) for at in range(0, QUESTIONS, size)]
            runs = [drive(server, server.batch_path, bodies, 4, 2.0).cpu_us / size for _ in range(4)]
            measured.append({"questions": size, "decision_us": min(runs[1:])})
        return measured


def compared_s(tenants: int) -> float:
    """CPU of `authz diff` over two folders that differ in one line of one tenant, each compiled for the first time."""
    with tempfile.TemporaryDirectory() as made:
        base, head = Path(made, "base"), Path(made, "head")
        world = make_world(tenants, 1, contacts=1)
        for side in (base, head):
            side.mkdir()
            policies_of(world, side)
            shutil.copy(ROOT / "model.conf", side)
        changed = head / "policies" / POLICY_SET / "networks" / "t1.csv"
        changed.write_text(changed.read_text().replace(".0/24", ".0/25", 1))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        ran = subprocess.run([BIN / "authz", "diff", base, head], capture_output=True, text=True, check=False)
        if not ran.stdout.startswith("NARROWER"):
            raise AssertionError(ran.stdout[:500] + ran.stderr[:500])
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


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
        if tenants <= MOST_FILES:
            measured[-1]["diff_s"] = compared_s(tenants)
    world = make_world(100, 5_000)
    found = {
        "tenants": measured,
        "lines": [by_lines(world, lines) for lines in LINES],
        "facts": [by_facts(facts) for facts in FACTS],
        "batches": by_batch(make_world(1_000, QUESTIONS)),
    }
    write_results("growth", found)


if __name__ == "__main__":
    main()
