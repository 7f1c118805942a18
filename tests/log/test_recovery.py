"""A killed process's segment is ended and signed for at the next start, and from then on nothing of it goes unseen."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from authz.log.checks.checkpoints import Anchor
from authz.log.checks.finding import Finding
from authz.log.disk.address_list import list_of
from authz.log.lines.chain import NOTHING, Head, chained, line_hash
from authz.log.retention import Kept, prune
from authz.log.signed.checkpoints import FILE, Checkpoints
from authz.log.signed.signing import signer_at
from authz.log.writing.recovery import Left, recover
from authz.log.writing.writer import DecisionLogUnavailable
from tests.log.writing import place, record, recorded_ids, segments, verified, writing

ROOT = Path(__file__).parents[2]
CHILD = """
import asyncio, os, signal, sys
from pathlib import Path
from tests.log.writing import record, writing

async def main():
    async with writing(Path(sys.argv[1]), durable=sys.argv[2] == "durable") as writer:
        for number in range(int(sys.argv[3])):
            await writer.settled(writer.append([record(number, "203.0.113.0/24" if number % 2 else "")]))
        os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""


def killed(folder: Path, mode: str = "durable", records: int = 12) -> Path:
    """The segment of a process that wrote so many records and was killed, before any checkpoint behind the first."""
    folder.mkdir(exist_ok=True)
    before = set(segments(folder))
    ran = subprocess.run(
        [sys.executable, "-c", CHILD, str(folder), mode, str(records)],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False,
    )  # fmt: skip
    assert ran.returncode == -signal.SIGKILL
    (made,) = set(segments(folder)) - before
    return made


def the_killed(folder: Path) -> Path:
    """Of several that began in the same second the one with the most records."""
    return max(segments(folder), key=lambda path: path.stat().st_size)


def started(folder: Path) -> None:
    async def start_and_stop() -> None:
        async with writing(folder) as writer:
            await writer.settled(writer.append([record(900)]))

    asyncio.run(start_and_stop())


