"""`tests.yaml` run as it will be decided: each case walks `core.decide`, its promises too (DESIGN section 3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from authz.core.attributes import bindings
from authz.core.calendar import WorkingCalendar
from authz.core.decide import decide
from authz.core.decision import Decision
from authz.core.generation import Generation
from authz.core.obligations import obligations
from authz.core.question import request_from_flat
from authz.core.service import ServiceTerms, service_terms
from authz.core.types import Missing, Reason, Request
from authz.errors import Problem, RequestInvalid, sorted_problems
from authz.legal_holidays import legal_holidays
from authz.policy.cases.case import Case, CaseFile
from authz.policy.cases.inline import InlineWorld, inline_world

DEFAULT_NOW: Final = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
"""The clock of a case that states no `at`: a suite says the same on every day."""


class CaseResult(NamedTuple):
    """One case as it was answered. `differences`: one sentence for each thing that is not as expected.

    `decision`, `request`: None for a case that cannot be asked.
    """

    case: Case
    differences: tuple[str, ...]
    decision: Decision | None = None
    request: Request | None = None


class SuiteReport(NamedTuple):
    """`cases`: how many there are; `problems`: one for each that failed (or one for a suite that cannot be run).

    `results`: of every case, in the order of the file; empty for a suite that cannot be run.
    """

    cases: int
    problems: tuple[Problem, ...]
    results: tuple[CaseResult, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every case gave what it expects, and there is at least one."""
        return not self.problems


def run_suite(tests: CaseFile, generation: Generation, file: str = "") -> SuiteReport:
    """Ask every case of the generation with the suite's own tenants and networks in place of the real ones.

    Args:
        file: name for the problems; empty: `policies/<set>/tests.yaml`.
    """
    set_id = generation.definition.id
    file = file or f"policies/{set_id}/tests.yaml"
    if not tests.cases:
        return SuiteReport(0, (Problem(file, 0, 0, "there are no cases; an untested set never goes live", "test"),))
    try:
        world = inline_world(set_id, tests.tenants, f"{set_id}/tests.yaml")
    except ValueError as error:
        return SuiteReport(len(tests.cases), (Problem(file, 0, 0, str(error), "test"),))
    asked = _with_networks(generation, world)
    results = tuple(_result(case, asked, world) for case in tests.cases)
    problems = sorted_problems(problem for result in results for problem in case_problems(result, file))
    return SuiteReport(len(tests.cases), problems, results)


def case_problems(result: CaseResult, file: str) -> list[Problem]:
    """What the case's result keeps from going live, at the case's place in `file`."""
    case = result.case
    return [
        Problem(file, case.line, case.column, f"`{case.description}`: {difference}", "test")
        for difference in result.differences
    ]


def _with_networks(generation: Generation, world: InlineWorld) -> Generation:
    return Generation(
        generation.definition,
        generation.table,
        world.networks,
        generation.facts,
        generation.local_day.zone,
        generation.revision,
    )


def _result(case: Case, generation: Generation, world: InlineWorld) -> CaseResult:
    """The case asked; one that cannot be asked, or fails while deciding, differs as well."""
    try:
        now = _instant(case.ask)
        request = request_from_flat({name: value for name, value in case.ask.items() if name != "at"})
    except RequestInvalid as error:
        return CaseResult(case, (f"cannot be asked: {error.code}: {error}",))
    except ValueError:
        return CaseResult(case, ("`at` is not an instant with its offset",))
    try:
        decision = decide(request, world.directory, {generation.definition.id: generation}, now.timestamp())
        differences = _decision_differences(case.expect, decision)
        if not differences and ("obligations" in case.expect or "service" in case.expect):
            differences = _promise_differences(case.expect, decision, request, now)
    except Exception as error:  # noqa: BLE001 - an error while deciding is a finding about the set, with its case
        return CaseResult(case, (f"an error while deciding: {type(error).__name__}: {error}",))
    return CaseResult(case, tuple(differences), decision, request)


def _instant(ask: Mapping[str, object]) -> dt.datetime:
    stated = ask.get("at")
    if stated is None:
        return DEFAULT_NOW
    instant = stated if isinstance(stated, dt.datetime) else dt.datetime.fromisoformat(str(stated))
    if instant.utcoffset() is None:
        raise ValueError("no offset")
    return instant


def _decision_differences(expect: Mapping[str, object], decision: Decision) -> list[str]:
    """Expected against got; the first line is enough to see why the decision is as it is."""
    got: dict[str, object] = {
        "decision": decision.allowed,
        "reason": decision.reason.value,
        "fact": decision.fact,
        "rule": decision.rule,
    }
    wrong = [
        f"{name} {_shown(expect[name])}" for name in got if name in expect and not _same(name, expect[name], got[name])
    ]
    if "missing" in expect and not _same_missing(expect["missing"], decision.missing):
        wrong.append(f"missing {_shown(expect['missing'])}")
    return [f"expected {', '.join(wrong)}; got {told(decision)}"] if wrong else []


