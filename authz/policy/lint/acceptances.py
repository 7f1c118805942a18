"""`accepted` in `set.yaml`: findings that stay as they are, each with its reason (docs/checks.md)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from authz.policy.bundle import SET_FILE, Bundle
from authz.policy.finding import CODES, PROBLEM_CODES, Acceptance, Finding
from authz.policy.reading.fields import near_miss


def with_acceptances(findings: Iterable[Finding], accepted: Iterable[Acceptance], bundle: Bundle) -> Iterator[Finding]:
    """The findings, those that the set accepts with the reason; then an entry for which there is no finding."""
    reasons = {(entry.code, entry.about): entry.reason for entry in accepted}
    unused = dict.fromkeys(reasons)
    known: list[Finding] = []
    for finding in findings:
        unused.pop((finding.code, finding.about), None)
        known.append(finding)
        yield finding._replace(accepted=reasons.get((finding.code, finding.about), ""))
    for entry in accepted:
        if (entry.code, entry.about) in unused:
            text = _why_unused(entry, known)
            about = f"{entry.code} {entry.about}"
            yield Finding(f"{bundle.place}/{SET_FILE}", entry.line, entry.column, "unused-acceptance", about, text)


def _why_unused(entry: Acceptance, findings: list[Finding]) -> str:
    if entry.code in PROBLEM_CODES:
        return f"`{entry.code}` keeps a set from going live and cannot be accepted; repair what it names"
    if entry.code not in CODES:
        return f"`{entry.code}` is not the code of a finding{near_miss(entry.code, CODES)}"
    about = [finding.about for finding in findings if finding.code == entry.code]
    return f"there is no `{entry.code}` about `{entry.about}`{near_miss(entry.about, about)}; take the entry out"
