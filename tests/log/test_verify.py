"""Whatever is done to one record of a log, or to its end, is found and named."""

from __future__ import annotations

import asyncio
import itertools
import json
import shutil
from pathlib import Path
from random import Random

import pytest
from hypothesis import settings

from authz.log.checks.checkpoints import Anchor
from authz.log.checks.finding import Finding
from authz.log.checks.segment import check_segment
from authz.log.lines.chain import NOTHING, Head, chained, line_hash
from authz.log.signed.checkpoints import FILE, Checkpoints
from authz.log.signed.signing import signer_at
from tests.log.writing import place, record, segments, verified, writing

RECORDS = 1000
EVERY_POSITION = settings.default is settings.get_profile("deep")
"""With `HYPOTHESIS_PROFILE=deep` every record is tried, else some."""


def chain(count: int) -> tuple[list[bytes], dict[int, Head]]:
    """A segment of so many lines, and the heads that checkpoints would have stated: each hundredth and the last."""
    lines, heads, head = [], {}, NOTHING
    for number in range(count):
        members = b'"kind":"segment","format":2,"segment":"s"' if number == 0 else record(number).body
        line, head = chained(head, members)
        lines.append(line)
        if number % 100 == 99 or number == count - 1:
            heads[head.seq] = head
    return lines, heads


LINES, HEADS = chain(RECORDS)


def findings(lines: list[bytes]) -> list[Finding]:
    found: list[Finding] = []
    check_segment("s", b"".join(lines), HEADS, found)
    return found


def positions(last: int = RECORDS) -> list[int]:
    return list(range(1, last)) if EVERY_POSITION else sorted({1, 2, last - 1, *Random(7).sample(range(1, last), 60)})


def test_a_log_that_nobody_touched_holds() -> None:
    assert findings(LINES) == []


def test_a_record_that_was_changed_is_named() -> None:
    for at in positions():
        changed = LINES[at].replace(b'"decision":true', b'"decision":false')
        assert changed != LINES[at]

        found = findings([*LINES[:at], changed, *LINES[at + 1 :]])

        assert found, at
        if at < RECORDS - 1:
            assert (found[0].line, f"record {at} was changed" in found[0].text) == (at + 1, True)
        else:
            assert f"to {at} were written anew" in found[0].text


def test_a_record_that_was_removed_is_named() -> None:
    for at in positions(RECORDS - 1):
        found = findings([*LINES[:at], *LINES[at + 1 :]])

        assert (found[0].line, f"record {at} is missing" in found[0].text) == (at + 1, True)


def test_two_records_that_were_swapped_are_named() -> None:
    for at in positions(RECORDS - 1):
        found = findings([*LINES[:at], LINES[at + 1], LINES[at], *LINES[at + 2 :]])

        assert (found[0].line, f"record {at} is missing" in found[0].text) == (at + 1, True)


def test_a_record_that_was_put_in_is_named() -> None:
    for at in positions():
        found = findings([*LINES[:at], LINES[at], *LINES[at:]])

        assert found[0].line == at + 2


def test_an_end_that_was_cut_before_the_last_checkpoint_is_named() -> None:
    for at in positions():
        found = findings(LINES[:at])

        assert found, at
        assert f"records {at} to" in found[0].text


