"""Whole segments go when their time has come, signed for; what is left still holds."""

from __future__ import annotations

import asyncio
from pathlib import Path

from authz.log.retention import Kept, prune
from authz.log.signed.checkpoints import Checkpoints
from authz.log.signed.signing import signer_at
from tests.log.writing import place, record, recorded_ids, segments, verified, writing

DAY_S = 86_400.0


def filled(folder: Path) -> float:
    """Two sealed segments and the time at which they ended."""

    async def fill() -> None:
        async with writing(folder, segment_bytes=3_000) as writer:
            for number in range(20):
                await writer.settled(writer.append([record(number, "203.0.113.0/24")]))

    asyncio.run(fill())
    return max(path.stat().st_mtime for path in segments(folder))


def pruned(folder: Path, now: float, kept: Kept) -> tuple[int, int]:
    where = place(folder)
    removed = prune(where.folder, Checkpoints(where.folder, signer_at(where.key)), kept, now)
    return len(removed.segments), len(removed.addresses)


def test_nothing_goes_before_its_time(tmp_path: Path) -> None:
    ended = filled(tmp_path)

    assert pruned(tmp_path, ended + 29 * DAY_S, Kept(180, 30)) == (0, 0)
    assert recorded_ids(tmp_path) == list(range(20))


def test_networks_of_refused_addresses_go_first_and_the_records_stay_valid(tmp_path: Path) -> None:
    ended = filled(tmp_path)
    count = len(segments(tmp_path))

    assert pruned(tmp_path, ended + 31 * DAY_S, Kept(180, 30)) == (0, count)

    assert list((tmp_path / "log" / "addresses").iterdir()) == []
    assert recorded_ids(tmp_path) == list(range(20))
    assert verified(tmp_path).findings == ()
    assert pruned(tmp_path, ended + 32 * DAY_S, Kept(180, 30)) == (0, 0)


def test_segments_past_their_time_go_and_are_told_from_missing_ones(tmp_path: Path) -> None:
    ended = filled(tmp_path)
    names = [path.stem for path in segments(tmp_path)]

    assert pruned(tmp_path, ended + 181 * DAY_S, Kept(180, 30))[0] == len(names)

    verdict = verified(tmp_path)
    assert segments(tmp_path) == []
    assert verdict.findings == ()
    assert sorted(verdict.pruned) == sorted(names)


def test_the_log_goes_on_behind_what_was_removed(tmp_path: Path) -> None:
    ended = filled(tmp_path)
    pruned(tmp_path, ended + 181 * DAY_S, Kept(180, 30))
    filled(tmp_path)

    assert verified(tmp_path).findings == ()


def test_a_segment_that_is_being_written_stays(tmp_path: Path) -> None:
    async def fill() -> None:
        async with writing(tmp_path) as writer:
            await writer.settled(writer.append([record(1)]))
            assert pruned(tmp_path, 4e9, Kept(1, 1)) == (0, 0)

    asyncio.run(fill())
    assert recorded_ids(tmp_path) == [1]


def test_a_segment_that_somebody_changed_is_evidence_and_stays(tmp_path: Path) -> None:
    """Its last line can say any day."""
    ended = filled(tmp_path)
    first, second, *_ = segments(tmp_path)
    first.write_bytes(b'{"seq":0,"kind":"end","at":"2020-01-01T00:00:00.000000Z"}\n')
    with second.open("ab") as stream:
        stream.write(b'{"seq":99,"kind":"end","at":"2020-01-01T00:00:00.000000Z"}\n')

    pruned(tmp_path, ended + 181 * DAY_S, Kept(180, 30))

    assert segments(tmp_path) == [first, second]
    assert {one.file for one in verified(tmp_path).findings} >= {first.name, second.name}


def test_a_list_that_comes_back_after_it_was_signed_away_is_named_and_removed(tmp_path: Path) -> None:
    ended = filled(tmp_path)
    path = next(iter(sorted((tmp_path / "log" / "addresses").iterdir())))
    content = path.read_bytes()
    pruned(tmp_path, ended + 31 * DAY_S, Kept(180, 30))
    path.write_bytes(content)

    assert [one.file for one in verified(tmp_path).findings] == [f"addresses/{path.name}"]

    pruned(tmp_path, ended + 32 * DAY_S, Kept(180, 30))
    assert verified(tmp_path).findings == ()
