"""What an acknowledged record is worth: it is on disk, in order, whole, whatever happens to the disk or the process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from authz.log.checks.verify import verify
from authz.log.disk.segment import Segment
from authz.log.lines.record import Record
from authz.log.signed.signing import signer_at
from authz.log.writing.ledger import CHECKPOINT_EVERY_S, Ledger
from authz.log.writing.writer import DecisionLogUnavailable, LogWriter
from tests.log.writing import PATIENCE_S, place, record, recorded_ids, segments, until, verified, writing


async def test_a_durable_record_is_in_its_segment_before_its_answer_may_leave(tmp_path: Path) -> None:
    async with writing(tmp_path) as writer:
        for number in range(1, 20):
            await writer.settled(writer.append([record(number)]))

            assert recorded_ids(tmp_path)[-1] == number


async def test_answers_may_leave_in_the_order_in_which_they_were_recorded(tmp_path: Path) -> None:
    left: list[int] = []
    async with writing(tmp_path) as writer:
        for number in range(200):
            ticket = writer.append([record(number)])
            writer.call_when_settled(ticket, partial(_leaves, left, number))
        await until(lambda: len(left) == 200, "all are safe")

    assert left == list(range(200)) == recorded_ids(tmp_path)


def _leaves(left: list[int], number: int, error: Exception | None) -> None:
    left.append(number if error is None else -1)


async def test_the_records_of_a_batch_stand_together_beside_those_of_others(tmp_path: Path) -> None:
    async with writing(tmp_path) as writer:

        async def batch(start: int) -> None:
            await writer.settled(writer.append([record(number) for number in range(start, start + 10)]))

        await asyncio.gather(*(batch(start) for start in range(0, 500, 10)))

    ids = recorded_ids(tmp_path)
    assert sorted(ids) == list(range(500))
    assert all(ids[at : at + 10] == list(range(ids[at], ids[at] + 10)) for at in range(0, 500, 10))


async def test_relaxed_answers_wait_for_nothing_and_every_record_is_written_at_the_end(tmp_path: Path) -> None:
    async with writing(tmp_path, durable=False) as writer:
        for number in range(1000):
            await writer.settled(writer.append([record(number)]))

    assert recorded_ids(tmp_path) == list(range(1000))
    assert writer.health().lost == 0


async def test_durable_an_answer_that_comes_alone_after_many_leaves_too(tmp_path: Path) -> None:
    async with writing(tmp_path) as writer:
        await asyncio.gather(*(writer.settled(writer.append([record(number)])) for number in range(50)))
        deadline = CHECKPOINT_EVERY_S / 2  # then the writer looks by itself
        await asyncio.wait_for(writer.settled(writer.append([record(50)])), deadline)

    assert sorted(recorded_ids(tmp_path)) == list(range(51))


async def test_a_writer_that_has_stopped_refuses(tmp_path: Path) -> None:
    async with writing(tmp_path) as writer:
        await writer.settled(writer.append([record(1)]))

    with pytest.raises(DecisionLogUnavailable):
        writer.append([record(2)])


async def test_relaxed_what_comes_after_the_end_is_counted_as_lost(tmp_path: Path) -> None:
    async with writing(tmp_path, durable=False) as writer:
        writer.append([record(1)])
    writer.append([record(2), record(3)])

    assert writer.health().lost == 2
    assert recorded_ids(tmp_path) == [1]


def unmakeable() -> list[Record]:
    raise RuntimeError("a fault of ours")


async def test_an_answer_whose_record_cannot_be_made_does_not_leave_and_those_beside_it_do(tmp_path: Path) -> None:
    left: list[int] = []
    async with writing(tmp_path) as writer:
        for number in range(9):
            makes = unmakeable if number == 4 else partial(list, [record(number)])
            writer.call_when_settled(writer.append_when_made(1, makes), partial(_leaves, left, number))
        await until(lambda: len(left) == 9, "all are told")
        await writer.settled(writer.append([record(9)]))

    assert left == [0, 1, 2, 3, -1, 5, 6, 7, 8]
    assert recorded_ids(tmp_path) == [0, 1, 2, 3, 5, 6, 7, 8, 9]
    assert writer.health().lost == 1
    assert verified(tmp_path).findings == ()


async def test_relaxed_a_record_that_cannot_be_made_is_counted_as_lost_and_the_log_says_so(tmp_path: Path) -> None:
    async with writing(tmp_path, durable=False) as writer:
        writer.append([record(1)])
        writer.append_when_made(2, unmakeable)
        writer.append([record(2)])
        waiting = writer.health().waiting

    assert waiting == 4
    assert recorded_ids(tmp_path) == [1, 2]
    assert writer.health().lost == 2
    assert b"".join(path.read_bytes() for path in segments(tmp_path)).count(b'"event":"record_failed"') == 2


async def test_relaxed_records_are_written_soon_also_where_no_other_answer_comes(tmp_path: Path) -> None:
    async with writing(tmp_path, durable=False) as writer:
        writer.append([record(1)])

        await until(lambda: recorded_ids(tmp_path) == [1], "it is written")
        assert writer.health().waiting == 0


async def test_a_full_segment_is_sealed_and_the_next_one_follows_it(tmp_path: Path) -> None:
    async with writing(tmp_path, segment_bytes=5_000) as writer:
        for number in range(200):
            await writer.settled(writer.append([record(number, "203.0.113.0/24" if number % 2 else "")]))

    verdict = verified(tmp_path)
    assert len(segments(tmp_path)) > 3
    assert verdict.findings == ()
    assert verdict.tails == ()
    assert recorded_ids(tmp_path) == list(range(200))


def test_what_is_acknowledged_survives_a_power_cut_at_every_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The trace of writes and fdatasyncs is replayed up to each fdatasync: what was written after it is not there."""
    trace: list[tuple[str, str, bytes]] = []
    names: dict[int, str] = {}
    real_open, real_write, real_sync = os.open, os.write, os.fdatasync

    def opened(path: Any, *arguments: Any, **more: Any) -> int:
        descriptor = real_open(path, *arguments, **more)
        names[descriptor] = str(path)
        return descriptor

    def written(descriptor: int, data: Any) -> int:
        count = real_write(descriptor, data)
        trace.append(("write", names.get(descriptor, ""), bytes(data[:count])))
        return count

    def synced(descriptor: int) -> None:
        real_sync(descriptor)
        trace.append(("sync", names[descriptor], b""))

    for name, wrapped in (("open", opened), ("write", written), ("fdatasync", synced)):
        monkeypatch.setattr(os, name, wrapped)

    async def run() -> None:
        async with writing(tmp_path) as writer:
            for start in range(0, 60, 3):
                await writer.settled(writer.append([record(number) for number in range(start, start + 3)]))
                trace.append(("acknowledged", str(start + 3), b""))

    asyncio.run(run())
    monkeypatch.undo()
    on_disk: dict[str, bytes] = {}
    in_cache: dict[str, bytes] = {}
    cuts = 0
    for kind, subject, data in trace:
        if kind == "write":
            in_cache[subject] = in_cache.get(subject, b"") + data
        elif kind == "sync":
            on_disk[subject] = in_cache.get(subject, b"")
            cuts += 1
        else:
            after_the_cut = b"".join(content for path, content in on_disk.items() if path.endswith(".jsonl"))
            assert all(b'"id":"%032x"' % number in after_the_cut for number in range(int(subject)))
    assert cuts >= 20


