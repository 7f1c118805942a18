from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from authz.cli.contract_table import _entry, further_facts, waived_facts
from authz.core.table import Cell

FACTS = ("network_ok", "sender_ok", "own_box", "gate_closed")


def cell(lines: list[tuple[frozenset[str], bool]]) -> Cell:
    """What deny-override says of lines of (facts, allow), mask by mask; a line's rule is its place."""
    judged = []
    for mask in range(1 << len(FACTS)):
        true = {fact for at, fact in enumerate(FACTS) if mask >> at & 1}
        matching = [(at, allow) for at, (needed, allow) in enumerate(lines) if needed <= true]
        denying = [at for at, allow in matching if not allow]
        deciding = denying or [at for at, allow in matching if allow]
        allowed = bool(matching) and not denying
        judged.append((allowed, f"s/m.csv:{deciding[0]}" if deciding else ""))
    return Cell(FACTS, judged)


def test_a_cell_that_no_fact_opens_is_a_deny_with_its_line() -> None:
    entry = _entry("guest", "open_gate", cell([(frozenset(), False)]))

    assert not entry.allowed
    assert entry.rule == "s/m.csv:0"
    assert entry.refusals == ()


def test_a_cell_that_a_line_without_facts_always_denies_shows_that_line() -> None:
    allow = (frozenset({"network_ok", "sender_ok"}), True)
    lines = [allow, (frozenset({"gate_closed"}), False), (frozenset(), False)]

    assert _entry("guest", "open_gate", cell(lines)).rule == "s/m.csv:2"


def test_an_allow_names_its_smallest_condition_and_what_refuses_all_the_same() -> None:
    lines = [(frozenset({"network_ok", "sender_ok", "own_box"}), True), (frozenset({"gate_closed"}), False)]

    entry = _entry("guest", "move_box", cell(lines))

    assert [condition.facts for condition in entry.allows] == [("network_ok", "sender_ok", "own_box")]
    assert further_facts(entry.allows[0]) == ("own_box",)
    assert waived_facts(entry.allows[0]) == ()
    assert [(refusal.facts, refusal.rule) for refusal in entry.refusals] == [(("gate_closed",), "s/m.csv:1")]


def test_two_ways_to_an_allow_are_both_named() -> None:
    lines = [(frozenset({"network_ok", "sender_ok"}), True), (frozenset({"own_box"}), True)]

    entry = _entry("guest", "move_box", cell(lines))

    assert {condition.facts for condition in entry.allows} == {("own_box",), ("network_ok", "sender_ok")}
    assert waived_facts(entry.allows[0]) == ("network_ok", "sender_ok")


line = st.tuples(st.frozensets(st.sampled_from(FACTS)), st.booleans())


@given(st.lists(line, min_size=1, max_size=5))
def test_conditions_and_refusals_together_say_exactly_what_the_cell_answers(
    lines: list[tuple[frozenset[str], bool]],
) -> None:
    judged = cell(lines)
    entry = _entry("guest", "move_box", judged)

    for mask, answer in enumerate(judged.answers):
        true = {fact for at, fact in enumerate(FACTS) if mask >> at & 1}
        granted = any(set(condition.facts) <= true for condition in entry.allows)
        refused = any(set(refusal.facts) <= true for refusal in entry.refusals)
        assert answer.allowed == (granted and not refused)
