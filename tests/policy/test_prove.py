"""Network lines: our ranges, Casbin's m2 and `ipaddress` say the same at every boundary."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authz.core import network
from authz.core.network import NetworkLine, TenantNetworks, format_address, parse_address
from authz.core.types import Address, Effect
from authz.errors import EngineDisagreement
from authz.policy.prove import Proof, prove_networks
from tests.policy import orchard
from tests.policy.orchard import MODEL

SOME = ["203.0.113.0/24", "203.0.113.128/25", "2001:db8::/48", "any"]
BASES = ["0.0.0.0", "203.0.113.0", "203.0.113.128", "203.0.113.64", "255.255.255.255"]


@st.composite
def lines(draw: st.DrawFn) -> list[NetworkLine]:
    """Few bases and nested lengths, so that lines overlap and touch; sometimes `any`."""
    found = []
    for number in range(draw(st.integers(1, 5))):
        effect = draw(st.sampled_from(Effect))
        if draw(st.integers(0, 7)) == 0:
            text = "any"
        elif draw(st.booleans()):
            base = draw(st.sampled_from(BASES))
            text = str(ipaddress.ip_network(f"{base}/{draw(st.integers(8, 32))}", strict=False))
        else:
            base = draw(st.sampled_from(["2001:db8::", "2001:db8:7::", "ffff:ffff::", "2001:db8::ffff"]))
            text = str(ipaddress.ip_network(f"{base}/{draw(st.integers(32, 128))}", strict=False))
        found.append(NetworkLine(text, effect, f"set/networks/x.csv:{number + 1}"))
    return found


@settings(max_examples=40)
@given(lines())
def test_three_ways_agree_at_every_boundary(tenant: list[NetworkLine]) -> None:
    (proof,) = prove_networks(MODEL.read_bytes(), {"acme": tenant})

    assert proof.addresses >= 4


def test_every_line_is_asked_at_four_addresses() -> None:
    proofs = list(prove_networks(MODEL.read_bytes(), orchard.parsed().networks))

    assert proofs == [Proof("riverside", 4), Proof("hilltop", 4 + 4 + 3 + 4)]


def test_a_lost_boundary_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def shortened(line: NetworkLine) -> network.AddressRange:
        first, last = whole(line)
        return network.AddressRange(first, Address(max(first, last - 1)))

    whole = network._range_of
    monkeypatch.setattr(network, "_range_of", shortened)

    with pytest.raises(EngineDisagreement, match=r"tenant `riverside`, address .*: ranges, engine and ipaddress say"):
        list(prove_networks(MODEL.read_bytes(), orchard.parsed().networks))


@given(st.lists(st.sampled_from(SOME), min_size=1, max_size=3))
def test_the_verdict_is_constant_between_two_boundaries(texts: list[str]) -> None:
    ours = TenantNetworks(NetworkLine(text, Effect.ALLOW, str(at)) for at, text in enumerate(texts))
    for low, high in zip(ours.boundaries, ours.boundaries[1:], strict=False):
        middle = Address((low + high) // 2)
        assert ours.inside(Address(low)) == ours.inside(middle) == ours.inside(Address(high - 1))


def test_an_address_in_words_is_the_same_address() -> None:
    for text in ("203.0.113.7", "2001:db8::1", "0.0.0.0", "::"):
        assert format_address(parse_address(text)) == text
