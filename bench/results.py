"""Where measurements are kept: bench/results/NAME.json, with what they were measured on."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

from world import ROOT

RESULTS = ROOT / "bench/results"


def machine() -> dict[str, Any]:
    """What kind of machine, by words that name no machine."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    load = round(os.getloadavg()[0], 1)
    return {"processor": model, "cores": os.cpu_count(), "python": platform.python_version(), "load": load}


def commit() -> str:
    """The commit that was measured."""
    ran = subprocess.run(
        ["git", "rev-parse", "--short=12", "HEAD"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return ran.stdout.strip()


def write_results(name: str, results: dict[str, Any]) -> None:
    """Keep one script's results."""
    RESULTS.mkdir(exist_ok=True)
    document = {
        "measured_on": dt.datetime.now(dt.UTC).date().isoformat(), "commit": commit(), "machine": machine(), **results,
    }  # fmt: skip
    (RESULTS / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n")
    sys.stdout.write(json.dumps(document, indent=1) + "\n")


def read_results(name: str) -> dict[str, Any] | None:
    """One script's last results."""
    found = RESULTS / f"{name}.json"
    return json.loads(found.read_text()) if found.exists() else None
