"""The example set `orchard` as a bundle, whole or with edits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from authz.errors import PolicyInvalid
from authz.policy.bundle import Bundle, bundle_revision, read_bundle
from authz.policy.parse import ParsedSet, parse_set

FOLDER = Path(__file__).parent / "example" / "orchard"
MODEL = Path(__file__).parents[2] / "model.conf"
MATRIX, OWN, SET, TESTS, CLAUSES = "matrix.csv", "own_lines.csv", "set.yaml", "tests.yaml", "clauses.md"
HILLTOP, RIVERSIDE = "networks/hilltop.csv", "networks/east/riverside.csv"
MODEL_CONF = "model.conf"

MATRIX_BYTES = (FOLDER / MATRIX).read_bytes()
MODEL_TEXT = MODEL.read_text()
GATE = next(line for line in MATRIX_BYTES.decode().splitlines() if line.startswith("p, *, keeper, open_gate"))
"""Line 2 of the matrix: a keeper may open the gate."""

Edit = str | bytes | None | Sequence[tuple[str, str]]
"""New content, None for no such file, or (old, new) pairs of which each old text stands in the file exactly once."""


def gate(line: str) -> dict[str, Edit]:
    """The edit that puts `line` (or lines) in the place of line 2 of the matrix."""
    return {MATRIX: [(GATE, line)]}


def edited(content: bytes, edit: Edit) -> bytes | None:
    if edit is None or isinstance(edit, bytes):
        return edit
    if isinstance(edit, str):
        return edit.encode()
    text = content.decode()
    for old, new in edit:
        assert text.count(old) == 1, f"`{old}` stands {text.count(old)} times in the example"
        text = text.replace(old, new)
    return text.encode()


def bundle(edits: Mapping[str, Edit] | None = None) -> Bundle:
    """The example; `model.conf` among the edits means the model."""
    whole = read_bundle(FOLDER, MODEL)
    files, model = dict(whole.files), whole.model
    for name, edit in (edits or {}).items():
        content = edited(model if name == MODEL_CONF else files.get(name, b""), edit)
        if name == MODEL_CONF:
            model = content or b""
        elif content is None:
            del files[name]
        else:
            files[name] = content
    return Bundle(whole.set_id, files, model, bundle_revision(files, model), whole.place)


def parsed(edits: Mapping[str, Edit] | None = None) -> ParsedSet:
    return parse_set(bundle(edits))


def problems(edits: Mapping[str, Edit]) -> list[str]:
    """What keeps the edited example from going live; the set's folder is left out of the places."""
    try:
        parse_set(bundle(edits))
    except PolicyInvalid as error:
        return [str(problem).removeprefix("policies/orchard/") for problem in error.problems]
    return []
