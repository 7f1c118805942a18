"""What is shipped works on another machine: no paths or hosts of this one, locks with hashes, an image without root."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sysconfig
import tomllib
from pathlib import Path

import pytest

from tests.architecture.documents import ROOT, project_files

LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-build.lock")
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^ ;\\]+)(?: ; ([^\\]+?))? \\$")
# spelt apart, so that this file does not find itself
MACHINE_PATHS = ["/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/", "/opt/wh" + "eels", "/opt/py" + "pi"]
REGISTRY_HOSTS = ["pypi" + ".org", "python" + "hosted", "npm" + "js.", "deb.deb" + "ian", "conda" + ".anaconda"]


def _text(file: Path) -> str:
    return file.read_bytes().decode(errors="replace")


def test_no_file_names_a_machine_or_a_package_registry() -> None:
    found = [
        f"{file.relative_to(ROOT)}: {word}"
        for file in project_files()
        for word in (*MACHINE_PATHS, *REGISTRY_HOSTS)
        if word in _text(file)
    ]

    assert not found


def _pins(lock: str) -> dict[str, tuple[str, list[str]]]:
    pins: dict[str, tuple[str, list[str]]] = {}
    hashes: list[str] = []
    for line in (ROOT / lock).read_text().splitlines():
        if line.startswith("    --hash="):
            hashes.append(line.strip(" \\"))
        elif not line.lstrip().startswith("#"):
            match = PIN.match(line)
            assert match, f"{lock}: not a pinned package: {line}"
            hashes = []
            pins[match[1]] = (match[2], hashes)
    return pins


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_its_hashes(lock: str) -> None:
    pins = _pins(lock)

    assert pins
    assert not [name for name, (_, hashes) in pins.items() if not hashes]
    assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", each) for _, hashes in pins.values() for each in hashes)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_no_address_and_no_path(lock: str) -> None:
    text = (ROOT / lock).read_text()

    assert "://" not in text
    assert not re.search(r"^\s*(-i|--index|--extra-index|--find-links|-e|\.|/)", text, flags=re.MULTILINE)


def test_the_three_locks_agree() -> None:
    development = {name: version for name, (version, _) in _pins("requirements-dev.lock").items()}
    smaller = [{name: version for name, (version, _) in _pins(lock).items()} for lock in LOCKS if lock != LOCKS[1]]

    assert all(pins.items() <= development.items() for pins in smaller)


def test_the_lock_holds_every_direct_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    direct = {re.split(r"[\[<>=!~; ]", each)[0].lower() for each in project["project"]["dependencies"]}

    assert direct <= _pins("requirements.lock").keys()


def test_the_abandoned_name_of_casbin_is_nowhere() -> None:
    assert not any("casbin" in _pins(lock) for lock in LOCKS)


def test_the_image_is_as_lint_wants_it() -> None:
    hadolint = shutil.which("hadolint", path=sysconfig.get_path("scripts"))

    assert hadolint, "hadolint comes with the development dependencies"
    linted = subprocess.run([hadolint, str(ROOT / "Dockerfile")], capture_output=True, text=True, check=False)
    assert (linted.returncode, linted.stdout) == (0, "")


def test_the_final_stage_runs_without_root_and_without_build_tools() -> None:
    final = (ROOT / "Dockerfile").read_text().split("\nFROM ")[-1]

    assert re.search(r"^USER \d+:\d+$", final, flags=re.MULTILINE)
    assert "HEALTHCHECK" in final
    assert "pip uninstall" in final
    assert not re.search(r"apt-get|\bgcc\b|pip install", final)


def test_what_the_image_copies_is_let_through_to_the_builder() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    let_through = set(re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), flags=re.MULTILINE))

    assert {name for names in copied for name in names.split()} == let_through
    assert all((ROOT / name).exists() for name in let_through)


def test_ci_runs_what_the_developer_runs() -> None:
    script = ROOT / ".ci/run"

    assert os.access(script, os.X_OK)
    assert re.search(r"^make check\b", script.read_text(), flags=re.MULTILINE)


def test_the_version_is_said_once() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    changelog = (ROOT / "CHANGELOG.md").read_text()

    assert f"## [{project['version']}]" in changelog or "## [Unreleased]" in changelog