CHILD = """
import asyncio, sys
from pathlib import Path
from tests.log.writing import record, writing

async def main():
    async with writing(Path(sys.argv[1]), durable=sys.argv[2] == "durable") as writer:
        async def one(number):
            await writer.settled(writer.append([record(number)]))
            print(number, flush=True)
        number = 0
        while True:
            await asyncio.gather(*(one(number + at) for at in range(8)))
            number += 8
asyncio.run(main())
"""
KILLS = int(os.environ.get("KILLS", "6"))
"""How often a writer is killed; `KILLS=200 make test` for the whole proof."""


def killed(folder: Path, mode: str, after_s: float) -> list[int]:
    """The ids that a writer acknowledged before it was killed, kept outside of its folder."""
    root = Path(__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder), mode],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    time.sleep(after_s)
    process.kill()
    rest = process.stdout.read()
    process.wait()
    process.stdout.close()
    whole = (first + rest).rpartition(b"\n")[0]
    return [int(line) for line in whole.split(b"\n") if line]


def test_every_acknowledged_record_is_in_the_log_after_kill_9_and_the_chain_holds(tmp_path: Path) -> None:
    acknowledged = 0
    for kill in range(KILLS):
        folder = tmp_path / str(kill)
        folder.mkdir()
        ids = killed(folder, "durable", after_s=0.02 * (kill % 10))
        acknowledged += len(ids)

        assert set(ids) <= set(recorded_ids(folder)), kill
        asyncio.run(_start_and_stop(folder))
        verdict = verified(folder)
        assert verdict.findings == (), kill
    assert acknowledged > 8 * KILLS


