"""Guards hold over all tenants, cells and facts, or the line that breaks them is named."""

from __future__ import annotations

from authz.policy.compile import compile_set
from authz.policy.guards import guard_problems
from tests.policy import orchard

NEVER = "never: {roles: [picker], actions: [move_stock]}"
BREAKS = "breaks the guard `pickers-never-move` (set.yaml:103)"


def broken(edits: dict[str, orchard.Edit]) -> list[str]:
    parsed = orchard.parsed(edits)
    found = guard_problems(compile_set(parsed), parsed.bundle.place)
    return [str(problem).removeprefix("policies/orchard/") for problem in found]


def test_the_example_breaks_none_of_its_guards() -> None:
    assert broken({}) == []


def test_an_allow_under_any_facts_breaks_a_guard_at_its_line() -> None:
    assert broken({orchard.SET: [(NEVER, "never: {roles: [picker], actions: [open_gate]}")]}) == [
        f"matrix.csv:5:1: allows role `picker` the action `open_gate`: {BREAKS}"
    ]


def test_a_guard_without_roles_speaks_of_all_roles() -> None:
    assert broken({orchard.SET: [(NEVER, "never: {actions: [open_gate]}")]}) == [
        f"matrix.csv:2:1: allows role `keeper` the action `open_gate`: {BREAKS}",
        f"matrix.csv:5:1: allows role `picker` the action `open_gate`: {BREAKS}",
    ]


def test_a_guard_of_one_tenant_speaks_of_what_holds_for_it() -> None:
    """Hilltop denies its pickers the gate, so no line allows it; valley goes by the shared line and its own deny."""
    hilltop: dict[str, orchard.Edit] = {
        orchard.SET: [(NEVER, "never: {roles: [picker], actions: [open_gate], tenants: [hilltop]}")]
    }
    valley: dict[str, orchard.Edit] = {
        orchard.SET: [(NEVER, "never: {roles: [picker], actions: [open_gate], tenants: [valley]}")]
    }
    stranger: dict[str, orchard.Edit] = {
        orchard.SET: [(NEVER, "never: {roles: [picker], actions: [open_gate], tenants: [harbour]}")]
    }

    assert broken(hilltop) == []
    assert broken(valley) == [
        f"matrix.csv:5:1: allows role `picker` of tenant `valley` the action `open_gate`: {BREAKS}"
    ]
    assert broken(stranger) == [
        f"matrix.csv:5:1: allows role `picker` of tenant `harbour` the action `open_gate`: {BREAKS}"
    ]


def test_a_tenants_own_allow_line_breaks_a_guard_at_that_line() -> None:
    edits: dict[str, orchard.Edit] = {
        orchard.SET: [(NEVER, "never: {roles: [keeper], actions: [move_stock], tenants: [valley, hilltop]}")],
        orchard.OWN: [
            ("# Stricter annexes of single tenants.", "p, valley, keeper, move_stock, network_ok + sender_ok, allow")
        ],
    }

    assert [problem.partition(":1: ")[0] for problem in broken(edits)] == [
        "matrix.csv:3",
        "own_lines.csv:1",
    ]


def test_a_guard_for_all_tenants_sees_the_lines_of_each() -> None:
    edits: dict[str, orchard.Edit] = {
        orchard.SET: [(NEVER, "never: {roles: [keeper], actions: [move_stock]}")],
        orchard.OWN: [
            ("# Stricter annexes of single tenants.", "p, valley, keeper, move_stock, network_ok + sender_ok, allow")
        ],
    }

    assert broken(edits) == [
        f"matrix.csv:3:1: allows role `keeper` the action `move_stock`: {BREAKS}",
        f"own_lines.csv:1:1: allows role `keeper` of tenant `valley` the action `move_stock`: {BREAKS}",
    ]


def test_a_range_wider_than_a_guard_permits_is_named() -> None:
    assert broken({orchard.HILLTOP: [("203.0.113.0/24", "10.0.0.0/15"), ("2001:db8:7::/48", "2001:db8::/47")]}) == [
        "networks/hilltop.csv:2:1: `10.0.0.0/15` is wider than /16: breaks the guard `narrow-ranges` (set.yaml:106)",
        "networks/hilltop.csv:4:1: `2001:db8::/47` is wider than /48: breaks the guard `narrow-ranges` (set.yaml:106)",
    ]


def test_a_wide_deny_line_and_any_break_no_guard_on_width() -> None:
    assert broken({orchard.HILLTOP: [("203.0.113.66/32, deny", "203.0.0.0/8, deny")]}) == []
