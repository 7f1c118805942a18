"""AUTHZ_RATE_LIMIT: a token bucket for each caller, in each worker (security.md, threat 44)."""

from __future__ import annotations

import math

from authz.web.credentials.callers import CallerTooFast


class RateLimit:
    """So many requests a second for each caller; what was not used in the last second may come at once.

    Bounded by the number of callers: only those whose credentials are good have a bucket.
    """

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._capacity = max(1.0, per_second)
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, caller_id: str, now: float) -> None:
        """Count one request; `now` in seconds of any clock that does not go back.

        Raises:
            CallerTooFast: HTTP 429.
        """
        left, since = self._buckets.get(caller_id, (self._capacity, now))
        left = min(self._capacity, left + (now - since) * self._per_second)
        if left < 1.0:
            self._buckets[caller_id] = (left, now)
            raise CallerTooFast(math.ceil((1.0 - left) / self._per_second))
        self._buckets[caller_id] = (left - 1.0, now)
