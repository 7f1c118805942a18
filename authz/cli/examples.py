"""Examples at the end of a verb's help."""

from __future__ import annotations

_KEEP_LINES = "\b"
"""On a line of its own it keeps the help's formatter from joining the lines that follow."""


def examples(*lines: str) -> str:
    """The lines under the heading `Examples:`, each as it stands."""
    return "\n".join([_KEEP_LINES, "Examples:", *(f"  {line}" for line in lines)])
