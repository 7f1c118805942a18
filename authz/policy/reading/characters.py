"""What a policy file may be made of: plain UTF-8 text whose every character a reviewer sees as it is."""

from __future__ import annotations

import re
import unicodedata
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from typing import Final

from authz.errors import Problem

CODE: Final = "characters"
_SUSPECT: Final = re.compile(r"[^\x20-\x7e\n]")
_WORD: Final = re.compile(r"[^\W\d_]+")
_CONFLICT: Final = re.compile(r"(?:<{7}|>{7}|\|{7})(?: |$)|={7}$")
_CONFLICT_ENDS: Final = re.compile(r"(?:<{7}|>{7}|\|{7})(?: |$)")
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_SCRIPTS: Final = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")
_NAMED: Final = {"\0": "NUL character", "\t": "tab; use spaces"}


def read_text(file: str, content: bytes, problems: list[Problem]) -> str | None:
    """The text of a policy file; None, with at least one problem, where its lines cannot even be told apart.

    Refused: empty files, a byte order mark, anything but UTF-8, CR, NUL, tabs, other control characters, invisible and
    bidirectional format characters, text outside normal form C, and words that mix alphabets (homoglyphs).
    """
    before = len(problems)
    if not content:
        problems.append(Problem(file, 0, 0, "the file is empty", CODE))
    elif content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        problems.append(Problem(file, 1, 1, "not UTF-8 but UTF-16", CODE))
    elif content.startswith(BOM_UTF8):
        problems.append(Problem(file, 1, 1, "begins with a byte order mark", CODE))
    if len(problems) > before:
        return None
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line, column = _position(content, error.start)
        problems.append(Problem(file, line, column, f"byte 0x{content[error.start]:02x} is not UTF-8", CODE))
        return None
    if text.isascii() and not _SUSPECT.search(text):
        return text
    if "\r" in text:
        line, column = _position(content, content.index(b"\r"))
        problems.append(Problem(file, line, column, "carriage return; lines end with a line feed only", CODE))
        return None
    found = (_first_unfit(file, number, line_text) for number, line_text in enumerate(text.split("\n"), 1))
    problems.extend(problem for problem in found if problem is not None)
    return text


def conflict_marker(line: str, markdown: bool = False) -> bool:
    """Whether the line is a merge-conflict marker; in Markdown a row of `=` may underline a heading."""
    return bool((_CONFLICT_ENDS if markdown else _CONFLICT).match(line))


def shown(character: str) -> str:
    """One character for a problem text: itself where it can be seen, with its code point and name."""
    name = unicodedata.name(character, "unnamed character")
    visible = "" if unicodedata.category(character) in _UNSEEN else f"`{character}` "
    return f"{visible}U+{ord(character):04X} ({name.lower()})"


def _position(content: bytes, at: int) -> tuple[int, int]:
    start = content.rfind(b"\n", 0, at) + 1
    return content.count(b"\n", 0, at) + 1, len(content[start:at].decode("utf-8", "replace")) + 1


def _first_unfit(file: str, number: int, line: str) -> Problem | None:
    for found in _SUSPECT.finditer(line):
        character = found.group()
        if character in _NAMED:
            return Problem(file, number, found.start() + 1, _NAMED[character], CODE)
        if unicodedata.category(character) in _UNSEEN:
            text = f"{shown(character)} cannot be seen by a reader"
            return Problem(file, number, found.start() + 1, text, CODE)
    if line.isascii():
        return None
    if not unicodedata.is_normalized("NFC", line):
        return Problem(file, number, 1, "text is not in Unicode normal form C", CODE)
    for found in _WORD.finditer(line):
        word = found.group()
        if not word.isascii() and len(alphabets := _alphabets(word)) > 1:
            mix = " and ".join(name.capitalize() for name in alphabets)
            return Problem(file, number, found.start() + 1, f"`{word}` mixes {mix} letters", CODE)
    return None


def mixed_alphabets(text: str) -> bool:
    """Whether some word is written in letters of more than one alphabet, which look like those of one."""
    return any(len(_alphabets(found.group())) > 1 for found in _WORD.finditer(text))


def _alphabets(word: str) -> list[str]:
    names = [unicodedata.name(character, "") for character in word]
    return [script for script in _SCRIPTS if any(name.startswith(script) for name in names)]


def misplaced(line: str) -> tuple[int, str] | None:
    """Column and text of the first thing that no line of rules or of the model may hold; None: nothing."""
    if conflict_marker(line):
        return 1, "merge-conflict marker"
    if not line.isascii():
        at = next(at for at, character in enumerate(line) if not character.isascii())
        return at + 1, f"{shown(line[at])} is not an ASCII character"
    if line.startswith(" "):
        return 1, "blank at the start of the line"
    if line.endswith(" "):
        return len(line.rstrip(" ")) + 1, "blank at the end of the line"
    return None