def test_what_a_relaxed_process_lost_when_it_was_killed_is_counted_at_the_next_start(tmp_path: Path) -> None:
    ids = killed(tmp_path, "relaxed", after_s=0.3)
    there = len(recorded_ids(tmp_path))

    lost = asyncio.run(_start_and_stop(tmp_path))

    assert lost >= len(set(ids)) - there
    assert '"lost":' in "".join(path.read_text() for path in segments(tmp_path))


async def _start_and_stop(folder: Path) -> int:
    async with writing(folder) as writer:
        return writer.health().lost


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 3 MiB: a tmpfs where this may be mounted, else a loop over what is left is not to be had."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "authz-test", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("no tmpfs can be mounted here; run as root")
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


async def test_a_full_disk_stops_answers_and_nothing_else_and_free_space_brings_them_back(small_disk: Path) -> None:
    filler = small_disk / "filler"
    async with writing(small_disk) as writer:
        await writer.settled(writer.append([record(1)]))
        _fill(filler)
        refused = await _until_refused(writer)
        assert "No space left" in writer.health().problem
        with pytest.raises(DecisionLogUnavailable):
            writer.append([record(999_999)])

        filler.unlink()
        await until(lambda: not writer.problem, "it can write again")
        await writer.settled(writer.append([record(2_000_000)]))

    ids = recorded_ids(small_disk)
    assert 1 in ids
    assert 2_000_000 in ids
    assert refused
    assert 999_999 not in ids
    text = "".join(path.read_text() for path in segments(small_disk))
    assert '"event":"log_unwritable"' in text
    assert '"event":"log_writable_again"' in text
    where = place(small_disk)
    assert verify(where.folder, signer_at(where.key).public_key).findings == ()


