"""`make mutants`: put each seeded fault into a copy of the tree and show that the tests notice it.

    make mutants                   all of them
    make mutants ARGS='deny box'   those whose sentence or file holds one of the words

Exit status: 0 every fault was noticed, 1 one was not, 2 the list no longer fits the code, or tests fail without one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from tests.mutants.breakage import Breakage, DoesNotApply, broken_source
from tests.mutants.breakages import BREAKAGES

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = {".git", ".venv", "data", "build", "dist"}
PASSED, FAILED = 0, 1  # pytest's exit status; anything else says that the tests did not run


def main(words: list[str]) -> int:
    """Run the chosen breakages, print a line for each, and say in the end how it went."""
    chosen = [each for each in BREAKAGES if not words or any(word in each.sentence + each.file for word in words)]
    if not chosen:
        print("no breakage has such a word", file=sys.stderr)
        return 2
    for breakage in BREAKAGES:
        try:
            broken_source(ROOT, breakage)
        except DoesNotApply as error:
            print(f"the list of breakages no longer fits the code: {error}", file=sys.stderr)
            return 2
    workers = max(1, min(os.cpu_count() or 1, len(chosen), 4))
    with tempfile.TemporaryDirectory(prefix="authz-mutants-") as folder:
        copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(workers):
            copies.put(Path(shutil.copytree(ROOT, Path(folder, str(number)), ignore=_left_out, symlinks=True)))
        with ThreadPoolExecutor(workers) as pool:
            named = sorted({name for each in chosen for name in each.noticed_by})
            sound = dict(zip(named, pool.map(lambda name: _sound(copies, name), named), strict=True))
            usable = [each for each in chosen if all(sound[name] for name in each.noticed_by)]
            noticed = list(pool.map(lambda breakage: _noticed(copies, breakage), usable))
    print(f"{sum(noticed)} of {len(chosen)} breakages noticed")
    if len(usable) < len(chosen):
        return 2
    return 0 if all(noticed) else 1


def _left_out(folder: str, names: list[str]) -> set[str]:
    """What is no part of the tree: the environment and state at its top, compiled code and caches anywhere."""
    top = LEFT_OUT if Path(folder) == ROOT else set()
    return {name for name in names if name in top or name == "__pycache__" or name.endswith("_cache")}


def _sound(copies: SimpleQueue[Path], name: str) -> bool:
    """Without a fault the same tests pass; else their failing with one would prove nothing."""
    copy = copies.get()
    status, output = _run(copy, (name,))
    copies.put(copy)
    if status != PASSED:
        print(f"{name}: the tests do not pass without a breakage:\n{output}", file=sys.stderr, flush=True)
    return status == PASSED


def _noticed(copies: SimpleQueue[Path], breakage: Breakage) -> bool:
    copy = copies.get()
    begun = time.monotonic()
    whole = (copy / breakage.file).read_text()
    try:
        (copy / breakage.file).write_text(broken_source(copy, breakage))
        status, output = _run(copy, breakage.noticed_by)
    finally:
        (copy / breakage.file).write_text(whole)
        copies.put(copy)
    verdict = {PASSED: "SURVIVED", FAILED: "noticed"}.get(status, "TESTS DID NOT RUN")
    by = next((line.split()[1] for line in output.splitlines() if line.startswith("FAILED ")), "")
    print(f"{verdict:9} {time.monotonic() - begun:5.1f} s  {breakage.sentence}  ({breakage.file}) {by}", flush=True)
    if status not in (PASSED, FAILED):
        print(output, file=sys.stderr)
    return status == FAILED


def _run(copy: Path, tests: tuple[str, ...]) -> tuple[int, str]:
    """pytest in the copy, on the copy's own code: exit status and output."""
    environment = {
        **os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1", "HYPOTHESIS_PROFILE": "mutants"
    }  # fmt: skip
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--tb=line", *tests]
    ran = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout + ran.stderr


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
