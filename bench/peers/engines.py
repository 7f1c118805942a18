"""Other engines in process, each with the same matrix, tenants, contacts and ranges, in its best honest configuration.

An engine is `decide(asked) -> bool`. What it can prepare once (parsed policies, entities, data, enforcers) it
prepares in its constructor, so that a measurement holds decisions alone. Nothing is remembered by question.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import casbin
from world import POLICY_SET, ROOT, Asked, World

from authz.core.types import Effect
from authz.policy.bundle import read_bundle
from authz.policy.judge import holds, in_network
from authz.policy.parse import parse_set
from authz.policy.reading.matrix import MatrixLine

FACTS = ("network_ok", "sender_ok")


class Engine(Protocol):
    """Something that decides."""

    def decide(self, asked: Asked) -> bool:
        """May the contact do it?"""
        ...


def matrix_lines() -> list[MatrixLine]:
    """The matrix of the measured set; every other engine is given these lines."""
    return list(parse_set(read_bundle(ROOT / "policies" / POLICY_SET, ROOT / "model.conf")).matrix)


def ranges(world: World, tenant: str) -> tuple[list[str], list[str]]:
    """The tenant's allowed and denied networks."""
    lines = world.lines[tenant]
    return (
        [line.network for line in lines if line.effect is Effect.ALLOW],
        [line.network for line in lines if line.effect is Effect.DENY],
    )


class PlainCasbin:
    """pycasbin as its manual has it: the matrix and this tenant's lines in one plain Enforcer for each tenant."""

    enforcer_class: type[casbin.Enforcer] = casbin.Enforcer

    def __init__(self, world: World) -> None:
        self._world = world
        self._matrix = [
            [line.tenant, line.role, line.action, " + ".join(line.facts) or "-", line.effect.value, line.source]
            for line in matrix_lines()
        ]
        self._enforcers: dict[str, casbin.Enforcer] = {}

    def enforcer(self, tenant: str) -> casbin.Enforcer:
        """The tenant's enforcer, made when first asked for."""
        made = self._enforcers.get(tenant)
        if made is None:
            made = self._made()
            made.add_function("holds", holds)
            made.add_function("inNetwork", in_network)
            self._fill(made, tenant)
            self._enforcers[tenant] = made
        return made

    def _made(self) -> casbin.Enforcer:
        model = casbin.Model()
        model.load_model((ROOT / "model.conf").as_posix())
        return casbin.Enforcer(model)

    def _fill(self, made: casbin.Enforcer, tenant: str) -> None:
        policy = made.get_model()
        policy["p"]["p"].policy.extend(self._matrix)
        policy["p"]["p2"].policy.extend(
            [tenant, line.network, line.effect.value, line.source] for line in self._world.lines[tenant]
        )

    def decide(self, asked: Asked) -> bool:
        """Network first, then the matrix: two questions, as the model wants it."""
        tenant, role = self._world.roles[asked.contact]
        enforcer = self.enforcer(tenant)
        context = casbin.core_enforcer.EnforceContext("r2", "p2", "e", "m2")
        inside = enforcer.enforce(context, tenant, asked.ip)
        facts = frozenset(FACTS if inside else FACTS[1:])
        return bool(enforcer.enforce(tenant, role, asked.action, facts))


class FastCasbin(PlainCasbin):
    """pycasbin's FastEnforcer: lines found by role and action; right here, for no line of this set has a `*` there."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._matrix_enforcer = self._made_fast()

    def _made_fast(self) -> casbin.FastEnforcer:
        made = casbin.FastEnforcer((ROOT / "model.conf").as_posix(), cache_key_order=[1, 2])
        made.add_function("holds", holds)
        made.add_function("inNetwork", in_network)
        for row in self._matrix:
            made.add_policy(*row)
        return made

    def decide(self, asked: Asked) -> bool:
        """The network by the tenant's few lines, the matrix by the filtered ones."""
        tenant, role = self._world.roles[asked.contact]
        context = casbin.core_enforcer.EnforceContext("r2", "p2", "e", "m2")
        inside = self.enforcer(tenant).enforce(context, tenant, asked.ip)
        facts = frozenset(FACTS if inside else FACTS[1:])
        return bool(self._matrix_enforcer.enforce(tenant, role, asked.action, facts))

    def _fill(self, made: casbin.Enforcer, tenant: str) -> None:
        made.get_model()["p"]["p2"].policy.extend(
            [tenant, line.network, line.effect.value, line.source] for line in self._world.lines[tenant]
        )


