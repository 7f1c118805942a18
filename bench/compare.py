"""Ours beside its peers, in one run: engines in process, servers over HTTP, batches of a hundred.

The same matrix, tenants, contacts and ranges are loaded into each; all 20,000 distinct questions are asked of each,
and each answer is held against ours, before anything is timed. Rounds are interleaved; figures are medians and spread.
Results go to bench/results/, `bench/report.py` makes docs/performance.md of them.

Usage: python bench/compare.py [--short] [--tenants N] [--cerbos BINARY]
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from peers.engines import ENGINES, Engine
from peers.load import Run, ask_all, drive, resident_mib
from peers.servers import Server, bare, cerbos, nginx, no_op, ours
from results import write_results
from world import NOON, POLICY_SET, Asked, World, make_world

from authz.core.decide import decide
from authz.core.network import parse_address
from authz.core.types import Request

QUESTIONS = 20_000
BATCH = 100
SLOW_ENGINE_QUESTIONS = 500


class Ours:
    """`core.decide`, with the address read from its text as the peers do."""

    def __init__(self, world: World) -> None:
        self._directory = world.directory
        self._generations = {POLICY_SET: world.generation}

    def decide(self, asked: Asked) -> bool:
        """One decision with everything that its explanation needs."""
        request = Request("contact", asked.contact, asked.action, "tenant", asked.tenant, parse_address(asked.ip))
        return decide(request, self._directory, self._generations, NOON).allowed


def spread(figures: Sequence[float]) -> dict[str, float]:
    """Median, least and most."""
    return {"median": statistics.median(figures), "min": min(figures), "max": max(figures)}


def engines(world: World, right: Sequence[bool], rounds: int) -> dict[str, Any]:
    """CPU in microseconds for each decision in process."""
    made: dict[str, Engine] = {"authz, core.decide": Ours(world)}
    made.update({name: make(world) for name, make in ENGINES.items()})
    counts = {}
    for name, engine in made.items():
        counts[name] = SLOW_ENGINE_QUESTIONS if "casbin" in name else QUESTIONS
        if [engine.decide(asked) for asked in world.questions[: counts[name]]] != list(right[: counts[name]]):
            sys.exit(f"{name} answers differently")
    measured: dict[str, list[float]] = {name: [] for name in made}
    for _ in range(rounds):
        for name, engine in made.items():
            questions, ask = world.questions[: counts[name]], engine.decide
            began = time.process_time_ns()
            for asked in questions:
                ask(asked)
            measured[name].append((time.process_time_ns() - began) / 1000 / len(questions))
    return {name: spread(figures) for name, figures in measured.items()}


def hold_against_ours(server: Server, world: World, right: Sequence[bool]) -> None:
    """Stop where the server answers one question differently, alone or in a batch."""
    if server.allowed is not None:
        answers = ask_all(server, server.path, [server.body(asked) for asked in world.questions])
        if [server.allowed(answer) for answer in answers] != list(right):
            sys.exit(f"{server.name} answers differently")
    if server.batch is not None and server.all_allowed is not None:
        answers = ask_all(server, server.batch_path, batches(server, world))
        if [said for answer in answers for said in server.all_allowed(answer)] != list(right):
            sys.exit(f"{server.name} answers differently in a batch")


def batches(server: Server, world: World) -> list[bytes]:
    """All questions, a hundred at a time."""
    if server.batch is None:
        raise AssertionError(server.name)
    return [server.batch(world.questions[at : at + BATCH]) for at in range(0, len(world.questions), BATCH)]


def over_http(
    servers: Sequence[Server], world: World, rounds: int, seconds: float, connections: Sequence[int]
) -> dict[str, Any]:
    """For each server and number of connections: CPU, rate, latencies; and memory after it all."""
    bodies = {server.name: [server.body(asked) for asked in world.questions] for server in servers}
    found: dict[str, Any] = {server.name: {} for server in servers}
    for many in connections:
        runs = interleaved(servers, rounds, lambda one, c=many: drive(one, one.path, bodies[one.name], c, seconds))
        for name, those in runs.items():
            found[name][str(many)] = summary(those)
    hundred = [server for server in servers if server.batch is not None]
    runs = interleaved(hundred, rounds, lambda one: drive(one, one.batch_path, batches(one, world), 4, seconds))
    for name, those in runs.items():
        found[name]["batch"] = {"cpu_us_per_decision": spread([run.cpu_us / BATCH for run in those])}
    for server in servers:
        found[server.name]["resident_mib"] = resident_mib(server.pids())
    return found


def interleaved(servers: Sequence[Server], rounds: int, run: Callable[[Server], Run]) -> dict[str, list[Run]]:
    """One run of each server after the other, several times; the first round only warms up."""
    runs: dict[str, list[Run]] = {server.name: [] for server in servers}
    for at in range(rounds + 1):
        for server in servers:
            one = run(server)
            if at:
                runs[server.name].append(one)
    return runs


def summary(runs: Sequence[Run]) -> dict[str, Any]:
    """Spread of each figure."""
    return {name: spread([getattr(run, name) for run in runs]) for name in Run._fields}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--short", action="store_true", help="fewer and shorter rounds")
    parser.add_argument("--tenants", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--cerbos", type=Path, help="the binary of Cerbos; without it Cerbos is left out")
    options = parser.parse_args()
    rounds, seconds, connections = (2, 1.0, (32,)) if options.short else (5, 3.0, (1, 32))
    world = make_world(options.tenants, QUESTIONS)
    mine = Ours(world)
    right = [mine.decide(asked) for asked in world.questions]
    results: dict[str, Any] = {
        "tenants": options.tenants, "workers": options.workers, "questions": QUESTIONS, "allowed": sum(right),
        "engines": engines(world, right, rounds),
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as made, contextlib.ExitStack() as stack:
        folder = Path(made)
        folder.chmod(0o755)
        servers = [
            stack.enter_context(ours(world, "relaxed", folder, options.workers)),
            stack.enter_context(ours(world, "durable", folder, options.workers)),
            stack.enter_context(no_op(folder)),
            stack.enter_context(bare(folder)),
            stack.enter_context(nginx(folder)),
        ]
        if options.cerbos is not None:
            servers += [
                stack.enter_context(cerbos(world, folder, options.cerbos, authzen=authzen)) for authzen in (True, False)
            ]
        for server in servers:
            hold_against_ours(server, world, right)
        results["http"] = over_http(servers, world, rounds, seconds, connections)
    write_results("compare" if options.workers == 1 else f"compare-{options.workers}-workers", results)


if __name__ == "__main__":
    main()
