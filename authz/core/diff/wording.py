"""What a row of `set.yaml` says, member by member, in words that a reviewer reads without the file. Pure.

Words of the set stand as they are, texts in quotes, `true` as `yes`: no two values are said alike.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from authz.core.definition import CalendarDef, Guard, Hours, ObligationDef, ServiceRow, Term

Said = dict[str, str]
"""Member, as it is called in a sentence -> its value in words."""

_MOST_NAMED: Final = 8
_DAYS: Final = ("", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def how_changed(was: Any, now: Any) -> str:
    """`is new`, `is gone`, or which members differ: `was` and `now` are rows of one kind, None where there is none."""
    if was is None or now is None:
        there = said(now if was is None else was)
        return f"is {'new' if was is None else 'gone'}: {'; '.join(f'{name} {text}' for name, text in there.items())}"
    found = difference(said(was), said(now))
    return f"differs: {found}" if found else "is written otherwise, and says the same"


def difference(was: Said, now: Said) -> str:
    """`reaction 2 working hours, before: 1 working hour; ...`; empty where both say the same."""
    names = dict.fromkeys((*now, *was))
    return "; ".join(
        f"{name} {now.get(name, 'none')}, before: {was.get(name, 'none')}"
        for name in names
        if now.get(name) != was.get(name)
    )


def shortlist(words: Iterable[str]) -> str:
    """`a, b, c and 3 more`."""
    named = list(words)
    if len(named) <= _MOST_NAMED:
        return ", ".join(named)
    return f"{', '.join(named[: _MOST_NAMED - 1])} and {len(named) - _MOST_NAMED + 1} more"


def said(row: Any) -> Said:
    """Each member that says something; `row`: one of the kinds that `_SAYS` names, or a mapping of texts."""
    say: Callable[[Any], Iterator[tuple[str, str]]] = _SAYS[type(row)]
    return {name: text for name, text in say(row) if text}


def texts(name: str, value: object) -> Iterator[tuple[str, str]]:
    """A text, or a mapping of them however deep: `label en` and its text in quotes; `{}` for a named one of nothing."""
    if isinstance(value, Mapping) and (value or not name):
        for key, inner in value.items():
            yield from texts(f"{name} {key}".strip(), inner)
    else:
        yield name, in_words(value)


def in_words(value: object) -> str:
    """One value of an attribute or a property."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(in_words, value))}]"
    return f"“{value}”" if isinstance(value, str) else str(value)


def _obligation(row: ObligationDef) -> Iterator[tuple[str, str]]:
    yield "type", row.type
    yield "of", _listed(row.actions, "every action")
    yield "applies", _where(row.match)
    for name, value in row.properties.items():
        yield from texts(f"property {name}", value)
    yield "clause", row.clause


def _service(row: ServiceRow) -> Iterator[tuple[str, str]]:
    yield "of", _listed(row.actions, "every action")
    yield "applies", _where(row.match)
    yield "class", row.service_class
    yield "support level", row.support_level
    yield "calendar", row.calendar
    yield "reaction", _term(row.reaction)
    yield "completion", _term(row.completion)
    yield "best effort", in_words(row.best_effort)
    yield "clause", row.clause
    yield "deferred channels", _listed(row.deferred_channels)
    yield "lapse", f"{_term(row.lapse)} after {row.lapse_from}, to {row.lapse_to}" if row.lapse else ""


def _calendar(row: CalendarDef) -> Iterator[tuple[str, str]]:
    yield "time zone", row.time_zone
    for day in sorted(row.hours):
        yield _DAYS[day], _spans(row.hours[day])
    yield "holidays", row.country
    yield "hours on holidays", _spans(row.holiday_hours)
    yield "days off", _listed(map(dt.date.isoformat, row.extra_days_off))
    yield "working days besides", _listed(map(dt.date.isoformat, row.extra_working_days))
    yield "around the clock", in_words(row.around_the_clock)
    yield "note", in_words(row.flag) if row.flag else ""


def _guard(row: Guard) -> Iterator[tuple[str, str]]:
    if not row.is_about_networks and not row.deny_cells:
        whose = f"{_listed(row.roles, 'any role')} of {_listed(row.tenants, 'any tenant')}"
        yield "it forbids", f"{_listed(row.actions, 'any action')} to {whose}"
    for role, actions in row.deny_cells.items():
        yield f"it forbids {role}", _listed(actions)
    yield "widest IPv4 range", f"/{row.widest_ipv4}" if row.widest_ipv4 else ""
    yield "widest IPv6 range", f"/{row.widest_ipv6}" if row.widest_ipv6 else ""
    yield "`any`", "refused" if row.no_any else ""
    yield from texts("label", row.label)


def _plain(row: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    yield from texts("", row)


_SAYS: Final[Mapping[type, Callable[[Any], Iterator[tuple[str, str]]]]] = {
    ObligationDef: _obligation, ServiceRow: _service, CalendarDef: _calendar, Guard: _guard, dict: _plain,
}  # fmt: skip


def _listed(words: Iterable[str], none: str = "") -> str:
    return ", ".join(words) or none


def _where(match: Mapping[str, tuple[object, ...]]) -> str:
    """`where tenant.plan is “gold” or “silver”, and subject.vip is yes`."""
    cases = (f"{name} is {' or '.join(map(in_words, values))}" for name, values in match.items())
    told = ", and ".join(cases)
    return f"where {told}" if told else "always"


def _term(term: Term | None) -> str:
    if term is None:
        return ""
    amount, unit = term.amount, term.unit.removesuffix("s")
    if unit == "minute" and not amount % 60:
        amount, unit = amount // 60, "hour"
    if not amount:
        return "immediately"
    return f"{amount} working {unit}{'' if amount == 1 else 's'}"


def _spans(spans: Iterable[Hours]) -> str:
    def clock(minutes: int) -> str:
        return f"{minutes // 60:02}:{minutes % 60:02}"

    return _listed(f"{clock(one.start)}-{clock(one.end)}" for one in spans)
