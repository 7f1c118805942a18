"""Whatever stands in the files of a log, verification names it and never fails itself."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from authz.log.signed.checkpoints import FILE
from tests.log.writing import record, segments, verified, writing

NASTY = (
    b"", b"null", b"true", b"[]", b"{}", b'"x"', b"-1", b"1e999", b"NaN", b"[" * 100_000, b'{"a":' * 50_000,
    b"\xff\xfe\x00", b'{"seq":1e400}', b'{"seq":true,"prev":[]}', b'{"seq":0,"prev":null,"kind":"end"}',
    b'{"key":5}', b'{"key":"zz"}',
    b'{"seq":1,"network":{}}', b'{"n":"0","sig":"x"}', b'{"n":0,"prev":"","kind":"pruned","sig":"AAAA"}',
    b'{"n":' + b"9" * 5000 + b',"sig":"AAAA"}', b',"sig":""}',
)  # fmt: skip


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile") / "data"
    folder.mkdir()

    async def fill() -> None:
        async with writing(folder, segment_bytes=3_000) as writer:
            for number in range(30):
                await writer.settled(writer.append([record(number, "203.0.113.0/24" if number % 2 else "")]))

    asyncio.run(fill())
    assert len(segments(folder)) > 2
    return folder


def damaged(rng: Random, lines: list[bytes]) -> list[bytes]:
    at = rng.randrange(len(lines))
    kind = rng.randrange(6)
    line = lines[at]
    if kind == 0:
        return [*lines[:at], rng.choice(NASTY) + b"\n", *lines[at + 1 :]]
    if kind == 1:
        return [*lines[:at], rng.choice(NASTY) + b"\n", *lines[at:]]
    if kind == 2:
        return [*lines[:at], *lines[at + 1 :]]
    if kind == 3:
        spot = rng.randrange(len(line))
        return [
            *lines[:at],
            line[:spot] + bytes([line[spot] ^ 1 << rng.randrange(8)]) + line[spot + 1 :],
            *lines[at + 1 :],
        ]
    if kind == 4:
        said = json.loads(line)
        name = rng.choice(list(said))
        said[name] = json.loads(rng.choice([b"null", b"[]", b"{}", b"-7", b'"x"', b"true"]))
        return [*lines[:at], json.dumps(said, separators=(",", ":")).encode() + b"\n", *lines[at + 1 :]]
    return lines[:at]


@settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=150)
@given(seed=st.integers(0, 2**63))
def test_damage_of_any_kind_in_any_file_is_named(log: Path, seed: int) -> None:
    rng = Random(seed)
    files = [log / "log" / FILE, *segments(log), *sorted((log / "log" / "addresses").iterdir())]
    path = rng.choice(files)
    before = path.read_bytes()
    lines = before.splitlines(keepends=True)
    after = b"".join(damaged(rng, lines))
    only_cut = path.name == FILE and before.startswith(after)  # to see that takes an anchor
    path.write_bytes(after)
    try:
        found = verified(log).findings
    finally:
        path.write_bytes(before)

    assert found or after == before or only_cut, (path.name, after[:200])


def test_a_copy_of_a_file_under_another_name_is_named(log: Path, tmp_path: Path) -> None:
    shutil.copytree(log, tmp_path / "copy")
    first = segments(tmp_path / "copy")[0]
    shutil.copy(first, first.with_name("20300101T000000Z-0badbad0-0.jsonl"))

    assert "20300101T000000Z-0badbad0-0.jsonl" in {one.file for one in verified(tmp_path / "copy").findings}
