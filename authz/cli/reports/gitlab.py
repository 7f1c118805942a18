"""GitLab's code quality report: remarks that its merge requests show beside the changed lines."""

from __future__ import annotations

from typing import Any, Final

from authz.cli.reports.remark import Level, Remark, fingerprinted

_SEVERITIES: Final = {Level.ERROR: "blocker", Level.WARNING: "major", Level.NOTICE: "info"}


def code_quality(remarks: list[Remark]) -> list[dict[str, Any]]:
    """One entry for each remark, the weightiest first."""
    return [
        {
            "description": one.text,
            "check_name": one.code,
            "fingerprint": fingerprint,
            "severity": _SEVERITIES[one.level],
            "location": {"path": one.file, "lines": {"begin": max(1, one.line)}},
        }
        for one, fingerprint in fingerprinted(remarks)
    ]
