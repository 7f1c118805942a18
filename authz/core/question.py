"""A JSON object to a `Request`: the flat question of `POST /v1/decision`, and AuthZEN's (AuthZEN 1.0 sections 5, 6).

Strict in form, silent about content: unknown members are ignored, a wrong one is a `RequestInvalid` with a closed code
and a message that never repeats what was sent. Whether the named things exist is for the decision to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NoReturn, TypeGuard

from authz.core.network import parse_address
from authz.core.obligations import SUPPORTED_OBLIGATIONS
from authz.core.types import EMPTY, Address, Assurance, Channel, Request
from authz.errors import RequestInvalid

LONGEST_ID: Final = 1024
"""Characters of a subject's or resource's id."""
LONGEST_NAME: Final = 256
"""Characters of a type, an action's name, a tenant's id."""

TENANT: Final = "tenant"
INFERRED: Final = "*"

Document = Mapping[str, object]
"""A JSON object as parsed: `str`, `bool`, `int`, `float`, `None`, `list` and `dict` only."""


class Fault(StrEnum):
    """Why a question cannot be read: the closed list of `RequestInvalid.code` of this module."""

    MISSING_MEMBER = "missing_member"
    WRONG_TYPE = "wrong_type"
    NULL_VALUE = "null_value"
    EMPTY_VALUE = "empty_value"
    TOO_LONG = "too_long"
    BAD_TEXT = "bad_text"
    BAD_ADDRESS = "bad_address"
    BAD_CHANNEL = "bad_channel"
    BAD_ASSURANCE = "bad_assurance"
    IP_ON_CHANNEL = "ip_on_channel"
    CONFLICTING_MEMBERS = "conflicting_members"


def request_from_flat(document: object, default_assurance: Assurance | None = None) -> Request:
    """The question of `POST /v1/decision` (DESIGN section 6).

    `{"contact": str | {"type", "id", "properties"?}, "action": str | {"name", "properties"?}, "ip"?, "tenant"?,
    "channel"?, "assurance"?, "sender_verified"?, "resource"?: {"type", "id", "properties"?}}`. A `contact` string is an
    e-mail address if it holds an `@`, a phone number if it begins with `+`, else a login. `subject` may stand for a
    `contact` object.

    Args:
        default_assurance: of the caller's key; None: `session`.

    Raises:
        RequestInvalid: with one of `Fault` as its code.
    """
    body = _object(document, "the question")
    subject_type, subject_id, subject_properties = _flat_subject(body)
    action, action_properties = _flat_action(body)
    resource_type, resource_id, resource_properties = _flat_resource(body)
    address, channel, assurance = circumstances(body, default_assurance)
    return Request(
        subject_type, subject_id, action, resource_type, resource_id, address, channel, assurance,
        subject_properties, action_properties, resource_properties, supported_obligations(body),
    )  # fmt: skip


def request_from_authzen(document: object, default_assurance: Assurance | None = None) -> Request:
    """The question of `POST /access/v1/evaluation`: `subject`, `action`, `resource`, and optionally `context`.

    Args and Raises: as `request_from_flat`.
    """
    body = _object(document, "the question")
    subject_type, subject_id, subject_properties = entity(body, "subject")
    action, action_properties = named_action(body)
    resource_type, resource_id, resource_properties = entity(body, "resource")
    context = stated_context(body)
    address, channel, assurance = circumstances(context, default_assurance)
    return Request(
        subject_type, subject_id, action, resource_type, resource_id, address, channel, assurance,
        subject_properties, action_properties, resource_properties, supported_obligations(context),
    )  # fmt: skip


def stated_context(body: Document) -> Document:
    """The `context` of an AuthZEN request, empty where it has none (AuthZEN 5.4).

    Raises:
        RequestInvalid: it is not an object.
    """
    context = body.get("context", EMPTY)
    return EMPTY if context is EMPTY else _object(context, "context")


def entity(body: Document, member: str, *, id_required: bool = True) -> tuple[str, str, Document]:
    """(type, id, properties) of a subject or resource (AuthZEN 5.1, 5.2).

    `id_required` False: the id of the entity that a search looks for, which is ignored (AuthZEN 8.4, 8.5); it comes
    back empty.

    Raises:
        RequestInvalid: absent, or not of that form.
    """
    found = body.get(member)
    if type(found) is dict and len(found) == 2:  # noqa: PLR2004 - `type` and `id`, nothing else: the usual question
        kind, name = found.get("type"), found.get("id")
        if _is_plain(kind, LONGEST_NAME) and _is_plain(name, LONGEST_ID) and id_required:
            return kind, name, EMPTY
    return _entity_with_care(body, member, id_required=id_required)


def _is_plain(value: object, longest: int) -> TypeGuard[str]:
    """A short cut for the usual value: what it refuses may still be good, what it takes is."""
    return type(value) is str and 0 < len(value) <= longest and value.isascii()


def _entity_with_care(body: Document, member: str, *, id_required: bool) -> tuple[str, str, Document]:
    found = _object(_required(body, member), member)
    kind = _text(_required(found, "type", member), "type", LONGEST_NAME, member)
    name = _text(_required(found, "id", member), "id", LONGEST_ID, member) if id_required else ""
    return kind, name, _properties(found, member)


def named_action(body: Document) -> tuple[str, Document]:
    """(name, properties) of the action (AuthZEN 5.3).

    Raises:
        RequestInvalid: absent, or not of that form.
    """
    found = _object(_required(body, "action"), "action")
    return _text(_required(found, "name", "action"), "name", LONGEST_NAME, "action"), _properties(found, "action")


def circumstances(context: Document, default_assurance: Assurance | None) -> tuple[Address | None, Channel, Assurance]:
    """Address, channel and assurance as the caller states them (R5; AuthZEN 5.4). A stated time is ignored.

    Raises:
        RequestInvalid: also for an address beside a channel that has none.
    """
    channel = _channel(context)
    address = None
    if "ip" in context:
        if channel is not Channel.WEB and not channel.has_address:
            _fail(Fault.IP_ON_CHANNEL, "`ip` does not apply to this channel")
        stated = context["ip"]
        if type(stated) is not str:
            _wrong(stated, "ip", "a string")
        try:
            address = parse_address(stated)
        except ValueError:
            _fail(Fault.BAD_ADDRESS, "`ip` is not an IP address in plain form")
    return address, channel, _assurance(context, channel, default_assurance)


def supported_obligations(context: Document) -> frozenset[str] | None:
    """The types of obligation that the caller says it can perform; None: it says nothing (AuthZEN obligations profile).

    Raises:
        RequestInvalid: not a list of strings.
    """
    if SUPPORTED_OBLIGATIONS not in context:
        return None
    stated = context[SUPPORTED_OBLIGATIONS]
    if type(stated) is not list:
        _wrong(stated, SUPPORTED_OBLIGATIONS, "a list")
    return frozenset(_text(one, SUPPORTED_OBLIGATIONS, LONGEST_NAME) for one in stated)


def _channel(context: Document) -> Channel:
    if "channel" not in context:
        return Channel.WEB
    stated = context["channel"]
    if type(stated) is not str:
        _wrong(stated, "channel", "a string")
    channel = _CHANNELS.get(stated)
    if channel is None:
        _fail(Fault.BAD_CHANNEL, f"`channel` is not one of {', '.join(_CHANNELS)}")
    return channel


def _assurance(context: Document, channel: Channel, default: Assurance | None) -> Assurance:
    """The stated one; else by `sender_verified`; else `claimed` for a mail, and the caller's default elsewhere.

    A sender that the caller says it could not verify is `claimed` on every channel, unless a signature or a followed
    link speaks for it.
    """
    verified = context.get("sender_verified")
    if "sender_verified" in context and type(verified) is not bool:
        _wrong(verified, "sender_verified", "true or false")
    if "assurance" in context:
        stated = context["assurance"]
        if type(stated) is not str:
            _wrong(stated, "assurance", "a string")
        assurance = _ASSURANCES.get(stated)
        if assurance is None:
            _fail(Fault.BAD_ASSURANCE, f"`assurance` is not one of {', '.join(_ASSURANCES)}")
        if verified is False and assurance in (Assurance.MAIL_VERIFIED, Assurance.SESSION):
            _fail(Fault.CONFLICTING_MEMBERS, "`assurance` and `sender_verified` contradict each other")
        return assurance
    if verified is False:
        return Assurance.CLAIMED
    if channel is Channel.EMAIL:
        return Assurance.MAIL_VERIFIED if verified else Assurance.CLAIMED
    return Assurance.SESSION if default is None else default


_CHANNELS: Final = {channel.value: channel for channel in Channel}
_ASSURANCES: Final = {assurance.value: assurance for assurance in Assurance}


def _flat_subject(body: Document) -> tuple[str, str, Document]:
    if "contact" not in body:
        if "subject" in body:
            return entity(body, "subject")
        _fail(Fault.MISSING_MEMBER, "`contact` is missing")
    if "subject" in body:
        _fail(Fault.CONFLICTING_MEMBERS, "`contact` and `subject` are the same thing; give one")
    stated = body["contact"]
    if type(stated) is not str:
        return entity(body, "contact")
    subject_id = _text(stated, "contact", LONGEST_ID)
    if "@" in subject_id:
        return "contact", subject_id, EMPTY
    return "phone" if subject_id.startswith("+") else "login", subject_id, EMPTY


def _flat_action(body: Document) -> tuple[str, Document]:
    stated = _required(body, "action")
    if type(stated) is str:
        return _text(stated, "action", LONGEST_NAME), EMPTY
    return named_action(body)


def _flat_resource(body: Document) -> tuple[str, str, Document]:
    """The resource with the tenant beside it: a `tenant` goes into the properties, and may not contradict them (R2)."""
    tenant = _text(body["tenant"], "tenant", LONGEST_NAME) if "tenant" in body else INFERRED
    if "resource" not in body:
        return TENANT, tenant, EMPTY
    kind, name, properties = entity(body, "resource")
    if tenant == INFERRED:
        return kind, name, properties
    if kind == TENANT:
        if name not in (INFERRED, tenant):
            _fail(Fault.CONFLICTING_MEMBERS, "`tenant` and `resource.id` name different tenants")
        return kind, tenant, properties
    if properties.get(TENANT, tenant) != tenant:
        _fail(Fault.CONFLICTING_MEMBERS, "`tenant` and `resource.properties.tenant` name different tenants")
    return kind, name, {**properties, TENANT: tenant}


def _required(found: Document, member: str, parent: str = "") -> object:
    value = found.get(member, _ABSENT)
    if value is _ABSENT:
        _fail(Fault.MISSING_MEMBER, f"`{_path(parent, member)}` is missing")
    return value


_ABSENT: Final = object()


def _object(value: object, member: str) -> Document:
    if type(value) is dict or isinstance(value, Mapping):
        return value
    return _wrong(value, member, "an object")


def _text(value: object, member: str, longest: int, parent: str = "") -> str:
    """A plain `str`: a subclass could compare as it likes (casbin.md 2.3)."""
    if type(value) is not str:
        _wrong(value, _path(parent, member), "a string")
    if not value:
        _fail(Fault.EMPTY_VALUE, f"`{_path(parent, member)}` is empty")
    if len(value) > longest:
        _fail(Fault.TOO_LONG, f"`{_path(parent, member)}` is longer than {longest} characters")
    if not value.isascii() and not _encodable(value):
        _fail(Fault.BAD_TEXT, f"`{_path(parent, member)}` is not Unicode text")
    return value


def _properties(found: Document, parent: str) -> Document:
    if "properties" not in found:
        return EMPTY
    properties = _object(found["properties"], f"{parent}.properties")
    _refuse_nulls(properties, parent)
    return properties


def _refuse_nulls(properties: Document, parent: str) -> None:
    """`null` is not "absent" (DESIGN section 5), at no depth; and every text must be Unicode."""
    waiting: list[object] = [properties]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            for name, member in value.items():
                if type(name) is not str:
                    _fail(Fault.WRONG_TYPE, f"a name in `{parent}.properties` is not a string")
                waiting.append(name)
                waiting.append(member)
        elif type(value) is list:
            waiting.extend(value)
        elif value is None:
            _fail(Fault.NULL_VALUE, f"`{parent}.properties` holds a null; leave out what is not there")
        elif type(value) is str and not value.isascii() and not _encodable(value):
            _fail(Fault.BAD_TEXT, f"`{parent}.properties` holds a string that is not Unicode text")


def _encodable(value: str) -> bool:
    """A lone surrogate cannot be written anywhere (I-JSON; AuthZEN 11.5)."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _path(parent: str, member: str) -> str:
    return f"{parent}.{member}" if parent else member


def _wrong(value: object, member: str, wanted: str) -> NoReturn:
    if value is None:
        _fail(Fault.NULL_VALUE, f"`{member}` is null; leave out what is not there")
    _fail(Fault.WRONG_TYPE, f"`{member}` is not {wanted}")


def _fail(fault: Fault, message: str) -> NoReturn:
    raise RequestInvalid(fault.value, message)
