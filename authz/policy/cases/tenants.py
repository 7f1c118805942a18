"""Reading the inline tenants of `tests.yaml`: checked in form, kept as plain values."""

from __future__ import annotations

from typing import Final

from authz.core.attributes import flattened, known_value
from authz.core.definition import PolicySet
from authz.core.identity import SUBJECT_KINDS, subject_key
from authz.core.network import ANY_NETWORK, parse_cidr
from authz.core.types import ContactState, Effect, NetworkChoice
from authz.policy.cases.case import CaseTenant
from authz.policy.reading.fields import Fields, Source, near_miss
from authz.policy.reading.yaml_nodes import Mapping, Node, Scalar, plain_value

_TENANT: Final = ("name", "languages", "networks", "network", "attributes", "annexes", "contacts", "resources", "set")
_UNDECLARED: Final = frozenset({"email_requests"})
"""Stored attributes that the service itself reads, whatever the set declares (core.assurance)."""


def read_tenant(source: Source, key: Scalar, node: Node, definition: PolicySet) -> CaseTenant:
    """One tenant as stated, its form checked against the set's words."""
    reader = _TenantReader(source, definition)
    reader.tenant(key, node)
    stated = plain_value(node)
    return CaseTenant(key.text, stated if isinstance(stated, dict) else {}, key.line)


class _TenantReader:
    """Checks one tenant's members."""

    def __init__(self, source: Source, definition: PolicySet) -> None:
        self._source = source
        self._definition = definition

    def tenant(self, key: Scalar, node: Node) -> None:
        """Either contacts directly, or annexes."""
        if self._source.id(key) in self._definition.roles:
            self._source.refuse(key, f"tenant `{key.text}` has the name of a role")
        fields = self._source.fields(node, (), _TENANT)
        if fields.node is not None and "annexes" in fields and ("contacts" in fields or "network" in fields):
            self._source.refuse(node, "a tenant has either `annexes` or `contacts` and `network`")
        self._source.text(fields["name"])
        self._source.distinct(fields["languages"], self._source.text)
        for item in self._source.items(fields["networks"]):
            self._network(item)
        self._people(fields)
        for item in self._source.items(fields["annexes"]):
            annex = self._source.fields(
                item, ("number", "effective_from", "network", "contacts"), ("signed_on", "document_sha256")
            )
            self._source.whole(annex["number"], 1, 100_000)
            self._source.date(annex["effective_from"])
            self._source.date(annex["signed_on"])
            self._people(annex)
        self._attributes(fields["attributes"], "tenant")
        for item in self._source.items(fields["resources"]):
            resource = self._source.fields(item, ("type", "id"), ("attributes",))
            self._source.word(resource["type"], self._definition.resource_types, "resource type")
            self._source.text(resource["id"])
            self._attributes(resource["attributes"], "resource")

    def _people(self, fields: Fields) -> None:
        self._source.word(fields["network"], tuple(NetworkChoice), "network choice")
        for item in self._source.items(fields["contacts"]):
            self._contact(item)

    def _contact(self, node: Node) -> None:
        fields = self._source.fields(node, ("role",), ("name", "function", "state", "attributes", *SUBJECT_KINDS))
        self._source.text(fields["name"])
        self._source.text(fields["function"])
        self._source.word(fields["role"], self._definition.roles, "role")
        self._source.word(fields["state"], tuple(ContactState), "state")
        if fields.node is not None and not any(kind in fields for kind in SUBJECT_KINDS):
            self._source.refuse(node, "a contact has at least one of `email`, `phone`, `login`")
        for kind in SUBJECT_KINDS:
            text = self._source.text(at := fields[kind])
            if at is not None and text and subject_key(kind, text) is None:
                self._source.refuse(at, f"`{text}` is not a canonical {kind}")
        self._attributes(fields["attributes"], "subject")

    def _network(self, node: Node) -> None:
        network, _, effect = self._source.text(node).partition(" ")
        if not network:
            return
        if effect not in tuple(Effect):
            self._source.refuse(node, "a network line is a CIDR or `any`, a space, and `allow` or `deny`")
        elif network != ANY_NETWORK:
            try:
                parse_cidr(network)
            except ValueError as error:
                self._source.refuse(node, str(error))

    def _attributes(self, node: Node | None, entity: str) -> None:
        """Stored attributes, nested or dotted, of the names and types that the set declares."""
        if node is None or self._source.mapping(node) is None:
            return
        if entity == "tenant" and isinstance(node, Mapping):
            node = node._replace(entries=tuple(entry for entry in node.entries if entry.key.text not in _UNDECLARED))
        nested = plain_value(node)
        if not isinstance(nested, dict):
            return
        try:
            flat = flattened(nested)
        except ValueError as error:
            self._source.refuse(node, str(error))
            return
        declared = self._definition.attributes
        for path, value in flat.items():
            name = f"{entity}.{path}"
            if name not in declared:
                self._source.refuse(node, f"unknown attribute `{name}`{near_miss(name, declared)}")
                continue
            try:
                known_value(declared[name], value)
            except ValueError as error:
                self._source.refuse(node, f"`{name}` is {error}")
