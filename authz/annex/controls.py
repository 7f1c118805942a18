"""Form fields and content controls of Word, and the small attributes that say how text is shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from authz.annex.boxes import UNCLEAR_BOX, box_state, mark_of, symbol, without_marks
from authz.annex.package import MC, W14, Element, W

VALUE: Final = f"{W}val"
_OFF: Final = ("0", "false", "off")
_MOST_DIGITS: Final = 4


def control_mark(control: Element) -> str | None:
    """The mark of a content control that is a check box; None for any other."""
    box = control.find(f"{W}sdtPr/{W14}checkbox")
    if box is None:
        return None
    state = box.find(f"{W14}checked")
    ticked = state is not None and state.get(f"{W14}val", "1") not in _OFF
    glyph = "".join(_glyphs(control.find(f"{W}sdtContent")))
    shown = box_state(glyph)
    if shown is None and glyph.strip():
        shown = _shown_by(box, glyph.strip())
    return UNCLEAR_BOX if shown is not None and shown is not ticked else mark_of(ticked)


def form_field(stated: Element | None) -> str | None:
    """What a legacy form field shows that its text does not say: a box, or the chosen entry of a list."""
    if stated is None:
        return None
    box = stated.find(f"{W}checkBox")
    if box is not None:
        checked, default = box.find(f"{W}checked"), box.find(f"{W}default")
        return mark_of(is_on(checked) if checked is not None else is_on(default))
    choice = stated.find(f"{W}ddList")
    if choice is not None:
        entries = [entry.get(VALUE, "") for entry in choice.iter(f"{W}listEntry")]
        chosen = choice.find(f"{W}result")
        at = number_of(chosen if chosen is not None else choice.find(f"{W}default"), 0)
        return without_marks(entries[at]) if at < len(entries) else ""
    return None


def _glyphs(content: Element | None) -> Iterator[str]:
    for element in content.iter(f"{W}t", f"{W}sym") if content is not None else ():
        yield symbol(element.get(f"{W}char", "")) if element.tag == f"{W}sym" else (element.text or "")


def _shown_by(box: Element, glyph: str) -> bool | None:
    """A glyph held against the two that the control says it uses."""
    for name, meaning in (("checkedState", True), ("uncheckedState", False)):
        stated = box.find(f"{W14}{name}")
        if stated is not None and glyph in (symbol(code := stated.get(f"{W14}val", "")), _plain(code)):
            return meaning
    return None


def _plain(code: str) -> str:
    try:
        return chr(int(code, 16))
    except (ValueError, OverflowError):
        return ""


def first_choice(alternatives: Element) -> Element:
    """The alternative that a program of today shows."""
    choice = alternatives.find(f"{MC}Choice")
    fallback = alternatives.find(f"{MC}Fallback")
    return choice if choice is not None else (fallback if fallback is not None else alternatives)


def shows_placeholder(control: Element) -> bool:
    """Whether a content control still says what to type there."""
    return is_on(control.find(f"{W}sdtPr/{W}showingPlcHdr"))


def is_on(flag: Element | None) -> bool:
    """A yes or no that is yes where it stands without a value."""
    return flag is not None and flag.get(VALUE, "1") not in _OFF


def number_of(element: Element | None, default: int) -> int:
    """A small whole number, or what it is where none is stated."""
    stated = "" if element is None else element.get(VALUE, "")
    return int(stated) if stated.isascii() and stated.isdigit() and len(stated) <= _MOST_DIGITS else default


def hidden_styles(styles: Element | None) -> frozenset[str]:
    """Ids of the styles whose text is not shown, those based on such a style included."""
    if styles is None:
        return frozenset()
    stated: dict[str, bool | None] = {}
    based_on: dict[str, str] = {}
    for style in styles.iter(f"{W}style"):
        name = style.get(f"{W}styleId", "")
        flag = style.find(f"{W}rPr/{W}vanish")
        stated[name] = None if flag is None else is_on(flag)
        parent = style.find(f"{W}basedOn")
        if parent is not None:
            based_on[name] = parent.get(VALUE, "")
    hidden = {name for name, flag in stated.items() if flag}
    for _ in range(len(stated)):
        further = {name for name, flag in stated.items() if flag is None and based_on.get(name) in hidden} - hidden
        if not further:
            break
        hidden |= further
    return frozenset(hidden)
