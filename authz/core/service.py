"""What the contract promises in return for an allowed request: class, support level, due times (service terms)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import NamedTuple

from authz.core.calendar import WorkingCalendar
from authz.core.definition import PolicySet, ServiceRow, Term
from authz.core.matching import fits
from authz.core.types import Channel

Calendars = Callable[[str], WorkingCalendar]
"""Calendar id of the set -> calendar."""


class ServiceTerms(NamedTuple):
    """A promise of the contract; None and "" stand for what it does not promise. Instants are in the calendar's zone.

    `lapses_at`, `lapses_to`: when the case falls by itself into that state unless the contact acts.
    """

    service_class: str
    support_level: str
    received_at: dt.datetime
    reaction_due: dt.datetime | None
    completion_due: dt.datetime | None
    best_effort: bool
    clause: str
    lapses_at: dt.datetime | None = None
    lapses_to: str = ""


def service_terms(
    definition: PolicySet,
    action: str,
    channel: Channel,
    values: Mapping[str, object],
    received_at: dt.datetime,
    calendars: Calendars,
) -> ServiceTerms | None:
    """The first row of the set's service table that fits, with its times; None where the contract says nothing.

    `values` are the typed attributes of the request, `received_at` is timezone-aware.
    """
    for row in definition.service:
        if fits(row.actions, row.match, action, values):
            return _terms(row, channel, values, received_at, calendars(row.calendar))
    return None


def _terms(
    row: ServiceRow,
    channel: Channel,
    values: Mapping[str, object],
    received_at: dt.datetime,
    calendar: WorkingCalendar,
) -> ServiceTerms:
    counted_from = calendar.next_opening(received_at) if channel in row.deferred_channels else received_at
    lapses_at = _lapse(calendar, values.get(row.lapse_from), row.lapse)
    return ServiceTerms(
        row.service_class,
        row.support_level,
        counted_from.astimezone(calendar.zone),
        _due(calendar, counted_from, row.reaction),
        _due(calendar, counted_from, row.completion),
        row.best_effort,
        row.clause,
        lapses_at,
        row.lapse_to if lapses_at is not None else "",
    )


def _lapse(calendar: WorkingCalendar, since: object, after: Term | None) -> dt.datetime | None:
    """When the case falls by itself; None where `since` is unknown, or at an end of the calendar (year 9999)."""
    if not isinstance(since, dt.datetime):
        return None
    try:
        return _due(calendar, since, after)
    except OverflowError:
        return None


def _due(calendar: WorkingCalendar, start: dt.datetime, term: Term | None) -> dt.datetime | None:
    if term is None:
        return None
    due = calendar.after_days(start, term.amount) if term.unit == "days" else calendar.after_minutes(start, term.amount)
    return due.astimezone(calendar.zone)
