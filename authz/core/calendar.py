"""Working calendars: opening hours, working minutes and working days (service terms of the contracts).

Opening hours are local wall-clock times; working time is real elapsed time while open, so a day on which the clocks
change counts the minutes that really passed. All instants taken and given are timezone-aware.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from authz.core.definition import CalendarDef, Hours

LegalHolidays = Callable[[str, int], frozenset[dt.date]]
"""(country or subdivision such as `DE-BY`, year) -> the legal holidays of that year."""

_ONE_DAY: Final = dt.timedelta(days=1)
_ONE_MINUTE: Final = dt.timedelta(minutes=1)
_MONDAY: Final = 1
_LONGEST_SEARCH_DAYS: Final = 3660
_WHOLE_DAY: Final = (Hours(0, 1440),)


class Opening(NamedTuple):
    """One stretch of working time, in UTC; `end` is exclusive."""

    start: dt.datetime
    end: dt.datetime


class WorkingCalendar:
    """Answers when it is open and when an amount of working time will have passed.

    A calendar that opens at no day at all is refused by the policy checks; searching longer than ten years raises
    OverflowError.
    """

    def __init__(self, definition: CalendarDef, zone: dt.tzinfo, legal_holidays: LegalHolidays) -> None:
        self._definition = definition
        self.zone = zone
        self._legal_holidays = legal_holidays
        self._off = frozenset(definition.extra_days_off)
        self._on = frozenset(definition.extra_working_days)

    def hours(self, day: dt.date) -> tuple[Hours, ...]:
        """The spans of opening hours of one local day, in order; none where closed."""
        definition = self._definition
        if definition.around_the_clock:
            return _WHOLE_DAY
        if day in self._off:
            return ()
        if day in self._on:
            return definition.hours.get(_MONDAY, ())
        if definition.country and day in self._legal_holidays(definition.country, day.year):
            return definition.holiday_hours
        return definition.hours.get(day.isoweekday(), ())

    def is_open(self, instant: dt.datetime) -> bool:
        """Whether `instant` lies in working time."""
        opening = next(self._openings(instant))
        return opening.start <= instant

    def next_opening(self, instant: dt.datetime) -> dt.datetime:
        """`instant` itself while open, else the next moment of opening."""
        return max(next(self._openings(instant)).start, instant)

    def after_minutes(self, start: dt.datetime, minutes: int) -> dt.datetime:
        """The earliest instant by which `minutes` of working time have passed; it may be a closing time."""
        left = dt.timedelta(minutes=minutes)
        if not left:
            return start
        for opening in self._openings(start):
            begin = max(opening.start, start)
            if begin + left <= opening.end:
                return begin + left
            left -= opening.end - begin
        raise AssertionError("openings never end")

    def after_days(self, start: dt.datetime, days: int) -> dt.datetime:
        """The closing time of the `days`-th working day after the local day of `start`."""
        day = start.astimezone(self.zone).date()
        idle = 0
        while idle < _LONGEST_SEARCH_DAYS:
            day += _ONE_DAY
            stretches = self._day_openings(day)
            idle = 0 if stretches else idle + 1
            if stretches:
                days -= 1
                if days <= 0:
                    return stretches[-1].end
        raise OverflowError("the calendar has too few working days")

    def _openings(self, since: dt.datetime) -> Iterator[Opening]:
        """The stretches of working time that end after `since`, in order."""
        since = since.astimezone(dt.UTC)
        day = since.astimezone(self.zone).date() - _ONE_DAY
        idle = 0
        while idle < _LONGEST_SEARCH_DAYS:
            stretches = [opening for opening in self._day_openings(day) if opening.end > since]
            yield from stretches
            idle = 0 if stretches else idle + 1
            day += _ONE_DAY
        raise OverflowError("the calendar has too few working days")

    def _day_openings(self, day: dt.date) -> list[Opening]:
        spans = self.hours(day)
        if not spans:
            return []
        midnight = dt.datetime.combine(day, dt.time(), self.zone)
        following = dt.datetime.combine(day + _ONE_DAY, dt.time(), self.zone)
        first, last = midnight.astimezone(dt.UTC), following.astimezone(dt.UTC)
        if last - first == _ONE_DAY and midnight.utcoffset() == following.utcoffset():
            return [Opening(first + span.start * _ONE_MINUTE, first + span.end * _ONE_MINUTE) for span in spans]
        return _stretches_by_the_minute(first, last, self.zone, spans)


def _stretches_by_the_minute(
    first: dt.datetime, last: dt.datetime, zone: dt.tzinfo, spans: tuple[Hours, ...]
) -> list[Opening]:
    """A day on which the clocks change: each real minute counts when its wall-clock time lies in one of the spans.

    All spans at once: when an hour is passed twice, the stretches of two spans may come in turn.
    """
    stretches: list[Opening] = []
    minute = first
    while minute < last:
        local = minute.astimezone(zone)
        wall_clock = local.hour * 60 + local.minute
        if any(span.start <= wall_clock < span.end for span in spans):
            if stretches and stretches[-1].end == minute:
                stretches[-1] = Opening(stretches[-1].start, minute + _ONE_MINUTE)
            else:
                stretches.append(Opening(minute, minute + _ONE_MINUTE))
        minute += _ONE_MINUTE
    return stretches
