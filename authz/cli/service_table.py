"""The tables that stand beside the one of roles and actions: a set's service terms, its calendars and obligations.

Some contracts print them as tables of their own (reaction and completion by tariff, severities, kinds of defect).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from authz.cli.plain import printable
from authz.cli.terminal import QUIET, STRONG, say, show
from authz.core.definition import CalendarDef, Hours, ObligationDef, PolicySet, ServiceRow, Term
from authz.texts import label

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NOTHING: Final = "-"


def draw_service(console: Console, definition: PolicySet, language: str) -> None:
    """The service rows in the order in which they are tried, the hours of their calendars, and the obligations."""
    if definition.service:
        _draw(
            console,
            "Service terms, the first row that fits",
            ("", "Class", "Support level", "Reaction", "Completion", "Calendar", "Clause", "Actions"),
            [_service_cells(row) for row in definition.service],
        )
        for calendar in definition.calendars.values():
            say(console, (f"{calendar.id}: ", STRONG), calendar_text(calendar))
    if definition.obligations:
        _draw(
            console,
            "Obligations of the caller on an allow",
            ("", "What", "Clause", "Actions"),
            [_obligation_cells(obligation, language) for obligation in definition.obligations],
        )


def _draw(console: Console, title: str, heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    table = Table(box=box.SQUARE, show_lines=True, header_style=STRONG)
    for head in heads:
        table.add_column(head, overflow="fold")
    for name, *cells in rows:
        first, _, when = name.partition("\n")
        heading = Text(printable(first))
        if when:
            heading.append(f"\n{printable(when)}", QUIET)
        table.add_row(heading, *(Text(printable(cell)) for cell in cells))
    say(console, (title, STRONG))
    show(console, table)


def _service_cells(row: ServiceRow) -> tuple[str, ...]:
    return (
        _name(row.id, row.match),
        row.service_class + (", best effort" if row.best_effort else ""),
        row.support_level or _NOTHING,
        term_text(row.reaction),
        term_text(row.completion),
        row.calendar,
        row.clause,
        _actions(row.actions),
    )


def _obligation_cells(obligation: ObligationDef, language: str) -> tuple[str, ...]:
    text = obligation.properties.get("text")
    kind = str(obligation.properties.get("kind", obligation.type))
    said = label(text, language) if isinstance(text, Mapping) else str(text or "")
    return (
        _name(obligation.id, obligation.match),
        f"{kind}: {said}" if said else kind,
        obligation.clause,
        _actions(obligation.actions),
    )


def _actions(actions: tuple[str, ...]) -> str:
    return ", ".join(actions) or "every action"


def _name(row_id: str, match: Mapping[str, tuple[object, ...]]) -> str:
    """The row's id and, on a line of its own, when it applies: `resource.severity: 1 or 2`."""
    conditions = (f"{name}: {' or '.join(map(_value, values))}" for name, values in match.items())
    return "\n".join(filter(None, (row_id, ", ".join(conditions))))


def _value(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def term_text(term: Term | None) -> str:
    """As in `set.yaml`: `12 working hours`, `15 working days`, `immediately`; `-` where nothing is promised."""
    if term is None:
        return _NOTHING
    if term.unit == "minutes" and not term.amount:
        return "immediately"
    amount, unit = term.amount, term.unit.removesuffix("s")
    if unit == "minute" and not amount % 60:
        amount, unit = amount // 60, "hour"
    return f"{amount} working {unit}{'' if amount == 1 else 's'}"


def calendar_text(calendar: CalendarDef) -> str:
    """`mon-fri 09:00-12:00, 13:00-18:00; Europe/Bucharest; closed on holidays of RO`."""
    if calendar.around_the_clock:
        return "around the clock"
    parts = [*_week(calendar.hours), calendar.time_zone]
    if calendar.country:
        hours = _spans(calendar.holiday_hours)
        parts.append(f"{hours or 'closed'} on holidays of {calendar.country}")
    if calendar.extra_days_off:
        parts.append("closed on " + ", ".join(map(str, calendar.extra_days_off)))
    if calendar.extra_working_days:
        parts.append("open on " + ", ".join(map(str, calendar.extra_working_days)))
    return "; ".join(parts)


def _week(hours: Mapping[int, tuple[Hours, ...]]) -> list[str]:
    """One text for each run of days with the same hours."""
    runs: list[list[int]] = []
    for day in sorted(hours):
        if runs and runs[-1][-1] == day - 1 and hours[day] == hours[runs[-1][0]]:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ["-".join(_DAYS[day - 1] for day in sorted({run[0], run[-1]})) + f" {_spans(hours[run[0]])}" for run in runs]


def _spans(spans: tuple[Hours, ...]) -> str:
    return ", ".join(f"{_clock(span.start)}-{_clock(span.end)}" for span in spans)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def service_document(definition: PolicySet) -> dict[str, Any]:
    """`service`, `calendars` and `obligations` for `--json`; texts of obligations in all languages of the set."""
    return {
        "service": [
            {
                "id": row.id,
                "actions": list(row.actions),
                "match": _match_document(row.match),
                "class": row.service_class,
                "support_level": row.support_level or None,
                "reaction": _term_document(row.reaction),
                "completion": _term_document(row.completion),
                "best_effort": row.best_effort,
                "calendar": row.calendar,
                "deferred_channels": [channel.value for channel in row.deferred_channels],
                "lapse": _lapse_document(row),
                "clause": row.clause,
            }
            for row in definition.service
        ],
        "calendars": {calendar.id: calendar_text(calendar) for calendar in definition.calendars.values()},
        "obligations": [
            {
                "id": obligation.id,
                "type": obligation.type,
                "actions": list(obligation.actions),
                "match": _match_document(obligation.match),
                "properties": obligation.properties,
                "clause": obligation.clause,
            }
            for obligation in definition.obligations
        ],
    }


def _match_document(match: Mapping[str, tuple[object, ...]]) -> dict[str, list[object]]:
    return {name: list(values) for name, values in match.items()}


def _term_document(term: Term | None) -> dict[str, Any] | None:
    return None if term is None else {"amount": term.amount, "unit": term.unit}


def _lapse_document(row: ServiceRow) -> dict[str, Any] | None:
    if row.lapse is None:
        return None
    return {"after": _term_document(row.lapse), "from": row.lapse_from, "to": row.lapse_to}
