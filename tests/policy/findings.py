"""Edits of the example set `orchard`, and what the linter must find because of each, beside nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tests.policy.orchard import HILLTOP, MATRIX, OWN, SET, TESTS, Edit

_FIRST_OWN = "# Stricter annexes of single tenants."
_KEEPER_MOVES = "p, *, keeper, move_stock,   network_ok + sender_ok + season_paid,                 allow"
_EXPECTED = 'fact: own_crate, missing: [own_crate, papers_complete.weight], rule: "matrix.csv:5"'
_GUARD = "  - id: again\n    label: {en: again, ro: din nou}\n    deny_cells: {picker: [move_stock]}\n"
_ACCEPTED = """\
accepted:
  - {code: shared-rang, about: x, reason: y}
  - {code: guard, about: x, reason: y}
  - {code: tenant-without-networks, about: vally, reason: y}
readings:
"""
_OWN_CRATE = "expression: 'resource.owner in subject.ids'"


class Pointed(NamedTuple):
    """Edits; what they cause stands under `name` in `findings.txt`."""

    name: str
    edits: Mapping[str, Edit]


def own(*lines: str) -> dict[str, Edit]:
    """The edit that puts lines of single tenants in the place of line 1 of `own_lines.csv`."""
    return {OWN: [(_FIRST_OWN, "\n".join(lines))]}


def ranges(*networks: str) -> dict[str, Edit]:
    """The edit that leaves hilltop with these ranges."""
    return {HILLTOP: "\n".join(f"p2, hilltop, {network}" for network in networks) + "\n"}


POINTED = (
    # ---- matrix lines
    Pointed(
        "a tenant's deny of what is denied to all",
        own("p, hilltop, picker, move_stock, quarantined, deny"),
    ),
    Pointed(
        "a tenant's allow with one fact more, which narrows nothing",
        own("p, hilltop, keeper, open_gate, network_ok + sender_ok + own_crate, allow"),
    ),
    Pointed(
        "a deny under a wider deny of the same tenant",
        own("p, valley, keeper, move_stock, quarantined, deny"),
    ),
    Pointed(
        "a deny line for everybody over a base allow",
        own("p, *, keeper, *, network_ok, deny"),
    ),
    Pointed(
        "a tenant's allow with an address more, of what everybody may from anywhere",
        own("p, hilltop, picker, report_smoke, network_ok, allow"),
    ),
    Pointed(
        "a tenant's allow that asks for less",
        own("p, hilltop, keeper, move_stock, network_ok + sender_ok, allow"),
    ),
    Pointed(
        "a misspelt tenant",
        own("p, hiltop, picker, open_gate, -, deny"),
    ),
    # ---- facts
    Pointed(
        "a fact that is a constant",
        {SET: [(_OWN_CRATE, "expression: '1 == 1'")]},
    ),
    Pointed(
        "a word that never occurs",
        {SET: [(_OWN_CRATE, "expression: 'resource.owner in subject.ids && subject.role != \"pickr\"'")]},
    ),
    Pointed(
        "a word of a list that never occurs, and a channel that is closed",
        {SET: [(_OWN_CRATE, 'expression: \'resource.owner in subject.ids || channel in ["chat", "web"]\'')]},
    ),
    Pointed(
        "a line whose fact is another role's",
        {SET: [(_OWN_CRATE, "expression: 'resource.owner in subject.ids && subject.role == \"keeper\"'")]},
    ),
    # ---- words
    Pointed(
        "an attribute and a calendar that nobody uses",
        {
            SET: [
                ("  resource.weight: {type", "  resource.colour: {type: string}\n  resource.weight: {type"),
                ("  watch:\n", "  night: {around_the_clock: true}\n  watch:\n"),
            ]
        },
    ),
    Pointed(
        "an opening that no line uses, and one of a high-risk action",
        {
            SET: [
                (
                    '    tags: [gate, "Open the gate"]',
                    '    tags: [gate, "Open the gate"]\n    open_to_any_sender: why not',
                ),
                ("    open_to_any_sender: whoever sees", "    high_risk: true\n    open_to_any_sender: whoever sees"),
            ]
        },
    ),
    Pointed(
        "a promise for what nobody may request",
        {
            MATRIX: [(_KEEPER_MOVES, "p, *, keeper, move_stock, -, deny\np, *, *, open_gate, season_paid, deny")],
        },
    ),
    Pointed(
        "guards that cannot be broken",
        {
            SET: [
                ("widest_network: {ipv4: 16, ipv6: 48}", "widest_network: {ipv4: 8}"),
                ("  - id: narrow-ranges", f"{_GUARD}  - id: narrow-ranges"),
            ]
        },
    ),
    Pointed(
        "tags of two actions that look alike",
        {SET: [("    tags: [stock]", "    tags: [stock, open-the-gate, Open the gates]")]},
    ),
    Pointed(
        "tags of two actions one letter apart",
        {SET: [("    tags: [stock]", "    tags: [stock, open the gates]")]},
    ),
    Pointed(
        "attributes one letter apart",
        {SET: [("  resource.labels: {type", "  resource.label: {type: string}\n  resource.labels: {type")]},
    ),
    # ---- networks
    Pointed(
        "ranges that no client has",
        ranges(
            "10.2.0.0/16, allow",
            "100.64.7.0/24, allow",
            "fd00:7::/48, allow",
            "127.0.0.1/32, allow",
            "224.0.0.0/24, allow",
        ),
    ),
    Pointed(
        "a range that is too wide for one client",
        ranges("203.0.0.0/12, allow") | {SET: [("ipv4: 16, ", "")]},
    ),
    Pointed(
        "ranges that do nothing",
        ranges(
            "203.0.113.0/24, allow",
            "203.0.113.64/26, allow",
            "203.0.113.64/28, deny",
            "203.0.113.72/29, allow",
            "198.51.100.0/24, deny",
        ),
    ),
    Pointed(
        "the addresses of two tenants",
        {
            HILLTOP: [
                (
                    "p2, hilltop, 203.0.113.0/24,  allow",
                    "p2, hilltop, 203.0.113.0/24, allow\np2, meadow, 203.0.113.128/25, allow",
                )
            ]
        },
    ),
    # ---- cases
    Pointed(
        "a refusal for whatever reason",
        {TESTS: [(f"expect: {{decision: false, {_EXPECTED}}}", "expect: {decision: false}")]},
    ),
    Pointed(
        "a case told twice, and a tenant that nobody asks about",
        {
            TESTS: [
                (
                    "        - [dan.voicu, null, phone, false, contact_suspended]\n",
                    "        - [ana@hilltop.example, 198.51.100.1, web, false, network_not_declared]\n",
                ),
                ("  valley:\n", "  harbour:\n    contacts: [{role: picker, login: lia}]\n  valley:\n"),
            ]
        },
    ),
    # ---- acceptances
    Pointed(
        "acceptances of what is not there",
        {SET: [("readings:\n", _ACCEPTED)]},
    ),
)
