"""One finding of the linter, and the closed list of what it can find (docs/findings/)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

WARNING: Final = "warning"
NOTE: Final = "note"


class Code(NamedTuple):
    """A kind of finding: `level` is `warning` (it may answer wrongly) or `note` (it may mislead), `title` a phrase."""

    level: str
    title: str


CODES: Final = {
    "colliding-tags": Code(WARNING, "tags of two actions differ only in case, accents or punctuation"),
    "constant-fact": Code(WARNING, "a fact is always true, or always false"),
    "denied-range": Code(WARNING, "an allowed range lies wholly inside a denied one"),
    "duplicate-case": Code(NOTE, "two test cases ask and expect the same"),
    "idle-guard": Code(WARNING, "a guard can never be broken"),
    "impossible-comparison": Code(WARNING, "a fact compares with a word that never occurs"),
    "open-high-risk": Code(WARNING, "a high-risk action is open to any sender"),
    "private-range": Code(WARNING, "a declared range is private and never reaches a hosted service"),
    "redundant-line": Code(WARNING, "a matrix line changes no answer"),
    "redundant-range": Code(NOTE, "a declared range lies inside another of the same tenant"),
    "reserved-range": Code(WARNING, "a declared range holds no host's address"),
    "shadowed-line": Code(WARNING, "an allow line is switched off by a deny line"),
    "shared-range": Code(WARNING, "two tenants declare the same addresses"),
    "similar-ids": Code(WARNING, "two ids differ in one letter"),
    "similar-tags": Code(WARNING, "tags of two actions differ in one letter"),
    "tenant-without-networks": Code(WARNING, "a tenant has matrix lines and no network lines"),
    "unreachable-line": Code(WARNING, "a matrix line that no request can reach"),
    "unreachable-row": Code(WARNING, "an obligation or service row for actions that nobody may request"),
    "unused-acceptance": Code(WARNING, "an accepted finding is not there any more"),
    "unused-attribute": Code(NOTE, "an attribute that no fact, obligation or service row looks at"),
    "unused-calendar": Code(NOTE, "a calendar that no service row counts by"),
    "unused-opening": Code(WARNING, "an action is open to any sender, and no line makes use of it"),
    "unused-tenant": Code(NOTE, "a tenant of tests.yaml that no case asks about"),
    "useless-deny": Code(WARNING, "a denied range touches no allowed one"),
    "vague-case": Code(WARNING, "a test case that expects a refusal for whatever reason"),
    "wide-range": Code(WARNING, "a declared range is wider than one client's network is likely to be"),
    "wider-than-contract": Code(WARNING, "a tenant's own line allows more than the contract does for all"),
}
"""Stable: a code is never used for something else. Each has a page, `docs/findings/<code>.md`."""

PROBLEM_CODES: Final = {
    "characters": "a file holds bytes or characters that a reader cannot see or trust",
    "engine": "Casbin failed on a question of this set",
    "engine_disagreement": "the compiled table and Casbin, or the network ranges and `ipaddress`, differ",
    "fact": "a fact's expression does not compile, or no line uses the fact",
    "file": "a file is missing, does not belong, or cannot be read",
    "guard": "a line allows what a guard says must never be",
    "line": "a CSV line is not of the one form that is read",
    "matrix": "a matrix line's words, or the lines together, are wrong",
    "model": "`model.conf` is not the one fixed model",
    "network": "a network line is not a strict range, or contradicts another",
    "test": "a case of `tests.yaml` got another answer",
    "words": "`set.yaml` or `tests.yaml` holds a wrong word, type or form",
    "yaml": "a YAML file cannot be read strictly",
}
"""What keeps a set from going live, by the code of its problems; these have pages as well."""

REVIEW_CODES: Final = {
    "approval": "an approval that is stale, unused, or cannot be read",
    "unapproved": "access is widened, and the change does not say that this is accepted",
}
"""What `authz diff` says of the approvals of a change; these have pages as well."""


class Finding(NamedTuple):
    """One finding at one place; sorts by place. `about` names the thing in words that do not change when lines move.

    `accepted`: the reason with which the set accepts it, empty where it does not.
    """

    file: str
    line: int
    column: int
    code: str
    about: str
    text: str
    accepted: str = ""

    @property
    def level(self) -> str:
        """`warning` or `note`."""
        return CODES[self.code].level


class Acceptance(NamedTuple):
    """An entry of `accepted` in `set.yaml`: the finding (`code`, `about`) stays as it is, for a `reason`."""

    code: str
    about: str
    reason: str
    line: int
    column: int


def sorted_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Every finding once, in reading order."""
    return tuple(sorted(set(findings)))
