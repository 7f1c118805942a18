"""`GET /metrics` for Prometheus. No label names a contact, a tenant or an address; the words of each are a closed list.

The counts of all workers are added up; what is live, and how old, is this worker's own view.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from starlette.types import Receive, Send
from starlette.types import Scope as Connection

from authz.core.outcome import Outcome
from authz.core.types import Reason
from authz.log.writing.writer import LogHealth
from authz.web.credentials.callers import Callers, Scope
from authz.web.measures.tally import Series, Tally, greatest, summed
from authz.web.messages.reply import send_whole
from authz.web.service import Service
from authz.wiring import Health

DECISIONS: Final = "authz_decisions"
INTERNAL_ERRORS: Final = "authz_internal_errors"
RELOAD_FAILURES: Final = "authz_policy_reload_failures"
LOG_WRITTEN: Final = "authz_log_written"
LOG_LOST: Final = "authz_log_lost"
SECONDS: Final = "authz_decision_seconds"
UNKNOWN: Final = "unknown"
"""In place of a set or an action that the decision did not come to, or that the set does not have."""

_LABELS: Final = ("set", "action", "outcome", "reason", "channel")
_BUCKETS_S: Final = (1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 1e-1, 1.0, float("inf"))
_INTERNAL_ERROR: Final = Reason.INTERNAL_ERROR
_BUCKET_SERIES: Final[tuple[Series, ...]] = tuple((SECONDS, str(bound)) for bound in _BUCKETS_S)
_SUM_SERIES: Final[Series] = (SECONDS, "sum")


class Metrics:
    """Counts decisions. `observe` is on the decision path, on one thread."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self._values = tally.values
        self._seconds = tally.slot(_SUM_SERIES)
        self._buckets = [tally.slot(series) for series in _BUCKET_SERIES]
        self._kinds: dict[tuple[Any, ...], int | None] = {}

    def observe(self, outcome: Outcome, seconds: float) -> None:
        """Count one decision that took so many seconds."""
        decision = outcome.decision
        allowed, reason, action = decision[:3]
        generation = decision.generation
        set_id = UNKNOWN if generation is None else generation.definition.id
        kind = (set_id, action, allowed, reason, outcome.request.channel)
        try:
            slot = self._kinds[kind]
        except KeyError:
            slot = self._kinds[kind] = self._slot_of(outcome, set_id)
        bucket, total, values = self._buckets[bisect_left(_BUCKETS_S, seconds)], self._seconds, self._values
        if slot is not None and bucket is not None and total is not None:
            values[slot] += 1.0
            values[bucket] += 1.0
            values[total] += seconds
        if reason is _INTERNAL_ERROR:
            self.tally.add((INTERNAL_ERRORS,))

    def _slot_of(self, outcome: Outcome, set_id: str) -> int | None:
        """Where decisions of this one's kind are counted."""
        decision = outcome.decision
        known = decision.generation is not None and decision.action in decision.generation.definition.actions
        action = decision.action if known else UNKNOWN
        outcome_word = "allow" if decision.allowed else "deny"
        return self.tally.slot((DECISIONS, set_id, action, outcome_word, decision.reason, outcome.request.channel))

    def note_reload_failures(self, failures: Mapping[str, int]) -> None:
        """Policy set id -> how often a newer revision of it was refused, as this worker has seen."""
        for set_id, count in failures.items():
            self.tally.put((RELOAD_FAILURES, set_id), float(count))

    def note_log(self, log: LogHealth | None) -> None:
        """How many records this worker wrote and lost; the page adds up what every worker last noted."""
        if log is not None:
            self.tally.put((LOG_WRITTEN,), float(log.written))
            self.tally.put((LOG_LOST,), float(log.lost))


class MetricsPage:
    """`GET /metrics`. Needs scope `metrics`."""

    def __init__(self, service: Service, callers: Callers, metrics: Metrics) -> None:
        self._service = service
        self._callers = callers
        self._metrics = metrics

    async def __call__(self, scope: Connection, _receive: Receive, send: Send) -> None:
        """Answer from memory and from the other workers' files."""
        (await self._callers.identify(scope)).require(Scope.METRICS)
        registry, health = CollectorRegistry(auto_describe=False), self._service.health()
        self._metrics.note_log(health.log)
        registry.register(_Collector(self._metrics.tally, health))
        await send_whole(send, 200, generate_latest(registry), CONTENT_TYPE_PLAIN_0_0_4.encode())


