"""R5 `network_ok`: addresses, CIDR ranges, and a tenant's lines at every boundary."""

from __future__ import annotations

import ipaddress
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.core.network import NetworkLine, TenantNetworks, format_address, parse_address, parse_cidr
from authz.core.types import Effect


@pytest.mark.parametrize(
    "text",
    [
        "0.0.0.0",
        "203.0.113.5",
        "255.255.255.255",
        "::",
        "::1",
        "2001:db8::5",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    ],
)
def test_an_address_is_read_and_written_alike(text: str) -> None:
    assert format_address(parse_address(text)) == text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("203.0.113.5", "::ffff:203.0.113.5", id="IPv4-mapped"),
        pytest.param("203.0.113.5", "::FFFF:cb00:7105", id="IPv4-mapped in hexadecimal"),
        pytest.param("2001:db8::5", "2001:0DB8:0:0::5", id="IPv6 spellings"),
    ],
)
def test_two_spellings_of_one_address_are_one_address(one: str, other: str) -> None:
    assert parse_address(one) == parse_address(other)


def test_an_ipv4_address_is_no_low_ipv6_address() -> None:
    assert parse_address("0.0.0.1") != parse_address("::1")
    assert parse_address("203.0.113.5") != parse_address("::203.0.113.5")


@pytest.mark.parametrize(
    "text",
    [
        "", " 203.0.113.5", "203.0.113.5 ", "203.0.113.5\n", "203.0.113", "203.0.113.256", "203.0.113.05",
        "0xcb.0.113.5", "3405803781", "203.0.113.5:443", "203.0.113.5/32", "[2001:db8::5]", "2001:db8::5%eth0",
        "2001:db8:::5", "fe80::1%1", "\uff12\uff10\uff13.0.113.5", "203.0.113.5, 203.0.113.6", "any",
        "::ffff:203.0.113.05", "1" * 46,
    ],
)  # fmt: skip
def test_what_is_not_exactly_one_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an IP address"):
        parse_address(text)


@pytest.mark.parametrize("value", [3405803781, True, b"\xcb\x00\x71\x05", None, ipaddress.ip_address("203.0.113.5")])
def test_an_address_is_text_and_nothing_else(value: object) -> None:
    with pytest.raises(ValueError, match="not an IP address"):
        parse_address(value)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("10.0.0.5/8", "`10.0.0.5/8` has host bits set; did you mean `10.0.0.0/8`?"),
        ("2001:db8::1/64", "`2001:db8::1/64` has host bits set; did you mean `2001:db8::/64`?"),
        ("203.0.113.0", "`203.0.113.0` has no prefix length"),
        ("203.0.113.0/255.255.255.0", "the prefix length is not a plain number"),
        ("203.0.113.0/024", "the prefix length is not a plain number"),
        ("203.0.113.0/33", "not a network in CIDR form"),
        ("203.0.113.00/24", "not a network in CIDR form"),
        ("0.0.0.0/0", "wider than /8"),
        ("10.0.0.0/7", "wider than /8"),
        ("2001::/16", "wider than /32"),
        ("::ffff:203.0.113.0/120", "is IPv4-mapped"),
        ("::/64", "IPv4-mapped addresses"),
    ],
)
def test_a_range_that_means_something_else_than_it_says_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(ValueError) as refused:
        parse_cidr(text)

    assert complaint in str(refused.value)


def _by_ipaddress(text: str) -> tuple[int, int] | None:
    try:
        found = ipaddress.IPv4Network(text)
    except ValueError:
        return None
    return (int(found.network_address), int(found.broadcast_address)) if found.prefixlen >= 8 else None


