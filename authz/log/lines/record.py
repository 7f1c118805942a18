"""What the log keeps of an answer: an allow-list, by which nothing but what is named here can be written (R9).

No name, e-mail address, telephone number, login, resource id, body or header is among it. A person is a keyed pseudonym
(`log.lines.pseudonyms`), an address is the policy line that let it in, or the network around it (docs/decision-log.md).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

import msgspec

from authz.core.decision import Decision
from authz.core.generation import Generation
from authz.core.network import network_around
from authz.core.outcome import Outcome
from authz.core.standing import TENANT_RESOURCE
from authz.core.types import Address, Reason
from authz.log.lines.pseudonyms import Pseudonyms

DECISION: Final = "decision"
GATE: Final = "gate"

MEMBERS: Final = (
    "kind", "id", "at", "caller", "channel", "assurance", "set", "tenant", "action", "decision", "reason", "fact",
    "rule", "network_rule", "policy", "registry", "registry_id", "annex", "annex_sha256", "role", "subject_ref",
    "ip_ref", "facts", "obligations", "resource_type", "resource_ref", "request_id", "took_us", "as_of",
)  # fmt: skip
"""Every member that a record of an answer can have, in this order; one that is not known is absent."""

_MOST_FORMS: Final = 4096
_encode = msgspec.json.Encoder().encode
_new: Final = tuple.__new__
"""Makes a named tuple from all of its members in order, without looking at their names."""
_quoted: Final = json.encoder.encode_basestring_ascii


class Asking(NamedTuple):
    """Who asked: the id of the API key (or `loopback`), and the `X-Request-ID`, empty where there was none."""

    caller: str
    request_id: str = ""


class Record(NamedTuple):
    """A record that waits to be written: its members as JSON without the braces, and the network to keep apart.

    `network`: around the address that was refused; it goes into the segment's list of addresses, which is deleted
    sooner than the log, and the record itself holds only a keyed sum of it. Empty: there is none.
    """

    body: bytes
    network: str = ""


class Circumstances(NamedTuple):
    """What all records of one request have in common, as the parts of a record in which it stands."""

    at_and_caller: str
    registry_id: str
    request_id: str
    as_of: str
    at: float


def circumstances(asking: Asking, registry_id: str, written_at: float, as_of: str = "") -> Circumstances:
    """`written_at`: the time of the answer, which for `as_of` is not the `at` of the decision."""
    return _new(Circumstances, (
        f'","at":"{instant(written_at)}"{_known("caller", asking.caller)}',
        _known("registry_id", registry_id),
        _stated("request_id", asking.request_id),
        _stated("as_of", as_of),
        written_at,
    ))  # fmt: skip


def decision_record(outcome: Outcome, said: Circumstances, pseudonyms: Pseudonyms) -> Record:
    """The record of one answer to one question."""
    decision, request, decision_id, _, revision, _, registry, duties, _, took_us = outcome
    allowed, reason, action, tenant, annex, contact, generation, cell, mask, unknown, rule, network_rule, fact, _, _ = (
        decision
    )
    kind, address = request.resource_type, request.address
    at_and_caller, registry_id, request_id, as_of, at = said
    key = (
        request.channel, request.assurance, _set_id(generation), action, allowed, reason, fact, rule, revision,
        "" if contact is None else contact.role, cell, mask, unknown, _told_kind(generation, kind),
    )  # fmt: skip
    begins, decided, by, in_role, facts, about = _forms.get(key) or _form(key)
    in_tenant = on_annex = ip_ref = given = resource = network = ""
    if tenant is not None:
        in_tenant = f',"tenant":{_quoted(tenant.id)}'
    if annex is not None:
        on_annex = f',"annex":{annex.number}{_stated("annex_sha256", annex.document_sha256)}'
    if allowed:
        ip_ref = _stated("ip_ref", _matched_network(decision))
    elif address is not None:
        network = network_around(address)
    if duties:
        given = f',"obligations":[{",".join(_quoted(duty.id) for duty in duties)}]'
    if kind != TENANT_RESOURCE:
        resource = _stated("resource_ref", pseudonyms.resource(kind, request.resource_id))
    body = (
        f'"kind":"decision","id":"{decision_id}{at_and_caller}{begins}{in_tenant}{decided}'
        f"{_stated('network_rule', network_rule)}{by}{registry}{registry_id}{on_annex}{in_role}"
        f"{_subject(outcome, pseudonyms, at)}{ip_ref}{facts}{given}{about}{resource}{request_id}"
        f',"took_us":{took_us}{as_of}'
    )
    return _new(Record, (body.encode("ascii"), network))


def _set_id(generation: Generation | None) -> str:
    return "" if generation is None else generation.definition.id


def _told_kind(generation: Generation | None, kind: str) -> str:
    """The resource's type; what the caller made up is not recorded."""
    if generation is None:
        return ""
    return kind if kind == TENANT_RESOURCE or kind in generation.definition.resource_types else "other"


