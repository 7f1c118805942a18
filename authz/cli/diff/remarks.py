"""A finished comparison as remarks on lines, for annotations and SARIF."""

from __future__ import annotations

from typing import Final

from authz.cli.diff.forms import Compared
from authz.cli.diff.words import Kind
from authz.cli.reports.remark import Level, Remark

RULES: Final = {
    "access-gained": "somebody may do what was refused before",
    "access-lost": "somebody may no longer do what was allowed before",
    "access-changed": "access is given and taken, or the effect cannot be told",
    "unapproved": "access is widened, and the change does not say that this is accepted",
    "other-change": "a change that touches no access",
    "approval": "an approval that is stale, unused, or cannot be read",
    "invalid": "a policy set that does not compile",
    "failing": "a guard that is broken, or a test that fails",
}
_CODES: Final = {
    Kind.GAIN: "access-gained", Kind.LOSS: "access-lost", Kind.BOTH: "access-changed", Kind.OTHER: "other-change",
}  # fmt: skip


def remarks(compared: Compared) -> list[Remark]:
    """Each sentence on the line that causes it."""
    found = [
        Remark(Level.ERROR, "invalid", f"{side}: {one.text}", compared.place(one.file), one.line, one.column)
        for side, one in compared.invalid
    ]
    for level, code_, problems in (
        (Level.ERROR, "failing", compared.failing),
        (Level.WARNING, "approval", compared.findings),
    ):
        found += [Remark(level, code_, one.text, compared.place(one.file), one.line, one.column) for one in problems]
    for gap in compared.open:
        text = f"widened without an approval: {gap.text}"
        file, _, number = gap.source.rpartition(":")
        stated = 0 if gap.gone else int(number or 0)
        found.append(Remark(Level.ERROR, "unapproved", text, compared.place(f"policies/{file}"), stated))
    levels = {Kind.GAIN: Level.WARNING, Kind.BOTH: Level.WARNING, Kind.LOSS: Level.NOTICE, Kind.OTHER: Level.NOTICE}
    for line in compared.lines:
        file, _, number = line.source.rpartition(":")
        place = compared.place(f"policies/{file or f'{line.set_id}/set.yaml'}")
        found.append(
            Remark(
                levels[line.kind],
                _CODES[line.kind],
                line.text,
                place,
                0 if line.gone else int(number or 0),
                1,
                f"{line.about} {line.text}",
            )
        )
    return found
