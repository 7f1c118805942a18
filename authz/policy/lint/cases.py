"""Cases of `tests.yaml` that hold nothing in place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from authz.policy.bundle import TESTS_FILE
from authz.policy.cases.case import Case, CaseFile
from authz.policy.finding import Finding
from authz.policy.lint.places import YamlPlaces
from authz.policy.parse import ParsedSet

_PINS: Final = frozenset({"reason", "rule", "fact", "missing"})
"""Any of them says why it is refused."""

_NO_IDS: Final = frozenset({"role", "name", "function", "state", "network", "action", "channel", "type", "attributes"})


def case_findings(parsed: ParsedSet) -> Iterator[Finding]:
    """Vague and doubled cases, and tenants that nobody asks about."""
    yaml = YamlPlaces(parsed.bundle, TESTS_FILE)
    seen: dict[str, Case] = {}
    for case in parsed.tests.cases:
        about = case.description
        if case.expect.get("decision") is False and not _PINS & case.expect.keys():
            text = "the case passes for whatever reason it is refused, a slip in the case too; state the `reason`"
            yield Finding(yaml.file, case.line, case.column, "vague-case", about, text)
        question = repr((sorted(case.ask.items(), key=str), sorted(case.expect.items(), key=str)))
        first = seen.setdefault(question, case)
        if first is not case:
            text = f"the case asks and expects what the one in line {first.line} does"
            yield Finding(yaml.file, case.line, case.column, "duplicate-case", about, text)
    yield from _unused_tenants(parsed.tests, yaml)


def _unused_tenants(tests: CaseFile, yaml: YamlPlaces) -> Iterator[Finding]:
    asked = {word.lower() for case in tests.cases for word in _words(case.ask)}
    for tenant in tests.tenants:
        own = {word.lower() for members in _annexes(tenant.stated) for word in _words(members)} | {tenant.id}
        own |= {word.lower() for word in _words(tenant.stated.get("resources", ()))}
        if own.isdisjoint(asked):
            text = f"no case names the tenant `{tenant.id}`, nor one of its contacts"
            yield Finding(yaml.file, *yaml.key("tenants", tenant.id), "unused-tenant", tenant.id, text)


def _annexes(stated: Mapping[str, object]) -> Iterator[object]:
    """The lists of contacts of an inline tenant, as plain values."""
    yield stated.get("contacts", ())
    yield stated.get("annexes", ())


def _words(value: object) -> Iterator[str]:
    """Every text within plain values that may be an id."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            if name not in _NO_IDS:
                yield from _words(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _words(inner)
