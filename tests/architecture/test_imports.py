"""The direction of imports: pyproject.toml states it as contracts, import-linter holds it."""

from __future__ import annotations

import subprocess
import sys

from tests.architecture.documents import ROOT


def test_imports_run_down_only_and_every_engine_has_its_one_importer() -> None:
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command as run; run()",
        "--no-logo",
        "--no-cache",
    ]
    linted = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert linted.returncode == 0, linted.stdout + linted.stderr
