"""A tenant's ranges answer as Casbin's second matcher does, and as `ipaddress` does, at every boundary (R5)."""

from __future__ import annotations

from pathlib import Path

import casbin
from casbin.core_enforcer import EnforceContext
from hypothesis import given, settings
from hypothesis import strategies as st

from authz.core.network import parse_address
from authz.core.types import Effect
from tests.core.test_network import SMALL_WORLD, boundaries, networks, plain_answer

MODEL = (Path(__file__).parents[2] / "model.conf").read_text()


def plain_enforcer(lines: list[tuple[str, Effect]]) -> casbin.Enforcer:
    """Plain Casbin over the lines of two tenants: those of the question, and one that has everything."""
    model = casbin.Model()
    model.load_model_from_text(MODEL)
    enforcer = casbin.Enforcer(model)
    enforcer.add_function("holds", lambda _when, _facts: False)
    enforcer.add_function("inNetwork", lambda ip, network: network == "any" or casbin.util.ip_match(ip, network))
    model["p"]["p2"].policy.append(["other", "any", "allow", "x:1"])
    for network, effect in lines:
        model["p"]["p2"].policy.append(["acme", network, effect.value, "x:2"])
    return enforcer


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(SMALL_WORLD, st.sampled_from(Effect)), min_size=1, max_size=6))
def test_ranges_answer_as_casbin_does_at_every_boundary(lines: list[tuple[str, Effect]]) -> None:
    compiled, enforcer = networks(*lines), plain_enforcer(lines)
    question = EnforceContext("r2", "p2", "e", "m2")

    for address in boundaries(lines):
        judged = enforcer.enforce(question, "acme", str(address))

        assert compiled.inside(parse_address(str(address))) is judged
        assert judged is plain_answer(address, lines)
