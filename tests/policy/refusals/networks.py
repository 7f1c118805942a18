"""`p2` lines (DESIGN sections 3 and 5; casbin.md section 5, Networks)."""

from __future__ import annotations

from typing import Final

from tests.policy.orchard import HILLTOP, RIVERSIDE
from tests.policy.refusals.refusal import Refusal

REFUSALS: Final = (
    Refusal(
        "the tenant of a deny line misspelt, which would silently open what it closes",
        {HILLTOP: [("hilltop, 203.0.113.66/32", "hiltop,  203.0.113.66/32")]},
        ["networks/hilltop.csv:3:5: can never act: the tenant has no allow line; is its id misspelt?"],
    ),
    Refusal(
        "host bits",
        {HILLTOP: [("203.0.113.0/24", "203.0.113.7/24")]},
        ["networks/hilltop.csv:2:14: `203.0.113.7/24` has host bits set; did you mean `203.0.113.0/24`?"],
    ),
    Refusal(
        "no prefix length",
        {HILLTOP: [("203.0.113.66/32", "203.0.113.66")]},
        ["networks/hilltop.csv:3:14: `203.0.113.66` has no prefix length; write `203.0.113.66/32` for one address"],
    ),
    Refusal(
        "a netmask",
        {HILLTOP: [("203.0.113.0/24", "203.0.113.0/255.255.255.0")]},
        ["networks/hilltop.csv:2:14: `203.0.113.0/255.255.255.0`: the prefix length is not a plain number of bits"],
    ),
    Refusal(
        "a prefix that is too long",
        {HILLTOP: [("203.0.113.66/32", "203.0.113.66/33")]},
        ["networks/hilltop.csv:3:14: `203.0.113.66/33` is not a network in CIDR form"],
    ),
    Refusal(
        "a leading zero",
        {HILLTOP: [("203.0.113.0/24", "203.0.113.00/24")]},
        ["networks/hilltop.csv:2:14: `203.0.113.00/24` is not a network in CIDR form"],
    ),
    Refusal(
        "a prefix with a leading zero",
        {HILLTOP: [("203.0.113.66/32", "203.0.113.66/032")]},
        ["networks/hilltop.csv:3:14: `203.0.113.66/032`: the prefix length is not a plain number of bits"],
    ),
    Refusal(
        "a zone id",
        {HILLTOP: [("2001:db8:7::/48", "fe80::%eth0/64")]},
        ["networks/hilltop.csv:4:14: `fe80::%eth0/64` is not a network in CIDR form"],
    ),
    Refusal(
        "an IPv4-mapped network",
        {HILLTOP: [("203.0.113.0/24", "::ffff:203.0.113.0/120")]},
        ["networks/hilltop.csv:2:14: `::ffff:203.0.113.0/120` is IPv4-mapped; write the IPv4 network itself"],
    ),
    Refusal(
        "a network that holds the IPv4-mapped ones",
        {HILLTOP: [("2001:db8:7::/48", "::/32")]},
        ["networks/hilltop.csv:4:14: `::/32` holds the IPv4-mapped addresses; write the IPv4 networks themselves"],
    ),
    Refusal(
        "every IPv4 address",
        {HILLTOP: [("203.0.113.0/24", "0.0.0.0/0")]},
        ["networks/hilltop.csv:2:14: `0.0.0.0/0` is wider than /8; write `any` if every address is meant"],
    ),
    Refusal(
        "every IPv6 address",
        {HILLTOP: [("2001:db8:7::/48", "::/0")]},
        ["networks/hilltop.csv:4:14: `::/0` is wider than /32; write `any` if every address is meant"],
    ),
    Refusal(
        "a network wider than /8",
        {HILLTOP: [("203.0.113.0/24", "202.0.0.0/7")]},
        ["networks/hilltop.csv:2:14: `202.0.0.0/7` is wider than /8; write `any` if every address is meant"],
    ),
    Refusal(
        "an IPv6 network wider than /32",
        {HILLTOP: [("2001:db8:7::/48", "2001:d00::/24")]},
        ["networks/hilltop.csv:4:14: `2001:d00::/24` is wider than /32; write `any` if every address is meant"],
    ),
    Refusal(
        "a name",
        {HILLTOP: [("203.0.113.0/24", "office")]},
        ["networks/hilltop.csv:2:14: `office` is not a network in CIDR form"],
    ),
    Refusal("Any in capitals", {RIVERSIDE: [("any", "Any")]}, ["networks/east/riverside.csv:1:16: `Any`: write `any`"]),
    Refusal("a star for any", {RIVERSIDE: [("any", "*")]}, ["networks/east/riverside.csv:1:16: `*`: write `any`"]),
    Refusal(
        "any beside a range",
        {HILLTOP: [("203.0.113.66/32, deny", "any, allow")]},
        [
            "networks/hilltop.csv:2:14: a range beside `any` (orchard/networks/hilltop.csv:3) means nothing",
            "networks/hilltop.csv:4:14: a range beside `any` (orchard/networks/hilltop.csv:3) means nothing",
        ],
    ),
    Refusal(
        "the same network twice",
        {HILLTOP: [("203.0.113.66/32, deny", "203.0.113.0/24, allow")]},
        ["networks/hilltop.csv:3:14: the same network as orchard/networks/hilltop.csv:2"],
    ),
    Refusal(
        "the same network in another spelling",
        {HILLTOP: [("203.0.113.66/32, deny", "2001:0db8:0007::/48, allow")]},
        ["networks/hilltop.csv:4:14: the same network as orchard/networks/hilltop.csv:3"],
    ),
    Refusal(
        "allow and deny for the same network",
        {HILLTOP: [("203.0.113.66/32, deny", "203.0.113.0/24, deny")]},
        ["networks/hilltop.csv:3:30: contradicts orchard/networks/hilltop.csv:2: allow and deny for the same network"],
    ),
    Refusal(
        "the same network in another file",
        {
            RIVERSIDE: [("riverside", "hilltop")],
            HILLTOP: [("203.0.113.0/24,  allow", "any, allow"), ("2001:db8:7::/48, allow", "2001:db8:7::/48, deny")],
        },
        ["networks/hilltop.csv:2:14: the same network as orchard/networks/east/riverside.csv:1"],
    ),
    Refusal(
        "a network line for every tenant",
        {RIVERSIDE: [("riverside", "*")]},
        ["networks/east/riverside.csv:1:5: `*` is not a tenant's id: lower-case letters, digits, `_` and `-` only"],
    ),
    Refusal(
        "a network line of a role",
        {RIVERSIDE: [("riverside", "picker")]},
        ["networks/east/riverside.csv:1:5: tenant `picker` has the name of a role"],
    ),
    Refusal(
        "a misspelt network effect",
        {RIVERSIDE: [("any, allow", "any, permit")]},
        ["networks/east/riverside.csv:1:21: `permit` is not an effect; write `allow` or `deny`"],
    ),
)
