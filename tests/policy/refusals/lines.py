"""CSV lines that Casbin would drop, glue or guess (casbin.md sections 2.1 and 5)."""

from __future__ import annotations

from typing import Final

from tests.policy.orchard import GATE, MATRIX, RIVERSIDE, gate
from tests.policy.refusals.refusal import Refusal

REFUSALS: Final = (
    Refusal("a blank at the start", gate(" " + GATE), ["matrix.csv:2:1: blank at the start of the line"]),
    Refusal("a blank at the end", gate(GATE + "  "), ["matrix.csv:2:88: blank at the end of the line"]),
    Refusal(
        "a comment that is indented",
        {MATRIX: [("# Schedule", "  # Schedule")]},
        ["matrix.csv:1:1: blank at the start of the line"],
    ),
    Refusal(
        "a comment behind a rule",
        gate(GATE + " # why"),
        ["matrix.csv:2:89: `#`: a comment stands in a line of its own, in column 1"],
    ),
    Refusal(
        "quotes",
        gate('p, *, "keeper", open_gate, network_ok + sender_ok, allow'),
        ['matrix.csv:2:7: `"`: no rule may hold it; write the bare words'],
    ),
    Refusal(
        "a bracket that swallows commas",
        gate("p, *, keeper, open_gate, [network_ok + sender_ok, allow"),
        ["matrix.csv:2:26: `[`: no rule may hold it; write the bare words"],
    ),
    Refusal(
        "a parenthesis",
        gate("p, *, keeper, open_gate, network_ok + sender_ok), allow"),
        ["matrix.csv:2:48: `)`: no rule may hold it; write the bare words"],
    ),
    Refusal(
        "semicolons for commas",
        gate("p; *; keeper; open_gate; network_ok + sender_ok; allow"),
        ["matrix.csv:2:2: `;`: no rule may hold it; write the bare words"],
    ),
    Refusal(
        "a backtick",
        gate("p, *, keep`er, open_gate, network_ok + sender_ok, allow"),
        ["matrix.csv:2:11: backtick: no rule may hold it; write the bare words"],
    ),
    Refusal("a capital P", gate(GATE.replace("p,", "P,", 1)), ["matrix.csv:2:1: `P` is not a kind of line; write `p`"]),
    Refusal(
        "a header row",
        gate("tenant, role, action, facts, effect\n" + GATE),
        ["matrix.csv:2:1: `tenant` is not a kind of line; write `p`"],
    ),
    Refusal("a g line", gate("g, keeper, picker\n" + GATE), ["matrix.csv:2:1: `g` is not a kind of line; write `p`"]),
    Refusal(
        "a p2 line in the matrix",
        gate("p2, hilltop, 192.0.2.0/24, allow\n" + GATE),
        ["matrix.csv:2:1: a `p2` line belongs in networks/"],
    ),
    Refusal(
        "a p line among the networks",
        {RIVERSIDE: [("p2, riverside, any, allow", "p, riverside, any, allow")]},
        ["networks/east/riverside.csv:1:1: a `p` line does not belong in networks/"],
    ),
    Refusal(
        "too few columns",
        gate("p, *, keeper, open_gate, allow"),
        ["matrix.csv:2:1: the line has 5 columns; a `p` line has 6: p, tenant, role, action, facts, effect"],
    ),
    Refusal(
        "too many columns",
        gate("p, *, keeper, open_gate, network_ok, sender_ok, allow"),
        [
            (
                "matrix.csv:2:1: the line has 7 columns; a `p` line has 6: p, tenant, role, action, facts, effect "
                "(facts are joined by ` + `)"
            )
        ],
    ),
    Refusal(
        "an empty cell", gate("p, *, , open_gate, network_ok + sender_ok, allow"), ["matrix.csv:2:7: the role is empty"]
    ),
    Refusal("a leading comma", gate("," + GATE), ["matrix.csv:2:1: the line must begin with `p`"]),
    Refusal(
        "an endless line", gate(GATE + " " * 1000 + "x"), ["matrix.csv:2:1001: the line is longer than 1000 characters"]
    ),
    Refusal(
        "a network line with too many columns",
        {RIVERSIDE: [("any, allow", "any, allow, x")]},
        ["networks/east/riverside.csv:1:1: the line has 5 columns; a `p2` line has 4: p2, tenant, network, effect"],
    ),
)
