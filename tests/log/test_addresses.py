"""The list of networks beside a segment is held to the records: each line, its place, and that none is missing."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from authz.log.checks.finding import Finding
from authz.log.disk.address_list import list_of
from authz.log.lines.chain import NOTHING, chained, network_line, with_network
from authz.log.lines.keyed_sum import KeyedSum
from authz.log.lines.linked import Batch
from authz.log.signed.checkpoints import Checkpoints
from authz.log.signed.signing import signer_at
from tests.log.test_recovery import killed, started, the_killed
from tests.log.writing import place, record, segments, verified, writing

Lines = list[bytes]


def filled(folder: Path) -> None:
    async def fill() -> None:
        async with writing(folder) as writer:
            for number in range(20):
                await writer.settled(writer.append([record(number, f"203.0.{number}.0/24" if number % 2 else "")]))

    asyncio.run(fill())


@pytest.fixture(scope="module", params=["of a process that stopped", "of a process that was killed"])
def log(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("listed") / "data"
    if "killed" in request.param:
        killed(folder, records=20)
        started(folder)
    else:
        filled(folder)
    assert verified(folder).findings == ()
    return folder


@pytest.fixture
def copy(log: Path, tmp_path: Path) -> Path:
    shutil.copytree(log, tmp_path / "copy")
    return tmp_path / "copy"


def the_list(folder: Path) -> Path:
    return list_of(folder / "log", the_killed(folder).stem)


def found(folder: Path) -> tuple[Finding, ...]:
    return verified(folder).findings


TAMPERED: dict[str, Callable[[Lines], Lines]] = {
    "emptied": lambda _: [],
    "only its key is left": lambda lines: lines[:1],
    "without its key": lambda lines: lines[1:],
    "another key": lambda lines: [lines[0].replace(b'"key":"', b'"key":"00', 1).replace(b'"}', b'"}')[:-4] + b'"}\n'],
    "a key that is none": lambda lines: [b'{"key":"xyz"}\n', *lines[1:]],
    "a line that is none": lambda lines: [*lines[:3], b"[" * 100_000 + b"\n", *lines[3:]],
    "a line without a network": lambda lines: [*lines[:3], b'{"seq":2}\n', *lines[3:]],
    "a line of no record": lambda lines: [*lines, network_line(1_000, "203.0.113.0/24")],
    "a line of a record without a network": lambda lines: [lines[0], network_line(1, "203.0.113.0/24"), *lines[1:]],
    "a line with a surrogate": lambda lines: [*lines[:3], b'{"seq":4,"network":"\\ud800"}\n', *lines[4:]],
    "a blank behind a line": lambda lines: [*lines[:3], lines[3][:-1] + b" \n", *lines[4:]],
    "another member": lambda lines: [*lines[:3], lines[3][:-2] + b',"x":1}\n', *lines[4:]],
    "a torn end": lambda lines: [*lines, b'{"seq":'],
}


@pytest.mark.parametrize("what", TAMPERED)
def test_a_list_that_was_tampered_with_is_named(what: str, copy: Path) -> None:
    path = the_list(copy)
    path.write_bytes(b"".join(TAMPERED[what](path.read_bytes().splitlines(keepends=True))))

    assert [one.file for one in found(copy)] == [f"addresses/{path.name}"]


def test_each_line_that_is_removed_doubled_swapped_or_changed_is_named_by_its_record(copy: Path) -> None:
    path = the_list(copy)
    lines = path.read_bytes().splitlines(keepends=True)
    assert len(lines) == 11
    for at in range(1, len(lines)):
        for content in (
            [*lines[:at], *lines[at + 1 :]],
            [*lines[:at], lines[at], *lines[at:]],
            [*lines[:at], *lines[at + 1 : at + 2], lines[at], *lines[at + 2 :]] if at < len(lines) - 1 else [],
            [*lines[:at], lines[at].replace(b"203.0.", b"198.51."), *lines[at + 1 :]],
        ):
            path.write_bytes(b"".join(content))

            (finding,) = found(copy)

            assert finding.file == f"addresses/{path.name}"
            assert not content or "record" in finding.text, finding
    path.write_bytes(b"".join(lines))
    assert found(copy) == ()


def test_a_list_that_is_gone_or_belongs_to_nothing_is_named(copy: Path) -> None:
    path = the_list(copy)
    moved = path.rename(path.with_name("20260101T000000Z-0badbad0-0.jsonl"))

    assert {(one.file, one.text.partition(";")[0]) for one in found(copy)} == {
        (f"addresses/{path.name}", "the list of networks is missing"),
        (f"addresses/{moved.name}", "is the list of no segment"),
    }


def test_networks_that_a_power_cut_took_are_counted_by_the_next_start_and_are_no_fault(tmp_path: Path) -> None:
    """Their records were on disk, and nobody had signed for them yet."""
    segment = killed(tmp_path / "data", records=20)
    path = list_of(tmp_path / "data" / "log", segment.stem)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-3]))

    started(tmp_path / "data")

    verdict = verified(tmp_path / "data")
    assert verdict.findings == ()
    assert [one.networks_lost for one in verdict.recovered] == [3]

    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    assert [one.file for one in found(tmp_path / "data")] == [f"addresses/{path.name}"]


def test_records_that_the_disk_did_not_take_leave_no_line_in_the_list(tmp_path: Path) -> None:
    """A number that is used again must not have two networks."""

    async def fill() -> None:
        async with writing(tmp_path, durable=False) as writer:
            await asyncio.sleep(0.1)
            (segment,) = segments(tmp_path)
            descriptors = writer._ledger._segment
            assert descriptors is not None
            listed = list_of(tmp_path / "log", segment.stem)
            before = listed.read_bytes()
            kept, descriptors._file = descriptors._file, -1
            with pytest.raises(OSError, match="Bad file descriptor"):
                descriptors.append_batches([Batch([record(1, "203.0.113.0/24")], None)])
            descriptors._file = kept

            assert listed.read_bytes() == before

    asyncio.run(fill())
    assert verified(tmp_path).findings == ()


def test_lists_of_the_version_before_may_hold_lines_that_a_crash_left_and_lack_none(copy: Path) -> None:
    """Its segments say format 1; a line was left behind, and a number used again, where a write had failed."""
    name = "20260101T000000Z-0badbad0-0"
    key = b"\x07" * 32
    first, head = chained(NOTHING, b'"kind":"segment","format":1,"segment":"%b"' % name.encode())
    second, head = chained(head, with_network(record(7, "203.0.113.0/24"), KeyedSum(key), 1))
    (copy / "log" / f"{name}.jsonl").write_bytes(first + second)
    lines = [network_line(1, "198.51.100.0/24"), network_line(1, "203.0.113.0/24"), network_line(2, "203.0.113.0/24")]
    path = list_of(copy / "log", name)
    path.write_bytes(b'{"key":"%b"}\n' % key.hex().encode() + b"".join(lines))

    assert found(copy) == ()

    Checkpoints(copy / "log", signer_at(place(copy).key)).state({name: head}, 0.0)
    path.write_bytes(path.read_bytes().replace(lines[1], b""))
    assert [one.file for one in found(copy)] == [f"addresses/{path.name}"]
