"""May contact X request action Y from address Z? `Pdp` decides inside another program (docs/embedded.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from authz.embedded import Pdp

__all__ = ["Pdp"]


def __getattr__(name: str) -> Any:
    """`Pdp`, imported when it is asked for: the client alone needs nothing of what stands behind it."""
    if name == "Pdp":
        from authz.embedded import Pdp  # noqa: PLC0415 - see above

        return Pdp
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
