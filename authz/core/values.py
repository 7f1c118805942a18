"""The plain value of a declared type, or nothing: no value is ever coerced (R5; DESIGN section 3)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Final

from authz.core.definition import AttributeDef, AttributeType
from authz.core.identity import email_key, login_key, phone_key, shown_id
from authz.core.types import SubjectKey

EPOCH_ORDINAL: Final = dt.date(1970, 1, 1).toordinal()
UNKNOWN: Final = object()
"""Stands for a value that is absent, of another type, or of no canonical form."""

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_INT_MIN: Final = -(1 << 63)
_INT_MAX: Final = (1 << 63) - 1


def typed(declared: AttributeDef, value: object) -> object:
    """The plain value of the declared type, or `UNKNOWN` for a value of any other type or form."""
    kind = declared.type
    if kind is AttributeType.STRING:
        return _string(value, declared.contact_id)
    if kind is AttributeType.BOOL:
        return value if type(value) is bool else UNKNOWN
    if kind is AttributeType.INT:
        return value if type(value) is int and _INT_MIN <= value <= _INT_MAX else UNKNOWN
    if kind is AttributeType.DATE:
        return _days(value)
    if kind is AttributeType.TIME:
        return _instant(value)
    return _strings(value, declared.contact_id)


def known_value(declared: AttributeDef, value: object) -> object:
    """The plain value of the declared type, for rows and registry checks.

    Raises:
        ValueError: `value` is not of the declared type.
    """
    plain = typed(declared, value)
    if plain is UNKNOWN:
        raise ValueError(f"not {_IN_WORDS[declared.type]}")
    return plain


_IN_WORDS: Final[Mapping[AttributeType, str]] = {
    AttributeType.STRING: "a string",
    AttributeType.BOOL: "true or false",
    AttributeType.INT: "a whole number of 64 bits",
    AttributeType.DATE: "a date YYYY-MM-DD",
    AttributeType.TIME: "an instant with its offset, as in 2026-06-03T10:00:00+03:00",
    AttributeType.STRINGS: "a list of strings",
}


def _string(value: object, contact_id: bool) -> object:
    if type(value) is not str:
        return UNKNOWN
    if not value.isascii() and not _is_text(value):
        return UNKNOWN
    if not contact_id:
        return value
    key = _contact_key(value)
    return UNKNOWN if key is None else written_id(key)


def _is_text(value: str) -> bool:
    """Whether it can be written as UTF-8; a lone surrogate cannot."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _contact_key(value: str) -> SubjectKey | None:
    """The canonical id of a contact named by whatever id people use for it (DESIGN section 5)."""
    if "@" in value:
        return email_key(value)
    if value.startswith("+"):
        return phone_key(value)
    return login_key(value)


def _strings(value: object, contact_id: bool) -> object:
    if not isinstance(value, (list, tuple)):
        return UNKNOWN
    plain = [_string(item, contact_id) for item in value]
    return UNKNOWN if any(item is UNKNOWN for item in plain) else plain


def _days(value: object) -> object:
    """Days since 1970-01-01 of a date, or of its ISO form; never of a datetime."""
    if type(value) is dt.date:
        return value.toordinal() - EPOCH_ORDINAL
    if type(value) is not str or _DATE.fullmatch(value) is None:
        return UNKNOWN
    try:
        return dt.date.fromisoformat(value).toordinal() - EPOCH_ORDINAL
    except ValueError:
        return UNKNOWN


def _instant(value: object) -> object:
    """The aware UTC datetime of an RFC 3339 instant (or of an aware datetime)."""
    try:
        if type(value) is str and _TIME.fullmatch(value) is not None:
            return dt.datetime.fromisoformat(value.upper()).astimezone(dt.UTC)
        if isinstance(value, dt.datetime) and value.utcoffset() is not None:
            return value.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return UNKNOWN
    return UNKNOWN


def written_id(key: SubjectKey) -> str:
    """A canonical id as people write it: `ana@acme.example`, `+40213000001`, `ana.pop`.

    A login that holds an `@` keeps its prefix `login:`, or it could pass for somebody else's e-mail address.
    """
    shown = shown_id(key)
    return key if shown != key and "@" in shown else shown
