"""Running the program, in this process or as one of its own, against a checkout in a temporary folder."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import termios
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from typer.testing import CliRunner

from authz.cli.main import app

PROJECT = Path(__file__).parents[2]


class Checkout(NamedTuple):
    """A folder with model.conf, policies/storehouse and a registry file."""

    root: Path

    @property
    def set_dir(self) -> Path:
        return self.root / "policies" / "storehouse"

    @property
    def registry_file(self) -> Path:
        return self.root / "registry.yaml"

    def replace(self, name: str, old: str, new: str) -> None:
        """Change a file of the set in one place."""
        path = self.set_dir / name
        before = path.read_text()
        assert before.count(old) == 1, f"{old!r} stands {before.count(old)} times in {name}"
        path.write_text(before.replace(old, new))


class Ran(NamedTuple):
    """What a run of the program left behind."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def authz(*arguments: str) -> Ran:
    """Run the program in this process."""
    result = CliRunner().invoke(app, list(arguments), prog_name="authz")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ran(result.exit_code, result.stdout, result.stderr)


def authz_process(*arguments: str, environment: Mapping[str, str] | None = None) -> Ran:
    """Run the program as a process of its own, its output piped."""
    return _process([sys.executable, "-m", "authz", *arguments], environment or {})


def python_process(code: str) -> Ran:
    """Run a few lines of Python that import the program."""
    return _process([sys.executable, "-c", code], {})


def authz_piped(*arguments: str, into: str) -> Ran:
    """Run the program with its standard output piped into a shell command."""
    return _process(["bash", "-c", f'"$0" -m authz "$@" | {into}', sys.executable, *arguments], {})


def authz_on_terminal(*arguments: str, environment: Mapping[str, str] | None = None) -> str:
    """Run the program on a pseudo-terminal of 100 columns; what it showed there, escape sequences and all."""
    parent, child = pty.openpty()
    termios.tcsetwinsize(child, (40, 100))
    process = subprocess.Popen(
        [sys.executable, "-m", "authz", *arguments],
        stdin=child,
        stdout=child,
        stderr=child,
        env=_environment({"TERM": "xterm-256color", **(environment or {})}),
    )
    os.close(child)
    shown = b""
    while True:
        try:
            some = os.read(parent, 65536)
        except OSError:  # the other end is closed
            break
        if not some:
            break
        shown += some
    os.close(parent)
    process.wait(timeout=60)
    return shown.decode()


def _process(command: list[str], environment: Mapping[str, str]) -> Ran:
    finished = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, env=_environment(environment)
    )
    return Ran(finished.returncode, finished.stdout, finished.stderr)


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    colours = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "COLUMNS", "LINES")
    known = {name: value for name, value in os.environ.items() if name not in colours}
    return {**known, "PYTHONPATH": str(PROJECT), **more}
