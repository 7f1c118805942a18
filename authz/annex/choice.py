"""The network choice (1.7 of the form): which of the two boxes is ticked. None or both is a problem, never a guess."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from authz.annex.body import Body
from authz.annex.boxes import MARKS, TICKED_BOX, UNCLEAR_BOX, mark_of, with_marks
from authz.annex.folding import folded
from authz.annex.problems import Code, DocumentProblem
from authz.core.types import NetworkChoice

_ANY: Final = re.compile(
    r"\b(?:orice (?:adresa )?ip|orice adresa|any (?:ip|address|network)|(?:toute adresse|n importe quelle adresse)"
    r"|люб(?:ого|ых|ои) (?:ip|адрес)|люб(?:ого|ои) сет|будь яко(?:го|і) (?:ip|адрес|мереж))"
)
_DECLARED: Final = re.compile(r"\b(?:declarate|declared|declarees|заявленн|объявленн|заявлен|оголошен)")
_SEPARATORS: Final = re.compile(f"([{MARKS}])")
_CROSS: Final = re.compile(r"\s*[xXхХ][\s.):-]+(?=\w)")  # a cross typed where the box was, Latin or Cyrillic


def network_choice(body: Body) -> tuple[NetworkChoice | None, DocumentProblem | None]:
    """The choice, or why there is none."""
    marks: dict[NetworkChoice, set[str]] = {choice: set() for choice in NetworkChoice}
    for label, mark in _boxes(_lines(body)):
        choice = _option(label)
        if choice is not None:
            marks[choice].add(mark)
    ticked = [choice for choice, found in marks.items() if TICKED_BOX in found]
    if any(UNCLEAR_BOX in found or len(found) > 1 for found in marks.values()):
        return None, DocumentProblem(
            Code.NETWORK_UNCLEAR, "the network choice is not clear: a box shows one thing and says another"
        )
    if len(ticked) > 1:
        return None, DocumentProblem(Code.NETWORK_BOTH, "both boxes of the network choice are ticked; tick one")
    unseen = [choice for choice, found in marks.items() if not found]
    if unseen:
        words = {NetworkChoice.ANY: "any address", NetworkChoice.DECLARED: "declared addresses only"}
        missing = " and ".join(f"`{words[choice]}`" for choice in unseen)
        return None, DocumentProblem(Code.NETWORK_NONE, f"the network choice cannot be read: no box for {missing}")
    if not ticked:
        return None, DocumentProblem(Code.NETWORK_NONE, "no box of the network choice is ticked; tick one")
    return ticked[0], None


def has_choice(line: str) -> bool:
    """Whether a line speaks of one of the two options."""
    return _option(line) is not None


def _option(label: str) -> NetworkChoice | None:
    words = folded(label)
    of_any, of_declared = bool(_ANY.search(words)), bool(_DECLARED.search(words))
    if of_any is of_declared:
        return None
    return NetworkChoice.ANY if of_any else NetworkChoice.DECLARED


def _lines(body: Body) -> Iterator[str]:
    """Lines of paragraphs, and each row of a table as a line; a line that is only a box goes with the next one."""
    waiting = ""
    for block in body.blocks:
        texts = block.split("\n") if isinstance(block, str) else [_joined(row.cells) for row in block.rows]
        for text in texts:
            line = waiting + with_marks(text)
            waiting = line if line.strip() and not line.strip(MARKS + " ") else ""
            if not waiting:
                yield line


def _joined(cells: tuple[object, ...]) -> str:
    return "  ".join(str(getattr(cell, "text", "")).replace("\n", " ") for cell in cells)


def _boxes(lines: Iterator[str]) -> Iterator[tuple[str, str]]:
    """(label, mark): the label follows its box, or precedes it where the line ends with a box."""
    for line in lines:
        pieces = [piece for piece in _SEPARATORS.split(line) if piece.strip()]
        marks = [at for at, piece in enumerate(pieces) if piece in MARKS]
        if not marks:
            cross = _CROSS.match(line)
            if cross and has_choice(line):
                yield line[cross.end() :], mark_of(ticked=True)
            continue
        step = -1 if marks[-1] == len(pieces) - 1 else 1
        for at in marks:
            label = pieces[at + step] if 0 <= at + step < len(pieces) else ""
            yield ("" if label in MARKS else label), pieces[at]
