"""Which addresses gain or lose access when a tenant's network lines change: exact, by intervals. Pure.

What the lines do hangs on the annex too, which a policy set does not know: where it says `declared`, a line `any` lets
nobody in (R7). Both are compared, so that ranges in place of `any` are not taken for a mere narrowing. It hangs on the
matrix as well: where a deny line names `network_ok`, fewer addresses are more access.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

from authz.core.diff.bearing import Bearing
from authz.core.network import IPV6_BASE, TenantNetworks, format_address
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
    """One tenant whose lines hold other addresses.

    `rule`: the line that takes in the first of them, or where none is taken in leaves out the first: of HEAD, or
    (`gone`) of BASE. `left`: where both happen, the line that leaves out the first, of BASE where `left_gone`.

    `gained`, `lost`: under an annex that says `any`, and where no line says `any` under every annex.
    `any_before`, `any_after`: the lines hold every address, and also requests that have none.
    `gained_declared`, `lost_declared`: under an annex that says `declared`, where a line `any` comes or goes.
    `bearing`: what it does to access to be inside.
    """

    tenant: str
    gained: tuple[Span, ...]
    lost: tuple[Span, ...]
    any_before: bool
    any_after: bool
    rule: str
    gained_declared: tuple[Span, ...] = ()
    lost_declared: tuple[Span, ...] = ()
    bearing: Bearing = Bearing(helps=True)
    gone: bool = False
    left: str = ""
    left_gone: bool = False

    @property
    def widens(self) -> bool:
        """Some address, or a request without one, is inside that was not."""
        return bool(self.gained or self.gained_declared) or (self.any_after and not self.any_before)

    @property
    def shrinks(self) -> bool:
        """Some address, or a request without one, is no longer inside."""
        return bool(self.lost or self.lost_declared) or (self.any_before and not self.any_after)

    @property
    def gains(self) -> bool:
        """Somebody is let in who was not."""
        return (self.widens and self.bearing.helps) or (self.shrinks and self.bearing.hinders)

    @property
    def losses(self) -> bool:
        """Somebody is no longer let in."""
        return (self.shrinks and self.bearing.helps) or (self.widens and self.bearing.hinders)

    @property
    def opened(self) -> tuple[Span, ...]:
        """The addresses from which somebody is let in who was not."""
        inside = (*self.gained, *self.gained_declared) if self.bearing.helps else ()
        outside = (*self.lost, *self.lost_declared) if self.bearing.hinders else ()
        return (*inside, *outside)

    @property
    def opened_to_all(self) -> bool:
        """Whether somebody is let in without an address who was not."""
        comes, goes = self.any_after and not self.any_before, self.any_before and not self.any_after
        return (comes and self.bearing.helps) or (goes and self.bearing.hinders)


def network_changes(
    base: Mapping[str, TenantNetworks], head: Mapping[str, TenantNetworks], bearing: Callable[[str], Bearing]
) -> tuple[NetworkChange, ...]:
    """Every tenant whose addresses change, by id; `bearing`: what it does to a tenant's access to be inside."""
    found = []
    for tenant in sorted(base.keys() | head.keys()):
        before, after = base.get(tenant), head.get(tenant)
        if before is not None and after is not None and _text(before) == _text(after):
            continue
        change = _change(tenant, before, after)
        if change.widens or change.shrinks:
            found.append(change._replace(bearing=bearing(tenant)))
    return tuple(found)


def addresses(spans: tuple[Span, ...]) -> tuple[int, int]:
    """How many IPv4 and IPv6 addresses."""
    four = sum(span.addresses for span in spans if span.first < IPV6_BASE)
    return four, sum(span.addresses for span in spans) - four


def _text(lines: TenantNetworks) -> list[tuple[str, str]]:
    return sorted((line.network, line.effect.value) for line in lines.lines)


def _change(tenant: str, before: TenantNetworks | None, after: TenantNetworks | None) -> NetworkChange:
    gained, lost, takes_in, leaves_out = _compared(before, after)
    any_before = before is not None and before.has_any
    any_after = after is not None and after.has_any
    lines = (after or before or TenantNetworks(())).lines
    first, *others = [one for one in (takes_in, leaves_out) if one[0]] or [
        (lines[0].source if lines else "", after is None)
    ]
    change = NetworkChange(tenant, gained, lost, any_before, any_after, first[0], gone=first[1])
    if others:
        change = change._replace(left=others[0][0], left_gone=others[0][1])
    if any_before is any_after:
        return change
    strict = _compared(None if any_before else before, None if any_after else after)
    return change._replace(gained_declared=strict[0], lost_declared=strict[1])


_Source = tuple[str, bool]
"""A line, and whether it is one of BASE that HEAD has no longer; empty where no line says it."""


def _compared(
    before: TenantNetworks | None, after: TenantNetworks | None
) -> tuple[tuple[Span, ...], tuple[Span, ...], _Source, _Source]:
    """What is gained, what is lost, and for each the line of the first address."""
    bounds = {0, 1 << 32, IPV6_BASE, *(before.boundaries if before else ()), *(after.boundaries if after else ())}
    cuts = sorted(bound for bound in bounds if bound < _TOP)
    gained: list[Span] = []
    lost: list[Span] = []
    takes_in: _Source = ("", False)
    leaves_out: _Source = ("", False)
    for first, following in zip(cuts, [*cuts[1:], _TOP], strict=True):
        if 1 << 32 <= first < IPV6_BASE:
            continue  # no address stands there
        was, now = _inside(before, first), _inside(after, first)
        span = Span(Address(first), Address(following - 1))
        if now[0] and not was[0]:
            gained.append(span)
            takes_in = takes_in if takes_in[0] else (now[1], False)
        elif was[0] and not now[0]:
            lost.append(span)
            leaves_out = leaves_out if leaves_out[0] else ((now[1], False) if now[1] else (was[1], True))
    return tuple(_joined(gained)), tuple(_joined(lost)), takes_in, leaves_out


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
