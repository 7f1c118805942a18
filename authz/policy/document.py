"""A compiled set as bytes: JSON in an envelope with a checksum, read back only if every part of it is as it was."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

import msgspec

from authz.core.network import NetworkLine
from authz.core.table import BUILT_IN_FACTS, MOST_FACTS_PER_CELL
from authz.errors import AuthzError
from authz.policy.compiled import OWN_LINE, CompiledSet, JudgedCell

FORMAT: Final = "authz-compiled-set/2"
_READ: Final = (FORMAT, "authz-compiled-set/1")
"""The first form had all networks in the body; the history of an installation may hold such ones."""
_TENANTS_IN_A_PIECE: Final = 200

Networks = Mapping[str, tuple[NetworkLine, ...]]
"""Tenant -> its network lines."""


class DocumentInvalid(AuthzError):
    """A compiled set on disk that is damaged, cut short or of another format; it is to be made anew."""

    code = "document_invalid"


class _Envelope(msgspec.Struct, forbid_unknown_fields=True):
    format: str
    checksum: str
    body: msgspec.Raw
    networks: list[msgspec.Raw] = []


_BODY = msgspec.json.Decoder(CompiledSet)
_NETWORKS = msgspec.json.Decoder(dict[str, tuple[NetworkLine, ...]])
_ENVELOPE = msgspec.json.Decoder(_Envelope)


def encode(compiled: CompiledSet) -> bytes:
    """The document of a compiled set; `decode` gives an equal one back."""
    body = msgspec.json.encode(compiled._replace(networks={}))
    tenants = iter(compiled.networks.items())
    pieces = []
    while some := dict(islice(tenants, _TENANTS_IN_A_PIECE)):
        pieces.append(msgspec.json.encode(some))
    envelope = _Envelope(FORMAT, _checksum(body, *pieces), msgspec.Raw(body), list(map(msgspec.Raw, pieces)))
    return msgspec.json.encode(envelope)


def decode(document: bytes) -> CompiledSet:
    """The compiled set of a document.

    Raises:
        DocumentInvalid: not one of ours, of another format, its checksum differs, or its parts do not fit together.
    """
    compiled, pieces = decode_in_pieces(document)
    networks = dict(compiled.networks)
    for piece in pieces:
        networks.update(piece)
    return compiled._replace(networks=networks)


def decode_in_pieces(document: bytes) -> tuple[CompiledSet, Iterator[Networks]]:
    """The compiled set of a document, and further networks of it in pieces that each take less than a millisecond.

    For a process that answers meanwhile: while something is decoded, no other thread runs.

    Raises:
        DocumentInvalid: as `decode`, which the pieces may raise as well.
    """
    try:
        envelope = _ENVELOPE.decode(document)
        if envelope.format not in _READ:
            raise DocumentInvalid(f"the compiled set is of format `{envelope.format}`, not `{FORMAT}`")
        if _checksum(bytes(envelope.body), *map(bytes, envelope.networks)) != envelope.checksum:
            raise DocumentInvalid("the compiled set's checksum differs")
        compiled = _BODY.decode(envelope.body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DocumentInvalid(f"the compiled set cannot be read: {error}") from None
    _check(compiled)
    return compiled, map(_networks, envelope.networks)


def _networks(piece: msgspec.Raw) -> Networks:
    try:
        return _NETWORKS.decode(piece)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DocumentInvalid(f"the compiled set cannot be read: {error}") from None


def _checksum(*parts: bytes) -> str:
    return f"sha256:{hashlib.sha256(b''.join(parts)).hexdigest()}"


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