async def test_after_a_sync_that_failed_nothing_more_is_written_to_that_segment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system may have thrown away what it could not write, and says so once."""
    real_sync, failing = Segment.sync, [OSError(5, "Input/output error")]

    def sync(segment: Segment) -> None:
        if segment.head.seq > 3 and failing:
            raise failing.pop()
        real_sync(segment)

    monkeypatch.setattr(Segment, "sync", sync)
    async with writing(tmp_path) as writer:
        for number in range(3):
            await writer.settled(writer.append([record(number)]))
        with pytest.raises(DecisionLogUnavailable):
            await writer.settled(writer.append([record(100)]))
        await until(lambda: not writer.problem, "it can write again")
        await writer.settled(writer.append([record(3)]))

    first, second = segments(tmp_path)
    assert b'"recovered":true' in first.read_bytes()
    assert b'"id":"%032x"' % 3 in second.read_bytes()
    assert verified(tmp_path).findings == ()
    assert set(range(4)) <= set(recorded_ids(tmp_path))


async def test_a_disk_that_stays_full_is_told_once_and_not_called_writable_for_the_reserve(small_disk: Path) -> None:
    filler = small_disk / "filler"
    async with writing(small_disk) as writer:
        await writer.settled(writer.append([record(1)]))
        _fill(filler)
        os.truncate(filler, filler.stat().st_size - (64 << 10))
        with pytest.raises(DecisionLogUnavailable):
            await writer.settled(writer.append([record(number) for number in range(10, 1500)]))
        for _ in range(8):  # it is tried again twice a second
            await asyncio.sleep(0.25)
            assert writer.problem
        filler.unlink()
        await until(lambda: not writer.problem, "it can write again")

    text = "".join(path.read_text() for path in segments(small_disk))
    assert text.count('"event":"log_writable_again"') == 1


async def test_large_answers_are_handed_over_before_their_time(tmp_path: Path) -> None:
    """Relaxed: a loop that is busy with them does not come to look at its timers."""
    async with writing(tmp_path, durable=False) as writer:
        for start in range(0, 2000, 100):
            writer.append([record(number) for number in range(start, start + 100)])
        deadline = time.monotonic() + CHECKPOINT_EVERY_S - 2  # then it looks by itself
        while not recorded_ids(tmp_path):  # the loop gets no turn meanwhile
            assert time.monotonic() < deadline


async def test_an_answer_that_fails_when_it_is_told_keeps_no_other_waiting(tmp_path: Path) -> None:
    left: list[int] = []

    def fails(_: Exception | None) -> None:
        raise RuntimeError("a fault of ours")

    async with writing(tmp_path) as writer:
        writer.call_when_settled(writer.append([record(1)]), fails)
        writer.call_when_settled(writer.append([record(2)]), partial(_leaves, left, 2))
        await until(lambda: left == [2], "the other is told")


async def test_relaxed_on_a_full_disk_goes_on_and_counts_what_is_lost(small_disk: Path) -> None:
    filler = small_disk / "filler"
    async with writing(small_disk, durable=False) as writer:
        await asyncio.sleep(0.1)
        _fill(filler)
        number = 0
        while not writer.health().lost and number < 100_000:
            writer.append([record(number)])
            number += 1
            if number % 500 == 0:
                await asyncio.sleep(0.01)
        filler.unlink()
        await until(lambda: not writer.problem, "it can write again")
    lost = writer.health().lost

    assert lost > 0
    assert len(recorded_ids(small_disk)) == number - lost


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(b"\0" * 4096)
        except OSError:
            pass


async def _until_refused(writer: LogWriter) -> bool:
    for number in range(10, 200_000):
        try:
            await writer.settled(writer.append([record(number)]))
        except DecisionLogUnavailable:
            return True
    return False


async def test_a_log_that_cannot_be_opened_refuses_until_it_can(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("in the way")
    async with writing(tmp_path) as writer:
        with pytest.raises(DecisionLogUnavailable):
            writer.append([record(1)])

        (tmp_path / "log").unlink()
        await until(lambda: not writer.problem, "it can write")
        await writer.settled(writer.append([record(2)]))

    assert recorded_ids(tmp_path) == [2]


async def test_a_signature_that_the_disk_takes_in_pieces_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write may take fewer bytes than it was given, as one does that fills the disk."""
    real_write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real_write(descriptor, bytes(data)[:100]))
    async with writing(tmp_path, segment_bytes=2_000) as writer:
        for number in range(30):
            await writer.settled(writer.append([record(number)]))
    monkeypatch.undo()

    assert verified(tmp_path).findings == ()
    assert recorded_ids(tmp_path) == list(range(30))


async def test_a_segment_whose_end_does_not_get_to_the_disk_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = True
    real_sync = Segment.sync_whole

    def sync_whole(segment: Segment) -> None:
        if failing and segment.head.seq > 5:
            raise OSError(5, "Input/output error")
        real_sync(segment)

    monkeypatch.setattr(Segment, "sync_whole", sync_whole)
    async with writing(tmp_path, segment_bytes=1_500) as writer:
        for number in range(10):
            with contextlib.suppress(DecisionLogUnavailable):
                await writer.settled(writer.append([record(number)]))
        await until(lambda: "Input/output error" in writer.problem, "it says what is wrong")
        failing = False
        await until(lambda: not writer.problem, "it can write again")
        await writer.settled(writer.append([record(100)]))

    assert verified(tmp_path).findings == ()
    assert recorded_ids(tmp_path)[-1] == 100


async def test_a_fault_of_our_own_refuses_those_who_wait_and_does_not_keep_them_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a fault of our own")

    async with writing(tmp_path) as writer:
        with monkeypatch.context() as patched:
            patched.setattr(Ledger, "write", broken)
            with pytest.raises(DecisionLogUnavailable):
                await asyncio.wait_for(writer.settled(writer.append([record(1)])), PATIENCE_S)
            assert "a fault of our own" in writer.problem
        await until(lambda: not writer.problem, "it can write again")
        await writer.settled(writer.append([record(2)]))

    assert recorded_ids(tmp_path) == [2]


async def test_segments_and_keys_are_their_owners_alone(tmp_path: Path) -> None:
    async with writing(tmp_path) as writer:
        await writer.settled(writer.append([record(1, "203.0.113.0/24")]))

        files = [path for path in [tmp_path / "log.key", *(tmp_path / "log").rglob("*")] if path.is_file()]
        assert len(files) >= 4
        assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
