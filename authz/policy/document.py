"""A compiled set as bytes: JSON in an envelope with a checksum, read back only if every part of it is as it was."""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec

from authz.core.table import BUILT_IN_FACTS, MOST_FACTS_PER_CELL
from authz.errors import AuthzError
from authz.policy.compiled import OWN_LINE, CompiledSet, JudgedCell

FORMAT: Final = "authz-compiled-set/1"


class DocumentInvalid(AuthzError):
    """A compiled set on disk that is damaged, cut short or of another format; it is to be made anew."""

    code = "document_invalid"


class _Envelope(msgspec.Struct, forbid_unknown_fields=True):
    format: str
    checksum: str
    body: msgspec.Raw


_BODY = msgspec.json.Decoder(CompiledSet)
_ENVELOPE = msgspec.json.Decoder(_Envelope)


def encode(compiled: CompiledSet) -> bytes:
    """The document of a compiled set; `decode` gives an equal one back."""
    body = msgspec.json.encode(compiled)
    return msgspec.json.encode(_Envelope(FORMAT, _checksum(body), msgspec.Raw(body)))


def decode(document: bytes) -> CompiledSet:
    """The compiled set of a document.

    Raises:
        DocumentInvalid: not one of ours, of another format, its checksum differs, or its parts do not fit together.
    """
    try:
        envelope = _ENVELOPE.decode(document)
        if envelope.format != FORMAT:
            raise DocumentInvalid(f"the compiled set is of format `{envelope.format}`, not `{FORMAT}`")
        if _checksum(bytes(envelope.body)) != envelope.checksum:
            raise DocumentInvalid("the compiled set's checksum differs")
        compiled = _BODY.decode(envelope.body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DocumentInvalid(f"the compiled set cannot be read: {error}") from None
    _check(compiled)
    return compiled


def _checksum(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def _check(compiled: CompiledSet) -> None:
    """What types alone do not say: whole cells, known words, and sources for every own line."""
    definition = compiled.definition
    if {role: set(actions) for role, actions in compiled.shared.items()} != {
        role: set(definition.actions) for role in definition.roles
    }:
        raise DocumentInvalid("the compiled set's cells are not those of its roles and actions")
    known = {*BUILT_IN_FACTS, *definition.facts}
    for actions in compiled.shared.values():
        for cell in actions.values():
            _check_cell(cell, known, 0)
    for group in compiled.classes:
        lines = min((len(sources) for sources in group.tenants.values()), default=0)
        for actions in group.cells.values():
            for cell in actions.values():
                _check_cell(cell, known, lines)


def _check_cell(cell: JudgedCell, known: set[str], own_lines: int) -> None:
    whole = len(cell.facts) <= MOST_FACTS_PER_CELL and len(cell.judged) == 1 << len(cell.facts)
    if not whole or not known.issuperset(cell.facts):
        raise DocumentInvalid("a cell of the compiled set is not whole")
    for _, rule in cell.judged:
        if rule.startswith(OWN_LINE):
            number = rule.removeprefix(OWN_LINE)
            if not number.isdecimal() or int(number) >= own_lines:
                raise DocumentInvalid("a cell of the compiled set names a line that no tenant has")
