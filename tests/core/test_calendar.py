"""Working time is exact: held against a naive count of every single minute."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authz.core.calendar import WorkingCalendar
from authz.core.definition import CalendarDef, Hours

OFFICE = {day: (Hours(600, 1080),) for day in range(1, 6)}
HOLIDAYS = frozenset({dt.date(2026, 1, 1), dt.date(2026, 3, 30), dt.date(2026, 10, 26), dt.date(2026, 12, 25)})


def no_holidays(country: str, year: int) -> frozenset[dt.date]:
    return frozenset()


def some_holidays(country: str, year: int) -> frozenset[dt.date]:
    return frozenset(day for day in HOLIDAYS if day.year == year)


def calendar(definition: CalendarDef) -> WorkingCalendar:
    return WorkingCalendar(definition, ZoneInfo(definition.time_zone), some_holidays)


def moscow(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Moscow"))


MOSCOW_OFFICE = CalendarDef("office", "Europe/Moscow", OFFICE, (), "RU")


def test_an_hour_that_fits_before_closing_time_ends_the_same_day() -> None:
    assert calendar(MOSCOW_OFFICE).after_minutes(moscow("2026-06-03T17:00"), 60) == moscow("2026-06-03T18:00")


def test_an_hour_that_does_not_fit_goes_on_at_the_next_opening() -> None:
    assert calendar(MOSCOW_OFFICE).after_minutes(moscow("2026-06-05T17:30"), 60) == moscow("2026-06-08T10:30")


def test_time_outside_the_hours_starts_to_count_at_the_next_opening() -> None:
    assert calendar(MOSCOW_OFFICE).after_minutes(moscow("2026-06-06T12:00"), 90) == moscow("2026-06-08T11:30")


def test_seventy_two_working_hours_are_nine_office_days() -> None:
    assert calendar(MOSCOW_OFFICE).after_minutes(moscow("2026-06-01T10:00"), 72 * 60) == moscow("2026-06-11T18:00")


def test_a_legal_holiday_is_closed_unless_it_has_hours_of_its_own() -> None:
    with_hours = MOSCOW_OFFICE._replace(holiday_hours=(Hours(720, 1080),))

    assert calendar(MOSCOW_OFFICE).next_opening(moscow("2026-12-25T09:00")) == moscow("2026-12-28T10:00")
    assert calendar(with_hours).next_opening(moscow("2026-12-25T09:00")) == moscow("2026-12-25T12:00")


def test_extra_days_off_and_extra_working_days_overrule_the_week() -> None:
    moved = MOSCOW_OFFICE._replace(extra_days_off=(dt.date(2026, 6, 8),), extra_working_days=(dt.date(2026, 6, 6),))

    assert calendar(moved).after_minutes(moscow("2026-06-05T17:00"), 60 + 8 * 60 + 30) == moscow("2026-06-09T10:30")


def test_working_days_end_at_closing_time_and_skip_closed_days() -> None:
    assert calendar(MOSCOW_OFFICE).after_days(moscow("2026-06-05T11:00"), 1) == moscow("2026-06-08T18:00")
    assert calendar(MOSCOW_OFFICE).after_days(moscow("2026-06-01T11:00"), 15) == moscow("2026-06-22T18:00")


def test_a_midday_break_is_no_working_time() -> None:
    with_break = MOSCOW_OFFICE._replace(hours=dict.fromkeys(range(1, 6), (Hours(540, 720), Hours(780, 1080))))
    desk = calendar(with_break)

    assert desk.after_minutes(moscow("2026-06-03T11:30"), 60) == moscow("2026-06-03T13:30")
    assert desk.after_minutes(moscow("2026-06-03T11:30"), 30) == moscow("2026-06-03T12:00")
    assert desk.next_opening(moscow("2026-06-03T12:00")) == moscow("2026-06-03T13:00")
    assert [desk.is_open(moscow(f"2026-06-03T{at}")) for at in ("11:59", "12:00", "12:59", "13:00")] == [
        True,
        False,
        False,
        True,
    ]
    assert desk.after_days(moscow("2026-06-03T08:00"), 1) == moscow("2026-06-04T18:00")


def test_a_night_shift_is_a_span_up_to_midnight_and_one_from_it() -> None:
    night = calendar(
        MOSCOW_OFFICE._replace(hours=dict.fromkeys(range(1, 8), (Hours(0, 360), Hours(1320, 1440))), country="")
    )

    assert night.after_minutes(moscow("2026-06-03T23:00"), 120) == moscow("2026-06-04T01:00")
    assert night.next_opening(moscow("2026-06-04T06:00")) == moscow("2026-06-04T22:00")


def test_a_calendar_that_never_opens_raises_instead_of_hanging() -> None:
    never = MOSCOW_OFFICE._replace(hours={})

    with pytest.raises(OverflowError):
        calendar(never).after_minutes(moscow("2026-06-05T11:00"), 1)


def test_many_working_days_are_found_however_rare_they_are() -> None:
    mondays = MOSCOW_OFFICE._replace(hours={1: (Hours(600, 1080),)}, country="")

    assert calendar(mondays).after_days(moscow("2026-06-01T11:00"), 1000) == moscow("2045-07-31T18:00")


def naive_is_open(definition: CalendarDef, instant: dt.datetime) -> bool:
    local = instant.astimezone(ZoneInfo(definition.time_zone))
    day = local.date()
    if definition.around_the_clock:
        return True
    if day in definition.extra_days_off:
        return False
    if day in definition.extra_working_days:
        spans = definition.hours.get(1, ())
    elif definition.country and day in HOLIDAYS:
        spans = definition.holiday_hours
    else:
        spans = definition.hours.get(day.isoweekday(), ())
    return any(local.hour * 60 + local.minute in range(span.start, span.end) for span in spans)


def naive_after(definition: CalendarDef, start: dt.datetime, minutes: int) -> dt.datetime:
    instant = start.astimezone(dt.UTC)
    while minutes:
        minutes -= naive_is_open(definition, instant)
        instant += dt.timedelta(minutes=1)
    return instant


one_span = st.builds(lambda a, b: (Hours(min(a, b), max(a, b) + 30),), st.integers(0, 1410), st.integers(0, 1410))
# Four different minutes make two spans with a break; the last one may be 24:00.
two_spans = st.lists(st.integers(0, 1440), min_size=4, max_size=4, unique=True).map(
    lambda minutes: (Hours(*sorted(minutes)[:2]), Hours(*sorted(minutes)[2:]))
)
# The hour that some clocks pass twice, cut in two: its stretches come in turn.
in_turn = st.just((Hours(90, 150), Hours(150, 210), Hours(210, 1440)))
hours = one_span | two_spans | in_turn
days = st.dates(dt.date(2026, 1, 1), dt.date(2026, 12, 31))
definitions = st.builds(
    CalendarDef,
    st.just("any"),
    st.sampled_from(["Europe/Bucharest", "Europe/Moscow", "Etc/GMT-4", "America/St_Johns", "Australia/Lord_Howe"]),
    st.dictionaries(st.integers(1, 7), hours, min_size=3),
    st.just(()) | hours,
    st.sampled_from(["", "RO"]),
    st.lists(days, max_size=3).map(tuple),
    st.lists(days, max_size=3).map(tuple),
    st.integers(0, 9).map(lambda n: n == 0),
)
# Weeks in which clocks change, years end, holidays fall; and any other minute of the year.
starts = st.one_of(
    st.sampled_from([dt.date(2026, 3, 28), dt.date(2026, 10, 24), dt.date(2025, 12, 30), dt.date(2026, 4, 4)]),
    st.dates(dt.date(2026, 1, 1), dt.date(2026, 12, 1)),
)


@settings(deadline=None)
@given(definition=definitions, start=starts, offset=st.integers(0, 2880), minutes=st.integers(1, 1500))
def test_working_minutes_equal_a_naive_count_minute_by_minute(
    definition: CalendarDef, start: dt.date, offset: int, minutes: int
) -> None:
    begin = dt.datetime.combine(start, dt.time(), dt.UTC) + dt.timedelta(minutes=offset)
    if not definition.around_the_clock and 1 not in definition.hours and definition.extra_working_days:
        definition = definition._replace(extra_working_days=())

    due = calendar(definition).after_minutes(begin, minutes)

    assert due == naive_after(definition, begin, minutes)
    assert calendar(definition).is_open(begin) == naive_is_open(definition, begin)