@given(
    st.tuples(*[st.sampled_from(["0", "1", "10", "128", "192", "255", "256", "010", "999", "1_0", "٣", ""])] * 4),
    st.sampled_from(["7", "8", "9", "16", "24", "25", "31", "32", "33", "08", "+8", "٨"]),
)
def test_an_ipv4_range_is_what_ipaddress_says_it_is(octets: tuple[str, ...], length: str) -> None:
    text = f"{'.'.join(octets)}/{length}"
    try:
        read = tuple(parse_cidr(text))
    except ValueError:
        read = None

    expected = _by_ipaddress(text) if length not in ("08", "+8", "٨") else None
    assert read == expected


def networks(*lines: tuple[str, Effect]) -> TenantNetworks:
    return TenantNetworks(NetworkLine(network, effect, f"line {at}") for at, (network, effect) in enumerate(lines, 1))


def test_a_verdict_names_the_line_that_spoke() -> None:
    lines = networks(("203.0.113.0/24", Effect.ALLOW), ("203.0.113.66/32", Effect.DENY))

    assert lines.verdict(parse_address("203.0.113.65")) == (True, "line 1")
    assert lines.verdict(parse_address("203.0.113.66")) == (False, "line 2")
    assert lines.verdict(parse_address("203.0.112.255")) == (False, "")
    assert lines.network_of("line 1") == lines.lines[0].network
    assert lines.network_of("line 9") is None


def test_any_is_also_no_address_and_a_deny_line_still_holds() -> None:
    lines = networks(("any", Effect.ALLOW), ("2001:db8::/32", Effect.DENY))

    assert lines.inside(None)
    assert lines.inside(parse_address("198.51.100.1"))
    assert not lines.inside(parse_address("2001:db8::1"))
    assert not networks(("203.0.113.0/24", Effect.ALLOW)).inside(None)


def test_no_line_is_nowhere() -> None:
    assert not networks().inside(parse_address("203.0.113.5"))
    assert not networks().inside(None)


SMALL_WORLD = st.one_of(
    st.builds(
        lambda last, length: str(ipaddress.ip_network((0xCB007100 + last, length), strict=False)),
        st.integers(0, 255), st.integers(22, 32),
    ),
    st.builds(
        lambda last, length: str(ipaddress.ip_network(((0x20010DB8 << 96) + last, length), strict=False)),
        st.integers(0, 255), st.integers(118, 128),
    ),
    st.sampled_from(["any", "255.255.255.0/24", "0.0.0.0/8", "ffff:ffff::/32"]),
)  # fmt: skip


def plain_answer(address: ipaddress.IPv4Address | ipaddress.IPv6Address, lines: list[tuple[str, Effect]]) -> bool:
    effects = {effect for network, effect in lines if network == "any" or address in ipaddress.ip_network(network)}
    return effects == {Effect.ALLOW}


def boundaries(lines: list[tuple[str, Effect]]) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    found = []
    for network in (ipaddress.ip_network(network) for network, _ in lines if network != "any"):
        kind = type(network.network_address)
        edges = {int(edge) + step for edge, step in product((network[0], network[-1]), (-1, 0, 1))}
        found += [kind(edge) for edge in edges if 0 <= edge < 1 << network.max_prefixlen]
    return found


@given(st.lists(st.tuples(SMALL_WORLD, st.sampled_from(Effect)), max_size=8))
def test_ranges_answer_as_ipaddress_does_at_every_boundary(lines: list[tuple[str, Effect]]) -> None:
    compiled = networks(*lines)

    for address in boundaries(lines):
        assert compiled.inside(parse_address(str(address))) is plain_answer(address, lines), address


@given(st.lists(st.tuples(SMALL_WORLD, st.sampled_from(Effect)), max_size=8), SMALL_WORLD)
def test_a_further_deny_line_never_lets_an_address_in(lines: list[tuple[str, Effect]], denied: str) -> None:
    before, after = networks(*lines), networks(*lines, (denied, Effect.DENY))

    for address in boundaries([*lines, (denied, Effect.DENY)]):
        assert before.inside(parse_address(str(address))) >= after.inside(parse_address(str(address)))
