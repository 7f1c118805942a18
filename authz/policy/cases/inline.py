"""The tenants that `tests.yaml` states inline, as the directory and networks that a case is asked of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, TypeVar

from authz.core.attributes import flattened
from authz.core.contacts import Contact
from authz.core.directory import Annex, Directory, Tenant
from authz.core.identity import SUBJECT_KINDS, subject_key
from authz.core.network import ANY_NETWORK, NetworkLine, TenantNetworks
from authz.core.types import ContactState, Effect, NetworkChoice, SubjectKey
from authz.policy.cases.case import CaseTenant

T = TypeVar("T")

ALWAYS: Final = dt.date(2000, 1, 1)
"""`effective_from` of an annex that is stated by its contacts alone."""


class InlineWorld(NamedTuple):
    """What the cases of one `tests.yaml` are asked of: its own tenants and their own network lines."""

    directory: Directory
    networks: Mapping[str, TenantNetworks]


def inline_world(set_id: str, tenants: Sequence[CaseTenant], source: str) -> InlineWorld:
    """Tenants and networks as stated. `source`: the file's name as a decision cites it (`<set>/tests.yaml`).

    Raises:
        ValueError: something is not of the form that the parser checks; the text names the tenant.
    """
    directory, networks = Directory(), {}
    for tenant in tenants:
        try:
            directory.replace(_tenant(set_id, tenant))
            networks[tenant.id] = TenantNetworks(_lines(tenant, source))
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"tenant `{tenant.id}` is not of the expected form: {error}") from None
        except ValueError as error:
            raise ValueError(f"tenant `{tenant.id}`: {error}") from None
    return InlineWorld(directory, networks)


def _tenant(set_id: str, tenant: CaseTenant) -> Tenant:
    stated = tenant.stated
    return Tenant(
        tenant.id,
        set_id,
        str(stated.get("name", tenant.id)),
        [_annex(annex) for annex in _annexes(stated)],
        tuple(_typed(stated.get("languages", []), list)),
        flattened(_typed(stated.get("attributes", {}), dict)),
        {
            (str(resource["type"]), str(resource["id"])): flattened(_typed(resource.get("attributes", {}), dict))
            for resource in _typed(stated.get("resources", []), list)
        },
    )


def _annexes(stated: Mapping[str, object]) -> list[Mapping[str, object]]:
    if "annexes" in stated:
        return _typed(stated["annexes"], list)
    return [
        {
            "number": 1,
            "signed_on": ALWAYS,
            "effective_from": ALWAYS,
            "network": stated.get("network", _choice_of(stated)),
            "contacts": stated.get("contacts", []),
        }
    ]


def _choice_of(stated: Mapping[str, object]) -> str:
    """The network choice that agrees with the tenant's lines."""
    lines = _typed(stated.get("networks", []), list)
    return NetworkChoice.ANY if f"{ANY_NETWORK} {Effect.ALLOW}" in lines else NetworkChoice.DECLARED


def _annex(stated: Mapping[str, object]) -> Annex:
    effective_from = _day(stated["effective_from"])
    return Annex(
        _typed(stated["number"], int),
        _day(stated.get("signed_on", effective_from)),
        effective_from,
        NetworkChoice(_typed(stated["network"], str)),
        [_contact(contact) for contact in _typed(stated.get("contacts", []), list)],
    )


def _contact(stated: Mapping[str, object]) -> Contact:
    return Contact(
        _typed(stated.get("name", ""), str),
        _typed(stated["role"], str),
        tuple(_key(kind, _typed(stated[kind], str)) for kind in SUBJECT_KINDS if kind in stated),
        ContactState(_typed(stated.get("state", ContactState.ACTIVE.value), str)),
        _typed(stated.get("function", ""), str),
        flattened(_typed(stated.get("attributes", {}), dict)),
    )


def _key(kind: str, text: str) -> SubjectKey:
    key = subject_key(kind, text)
    if key is None:
        raise ValueError(f"`{text}` is not a canonical {kind}")
    return key


def _day(stated: object) -> dt.date:
    return dt.date.fromisoformat(stated) if isinstance(stated, str) else _typed(stated, dt.date)


def _lines(tenant: CaseTenant, source: str) -> list[NetworkLine]:
    lines = []
    for stated in _typed(tenant.stated.get("networks", []), list):
        network, _, effect = _typed(stated, str).partition(" ")
        lines.append(NetworkLine(network, Effect(effect), f"{source}:{tenant.line}"))
    return lines


def _typed(value: object, kind: type[T]) -> T:
    if not isinstance(value, kind):
        raise TypeError(f"{kind.__name__} expected")
    return value