class _Collector:
    """What the page says at one moment."""

    def __init__(self, tally: Tally, health: Health) -> None:
        self._tally = tally
        self._health = health

    def collect(self) -> Iterable[Metric]:
        """Every metric."""
        counts = summed(self._tally.everybody())
        yield from _decisions(counts)
        yield from _policies(self._health, greatest(self._tally.everybody()))
        yield from _registry(self._health)
        yield from _log(self._health, counts)


def _decisions(counts: Mapping[Series, float]) -> Iterator[Metric]:
    decisions = CounterMetricFamily(DECISIONS, "decisions", labels=_LABELS)
    for (name, *labels), value in sorted(counts.items()):
        if name == DECISIONS:
            decisions.add_metric(labels, value)
    yield decisions
    yield CounterMetricFamily(
        INTERNAL_ERRORS, "denies because of a fault of the service", value=counts.get((INTERNAL_ERRORS,), 0.0)
    )
    seconds = HistogramMetricFamily(SECONDS, "seconds from a question that was read to its decision")
    buckets: list[tuple[str, float]] = []
    below = 0.0
    for bound, series in zip(_BUCKETS_S, _BUCKET_SERIES, strict=True):
        below += counts.get(series, 0.0)
        buckets.append(("+Inf" if bound == float("inf") else str(bound), below))
    seconds.add_metric([], buckets, counts.get(_SUM_SERIES, 0.0))
    yield seconds


def _policies(health: Health, counts: Mapping[Series, float]) -> Iterator[Metric]:
    about = GaugeMetricFamily("authz_policy_info", "1 for the revision that is live", labels=("set", "revision"))
    age = GaugeMetricFamily("authz_policy_age_seconds", "seconds since the revision went live", labels=("set",))
    loaded = GaugeMetricFamily("authz_policy_loaded_timestamp_seconds", "when the revision went live", labels=("set",))
    stale = GaugeMetricFamily("authz_policy_stale", "1 where the files are newer than what is live", labels=("set",))
    failures = CounterMetricFamily(RELOAD_FAILURES, "newer revisions that were refused", labels=("set",))
    for set_id, one in sorted(health.policy.items()):
        if one["revision"]:
            about.add_metric([set_id, one["revision"]], 1.0)
            age.add_metric([set_id], one["age_s"] or 0.0)
            loaded.add_metric([set_id], dt.datetime.fromisoformat(one["since"]).timestamp())
        stale.add_metric([set_id], float(one["stale"]))
        failures.add_metric([set_id], counts.get((RELOAD_FAILURES, set_id), 0.0))
    yield from (about, age, loaded, stale, failures)


def _log(health: Health, counts: Mapping[Series, float]) -> Iterator[Metric]:
    log = health.log
    if log is not None:
        yield GaugeMetricFamily(
            "authz_log_unwritable", "1 while decisions cannot be recorded", value=float(bool(log.problem))
        )
        yield GaugeMetricFamily("authz_log_waiting", "records that are not written yet", value=log.waiting)
        yield CounterMetricFamily(LOG_WRITTEN, "records written", value=counts.get((LOG_WRITTEN,), 0.0))
        yield CounterMetricFamily(LOG_LOST, "records that were never written", value=counts.get((LOG_LOST,), 0.0))


def _registry(health: Health) -> Iterator[Metric]:
    registry = health.registry
    if registry is not None:
        yield GaugeMetricFamily("authz_registry_revision", "the revision in memory", value=registry.revision)
        yield GaugeMetricFamily(
            "authz_registry_age_seconds",
            "seconds since the registry in memory was last seen to be what the database holds",
            value=registry.age_s,
        )
        yield GaugeMetricFamily("authz_registry_stale", "1 while the database is away", value=float(registry.stale))
    yield GaugeMetricFamily("authz_ready", "1 once every policy set is live", value=float(health.ready))
