"""Ids, types and action names that are not what they look like. None of them may ever be a yes.

The registered contact is `ana@acme.example`, the permitted action `report`, the tenant `acme`.
"""

from __future__ import annotations

from typing import Any, Final

EMAILS: Final[tuple[Any, ...]] = (
    # blanks and control characters, inside and around
    " ana@acme.example", "ana@acme.example ", "ana@acme.example\n", "ana@acme.example\r\n", "\tana@acme.example",
    "ana@acme.example\x00", "ana\x00@acme.example", "ana@acme.example\x0b", "ana@acme.example\x1c",
    "ana@acme.example\x85",
    "ana@acme.example\xa0", "ana@acme.example\u2028", "ana@acme.example\u3000", "\ufeffana@acme.example",
    "ana @acme.example",
    "ana@ acme.example", "a\u200bna@acme.example", "ana\u200d@acme.example", "ana@acme\u2060.example",
    "ana\xad@acme.example",
    "\u202eelpmaxe.emca@ana", "\u202aana@acme.example\u202c", "\u2066ana@acme.example\u2069",
    "ana@acme.example\u180e",
    "ana@acme.example\x7f", "ana@acme.example\x08", "ana@acme.example\x1b[0m",
    # letters that look or fold alike
    "аna@acme.example", "anа@acme.example", "ana@аcme.example", "ana@acme.ехample", "ana@acme.examp1e",
    "αna@acme.example",
    "ａna@acme.example", "ana＠acme.example", "ana@acme．example", "ana@acme。example", "ana@acme｡example",
    "ana@acme.examp\u2113e", "ana@a\u0441me.example", "ªna@acme.example", "ana@ac\u217fe.example",
    "ana@acme.exam\u1d56le",
    "aṇa@acme.example", "an\u0430\u0301@acme.example", "a\u0301na@acme.example", "ána@acme.example",
    "𝐚na@acme.example",
    "ana@acme.example\u0307", "ana@acmé.example", "ana@xn--acm-epa.example", "ana@ⓐcme.example", "ａｎａ@acme.example",
    "ANA@ACME.EXAMPLE\u212a", "ana@acme.\u212axample", "ana@acme.exampſe", "İana@acme.example", "ana@acme.exampıe",
    # quoting, comments, routes, display names, lists
    '"ana"@acme.example', "ana(x)@acme.example", "ana@(x)acme.example", "<ana@acme.example>",
    "Ana <ana@acme.example>",
    "Ana Pop <ana@acme.example>", "ana@acme.example,eve@evil.example", "ana@acme.example;eve@evil.example",
    "eve@evil.example ana@acme.example", "@evil.example:ana@acme.example", "ana%acme.example@evil.example",
    "evil.example!ana@acme.example", "mailto:ana@acme.example", "ana@acme.example?x=1", "ana@acme.example#x",
    "ana@acme.example/x", "ana\\@acme.example", "ana\\@acme.example@acme.example", "a\\na@acme.example",
    "'ana@acme.example'",
    "`ana@acme.example`", "ana@acme.example%00", "ana%40acme.example", "ana%2540acme.example", "&#97;na@acme.example",
    "=?utf-8?q?ana=40acme.example?=", "\\u0061na@acme.example", "+AGE-na@acme.example",
    # the structure of the address
    "ana@@acme.example", "ana@acme@acme.example", "@acme.example", "ana@", "ana", "ana@acme", "ana@acme.example.",
    "ana@.acme.example", "ana@acme..example", ".ana@acme.example", "ana.@acme.example", "a..na@acme.example",
    "ana+x@acme.example", "ana-@acme.example", "ana@-acme.example", "ana@acme-.example", "ana@acme.example:25",
    "ana@[203.0.113.5]", "ana@203.0.113.5", "ana@sub.acme.example", "ana@acme.example.evil.example",
    "xana@acme.example",
    "an@acme.example", "ana@acme.exampl", "ana@acme.examples", "a" * 65 + "@acme.example",
    "ana@" + "a." * 200 + "example",
    "ana@" + "a" * 64 + ".example", "x" * 1025, "ana@acme.example" * 60,
    # wildcards, expressions, other languages
    "*", "%", "_na@acme.example", "ana@*", "*@acme.example", ".*@acme.example", "^ana@acme.example$",
    "ana@acme.example|x",
    "' OR '1'='1", "ana@acme.example' --", "ana@acme.example'; DROP TABLE contact; --", 'ana@acme.example" OR 1=1',
    "${jndi:ldap://evil.example/a}", "{{7*7}}", "<script>alert(1)</script>", "__import__('os').system('id')",
    "eval(1)",
    "r.sub == r.sub", "true || true", "../../etc/passwd", "file:///etc/passwd", "http://169.254.169.254/", "%s%s%n",
    "$(id)",
    "=cmd|' /C calc'!A0", "admin", "user", "login:ana", "p, *, *, *, -, allow",
    # other types
    1, 0, -1, 1.5, True, False, None, [], {}, ["ana@acme.example"], [["ana@acme.example"]], {"type": "contact"},
    {"id": "ana@acme.example"}, {"type": "", "id": "ana@acme.example"},
    {"type": "contact", "id": ["ana@acme.example"]},
    {"type": ["contact"], "id": "ana@acme.example"}, {"type": "Contact", "id": "ana@acme.example"},
    {"type": "contact ", "id": "ana@acme.example"}, {"type": "contact\x00", "id": "ana@acme.example"},
    {"type": "email", "id": "ana@acme.example"}, {"type": "*", "id": "ana@acme.example"},
    {"type": "login", "id": "ana@acme.example"}, {"type": "phone", "id": "ana@acme.example"},
    {"type": "contact", "id": "ana@acme.example", "properties": None},
    {"type": "contact", "id": "ana@acme.example", "properties": []},
    {"type": "contact", "id": "ana@acme.example", "properties": {"x": None}},
    {"type": "x" * 257, "id": "ana@acme.example"}, "",
    # telephone numbers
    "+40 213 000 001", "+40-213-000-001", "0213000001", "0040213000001", "+4０213000001", "+٤٠213000001",
    "+40213000001 ",
    "+40213000001;ext=1", "tel:+40213000001", "+040213000001", "+40213000001\n", "+402130000010", "++40213000001",
    "+",
)  # fmt: skip
"""In place of the contact."""

