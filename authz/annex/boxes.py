"""Check boxes in text: whatever form they had, each is one of three marks once the document is read.

Word's content controls and legacy form fields become marks while the document is read; glyphs (from Unicode, from the
Wingdings fonts, or typed as `[x]`) when the text is searched for boxes.
"""

from __future__ import annotations

import re
from typing import Final

EMPTY_BOX: Final = "\ue000"
TICKED_BOX: Final = "\ue001"
UNCLEAR_BOX: Final = "\ue002"
"""A box that shows one thing and says another."""
MARKS: Final = EMPTY_BOX + TICKED_BOX + UNCLEAR_BOX

_EMPTY_GLYPHS: Final = "☐□▢◻◽⬜❏❐❑❒○◯⚪\uf0a8\uf06f\uf071\uf072\uf0a3\uf0a1"
_TICKED_GLYPHS: Final = "☑☒✓✔✗✘☓✅❎⊠⊗■◼⬛●◉🗹🗵🗷🗸⌧√\uf0fe\uf0fd\uf0fc\uf0fb\uf052\uf053\uf054\uf078"
_SYMBOL_AREA: Final = 0xF000
_LAST_OF_A_FONT: Final = 0xFF
_PLANE: Final = range(1, 0x10000)
_SURROGATES: Final = range(0xD800, 0xE003)  # and our own marks
_TYPED: Final = re.compile(r"[\[(][\s_]*([xXхХvV✓✔√]?)[\s_]*[\])]")
_BY_GLYPH: Final = {
    **dict.fromkeys(map(ord, _EMPTY_GLYPHS), EMPTY_BOX),
    **dict.fromkeys(map(ord, _TICKED_GLYPHS), TICKED_BOX),
}
_LOOKS: Final = dict.fromkeys(range(0xFE00, 0xFE10))
"""Whether the glyph before is drawn in colours: variation selectors, which say nothing of the box."""
_FORGED: Final = dict.fromkeys(map(ord, MARKS), "\ufffd")


def without_marks(text: str) -> str:
    """Text of a document in which nobody can have typed our marks."""
    return text.translate(_FORGED)


def mark_of(ticked: bool) -> str:
    """The mark of a box."""
    return TICKED_BOX if ticked else EMPTY_BOX


def symbol(code: str) -> str:
    """The character of a `w:sym`, given in hexadecimal digits; of a symbol font, in the area where such fonts live."""
    try:
        number = int(code, 16)
    except ValueError:
        return ""
    if number <= _LAST_OF_A_FONT:
        number += _SYMBOL_AREA
    return chr(number) if number in _PLANE and number not in _SURROGATES else ""


def with_marks(text: str) -> str:
    """The text with every glyph of a box as a mark."""
    typed = _TYPED.sub(lambda match: mark_of(bool(match[1])), text.translate(_LOOKS))
    return typed.translate(_BY_GLYPH)


def box_state(text: str) -> bool | None:
    """Whether a text that should be the glyph of one box shows it ticked; None: it shows no single box."""
    marks = {mark for mark in with_marks(text) if mark in MARKS}
    if not marks and text.strip() in ("x", "X"):
        return True
    return marks == {TICKED_BOX} if len(marks) == 1 else None
