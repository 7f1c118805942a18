"""Lines of a segment as rows of the index, from wherever the index stopped."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from authz.log.chain import line_hash

LINES_AT_ONCE: Final = 2_000
_ANSWERS: Final = frozenset({"decision", "gate"})


class Mark(NamedTuple):
    """How far a segment is indexed: the place behind the last line that was read, and the hash of that line."""

    to: int
    head: str


NOWHERE: Final = Mark(0, "")
_UNCHAINED: Final = "-"


class Step(NamedTuple):
    """Some lines as rows; `before`: the hash that the first of them states of the line before, empty without lines."""

    rows: list[dict[str, Any]]
    before: str
    after: Mark


class _Line(msgspec.Struct):
    """The members of a line that are searched by."""

    kind: str
    seq: int
    prev: str = ""
    at: str = ""
    id: str = ""
    set: str | None = None
    tenant: str | None = None
    action: str | None = None
    decision: bool = False
    reason: str = ""
    caller: str | None = None
    subject_ref: str | None = None
    resource_ref: str | None = None
    request_id: str | None = None


_decode: Final = msgspec.json.Decoder(_Line).decode


def rows_from(path: Path, mark: Mark) -> Step:
    """The rows of some whole lines from a mark on."""
    rows: list[dict[str, Any]] = []
    before, head, after = "", mark.head, mark.to
    with path.open("rb") as stream:
        stream.seek(mark.to)
        for line in islice(stream, LINES_AT_ONCE):
            if not line.endswith(b"\n"):
                break  # somebody is writing it, or a crash tore it
            read = _read(line[:-1])
            if after == mark.to:
                before = read.prev if read is not None else _UNCHAINED
            if read is not None and read.kind in _ANSWERS:
                rows.append(_row(path.stem, read, line))
            after, head = after + len(line), line_hash(line[:-1])
    return Step(rows, before, Mark(after, head))


def _read(line: bytes) -> _Line | None:
    """None for what is no record: `authz log verify` names it, the rest can still be found."""
    try:
        return _decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _row(segment: str, said: _Line, line: bytes) -> dict[str, Any]:
    return {
        "segment": segment, "seq": said.seq, "at": said.at, "id": said.id, "set_id": said.set,
        "tenant_id": said.tenant, "action": said.action, "allowed": said.decision, "reason": said.reason,
        "caller": said.caller, "subject_ref": said.subject_ref, "resource_ref": said.resource_ref,
        "request_id": said.request_id.replace("\x00", "") if said.request_id else None,
        "line": line[:-1].decode("ascii", "backslashreplace"),
    }  # fmt: skip
