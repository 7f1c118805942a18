"""IP addresses in other spellings, and claims about the circumstances. Only `203.0.113.0/24` is declared."""

from __future__ import annotations

from typing import Any, Final

ADDRESSES: Final[tuple[Any, ...]] = (
    # the declared address, spelt as other readers would take it
    "203.0.113.05", "203.0.0113.5", "0203.0.113.5", "203.0.113.5 ", " 203.0.113.5", "203.0.113.5\n",
    "203.0.113.5\x00", "203.0.113.5.",
    "203.0.113", "203.0.28933", "203.28933", "3405803781", "0xcb007105", "0xcb.0x0.0x71.0x5", "0313.0.0161.05",
    "313.0.161.5",
    "203.0.113.5/32", "203.0.113.5/24", "203.0.113.5:443", "[203.0.113.5]", "203.0.113.5%eth0",
    "203.0.113.5,198.51.100.9",
    "203.0.113.5, 198.51.100.9", "198.51.100.9, 203.0.113.5", "203.0.113.5;x", "203.0.113.5#x", "203.0.113.5@x",
    "http://203.0.113.5",
    "２０３.0.113.5", "203。0。113。5", "203．0．113．5", "٢٠٣.0.113.5", "203.0.113.5\u200b", "\u202e5.311.0.302",
    "203.0.113.⑤", "203.0.113.5\u0301",
    "::ffff:203.0.113.05", "::ffff:cb00:7105/128", "[::ffff:203.0.113.5]", "::203.0.113.5", "::ffff:0:203.0.113.5",
    "64:ff9b::203.0.113.5", "2002:cb00:7105::", "::ffff:203.0.113.5%1", "fe80::1%eth0", "::ffff:203.0.113.256",
    "::FFFF:203.0.113.5 ",
    # elsewhere, and nowhere
    "198.51.100.9", "203.0.112.255", "203.0.114.0", "0.0.0.0", "255.255.255.255", "127.0.0.1", "10.0.0.1",
    "169.254.169.254", "::", "::1",
    "2001:db8::1", "::ffff:198.51.100.9", "::ffff:127.0.0.1", "256.0.0.1", "203.0.113.-5", "203.0.113.5e0",
    "203.0.113.1000", "1", "-1", "any",
    "*", "localhost", "pdp.example", "203.0.113.0/24", "203.0.113.*", "203.0.113.0-255", "x" * 300, "",
    "203.0.113.5' OR '1'='1", "1.2.3.4.5",
    "1::2::3", ":::", "12345::", "::g", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7", "%00", "${ip}", "{{ip}}",
    # other types
    3405803781, 0, True, False, None, [], {}, ["203.0.113.5"], {"ip": "203.0.113.5"}, 203.0113, [203, 0, 113, 5],
)  # fmt: skip
"""In place of `ip`."""

CIRCUMSTANCES: Final[tuple[dict[str, Any], ...]] = (
    {"channel": "Web"}, {"channel": "web "}, {"channel": ""}, {"channel": "*"}, {"channel": "web,email"},
    {"channel": ["web"]}, {"channel": 1},
    {"channel": None}, {"channel": True}, {"channel": {}}, {"channel": "console"}, {"channel": "wеb"},
    {"channel": "x" * 300},
    {"channel": "email"}, {"channel": "phone"}, {"channel": "chat"}, {"channel": "web\x00"}, {"channel": "web\n"},
    {"assurance": "Confirmed"}, {"assurance": "confirmed "}, {"assurance": "root"}, {"assurance": ""},
    {"assurance": 5}, {"assurance": None},
    {"assurance": ["session"]}, {"assurance": "claimed"}, {"assurance": "сonfirmed"}, {"assurance": True},
    {"assurance": {}},
    {"sender_verified": "true"}, {"sender_verified": 1}, {"sender_verified": None}, {"sender_verified": []},
    {"sender_verified": False},
    {"assurance": "mail_verified", "sender_verified": False}, {"supported_obligations": "all"},
    {"supported_obligations": None},
    {"supported_obligations": [None]}, {"supported_obligations": [[]]}, {"supported_obligations": {"custom": True}},
    {"tenant": "beta"}, {"tenant": "acme", "resource": {"type": "tenant", "id": "beta"}},
    {"subject": {"type": "contact", "id": "x@x.example"}},
)  # fmt: skip
"""Beside the rest of a good flat question."""