def told(decision: Decision) -> str:
    """A decision in one line: `deny, fact_not_met (own_request) by calltrack/matrix.csv:12, missing own_request`."""
    words = f"{'allow' if decision.allowed else 'deny'}, {decision.reason.value}"
    if decision.fact:
        words += f" ({decision.fact})"
    if decision.rule:
        words += f" by {decision.rule}"
    if decision.network_rule:
        words += f", network {decision.network_rule}"
    missing = [word for part in decision.missing for word in _words(part)]
    if missing:
        words += f", missing {' + '.join(missing)}"
    elif not decision.allowed and decision.reason is Reason.ROLE_NOT_PERMITTED:
        words += ", nothing would help"
    return words


def _same(name: str, expected: object, got: object) -> bool:
    if name == "rule" and isinstance(expected, str) and isinstance(got, str) and got:
        return expected in (got, got.partition("/")[2])
    return type(expected) is type(got) and expected == got


def _same_missing(expected: object, missing: tuple[Missing, ...]) -> bool:
    """The facts by name; or a fact's missing parts one by one, as `report_complete.licence_number`."""
    wanted = expected if isinstance(expected, (list, tuple)) else [expected]
    by_part = [word for part in missing for word in _words(part)]
    return sorted(map(str, wanted)) in (sorted(map(str, missing)), sorted(by_part))


def _words(missing: Missing) -> list[str]:
    return [f"{missing.fact}.{part}" for part in missing.parts] if missing.parts else [str(missing)]


def _promise_differences(
    expect: Mapping[str, object], decision: Decision, request: Request, now: dt.datetime
) -> list[str]:
    """Obligations (by id) and service terms that come with an allow; a refusal has neither."""
    duties: list[str] = []
    terms: ServiceTerms | None = None
    generation, tenant, contact = decision.generation, decision.tenant, decision.contact
    if decision.allowed and generation is not None and tenant is not None and contact is not None:
        definition = generation.definition
        day = generation.local_day.ordinal(now.timestamp())
        values = bindings(
            definition, request, tenant, contact, decision.key or contact.keys[0], decision.action, day, now.timestamp()
        )
        duties = sorted(duty.id for duty in obligations(definition, decision.action, values))
        terms = service_terms(
            definition, decision.action, request.channel, values, now.astimezone(dt.UTC), _calendars(generation)
        )
    found = []
    if "obligations" in expect and _ids(expect["obligations"]) != duties:
        found.append(f"expected obligations {_shown(expect['obligations'])}; got {_shown(duties)}")
    if "service" in expect:
        found += _service_differences(expect["service"], terms)
    return found


def _calendars(generation: Generation) -> Callable[[str], WorkingCalendar]:
    def calendar(calendar_id: str) -> WorkingCalendar:
        definition = generation.definition.calendars[calendar_id]
        return WorkingCalendar(definition, ZoneInfo(definition.time_zone), legal_holidays)

    return calendar


def _ids(expected: object) -> list[str]:
    wanted = expected if isinstance(expected, (list, tuple)) else [expected]
    return sorted(str(item["id"]) if isinstance(item, Mapping) else str(item) for item in wanted)


def _service_differences(expected: object, terms: ServiceTerms | None) -> list[str]:
    """Only the members that the case names; one that is expected as `null` must be absent."""
    if not isinstance(expected, Mapping):
        return [] if expected is None and terms is None else [f"expected no service terms; got {terms}"]
    got = _members(terms)
    wrong = {name: value for name, value in expected.items() if not _same_member(value, got.get(str(name)))}
    if not wrong:
        return []
    shown = {name: got.get(str(name)) for name in wrong}
    return [f"expected service {_shown(wrong)}; got {_shown(shown)}"]


def _members(terms: ServiceTerms | None) -> dict[str, object]:
    """The members of `context.service_terms` in the answer; what the contract does not promise is absent."""
    if terms is None:
        return {}
    members: dict[str, object] = {
        "class": terms.service_class,
        "support_level": terms.support_level,
        "received_at": terms.received_at,
        "reaction_due": terms.reaction_due,
        "completion_due": terms.completion_due,
        "best_effort": terms.best_effort,
        "clause": terms.clause,
        "lapses_at": terms.lapses_at,
        "lapses_to": terms.lapses_to,
    }
    return {name: value for name, value in members.items() if value not in (None, "")}


def _same_member(expected: object, got: object) -> bool:
    if isinstance(got, dt.datetime):
        try:
            return dt.datetime.fromisoformat(str(expected)) == got
        except (ValueError, TypeError):
            return False
    return type(expected) is type(got) and expected == got


def _shown(value: object) -> str:
    if isinstance(value, dt.datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_shown(member)}" for name, member in value.items())
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_shown, value)) + "]"
    return str(value).lower() if isinstance(value, bool) or value is None else str(value)
