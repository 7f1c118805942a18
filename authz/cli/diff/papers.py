"""What names a paper, however it is written: the `because` of an approval. Pure.

Yesterday's paper in other letters is yesterday's. Two texts name one paper where they have the same letters and digits
in the same order, whatever stands between them, or where they look as if they had: in letters of another alphabet, with
digits of another script, with zeros before a number.
"""
# ruff: noqa: RUF001 - the letters that look alike are what this is about

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

_FILLERS: Final = "\u115f\u1160"
"""Letters that nobody sees."""
_PAIRS: Final = (
    # Cyrillic: capital and small letters, each as it is printed
    ("АВСЕԌНІӀЈКМОРԚЅТԜХУҮѴЬ", "ABCEGHIIJKMOPQSTWXYYVb"),
    ("авсԁеєԍһнііӏјкмпорԛгѕтѵԝхуүь", "abcdeeghhiiljkmnopqrstvwxyyb"),
    # Greek
    ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹͿ", "ABEZHIKMNOPTYXCJ"),
    ("αβγεηικμνοπρςτυχωϲϳ", "abyenikuvonpctuxwcj"),
    # Greek and Cyrillic that look alike, and like no Latin letter
    ("ΓΛΠΦφ", "ГЛПФф"),
    # Latin: without a dot or with a bar, rounded, small capitals
    ("ıȷɩɪɑɡɢ", "ijiiagg"),
    ("ØøĐđĦħŁłŦŧ", "OoDdHhLlTt"),
    ("ᴀʙᴄᴅᴇʜᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "abcdehjklmnoprstuvwyz"),
)
_AS_LATIN: Final = str.maketrans("".join(one for one, _ in _PAIRS), "".join(other for _, other in _PAIRS))
_AS_SMALL_L: Final = str.maketrans("I", "l")
_AS_DIGITS: Final = str.maketrans("lOoЗз", "10033")


def paper(because: str) -> frozenset[str]:
    """The forms under which it is known: texts that share one name the same paper. None: it names no paper."""
    written = _plain(because)
    latin = _plain(because.translate(_AS_LATIN)).translate(_AS_LATIN)  # what is taken apart may look alike, too
    forms = (written, latin, latin.translate(_AS_SMALL_L), latin.translate(_AS_DIGITS))
    return frozenset(one for form in forms for one in _numbered(form.casefold()) if one)


def _plain(text: str) -> str:
    return "".join(map(_sign, unicodedata.normalize("NFKD", text)))


def _sign(sign: str) -> str:
    """A letter; a digit as ASCII has it; a blank for any other sign; nothing for accents and what nobody sees."""
    category = unicodedata.category(sign)
    if category == "Nd":
        return str(unicodedata.decimal(sign))
    if category[0] in "LN":
        return "" if sign in _FILLERS else sign
    return "" if category[0] == "M" or category == "Cf" else " "


def _numbered(form: str) -> Iterator[str]:
    """Without blanks and zeros before numbers: with `2026-01-04` as one number, and as three."""
    for one in (form, re.sub(r"(?<=[0-9]) +(?=[0-9])", "-", form)):
        yield re.sub(r"(?<![0-9])0+(?=[0-9])", "", one.replace(" ", ""))
