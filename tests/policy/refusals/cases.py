"""tests.yaml."""

from __future__ import annotations

from typing import Final

from tests.policy.orchard import TESTS
from tests.policy.refusals.refusal import Refusal

REFUSALS: Final = (
    Refusal(
        "no cases",
        {TESTS: "tenants: {}\ncases: []\n"},
        ["tests.yaml:2:8: there are no cases; an untested set never goes live"],
    ),
    Refusal(
        "an unknown key of a case",
        {TESTS: [("expect: {decision: true", "expects: {decision: true")]},
        [
            "tests.yaml:21:5: a case expects a `decision`, true or false",
            "tests.yaml:23:5: `expects` is not known here; did you mean `expect`?",
        ],
    ),
    Refusal(
        "an unknown key of a question",
        {TESTS: [("ask: {action: open_gate}", "ask: {acton: open_gate}")]},
        [
            "tests.yaml:28:11: a case asks about an `action`",
            "tests.yaml:29:11: a case asks about an `action`",
            "tests.yaml:30:11: `acton` is not known here; did you mean `action`?",
        ],
    ),
    Refusal(
        "a case without a contact",
        {TESTS: [("ask: {contact: ana@hilltop.example, action", "ask: {action")]},
        ["tests.yaml:21:5: a case asks about either `contact` or `subject`"],
    ),
    Refusal(
        "a case that expects nothing",
        {
            TESTS: [
                (
                    "expect: {decision: false, fact: own_crate,",
                    "expect: {fact: own_crate,",
                )
            ]
        },
        ["tests.yaml:31:5: a case expects a `decision`, true or false"],
    ),
    Refusal(
        "a decision that is a word",
        {TESTS: [("decision: true", "decision: allow")]},
        ["tests.yaml:23:24: expected true or false"],
    ),
    Refusal(
        "an unknown reason",
        {TESTS: [("reason: permitted", "reason: permited")]},
        ["tests.yaml:23:38: unknown reason `permited`; did you mean `permitted`?"],
    ),
    Refusal(
        "an unknown channel in a row",
        {TESTS: [("198.51.100.1, web", "198.51.100.1, wbe")]},
        ["tests.yaml:28:47: unknown channel `wbe`; did you mean `web`?"],
    ),
    Refusal(
        "a row that is too short",
        {TESTS: [("[dan.voicu, null, phone, false, contact_suspended]", "[dan.voicu, null, phone, false]")]},
        ["tests.yaml:29:11: the row has 4 values for 5 columns"],
    ),
    Refusal(
        "an unknown column",
        {TESTS: [("columns: [contact, ip", "columns: [contact, address")]},
        [
            "tests.yaml:26:26: unknown column `address`",
            "tests.yaml:28:11: the row has 5 values for 4 columns",
            "tests.yaml:29:11: the row has 5 values for 4 columns",
        ],
    ),
    Refusal(
        "an address that is none",
        {TESTS: [("ip: 203.0.113.5}", "ip: 203.0.113.500}")]},
        ["tests.yaml:19:49: `203.0.113.500` is not an IP address"],
    ),
    Refusal(
        "an instant without its offset",
        {TESTS: [("10:00:00+03:00", "10:00:00")]},
        ["tests.yaml:19:16: expected an instant with its offset, as in `2026-06-03T10:00:00+03:00`"],
    ),
    Refusal(
        "an unknown fact",
        {TESTS: [("fact: own_crate", "fact: own_crates")]},
        ["tests.yaml:37:37: unknown fact `own_crates`; did you mean `own_crate`?"],
    ),
    Refusal(
        "an unknown part of a fact",
        {TESTS: [("papers_complete.weight", "papers_complete.wait")]},
        ["tests.yaml:37:69: fact `papers_complete` has no part `wait`; did you mean `weight`?"],
    ),
    Refusal(
        "an unknown obligation",
        {TESTS: [("weigh-again", "weigh-twice")]},
        ["tests.yaml:23:63: unknown obligation `weigh-twice`; did you mean `weigh-again`?"],
    ),
    Refusal(
        "an unknown role of a contact",
        {TESTS: [("role: keeper", "role: keepr")]},
        ["tests.yaml:7:32: unknown role `keepr`; did you mean `keeper`?"],
    ),
    Refusal(
        "an unknown state of a contact",
        {TESTS: [("state: suspended", "state: asleep")]},
        ["tests.yaml:8:66: unknown state `asleep`; one of `active`, `suspended`, `revoked`"],
    ),
    Refusal(
        "a contact without any id",
        {TESTS: [("{role: picker, login: mia}", "{role: picker}")]},
        ["tests.yaml:18:20: a contact has at least one of `email`, `phone`, `login`"],
    ),
    Refusal(
        "an e-mail address that is none",
        {TESTS: [("email: ana@hilltop.example,", "email: ana at hilltop,")]},
        ["tests.yaml:7:47: `ana at hilltop` is not a canonical email"],
    ),
    Refusal(
        "host bits in a test",
        {TESTS: [("203.0.113.0/24 allow", "203.0.113.1/24 allow")]},
        ["tests.yaml:3:16: `203.0.113.1/24` has host bits set; did you mean `203.0.113.0/24`?"],
    ),
    Refusal(
        "a network without an effect",
        {TESTS: [("203.0.113.66/32 deny", "203.0.113.66/32")]},
        ["tests.yaml:3:40: a network line is a CIDR or `any`, a space, and `allow` or `deny`"],
    ),
    Refusal(
        "an unknown attribute",
        {TESTS: [("season: {paid: true", "season: {payed: true")]},
        ["tests.yaml:5:17: unknown attribute `tenant.season.payed`; did you mean `tenant.season.paid`?"],
    ),
    Refusal(
        "an attribute of another type",
        {TESTS: [("season: {paid: true", "season: {paid: often")]},
        ["tests.yaml:5:17: `tenant.season.paid` is not true or false"],
    ),
    Refusal(
        "an unknown resource type",
        {TESTS: [("{type: crate, id: crate-7, attributes", "{type: create, id: crate-7, attributes")]},
        ["tests.yaml:10:16: unknown resource type `create`; did you mean `crate`?"],
    ),
    Refusal(
        "annexes and contacts",
        {TESTS: [("  valley:\n", "  valley:\n    contacts: []\n")]},
        ["tests.yaml:12:5: a tenant has either `annexes` or `contacts` and `network`"],
    ),
    Refusal(
        "an unknown network choice",
        {TESTS: [("network: any\n", "network: all\n")]},
        ["tests.yaml:17:18: unknown network choice `all`; one of `any`, `declared`"],
    ),
    Refusal(
        "a group that no case uses",
        {TESTS: [("defaults:", "groups: {people: [mia]}\ndefaults:")]},
        ["tests.yaml:19:10: no case uses the group `people`"],
    ),
    Refusal(
        "an unknown group",
        {TESTS: [("  - description: papers\n", "  - description: papers\n    every: {ip: peopl}\n")]},
        ["tests.yaml:32:17: unknown group `peopl`; or write a list"],
    ),
    Refusal(
        "combinations of what a question does not have",
        {TESTS: [("  - description: papers\n", "  - description: papers\n    every: {ipp: [203.0.113.5]}\n")]},
        ["tests.yaml:32:13: `ipp` is not known here; did you mean `ip`?"],
    ),
    Refusal(
        "too many combinations",
        {
            TESTS: [
                (
                    "  - description: papers\n",
                    f"  - description: papers\n    every: {{ip: {['203.0.113.5'] * 101}, at: {['x'] * 100}}}\n",
                )
            ]
        },
        ["tests.yaml:32:12: makes more than 10,000 cases"],
    ),
)