_Form = tuple[str, str, str, str, str, str]
_forms: Final[dict[tuple[Any, ...], _Form]] = {}
"""By what a policy says of a question: the parts of a record between what hangs on people or on the moment."""


def _form(key: tuple[Any, ...]) -> _Form:
    """In the order of `MEMBERS`; remembered, since there are few."""
    channel, assurance, set_id, action, allowed, reason, fact, rule, revision, role, cell, mask, unknown, kind = key
    told = "" if cell is None else json.dumps(_told(cell.facts, mask, unknown), separators=(",", ":"))
    form = (
        _members(channel=channel, assurance=assurance, set=set_id),
        _members(action=action)
        + f',"decision":{"true" if allowed else "false"}'
        + _members(reason=reason, fact=fact, rule=rule),
        _members(policy=revision) + ',"registry":',
        _members(role=role),
        f',"facts":{told}' if told else "",
        _members(resource_type=kind),
    )
    if len(_forms) >= _MOST_FORMS:
        _forms.clear()
    _forms[key] = form
    return form


def _members(**words: str) -> str:
    """Words of the policy as members of a record."""
    return "".join(_stated(name, str(word)) for name, word in words.items())


def _stated(name: str, word: str | None) -> str:
    """One member; a word that is empty or None is not known, so its member is absent."""
    return f',"{name}":{_quoted(word)}' if word else ""


_known: Final = lru_cache(1024)(_stated)
"""The same of a word from a short list."""


def _matched_network(decision: Decision) -> str | None:
    """The range of the policy line that let the address in."""
    if not decision.network_rule or decision.generation is None or decision.tenant is None:
        return None
    return decision.generation.networks[decision.tenant.id].network_of(decision.network_rule)


def _subject(outcome: Outcome, pseudonyms: Pseudonyms, now: float) -> str:
    """The contact's own pseudonym; for one who is no contact, the day's."""
    contact, tenant = outcome.decision.contact, outcome.decision.tenant
    if contact is None or tenant is None:
        request = outcome.request
        return _stated("subject_ref", pseudonyms.unknown(request.subject_type, request.subject_id, now))
    if not contact.log_key:
        return ""
    return f',"subject_ref":"{pseudonyms.contact(contact.log_key, tenant.id, outcome.registry_revision)}"'


class GateAnswer(NamedTuple):
    """What the gate said of one connection, and by what."""

    decision_id: str
    at: float
    allowed: bool
    reason: Reason
    policy_revision: str
    registry_revision: int
    set_id: str = ""
    tenant_id: str = ""
    annex: int = 0
    rule: str = ""


def gate_record(said: GateAnswer, address: Address, request_id: str, registry_id: str) -> Record:
    """The record of one connection at the gate, where nobody has logged in yet."""
    members: dict[str, object] = {
        "kind": GATE,
        "id": said.decision_id,
        "at": instant(said.at),
        "set": said.set_id or None,
        "tenant": said.tenant_id or None,
        "decision": said.allowed,
        "reason": said.reason.value,
        "network_rule": said.rule or None,
        "policy": said.policy_revision,
        "registry": said.registry_revision,
        "registry_id": registry_id or None,
        "annex": said.annex or None,
        "ip_ref": (said.rule or None) if said.allowed else None,
        "request_id": request_id or None,
    }
    return Record(ascii_members(members), "" if said.allowed else network_around(address))


def facts_of(decision: Decision) -> dict[str, bool | str]:
    """Fact -> true, false or "unknown", for the facts that the cell names."""
    if decision.cell is None:
        return {}
    return _told(decision.cell.facts, decision.mask, decision.unknown)


def _told(facts: Sequence[str], mask: int, unknown: int) -> dict[str, bool | str]:
    return {fact: "unknown" if unknown >> at & 1 else bool(mask >> at & 1) for at, fact in enumerate(facts)}


def instant(seconds: float) -> str:
    """RFC 3339 in UTC with microseconds."""
    whole = int(seconds)
    microseconds = round((seconds - whole) * 1_000_000)
    if not 0 <= microseconds < 1_000_000:  # noqa: PLR2004 - rounded up to the next second, or before 1970
        return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return "%s.%06dZ" % (_second(whole), microseconds)  # noqa: UP031 - half the time of the same as an f-string


@lru_cache(4)
def _second(whole: int) -> str:
    return dt.datetime.fromtimestamp(whole, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S")


def ascii_members(members: dict[str, object]) -> bytes:
    """The members of a JSON object that are there, without its braces, in ASCII: one line whatever they hold."""
    present = {name: value for name, value in members.items() if value is not None}
    written = _encode(present)
    if not written.isascii():
        written = json.dumps(present, ensure_ascii=True, separators=(",", ":")).encode()
    return written[1:-1]
