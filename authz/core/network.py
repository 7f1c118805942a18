"""IP addresses, CIDR ranges and the membership question (R5 `network_ok`, R7; DESIGN section 5).

Addresses of both families live on one number line (`Address`), so that a tenant's lines become one sorted list of
boundaries. This module is the one place where an IPv4-mapped IPv6 address is unwrapped.
"""

from __future__ import annotations

import ipaddress
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton
from typing import Final, NamedTuple

from authz.core.types import Address, Effect

ANY_NETWORK: Final = "any"
IPV6_BASE: Final = 1 << 128
_MAPPED_PREFIX: Final = bytes(10) + b"\xff\xff"
_LONGEST_ADDRESS: Final = 45
WIDEST_IPV4_PREFIX: Final = 8
WIDEST_IPV6_PREFIX: Final = 32
_OCTET: Final = "(0|[1-9][0-9]{0,2})"
_PLAIN_IPV4: Final = re.compile(rf"{_OCTET}\.{_OCTET}\.{_OCTET}\.{_OCTET}/([89]|[12][0-9]|3[0-2])")


def parse_address(text: object) -> Address:
    """The canonical address of `text`.

    Raises:
        ValueError: not a `str`, or not one plain address: zone ids, ports, spaces, leading zeros, brackets.
    """
    if type(text) is not str or len(text) > _LONGEST_ADDRESS or not text.isascii():
        raise ValueError("not an IP address")
    try:
        if ":" not in text:
            return Address(int.from_bytes(inet_pton(AF_INET, text)))
        packed = inet_pton(AF_INET6, text)
    except (OSError, ValueError):
        raise ValueError("not an IP address") from None
    if packed.startswith(_MAPPED_PREFIX):
        return Address(int.from_bytes(packed[12:]))
    return Address(IPV6_BASE + int.from_bytes(packed))


def format_address(address: Address) -> str:
    """The usual spelling of a canonical address."""
    if address < IPV6_BASE:
        return inet_ntop(AF_INET, address.to_bytes(4))
    return inet_ntop(AF_INET6, (address - IPV6_BASE).to_bytes(16))


def network_around(address: Address) -> str:
    """The /24 (IPv6: /48) that an address lies in, as a CIDR: as much of it as a log may keep for a while."""
    if address < IPV6_BASE:
        return f"{address >> 24}.{address >> 16 & 255}.{address >> 8 & 255}.0/24"
    return f"{format_address(Address(address >> 80 << 80))}/48"


class AddressRange(NamedTuple):
    """All addresses from `first` to `last`, both included, of one family."""

    first: Address
    last: Address


def _plain_ipv4(text: str) -> AddressRange | None:
    """An IPv4 range with nothing wrong with it, as most are; `ipaddress` says what is wrong with others."""
    found = _PLAIN_IPV4.fullmatch(text)
    if found is None:
        return None
    one, two, three, four, length = map(int, found.groups())
    first, others = one << 24 | two << 16 | three << 8 | four, (1 << 32 - length) - 1
    if max(one, two, three, four) > 255 or first & others:  # noqa: PLR2004 - an octet
        return None
    return AddressRange(Address(first), Address(first + others))


def parse_cidr(text: str) -> AddressRange:
    """The range of a strict CIDR: an address, a slash, a prefix length in bits (a bare address is refused).

    Raises:
        ValueError: with a reader's sentence: host bits set, mask form, leading zeros, zone id, IPv4-mapped, wider than
            /8 (IPv4) or /32 (IPv6).
    """
    usual = _plain_ipv4(text)
    if usual is not None:
        return usual
    address, slash, length = text.partition("/")
    if not slash:
        raise ValueError(_without_length(text))
    if not (length.isascii() and length.isdigit()) or (length != "0" and length.startswith("0")):
        raise ValueError(f"`{text}`: the prefix length is not a plain number of bits")
    try:
        parsed = parse_address(address)
        network = ipaddress.ip_network(f"{address}/{length}", strict=False)
    except ValueError:
        raise ValueError(f"`{text}` is not a network in CIDR form") from None
    if isinstance(network, ipaddress.IPv6Network) and parsed < IPV6_BASE:
        raise ValueError(f"`{text}` is IPv4-mapped; write the IPv4 network itself")
    if ipaddress.ip_address(address) != network.network_address:
        raise ValueError(f"`{text}` has host bits set; did you mean `{network}`?")
    widest = WIDEST_IPV6_PREFIX if isinstance(network, ipaddress.IPv6Network) else WIDEST_IPV4_PREFIX
    if network.prefixlen < widest:
        raise ValueError(f"`{text}` is wider than /{widest}; write `any` if every address is meant")
    base = IPV6_BASE if isinstance(network, ipaddress.IPv6Network) else 0
    first = base + int(network.network_address)
    if _holds_mapped(network):
        raise ValueError(f"`{text}` holds the IPv4-mapped addresses; write the IPv4 networks themselves")
    return AddressRange(Address(first), Address(first + network.num_addresses - 1))


