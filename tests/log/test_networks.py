from __future__ import annotations

import json
from pathlib import Path

from authz.log.reading.networks import Networks


def write(folder: Path, segment: str, **networks: str) -> Path:
    path = folder / "addresses" / f"{segment}.jsonl"
    path.parent.mkdir(exist_ok=True)
    rows = [{"key": "00" * 32}, *({"seq": int(seq[1:]), "network": network} for seq, network in networks.items())]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_list_that_grows_is_read_again(tmp_path: Path) -> None:
    networks = Networks(tmp_path)
    write(tmp_path, "a", _1="198.51.100.0/24")
    assert networks.of("a") == {1: "198.51.100.0/24"}

    write(tmp_path, "a", _1="198.51.100.0/24", _7="192.0.2.0/24")

    assert networks.of("a") == {1: "198.51.100.0/24", 7: "192.0.2.0/24"}


def test_a_list_that_was_deleted_is_not_remembered(tmp_path: Path) -> None:
    networks = Networks(tmp_path)
    path = write(tmp_path, "a", _1="198.51.100.0/24")
    networks.of("a")

    path.unlink()

    assert networks.of("a") == {}
    assert networks.of("never") == {}


def test_the_lists_of_many_segments_are_told_apart(tmp_path: Path) -> None:
    networks = Networks(tmp_path)
    for number in range(40):
        write(tmp_path, f"s{number}", _1=f"192.0.{number}.0/24")

    for number in [*range(40), *range(40)]:
        assert networks.of(f"s{number}") == {1: f"192.0.{number}.0/24"}


def test_a_line_that_is_none_is_left_out(tmp_path: Path) -> None:
    path = write(tmp_path, "a", _1="198.51.100.0/24")
    path.write_text(path.read_text() + "torn\n[1]\n" + '{"seq":2,"network":"192.0.2.0/24"}\n')

    assert Networks(tmp_path).of("a") == {1: "198.51.100.0/24", 2: "192.0.2.0/24"}
