"""model.conf: every form but design A (casbin.md sections 2.2, 3 and 5, Model)."""

from __future__ import annotations

from typing import Final

from tests.policy.orchard import MODEL_CONF, MODEL_TEXT
from tests.policy.refusals.refusal import Refusal

MATCHER: Final = next(line for line in MODEL_TEXT.splitlines() if line.startswith("m ="))
MUST_BE_M: Final = (
    'model.conf:18:5: `m` must be `(p.tenant == "*" || r.tenant == p.tenant) && (p.role == "*" || r.role == p.role) && '
    '(p.act == "*" || r.act == p.act) && holds(p.when, r.facts)`'
)
MUST_BE_M2: Final = "model.conf:19:6: `m2` must be `r2.tenant == p2.tenant && inNetwork(r2.ip, p2.network)`"
MUST_BE_E: Final = (
    "model.conf:15:5: the effect must be exactly `some(where (p.eft == allow)) && !some(where (p.eft == deny))`"
)

REFUSALS: Final = (
    Refusal("no model", {MODEL_CONF: ""}, ["model.conf:0:0: the file is empty"]),
    Refusal(
        "Windows line ends",
        {MODEL_CONF: MODEL_TEXT.replace("\n", "\r\n")},
        ["model.conf:1:88: carriage return; lines end with a line feed only"],
    ),
    Refusal(
        "a byte order mark", {MODEL_CONF: "\ufeff" + MODEL_TEXT}, ["model.conf:1:1: begins with a byte order mark"]
    ),
    Refusal(
        "a comment behind the columns",
        {MODEL_CONF: [("when, eft, src", "when, eft, src  # the effect")]},
        ["model.conf:11:40: a comment stands in a line of its own, in column 1"],
    ),
    Refusal(
        "a comment behind a matcher",
        {MODEL_CONF: [(MATCHER, MATCHER + " # all four")]},
        ["model.conf:18:148: a comment stands in a line of its own, in column 1"],
    ),
    Refusal(
        "a semicolon in a matcher",
        {MODEL_CONF: [(MATCHER, MATCHER.replace("m = ", "m = True; "))]},
        ["model.conf:18:9: no value holds `;`"],
    ),
    Refusal(
        "a matcher continued on the next line",
        {MODEL_CONF: [(MATCHER, MATCHER.replace(" && holds", "\n&& holds"))]},
        ["model.conf:19:1: neither a section nor `name = value` in one line"],
    ),
    Refusal(
        "a matcher continued with ==",
        {MODEL_CONF: [(MATCHER, MATCHER.replace(' && (p.act == "*"', '\n&& (p.act == "*"'))]},
        ["model.conf:19:1: neither a section nor `name = value` in one line"],
    ),
    Refusal(
        "a matcher continued by a backslash",
        {MODEL_CONF: [(MATCHER, MATCHER.replace(" && holds", " \\\n && holds"))]},
        [
            "model.conf:18:122: a value stands in one line; no continuation",
            "model.conf:19:1: blank at the start of the line",
        ],
    ),
    Refusal(
        "an assignment in a matcher", {MODEL_CONF: [("r.tenant == p.tenant)", "r.tenant = p.tenant)")]}, [MUST_BE_M]
    ),
    Refusal(
        "an assignment before a matcher", {MODEL_CONF: [(MATCHER, MATCHER.replace("m = ", "m = x = "))]}, [MUST_BE_M]
    ),
    Refusal("an annotated assignment", {MODEL_CONF: [(MATCHER, MATCHER.replace("m = ", "m = x : "))]}, [MUST_BE_M]),
    Refusal(
        "a second matcher",
        {MODEL_CONF: [(MATCHER, MATCHER + "\nm = r.role == p.role")]},
        ["model.conf:19:1: `m` is already given in line 18"],
    ),
    Refusal(
        "a third matcher",
        {MODEL_CONF: [(MATCHER, MATCHER + "\nm3 = r.role == p.role")]},
        ["model.conf:19:1: `m3` is not expected in `[matchers]`"],
    ),
    Refusal("a lost conjunct", {MODEL_CONF: [(" && holds(p.when, r.facts)", "")]}, [MUST_BE_M]),
    Refusal("a lost matcher", {MODEL_CONF: [(MATCHER, "")]}, ["model.conf:17:1: `m` is missing in `[matchers]`"]),
    Refusal("or for and", {MODEL_CONF: [(" && holds", " || holds")]}, [MUST_BE_M]),
    Refusal(
        "swapped columns",
        {MODEL_CONF: [('(p.role == "*" || r.role == p.role)', '(p.role == "*" || r.role == p.act)')]},
        [MUST_BE_M],
    ),
    Refusal("another wildcard", {MODEL_CONF: [('(p.role == "*"', '(p.role == "any"')]}, [MUST_BE_M]),
    Refusal("a negated conjunct", {MODEL_CONF: [("holds(p.when", "!holds(p.when")]}, [MUST_BE_M]),
    Refusal(
        "eval",
        {MODEL_CONF: [("holds(p.when, r.facts)", "eval(p.when)")]},
        ["model.conf:18:125: `eval` lets a policy line rewrite the matcher; facts are declared in set.yaml"],
    ),
    Refusal("a pattern", {MODEL_CONF: [("r.tenant == p.tenant)", "keyMatch(r.tenant, p.tenant))")]}, [MUST_BE_M]),
    Refusal(
        "a clock",
        {MODEL_CONF: [("holds(p.when, r.facts)", 'holds(p.when, r.facts) && timeMatch("_", "_")')]},
        [MUST_BE_M],
    ),
    Refusal(
        "Casbin's own ipMatch",
        {MODEL_CONF: [("inNetwork(r2.ip, p2.network)", "ipMatch(r2.ip, p2.network)")]},
        [MUST_BE_M2],
    ),
    Refusal(
        "the first request in the second matcher", {MODEL_CONF: [("m2 = r2.tenant", "m2 = r.tenant")]}, [MUST_BE_M2]
    ),
    Refusal(
        "an effect of its own for networks",
        {MODEL_CONF: [("\n[matchers]", "e2 = some(where (p2.eft == allow))\n\n[matchers]")]},
        ["model.conf:16:1: `e2` is never read by Casbin; `e` judges both kinds of line"],
    ),
    Refusal(
        "another effect",
        {
            MODEL_CONF: [
                ("e = some(where (p.eft == allow)) && !some(where (p.eft == deny))", "e = some(where (p.eft == allow))")
            ]
        },
        [MUST_BE_E],
    ),
    Refusal("an effect with other blanks", {MODEL_CONF: [("&& !some", "&&  !some")]}, [MUST_BE_E]),
    Refusal(
        "an effect column in capitals",
        {MODEL_CONF: [("when, eft, src", "when, EFT, src")]},
        ["model.conf:11:5: `p` must be `tenant, role, act, when, eft, src`"],
    ),
    Refusal(
        "an effect column twice",
        {MODEL_CONF: [("when, eft, src", "when, eft, eft")]},
        ["model.conf:11:5: `p` must be `tenant, role, act, when, eft, src`"],
    ),
    Refusal(
        "a column too many",
        {MODEL_CONF: [("r = tenant, role, act, facts", "r = tenant, role, act, facts, time")]},
        ["model.conf:7:5: `r` must be `tenant, role, act, facts`"],
    ),
    Refusal(
        "a role definition",
        {MODEL_CONF: [("\n[policy_effect]", "\n[role_definition]\ng = _, _\n\n[policy_effect]")]},
        ["model.conf:14:1: role links are not part of the model; roles are plain values"],
    ),
    Refusal(
        "an unknown section",
        {MODEL_CONF: [("[matchers]", "[matcher]")]},
        [
            "model.conf:17:1: unknown section `[matcher]`; did you mean `matchers`?",
            "model.conf:18:1: `m` is not expected in `[matcher]`",
            "model.conf:19:1: `m2` is not expected in `[matcher]`",
        ],
    ),
    Refusal(
        "a section given twice",
        {MODEL_CONF: [("m2 = ", "[matchers]\nm2 = ")]},
        ["model.conf:19:1: section `[matchers]` is already given in line 17"],
    ),
    Refusal(
        "an option before the first section",
        {MODEL_CONF: [("[request_definition]", "x = 1\n[request_definition]")]},
        ["model.conf:6:1: `x` is not expected before the first section"],
    ),
    Refusal(
        "an indented option", {MODEL_CONF: [("m2 = ", " m2 = ")]}, ["model.conf:19:1: blank at the start of the line"]
    ),
    Refusal(
        "a comment behind a section",
        {MODEL_CONF: [("[matchers]", "[matchers] # here")]},
        [
            "model.conf:17:12: a comment stands in a line of its own, in column 1",
            "model.conf:18:1: `m` is not expected in `[policy_effect]`",
            "model.conf:19:1: `m2` is not expected in `[policy_effect]`",
        ],
    ),
    Refusal(
        "a homoglyph",
        {MODEL_CONF: [('p.tenant == "*"', 'p.t\u0435nant == "*"')]},
        ["model.conf:18:8: `t\u0435nant` mixes Latin and Cyrillic letters"],
    ),
    Refusal(
        "a homoglyph by itself",
        {MODEL_CONF: [("r2 = tenant", "r2 = \u0442\u0435\u043d\u0430\u043d\u0442")]},
        ["model.conf:8:6: `\u0442` U+0442 (cyrillic small letter te) is not an ASCII character"],
    ),
    Refusal(
        "a conflict", {MODEL_CONF: [(MATCHER, "<<<<<<< HEAD\n" + MATCHER)]}, ["model.conf:18:1: merge-conflict marker"]
    ),
    Refusal("a syntax error", {MODEL_CONF: [("holds(p.when, r.facts)", "holds(p.when, r.facts))")]}, [MUST_BE_M]),
    Refusal("an empty value", {MODEL_CONF: [(MATCHER, "m =")]}, [MUST_BE_M.replace("18:5", "18:4")]),
)
