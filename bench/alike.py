"""Can a caller without scope `explain` tell unknown contacts from refused ones by the time an answer takes?

Asks a real server over loopback, in pairs of random order, and prints the AUC: the chance that the refused one of a
pair took longer. 0.5 is a coin; the goal is at most 0.55 (security.md, promise 19). `same` is the error of the method:
two unknown contacts.

    python bench/alike.py [pairs]
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from starlette.types import Scope as Connection  # noqa: E402

from authz.web.credentials.callers import KEYLESS, Caller, Scope  # noqa: E402
from tests.web.shipped_world import ShippedWorld, example_directory  # noqa: E402
from tests.web.sockets import Connection as Client  # noqa: E402
from tests.web.sockets import served  # noqa: E402

SETS = ("calltrack", "certification")
RECORD = {"type": "record", "id": "record-1", "properties": {"status": "archived"}}
ACME = {"type": "tenant", "id": "acme"}


class Plain:
    """Whoever asks may decide and is told no reason."""

    async def identify(self, _: Connection) -> Caller:
        """A caller with the scope `decide` alone."""
        return KEYLESS._replace(scopes=frozenset({Scope.DECIDE}))


def question(subject_type: str, subject: str, action: str, resource: Mapping[str, object]) -> bytes:
    asked = {"subject": {"type": subject_type, "id": subject}, "action": {"name": action}, "resource": resource}
    body = json.dumps({**asked, "context": {"ip": "203.0.113.5"}}).encode()
    head = b"POST /access/v1/evaluation HTTP/1.1\r\nHost: pdp.example\r\nContent-Type: application/json\r\n"
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


PAIRS = {
    "same": (
        question("user", "alicf", "write", RECORD),
        question("user", "alicg", "write", RECORD),
    ),
    "refused by the matrix": (
        question("contact", "ioanb@acme.example", "change_subscription", ACME),
        question("contact", "ioana@acme.example", "change_subscription", ACME),
    ),
    "refused by a fact": (
        question("user", "alicf", "write", RECORD),
        question("user", "alice", "write", RECORD),
    ),
}


def elapsed(client: Client, raw: bytes) -> int:
    """Nanoseconds from the first byte sent to the last one received."""
    begun = time.perf_counter_ns()
    client.send(raw)
    answer = client.answer()
    taken = time.perf_counter_ns() - begun
    if answer.status != 200 or b'"reason":"refused"' not in answer.body:
        raise SystemExit(f"not the refusal that is to be timed: {answer}")
    return taken


def auc(lower: Sequence[int], higher: Sequence[int]) -> float:
    """The chance that one of `higher` is above one of `lower`, ties counted half (Mann-Whitney)."""
    ranked = sorted([(value, 0) for value in lower] + [(value, 1) for value in higher])
    total = 0.0
    at = 0
    while at < len(ranked):
        end = at
        while end < len(ranked) and ranked[end][0] == ranked[at][0]:
            end += 1
        total += sum(kind for _, kind in ranked[at:end]) * (at + end + 1) / 2
        at = end
    count = len(higher)
    return (total - count * (count + 1) / 2) / (len(lower) * count)


def main(pairs: int) -> None:
    rng = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        people = example_directory(Path(folder), ["registry.yaml", "certification.yaml"], SETS)
    world = ShippedWorld(people, SETS)
    for parser in ("httptools", "h11"):
        with served(world.app(Plain()), parser) as port:
            for name, (unknown, refused) in PAIRS.items():
                times: tuple[list[int], list[int]] = ([], [])
                with Client(port) as client:
                    for _ in range(200):
                        elapsed(client, unknown)
                        elapsed(client, refused)
                    for _ in range(pairs):
                        for kind in rng.sample((0, 1), 2):
                            times[kind].append(elapsed(client, (unknown, refused)[kind]))
                unknown_us, refused_us = (sorted(one)[pairs // 2] // 1000 for one in times)
                print(f"{parser:10} {name:24} AUC {auc(*times):.3f}   median {unknown_us} / {refused_us} us")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000)
