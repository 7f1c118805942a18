from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from authz.core.contacts import Contact
from authz.core.definition import ActionDef, PolicySet, RoleDef
from authz.core.directory import Annex, Directory, Tenant
from authz.core.generation import Generation
from authz.core.network import NetworkLine, TenantNetworks
from authz.core.table import Cell, DecisionTable
from authz.core.types import ContactState, Effect, NetworkChoice, SubjectKey
from authz.registry.report import Kind, Remark, leading_roles, remarks
from tests.web.world import NoFacts

NOW = 1_780_000_000.0
SINCE = dt.date(2026, 1, 1)
DECLARED = "198.51.100.0/24"


def generation(**lines: str) -> Generation:
    """`chief` may do both actions, `clerk` one; network lines by tenant, joined by blanks."""
    names = {"en": "name"}
    definition = PolicySet(
        "shop", names, ("en",), "Europe/Bucharest", "RO",
        {role: RoleDef(role, names, "1") for role in ("clerk", "chief")},
        {action: ActionDef(action, names, "1") for action in ("ask", "restore")},
    )  # fmt: skip
    may, never = Cell((), [(True, "shop/matrix.csv:1")]), Cell((), [(False, "shop/matrix.csv:2")])
    cells = {("chief", "ask"): may, ("chief", "restore"): may, ("clerk", "ask"): may, ("clerk", "restore"): never}
    networks = {
        tenant: TenantNetworks(
            NetworkLine(one, Effect.ALLOW, f"shop/networks/{tenant}.csv:{at}")
            for at, one in enumerate(text.split(), start=1)
        )
        for tenant, text in lines.items()
    }
    return Generation(
        definition, DecisionTable(cells, {}), networks, NoFacts(), ZoneInfo("Europe/Bucharest"), "sha256:1"
    )


def person(name: str, role: str = "chief", state: ContactState = ContactState.ACTIVE) -> Contact:
    return Contact(name, role, (SubjectKey(f"{name}@shop.example"),), state)


def tenant(name: str, *people: Contact, choice: NetworkChoice = NetworkChoice.DECLARED, set_id: str = "shop") -> Tenant:
    return Tenant(name, set_id, name, [Annex(1, SINCE, SINCE, choice, people)])


def kinds(*tenants: Tenant, **lines: str) -> list[tuple[Kind, str]]:
    return [(one.kind, one.tenant) for one in found(*tenants, **lines)]


def found(*tenants: Tenant, **lines: str) -> list[Remark]:
    return remarks(Directory(tenants), {"shop": generation(**lines)}, NOW)


def test_a_tenant_in_order_is_nothing_to_look_at() -> None:
    assert kinds(tenant("a", person("x"), person("y")), a=DECLARED) == []


def test_the_admin_like_role_is_the_one_that_may_do_the_most() -> None:
    assert leading_roles("a", generation()) == {"chief"}


@pytest.mark.parametrize(
    ("people", "kind"),
    [
        ([person("x")], Kind.ONE_ADMIN),
        ([person("x"), person("y", "clerk")], Kind.ONE_ADMIN),
        ([person("x"), person("y", state=ContactState.SUSPENDED)], Kind.ONE_ADMIN),
        ([person("x", "clerk")], Kind.NO_ADMIN),
        ([person("x", state=ContactState.REVOKED)], Kind.NO_ADMIN),
        ([], Kind.NO_ADMIN),
    ],
)
def test_a_tenant_left_with_one_admin_or_none_is_found(people: list[Contact], kind: Kind) -> None:
    assert kinds(tenant("a", *people), a=DECLARED) == [(kind, "a")]


def test_one_email_at_several_tenants_is_found_once() -> None:
    two = [person("x"), person("y")]
    assert kinds(tenant("a", *two), tenant("b", person("x"), person("z")), a=DECLARED, b=DECLARED) == [
        (Kind.SHARED_EMAIL, "a")
    ]


@pytest.mark.parametrize("network", ["10.1.0.0/24", "192.168.1.0/24", "100.64.0.0/24", "fd00:1::/48", "127.0.0.0/24"])
def test_a_private_range_is_found(network: str) -> None:
    assert kinds(tenant("a", person("x"), person("y")), a=network) == [(Kind.PRIVATE_RANGE, "a")]


@pytest.mark.parametrize(("network", "wide"), [("198.48.0.0/19", True), ("198.48.0.0/20", False),
                                              ("2001:db8::/47", True), ("2001:db8::/48", False)])  # fmt: skip
def test_an_over_wide_range_is_found(network: str, wide: bool) -> None:
    assert (kinds(tenant("a", person("x"), person("y")), a=network) == [(Kind.WIDE_RANGE, "a")]) is wide


def test_a_choice_and_lines_that_disagree_are_found_with_the_line() -> None:
    two = (person("x"), person("y"))
    said = found(tenant("a", *two), tenant("b", *two[:0], person("v"), person("w"), choice=NetworkChoice.ANY),
                 a="any", b=DECLARED)  # fmt: skip

    assert [(one.kind, one.tenant, one.source) for one in said] == [
        (Kind.CHOICE, "a", "shop/networks/a.csv:1"),
        (Kind.CHOICE, "b", "shop/networks/b.csv:1"),
    ]


def test_a_tenant_without_lines_and_lines_without_a_tenant_are_found() -> None:
    assert set(kinds(tenant("a", person("x"), person("y")), nobody=DECLARED)) == {
        (Kind.UNKNOWN_TENANT, "nobody"),
        (Kind.NO_LINES, "a"),
    }


def test_a_tenant_without_annex_in_force_or_without_live_policy_is_found() -> None:
    later = Annex(1, SINCE, dt.date(2030, 1, 1), NetworkChoice.DECLARED, [person("x")])
    assert (Kind.NO_ANNEX, "a") in kinds(Tenant("a", "shop", "a", [later]), a=DECLARED)
    assert kinds(tenant("a", person("x"), set_id="other")) == [(Kind.NO_POLICY, "a")]
