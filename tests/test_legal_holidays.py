"""Legal holidays of countries and of their regions."""

from __future__ import annotations

import datetime as dt

import pytest

from authz.legal_holidays import legal_holidays

EPIPHANY = dt.date(2026, 1, 6)
LABOUR_DAY = dt.date(2026, 5, 1)


def test_a_region_has_its_own_holidays_and_those_of_its_country() -> None:
    assert EPIPHANY in legal_holidays("DE-BY", 2026)
    assert EPIPHANY not in legal_holidays("DE", 2026)
    assert EPIPHANY not in legal_holidays("DE-HH", 2026)
    assert LABOUR_DAY in legal_holidays("DE-BY", 2026) & legal_holidays("DE", 2026)


@pytest.mark.parametrize("unknown", ["XQ", "XQ-BY", "DE-XX", "CZ-10"])
def test_an_unknown_country_or_region_is_an_error_and_never_a_year_without_holidays(unknown: str) -> None:
    with pytest.raises(ValueError, match=f"no legal holidays are known for `{unknown}`"):
        legal_holidays(unknown, 2026)
