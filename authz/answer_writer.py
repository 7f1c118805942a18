"""The answer as bytes: what `answer.answer_document` says, from prepared pieces.

All that hangs on policy, role, action, facts and languages is rendered once, by `answer_document` itself with marks in
the place of what differs from answer to answer: names, ids, numbers. An answer then is those pieces with its own values
between them. Nothing is kept by question or by person.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from operator import itemgetter
from typing import Any, Final, NamedTuple

import msgspec

from authz.answer import answer_document, obligation_documents, service_terms_document
from authz.core.contacts import Contact
from authz.core.decision import Decision
from authz.core.directory import Annex, Tenant
from authz.core.identity import shown_id
from authz.core.outcome import Outcome
from authz.core.types import SubjectKey
from authz.pdp import sender_is_sure
from authz.texts import Texts

_MOST_TEMPLATES: Final = 4096
"""Several times what the shipped sets with their languages come to; beyond it all are made anew."""
_LIKELY_NUMBERS: Final = 1 << 52

_encode = msgspec.json.Encoder().encode
_NOBODY: Final = (b"",) * 6
"""In place of the values that hang on the contact."""


class _Template(NamedTuple):
    """A bytes format with a `%b` for each value, and which values those are."""

    form: bytes
    values: Callable[[tuple[bytes, ...]], Any]


class _Marks:
    """What stands in a prepared answer for each value; no text of ours or of a policy set holds it."""

    def __init__(self) -> None:
        words = [f"mark-{secrets.token_hex(12)}" for _ in range(6)]
        self.decision_id, self.name, self.key, self.tenant, self.tenant_name, self.network_rule = words
        first = _LIKELY_NUMBERS + secrets.randbelow(_LIKELY_NUMBERS - 1)
        self.registry, self.annex = first, first + 1
        in_order = [self.decision_id, str(self.registry), *words[1:], str(self.annex)]
        self.pattern = re.compile("|".join(in_order).encode())
        self.slots = {word.encode(): at for at, word in enumerate(in_order)}


class AnswerWriter:
    """Writes answers; `texts` are the words for people."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._templates: dict[tuple[Any, ...], _Template] = {}
        self._marks = _Marks()

    def write(self, outcome: Outcome, explain: bool) -> bytes:
        """Byte for byte what `answer_document` says, as compact JSON."""
        decision, request, decision_id, _, revision, over_all, registry, duties, terms, _ = outcome
        allowed, reason, action, tenant, annex, contact, generation, cell, mask, _, rule, network_rule, fact = decision[
            :13
        ]
        of_this = (decision_id.encode(), b"%d" % registry)
        if not (explain or allowed):
            return self._filled((over_all,), (*of_this, *_NOBODY), outcome, explain)
        is_sure = allowed or sender_is_sure(request)
        if contact is None or tenant is None or annex is None:
            if tenant is not None or generation is not None:
                return _encode(answer_document(outcome, self._texts, explain))
            return self._filled((reason, fact, revision, is_sure), (*of_this, *_NOBODY), outcome, explain)
        name, role, keys, state, _, _, _ = contact
        key = (
            revision, cell, mask, action, role, reason, explain, is_sure, network_rule != "", tenant.languages, state,
            fact, rule, decision.missing if fact or (cell is not None and cell.others) else (),
        )  # fmt: skip
        ids = _inner(shown_id(keys[0])) if len(keys) == 1 else b'","'.join(map(_inner, map(shown_id, keys)))
        of_people = (
            _inner(name), ids, tenant.id.encode(), _inner(tenant.name), network_rule.encode(), b"%d" % annex.number,
        )  # fmt: skip
        written = self._filled(key, of_this + of_people, outcome, explain)
        if duties or terms is not None:
            return _with_promises(written, outcome)
        return written

    def _filled(self, key: tuple[Any, ...], values: tuple[bytes, ...], outcome: Outcome, explain: bool) -> bytes:
        template = self._templates.get(key) or self._prepared(key, outcome, explain)
        filled: bytes = template.form % template.values(values)
        return filled

    def _prepared(self, key: tuple[Any, ...], outcome: Outcome, explain: bool) -> _Template:
        if len(self._templates) >= _MOST_TEMPLATES:
            self._templates.clear()
        marked = outcome._replace(
            decision=_marked(outcome.decision, self._marks), decision_id=self._marks.decision_id, obligations=(),
            registry_revision=self._marks.registry, service_terms=None,
        )  # fmt: skip
        written = _encode(answer_document(marked, self._texts, explain))
        slots = [self._marks.slots[found.group()] for found in self._marks.pattern.finditer(written)]
        pieces = [piece.replace(b"%", b"%%") for piece in self._marks.pattern.split(written)]
        values: Callable[[tuple[bytes, ...]], Any] = itemgetter(*slots)
        template = self._templates[key] = _Template(b"%b".join(pieces), values)
        return template


def _marked(decision: Decision, marks: _Marks) -> Decision:
    """The decision with a mark for everything that differs between two answers of one template."""
    contact, tenant, annex = decision.contact, decision.tenant, decision.annex
    if contact is None or tenant is None or annex is None:
        return decision
    return decision._replace(
        contact=Contact(marks.name, contact.role, (SubjectKey(marks.key),), contact.state),
        tenant=Tenant(marks.tenant, tenant.set_id, marks.tenant_name, (), tenant.languages),
        annex=Annex(marks.annex, annex.signed_on, annex.effective_from, annex.network, ()),
        network_rule=marks.network_rule if decision.network_rule else "",
    )


def _with_promises(written: bytes, outcome: Outcome) -> bytes:
    """Obligations and service terms come last in the context, and differ from answer to answer."""
    parts = [written[:-2]]
    if outcome.obligations:
        parts += [b',"obligations":', _encode(obligation_documents(outcome))]
    if outcome.service_terms is not None:
        parts += [b',"service_terms":', _encode(service_terms_document(outcome.service_terms))]
    return b"".join((*parts, b"}}"))


def _inner(text: str) -> bytes:
    """The text as it stands between the quotes of a JSON string."""
    return _encode(text)[1:-1]
