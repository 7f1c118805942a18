"""One policy set as `authz check` found it: problems, findings, and the proof of its network lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from authz.cli.changes import Changes
from authz.cli.compiled import Place
from authz.cli.failures import FINDINGS, FINE, worst
from authz.cli.terminal import bar
from authz.cli.verdicts import status_of
from authz.core.network import NetworkLine
from authz.errors import EngineDisagreement, PolicyInvalid, Problem
from authz.policy.bundle import NETWORKS_FOLDER, Bundle
from authz.policy.compiled import CompiledSet
from authz.policy.finding import Finding
from authz.policy.lint.linter import lint_set
from authz.policy.parse import parse_set
from authz.policy.pipeline import build_set
from authz.policy.prove import prove_networks


class Checked(NamedTuple):
    """What a check found of one set. `revision` is empty where its files could not be read; counts are 0 where unknown.

    `proven`, `addresses`: tenants whose network lines were proven, and at how many addresses. `findings`: those of the
    linter, accepted ones too; none for a set that is not right in itself.
    """

    set_id: str
    revision: str
    problems: tuple[Problem, ...] = ()
    findings: tuple[Finding, ...] = ()
    cells: int = 0
    tenants: int = 0
    tests: int = 0
    proven: int = 0
    addresses: int = 0

    @property
    def open_findings(self) -> tuple[Finding, ...]:
        """The findings that the set does not accept."""
        return tuple(finding for finding in self.findings if not finding.accepted)

    @property
    def status(self) -> int:
        """The exit status that this set alone would give."""
        return worst((status_of(self.problems), FINDINGS if self.open_findings else FINE))


def check_set(place: Place, set_dir: Path, cache: Path | None, changes: Changes | None) -> Checked:
    """One set through the whole pipeline, its networks proven, its files looked over.

    Args:
        changes: since a revision; only tenants with changed network files are then proven. None: all are.
    """
    revision = ""
    try:
        bundle = place.bundle(set_dir)
        revision = bundle.revision
        parsed = parse_set(bundle)
    except PolicyInvalid as invalid:
        return Checked(set_dir.name, revision, invalid.problems)
    findings = lint_set(parsed)
    try:
        with bar(f"{set_dir.name}: compiling"):
            compiled = build_set(bundle, cache)
    except PolicyInvalid as invalid:
        return Checked(set_dir.name, revision, invalid.problems, findings, tests=len(parsed.tests.cases))
    networks = compiled.networks if changes is None or changes.model else _changed(compiled, changes.of(set_dir))
    problems, proven, addresses = _prove(bundle, networks)
    return Checked(
        set_dir.name,
        revision,
        problems,
        findings,
        sum(map(len, compiled.shared.values())),
        len(_tenants(compiled)),
        len(parsed.tests.cases),
        proven,
        addresses,
    )


def _tenants(compiled: CompiledSet) -> set[str]:
    """Every tenant that a line of the set names."""
    return {*compiled.networks, *(tenant for group in compiled.classes for tenant in group.tenants)}


def _changed(compiled: CompiledSet, files: frozenset[str]) -> Mapping[str, tuple[NetworkLine, ...]]:
    """The tenants with a line in one of the changed network files; a tenant's lines may stand in several."""
    sources = tuple(f"{compiled.definition.id}/{name}:" for name in files if name.startswith(f"{NETWORKS_FOLDER}/"))
    return {
        tenant: lines
        for tenant, lines in compiled.networks.items()
        if any(line.source.startswith(sources) for line in lines)
    }


def _prove(bundle: Bundle, networks: Mapping[str, Sequence[NetworkLine]]) -> tuple[tuple[Problem, ...], int, int]:
    """Problems, proven tenants, and addresses asked about."""
    proven = addresses = 0
    try:
        with bar(f"{bundle.set_id}: proving networks", len(networks)) as advance:
            for proof in prove_networks(bundle.model, networks):
                proven += 1
                addresses += proof.addresses
                advance(1)
    except EngineDisagreement as disagreement:
        text = f"the network lines are judged differently: {disagreement}"
        return (Problem(bundle.place, 0, 0, text, disagreement.code),), proven, addresses
    return (), proven, addresses
