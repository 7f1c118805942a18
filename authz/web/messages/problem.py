"""Errors of the registry's routes as problem details (RFC 9457), without a word of what was sent and without a name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from itertools import takewhile
from typing import Any, Final

from starlette.responses import Response

from authz.errors import AuthzError, Conflict, NotFound, RegistryUnavailable
from authz.registry.checking import ANNEX_MEMBERS, CONTACT_MEMBERS
from authz.registry.findings import Finding
from authz.web.messages import wire
from authz.web.messages.refusals import BodyInvalid, Part
from authz.web.messages.reply import error_detail, headers_of, status_of
from authz.wiring import NotYetVisible

MEDIA_TYPE: Final = "application/problem+json"
_QUOTED: Final = re.compile(r"`.*`", re.DOTALL)
_AWAY: Final = "the registry's database cannot be reached"
_NOTHING: Final = "there is nothing of that name here"


def problem(error: AuthzError) -> Response:
    """The answer to an error. `type` is `about:blank`, so `title` is the status in words; `code` is for machines."""
    status = status_of(error)
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": _detail(error),
        "code": error.code,
    }
    if isinstance(error, BodyInvalid):
        document["problems"] = [part._asdict() for part in error.parts]
    headers = {name.decode(): value.decode() for name, value in headers_of(error)}
    return Response(wire.write(document), status, headers, MEDIA_TYPE)


def parts_of(findings: Iterable[Finding], before: tuple[object, ...], within: str, stated: object) -> list[Part]:
    """Findings of a check as parts of the body.

    Args:
        before: the path that the checked value put around what was stated; left out of pointers.
        within: the pointer of what was stated.
        stated: it itself; whatever a finding quotes of it is left out.
    """
    said = sorted(_texts(stated), key=len, reverse=True)
    return [_part(finding, len(before), within, said) for finding in findings]


def _part(finding: Finding, skip: int, within: str, said: list[str]) -> Part:
    text = finding.text
    for one in said:
        text = text.replace(f"`{one}`", "the value")
    steps = takewhile(lambda step: isinstance(step, int) or step in _OUR_WORDS, finding.path[skip:])
    return Part(within + "".join(f"/{step}" for step in steps), text)


def _texts(stated: object) -> set[str]:
    """Every text in it, keys too, as a finding would print it."""
    if isinstance(stated, Mapping):
        return {_visible(str(key)) for key in stated if key not in _OUR_WORDS}.union(*map(_texts, stated.values()))
    if isinstance(stated, list):
        return set().union(*map(_texts, stated))
    return {_visible(str(stated))} if isinstance(stated, str) else set()


_OUR_WORDS: Final = frozenset((*ANNEX_MEMBERS, *CONTACT_MEMBERS))


def _visible(text: str) -> str:
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def _detail(error: AuthzError) -> str:
    if isinstance(error, NotFound):
        return _NOTHING
    if isinstance(error, RegistryUnavailable) and not isinstance(error, NotYetVisible):
        return _AWAY
    if isinstance(error, Conflict):
        return _QUOTED.sub("somebody", str(error))  # from the first quote to the last: a name may hold one
    return error_detail(error)["message"]