class Cedar:
    """Cedar through cedarpy: one parsed policy set, and for each tenant its parsed entities.

    Cedar cannot loop over a set of ranges, so the tenant has its ranges as attributes.
    """

    def __init__(self, world: World) -> None:
        import cedarpy

        self._ask = cedarpy.is_authorized
        self._allow = cedarpy.Decision.Allow
        self._world = world
        self._policies = cedarpy.PolicySet.from_str("\n".join(cedar_policies(world)))
        members: dict[str, list[dict[str, Any]]] = {tenant: [self._tenant(tenant)] for tenant in world.lines}
        for contact, (tenant, role) in world.roles.items():
            members[tenant].append(
                {
                    "uid": {"type": "Contact", "id": contact},
                    "attrs": {"tenant": {"__entity": {"type": "Tenant", "id": tenant}}, "role": role},
                    "parents": [],
                }
            )
        self._entities = {
            tenant: cedarpy.Entities.from_json_str(json.dumps(found)) for tenant, found in members.items()
        }

    def _tenant(self, tenant: str) -> dict[str, Any]:
        allowed, denied = ranges(self._world, tenant)
        named = {f"a{at}": network for at, network in enumerate(allowed)}
        named.update({f"d{at}": network for at, network in enumerate(denied)})
        attributes = {name: {"__extn": {"fn": "ip", "arg": network}} for name, network in named.items()}
        return {"uid": {"type": "Tenant", "id": tenant}, "attrs": attributes, "parents": []}

    def decide(self, asked: Asked) -> bool:
        """One `is_authorized` with prepared handles."""
        request = {
            "principal": {"type": "Contact", "id": asked.contact},
            "action": {"type": "Action", "id": asked.action},
            "resource": {"type": "Tenant", "id": asked.tenant},
            "context": {"ip": {"__extn": {"fn": "ip", "arg": asked.ip}}},
        }
        return bool(self._ask(request, self._policies, self._entities[asked.tenant]).decision == self._allow)


def cedar_policies(world: World) -> Iterator[str]:
    """One permit for each role, with its actions; the network condition in each."""
    allowed, denied = ranges(world, next(iter(world.lines)))
    inside = " || ".join(f"context.ip.isInRange(resource.a{at})" for at in range(len(allowed)))
    outside = " && ".join(f"!context.ip.isInRange(resource.d{at})" for at in range(len(denied)))
    for role, actions in sorted(granted().items()):
        named = ", ".join(f'Action::"{action}"' for action in sorted(actions))
        yield (
            f"permit(principal is Contact, action in [{named}], resource is Tenant) "
            f'when {{ principal.role == "{role}" && principal.tenant == resource && ({inside}) && {outside} }};'
        )


def granted() -> dict[str, set[str]]:
    """Role -> actions that its allow lines grant inside the network to a sure sender."""
    found: dict[str, set[str]] = {}
    for line in matrix_lines():
        if line.effect is Effect.ALLOW:
            if not set(line.facts) <= set(FACTS) or "*" in {line.role, line.action} or line.tenant != "*":
                raise AssertionError("the measured set has lines that the peers are not given")
            found.setdefault(line.role, set()).add(line.action)
    return found


REGO = """
package authz
import rego.v1

default allow := false

allow if {
    contact := data.contacts[input.contact]
    contact.tenant == input.tenant
    data.granted[contact.role][input.action]
    some network in data.allowed[contact.tenant]
    net.cidr_contains(network, input.ip)
    not denied(contact.tenant)
}

denied(tenant) if {
    some network in data.denied[tenant]
    net.cidr_contains(network, input.ip)
}
"""


class Regorus:
    """Rego in regorus, the fastest Rego interpreter with a Python binding; policy and data loaded once."""

    def __init__(self, world: World) -> None:
        import regorus

        self._engine = regorus.Engine()
        self._engine.add_policy("authz.rego", REGO)
        self._engine.add_data_json(json.dumps(rego_data(world)))

    def decide(self, asked: Asked) -> bool:
        """One rule, with the question as its input."""
        self._engine.set_input_json(
            json.dumps({"contact": asked.contact, "action": asked.action, "tenant": asked.tenant, "ip": asked.ip})
        )
        return self._engine.eval_rule("data.authz.allow") is True


def rego_data(world: World) -> dict[str, Any]:
    """Everything that Rego decides by."""
    sides = {tenant: ranges(world, tenant) for tenant in world.lines}
    return {
        "contacts": {contact: {"tenant": tenant, "role": role} for contact, (tenant, role) in world.roles.items()},
        "granted": {role: dict.fromkeys(actions, True) for role, actions in granted().items()},
        "allowed": {tenant: allowed for tenant, (allowed, _) in sides.items()},
        "denied": {tenant: denied for tenant, (_, denied) in sides.items()},
    }


ENGINES: dict[str, Callable[[World], Engine]] = {
    "pycasbin, plain Enforcer": PlainCasbin,
    "pycasbin, FastEnforcer": FastCasbin,
    "Cedar (cedarpy)": Cedar,
    "Rego (regorus)": Regorus,
}
