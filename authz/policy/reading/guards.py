"""Reading `guards` of `set.yaml`: what must never be (docs/policy-format.md)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from authz.core.definition import Guard
from authz.core.network import ANY_NETWORK
from authz.policy.reading.fields import ID, Fields, Source
from authz.policy.reading.labels import LabelReader
from authz.policy.reading.yaml_nodes import Mapping, Node, Scalar

_KINDS: Final = ("never", "deny_cells", "widest_network")
_WIDEST_IPV4: Final = (8, 32)
_WIDEST_IPV6: Final = (32, 128)
_ALLOWED, _REFUSED = "allowed", "refused"


def read_guards(
    source: Source, node: Node | None, labels: LabelReader, roles: Collection[str], actions: Collection[str]
) -> tuple[Guard, ...]:
    """Every guard, each of one kind: `never`, `deny_cells` or `widest_network`."""
    guards: list[Guard] = []
    for item in source.items(node):
        fields = source.fields(item, ("id", "label"), _KINDS)
        if fields.node is not None and sum(kind in fields for kind in _KINDS) != 1:
            source.refuse(item, "a guard has one of `never`, `deny_cells` and `widest_network`")
        never = source.fields(fields["never"], (), ("roles", "actions", "tenants"))
        widest = source.fields(fields["widest_network"], (), ("ipv4", "ipv6", ANY_NETWORK))
        if widest.node is not None and not list(widest):
            source.refuse(widest.node, f"`widest_network` names none of `ipv4`, `ipv6` and `{ANY_NETWORK}`")
        guards.append(
            Guard(
                _guard_id(source, fields["id"], {guard.id for guard in guards}),
                labels.read(fields["label"]),
                source.words(never["roles"], roles, "role"),
                source.words(never["actions"], actions, "action"),
                source.distinct(never["tenants"], lambda node: _tenant(source, node)),
                source.whole(widest["ipv4"], *_WIDEST_IPV4),
                source.whole(widest["ipv6"], *_WIDEST_IPV6),
                item.line,
                _deny_cells(source, fields, roles, actions),
                source.word(widest[ANY_NETWORK], (_ALLOWED, _REFUSED), "word") == _REFUSED,
            )
        )
    return tuple(guards)


def _deny_cells(
    source: Source, fields: Fields, roles: Collection[str], actions: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """Role -> the actions that stay denied to it."""
    node = fields["deny_cells"]
    cells = {}
    for key, value in source.entries(node):
        role = source.word(key, roles, "role")
        cells[role] = source.words(value, actions, "action")
        if not source.items(value):
            source.refuse(value, f"names no action that stays denied to `{key.text}`")
    if isinstance(node, Mapping) and not cells:
        source.refuse(node, "`deny_cells` is empty")
    return cells


def _guard_id(source: Source, node: Node | None, known: Collection[str]) -> str:
    guard_id = source.text(node)
    if guard_id and isinstance(node, Scalar):
        source.id(node)
        if guard_id in known:
            source.refuse(node, f"guard `{guard_id}` is already given")
    return guard_id


def _tenant(source: Source, node: Node) -> str:
    tenant = source.text(node)
    if tenant and not ID.fullmatch(tenant):
        source.refuse(node, f"`{tenant}` is not an id: lower-case letters, digits, `_` and `-` only")
        return ""
    return tenant
