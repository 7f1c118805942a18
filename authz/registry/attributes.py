"""Stated attributes, flattened to dotted names and held against what the policy set declares (DESIGN section 3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Final

from authz.core.assurance import EMAIL_REQUESTS
from authz.core.attributes import known_value
from authz.core.definition import AttributeDef, Origin
from authz.core.types import EMPTY
from authz.registry.findings import Findings, Path, hint

_EMAIL_REQUESTS_VALUES: Final = ("allow", "confirm", "deny")
_DEEPEST: Final = 24


def checked_attributes(
    findings: Findings, path: Path, stated: object, entity: str, declared: Mapping[str, AttributeDef]
) -> Mapping[str, object]:
    """Dotted name (without the entity) -> value, dates and instants as ISO text; notes what is undeclared or mistyped.

    Args:
        entity: `subject`, `tenant` or `resource`; a declared name begins with it.
    """
    if stated is None:
        return EMPTY
    if not isinstance(stated, dict):
        findings.add(path, "expected a mapping of attributes")
        return EMPTY
    flat: dict[str, object] = {}
    for place, name, value in _leaves(path, "", stated):
        if name in flat:
            findings.add(place, f"attribute `{name}` is stated twice", of_key=True)
            continue
        flat[name] = _stored(value)
        problem = _problem(entity, name, value, declared)
        if problem:
            findings.add(place, problem)
    return flat or EMPTY


def _leaves(path: Path, prefix: str, stated: Mapping[object, object]) -> Iterator[tuple[Path, str, object]]:
    for key, value in stated.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and value and len(path) < _DEEPEST:
            yield from _leaves((*path, key), f"{name}.", value)
        else:
            yield (*path, key), name, value


def _problem(entity: str, name: str, value: object, declared: Mapping[str, AttributeDef]) -> str:
    if entity == "tenant" and name == EMAIL_REQUESTS:
        words = ", ".join(f"`{word}`" for word in _EMAIL_REQUESTS_VALUES)
        return "" if value in _EMAIL_REQUESTS_VALUES else f"`{name}` is one of {words}"
    full_name = f"{entity}.{name}"
    definition = declared.get(full_name)
    if definition is None:
        ours = [known.removeprefix(f"{entity}.") for known in declared if known.startswith(f"{entity}.")]
        return f"the policy set declares no attribute `{full_name}`{hint(name, ours)}"
    if definition.origin is Origin.REQUEST:
        return f"`{full_name}` is stated by the request, not by the registry"
    if value is None:
        return f"`{full_name}` is empty; leave it out or give it a value"
    try:
        known_value(definition, value)
    except ValueError as error:
        return f"`{full_name}` is {error}"
    return ""


def _stored(value: object) -> object:
    return value.isoformat() if isinstance(value, dt.date) else value
