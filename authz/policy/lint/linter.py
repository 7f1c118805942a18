"""Every finding about one set that is right in itself, its acceptances applied (docs/checks.md)."""

from __future__ import annotations

from collections.abc import Iterator

from authz.policy.bundle import SET_FILE
from authz.policy.facts import compile_facts
from authz.policy.finding import Finding, sorted_findings
from authz.policy.lint.acceptances import with_acceptances
from authz.policy.lint.cases import case_findings
from authz.policy.lint.facts import fact_findings
from authz.policy.lint.matrix import matrix_findings
from authz.policy.lint.networks import network_findings
from authz.policy.lint.places import CsvPlaces, YamlPlaces
from authz.policy.lint.words import word_findings
from authz.policy.parse import ParsedSet


def lint_set(parsed: ParsedSet) -> tuple[Finding, ...]:
    """All findings in reading order; those that the set accepts carry the reason."""
    return sorted_findings(with_acceptances(_found(parsed), parsed.accepted, parsed.bundle))


def _found(parsed: ParsedSet) -> Iterator[Finding]:
    yaml, places = YamlPlaces(parsed.bundle, SET_FILE), CsvPlaces(parsed.bundle)
    yield from matrix_findings(parsed, places)
    yield from fact_findings(parsed, compile_facts(parsed.definition), yaml, places)
    yield from word_findings(parsed, yaml)
    yield from network_findings(parsed.networks, places)
    yield from case_findings(parsed)
