"""`p` lines: wrong words, and cells that do not fit together (DESIGN section 3, R7)."""

from __future__ import annotations

from typing import Final

from tests.policy.orchard import GATE, MATRIX, OWN, SET, gate
from tests.policy.refusals.refusal import Refusal

OPEN: Final = (
    "matrix.csv:2:26: an allow line must name `network_ok` and `sender_ok`, or the action be `open_to_any_sender`"
)

_WRITTEN_OUT = "a Deny is `p, *, keeper, open_gate, -, deny`"

REFUSALS: Final = (
    Refusal(
        "an effect in capitals",
        gate(GATE.replace("allow", "Allow")),
        ["matrix.csv:2:83: `Allow` is not an effect; write `allow` or `deny`"],
    ),
    Refusal(
        "a misspelt effect",
        {MATRIX: [("move_stock,   -,                                                    deny", "move_stock, -, dney")]},
        ["matrix.csv:6:30: `dney` is not an effect; write `allow` or `deny`"],
    ),
    Refusal(
        "a misspelt role",
        gate(GATE.replace("keeper", "keper")),
        ["matrix.csv:2:7: unknown role `keper`; did you mean `keeper`?"],
    ),
    Refusal(
        "a misspelt action",
        gate(GATE.replace("open_gate", "opne_gate")),
        ["matrix.csv:2:15: unknown action `opne_gate`; did you mean `open_gate`?"],
    ),
    Refusal(
        "a misspelt fact",
        gate(GATE.replace("sender_ok", "sender_okay")),
        [
            "matrix.csv:2:29: an allow line must name `sender_ok`, or the action be `open_to_any_sender`",
            "matrix.csv:2:42: unknown fact `sender_okay`; did you mean `sender_ok`?",
        ],
    ),
    Refusal(
        "a fact without a definition",
        gate("p, *, keeper, open_gate, network_ok + sender_ok + moonlight, allow"),
        ["matrix.csv:2:51: unknown fact `moonlight`"],
    ),
    Refusal(
        "a fact named twice",
        gate("p, *, keeper, open_gate, network_ok + sender_ok + network_ok, allow"),
        ["matrix.csv:2:51: fact `network_ok` is named twice"],
    ),
    Refusal(
        "facts joined without blanks",
        gate("p, *, keeper, open_gate, network_ok+sender_ok, allow"),
        [
            "matrix.csv:2:26: `network_ok+sender_ok` is not a fact; facts are joined by ` + `, and `-` means none",
            OPEN,
        ],
    ),
    Refusal(
        "no facts beside facts",
        gate("p, *, keeper, open_gate, network_ok + sender_ok + -, allow"),
        ["matrix.csv:2:51: `-` is not a fact; facts are joined by ` + `, and `-` means none"],
    ),
    Refusal(
        "an allow without the network",
        gate("p, *, keeper, open_gate, sender_ok, allow"),
        ["matrix.csv:2:26: an allow line must name `network_ok`, or the action be `open_to_any_sender`"],
    ),
    Refusal(
        "an allow without any fact",
        gate("p, *, keeper, open_gate, -, allow"),
        [OPEN],
    ),
    Refusal(
        "an allow for every role",
        gate("p, *, *, open_gate, network_ok + sender_ok, allow"),
        ["matrix.csv:2:7: `*` as role may stand on deny lines only"],
    ),
    Refusal(
        "an allow for every action",
        gate("p, *, keeper, *, network_ok + sender_ok, allow"),
        ["matrix.csv:2:15: `*` as action may stand on deny lines only"],
    ),
    Refusal(
        "a tenant in capitals",
        {OWN: [("p, hilltop", "p, Hilltop")]},
        ["own_lines.csv:2:4: `Hilltop` is not a tenant's id: lower-case letters, digits, `_` and `-` only"],
    ),
    Refusal(
        "a tenant with the name of a role",
        {OWN: [("p, hilltop", "p, keeper")]},
        ["own_lines.csv:2:4: tenant `keeper` has the name of a role"],
    ),
    Refusal(
        "several wrong words in one line",
        {OWN: [("p, hilltop, picker, open_gate, -,         deny", "p, Hilltop, pickers, gate, moon, no")]},
        [
            "own_lines.csv:2:4: `Hilltop` is not a tenant's id: lower-case letters, digits, `_` and `-` only",
            "own_lines.csv:2:13: unknown role `pickers`; did you mean `picker`?",
            "own_lines.csv:2:22: unknown action `gate`; did you mean `open_gate`?",
            "own_lines.csv:2:28: unknown fact `moon`",
            "own_lines.csv:2:34: `no` is not an effect; write `allow` or `deny`",
        ],
    ),
    Refusal(
        "a lost line",
        gate("#"),
        [f"matrix.csv:0:0: no base line for role `keeper` and action `open_gate`; {_WRITTEN_OUT}"],
    ),
    Refusal(
        "a doubled cell",
        gate(GATE + "\np, *, keeper, open_gate, network_ok + sender_ok + season_paid, allow"),
        ["matrix.csv:3:4: role `keeper` and action `open_gate` already have a base line, orchard/matrix.csv:2"],
    ),
    Refusal(
        "the same rule twice",
        gate(GATE + "\n" + GATE.replace("network_ok + sender_ok", "sender_ok + network_ok")),
        ["matrix.csv:3:4: the same rule as orchard/matrix.csv:2"],
    ),
    Refusal(
        "allow and deny for one question",
        gate(GATE + "\n" + GATE.replace("allow", "deny")),
        ["matrix.csv:3:83: contradicts orchard/matrix.csv:2: allow and deny for the same question"],
    ),
    Refusal(
        "a denied cell that is allowed as well",
        {
            MATRIX: [
                (
                    "p, *, picker, move_stock,   -,                                                    deny",
                    "p, *, picker, move_stock, -, deny\np, *, picker, move_stock, network_ok + sender_ok, allow",
                )
            ]
        },
        [
            "matrix.csv:7:4: role `picker` and action `move_stock` already have a base line, orchard/matrix.csv:6",
        ],
    ),
    Refusal(
        "a tenant's allow over a denied cell",
        {
            OWN: [
                (
                    "# Stricter annexes of single tenants.",
                    "p, hilltop, picker, move_stock, network_ok + sender_ok, allow",
                )
            ]
        },
        ["own_lines.csv:1:57: can never act: orchard/matrix.csv:6 denies whatever it allows"],
    ),
    Refusal(
        "a tenant's allow over its own deny",
        {
            OWN: [
                (
                    "p, hilltop, picker, open_gate, -,         deny",
                    (
                        "p, hilltop, picker, open_gate, -, deny\n"
                        "p, hilltop, picker, open_gate, network_ok + sender_ok, allow"
                    ),
                )
            ]
        },
        ["own_lines.csv:3:56: can never act: orchard/own_lines.csv:2 denies whatever it allows"],
    ),
    Refusal(
        "a seventh fact",
        {
            OWN: [
                (
                    "# Stricter annexes of single tenants.",
                    (
                        "p, *, picker, open_gate, season_paid, deny\n"
                        "p, *, *, *, a1, deny\n"
                        "p, hilltop, *, open_gate, a2, deny"
                    ),
                )
            ],
            SET: [
                (
                    "  own_crate:\n",
                    (
                        "  a1: {expression: 'channel == \"web\"', label: {en: a, ro: a}, clause: x}\n"
                        "  a2: {expression: 'channel == \"web\"', label: {en: a, ro: a}, clause: x}\n"
                        "  own_crate:\n"
                    ),
                )
            ],
        },
        [
            "own_lines.csv:3:27: role `picker` and action `open_gate` depend on more than 6 facts",
            "own_lines.csv:6:18: role `picker` and action `open_gate` depend on more than 6 facts",
        ],
    ),
    Refusal(
        "a fact that nobody uses",
        {OWN: "# none\np, hilltop, picker, open_gate, -, deny\n"},
        ["set.yaml:49:3: no line uses the fact `quarantined`"],
    ),
)
