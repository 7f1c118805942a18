"""Reading time zones and working calendars of `set.yaml` (docs/policy-format.md)."""

from __future__ import annotations

import re
import zoneinfo
from typing import Final

from authz.core.definition import CalendarDef, Hours
from authz.policy.reading.fields import Source, near_miss
from authz.policy.reading.yaml_nodes import Mapping, Node, Scalar

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-(?:([01][0-9]|2[0-3]):([0-5][0-9])|(24):(00))")
_ZONE: Final = re.compile(r"[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+)*")
_SUBDIVISION: Final = re.compile(r"[A-Z0-9]{1,3}")  # of ISO 3166-2; the library knows some other names as well
_OPTIONAL: Final = (
    "time_zone",
    "hours",
    "holidays",
    "holiday_hours",
    "extra_days_off",
    "extra_working_days",
    "around_the_clock",
    "flag",
)
_NOT_AROUND_THE_CLOCK: Final = ("hours", "holidays", "holiday_hours", "extra_days_off", "extra_working_days")


def time_zone(source: Source, node: Node | None) -> str:
    """The name of a time zone of the tz database."""
    name = source.text(node)
    if node is None or not name:
        return ""
    if _is_zone(name):
        return name
    by_lower_case = {zone.lower(): zone for zone in zoneinfo.available_timezones()}
    hint = near_miss(name, by_lower_case)
    for lower_case, zone in by_lower_case.items():
        hint = hint.replace(f"`{lower_case}`", f"`{zone}`")
    source.refuse(node, f"unknown time zone `{name}`{hint}")
    return ""


def _is_zone(name: str) -> bool:
    try:
        return _ZONE.fullmatch(name) is not None and zoneinfo.ZoneInfo(name).key == name
    except (ValueError, OSError):  # a folder of the database, or none of its names
        return False
    except zoneinfo.ZoneInfoNotFoundError:
        return False


def calendars(source: Source, node: Node | None, set_zone: str) -> dict[str, CalendarDef]:
    """All calendars by id; one without a time zone has the set's."""
    return {source.id(key): _calendar(source, key, value, set_zone) for key, value in source.entries(node)}


def _calendar(source: Source, key: Scalar, node: Node, set_zone: str) -> CalendarDef:
    fields = source.fields(node, (), _OPTIONAL)
    around_the_clock = source.flag(fields["around_the_clock"])
    hours: dict[int, tuple[Hours, ...]] = {}
    before = len(source.problems)
    if around_the_clock:
        for name in _NOT_AROUND_THE_CLOCK:
            if (beside := fields[name]) is not None:
                source.refuse(beside, f"`{name}` beside `around_the_clock` can never matter")
    else:
        if fields.node is not None and "hours" not in fields:
            source.refuse(node, "`hours` is missing (or `around_the_clock: true`)")
        hours = _week(source, fields["hours"])
    hours_known = len(source.problems) == before
    country = _country(source, fields["holidays"])
    if (holiday_hours := fields["holiday_hours"]) is not None and "holidays" not in fields:
        source.refuse(holiday_hours, "`holiday_hours` without `holidays` can never matter")
    off = source.distinct(fields["extra_days_off"], source.date)
    working = source.distinct(fields["extra_working_days"], source.date)
    if (extra := fields["extra_working_days"]) is not None:
        for day in sorted({day for day in working if day is not None and day in off}):
            source.refuse(extra, f"`{day}` is also a day off")
        if working and hours_known and not around_the_clock and 1 not in hours:
            source.refuse(extra, "extra working days have the hours of Monday, and `mon` has none")
    return CalendarDef(
        key.text,
        time_zone(source, fields["time_zone"]) or set_zone,
        hours,
        _spans(source, fields["holiday_hours"]),
        country,
        tuple(day for day in off if day is not None),
        tuple(day for day in working if day is not None),
        around_the_clock,
        source.text(fields["flag"], multiline=True),
    )


def _week(source: Source, node: Node | None) -> dict[int, tuple[Hours, ...]]:
    hours: dict[int, tuple[Hours, ...]] = {}
    for key, value in source.entries(node):
        spans = _spans(source, value)
        for day in _days(source, key):
            if day in hours:
                source.refuse(key, f"`{_DAYS[day - 1]}` is given twice")
            elif spans:
                hours[day] = spans
    if isinstance(node, Mapping) and not node.entries:
        source.refuse(node, "a calendar needs at least one working day")
    return hours


def _days(source: Source, key: Scalar) -> range:
    first, dash, last = key.text.partition("-")
    last = last if dash else first
    if first in _DAYS and last in _DAYS and _DAYS.index(first) <= _DAYS.index(last):
        return range(_DAYS.index(first) + 1, _DAYS.index(last) + 2)
    source.refuse(key, f"`{key.text}` is no day or range of days; write `mon` or `mon-fri`")
    return range(0)


def _spans(source: Source, node: Node | None) -> tuple[Hours, ...]:
    """The spans of one day, separated by commas: in order, and none beginning before the one above it has ended."""
    text = source.text(node)
    if node is None or not text:
        return ()
    spans: list[Hours] = []
    for written in text.split(","):
        span = _span(written.strip(" "))
        if span is None:
            source.refuse(node, f"`{written.strip(' ')}` are no opening hours; write `09:00-18:00`")
            return ()
        if spans and span.start < spans[-1].end:
            source.refuse(node, f"`{written.strip(' ')}` begins before the span in front of it ends")
            return ()
        spans.append(span)
    return tuple(spans)


def _span(text: str) -> Hours | None:
    found = _HOURS.fullmatch(text)
    if found is None:
        return None
    numbers = [int(part) for part in found.groups() if part is not None]
    start, end = numbers[0] * 60 + numbers[1], numbers[2] * 60 + numbers[3]
    return Hours(start, end) if start < end else None


def _country(source: Source, node: Node | None) -> str:
    """A country whose legal holidays are known (`RO`), or one of its subdivisions (`DE-BY`)."""
    text = source.text(node)
    if node is None or not text:
        return ""
    import holidays  # noqa: PLC0415 - slow to import, and only some sets have a calendar with legal holidays

    country, dash, subdivision = text.partition("-")
    known = holidays.list_supported_countries()
    if country not in known:
        source.refuse(node, f"unknown country `{country}`; write its two capital letters")
        return ""
    regions = [region for region in known[country] if _SUBDIVISION.fullmatch(region)]
    if dash and subdivision not in regions:
        listed = ", ".join(f"`{country}-{region}`" for region in regions)
        of_them = f"its regions are {listed}" if regions else "no regions of it are known"
        source.refuse(node, f"unknown region `{text}` of `{country}`; {of_them}")
        return ""
    return text
