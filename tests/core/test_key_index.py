from __future__ import annotations

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from authz.core.key_index import KeyIndex

NOTES = st.lists(st.tuples(st.sampled_from([f"k{at}" for at in range(400)]), st.integers(0, 2**32 - 2)), max_size=600)


@given(NOTES, st.integers(0, 1000))
def test_what_was_noted_is_found_however_often_the_table_grew(notes: list[tuple[str, int]], expected: int) -> None:
    index, known = KeyIndex(expected), defaultdict(set)
    for key, number in notes:
        index.add([key], number)
        known[key].add(number)

    assert len(index) == sum(map(len, known.values()))
    for key, numbers in known.items():
        found = index.numbers(key)
        assert numbers <= set(found)
        assert len(found) == len(set(found))


def test_hardly_anything_is_found_that_was_not_noted() -> None:
    index = KeyIndex()
    index.add([f"there{at}" for at in range(10_000)], 7)

    assert sum(len(index.numbers(f"elsewhere{at}")) for at in range(10_000)) < 100


def test_ids_whose_marks_are_the_same_are_each_found() -> None:
    class Alike(str):
        __slots__ = ()

        def __hash__(self) -> int:
            return -1

    index = KeyIndex()
    for number in range(100):
        index.add([Alike(f"k{number}")], number)

    assert sorted(index.numbers(Alike("k5"))) == list(range(100))
