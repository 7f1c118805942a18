"""Which addresses gain or lose access when a tenant's network lines change: exact, by intervals. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from authz.core.network import IPV6_BASE, AddressRange, TenantNetworks, format_address
from authz.core.types import Address

_TOP: Final = IPV6_BASE + (1 << 128)


class Span(NamedTuple):
    """Adjacent addresses of one family, first and last included."""

    first: Address
    last: Address

    @property
    def addresses(self) -> int:
        """How many."""
        return self.last - self.first + 1

    def __str__(self) -> str:
        """A CIDR where it is one, else `first-last`."""
        bits = (self.addresses - 1).bit_length()
        start = self.first - IPV6_BASE if self.first >= IPV6_BASE else self.first
        if self.addresses == 1 << bits and start % self.addresses == 0:
            return f"{format_address(self.first)}/{(128 if self.first >= IPV6_BASE else 32) - bits}"
        return f"{format_address(self.first)}-{format_address(self.last)}"


class NetworkChange(NamedTuple):
    """One tenant whose lines let other addresses in. `rule`: the line that lets in, or shuts out, the first of them.

    `any_before`, `any_after`: the lines let in every address, and also requests that have none.
    """

    tenant: str
    gained: tuple[Span, ...]
    lost: tuple[Span, ...]
    any_before: bool
    any_after: bool
    rule: str

    @property
    def gains(self) -> bool:
        """Some address, or a request without one, is let in that was not."""
        return bool(self.gained) or (self.any_after and not self.any_before)

    @property
    def losses(self) -> bool:
        """Some address, or a request without one, is no longer let in."""
        return bool(self.lost) or (self.any_before and not self.any_after)


def network_changes(
    base: Mapping[str, TenantNetworks], head: Mapping[str, TenantNetworks]
) -> tuple[NetworkChange, ...]:
    """Every tenant whose addresses change, by id."""
    found = []
    for tenant in sorted(base.keys() | head.keys()):
        before, after = base.get(tenant), head.get(tenant)
        if before is not None and after is not None and _text(before) == _text(after):
            continue
        change = _change(tenant, before, after)
        if change.gains or change.losses:
            found.append(change)
    return tuple(found)


def addresses(spans: tuple[Span, ...]) -> tuple[int, int]:
    """How many IPv4 and IPv6 addresses."""
    four = sum(span.addresses for span in spans if span.first < IPV6_BASE)
    return four, sum(span.addresses for span in spans) - four


def covers(ranges: Mapping[str, AddressRange], span: Span) -> bool:
    """Whether some of the ranges together hold the whole span."""
    at: int = span.first
    for one in sorted(ranges.values()):
        if one.first <= at <= one.last:
            at = one.last + 1
    return at > span.last


def _text(lines: TenantNetworks) -> list[tuple[str, str]]:
    return sorted((line.network, line.effect.value) for line in lines.lines)


def _change(tenant: str, before: TenantNetworks | None, after: TenantNetworks | None) -> NetworkChange:
    bounds = {0, 1 << 32, IPV6_BASE, *(before.boundaries if before else ()), *(after.boundaries if after else ())}
    cuts = sorted(bound for bound in bounds if bound < _TOP)
    gained: list[Span] = []
    lost: list[Span] = []
    rule = ""
    for first, following in zip(cuts, [*cuts[1:], _TOP], strict=True):
        if 1 << 32 <= first < IPV6_BASE:
            continue  # no address stands there
        was, now = _inside(before, first), _inside(after, first)
        if was[0] is not now[0]:
            (gained if now[0] else lost).append(Span(Address(first), Address(following - 1)))
            rule = rule or now[1] or was[1]
    any_before = before is not None and before.has_any
    any_after = after is not None and after.has_any
    if not rule:
        lines = (after or before or TenantNetworks(())).lines
        rule = lines[0].source if lines else ""
    return NetworkChange(tenant, tuple(_joined(gained)), tuple(_joined(lost)), any_before, any_after, rule)


def _inside(lines: TenantNetworks | None, address: int) -> tuple[bool, str]:
    if lines is None:
        return False, ""
    verdict = lines.verdict(Address(address))
    return verdict.inside, verdict.source


def _joined(spans: list[Span]) -> Iterator[Span]:
    """Neighbours as one; not across the families."""
    current: Span | None = None
    for span in spans:
        if current is not None and span.first == current.last + 1:
            current = Span(current.first, span.last)
            continue
        if current is not None:
            yield current
        current = span
    if current is not None:
        yield current
