from __future__ import annotations

from pathlib import Path

from authz.log.reading.tail import Tail, Tailed
from tests.log.segments import decision, write_segment


def ids(found: list[Tailed]) -> list[int]:
    return [int(record["id"], 16) for _, record in found]


def test_the_newest_of_all_segments_come_in_order_of_time(tmp_path: Path) -> None:
    write_segment(tmp_path / "a.jsonl", [decision(number) for number in (1, 3, 5)])
    write_segment(tmp_path / "b.jsonl", [decision(number) for number in (2, 4, 6)])

    assert ids(Tail(tmp_path).last(4)) == [3, 4, 5, 6]
    assert ids(Tail(tmp_path).last(100)) == [1, 2, 3, 4, 5, 6]
    assert ids(Tail(tmp_path).last(0)) == []


def test_long_segments_are_read_from_their_end(tmp_path: Path) -> None:
    write_segment(tmp_path / "a.jsonl", [decision(number, at=f"{number:027}") for number in range(1, 400)])

    assert ids(Tail(tmp_path).last(3)) == [397, 398, 399]


def test_what_is_written_later_follows_once(tmp_path: Path) -> None:
    segment = write_segment(tmp_path / "a.jsonl", [decision(1), decision(2)])
    tail = Tail(tmp_path)
    assert ids(tail.last(1)) == [2]

    assert tail.new() == []
    write_segment(segment, [decision(number) for number in (1, 2, 3)])
    write_segment(tmp_path / "b.jsonl", [decision(4)])
    assert ids(tail.new()) == [3, 4]
    assert tail.new() == []


def test_a_line_that_is_being_written_follows_when_it_is_whole(tmp_path: Path) -> None:
    segment = write_segment(tmp_path / "a.jsonl", [decision(1), decision(2)])
    whole = segment.read_bytes()
    segment.write_bytes(whole[:-20])
    tail = Tail(tmp_path)
    assert ids(tail.last(9)) == [1]

    segment.write_bytes(whole)

    assert ids(tail.new()) == [2]


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    tail = Tail(tmp_path / "none")

    assert tail.last(5) == tail.new() == []