def test_an_end_that_was_written_anew_with_a_chain_of_its_own_is_named() -> None:
    for at in positions(RECORDS - 2)[::6]:
        lines, head = LINES[:at], Head(at - 1, line_hash(LINES[at - 1].rstrip(b"\n")), 0)
        for number in range(at, RECORDS):
            line, head = chained(head, record(number + 1_000_000).body)
            lines.append(line)

        found = findings(lines)

        assert "were written anew" in found[0].text
        assert found[0].line <= at + 1


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of several sealed segments with a checkpoint for each."""
    folder = tmp_path_factory.mktemp("verified")

    async def fill() -> None:
        async with writing(folder, segment_bytes=4_000) as writer:
            for number in range(120):
                await writer.settled(writer.append([record(number, "203.0.113.0/24" if number % 3 else "")]))

    asyncio.run(fill())
    assert verified(folder).findings == ()
    return folder


@pytest.fixture
def copy(log: Path, tmp_path: Path) -> Path:
    shutil.copytree(log, tmp_path / "copy")
    return tmp_path / "copy"


def test_a_segment_that_is_missing_is_named(copy: Path) -> None:
    for segment in segments(copy):
        content = segment.read_bytes()
        segment.unlink()

        assert any(one.file == segment.name and "missing" in one.text for one in verified(copy).findings), segment.name
        segment.write_bytes(content)


def test_a_checkpoint_that_was_changed_removed_or_swapped_is_named(copy: Path) -> None:
    path = copy / "log" / FILE
    lines = path.read_bytes().splitlines(keepends=True)
    assert len(lines) >= 4
    for at in range(len(lines) - 1):
        for damaged in (
            [*lines[:at], lines[at].replace(b'"n":', b'"n": '), *lines[at + 1 :]],
            [*lines[:at], *lines[at + 1 :]],
            [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]],
        ):
            path.write_bytes(b"".join(damaged))
            assert any(one.file == FILE for one in verified(copy).findings), at


def test_a_checkpoint_that_states_another_record_than_one_before_it_is_named(copy: Path) -> None:
    """Even one of the right key: the segment must be the one that was signed for first."""
    where = place(copy)
    chain_of_heads = Checkpoints(where.folder, signer_at(where.key))
    name, head = next(iter(chain_of_heads.known_heads().items()))
    chain_of_heads.state({name: head._replace(hash="ab" * 32)}, 0.0)

    (finding,) = verified(copy).findings

    assert finding.file == FILE
    assert f"states another record {head.seq} of `{name}`" in finding.text


def test_checkpoints_of_another_key_are_refused(copy: Path) -> None:
    (copy / "log.key").unlink()
    signer_at(copy / "log.key")

    assert "the signature does not fit" in verified(copy).findings[0].text


def test_an_anchor_finds_a_log_whose_end_was_cut_together_with_its_checkpoints(copy: Path) -> None:
    path = copy / "log" / FILE
    lines = path.read_bytes().splitlines(keepends=True)
    anchor = Anchor(len(lines) - 1, line_hash(lines[-1].rstrip(b"\n")))
    last = segments(copy)[-1]
    path.write_bytes(b"".join(lines[:-2]))  # the one that states its beginning, the one that states its end
    last.unlink()
    (copy / "log" / "addresses" / last.name).unlink()

    assert verified(copy).findings == ()
    assert any("of the anchor is not in the chain" in one.text for one in verified(copy, anchor).findings)


def test_an_anchor_finds_a_log_that_was_made_anew(copy: Path, tmp_path: Path) -> None:
    lines = (copy / "log" / FILE).read_bytes().splitlines()
    anchor = Anchor(0, line_hash(lines[0]))
    forged = tmp_path / "forged"
    forged.mkdir()
    shutil.copy(copy / "log.key", forged / "log.key")

    async def fill() -> None:
        async with writing(forged) as writer:
            await writer.settled(writer.append([record(1)]))

    asyncio.run(fill())

    assert verified(forged).findings == ()
    assert verified(forged, anchor).findings != ()


def test_a_network_that_was_changed_in_the_list_beside_is_named(copy: Path) -> None:
    path = next(one for one in sorted((copy / "log" / "addresses").iterdir()) if len(one.read_text().splitlines()) > 2)
    path.write_text(path.read_text().replace("203.0.113.0/24", "198.51.100.0/24", 1))

    assert any("not the one that was recorded" in one.text for one in verified(copy).findings)


def test_what_no_checkpoint_covers_yet_is_told_and_is_no_fault(tmp_path: Path) -> None:
    async def fill() -> None:
        async with writing(tmp_path) as writer:
            await writer.settled(writer.append([record(1)]))
            verdict = verified(tmp_path)

            assert verdict.findings == ()
            assert [(tail.first_line, tail.records) for tail in verdict.tails] == [(2, 1)]

    asyncio.run(fill())
    assert verified(tmp_path).tails == ()


def test_two_workers_extend_one_chain_of_checkpoints(tmp_path: Path) -> None:
    where = place(tmp_path)
    where.folder.mkdir()
    signer = signer_at(where.key)
    one, other = Checkpoints(where.folder, signer), Checkpoints(where.folder, signer)
    for number in range(6):
        (one if number % 2 else other).state({f"s{number % 3}": Head(number, "ab" * 32, 10)}, float(number))

    lines = (where.folder / FILE).read_bytes().splitlines()
    assert [json.loads(line)["n"] for line in lines] == list(range(6))
    assert all(json.loads(after)["prev"] == line_hash(before) for before, after in itertools.pairwise(lines))
    assert one.known_heads() == other.known_heads() == {f"s{at}": Head(at + 3, "ab" * 32, 10) for at in range(3)}


def test_a_line_that_is_just_being_written_is_no_fault(tmp_path: Path) -> None:
    async def fill() -> None:
        async with writing(tmp_path) as writer:
            await writer.settled(writer.append([record(1)]))
            (segment,) = segments(tmp_path)
            whole = segment.stat().st_size
            with segment.open("ab") as stream:
                stream.write(b'{"seq":2,"prev":"')

            assert verified(tmp_path).findings == ()

            with segment.open("r+b") as stream:
                stream.truncate(whole)

    asyncio.run(fill())