ACTIONS: Final[tuple[Any, ...]] = (
    "Report", "REPORT", " report", "report ", "report\n", "report\x00", "report\u200b", "rеport", "ｒeport", "repor",
    "reports",
    "*", "re*", "report|restore", "report,restore", "report;restore", "report/../restore", "report%20",
    "r\u0065\u0301port",
    ".*", "^report$", "%", "true", "' OR '1'='1", "{{report}}", "${report}", "error report", "Error Report",
    "Error  report",
    "Error report ", "Error\u00a0report", "restore", "", "x" * 257, 1, True, None, [], {}, ["report"], {"name": ""},
    {"name": ["report"]}, {"name": "Report"}, {"name": None}, {"id": "report"}, {"name": "restore", "id": "report"},
    {"name": "report", "properties": "x"}, {"name": "report", "properties": {"x": None}},
)  # fmt: skip
"""In place of the action."""

TENANTS: Final[tuple[Any, ...]] = (
    "Acme", "ACME", "acme ", " acme", "acme\x00", "acme\n", "аcme", "ａcme", "acme/", "../acme", "acme,beta",
    "acme|*", "**", "%",
    ".*", "acm", "acme2", "acme' --", "beta", "nobody", "", "x" * 257, 1, True, None, [], {}, ["acme"],
    {"id": "acme"},
)  # fmt: skip
"""In place of the tenant."""

RESOURCES: Final[tuple[Any, ...]] = (
    "acme", 1, [], None, {}, {"type": "tenant"}, {"id": "acme"}, {"type": "tenant", "id": "Acme"},
    {"type": "Tenant", "id": "acme"},
    {"type": "tenant", "id": ["acme"]}, {"type": "tenant", "id": "acme\x00"}, {"type": "*", "id": "*"},
    {"type": "tenant", "id": "**"},
    {"type": "spaceship", "id": "acme"}, {"type": "ticket", "id": "1", "properties": {"tenant": "*"}},
    {"type": "ticket", "id": "1", "properties": {"tenant": ["acme"]}},
    {"type": "ticket", "id": "1", "properties": {"tenant": 1}},
    {"type": "ticket", "id": "1", "properties": {"tenant": {"id": "acme"}}},
    {"type": "ticket", "id": "1", "properties": {"tenant": ""}},
    {"type": "ticket", "id": "1", "properties": {"Tenant": "acme"}},
    {"type": "ticket", "id": "1", "properties": {"tenant ": "acme"}},
    {"type": "ticket", "id": "1", "properties": {"tenant": "acme "}},
    {"type": "ticket", "id": "1", "properties": {"tenant": None}},
    {"type": "spaceship", "id": "1", "properties": {"tenant": "acme"}}, {"type": "ticket", "id": "acme"},
    {"type": "ticket", "id": "1" * 1025, "properties": {"tenant": "acme"}},
    {"type": "ticket", "id": "\ud800", "properties": {}},
)  # fmt: skip
"""In place of the resource."""
