"""Reading a set from disk: regular files only, each byte read once, the revision over all of them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from authz.errors import ConfigError, PolicyInvalid
from authz.policy.bundle import bundle_revision, find_model, find_sets, read_bundle
from authz.policy.parse import parse_set
from tests.policy.orchard import FOLDER, MODEL, RIVERSIDE


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    shutil.copytree(FOLDER, tmp_path / "policies" / "orchard")
    shutil.copy(MODEL, tmp_path / "model.conf")
    return tmp_path


@pytest.fixture
def orchard(checkout: Path) -> Path:
    return checkout / "policies" / "orchard"


def problems_of(set_dir: Path) -> list[str]:
    with pytest.raises(PolicyInvalid) as refused:
        parse_set(read_bundle(set_dir, set_dir.parents[1] / "model.conf"))
    return [str(problem) for problem in refused.value.problems]


def test_a_set_is_found_from_its_checkout_from_its_policies_folder_and_by_itself(checkout: Path, orchard: Path) -> None:
    (checkout / "policies" / ".git").mkdir()

    assert find_sets(checkout) == [orchard]
    assert find_sets(checkout / "policies") == [orchard]
    assert find_sets(orchard) == [orchard]


def test_a_set_that_lost_a_file_is_still_found(checkout: Path, orchard: Path) -> None:
    (orchard / "set.yaml").unlink()

    assert find_sets(checkout) == [orchard]
    assert find_sets(orchard) == [orchard]


def test_a_folder_without_sets_holds_none_and_a_missing_one_is_an_error(tmp_path: Path) -> None:
    assert find_sets(tmp_path) == []
    with pytest.raises(ConfigError, match="is not a directory"):
        find_sets(tmp_path / "nowhere")


def test_the_model_is_taken_from_inside_then_beside_then_elsewhere(checkout: Path, orchard: Path) -> None:
    elsewhere = Path("elsewhere.conf")
    assert find_model(checkout, elsewhere) == checkout / "model.conf"
    assert find_model(checkout / "policies", elsewhere) == checkout / "model.conf"
    assert find_model(orchard, elsewhere) == checkout / "model.conf"

    shutil.copy(MODEL, orchard / "model.conf")
    assert find_model(orchard, elsewhere) == orchard / "model.conf"
    assert parse_set(read_bundle(orchard, orchard / "model.conf")).definition.id == "orchard"

    (orchard / "model.conf").unlink()
    (checkout / "model.conf").unlink()
    assert find_model(orchard, elsewhere) == elsewhere


def test_files_are_named_by_their_path_inside_the_set(orchard: Path, checkout: Path) -> None:
    bundle = read_bundle(orchard, checkout / "model.conf")

    assert bundle.set_id == "orchard"
    assert bundle.place == "policies/orchard"
    assert bundle.files[RIVERSIDE] == b"p2, riverside, any, allow\n"
    assert bundle.model == MODEL.read_bytes()


NO_FILE = ":0:0: is not a file of a policy set (set.yaml, *.csv, networks/*.csv, tests.yaml, clauses.md)"


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (
            lambda folder: (folder / "matrix.csv.orig").touch(),
            f"/matrix.csv.orig{NO_FILE}",
        ),
        (
            lambda folder: (folder / "more.yaml").touch(),
            f"/more.yaml{NO_FILE}",
        ),
        (
            lambda folder: (folder / "model.conf").touch(),
            f"/model.conf{NO_FILE}",
        ),
        (
            lambda folder: (folder / "networks" / "x.txt").touch(),
            f"/networks/x.txt{NO_FILE}",
        ),
        (lambda folder: (folder / "old").mkdir(), "/old:0:0: is not a folder of a policy set"),
        (
            lambda folder: (folder / "networks" / "y.csv").symlink_to(folder / RIVERSIDE),
            "/networks/y.csv:0:0: is a symbolic link; policy files are regular files",
        ),
        (
            lambda folder: (folder / "networks" / "z").symlink_to(folder / "networks" / "east"),
            "/networks/z:0:0: is a symbolic link; policy files are regular files",
        ),
        (lambda folder: os.mkfifo(folder / "networks" / "p.csv"), "/networks/p.csv:0:0: is not a regular file"),
        (
            lambda folder: (folder / "networks" / "b\u00e4.csv").touch(),
            "/networks:0:0: `b\\xe4.csv` is not a plain file name",
        ),
        (
            lambda folder: os.truncate(folder / RIVERSIDE, 17 * 1024 * 1024),
            f"/{RIVERSIDE}:0:0: is larger than 16777216 bytes",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_does_not_belong_is_refused(orchard: Path, spoil: Callable[[Path], object], problem: str) -> None:
    spoil(orchard)

    assert problems_of(orchard) == [f"policies/orchard{problem}"]


def test_a_file_that_does_not_belong_is_another_revision(orchard: Path, checkout: Path) -> None:
    before = read_bundle(orchard, checkout / "model.conf").revision
    (orchard / "matrix.csv.orig").touch()

    assert read_bundle(orchard, checkout / "model.conf").revision != before


def test_hidden_files_are_not_read(orchard: Path, checkout: Path) -> None:
    before = read_bundle(orchard, checkout / "model.conf")
    (orchard / ".matrix.csv.swp").write_text("p, *, *, *, -, allow")

    assert read_bundle(orchard, checkout / "model.conf") == before


def test_a_set_folder_that_is_a_link_is_found_and_refused(checkout: Path, orchard: Path) -> None:
    (checkout / "policies" / "orchard2").symlink_to(orchard)

    with pytest.raises(PolicyInvalid, match="policies/orchard2:0:0: the set's folder cannot be read"):
        read_bundle(find_sets(checkout)[1], checkout / "model.conf")


def test_a_set_needs_a_plain_name(checkout: Path, orchard: Path) -> None:
    renamed = orchard.rename(checkout / "policies" / "Orchard")

    assert (
        "policies/Orchard:0:0: `Orchard` is not a set's name: lower-case letters, digits, `_` and `-` only"
        in problems_of(renamed)
    )


def test_a_model_that_cannot_be_read_is_a_problem(orchard: Path, checkout: Path) -> None:
    (checkout / "model.conf").unlink()
    with pytest.raises(PolicyInvalid, match="model.conf:0:0: cannot be read: no such file or directory"):
        read_bundle(orchard, checkout / "model.conf")
    (checkout / "model.conf").mkdir()
    with pytest.raises(PolicyInvalid, match="model.conf:0:0: is not a regular file"):
        read_bundle(orchard, checkout / "model.conf")


def test_the_revision_changes_with_every_name_and_byte() -> None:
    revisions = {
        bundle_revision({"a": b"1", "b": b"2"}, b"m"),
        bundle_revision({"a": b"1", "b": b"2"}, b"n"),
        bundle_revision({"a": b"1", "b": b"3"}, b"m"),
        bundle_revision({"a": b"1", "c": b"2"}, b"m"),
        bundle_revision({"a": b"12", "b": b""}, b"m"),
        bundle_revision({"a": b"1"}, b"m"),
        bundle_revision({"a1": b""}, b"m"),
        bundle_revision({"a": b"1b", "2": b""}, b"m"),
    }

    assert len(revisions) == 8
    assert bundle_revision({"b": b"2", "a": b"1"}, b"m") in revisions
    assert all(revision.startswith("sha256:") and len(revision) == 71 for revision in revisions)
