"""The project's own files, as the tests of this folder read them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_NOT_OURS = {".git", ".venv", "data", "build", "dist", "mutants"}


def project_files(suffixes: tuple[str, ...] = ()) -> list[Path]:
    """Every file of the project: what git tracks or would track; in an exported copy, what lies there."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    names = listed.stdout.decode().split("\0") if listed.returncode == 0 else list(_walk(ROOT))
    files = (ROOT / name for name in names if name)
    return sorted(file for file in files if file.is_file() and (not suffixes or file.name.endswith(suffixes)))


def _walk(folder: Path) -> Iterator[str]:
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            hidden = entry.name.startswith(".") and entry.name != ".ci"
            if entry.name not in _NOT_OURS and entry.name != "__pycache__" and not hidden:
                yield from _walk(entry)
        else:
            yield str(entry.relative_to(ROOT))


def first_cells(markdown: str, heading: str = "") -> list[str]:
    """The first cell of every table row below `heading` (up to the next heading of its rank), without backticks."""
    section = markdown
    if heading:
        rank = heading.split(" ", 1)[0]
        section = markdown.split(f"\n{heading}\n", 1)[1]
        section = re.split(rf"^#{{1,{len(rank)}}} ", section, maxsplit=1, flags=re.MULTILINE)[0]
    rows = [line.split("|")[1].strip().strip("`") for line in section.splitlines() if line.startswith("| ")]
    return [cell for at, cell in enumerate(rows) if at > 0]
