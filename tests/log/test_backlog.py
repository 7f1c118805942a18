"""Records are linked where they are made, before they are written; what is written hangs together all the same."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.log.lines.chain import NOTHING, Head, line_hash, parsed
from authz.log.lines.keyed_sum import KeyedSum
from authz.log.lines.linked import Batch, End, following, linked
from authz.log.lines.record import Record
from authz.log.writing.backlog import Backlog
from authz.log.writing.writer import DecisionLogUnavailable
from tests.log.writing import record, recorded_ids, until, verified, writing

SUMS = KeyedSum(b"k" * 32)
START = End(NOTHING, SUMS)


def not_asked(*_: object) -> list[Record]:
    raise AssertionError("every record can be made")


def backlog(end: End | None = START) -> Backlog:
    made = Backlog(not_asked)
    made.continue_from(end)
    return made


def take_on(where: Backlog, *numbers: int) -> None:
    where.take_on(len(numbers), partial(list, [record(number, "203.0.113.0/24") for number in numbers]))


def hang_together(lines: bytes, end: Head) -> bool:
    """Whether each line names the one before, and the last one is where the log ends."""
    seq, before = NOTHING.seq, NOTHING.hash
    for line in lines.split(b"\n")[:-1]:
        said = parsed(line)
        seq += 1
        if (said["seq"], said["prev"]) != (seq, before):
            return False
        before = line_hash(line)
    return (seq, before, len(lines)) == end


def test_what_was_linked_is_written_as_it_was_linked() -> None:
    where = backlog()
    for number in range(3):
        take_on(where, number)
        where.make()
    batches = where.drain()

    assert [one is batch.linked for one, batch in zip(following(batches, START), batches, strict=True)] == [True] * 3


def test_before_the_log_is_open_nothing_can_be_linked_and_all_is_kept() -> None:
    where = backlog(None)
    take_on(where, 1, 2)
    where.make()
    batches = where.drain()

    assert [batch.linked for batch in batches] == [None]
    assert following(batches, START)[0].ends.head.seq == 1


def test_what_waits_is_linked_anew_when_the_log_has_ended_otherwise() -> None:
    where = backlog()
    take_on(where, 1)
    where.make()
    elsewhere = End(Head(7, "ab" * 32, 900), KeyedSum(b"l" * 32))
    where.continue_from(elsewhere)
    take_on(where, 2)
    where.make()

    assert [batch.linked and batch.linked.begins for batch in where.drain()] == [
        elsewhere, linked([record(1, "203.0.113.0/24")], elsewhere).ends
    ]  # fmt: skip


def test_a_batch_that_was_linked_to_another_end_is_not_written_so() -> None:
    stale = linked([record(1)], End(Head(7, "ab" * 32, 900), SUMS))

    assert following([Batch([record(1)], stale)], START) == [linked([record(1)], START)]


STEPS = st.lists(st.sampled_from(["take on", "make", "write", "fail", "write a line of its own"]), max_size=30)


@given(STEPS)
def test_whatever_happens_between_making_and_writing_the_lines_hang_together(steps: list[str]) -> None:
    where, end, written, number, kept = backlog(), START, b"", 0, 0
    for step in [*steps, "make", "write"]:
        if step == "take on":
            take_on(where, number)
            number += 1
        elif step == "make":
            where.make()
        else:
            drained = where.drain()
            if step == "write a line of its own":
                drained = [Batch([record(999)], None), *drained]
            if step != "fail":
                for one in following(drained, end):
                    written, end = written + one.lines, one.ends
                kept += sum(len(batch.records) for batch in drained)
            where.continue_from(end)

    assert hang_together(written, end.head)
    assert end.head.seq + 1 == kept
    assert where.ready + where.unmade == 0


async def test_an_answer_whose_record_cannot_be_linked_does_not_leave_and_a_later_one_does(tmp_path: Path) -> None:
    async with writing(tmp_path) as writer:
        with pytest.raises(DecisionLogUnavailable):
            await writer.settled(writer.append([Record("no bytes")]))  # type: ignore[arg-type]
        await until(lambda: not writer.problem, "it can write again")
        await writer.settled(writer.append([record(1)]))

    assert recorded_ids(tmp_path) == [1]
    assert verified(tmp_path).findings == ()
