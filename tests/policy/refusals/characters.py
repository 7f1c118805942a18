"""What no policy file may be made of (casbin.md section 5, Files)."""

from __future__ import annotations

from typing import Final

from tests.policy.orchard import CLAUSES, GATE, MATRIX, MATRIX_BYTES, OWN, RIVERSIDE, SET, TESTS, gate
from tests.policy.refusals.refusal import Refusal

REFUSALS: Final = (
    Refusal("an empty matrix", {MATRIX: b""}, ["matrix.csv:0:0: the file is empty"]),
    Refusal(
        "a matrix of comments alone", {MATRIX: "# nothing\n", OWN: None}, ["matrix.csv:0:0: the file holds no `p` line"]
    ),
    Refusal("no matrix", {MATRIX: None, OWN: None}, ["matrix.csv:0:0: the file is missing"]),
    Refusal("no set.yaml", {SET: None}, ["set.yaml:0:0: the file is missing"]),
    Refusal("no tests.yaml", {TESTS: None}, ["tests.yaml:0:0: the file is missing"]),
    Refusal("an empty network file", {RIVERSIDE: b""}, ["networks/east/riverside.csv:0:0: the file is empty"]),
    Refusal(
        "a network file of comments alone",
        {RIVERSIDE: "# to come\n"},
        ["networks/east/riverside.csv:0:0: the file holds no `p2` line"],
    ),
    Refusal(
        "a byte order mark", {MATRIX: b"\xef\xbb\xbf" + MATRIX_BYTES}, ["matrix.csv:1:1: begins with a byte order mark"]
    ),
    Refusal("UTF-16", {MATRIX: MATRIX_BYTES.decode().encode("utf-16")}, ["matrix.csv:1:1: not UTF-8 but UTF-16"]),
    Refusal(
        "Latin-1",
        {MATRIX: MATRIX_BYTES.replace(b"role and", b"r\xf4le and")},
        ["matrix.csv:1:29: byte 0xf4 is not UTF-8"],
    ),
    Refusal(
        "Windows line ends",
        {MATRIX: MATRIX_BYTES.replace(b"\n", b"\r\n")},
        ["matrix.csv:1:44: carriage return; lines end with a line feed only"],
    ),
    Refusal(
        "a NUL", gate("p, *, keeper, open_gate\x00, network_ok + sender_ok, allow"), ["matrix.csv:2:24: NUL character"]
    ),
    Refusal(
        "a tab", gate("p,\t*, keeper, open_gate, network_ok + sender_ok, allow"), ["matrix.csv:2:3: tab; use spaces"]
    ),
    Refusal(
        "a control character",
        gate("p, *, keeper, open_gate, network_ok + sender_ok, allow\x1b"),
        ["matrix.csv:2:55: U+001B (unnamed character) cannot be seen by a reader"],
    ),
    Refusal(
        "a no-break space",
        gate("p, *, keeper, open_gate, network_ok + sender_ok,\xa0allow"),
        ["matrix.csv:2:49: `\xa0` U+00A0 (no-break space) is not an ASCII character"],
    ),
    Refusal(
        "a zero-width space",
        gate("p, *, keeper, open_gate, network_ok + sender_ok, al\u200blow"),
        ["matrix.csv:2:52: U+200B (zero width space) cannot be seen by a reader"],
    ),
    Refusal(
        "a homoglyph in a rule",
        gate("p, *, keeper, open_gate, network_ok + sender_ok, \u0430llow"),
        ["matrix.csv:2:50: `\u0430llow` mixes Latin and Cyrillic letters"],
    ),
    Refusal(
        "a whole word of homoglyphs",
        gate("p, *, \u0440\u0435\u0435, open_gate, network_ok + sender_ok, allow"),
        ["matrix.csv:2:7: `\u0440` U+0440 (cyrillic small letter er) is not an ASCII character"],
    ),
    Refusal(
        "a homoglyph in a comment",
        {MATRIX: [("Schedule", "S\u0441hedule")]},
        ["matrix.csv:1:3: `S\u0441hedule` mixes Latin and Cyrillic letters"],
    ),
    Refusal(
        "a bidirectional override in a comment",
        {MATRIX: [("one line", "one \u202eline")]},
        ["matrix.csv:1:19: U+202E (right-to-left override) cannot be seen by a reader"],
    ),
    Refusal(
        "text that is not in normal form C",
        {SET: [("Culegător", "Culegător")]},
        ["set.yaml:9:1: text is not in Unicode normal form C"],
    ),
    Refusal(
        "a homoglyph in a label",
        {SET: [("en: Picker", "en: P\u0456cker")]},
        ["set.yaml:9:24: `P\u0456cker` mixes Latin and Cyrillic letters"],
    ),
    Refusal("a tab in set.yaml", {SET: [("  keeper:", "\tkeeper:")]}, ["set.yaml:8:1: tab; use spaces"]),
    Refusal(
        "a homoglyph in the tests",
        {TESTS: [("name: Dan Voicu", "name: D\u0430n Voicu")]},
        ["tests.yaml:8:16: `D\u0430n` mixes Latin and Cyrillic letters"],
    ),
    Refusal(
        "a conflict in the matrix",
        {
            MATRIX: [
                (GATE, "<<<<<<< HEAD\n" + GATE + "\n=======\n" + GATE.replace("allow", "deny") + "\n>>>>>>> theirs")
            ]
        },
        [
            "matrix.csv:2:1: merge-conflict marker",
            "matrix.csv:4:1: merge-conflict marker",
            "matrix.csv:6:1: merge-conflict marker",
        ],
    ),
    Refusal(
        "a conflict in set.yaml",
        {
            SET: [
                (
                    "languages: [en, ro]",
                    "<<<<<<< HEAD\nlanguages: [en, ro]\n||||||| base\n=======\nlanguages: [en]\n>>>>>>> x",
                )
            ]
        },
        [
            "set.yaml:3:1: merge-conflict marker",
            "set.yaml:5:1: merge-conflict marker",
            "set.yaml:6:1: merge-conflict marker",
            "set.yaml:8:1: merge-conflict marker",
        ],
    ),
    Refusal(
        "a conflict in the clauses",
        {CLAUSES: [("- 2: roles", "<<<<<<< HEAD\n- 2: roles")]},
        ["clauses.md:3:1: merge-conflict marker"],
    ),
    Refusal(
        "a conflict in a network file",
        {RIVERSIDE: [("p2", "<<<<<<< HEAD\np2")]},
        ["networks/east/riverside.csv:1:1: merge-conflict marker"],
    ),
)
