"""A receipt: one recorded answer, signed, so that it can be shown and held against the rules years later.

It is the record as it stands in its segment, what its words mean, and the place; signed with the key of the log.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from authz.log.disk.place import Place
from authz.log.lines.chain import line_hash
from authz.log.lines.record import instant
from authz.log.signed.checkpoints import Checkpoints, signed_line, split_signature
from authz.log.signed.covered import is_covered
from authz.log.signed.signing import Signer, signer_at, verifies

FORMAT: Final = "authz receipt 1"


class NotAReceipt(ValueError):
    """The text is no receipt, or its signature does not fit."""


class Receipt(NamedTuple):
    """A receipt that was read; `record` are the members of the recorded line."""

    record: Mapping[str, Any]
    key: str


def issue_receipt(place: Place, line: str, segment: str, now: float) -> bytes:
    """The receipt of a line that stands in the log and hangs together with what was signed for.

    Raises:
        NotInTheLog: it does not.
    """
    signer = signer_at(place.key)
    signed = Checkpoints(place.folder, signer).known_heads().get(segment)
    covered = is_covered(place.folder, segment, line.encode(), signed)
    return write_receipt(line, segment, signer, now, covered=covered)


def write_receipt(line: str, segment: str, signer: Signer, now: float, *, covered: bool = True) -> bytes:
    """The receipt of one line of a segment, as one line of JSON; `covered`: by a checkpoint."""
    record = json.loads(line)
    return signed_line(
        signer,
        {
            "format": FORMAT,
            "issued_at": instant(now),
            "question": _part(
                record, ("at", "caller", "channel", "assurance", "tenant", "action", "role", "subject_ref")
            ),
            "answer": _part(record, ("id", "decision", "reason", "fact", "rule", "network_rule", "obligations")),
            "stands_on": _part(record, ("set", "policy", "registry", "registry_id", "annex", "annex_sha256")),
            "recorded": {
                "segment": segment,
                "seq": record["seq"],
                "sha256": line_hash(line.encode()),
                "covered": covered,
                "line": line,
            },
            "key": signer.key_id,
        },
    )


def read_receipt(text: bytes, public_key: bytes) -> Receipt:
    """A receipt whose signature fits and whose parts agree with the recorded line.

    Raises:
        NotAReceipt: says what does not hold.
    """
    try:
        signed, signature = split_signature(text.strip())
        said = json.loads(signed)
        recorded = said["recorded"]
        record = json.loads(recorded["line"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise NotAReceipt("this is no receipt") from None
    if said.get("format") != FORMAT:
        raise NotAReceipt("this is no receipt of a format that is known here")
    if not verifies(public_key, signature, signed):
        raise NotAReceipt("the signature does not fit: the receipt was changed, or is of another key")
    if line_hash(recorded["line"].encode()) != recorded["sha256"]:
        raise NotAReceipt("the recorded line is not the one whose hash the receipt states")
    for part in ("question", "answer", "stands_on"):
        if any(record.get(name) != value for name, value in said[part].items()):
            raise NotAReceipt(f"`{part}` is not what was recorded")
    return Receipt(record, str(said["key"]))


def _part(record: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: record[name] for name in names if name in record}
