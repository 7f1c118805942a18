"""CPU per request of the service over HTTP, beside a no-op ASGI application on the same uvicorn, in one run.

A real `authz serve` with an API key, 20,000 distinct questions, every answer checked before anything is timed: one
question in AuthZEN's form and flat, a batch of a hundred, over 1 and 32 connections, with the log relaxed and durable.
Rounds are interleaved; CPU is the server's own (/proc), so a busy machine falsifies it little. A minute by default.

Usage: python bench/over_http.py [--short] [--tenants N] [--mode relaxed|durable ...]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from peers.load import ask_all, drive
from peers.servers import Server, no_op, ours
from world import NOON, POLICY_SET, Asked, World, make_world

from authz.core.decide import decide
from authz.core.network import parse_address
from authz.core.types import Request

QUESTIONS = 20_000
BATCH = 100
FLAT = "/v1/decision"


class Cell(NamedTuple):
    """One thing that is measured. `decisions`: in each request."""

    server: Server
    what: str
    path: str
    bodies: Sequence[bytes]
    connections: int
    decisions: int = 1


def flat(asked: Asked) -> bytes:
    """The question in our own form."""
    stated = {"contact": asked.contact, "action": asked.action, "ip": asked.ip, "tenant": asked.tenant}
    return json.dumps(stated, separators=(",", ":")).encode()


def cells(server: Server, world: World, connections: Sequence[int]) -> Iterator[Cell]:
    """What is measured of one server."""
    single = [server.body(asked) for asked in world.questions]
    for many in connections:
        yield Cell(server, "evaluation", server.path, single, many)
    if server.batch is not None:
        hundreds = [server.batch(world.questions[at : at + BATCH]) for at in range(0, QUESTIONS, BATCH)]
        yield Cell(server, "flat", FLAT, [flat(asked) for asked in world.questions], connections[-1])
        yield Cell(server, "batch of 100", server.batch_path, hundreds, 4, BATCH)


def check(cell: Cell, right: Sequence[bool]) -> None:
    """Stop where an answer is wrong."""
    if cell.server.allowed is None:
        return
    answers = ask_all(cell.server, cell.path, cell.bodies)
    each = cell.server.all_allowed if cell.decisions > 1 else None
    said = [cell.server.allowed(one) for one in answers] if each is None else [a for one in answers for a in each(one)]
    if said != list(right):
        raise SystemExit(f"{cell.server.name}, {cell.what}: wrong answers")


def measure(measured: Sequence[Cell], rounds: int, seconds: float) -> None:
    """Print one line for each cell: median CPU, its spread, its ratio to the first cell with as many connections."""
    cpu: dict[int, list[float]] = {at: [] for at in range(len(measured))}
    rate: dict[int, list[float]] = {at: [] for at in range(len(measured))}
    for turn in range(rounds + 1):
        for at, cell in enumerate(measured):
            run = drive(cell.server, cell.path, cell.bodies, cell.connections, seconds)
            if turn:
                cpu[at].append(run.cpu_us)
                rate[at].append(run.rate)
    base = {cell.connections: statistics.median(cpu[at]) for at, cell in reversed(list(enumerate(measured)))}
    for at, cell in enumerate(measured):
        median = statistics.median(cpu[at])
        each = f"   {median / cell.decisions:.2f} us a decision" if cell.decisions > 1 else ""
        ratio = f"{median / base[cell.connections]:5.2f} x" if not each else ""
        print(
            f"{cell.server.name:26} {cell.what:13} {cell.connections:3} conn {median:9.1f} us CPU "
            f"({min(cpu[at]):.1f} .. {max(cpu[at]):.1f}) {statistics.median(rate[at]):8.0f}/s  {ratio}{each}"
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--short", action="store_true", help="32 connections, two rounds")
    parser.add_argument("--tenants", type=int, default=1000)
    parser.add_argument("--mode", nargs="*", default=["relaxed"], choices=["relaxed", "durable"])
    options = parser.parse_args()
    rounds, connections = (2, (32,)) if options.short else (5, (1, 32))
    world = make_world(options.tenants, QUESTIONS)
    generations = {POLICY_SET: world.generation}
    right = [
        decide(
            Request("contact", asked.contact, asked.action, "tenant", asked.tenant, parse_address(asked.ip)),
            world.directory, generations, NOON,
        ).allowed
        for asked in world.questions
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as made, contextlib.ExitStack() as stack:
        folder = Path(made)
        servers = [stack.enter_context(no_op(folder))]
        servers += [stack.enter_context(ours(world, mode, folder)) for mode in options.mode]
        measured = [cell for server in servers for cell in cells(server, world, connections)]
        for cell in measured:
            check(cell, right)
        measure(measured, rounds, 1.0)


if __name__ == "__main__":
    main()
