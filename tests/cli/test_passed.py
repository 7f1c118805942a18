from __future__ import annotations

from pathlib import Path

from authz.cli.passed import places_passed


def test_each_link_on_the_way_is_passed_and_followed(tmp_path: Path) -> None:
    (tmp_path / "real" / "inner").mkdir(parents=True)
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "real" / "out").symlink_to(tmp_path / "real" / "inner" / "..")

    passed = places_passed(tmp_path / "link" / "out" / "data")

    ours = [place.relative_to(tmp_path).as_posix() for place in passed if place.is_relative_to(tmp_path)]
    assert ours == [".", "link", "real", "real/out", ".", "real", "real/inner", "real/data"]
    assert passed[0] == Path("/")


def test_links_that_lead_to_each_other_end(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to("other")
    (tmp_path / "other").symlink_to("one")

    assert places_passed(tmp_path / "one")[-1].parent == tmp_path
