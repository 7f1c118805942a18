"""Declared ranges that cannot be what the client meant (R5, R7): each by itself, a tenant's together, all tenants'."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

from authz.core.network import ANY_NETWORK, NetworkLine
from authz.core.types import Effect
from authz.policy.finding import Finding
from authz.policy.lint.places import CsvPlaces

_NETWORK: Final = 1
WIDE: Final = {4: 16, 6: 32}
"""Prefix lengths in bits; a range wider than these is pointed out. A guard (`widest_network`) refuses it."""

_Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

_PRIVATE: Final = tuple(
    (ipaddress.ip_network(text), what)
    for text, what in (
        ("10.0.0.0/8", "private (RFC 1918)"),
        ("172.16.0.0/12", "private (RFC 1918)"),
        ("192.168.0.0/16", "private (RFC 1918)"),
        ("100.64.0.0/10", "shared by a provider's customers (RFC 6598)"),
        ("fc00::/7", "unique local (RFC 4193)"),
    )
)
_RESERVED: Final = tuple(
    (ipaddress.ip_network(text), what)
    for text, what in (
        ("0.0.0.0/8", "this network"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("::1/128", "loopback"),
        ("fe80::/10", "link-local"),
        ("ff00::/8", "multicast"),
    )
)


class _Range(NamedTuple):
    """One line's network as numbers, for sorting: narrower ranges after the wider ones that hold them."""

    version: int
    first: int
    narrowness: int
    tenant: str
    network: _Network
    line: NetworkLine

    @property
    def last(self) -> int:
        return int(self.network.broadcast_address)


def network_findings(networks: Mapping[str, Sequence[NetworkLine]], places: CsvPlaces) -> Iterator[Finding]:
    """Findings of every tenant, then those between tenants."""
    allowed: list[_Range] = []
    for tenant, lines in networks.items():
        ranges = [_range(tenant, line) for line in lines if line.network != ANY_NETWORK]
        allows = [one for one in ranges if one.line.effect is Effect.ALLOW]
        for one in allows:
            yield from _by_itself(one, places)
        yield from _together(ranges, allows, any(line.network == ANY_NETWORK for line in lines), places)
        allowed += allows
    yield from _shared(sorted(allowed), places)


def _range(tenant: str, line: NetworkLine) -> _Range:
    network = ipaddress.ip_network(line.network)
    return _Range(network.version, int(network.network_address), network.prefixlen, tenant, network, line)


def _by_itself(one: _Range, places: CsvPlaces) -> Iterator[Finding]:
    network = one.network
    for kinds, code, why in (
        (_PRIVATE, "private-range", "a service outside that network never sees such an address"),
        (_RESERVED, "reserved-range", "no client has such an address"),
    ):
        what = next((what for kind, what in kinds if _overlap(network, kind)), "")
        if what:
            yield _finding(one, code, f"`{network}` is {what}; {why}", places)
            return
    if network.prefixlen < WIDE[network.version]:
        text = f"`{network}` is wider than /{WIDE[network.version]}; is the prefix length right?"
        if network.version == 4:  # noqa: PLR2004 - IPv6 counts say nothing to a reader
            text = f"`{network}` is {network.num_addresses:,} addresses; is the prefix length right?"
        yield _finding(one, "wide-range", text, places)


def _together(ranges: list[_Range], allows: list[_Range], every: bool, places: CsvPlaces) -> Iterator[Finding]:
    denies = [one for one in ranges if one.line.effect is Effect.DENY]
    for one in allows:
        around = next((other for other in allows if other is not one and _inside(one, other)), None)
        if around is not None:
            text = f"`{one.network}` lies inside `{around.network}` ({around.line.source})"
            yield _finding(one, "redundant-range", text, places)
        over = next((deny for deny in denies if _inside(one, deny)), None)
        if over is not None:
            text = f"`{one.network}` can never act: `{over.network}` denies all of it ({over.line.source})"
            yield _finding(one, "denied-range", text, places)
    for deny in denies:
        if not every and not any(_overlap(deny.network, one.network) for one in allows):
            text = f"`{deny.network}` takes nothing away: no allowed range of `{deny.tenant}` touches it"
            yield _finding(deny, "useless-deny", text, places)


def _shared(ranges: list[_Range], places: CsvPlaces) -> Iterator[Finding]:
    """Overlaps between tenants; a range is told with the nearest wider or equal one that is another tenant's."""
    around: list[_Range] = []
    for one in ranges:
        while around and (around[-1].version, around[-1].last) < (one.version, one.first):
            around.pop()
        other = next((wider for wider in reversed(around) if wider.tenant != one.tenant), None)
        if other is not None:
            text = (
                f"`{one.network}` of `{one.tenant}` lies in `{other.network}` of `{other.tenant}` "
                f"({other.line.source}): either client's people are inside both"
            )
            about = f"{other.tenant} {other.network} {one.tenant} {one.network}"
            yield Finding(*places.at(one.line.source, _NETWORK), "shared-range", about, text)
        around.append(one)


def _overlap(network: _Network, other: _Network) -> bool:
    return network.version == other.version and network.overlaps(other)


def _inside(one: _Range, other: _Range) -> bool:
    """Whether all of `one` lies in `other`; CIDRs either nest or are apart. No tenant has the same range twice."""
    return one.version == other.version and other.first <= one.first and one.last <= other.last


def _finding(one: _Range, code: str, text: str, places: CsvPlaces) -> Finding:
    return Finding(*places.at(one.line.source, _NETWORK), code, f"{one.tenant} {one.network}", text)
