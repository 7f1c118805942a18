"""Guards hold over all tenants, cells and facts, or the line that breaks them is named."""

from __future__ import annotations

from authz.policy.compile import compile_set
from authz.policy.guards import guard_problems
from tests.policy import orchard

NEVER = "never: {roles: [picker], actions: [move_stock]}"
BREAKS = "breaks the guard `pickers-never-move` (set.yaml:103)"


def broken(edits: dict[str, orchard.Edit]) -> list[str]:
    parsed = orchard.parsed(edits)
    found = guard_problems(compile_set(parsed), parsed.bundle.place, parsed.bundle.files)
    return [str(problem).removeprefix("policies/orchard/") for problem in found]


def test_the_example_breaks_none_of_its_guards() -> None:
    assert broken({}) == []


def test_an_allow_under_any_facts_breaks_a_guard_at_its_line() -> None:
    assert broken({orchard.SET: [(NEVER, "never: {roles: [picker], actions: [open_gate]}")]}) == [
        f"matrix.csv:5:83: allows role `picker` the action `open_gate`: {BREAKS}"
    ]


def test_a_guard_without_roles_speaks_of_all_roles() -> None:
    assert broken({orchard.SET: [(NEVER, "never: {actions: [open_gate]}")]}) == [
        f"matrix.csv:2:83: allows role `keeper` the action `open_gate`: {BREAKS}",
        f"matrix.csv:5:83: allows role `picker` the action `open_gate`: {BREAKS}",
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
        f"matrix.csv:5:83: allows role `picker` of tenant `valley` the action `open_gate`: {BREAKS}"
    ]
    assert broken(stranger) == [
        f"matrix.csv:5:83: allows role `picker` of tenant `harbour` the action `open_gate`: {BREAKS}"
    ]


def test_a_tenants_own_allow_line_breaks_a_guard_at_that_line() -> None:
    edits: dict[str, orchard.Edit] = {
        orchard.SET: [(NEVER, "never: {roles: [keeper], actions: [move_stock], tenants: [valley, hilltop]}")],
        orchard.OWN: [
            ("# Stricter annexes of single tenants.", "p, valley, keeper, move_stock, network_ok + sender_ok, allow")
        ],
    }

    assert [problem.partition(": ")[0] for problem in broken(edits)] == ["matrix.csv:3:83", "own_lines.csv:1:56"]


def test_a_guard_for_all_tenants_sees_the_lines_of_each() -> None:
    edits: dict[str, orchard.Edit] = {
        orchard.SET: [(NEVER, "never: {roles: [keeper], actions: [move_stock]}")],
        orchard.OWN: [
            ("# Stricter annexes of single tenants.", "p, valley, keeper, move_stock, network_ok + sender_ok, allow")
        ],
    }

    assert broken(edits) == [
        f"matrix.csv:3:83: allows role `keeper` the action `move_stock`: {BREAKS}",
        f"own_lines.csv:1:56: allows role `keeper` of tenant `valley` the action `move_stock`: {BREAKS}",
    ]


def test_a_range_wider_than_a_guard_permits_is_named() -> None:
    assert broken({orchard.HILLTOP: [("203.0.113.0/24", "10.0.0.0/15"), ("2001:db8:7::/48", "2001:db8::/47")]}) == [
        "networks/hilltop.csv:2:14: `10.0.0.0/15` is wider than /16: breaks the guard `narrow-ranges` (set.yaml:106)",
        "networks/hilltop.csv:4:14: `2001:db8::/47` is wider than /48: breaks the guard `narrow-ranges` (set.yaml:106)",
    ]


def test_a_wide_deny_line_and_any_break_no_guard_on_width() -> None:
    assert broken({orchard.HILLTOP: [("203.0.113.66/32, deny", "203.0.0.0/8, deny")]}) == []


def test_ranges_that_are_wide_only_together_break_the_guard_as_well() -> None:
    edits: dict[str, orchard.Edit] = {
        orchard.HILLTOP: [("203.0.113.0/24,  allow", "10.0.0.0/16, allow\np2, hilltop, 10.1.0.0/16, allow")]
    }

    (found,) = broken(edits)

    assert found.startswith("networks/hilltop.csv:3:14: `10.1.0.0/16` and its neighbours make `10.0.0.0/15`, wider")
    assert found.endswith("than /16: breaks the guard `narrow-ranges` (set.yaml:106)")


def test_any_is_a_range_like_another_where_the_guard_says_so() -> None:
    wide = "widest_network: {ipv4: 16, ipv6: 48, any: refused}"
    edits: dict[str, orchard.Edit] = {orchard.SET: [("widest_network: {ipv4: 16, ipv6: 48}", wide)]}

    assert broken(edits) == [
        "networks/east/riverside.csv:1:16: `any` is every address: breaks the guard `narrow-ranges` (set.yaml:106)"
    ]
    assert broken({orchard.SET: [("ipv6: 48}", "ipv6: 48, any: allowed}")]}) == []


def test_a_deny_cell_that_is_pinned_stays_for_every_tenant_and_under_all_facts() -> None:
    pinned = "deny_cells: {picker: [move_stock, report_smoke], keeper: [move_stock]}"
    edits: dict[str, orchard.Edit] = {
        orchard.SET: [(NEVER, pinned)],
        orchard.OWN: [
            ("# Stricter annexes of single tenants.", "p, valley, keeper, move_stock, network_ok + sender_ok, allow")
        ],
    }

    assert broken(edits) == [
        f"matrix.csv:3:83: allows role `keeper` the action `move_stock`: {BREAKS}",
        f"matrix.csv:7:83: allows role `picker` the action `report_smoke`: {BREAKS}",
        f"own_lines.csv:1:56: allows role `keeper` of tenant `valley` the action `move_stock`: {BREAKS}",
    ]
