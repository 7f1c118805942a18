from __future__ import annotations

import datetime as dt

import pytest

from authz.cli.service_table import calendar_text, term_text
from authz.core.definition import CalendarDef, Hours, Term

MORNING, AFTERNOON = Hours(540, 720), Hours(780, 1440)


@pytest.mark.parametrize(
    ("term", "text"),
    [
        (None, "-"),
        (Term(0, "minutes"), "immediately"),
        (Term(1, "minutes"), "1 working minute"),
        (Term(90, "minutes"), "90 working minutes"),
        (Term(60, "minutes"), "1 working hour"),
        (Term(720, "minutes"), "12 working hours"),
        (Term(1, "days"), "1 working day"),
        (Term(15, "days"), "15 working days"),
    ],
)
def test_a_term_reads_as_in_the_set(term: Term | None, text: str) -> None:
    assert term_text(term) == text


def test_a_calendar_reads_as_runs_of_days_with_the_same_hours() -> None:
    week = {**dict.fromkeys((1, 2, 4), (MORNING, AFTERNOON)), 3: (MORNING,), 7: (MORNING,)}
    calendar = CalendarDef(
        "desk", "Europe/Berlin", week, (), "DE-BY", (dt.date(2026, 12, 31),), (dt.date(2026, 12, 19),)
    )

    assert calendar_text(calendar) == (
        "mon-tue 09:00-12:00, 13:00-24:00; wed 09:00-12:00; thu 09:00-12:00, 13:00-24:00; sun 09:00-12:00; "
        "Europe/Berlin; closed on holidays of DE-BY; closed on 2026-12-31; open on 2026-12-19"
    )
    assert calendar_text(calendar._replace(around_the_clock=True)) == "around the clock"
    assert "; 09:00-12:00 on holidays of DE-BY;" in calendar_text(calendar._replace(holiday_hours=(MORNING,)))
