"""What only the registry's routes refuse; `web.messages.reply` knows their statuses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from authz.errors import AuthzError


class Part(NamedTuple):
    """What is wrong with one part of the body; `pointer` is an RFC 6901 JSON pointer to it."""

    pointer: str
    detail: str


class BodyInvalid(AuthzError):
    """The body can be read, but what it says cannot be entered (HTTP 422)."""

    code = "annex_invalid"

    def __init__(self, parts: Iterable[Part]) -> None:
        self.parts = tuple(parts)
        super().__init__("the body holds what cannot be entered; see `problems`")


class NotStated(AuthzError):
    """A change without `If-Match` (HTTP 428): it might overwrite what its editor has not seen."""

    code = "precondition_required"
