"""Service terms: a lapse is counted from an instant that the request may state, however odd it is."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from authz.core.calendar import WorkingCalendar
from authz.core.definition import CalendarDef, Hours, PolicySet, ServiceRow, Term
from authz.core.generation import promising_actions
from authz.core.service import ServiceTerms, service_terms
from authz.core.types import Channel
from tests.policies.shipped import shipped

OFFICE = CalendarDef("office", "America/New_York", {day: (Hours(540, 1020),) for day in range(1, 6)}, (), "")
ANSWER = ServiceRow(
    "answer", (), {}, "answer", "", "office", None, None, False, "5",
    lapse=Term(15, "days"), lapse_from="resource.asked_at", lapse_to="closed",
)  # fmt: skip
AGREEMENT = PolicySet(
    id="any", title={}, languages=("en",), time_zone="America/New_York", phone_region="US", roles={}, actions={},
    attributes={}, facts={}, channels=tuple(Channel), service=(ANSWER,),
)  # fmt: skip


def no_holidays(_country: str, _year: int) -> frozenset[dt.date]:
    return frozenset()


def terms(asked_at: object) -> ServiceTerms:
    calendar = WorkingCalendar(OFFICE, ZoneInfo(OFFICE.time_zone), no_holidays)
    received = dt.datetime(2026, 6, 3, 12, tzinfo=dt.UTC)
    found = service_terms(
        AGREEMENT, "answer", Channel.WEB, {"resource.asked_at": asked_at}, received, lambda _: calendar
    )
    assert found is not None
    return found


def test_a_lapse_is_the_end_of_the_last_working_day() -> None:
    found = terms(dt.datetime(2026, 6, 3, 12, tzinfo=dt.UTC))

    assert found.lapses_at == dt.datetime(2026, 6, 24, 21, tzinfo=dt.UTC)
    assert found.lapses_to == "closed"


@pytest.mark.parametrize(
    "asked_at",
    [
        pytest.param(dt.datetime(9999, 12, 31, 23, 59, 59, tzinfo=dt.UTC), id="the last instant there is"),
        pytest.param(dt.datetime(1, 1, 1, tzinfo=dt.UTC), id="the first instant, a day earlier in the calendar's zone"),
        pytest.param(None, id="unknown"),
    ],
)
def test_a_lapse_that_cannot_be_counted_is_not_promised(asked_at: object) -> None:
    found = terms(asked_at)

    assert found.lapses_at is None
    assert not found.lapses_to


def test_a_row_that_names_no_action_promises_something_for_every_action() -> None:
    definition = shipped("calltrack").generation.definition
    row = definition.obligations[0]

    def promising(*actions: str) -> frozenset[str]:
        changed = definition._replace(obligations=(row._replace(actions=actions),), service=())
        return promising_actions(changed)

    assert promising("backup_restore") == {"backup_restore"}
    assert promising() == definition.actions.keys()
