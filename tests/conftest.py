"""What holds for all tests: Hypothesis profiles, and an operations log that no test leaves behind.

Profiles: `dev` by default, `ci` where CI is set (no random seed), `deep` for a long search by hand,
`mutants` for `make mutants` (the same examples each time; that one fails is enough, it need not be made small).
"""

from __future__ import annotations

import os

import structlog
from hypothesis import HealthCheck, Phase, settings

_SLOW_IS_FINE = (HealthCheck.too_slow,)  # machines are shared; a slow example is no finding

settings.register_profile("dev", max_examples=100, deadline=None, suppress_health_check=_SLOW_IS_FINE)
settings.register_profile("ci", max_examples=200, deadline=None, derandomize=True, suppress_health_check=_SLOW_IS_FINE)
settings.register_profile("deep", max_examples=20_000, deadline=None, suppress_health_check=_SLOW_IS_FINE)
settings.register_profile(
    "mutants",
    max_examples=100,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=_SLOW_IS_FINE,
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev"))


def pytest_runtest_teardown() -> None:
    """A command run inside the test process sends the log to the standard error of that moment, closed by now."""
    structlog.reset_defaults()
