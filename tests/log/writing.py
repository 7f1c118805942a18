"""A log that is written for real: the writer with its thread, in a folder of the test's own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from authz.log.checks.checkpoints import Anchor
from authz.log.checks.verify import Verdict, verify
from authz.log.disk.place import Place
from authz.log.lines.record import Record
from authz.log.signed.signing import signer_at
from authz.log.writing.writer import LogWriter

PATIENCE_S: Final = 20.0


def place(folder: Path, *, segment_bytes: int = 64 << 20) -> Place:
    return Place(folder / "log", folder / "log.key", segment_bytes)


def record(number: int, network: str = "") -> Record:
    return Record(
        b'"kind":"decision","id":"%032x","at":"2026-06-03T07:00:00.000000Z","decision":true,"reason":"permitted"'
        % number,
        network,
    )


@asynccontextmanager
async def writing(folder: Path, *, durable: bool = True, segment_bytes: int = 64 << 20) -> AsyncIterator[LogWriter]:
    writer = LogWriter(place(folder, segment_bytes=segment_bytes), durable=durable)
    writer.start(asyncio.get_running_loop())
    try:
        yield writer
    finally:
        await asyncio.to_thread(writer.stop)


def verified(folder: Path, anchor: Anchor | None = None) -> Verdict:
    where = place(folder)
    return verify(where.folder, signer_at(where.key).public_key, anchor)


async def until(holds: Any, what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.02)


def segments(folder: Path) -> list[Path]:
    return sorted((folder / "log").glob("*.jsonl"))


def recorded_ids(folder: Path) -> list[int]:
    text = "".join(path.read_text() for path in segments(folder))
    return [int(line.partition('"id":"')[2][:32], 16) for line in text.splitlines() if '"kind":"decision"' in line]
