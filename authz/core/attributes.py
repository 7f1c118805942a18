"""Typed values of one request by declared origin: what facts, obligations and service rows look at (R5).

A value that is absent, of the wrong type, or not canonicalisable is *unknown*: its name is simply not there. Nothing is
coerced: a bool is no int, `3.0` is no int, a date is `YYYY-MM-DD`, a time is RFC 3339 with its offset.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from authz.core.contacts import Contact
from authz.core.definition import AttributeDef, AttributeType, Origin, PolicySet
from authz.core.directory import Tenant
from authz.core.types import EMPTY, Request, SubjectKey
from authz.core.values import EPOCH_ORDINAL, UNKNOWN, known_value, typed, written_id

__all__ = ["BUILT_IN", "KNOWN", "REDECLARABLE", "bindings", "flattened", "known_value", "unusable"]

KNOWN: Final = "_known"
"""Suffix of the companion boolean that says whether an attribute has a value."""

BUILT_IN: Final[Mapping[str, AttributeType]] = {
    "now": AttributeType.TIME,
    "today": AttributeType.DATE,
    "subject.id": AttributeType.STRING,
    "subject.ids": AttributeType.STRINGS,
    "subject.type": AttributeType.STRING,
    "subject.role": AttributeType.STRING,
    "tenant.id": AttributeType.STRING,
    "resource.type": AttributeType.STRING,
    "resource.id": AttributeType.STRING,
    "action.name": AttributeType.STRING,
    "channel": AttributeType.STRING,
    "assurance": AttributeType.STRING,
}
"""Names that are always there, with their types; no set may declare them, but for those in `REDECLARABLE`."""

REDECLARABLE: Final = frozenset({"subject.role"})
"""A set may let the request state a role in a fact's eyes; the matrix goes by the annex's role all the same."""

_ABSENT: Final = object()


def bindings(  # noqa: PLR0913, PLR0917 - everything a fact may speak of
    definition: PolicySet,
    request: Request,
    tenant: Tenant,
    contact: Contact,
    key: SubjectKey,
    action: str,
    day: int,
    now: float,
) -> Mapping[str, object]:
    """Every known value by its dotted name, `<name>_known` for each declared attribute, and the built-in names.

    A name is resolved when it is first asked for, so a fact costs what it uses. A date is an `int` (days since
    1970-01-01), a time an aware UTC `datetime`, a list of strings a `list`.

    Args:
        key: the canonical id under which the contact was found; `action`: the action's id (not a tag).
        day: the day in the set's time zone as a proleptic ordinal; `now`: seconds since 1970-01-01T00:00Z.
    """
    return _Bindings(definition, request, tenant, contact, key, action, day, now)


def unusable(values: Mapping[str, object], name: str) -> bool:
    """Whether the attribute has a stated value that is not of its declared type; `values`: from `bindings`."""
    return isinstance(values, _Bindings) and values.unusable(name)


class _Bindings(Mapping[str, object]):
    """The mapping that `bindings` returns. Remembers what it has resolved; looks nothing up outside its arguments."""

    __slots__ = ("_action", "_contact", "_day", "_definition", "_key", "_now", "_request", "_resolved", "_tenant")

    def __init__(  # noqa: PLR0913, PLR0917 - as `bindings`
        self,
        definition: PolicySet,
        request: Request,
        tenant: Tenant,
        contact: Contact,
        key: SubjectKey,
        action: str,
        day: int,
        now: float,
    ) -> None:
        self._definition = definition
        self._request = request
        self._tenant = tenant
        self._contact = contact
        self._key = key
        self._action = action
        self._day = day
        self._now = now
        self._resolved: dict[str, object] = {}

    def unusable(self, name: str) -> bool:
        """Whether a value is stated that is not of the declared type, which is not the same as none being stated."""
        declared = self._definition.attributes.get(name)
        return declared is not None and self._value(name) is UNKNOWN and self._stated(declared) is not _ABSENT

    def __getitem__(self, name: str) -> object:
        value = self._value(name)
        if value is UNKNOWN:
            raise KeyError(name)
        return value

    def get(self, name: str, default: object = None) -> object:
        """The value, or `default` where it is unknown (without the cost of an exception)."""
        value = self._value(name)
        return default if value is UNKNOWN else value

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._value(name) is not UNKNOWN

    def __iter__(self) -> Iterator[str]:
        for name in BUILT_IN:
            if name not in self._definition.attributes:
                yield name
        for name in self._definition.attributes:
            if self._value(name) is not UNKNOWN:
                yield name
            yield name + KNOWN

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return repr(dict(self))

    def _value(self, name: str) -> object:
        value = self._resolved.get(name, _ABSENT)
        if value is _ABSENT:
            value = self._resolved[name] = self._resolve(name)
        return value

    def _resolve(self, name: str) -> object:
        declared = self._definition.attributes.get(name)
        if declared is not None:
            value = self._stated(declared)
            return UNKNOWN if value is _ABSENT else typed(declared, value)
        built_in = _RESOLVERS.get(name)
        if built_in is not None:
            return built_in(self)
        attribute = name.removesuffix(KNOWN)
        if attribute != name and attribute in self._definition.attributes:
            return self._value(attribute) is not UNKNOWN
        return UNKNOWN

    def _stated(self, declared: AttributeDef) -> object:
        """The raw value from where the declaration allows it; the request's word, even a wrong one, comes first."""
        entity, _, path = declared.name.partition(".")
        if declared.origin is Origin.REGISTRY:
            return self._registered(entity, path)
        value = _property_at(self._properties(entity), path)
        if value is _ABSENT and declared.origin is Origin.REQUEST_OVER_REGISTRY:
            return self._registered(entity, path)
        return value

    def _registered(self, entity: str, path: str) -> object:
        if entity == "subject":
            stored = self._contact.attributes.get(path, _ABSENT)
            return self._contact.role if stored is _ABSENT and path == "role" else stored
        if entity == "tenant":
            return self._tenant.attributes.get(path, _ABSENT)
        if entity == "resource":
            known = self._tenant.resources.get((self._request.resource_type, self._request.resource_id))
            return _ABSENT if known is None else known.get(path, _ABSENT)
        return _ABSENT

    def _properties(self, entity: str) -> Mapping[str, object]:
        """The request's properties of an entity; those of a resource of type `tenant` are the tenant's as well."""
        request = self._request
        if entity == "subject":
            return request.subject_properties
        if entity == "action":
            return request.action_properties
        if entity == "resource" or request.resource_type == "tenant":
            return request.resource_properties
        return EMPTY


