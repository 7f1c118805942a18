"""A tenant as it stands in a snapshot: a line of JSON, then the contacts of each annex as they are kept in memory."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from sys import intern
from typing import Any, BinaryIO

from authz.core.contacts import Contacts
from authz.core.directory import Annex, Tenant
from authz.core.types import EMPTY, NetworkChoice
from authz.registry.change import canonical_json


class Content:
    """The bytes of a part of a snapshot, summed up as they pass. `length`: how many passed."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._digest = hashlib.sha256()
        self.length = 0

    def write(self, some: bytes) -> None:
        """Add bytes."""
        self._stream.write(some)
        self._passed(some)

    def line(self) -> bytes:
        """The next line, with its end."""
        return self._passed(self._stream.readline())

    def read(self, length: int) -> bytes:
        """So many bytes; fewer where there are no more."""
        return self._passed(self._stream.read(length))

    def sha256(self) -> str:
        """The sum of what passed, in hex."""
        return self._digest.hexdigest()

    def _passed(self, some: bytes) -> bytes:
        self._digest.update(some)
        self.length += len(some)
        return some


def tenant_line(tenant: Tenant) -> bytes:
    """A tenant as one line; the packed contacts of its annexes follow it, in their order."""
    return canonical_json(_stored(tenant)).encode() + b"\n"


def read_tenant(content: Content) -> Tenant:
    """The tenant whose line comes next.

    Raises:
        ValueError, TypeError: it is no such line, or the contacts are cut short.
    """
    tenant_id, set_id, name, languages, attributes, resources, annexes = json.loads(content.line().decode())
    return Tenant(
        tenant_id,
        intern(set_id),
        name,
        [_annex(content, annex) for annex in annexes],
        tuple(map(intern, languages)),
        attributes or EMPTY,
        {(intern(kind), resource_id): values or EMPTY for kind, resource_id, values in resources},
    )


def _annex(content: Content, stored: list[Any]) -> Annex:
    number, signed_on, effective_from, network, document_sha256, origin, length = stored
    packed = content.read(length)
    if len(packed) != length or not packed.endswith(b"\n" if packed else b""):
        raise ValueError("cut short")
    return Annex(
        number,
        dt.date.fromisoformat(signed_on),
        dt.date.fromisoformat(effective_from),
        NetworkChoice(network),
        Contacts(packed=packed),
        document_sha256,
        intern(origin),
    )


def _stored(tenant: Tenant) -> list[object]:
    return [
        tenant.id,
        tenant.set_id,
        tenant.name,
        tenant.languages,
        tenant.attributes,
        [[*key, attributes] for key, attributes in tenant.resources.items()],
        [
            [
                annex.number,
                annex.signed_on,
                annex.effective_from,
                annex.network,
                annex.document_sha256,
                annex.origin,
                len(annex.contacts.packed),
            ]
            for annex in tenant.annexes
        ],
    ]
