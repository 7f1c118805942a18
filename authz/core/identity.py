"""Canonical subject ids on the read path (R1; DESIGN section 5).

Nothing is stripped, folded beyond ASCII case, or repaired: whatever is not canonicalisable is simply not registered.
"""

from __future__ import annotations

import re
from typing import Final

from authz.core.types import SubjectKey

SUBJECT_KINDS: Final = ("email", "phone", "login")
BUILT_IN_SUBJECT_TYPES: Final = {"contact": "email", "phone": "phone", "login": "login"}
"""AuthZEN subject type -> kind of id. A set may add types of its own (`subject_types` in set.yaml)."""

_LONGEST_EMAIL: Final = 254
_LONGEST_LOCAL_PART: Final = 64
_LONGEST_LOGIN: Final = 128
_LONGEST_PHONE: Final = 16
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(rf"({_ATOM}(?:\.{_ATOM})*)@((?:{_LABEL}\.)+{_LABEL})")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]*")
_LOGIN_PREFIX: Final = "login:"


def email_key(text: str) -> SubjectKey | None:
    """An ASCII e-mail address in ASCII lower case; an IDN only as A-labels. None: not an address of our grammar."""
    if len(text) > _LONGEST_EMAIL:
        return None
    match = _EMAIL.fullmatch(text)
    if match is None or match.end(1) > _LONGEST_LOCAL_PART:
        return None
    return SubjectKey(text.lower())


def phone_key(text: str) -> SubjectKey | None:
    """A telephone number in E.164, `+` and digits only. None: anything else."""
    return SubjectKey(text) if len(text) <= _LONGEST_PHONE and _PHONE.fullmatch(text) else None


def login_key(text: str) -> SubjectKey | None:
    """A login, ASCII and case-sensitive. None: not a login."""
    return SubjectKey(_LOGIN_PREFIX + text) if len(text) <= _LONGEST_LOGIN and _LOGIN.fullmatch(text) else None


_BY_KIND = {"email": email_key, "phone": phone_key, "login": login_key}


def subject_key(kind: str, text: str) -> SubjectKey | None:
    """The canonical key of a subject id of one kind (`SUBJECT_KINDS`); None: it can stand on no annex."""
    return _BY_KIND[kind](text)


def shown_id(key: SubjectKey) -> str:
    """The id as people write it: a login without its prefix."""
    return key.removeprefix(_LOGIN_PREFIX)


def kind_of(key: SubjectKey) -> str:
    """Which of `SUBJECT_KINDS` a canonical id is."""
    if key.startswith(_LOGIN_PREFIX):
        return "login"
    return "phone" if key.startswith("+") and "@" not in key else "email"
