"""`/metrics`: what is counted, over all workers, and what never stands in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from authz.log.writing.writer import LogHealth
from authz.web.measures.metrics import Metrics
from authz.web.measures.tally import Tally, greatest, summed, tally_folder
from authz.wiring import Health
from tests.web.world import FLAT, OUTSIDE, QUESTION, REVISION, World, set_status

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(text: str) -> Samples:
    return {
        (one.name, frozenset(one.labels.items())): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def decisions(**labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return "authz_decisions_total", frozenset(labels.items())


async def test_decisions_are_counted_by_set_action_outcome_reason_and_channel() -> None:
    async with World().client() as client:
        for _ in range(2):
            await client.post("/v1/decision", json={**FLAT, "action": "Error report"})
        await client.post("/v1/decision", json={**FLAT, "ip": OUTSIDE})
        await client.post("/v1/decision", json={**FLAT, "contact": "eve@acme.example", "action": "canary-7f3e"})
        await client.post("/v1/decision", json={**FLAT, "action": "canary-7f3e"})
        await client.post("/access/v1/evaluations", json={**QUESTION, "evaluations": [{}, {}]})
        page = await client.get("/metrics")

    found = samples(page.text)
    assert page.headers["content-type"].startswith("text/plain")
    demo = {"set": "demo", "action": "report", "channel": "web"}
    assert found[decisions(**demo, outcome="allow", reason="permitted")] == 4
    assert found[decisions(**demo, outcome="deny", reason="network_not_declared")] == 1
    nowhere = {"action": "unknown", "outcome": "deny", "channel": "web"}
    assert found[decisions(set="unknown", reason="contact_unregistered", **nowhere)] == 1
    assert found[decisions(set="demo", reason="action_unknown", **nowhere)] == 1
    assert found["authz_decision_seconds_count", frozenset()] == 7
    assert found["authz_decision_seconds_bucket", frozenset({("le", "+Inf")})] == 7
    assert found["authz_decision_seconds_sum", frozenset()] > 0


async def test_no_contact_tenant_or_address_stands_in_it() -> None:
    async with World().client() as client:
        await client.post("/v1/decision", json=FLAT)
        await client.post("/v1/decision", json={**FLAT, "contact": "canary-7f3e@acme.example", "tenant": "canary-7f3e"})
        page = (await client.get("/metrics")).text

    assert not [word for word in ("canary", "acme", "ana", "203.0", "@") if word in page]


async def test_revisions_their_age_and_the_registrys_are_told() -> None:
    world = World()
    async with world.client() as client:
        found = samples((await client.get("/metrics")).text)
        world.state = Health({"demo": set_status(revision="", stale=True)}, None)
        without = samples((await client.get("/metrics")).text)

    demo = frozenset({("set", "demo")})
    assert found["authz_policy_info", frozenset({("set", "demo"), ("revision", REVISION)})] == 1
    assert found["authz_policy_age_seconds", demo] == 4
    assert found["authz_policy_stale", demo] == 0
    assert found["authz_policy_reload_failures_total", demo] == 0
    assert found["authz_registry_revision", frozenset()] == 7
    assert found["authz_registry_age_seconds", frozenset()] == 0.2
    assert found["authz_ready", frozenset()] == 1
    assert without["authz_policy_stale", demo] == 1
    assert without["authz_ready", frozenset()] == 0
    assert ("authz_policy_age_seconds", demo) not in without


async def test_a_fault_inside_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    async with world.client() as client:
        before = samples((await client.get("/metrics")).text)
        monkeypatch.setattr("authz.pdp.decide", lambda *_: 1 / 0)
        await client.post("/v1/decision", json=FLAT)
        after = samples((await client.get("/metrics")).text)

    assert before["authz_internal_errors_total", frozenset()] == 0
    assert after["authz_internal_errors_total", frozenset()] == 1
    labels = {"set": "unknown", "action": "unknown", "outcome": "deny", "reason": "internal_error", "channel": "web"}
    assert after[decisions(**labels)] == 1


COUNT = """
import sys
from pathlib import Path
from authz.web.measures.tally import Tally
tally = Tally(Path(sys.argv[1]))
for _ in range(1000):
    tally.add(("a", "x"))
    tally.add(("b", "y\\n\\u0103"), 0.5)
tally.put(("c",), float(sys.argv[2]))
import os; os._exit(9)
"""


def test_the_counts_of_all_processes_are_added_up_also_of_killed_ones(tmp_path: Path) -> None:
    mine = Tally(tmp_path)
    mine.add(("a", "x"))
    root = Path(__file__).parents[2]
    for number in ("3", "2"):
        command = [sys.executable, "-c", COUNT, str(tmp_path), number]
        subprocess.run(command, check=False, env={**os.environ, "PYTHONPATH": str(root)}, timeout=60)

    total = summed(mine.everybody())

    assert total == {("a", "x"): 2001.0, ("b", "y\n\u0103"): 1000.0, ("c",): 5.0}
    assert greatest(mine.everybody())["c",] == 3.0


def test_series_beyond_the_capacity_are_left_out_and_break_nothing(tmp_path: Path) -> None:
    tally = Tally(tmp_path, capacity=2)
    for name in ("a", "b", "c", "a"):
        tally.add((name,))

    assert summed(tally.everybody()) == {("a",): 2.0, ("b",): 1.0}


def test_a_folder_that_is_gone_stops_no_decision(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    tally = Tally(folder)
    tally.add(("a",))
    shutil.rmtree(folder)

    tally.add(("a",))
    tally.add(("b",))
    alone = Tally(folder)
    alone.add(("a",))

    assert summed(tally.everybody()) == {}
    assert summed(alone.everybody()) == {("a",): 1.0}


def test_a_line_that_is_being_written_is_not_read_yet(tmp_path: Path) -> None:
    tally = Tally(tmp_path)
    tally.add(("a",))
    (lines,) = tmp_path.glob("*.series")
    with lines.open("ab") as stream:
        stream.write(b'["b"')

    assert summed(tally.everybody()) == {("a",): 1.0}


def test_reload_failures_are_those_of_the_worker_that_has_seen_most(tmp_path: Path) -> None:
    first, second = Metrics(Tally(tmp_path)), Metrics(Tally(tmp_path))
    first.note_reload_failures({"demo": 3})
    second.note_reload_failures({"demo": 1})
    second.note_reload_failures({"demo": 2})

    assert greatest(second.tally.everybody())["authz_policy_reload_failures", "demo"] == 3


def test_records_of_all_workers_are_added_up(tmp_path: Path) -> None:
    first, second = Metrics(Tally(tmp_path)), Metrics(Tally(tmp_path))
    for written in (1, 5):
        first.note_log(LogHealth("relaxed", 0, written, 0, ""))
    second.note_log(LogHealth("relaxed", 3, 7, 2, ""))

    together = summed(second.tally.everybody())

    assert (together["authz_log_written",], together["authz_log_lost",]) == (12, 2)


def test_the_folders_of_ended_services_are_removed_and_no_others(tmp_path: Path) -> None:
    root = tmp_path / "metrics"
    left = root / "0123456789abcdef"
    left.mkdir(parents=True)
    (left / "owner").touch()
    with tally_folder(tmp_path) as first:
        Tally(first).add(("a",))
        with tally_folder(tmp_path) as second:
            there = set(root.iterdir())
        after = set(root.iterdir())

    assert there == {first, second}
    assert after == {first}
    assert list(root.iterdir()) == []
