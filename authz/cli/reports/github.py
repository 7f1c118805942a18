"""Workflow commands of GitHub Actions: annotations on the lines of a change, and the job's summary.

The platform shows ten annotations of each level a step, so the weightiest come first and the rest is counted; a summary
may have one mebibyte. Escaping as the platform's runner undoes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from authz.cli.plain import printable
from authz.cli.reports.remark import Level, Remark, by_weight

MOST_A_LEVEL: Final = 10
LARGEST_SUMMARY: Final = 1 << 20
_CUT: Final = "\n\n… the rest does not fit into this summary.\n"


def annotation_lines(remarks: list[Remark]) -> Iterator[str]:
    """One line for each remark that will be shown, and one that counts those that will not."""
    ordered = by_weight(remarks)
    for level in Level:
        of_level = [one for one in ordered if one.level is level]
        shown = of_level if len(of_level) <= MOST_A_LEVEL else of_level[: MOST_A_LEVEL - 1]
        for one in shown:
            yield _command(one)
        if len(shown) < len(of_level):
            yield f"::{level}::{_text(f'and {len(of_level) - len(shown)} more, see the summary')}"


def _command(one: Remark) -> str:
    where = {"file": one.file, "line": str(one.line) if one.line else "", "col": str(one.column) if one.column else ""}
    properties = {**where, "title": one.code}
    stated = ",".join(f"{name}={_property(value)}" for name, value in properties.items() if value)
    return f"::{one.level} {stated}::{_text(one.text)}"


def _text(text: str) -> str:
    """Written as the runner undoes it; what nobody would see is shown as its escape before."""
    return printable(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _text(text).replace(":", "%3A").replace(",", "%2C")


def append_summary(path: Path, markdown: str) -> None:
    """Add to the job's summary, cut to what the platform takes.

    Raises:
        OSError: the file cannot be written.
    """
    written = (markdown.rstrip("\n") + "\n").encode()
    if len(written) > LARGEST_SUMMARY:
        kept = written[: LARGEST_SUMMARY - len(_CUT.encode())].decode(errors="ignore")
        written = (kept.rpartition("\n")[0] + _CUT).encode()
    with path.open("ab") as stream:
        stream.write(written)
