"""The column of further particulars: a contact's attributes as its policy set declares them, `name = value` a line."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final

from authz.core.definition import AttributeType, Origin, PolicySet

_ENTITY: Final = "subject."
_SEPARATOR: Final = " = "


def declares_particulars(definition: PolicySet) -> bool:
    """Whether contacts of the set can have attributes in the registry at all."""
    return any(
        name.startswith(_ENTITY) and of.origin is not Origin.REQUEST for name, of in definition.attributes.items()
    )


def written_particulars(attributes: Mapping[str, object]) -> str:
    """Flat attributes as lines; text as it is where it cannot be taken for anything else."""
    return "\n".join(f"{name}{_SEPARATOR}{_written(value)}" for name, value in sorted(attributes.items()))


def stated_particulars(text: str, definition: PolicySet, note: Callable[[str], None]) -> dict[str, object]:
    """The lines as attributes, by their dotted names; `note` is told what cannot be read."""
    found: dict[str, object] = {}
    for line in text.split("\n"):
        name, separator, value = (part.strip() for part in line.partition("="))
        if not separator or not name or not value:
            note(f"`{line}`: expected `name = value`")
        elif name in found:
            note(f"`{name}` is stated twice")
        else:
            declared = definition.attributes.get(_ENTITY + name)
            found[name] = _value(value, declared.type if declared is not None else AttributeType.STRING)
    return found


def _written(value: object) -> str:
    if isinstance(value, str) and value == " ".join(value.split()) and not value.startswith('"') and value:
        return value
    return json.dumps(value, ensure_ascii=False)


def _value(text: str, kind: AttributeType) -> object:
    """The value, if it can be one of that type; else the text, which the checks then refuse by name."""
    if kind in (AttributeType.STRING, AttributeType.DATE, AttributeType.TIME) and not text.startswith('"'):
        return text
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value
