"""The bodies that callers usually send, read at once; None for any other: `wire` and `core.question` read it with care.

A pattern takes exactly one order of members, each once, in plain ASCII without escapes, with or without the one blank
that encoders put after `,` and `:`. What it takes, the careful way takes too and makes the same `Request` of
(tests/web/test_usual.py); what it refuses may still be good.
"""

from __future__ import annotations

import re
from typing import Final

from authz.core.network import parse_address
from authz.core.types import EMPTY, Assurance, Channel, Request

_PLAIN: Final = r"[ !#-\[\]-~]"
_TYPE: Final = '"([A-Za-z0-9_-]{1,64})"'
_NAME: Final = f'"({_PLAIN}{{1,256}})"'
_ID: Final = f'"({_PLAIN}{{1,1024}})"'
_IP: Final = '"([0-9A-Fa-f.:]{2,45})"'

_QUESTION: Final = (
    rf'\{{"subject": ?\{{"type": ?{_TYPE}, ?"id": ?{_ID}\}}, ?"action": ?\{{"name": ?{_NAME}\}}, ?'
    rf'"resource": ?\{{"type": ?{_TYPE}, ?"id": ?{_ID}\}}(?:, ?"context": ?\{{"ip": ?{_IP}\}})?\}}'
)
_AUTHZEN: Final = re.compile(_QUESTION)
_BATCH_BEGINS: Final = re.compile(rb'\{"evaluations": ?\[')
_ITEM: Final = re.compile(rf"{_QUESTION}(?:, ?|(\]\}})\Z)")
_LAST: Final = 7
"""The group of `_ITEM` that only the last item has."""
_FLAT: Final = re.compile(
    rf'\{{"contact": ?{_ID}, ?"action": ?{_NAME}(?:, ?"ip": ?{_IP})?(?:, ?"tenant": ?{_NAME})?\}}'
)
_WEB: Final = Channel.WEB
_new: Final = tuple.__new__


def usual_authzen(body: bytes, assurance: Assurance) -> Request | None:
    """The question of `POST /access/v1/evaluation`. `assurance`: the caller's default."""
    try:
        found = _AUTHZEN.fullmatch(body.decode("ascii"))
    except UnicodeDecodeError:
        return None
    return None if found is None else _question(found, assurance)


def usual_batch(body: bytes, assurance: Assurance) -> list[Request] | None:
    """The questions of `POST /access/v1/evaluations`, where each is whole and a usual one, and nothing else is said."""
    begun = _BATCH_BEGINS.match(body)
    if begun is None or not body.isascii():
        return None
    text, at, last = body.decode("ascii"), begun.end(), None
    questions: list[Request] = []
    while last is None:
        item = _ITEM.match(text, at)
        question = None if item is None else _question(item, assurance)
        if item is None or question is None:
            return None
        questions.append(question)
        at, last = item.end(), item[_LAST]
    return questions


def usual_flat(body: bytes, assurance: Assurance) -> Request | None:
    """The question of `POST /v1/decision`, about now. `assurance`: the caller's default."""
    try:
        found = _FLAT.fullmatch(body.decode("ascii"))
    except UnicodeDecodeError:
        return None
    if found is None:
        return None
    contact, action, ip, tenant = found.groups()
    try:
        address = None if ip is None else parse_address(ip)
    except ValueError:
        return None
    kind = "contact" if "@" in contact else "phone" if contact[0] == "+" else "login"
    return _new(Request, (
        kind, contact, action, "tenant", "*" if tenant is None else tenant, address, _WEB, assurance,
        EMPTY, EMPTY, EMPTY, None,
    ))  # fmt: skip


def _question(found: re.Match[str], assurance: Assurance) -> Request | None:
    subject_type, subject_id, action, resource_type, resource_id, ip = found.group(1, 2, 3, 4, 5, 6)
    try:
        address = None if ip is None else parse_address(ip)
    except ValueError:
        return None
    return _new(Request, (
        subject_type, subject_id, action, resource_type, resource_id, address, _WEB, assurance,
        EMPTY, EMPTY, EMPTY, None,
    ))  # fmt: skip
