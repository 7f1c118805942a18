"""A checkout with one small contract, its registry loaded where a test wants it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.cli.program import PROJECT, Checkout, authz
from tests.cli.recorded import Logged, answer_and_record
from tests.cli.storehouse import ACME_CSV, CLAUSES_MD, MATRIX_CSV, REGISTRY_YAML, SET_YAML, TESTS_YAML


@pytest.fixture(scope="session")
def shared_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder for the compiled sets of all tests: what was compiled once is not compiled again."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shared_data: Path) -> Checkout:
    root = tmp_path / "checkout"
    set_dir = root / "policies" / "storehouse"
    (set_dir / "networks").mkdir(parents=True)
    shutil.copy(PROJECT / "model.conf", root / "model.conf")
    for name, text in (
        ("set.yaml", SET_YAML),
        ("matrix.csv", MATRIX_CSV),
        ("networks/acme.csv", ACME_CSV),
        ("tests.yaml", TESTS_YAML),
        ("clauses.md", CLAUSES_MD),
    ):
        (set_dir / name).write_text(text)
    (root / "registry.yaml").write_text(REGISTRY_YAML)
    monkeypatch.chdir(root)
    for name in [name for name in os.environ if name.startswith("AUTHZ_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AUTHZ_DATA", str(shared_data))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AUTHZ_DATABASE_URL", f"sqlite:///{tmp_path / 'registry.sqlite'}")
    return Checkout(root)


@pytest.fixture
def loaded(checkout: Checkout) -> Checkout:
    """The checkout with its registry loaded."""
    ran = authz("registry", "load", str(checkout.registry_file), "--by", "test")
    assert ran.status == 0, ran.out + ran.err
    return checkout


@pytest.fixture
def logged(loaded: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shared_data: Path) -> Logged:
    """The same with a data folder of its own, in whose log stand some answers."""
    data = tmp_path / "data"
    data.mkdir()
    monkeypatch.setenv("AUTHZ_DATA", str(data))
    return answer_and_record(loaded, data, shared_data / "cache")
