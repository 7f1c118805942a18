"""One line of a Word document as a reader sees it, and what of it he cannot see or could see in two ways."""

from __future__ import annotations

from typing import Final

from authz.annex.boxes import symbol, without_marks
from authz.annex.controls import VALUE, control_mark, first_choice, form_field, is_on, shows_placeholder
from authz.annex.package import MC, Element, W
from authz.annex.problems import Code, DocumentProblem

_BREAKS: Final = {f"{W}br": "\n", f"{W}cr": "\n", f"{W}tab": " ", f"{W}ptab": " ", f"{W}noBreakHyphen": "-"}
_UNREAD: Final = frozenset(
    [f"{W}{name}" for name in ("pPr", "rPr", "sdtPr", "sdtEndPr", "instrText", "delText", "rt", "tblPr", "txbxContent")]
)
DELETED: Final = frozenset(f"{W}{name}" for name in ("del", "moveFrom"))
INSERTED: Final = frozenset(f"{W}{name}" for name in ("ins", "moveTo"))
_BOX_FORMS: Final = tuple(f"{W}{name}" for name in ("sym", "fldChar", "sdt"))
FOREIGN: Final = frozenset(f"{W}{name}" for name in ("altChunk", "subDoc"))


class Sight:
    """What readers of the document do not see alike: one problem of each kind. Knows the styles that hide text."""

    def __init__(self, hidden_styles: frozenset[str]) -> None:
        self.problems: dict[Code, DocumentProblem] = {}
        self._hidden_styles = hidden_styles

    def is_hidden_style(self, style: Element | None) -> bool:
        """Whether text of a style is not shown."""
        return style is not None and style.get(VALUE, "") in self._hidden_styles

    def is_hidden(self, run: Element) -> bool:
        """Whether a run is not shown."""
        properties = run.find(f"{W}rPr")
        if properties is None:
            return False
        stated = properties.find(f"{W}vanish")
        return is_on(stated) if stated is not None else self.is_hidden_style(properties.find(f"{W}rStyle"))

    def note_tracked(self) -> None:
        """A reader may see the text with or without a change."""
        self._note(Code.TRACKED_CHANGES, "holds tracked changes; accept or reject them, then sign")

    def note_hidden(self) -> None:
        """A reader does not see some text."""
        self._note(Code.HIDDEN_TEXT, "holds hidden text that nobody sees who signs it")

    def note_struck_out(self) -> None:
        """One reader takes the text for deleted, another for text."""
        self._note(Code.STRUCK_OUT, "holds text that is struck out; delete it or undo the stroke, then sign")

    def note_foreign(self) -> None:
        """A reader sees text that is not in this file."""
        self._note(Code.FOREIGN_CONTENT, "holds text from another file; paste it in as text")

    def _note(self, code: Code, text: str) -> None:
        self.problems.setdefault(code, DocumentProblem(code, text))


def line_of(paragraph: Element, sight: Sight) -> str:
    """The text of a paragraph, line breaks as such."""
    return _Line(paragraph, sight).text()


class _Line:
    """The text of one paragraph, collected without recursion."""

    def __init__(self, paragraph: Element, sight: Sight) -> None:
        self._paragraph = paragraph
        self._sight = sight
        self._parts: list[str] = []
        self._fields: list[bool] = []  # open fields, innermost last: whether what it shows is already said

    def text(self) -> str:
        """The whole line; line breaks as such."""
        # what is still to be read, next one last, and whether it lies in hidden text
        hidden_by_style = self._sight.is_hidden_style(self._paragraph.find(f"{W}pPr/{W}pStyle"))
        waiting = [(element, hidden_by_style) for element in reversed(self._paragraph)]
        while waiting:
            element, hidden = waiting.pop()
            inner = self._element(element, hidden)
            if element.tag == f"{W}r":
                hidden = self._sight.is_hidden(element) or hidden
                if _is_struck_out(element):
                    self._sight.note_struck_out()
            waiting += [(child, hidden) for child in reversed(inner)]
        return "".join(self._parts)

    def _element(self, element: Element, hidden: bool) -> list[Element]:
        """Say what the element shows; the children that are still to be read."""
        tag = element.tag
        if tag in _UNREAD:
            return []
        if tag in DELETED or tag in INSERTED:
            return self._tracked(element)
        if tag in FOREIGN:
            self._sight.note_foreign()
            return []
        if tag == f"{W}sdt":
            return self._control(element, hidden)
        if tag == f"{MC}AlternateContent":
            return list(first_choice(element))
        if tag == f"{W}fldChar":
            self._field(element, hidden)
            return []
        self._say(_shown_character(element), hidden)
        return list(element)

    def _tracked(self, change: Element) -> list[Element]:
        if _shows_something(change):
            self._sight.note_tracked()
        return [] if change.tag in DELETED else list(change)

    def _control(self, control: Element, hidden: bool) -> list[Element]:
        mark = control_mark(control)
        if mark is not None:
            self._say(mark, hidden)
            return []
        return [] if shows_placeholder(control) else list(control)

    def _field(self, char: Element, hidden: bool) -> None:
        kind = char.get(f"{W}fldCharType")
        if kind == "end":
            if self._fields:
                self._fields.pop()
        elif kind == "begin":
            shown = form_field(char.find(f"{W}ffData"))
            if shown is not None:
                self._say(shown, hidden)
            self._fields.append(shown is not None)

    def _say(self, text: str, hidden: bool) -> None:
        if any(self._fields):
            return
        if hidden:
            if text.strip():
                self._sight.note_hidden()
            return
        self._parts.append(text)


def _shows_something(change: Element) -> bool:
    """Text, or a box in any of its forms; what only Word sees (an empty run, a mark of a paragraph) does not count."""
    if next(change.iter(*_BOX_FORMS), None) is not None:
        return True
    return any(text and text.strip() for text in change.itertext(f"{W}t", f"{W}delText"))


def _is_struck_out(run: Element) -> bool:
    properties = run.find(f"{W}rPr")
    if properties is None or not any(is_on(properties.find(f"{W}{name}")) for name in ("strike", "dstrike")):
        return False
    return _shows_something(run)


def _shown_character(element: Element) -> str:
    if element.tag == f"{W}t":
        return without_marks(element.text or "")
    if element.tag == f"{W}sym":
        return symbol(element.get(f"{W}char", ""))
    return _BREAKS.get(element.tag, "")