def found(folder: Path, anchor: Anchor | None = None) -> tuple[Finding, ...]:
    return verified(folder, anchor).findings


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log with the segment of a killed process, and the one of the process that started next and stopped."""
    folder = tmp_path_factory.mktemp("recovered") / "data"
    killed(folder)
    started(folder)
    return folder


@pytest.fixture
def copy(after: Path, tmp_path: Path) -> Path:
    shutil.copytree(after, tmp_path / "copy")
    return tmp_path / "copy"


def test_what_a_killed_process_left_is_covered_after_the_next_start_and_told(after: Path) -> None:
    verdict = verified(after)

    assert (verdict.findings, verdict.tails) == ((), ())
    assert [(one.segment, one.torn_bytes, one.lost, one.networks_lost) for one in verdict.recovered] == [
        (the_killed(after).stem, 0, None, 0)
    ]


def test_a_torn_last_line_is_cut_off_at_the_next_start_and_that_is_said(tmp_path: Path) -> None:
    segment = killed(tmp_path / "data")
    with segment.open("ab") as stream:
        stream.write(b'{"seq":13,"prev":"12')
    with list_of(tmp_path / "data" / "log", segment.stem).open("ab") as stream:
        stream.write(b'{"seq":13,"network":"203.0.113.0/24"}\n{"seq":14,"net')

    started(tmp_path / "data")

    assert b'"recovered":true,"torn_bytes":20}' in segment.read_bytes().splitlines()[-1]
    assert sorted(recorded_ids(tmp_path / "data")) == [*range(12), 900]
    assert found(tmp_path / "data") == ()


def test_before_the_next_start_all_but_its_beginning_is_told_as_not_covered(tmp_path: Path) -> None:
    killed(tmp_path / "data")

    verdict = verified(tmp_path / "data")

    assert verdict.findings == ()
    assert [(tail.first_line, tail.records) for tail in verdict.tails] == [(2, 12)]


def test_the_whole_segment_of_a_killed_process_cannot_go_unseen_even_before_the_next_start(tmp_path: Path) -> None:
    segment = killed(tmp_path / "data")
    segment.unlink()
    list_of(tmp_path / "data" / "log", segment.stem).unlink()

    assert [(one.file, one.text) for one in found(tmp_path / "data")] == [
        (segment.name, "the whole segment is missing; a checkpoint names it")
    ]


def without(at: int) -> Callable[[list[bytes]], list[bytes]]:
    return lambda lines: [*lines[:at], *lines[at + 1 :]]


def rechained(lines: list[bytes], at: int) -> list[bytes]:
    """Line `at` says the opposite, and everything behind it hangs together again."""
    kept, head = lines[:at], Head(at - 1, line_hash(lines[at - 1].rstrip(b"\n")), 0)
    for line in lines[at:]:
        members = line.rstrip(b"\n").split(b",", 2)[2][:-1].replace(b'"decision":true', b'"decision":false')
        changed, head = chained(head, members)
        kept.append(changed)
    return kept


def test_every_change_removal_swap_and_cut_of_a_recovered_segment_is_found(copy: Path) -> None:
    path = the_killed(copy)
    lines = path.read_bytes().splitlines(keepends=True)
    last = len(lines) - 1
    assert b'"recovered":true' in lines[last]
    tampered = {f"cut at {at}": lines[:at] for at in range(last + 1)}
    tampered |= {f"without {at}": without(at)(lines) for at in range(last + 1)}
    tampered |= {f"rechained from {at}": rechained(lines, at) for at in range(1, last)}
    tampered |= {f"swapped {at}": [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]] for at in range(last)}
    tampered |= {"more behind the end": [*lines, chained(Head(last, line_hash(lines[-1][:-1]), 0), b'"kind":"x"')[0]]}

    unseen = []
    for what, content in tampered.items():
        path.write_bytes(b"".join(content))
        if path.name not in {one.file for one in found(copy)}:
            unseen.append(what)

    assert unseen == []
    path.unlink()
    assert "the whole segment is missing" in found(copy)[0].text


def test_a_new_start_does_not_sign_for_what_was_changed_since_the_last_signature(copy: Path) -> None:
    """Cut back, changed, and so long as before: the start must not take it for what a crash left."""
    path = the_killed(copy)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(rechained(lines, 3)[:-1]))

    started(copy)

    assert b'"recovered"' not in path.read_bytes()
    assert [one.file for one in found(copy)] == [path.name]


def test_an_anchor_from_before_the_kill_holds_the_beginning_of_every_segment(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    segment = killed(folder)
    line = (folder / "log" / FILE).read_bytes().splitlines()[-1]
    anchor = Anchor(json.loads(line)["n"], line_hash(line))
    (folder / "log" / FILE).unlink()
    segment.unlink()
    list_of(folder / "log", segment.stem).unlink()
    started(folder)

    assert found(folder) == ()
    assert "of the anchor is not in the chain" in found(folder, anchor)[0].text


def test_a_segment_that_somebody_put_there_is_not_signed_for(copy: Path) -> None:
    name = "20260101T000000Z-0badbad0-0"
    first, head = chained(NOTHING, b'"kind":"segment","format":2,"segment":"%b"' % name.encode())
    second, _ = chained(head, record(7).body)
    (copy / "log" / f"{name}.jsonl").write_bytes(first + second)

    started(copy)

    assert (f"{name}.jsonl", 1) in [(one.file, one.line) for one in found(copy)]


def test_a_segment_of_an_earlier_version_that_nobody_signed_for_is_no_fault_and_told(copy: Path) -> None:
    name = "20260101T000000Z-0badbad0-0"
    first, head = chained(NOTHING, b'"kind":"segment","format":1,"segment":"%b"' % name.encode())
    second, _ = chained(head, record(7).body)
    (copy / "log" / f"{name}.jsonl").write_bytes(first + second)

    started(copy)

    verdict = verified(copy)
    assert verdict.findings == ()
    assert [(tail.segment, tail.first_line) for tail in verdict.tails] == [(f"{name}.jsonl", 1)]


def test_a_recovery_that_was_interrupted_before_its_signature_is_signed_by_the_next_start(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    segment = killed(folder)
    signer = signer_at(place(folder).key)
    (interrupted,) = recover(folder / "log", Checkpoints(folder / "log", signer).known_heads(), 0.0)
    assert interrupted.left is Left.UNENDED
    assert verified(folder).tails

    started(folder)

    assert segment.read_bytes().count(b'"kind":"end"') == 1
    assert (found(folder), verified(folder).tails) == ((), ())


def test_a_process_that_was_killed_before_its_first_line_leaves_nothing(tmp_path: Path) -> None:
    started(tmp_path)
    (tmp_path / "log" / "20260101T000000Z-0badbad0-0.jsonl").touch(0o600)

    started(tmp_path)

    assert found(tmp_path) == ()
    assert len(segments(tmp_path)) == 2


def test_several_starts_at_once_recover_each_segment_once(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    for _ in range(3):
        killed(folder, records=3)

    async def all_at_once() -> None:
        async with writing(folder), writing(folder), writing(folder):
            pass

    asyncio.run(all_at_once())

    assert b"".join(path.read_bytes() for path in segments(folder)).count(b'"recovered":true') == 3
    assert (found(folder), verified(folder).tails) == ((), ())


def test_a_durable_process_that_was_killed_lost_nothing_that_it_had_answered(tmp_path: Path) -> None:
    killed(tmp_path / "data")

    started(tmp_path / "data")

    assert b'"lost"' not in b"".join(path.read_bytes() for path in segments(tmp_path / "data"))
    assert not list((tmp_path / "data" / "log").glob("*.count"))


def test_checkpoints_that_cannot_be_read_stop_the_answers_and_say_so(copy: Path) -> None:
    path = copy / "log" / FILE
    path.write_bytes(b"[" * 100_000 + b"\n" + path.read_bytes())

    async def refused() -> str:
        async with writing(copy) as writer:
            with pytest.raises(DecisionLogUnavailable):
                writer.append([record(1)])
            return writer.health().problem

    assert "checkpoints.chain` is damaged" in asyncio.run(refused())
    assert (found(copy)[0].file, found(copy)[0].line) == (FILE, 1)


def test_a_line_that_is_no_record_stops_no_start_and_is_named(copy: Path) -> None:
    path = the_killed(copy)
    for garbage in (b"[" * 100_000, b"null", b"\xff\xfe", b'{"seq":"x"}', b'{"seq":13}', b""):
        content = path.read_bytes()
        path.write_bytes(content + garbage + b"\n")

        started(copy)

        assert path.name in {one.file for one in found(copy)}, garbage[:20]
        path.write_bytes(content)
    assert recorded_ids(copy).count(900) == 7


def test_a_segment_that_somebody_looks_at_during_the_start_is_recovered_all_the_same(tmp_path: Path) -> None:
    """Whoever verifies holds a lock for a moment."""
    segment = killed(tmp_path / "data")
    descriptor = os.open(segment, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    looking = threading.Timer(0.05, lambda: os.close(descriptor))
    looking.start()

    started(tmp_path / "data")

    looking.join()
    assert b'"recovered":true' in segment.read_bytes()
    assert verified(tmp_path / "data").tails == ()


def test_a_line_of_nobodys_key_in_the_chain_of_checkpoints_is_neither_believed_nor_signed_behind(copy: Path) -> None:
    path = copy / "log" / FILE
    newest = json.loads(path.read_bytes().splitlines()[-1])
    victim = copy / "victim.jsonl"
    victim.touch()
    for more in ({"kind": "pruned", "segment": the_killed(copy).stem}, {"kind": "pruned", "segment": "../victim"}):
        before = path.read_bytes()
        prev = line_hash(before.splitlines()[-1])
        forged = {**newest, "n": newest["n"] + 1, "prev": prev, **more}
        path.write_bytes(before + json.dumps(forged, separators=(",", ":")).encode() + b"\n")

        with pytest.raises(OSError, match="damaged"):
            prune(copy / "log", Checkpoints(copy / "log", signer_at(place(copy).key)), Kept(0, 0), 4e9)

        assert victim.exists()
        assert len(segments(copy)) == 2
        assert found(copy)[0].file == FILE
        path.write_bytes(before)
