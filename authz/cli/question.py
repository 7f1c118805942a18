"""From words on the command line to one question; it is read as strictly as over HTTP, by the same code."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import re
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from authz.cli.failures import Usage
from authz.core.question import INFERRED, TENANT, request_from_flat
from authz.core.types import Assurance, Request
from authz.errors import RequestInvalid
from authz.past import instant_of
from authz.web.messages import wire

_FAR: Final = dt.datetime(9001, 1, 1, tzinfo=dt.UTC).timestamp()
_ENTITIES: Final = ("subject", "action", "resource", TENANT)
_WITHOUT_OFFSET: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9:.]+")


class Words(NamedTuple):
    """The arguments as typed; empty where not given."""

    contact: str
    action: str
    subject_type: str = ""
    ip: str = ""
    tenant: str = ""
    channel: str = ""
    assurance: str = ""
    resource: str = ""
    properties: tuple[str, ...] = ()


def request_of(words: Words) -> Request:
    """The question, as `POST /v1/decision` would read it.

    Raises:
        Usage: names the argument that cannot be meant, and what would do.
        RequestInvalid: what HTTP answers 400 to.
    """
    resource = _resource(words.resource)
    resource_type = resource["type"] if resource else TENANT
    stated = _properties(words.properties, resource_type)
    if stated["resource"]:
        resource = resource or {"type": TENANT, "id": words.tenant or INFERRED}
        resource["properties"] = stated["resource"]
    document = {
        "contact": {"type": words.subject_type, "id": words.contact} if words.subject_type else words.contact,
        "action": {"name": words.action, "properties": stated["action"]},
        "resource": resource,
        "ip": words.ip,
        "tenant": words.tenant,
        "channel": words.channel,
        "assurance": words.assurance,
    }
    required = ("contact", "action")
    asked = {member: value for member, value in document.items() if value or member in required}
    return request_from_flat(asked, Assurance.SESSION)._replace(subject_properties=stated["subject"])


def _resource(text: str) -> dict[str, Any]:
    """Type and id; empty where no resource is named: then the question is about the tenant (R2)."""
    if not text:
        return {}
    kind, colon, resource_id = text.partition(":")
    if not (kind and colon and resource_id):
        raise Usage(f"`{text}` is not TYPE:ID, as in ticket:4711")
    return {"type": kind, "id": resource_id}


def _properties(stated: Iterable[str], resource_type: str) -> dict[str, dict[str, Any]]:
    """`subject.`, `action.`, `resource.` tell whose property it is; a bare name is the resource's."""
    found: dict[str, dict[str, Any]] = {"subject": {}, "action": {}, "resource": {}}
    for words in stated:
        name, equals, text = words.partition("=")
        entity, dot, path = name.partition(".")
        if entity not in _ENTITIES or not dot:
            entity, path = "resource", name
        if not (equals and path):
            raise Usage(f"`{words}` is not NAME=VALUE, as in severity=1 or resource.owner=ana@acme.example")
        if entity == TENANT:
            if resource_type != TENANT:
                raise Usage(f"`{name}`: only a question about the tenant itself states a property of the tenant")
            entity = "resource"
        if path in found[entity]:
            raise Usage(f"`{name}` is stated twice")
        found[entity][path] = property_value(name, text)
    return found


def property_value(name: str, text: str) -> object:
    """`text` as JSON (`true`, `3`, `"3"`, `["a"]`), or as plain text where it is no JSON.

    Raises:
        Usage: JSON that a strict reader refuses: null, NaN, a repeated member, an endless number.
    """
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text
    try:
        return wire.read_object(b'{"value":' + text.encode() + b"}")["value"]
    except RequestInvalid as error:
        raise Usage(f"the value of `{name}`: {error}") from None


def moment_of(text: str, zone: dt.tzinfo) -> float:
    """Seconds since 1970-01-01T00:00Z of an instant with its offset, or of 00:00 of a date in `zone` (R3).

    Raises:
        Usage: neither, an instant without an offset, or one that no contract is about.
    """
    with contextlib.suppress(ValueError, OverflowError):
        moment = instant_of(text, lambda: zone)
        if not 0 <= moment < _FAR:
            raise Usage(f"`{text}` is not of the years 1970 to 9000")
        return moment
    if _WITHOUT_OFFSET.fullmatch(text):
        raise Usage(f"`{text}` has no offset; write {text}Z or {text}+02:00")
    raise Usage(f"`{text}` is neither a date (2026-03-01) nor an instant (2026-03-01T10:00:00+02:00)")
