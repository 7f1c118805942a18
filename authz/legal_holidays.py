"""Legal holidays by country and year, from the `holidays` library (its only importer)."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache


@lru_cache(maxsize=256)
def legal_holidays(country: str, year: int) -> frozenset[dt.date]:
    """The legal holidays of an ISO 3166 country in a year.

    Raises:
        ValueError: the library does not know the country.
    """
    import holidays  # noqa: PLC0415 - a quarter of a second to import, and most questions never need it

    try:
        return frozenset(holidays.country_holidays(country, years=year))
    except NotImplementedError:
        raise ValueError(f"no legal holidays are known for `{country}`") from None
