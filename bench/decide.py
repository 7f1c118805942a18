"""CPU per decision: `core.decide` alone, and a body to answer bytes, beside plain pycasbin.

Everything on one core, in one run, side by side, over distinct questions; medians of interleaved rounds and ratios.
Answers of ours are held against pycasbin's before anything is timed. Usage: python bench/decide.py [TENANTS]
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable

import casbin
from world import NOON, POLICY_SET, ROOT, Asked, World, make_world

from authz.answer_writer import AnswerWriter
from authz.core.decide import decide
from authz.core.network import parse_address
from authz.core.question import request_from_flat
from authz.core.types import Request
from authz.legal_holidays import legal_holidays
from authz.pdp import Pdp
from authz.policy.bundle import read_bundle
from authz.policy.judge import holds, in_network
from authz.policy.parse import parse_set
from authz.texts import Texts
from authz.web.messages import wire

QUESTIONS = 20_000
ROUNDS = 5
PLAIN_QUESTIONS = 200


class Plain:
    """pycasbin as its manual has it: the matrix and this tenant's lines in one plain Enforcer for each tenant."""

    def __init__(self, world: World) -> None:
        self._world = world
        parsed = parse_set(read_bundle(ROOT / "policies" / POLICY_SET, ROOT / "model.conf"))
        self._matrix = [
            [line.tenant, line.role, line.action, " + ".join(line.facts) or "-", line.effect.value, line.source]
            for line in parsed.matrix
        ]
        self._enforcers: dict[str, casbin.Enforcer] = {}

    def enforcer(self, tenant: str) -> casbin.Enforcer:
        """The tenant's enforcer, made when first asked for."""
        if tenant not in self._enforcers:
            model = casbin.Model()
            model.load_model((ROOT / "model.conf").as_posix())
            made = casbin.Enforcer(model)
            made.add_function("holds", holds)
            made.add_function("inNetwork", in_network)
            model["p"]["p"].policy.extend(self._matrix)
            model["p"]["p2"].policy.extend(
                [tenant, line.network, line.effect.value, line.source] for line in self._world.lines[tenant]
            )
            self._enforcers[tenant] = made
        return self._enforcers[tenant]

    def decide(self, asked: Asked) -> bool:
        """Network first, then the matrix: two questions, as in DESIGN's model."""
        tenant, role = self._world.roles[asked.contact]
        enforcer = self.enforcer(tenant)
        inside = enforcer.enforce(casbin.core_enforcer.EnforceContext("r2", "p2", "e", "m2"), tenant, asked.ip)
        facts = frozenset({"network_ok", "sender_ok"} if inside else {"sender_ok"})
        return bool(enforcer.enforce(tenant, role, asked.action, facts))


class Live:
    """The one generation, as `Pdp` wants to read it."""

    def __init__(self, world: World) -> None:
        self._current = {POLICY_SET: world.generation}

    def current(self) -> dict[str, object]:
        """The one set."""
        return self._current  # type: ignore[return-value]


def cpu_us(work: Callable[[], object], times: int) -> float:
    """Microseconds of CPU for each of `times` pieces of `work`."""
    start = time.process_time_ns()
    work()
    return (time.process_time_ns() - start) / 1000 / times


def main() -> None:
    tenants = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    world = make_world(tenants, QUESTIONS)
    generations = {POLICY_SET: world.generation}
    requests = [
        Request("contact", asked.contact, asked.action, address=parse_address(asked.ip)) for asked in world.questions
    ]
    bodies = [
        json.dumps({"contact": asked.contact, "action": asked.action, "ip": asked.ip}, separators=(",", ":")).encode()
        for asked in world.questions
    ]
    plain, writer = Plain(world), AnswerWriter(Texts())
    pdp = Pdp(Live(world), lambda: world.directory, legal_holidays, lambda: NOON)  # type: ignore[arg-type]

    decided = [decide(request, world.directory, generations, NOON).allowed for request in requests]
    if [plain.decide(asked) for asked in world.questions[:PLAIN_QUESTIONS]] != decided[:PLAIN_QUESTIONS]:
        sys.exit("the answers differ")

    def run_decide() -> None:
        for request in requests:
            decide(request, world.directory, generations, NOON)

    def run_bodies() -> None:
        for body in bodies:
            writer.write(pdp.decide(request_from_flat(wire.read_object(body))), explain=True)

    def run_plain() -> None:
        for asked in world.questions[:PLAIN_QUESTIONS]:
            plain.decide(asked)

    measured: dict[str, list[float]] = {"core.decide": [], "body to answer bytes": [], "plain pycasbin": []}
    for _ in range(ROUNDS):
        measured["core.decide"].append(cpu_us(run_decide, QUESTIONS))
        measured["body to answer bytes"].append(cpu_us(run_bodies, QUESTIONS))
        measured["plain pycasbin"].append(cpu_us(run_plain, PLAIN_QUESTIONS))
    print(f"{tenants} tenants x 20 contacts, {QUESTIONS} distinct questions, {sum(decided) / QUESTIONS:.0%} allowed")
    base = statistics.median(measured["core.decide"])
    for name, rounds in measured.items():
        median = statistics.median(rounds)
        print(f"{name:22} {median:10.2f} us CPU  ({min(rounds):.2f} .. {max(rounds):.2f})  {median / base:8.1f} x")


if __name__ == "__main__":
    main()
