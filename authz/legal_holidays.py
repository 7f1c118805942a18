"""Legal holidays by country or region and year, from the `holidays` library (its only importer)."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache


@lru_cache(maxsize=256)
def legal_holidays(country: str, year: int) -> frozenset[dt.date]:
    """The legal holidays of an ISO 3166-1 country (`RO`) or ISO 3166-2 subdivision (`DE-BY`) in a year.

    Those of a subdivision are the country's with its own.

    Raises:
        ValueError: the library does not know the country or the subdivision.
    """
    import holidays  # noqa: PLC0415 - a quarter of a second to import, and most questions never need it

    try:
        code, _, subdivision = country.partition("-")
        return frozenset(holidays.country_holidays(code, subdiv=subdivision or None, years=year))
    except NotImplementedError:
        raise ValueError(f"no legal holidays are known for `{country}`") from None
