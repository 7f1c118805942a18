"""Reading attributes and facts of `set.yaml`; the expressions of facts are put to the fact compiler (R5)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from authz.core.attributes import BUILT_IN, KNOWN, REDECLARABLE
from authz.core.definition import AttributeDef, AttributeType, FactDef, FactPart, Origin
from authz.core.table import BUILT_IN_FACTS
from authz.policy.facts import check_facts
from authz.policy.reading.fields import Source
from authz.policy.reading.labels import LabelReader
from authz.policy.reading.yaml_nodes import Mapping as MappingNode
from authz.policy.reading.yaml_nodes import Node, Scalar

_ATTRIBUTE: Final = re.compile(r"(?:subject|tenant|resource|action)(?:\.[a-z][a-z0-9_]*)+")


def read_attributes(source: Source, node: Node | None) -> dict[str, AttributeDef]:
    """All declared attributes by their dotted names."""
    attributes: dict[str, AttributeDef] = {}
    for key, value in source.entries(node):
        name = key.text
        if name in BUILT_IN and name not in REDECLARABLE:
            source.refuse(key, f"`{name}` is always there and cannot be declared")
        elif not _ATTRIBUTE.fullmatch(name):
            source.refuse(
                key, f"`{name}` is not an attribute's name: lower-case words joined by dots, the first one of "
                "subject, tenant, resource, action",
            )  # fmt: skip
        attributes[name] = _attribute(source, key, value)
    for entry in source.entries(node):
        name = entry.key.text
        if name.endswith(KNOWN) and name.removesuffix(KNOWN) in attributes:
            source.refuse(entry.key, f"`{name}` is the companion of `{name.removesuffix(KNOWN)}`")
        longer = next((other for other in (*attributes, *BUILT_IN) if other.startswith(name + ".")), "")
        if longer:
            source.refuse(entry.key, f"`{name}` is also the beginning of `{longer}`")
    return attributes


def _attribute(source: Source, key: Scalar, node: Node) -> AttributeDef:
    fields = source.fields(node, ("type",), ("origin", "contact_id", "clause"))
    kind = source.word(fields["type"], tuple(AttributeType), "type")
    if key.text in REDECLARABLE and kind and kind != BUILT_IN[key.text]:
        source.refuse(fields["type"] or key, f"`{key.text}` is of type {BUILT_IN[key.text]}")
    origin = Origin(source.word(fields["origin"], tuple(Origin), "origin") or Origin.REGISTRY)
    contact_id = source.flag(fields["contact_id"])
    if contact_id and kind and kind not in (AttributeType.STRING, AttributeType.STRINGS):
        source.refuse(fields["contact_id"] or key, "only a string, or a list of strings, can name contacts")
    if key.text.startswith("action.") and origin is not Origin.REQUEST:
        source.refuse(
            fields["origin"] or key, "an action's attributes come from the request alone; write `origin: request`"
        )
    return AttributeDef(
        key.text, AttributeType(kind or AttributeType.STRING), origin, contact_id, source.text(fields["clause"])
    )


def read_facts(
    source: Source, node: Node | None, labels: LabelReader, attributes: Mapping[str, AttributeDef]
) -> dict[str, FactDef]:
    """All facts by id, their expressions compiled and checked against the attributes."""
    facts: dict[str, FactDef] = {}
    expressions: dict[tuple[str, str], Scalar] = {}
    for key, value in source.entries(node):
        facts[key.text] = _fact(source, key, value, labels, expressions)
    sound = {
        name: fact
        for name, fact in facts.items()
        if (fact.expression or fact.parts) and all(part.expression for part in fact.parts)
    }
    for fact_id, part_id, offset, text in check_facts(attributes, sound):
        source.refuse(expressions[fact_id, part_id].place_of(offset), text, "fact")
    return facts


def _fact(
    source: Source, key: Scalar, node: Node, labels: LabelReader, expressions: dict[tuple[str, str], Scalar]
) -> FactDef:
    fact = source.id(key)
    if fact in BUILT_IN_FACTS:
        source.refuse(key, f"`{fact}` is built in and cannot be declared")
    fields = source.fields(node, ("label", "clause"), ("expression", "parts"))
    if fields.node is not None and ("expression" in fields) == ("parts" in fields):
        source.refuse(node, "a fact has either `expression` or `parts`")
    expression = _expression(source, fields["expression"], (fact, ""), expressions)
    parts = []
    for part_key, part_node in source.entries(fields["parts"]):
        part = source.fields(part_node, ("expression", "label"))
        part_id = source.id(part_key)
        text = _expression(source, part["expression"], (fact, part_id), expressions)
        parts.append(FactPart(part_id, text, labels.read(part["label"])))
    if (at := fields["parts"]) is not None and isinstance(at, MappingNode) and not parts:
        source.refuse(at, "`parts` is empty")
    return FactDef(fact, expression, labels.read(fields["label"]), source.text(fields["clause"]), tuple(parts))


def _expression(
    source: Source, node: Node | None, name: tuple[str, str], expressions: dict[tuple[str, str], Scalar]
) -> str:
    text = source.text(node, multiline=True)
    if text and isinstance(node, Scalar):
        expressions[name] = node
    return text
