"""What `core.diff` says equals what plain Casbin and `ipaddress` say when both versions are asked everything."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from itertools import product
from pathlib import Path
from random import Random

import casbin
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from authz.core.diff.sets import SetDiff, Verdict, diff_sets
from authz.core.generation import Generation
from authz.errors import PolicyInvalid
from authz.policy.bundle import Bundle, bundle_revision, read_bundle
from authz.policy.compile import compile_set
from authz.policy.live import generation_of
from authz.policy.parse import parse_set
from tests.differential import reference
from tests.differential.worlds import (
    ACTIONS,
    FACTS,
    ROLES,
    TENANTS,
    policy_files,
    random_lines,
    random_networks,
    random_world,
)

PROJECT = Path(__file__).parents[2]
MODEL = (PROJECT / "model.conf").read_bytes()
EVERY_FACT = ("network_ok", "sender_ok", *FACTS)
NOBODY = "nobody-knows"
Asked = tuple[str, str, str]
seeds = st.integers(0, 2**63)
CELLS_A_SET = 1000 if settings.default is settings.get_profile("deep") else 5
"""Every cell with `HYPOTHESIS_PROFILE=deep`."""


def generation(world: reference.World) -> Generation:
    files = policy_files(world)
    bundle = Bundle("world", files, MODEL, bundle_revision(files, MODEL), "policies/world")
    return generation_of(compile_set(parse_set(bundle)))


def edited(rng: Random, world: reference.World) -> reference.World:
    """Another version: some of its lines, or some of its networks, or both are others."""
    lines = world.lines
    kind = rng.random()
    if kind < 0.4:
        lines = random_lines(rng)
    elif kind < 0.9:  # some cells as they were, some as in another world
        known = {(line.tenant, line.role, line.action): line for line in world.lines if line.effect == "allow"}
        lines = tuple(
            known.get((line.tenant, line.role, line.action), line)
            if line.effect == "allow" and rng.random() < 0.8
            else line
            for line in random_lines(rng)
        )
    networks = dict(world.networks)
    if rng.random() < 0.6:
        networks[rng.choice(TENANTS)] = random_networks(rng)
    return replace(world, lines=lines, networks=networks)


def asked_of_casbin(world: reference.World) -> dict[Asked, tuple[bool, ...]]:
    """Plain `Enforcer.enforce` over every tenant, role, action and subset of the facts."""
    model = casbin.Model()
    model.load_model_from_text(MODEL.decode())
    enforcer = casbin.Enforcer(model)
    enforcer.add_function("holds", lambda when, facts: when == "-" or set(when.split(" + ")) <= facts)
    enforcer.add_function("inNetwork", lambda _address, _network: False)
    for line in world.lines:
        when = " + ".join(sorted(line.facts)) or "-"
        model["p"]["p"].policy.append([line.tenant, line.role, line.action, when, line.effect, "x"])
    return {
        asked: tuple(enforcer.enforce(*asked, facts) for facts in map(frozenset, reference.subsets([*EVERY_FACT])))
        for asked in product((*TENANTS, NOBODY), ROLES, ACTIONS)
    }


def told(diff: SetDiff) -> dict[Asked, tuple[bool, bool]]:
    """Of each (tenant, role, action): does it gain, does it lose?"""
    found = {}
    for change in diff.cells:
        tenants = change.tenants or tuple(one for one in (*TENANTS, NOBODY) if one not in change.spared)
        for tenant in tenants:
            key = tenant, change.role, change.action
            if change.tenants or key not in found:
                found[key] = (change.gains, change.losses)
    return found


@settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=25)
@given(seed=seeds)
def test_who_gains_and_who_loses_is_what_plain_enforce_says_of_both_versions(seed: int) -> None:
    rng = Random(seed)
    before = random_world(rng)
    after = edited(rng, before)
    was, now = asked_of_casbin(before), asked_of_casbin(after)
    expected = {
        asked: (any(n and not w for w, n in pairs), any(w and not n for w, n in pairs))
        for asked in was
        if (pairs := list(zip(was[asked], now[asked], strict=True))) and was[asked] != now[asked]
    }

    assert told(diff_sets(generation(before), generation(after))) == expected


ADDRESSES = [
    *(ipaddress.ip_address(f"192.0.2.{last}") for last in (0, 1, 7, 8, 9, 127, 128, 255)),
    *map(ipaddress.ip_address, ("198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0", "0.0.0.0")),
    *map(
        ipaddress.ip_address,
        ("255.255.255.255", "2001:db8::", "2001:db8:ffff::", "2001:db9::", "::", "2001:db7:ffff::"),
    ),
]


def says_any(world: reference.World, tenant: str) -> bool:
    return ("any", "allow") in tuple(world.networks.get(tenant, ()))


def inside(lines: tuple[tuple[str, str], ...], address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    def matches(network: str) -> bool:
        return network == "any" or address in ipaddress.ip_network(network)

    allowed = any(effect == "allow" and matches(network) for network, effect in lines)
    return allowed and not any(effect == "deny" and matches(network) for network, effect in lines)


@settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=100)
@given(seed=seeds)
def test_which_addresses_gain_and_lose_is_what_ipaddress_says(seed: int) -> None:
    rng = Random(seed)
    before = random_world(rng)
    after = replace(before, networks={tenant: random_networks(rng) for tenant in TENANTS if rng.random() < 0.8})
    changes = {one.tenant: one for one in diff_sets(generation(before), generation(after)).networks}

    for tenant, address in product(TENANTS, ADDRESSES):
        was, now = (inside(tuple(side.networks.get(tenant, ())), address) for side in (before, after))
        change = changes.get(tenant)
        spans = {True: change.gained, False: change.lost} if change is not None else {True: (), False: ()}
        held = {way: any(_holds(str(span), address) for span in those) for way, those in spans.items()}
        assert held == {True: now and not was, False: was and not now}, (tenant, address, change)
        # R7: under an annex that says `declared`, lines with `any` let nobody in
        was, now = (one and not says_any(side, tenant) for one, side in ((was, before), (now, after)))
        spans = {True: (), False: ()}
        if change is not None:
            strict = change.any_before is not change.any_after
            spans = {True: change.gained_declared, False: change.lost_declared} if strict else spans
            if not strict and not change.any_before:
                spans = {True: change.gained, False: change.lost}
        held = {way: any(_holds(str(span), address) for span in those) for way, those in spans.items()}
        assert held == {True: now and not was, False: was and not now}, (tenant, address, change)


def _holds(span: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if "/" in span:
        return address in ipaddress.ip_network(span)
    first, last = (ipaddress.ip_address(one) for one in span.split("-"))
    return first.version == address.version and int(first) <= int(address) <= int(last)


def shipped(set_id: str) -> Bundle:
    return read_bundle(PROJECT / "policies" / set_id, PROJECT / "model.conf")


def with_matrix(bundle: Bundle, matrix: str) -> Generation:
    files = {**bundle.files, "matrix.csv": matrix.encode()}
    return generation_of(compile_set(parse_set(bundle._replace(files=files, revision=bundle_revision(files, MODEL)))))


@pytest.mark.parametrize("set_id", ["alticap", "calltrack", "ciel", "crmbp", "okitoki"])
def test_a_single_cell_that_is_turned_round_shows_as_that_cell_and_nothing_else(set_id: str) -> None:
    bundle = shipped(set_id)
    text = bundle.files["matrix.csv"].decode()
    live = with_matrix(bundle, text)
    lines = text.splitlines(keepends=True)
    columns = {at: [part.strip() for part in line.split(",")] for at, line in enumerate(lines) if line.startswith("p,")}
    cells = [at for at, one in columns.items() if one[1] == "*" and "*" not in one[2:] and one[4:] != ["-", "deny"]]
    cells += [at for at, one in columns.items() if one[1] == "*" and "*" not in one[2:] and one[4:] == ["-", "deny"]]
    shown = 0
    for at in Random(set_id).sample(cells, len(cells)):
        if shown == CELLS_A_SET:
            break
        _, _, role, action, facts, effect = columns[at]
        if effect == "deny" and facts != "-":
            continue  # a deny line beside the base line of its cell
        turned = "network_ok + sender_ok, allow" if effect == "deny" else "-, deny"
        changed = [*lines[:at], f"p, *, {role}, {action}, {turned}\n", *lines[at + 1 :]]
        try:
            diff = diff_sets(live, with_matrix(bundle, "".join(changed)))
        except PolicyInvalid:
            continue  # the line was the only one to name its fact, or no allow line may stand there
        shown += 1

        assert {(one.role, one.action) for one in diff.cells} == {(role, action)}, lines[at]
        assert diff.verdict is (Verdict.WIDER if effect == "deny" else Verdict.NARROWER)
        assert not diff.networks
        assert not diff.declared
    assert shown >= min(3, CELLS_A_SET)


def test_lines_in_another_order_are_no_change() -> None:
    bundle = shipped("calltrack")
    text = bundle.files["matrix.csv"].decode()
    live = with_matrix(bundle, text)
    lines = [line for line in text.splitlines(keepends=True) if not line.startswith("#")]

    diff = diff_sets(live, with_matrix(bundle, "".join(reversed(lines))))

    assert (diff.verdict, diff.cells, diff.reasons, diff.declared) == (Verdict.NO_CHANGE, (), (), ())
