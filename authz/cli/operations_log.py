"""The operations log of a command that is not the service: only what is wrong, and never on the standard output."""

from __future__ import annotations

import logging
import sys

import structlog


def quiet_operations_log() -> None:
    """Send warnings and errors to the standard error stream, one readable line each; drop the rest."""
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
