"""Segments as files, for what reads them: lines in the recorded form, chained as `docs/decision-log.md` says."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

AT = "2026-11-26T14:03:{:02}.000000Z"


def decision(number: int = 1, **members: Any) -> dict[str, Any]:
    """A permitted decision, the `number`th of its minute, with other members as stated; None leaves one out."""
    body = {
        "kind": "decision",
        "id": f"{number:032x}",
        "at": AT.format(number % 60),
        "caller": "k1",
        "channel": "web",
        "assurance": "session",
        "set": "storehouse",
        "tenant": "acme",
        "action": "move_box",
        "decision": True,
        "reason": "permitted",
        "rule": "storehouse/matrix.csv:4",
        "network_rule": "storehouse/networks/acme.csv:1",
        "policy": "sha256:" + "5f" * 32,
        "registry": 2,
        "registry_id": "ab" * 16,
        "annex": 1,
        "annex_sha256": "cd" * 32,
        "role": "keeper",
        "subject_ref": "11" * 16,
        "ip_ref": "203.0.113.0/24",
        "facts": {"network_ok": True, "sender_ok": True},
        "obligations": ["sign-book"],
        "resource_type": "tenant",
        "request_id": f"r-{number}",
        "took_us": 12,
        **members,
    }
    return {name: value for name, value in body.items() if value is not None}


def write_segment(path: Path, bodies: list[dict[str, Any]]) -> Path:
    """A segment of these bodies; said again with more bodies, the same lines and more."""
    path.parent.mkdir(parents=True, exist_ok=True)
    previous, lines = "0" * 64, []
    for seq, body in enumerate([{"kind": "segment", "at": AT.format(0)}, *bodies]):
        line = json.dumps({"seq": seq, "prev": previous, **body}, separators=(",", ":"))
        previous = hashlib.sha256(line.encode()).hexdigest()
        lines.append(line + "\n")
    path.write_text("".join(lines))
    return path
