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

_AUTHZEN: Final = re.compile(
    rf'\{{"subject": ?\{{"type": ?{_TYPE}, ?"id": ?{_ID}\}}, ?"action": ?\{{"name": ?{_NAME}\}}, ?'
    rf'"resource": ?\{{"type": ?{_TYPE}, ?"id": ?{_ID}\}}(?:, ?"context": ?\{{"ip": ?{_IP}\}})?\}}'
)
_FLAT: Final = re.compile(
    rf'\{{"contact": ?{_ID}, ?"action": ?{_NAME}(?:, ?"ip": ?{_IP})?(?:, ?"tenant": ?{_NAME})?\}}'
)
_WEB: Final = Channel.WEB
_new: Final = tuple.__new__


def usual_authzen(body: bytes, assurance: Assurance) -> Request | None:
    """The question of `POST /access/v1/evaluation`. `assurance`: the caller's default."""
    found = _match(_AUTHZEN, body)
    if found is None:
        return None
    subject_type, subject_id, action, resource_type, resource_id, ip = found.groups()
    try:
        address = None if ip is None else parse_address(ip)
    except ValueError:
        return None
    return _new(Request, (
        subject_type, subject_id, action, resource_type, resource_id, address, _WEB, assurance,
        EMPTY, EMPTY, EMPTY, None,
    ))  # fmt: skip


def usual_flat(body: bytes, assurance: Assurance) -> Request | None:
    """The question of `POST /v1/decision`, about now. `assurance`: the caller's default."""
    found = _match(_FLAT, body)
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


def _match(pattern: re.Pattern[str], body: bytes) -> re.Match[str] | None:
    try:
        return pattern.fullmatch(body.decode("ascii"))
    except UnicodeDecodeError:
        return None
