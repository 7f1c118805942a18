"""A guard against slipping: the cost of a decision as a ratio to a calibration loop, kept for each commit.

A ratio taken in one process in alternating rounds moves by some per cent from run to run, a rate by half. The ratio
is compared with the last one kept and fails nothing; `make bench-quick` prints it.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from growth import Live, body, request
from results import RESULTS, commit
from world import NOON, POLICY_SET, make_world

from authz.answer_writer import AnswerWriter
from authz.core.decide import decide
from authz.core.types import Assurance
from authz.legal_holidays import legal_holidays
from authz.log.lines.pseudonyms import Pseudonyms
from authz.log.lines.record import Asking, circumstances, decision_record
from authz.pdp import Pdp
from authz.texts import Texts
from authz.web.decide.usual import usual_authzen

HISTORY = RESULTS / "quick.jsonl"
ROUNDS = 15
QUESTIONS = 5_000


def calibration() -> int:
    """Look-ups, tuples and small strings: the kind of work that a decision is made of."""
    table = {f"key-{at}": at for at in range(500)}
    total = 0
    for at in range(20_000):
        total += table[f"key-{at % 500}"] + len((at, total, "x"))
    return total


def cpu_ns(work: Callable[[], object]) -> int:
    began = time.process_time_ns()
    work()
    return time.process_time_ns() - began


def main() -> None:
    world = make_world(1_000, QUESTIONS)
    generations = {POLICY_SET: world.generation}
    pdp = Pdp(Live(world.generation), lambda: world.directory, legal_holidays, lambda: NOON)
    writer = AnswerWriter(Texts())
    requests, bodies = [request(one) for one in world.questions], [body(one) for one in world.questions]

    def decisions() -> None:
        for one in requests:
            decide(one, world.directory, generations, NOON)

    def answers() -> None:
        for one in bodies:
            asked = usual_authzen(one, Assurance.SESSION)
            if asked is not None:
                writer.write(pdp.decide(asked), explain=True)

    outcomes, asking, pseudonyms = [pdp.decide(one) for one in requests], Asking("bench"), Pseudonyms(Path("no folder"))

    def records() -> None:
        for one in outcomes:
            decision_record(one, circumstances(asking, "registry", NOON), pseudonyms)

    ratios: dict[str, list[float]] = {"decide": [], "answer": [], "record": []}
    for _ in range(ROUNDS):
        unit = cpu_ns(calibration)
        ratios["decide"].append(cpu_ns(decisions) / unit)
        ratios["answer"].append(cpu_ns(answers) / unit)
        ratios["record"].append(cpu_ns(records) / unit)
    keep({name: round(statistics.median(each), 3) for name, each in ratios.items()})


def keep(found: Mapping[str, float]) -> None:
    """Print each ratio beside the last one kept, and keep these for the commit."""
    known = [json.loads(line) for line in HISTORY.read_text().splitlines()] if HISTORY.exists() else []
    for name, ratio in found.items():
        last = next((one for one in reversed(known) if name in one), None)
        before = f"  before {last[name]} at {last['commit']}: {ratio / last[name] - 1:+.1%}" if last else ""
        print(f"{name:8} {ratio:8.3f} x the calibration loop{before}")
    if not known or known[-1]["commit"] != commit():
        RESULTS.mkdir(exist_ok=True)
        with HISTORY.open("a") as stream:
            stream.write(json.dumps({"commit": commit(), **found}) + "\n")


if __name__ == "__main__":
    main()
