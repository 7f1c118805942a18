"""A person on the command line: named by any id, as in a question."""

from __future__ import annotations

from authz.cli.failures import Usage
from authz.core.identity import subject_key
from authz.core.types import SubjectKey
from authz.registry.proposals import staff_name


def person_key(text: str) -> SubjectKey:
    """The canonical id: an e-mail address if it holds an `@`, a phone number if it begins with `+`, else a login.

    Raises:
        Usage: it can be none of them.
    """
    kind = "email" if "@" in text else "phone" if text.startswith("+") else "login"
    key = subject_key(kind, text)
    if key is None:
        raise Usage(f"`{text}` is no e-mail address, +phone number or login")
    return key


def staff(by: str) -> str:
    """The name for the trail.

    Raises:
        Usage: it is no name.
    """
    try:
        return staff_name(by)
    except ValueError as error:
        raise Usage(f"--by: {error}") from None