_RESOLVERS: Final[Mapping[str, Callable[[_Bindings], object]]] = {
    "now": lambda self: dt.datetime.fromtimestamp(self._now, dt.UTC),
    "today": lambda self: self._day - EPOCH_ORDINAL,
    "subject.id": lambda self: written_id(self._key),
    "subject.ids": lambda self: [written_id(key) for key in self._contact.keys],
    "subject.type": lambda self: self._request.subject_type,
    "subject.role": lambda self: self._contact.role,
    "tenant.id": lambda self: self._tenant.id,
    "resource.type": lambda self: self._request.resource_type,
    "resource.id": lambda self: (
        self._tenant.id if self._request.resource_type == "tenant" else self._request.resource_id
    ),
    "action.name": lambda self: self._action,
    "channel": lambda self: self._request.channel.value,
    "assurance": lambda self: self._request.assurance.value,
}


def flattened(nested: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """Stored attributes by their dotted names: `{"a": {"b": 1}, "c.d": 2}` is `{"a.b": 1, "c.d": 2}`.

    Raises:
        ValueError: one name is given twice.
    """
    flat: dict[str, object] = {}
    for name, value in nested.items():
        path = f"{prefix}{name}"
        inner = flattened(value, f"{path}.") if isinstance(value, Mapping) else {path: value}
        twice = flat.keys() & inner.keys()
        if twice:
            raise ValueError(f"`{min(twice)}` is given twice")
        flat.update(inner)
    return flat


def _property_at(properties: Mapping[str, object], path: str) -> object:
    """The property at a dotted path, written nested or under the dotted name.

    A mark that is of no type where both are there and differ, and one of absence where neither is.
    """
    dotted = properties.get(path, _ABSENT)
    if "." not in path:
        return dotted
    nested: object = properties
    for step in path.split("."):
        nested = nested.get(step, _ABSENT) if isinstance(nested, Mapping) else _ABSENT
    if nested is _ABSENT:
        return dotted
    if dotted is _ABSENT:
        return nested
    return nested if type(nested) is type(dotted) and nested == dotted else UNKNOWN