def _without_length(text: str) -> str:
    try:
        parse_address(text)
    except ValueError:
        return f"`{text}` is not a network in CIDR form"
    return f"`{text}` has no prefix length; write `{text}/{128 if ':' in text else 32}` for one address"


def _holds_mapped(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    """Whether an IPv6 network and ::ffff:0:0/96 have an address in common."""
    return isinstance(network, ipaddress.IPv6Network) and network.overlaps(ipaddress.IPv6Network("::ffff:0:0/96"))


class NetworkLine(NamedTuple):
    """One `p2` line of one tenant: a CIDR or `any`, its effect and its `<set>/<file>:<line>`."""

    network: str
    effect: Effect
    source: str


class NetworkVerdict(NamedTuple):
    """What a tenant's lines say of an address: inside or not, and the line that says so (empty: no line matched)."""

    inside: bool
    source: str


class TenantNetworks:
    """One tenant's `p2` lines, compiled: elementary intervals of the number line, each with its verdict.

    Allow lines minus deny lines; `any` is every address and also none (R5). Immutable. `bounds`: first address of every
    interval but the lowest; `verdicts`: of each interval, the lowest first.
    """

    __slots__ = ("_by_source", "bounds", "has_any", "lines", "verdicts")

    def __init__(self, lines: Iterable[NetworkLine]) -> None:
        self.lines = tuple(lines)
        self._by_source: dict[str, str] | None = None
        self.has_any = any(line.network == ANY_NETWORK and line.effect is Effect.ALLOW for line in self.lines)
        ranges = [(_range_of(line), line) for line in self.lines]
        cuts = sorted({cut for span, _ in ranges for cut in (span.first, span.last + 1)})
        self.bounds: tuple[int, ...] = tuple(cuts)
        self.verdicts = (_NOWHERE, *_verdicts(cuts, ranges))

    def verdict(self, address: Address) -> NetworkVerdict:
        """The verdict on one address."""
        return self.verdicts[bisect_right(self.bounds, address)]

    def network_of(self, source: str) -> str | None:
        """The network of the line that stands there; None where none does."""
        if self._by_source is None:  # made when it is first asked for: most tenants are silent for long
            self._by_source = {line.source: line.network for line in self.lines}
        return self._by_source.get(source)

    def inside(self, address: Address | None) -> bool:
        """`network_ok` by the lines alone; no address is inside only for `any`."""
        if address is None:
            return self.has_any
        return self.verdicts[bisect_right(self.bounds, address)].inside

    @property
    def boundaries(self) -> tuple[int, ...]:
        """First address of every elementary interval but the lowest."""
        return self.bounds


_NOWHERE: Final = NetworkVerdict(False, "")
_EVERYTHING = AddressRange(Address(0), Address(IPV6_BASE + (1 << 128) - 1))


def _range_of(line: NetworkLine) -> AddressRange:
    return _EVERYTHING if line.network == ANY_NETWORK else parse_cidr(line.network)


def _verdicts(cuts: list[int], ranges: list[tuple[AddressRange, NetworkLine]]) -> Iterator[NetworkVerdict]:
    """The verdict from each cut on, up to the next: the first line that denies there, else the first that allows."""
    beginning: dict[int, list[int]] = {}
    for number, (span, _) in enumerate(ranges):
        beginning.setdefault(span.first, []).append(number)
    denying: list[tuple[int, int]] = []
    allowing: list[tuple[int, int]] = []  # heaps of (number of the line, its last address)
    for at in cuts:
        for number in beginning.get(at, ()):
            span, line = ranges[number]
            heappush(denying if line.effect is Effect.DENY else allowing, (number, span.last))
        verdict = _NOWHERE
        for inside, heap in ((False, denying), (True, allowing)):
            while heap and heap[0][1] < at:
                heappop(heap)
            if heap:
                verdict = NetworkVerdict(inside, ranges[heap[0][0]][1].source)
                break
        yield verdict
