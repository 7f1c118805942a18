"""An answer of the service as a value, read so that nothing but a plain yes is one."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, NoReturn

BAD_REPLY: Final = "bad_reply"
"""Something answered, but not with a decision: another status than 200, not JSON, `decision` neither true nor false."""
AUTHZ_UNAVAILABLE: Final = "authz_unavailable"
"""Nothing answered in time, or the service said that it has no answer now (5xx)."""
OBLIGATION_NOT_UNDERSTOOD: Final = "obligation_not_understood"
"""The service says yes, but only to one who does something that this caller never said it can."""

LARGEST_REPLY: Final = 256 * 1024
"""Bytes; a decision with all its texts is a few thousand."""

_CODE = re.compile(r"[a-z0-9_]{1,64}")
_OK, _FAULT = 200, 500


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Obligation:
    """What the caller must do if it carries out the request; it must have said that it understands `type`."""

    id: str
    type: str
    properties: Mapping[str, Any] = field(default_factory=_nothing, repr=False)


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer. True where it is a yes, and only there: `if decision: ...`.

    `reason`: one of the service's reasons, or one of ours above. `user_texts`: language -> what the requester may be
    told; empty where the service gave none. `detail`: for the operator, where there was no decision; never shown to
    requesters. `contact`, `rule`, `missing`, `admin_texts`: only for keys with scope `explain`.
    """

    allowed: bool
    reason: str
    detail: str = ""
    decision_id: str = ""
    user_texts: Mapping[str, str] = field(default_factory=_nothing, repr=False)
    admin_texts: Mapping[str, str] = field(default_factory=_nothing, repr=False)
    contact: Mapping[str, Any] = field(default_factory=_nothing, repr=False)
    rule: str = field(default="", repr=False)
    missing: tuple[str, ...] = field(default=(), repr=False)
    obligations: tuple[Obligation, ...] = ()
    service_terms: Mapping[str, Any] = field(default_factory=_nothing, repr=False)
    revision: Mapping[str, Any] = field(default_factory=_nothing, repr=False)

    def __bool__(self) -> bool:
        return self.allowed

    def user_text(self, *languages: str, default: str = "") -> str:
        """What to tell the requester, in the first of these languages that the service answered in."""
        return next((self.user_texts[one] for one in languages if one in self.user_texts), default)


class _NotAReply(Exception):
    """The body is not a decision; the text says why and holds nothing of it."""


def unavailable(detail: str) -> Decision:
    """No: nobody answered."""
    return Decision(False, AUTHZ_UNAVAILABLE, detail)


def bad_reply(detail: str) -> Decision:
    """No: what answered gave no decision."""
    return Decision(False, BAD_REPLY, detail)


def read_reply(status: int, body: bytes, understood: Collection[str]) -> Decision:
    """The decision in an HTTP answer; `understood`: the types of obligation that the caller can perform."""
    if status != _OK:
        refused = unavailable if status >= _FAULT else bad_reply
        return refused(f"status {status}{_code(body)}")
    try:
        document = _object(_json(body), "the answer")
        decision = _decision(_yes_or_no(document), _object(document.get("context", {}), "`context`"))
    except _NotAReply as fault:
        return bad_reply(str(fault))
    strange = sorted({duty.type for duty in decision.obligations} - set(understood))
    if decision.allowed and strange:
        return Decision(
            False,
            OBLIGATION_NOT_UNDERSTOOD,
            f"obligations of type {', '.join(strange)}",
            decision.decision_id,
            obligations=decision.obligations,
            revision=decision.revision,
        )
    return decision


def _yes_or_no(document: Mapping[str, Any]) -> bool:
    decision = document.get("decision")
    if decision is not True and decision is not False:
        raise _NotAReply("`decision` is neither true nor false")
    return decision


def _decision(allowed: bool, context: Mapping[str, Any]) -> Decision:
    return Decision(
        allowed,
        _text(context, "reason"),
        "",
        _text(context, "decision_id"),
        _texts(context, "reason_user"),
        _texts(context, "reason_admin"),
        _object(context.get("contact", {}), "`contact`"),
        _text(context, "rule"),
        tuple(str(one) for one in _list(context, "missing")),
        tuple(_obligation(one) for one in _list(context, "obligations")),
        _object(context.get("service_terms", {}), "`service_terms`"),
        _object(context.get("revision", {}), "`revision`"),
    )


def _obligation(value: object) -> Obligation:
    stated = _object(value, "an obligation")
    if not _text(stated, "type"):
        raise _NotAReply("an obligation has no type")
    return Obligation(_text(stated, "id"), _text(stated, "type"), _object(stated.get("properties", {}), "`properties`"))


def _json(body: bytes) -> object:
    try:
        return json.loads(body.decode("utf-8"), object_pairs_hook=_members, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise _NotAReply("the answer is not JSON") from None


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _NotAReply("an object of the answer has two members of the same name")
    return members


def _no_number(_: str) -> NoReturn:
    raise _NotAReply("NaN and Infinity are not JSON")


def _object(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _NotAReply(f"{what} is not an object")
    return MappingProxyType(value)


def _text(holder: Mapping[str, Any], name: str) -> str:
    value = holder.get(name, "")
    if not isinstance(value, str):
        raise _NotAReply(f"`{name}` is not a string")
    return value


def _texts(holder: Mapping[str, Any], name: str) -> Mapping[str, str]:
    texts = _object(holder.get(name, {}), f"`{name}`")
    if not all(isinstance(text, str) for text in texts.values()):
        raise _NotAReply(f"`{name}` holds something else than texts")
    return texts


def _list(holder: Mapping[str, Any], name: str) -> list[Any]:
    value = holder.get(name, [])
    if not isinstance(value, list):
        raise _NotAReply(f"`{name}` is not a list")
    return value


def _code(body: bytes) -> str:
    """The service's own word for an error, where the body holds one in the form of ours."""
    try:
        code = _object(_object(_json(body), "").get("error"), "").get("code")
    except _NotAReply:
        return ""
    return f", {code}" if isinstance(code, str) and _CODE.fullmatch(code) else ""
