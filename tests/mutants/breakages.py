"""The seeded faults: each is one that a hurried change could make, and that would change decisions."""

from __future__ import annotations

from typing import Final

from tests.mutants.breakage import Breakage

_DECIDE: Final = ("tests/core/test_decide.py",)
_REFERENCE: Final = ("tests/differential/test_decide_equals_reference.py",)
_IMPORTS: Final = ("tests/architecture/test_imports.py",)

BREAKAGES: Final = (
    # ---- R1 to R4
    Breakage(
        "a revoked contact is let through",
        "authz/core/decide.py",
        "if contact.state is not ContactState.ACTIVE:",
        "if contact.state is ContactState.SUSPENDED:",
        _DECIDE,
    ),
    Breakage(
        "a suspension is not looked at",
        "authz/core/decide.py",
        "if contact.state is not ContactState.ACTIVE:",
        "if contact.state not in ContactState:",
        _REFERENCE,
    ),
    Breakage(
        "an annex comes into force a day late",
        "authz/core/directory.py",
        "position = bisect_right(self._starts, day)\n",
        "position = bisect_right(self._starts, day - 1)\n",
        _REFERENCE,
    ),
    Breakage(
        "the day is told in UTC and not where the contract lives",
        "authz/core/generation.py",
        "local = dt.datetime.fromtimestamp(now, self.zone)",
        "local = dt.datetime.fromtimestamp(now, dt.UTC)",
        _REFERENCE,
    ),
    Breakage(
        "the first of several tenants is taken for the one meant",
        "authz/core/decide.py",
        "if len(in_force) == 1 else Decision(False, Reason.TENANT_AMBIGUOUS)",
        "if in_force else Decision(False, Reason.TENANT_AMBIGUOUS)",
        _REFERENCE,
    ),
    Breakage(
        "the stated tenant is not compared",
        "authz/core/decide.py",
        "        if standing.tenant.id == wanted:\n",
        "        if standing.tenant.id:\n",
        _REFERENCE,
    ),
    Breakage(
        "an e-mail address is compared with its upper case",
        "authz/core/identity.py",
        "return SubjectKey(text.lower())",
        "return SubjectKey(text)",
        ("tests/differential", "tests/core"),
    ),
    Breakage(
        "blanks around an e-mail address are forgiven",
        "authz/core/identity.py",
        "match = _EMAIL.fullmatch(text)",
        "match = _EMAIL.fullmatch(text.strip())",
        ("tests/core",),
    ),
    Breakage(
        "a login may be an e-mail address's subject",
        "authz/core/identity.py",
        "return SubjectKey(_LOGIN_PREFIX + text) if",
        "return SubjectKey(text) if",
        ("tests/core",),
    ),
    # ---- R5: network
    Breakage(
        "the last address of a range is lost",
        "authz/core/network.py",
        "for cut in (span.first, span.last + 1)",
        "for cut in (span.first, span.last)",
        ("tests/core", "tests/differential"),
    ),
    Breakage(
        "a network deny line is dropped",
        "authz/core/network.py",
        "        if line.effect is Effect.DENY:\n",
        "        if line.effect is Effect.DENY and len(covering) == 1:\n",
        _REFERENCE,
    ),
    Breakage(
        "an annex that says declared addresses is overruled by a line any",
        "authz/core/decide.py",
        "if lines.has_any and annex.network is NetworkChoice.DECLARED:",
        "if lines.has_any and annex.network is NetworkChoice.ANY:",
        _REFERENCE,
    ),
    Breakage(
        "no address is as good as any",
        "authz/core/decide.py",
        "return (None if lines.has_any else Reason.IP_MISSING)",
        "return (None if lines else Reason.IP_MISSING)",
        _REFERENCE,
    ),
    Breakage(
        "a tenant without network lines is everywhere at home",
        "authz/core/decide.py",
        "    if lines is None:\n        return Reason.NETWORK_NOT_DECLARED",
        "    if lines is None:\n        return None",
        _REFERENCE,
    ),
    Breakage(
        "an IPv4-mapped address is not unwrapped",
        "authz/core/network.py",
        "if packed.startswith(_MAPPED_PREFIX):",
        "if not packed.startswith(packed):",
        ("tests/core",),
    ),
    Breakage(
        "host bits in a network are rounded away",
        "authz/core/network.py",
        "if ipaddress.ip_address(address) != network.network_address:",
        "if ipaddress.ip_address(address) not in network:",
        ("tests/core",),
    ),
    # ---- R5: sender and facts
    Breakage(
        "a merely claimed sender is enough",
        "authz/core/assurance.py",
        "if assurance is Assurance.CLAIMED:",
        "if assurance is Assurance.CLAIMED and high_risk:",
        _REFERENCE,
    ),
    Breakage(
        "a verified mail is enough for a high-risk action",
        "authz/core/assurance.py",
        'confirm = high_risk or email_requests == "confirm"',
        'confirm = email_requests == "confirm"',
        _REFERENCE,
    ),
    Breakage(
        "mail is let in where the tenant closed it",
        "authz/core/assurance.py",
        'if channel is Channel.EMAIL and email_requests not in (None, "allow", "confirm"):',
        'if channel is Channel.EMAIL and email_requests not in (None, "allow", "confirm", "deny"):',
        _DECIDE,
    ),
    Breakage(
        "an unknown fact counts as false",
        "authz/core/decide.py",
        "                unknown |= bit\n",
        "                unknown |= 0\n",
        _REFERENCE,
    ),
    Breakage(
        "an error in a fact counts as true",
        "authz/policy/facts.py",
        "        if result.type() != _BOOL:\n            return None\n",
        "        if result.type() != _BOOL:\n            return True\n",
        ("tests/policy",),
    ),
    # ---- R6 and R9
    Breakage(
        "a cell that nobody wrote is an allow",
        "authz/core/table.py",
        "    return Answer(False, rule or judged[nearest][1], nearest & ~mask, mask & ~nearest)",
        "    return Answer(True, rule or judged[nearest][1], nearest & ~mask, mask & ~nearest)",
        _DECIDE,
    ),
    Breakage(
        "a tenant's own stricter cells are passed over",
        "authz/core/table.py",
        "return self.own.get(tenant_id, self.shared).get((role, action))",
        "return self.shared.get((role, action))",
        _DECIDE,
    ),
    # ---- the architecture
    Breakage(
        "the core reads the clock",
        "authz/core/decide.py",
        "from collections.abc import Mapping\n",
        "import time\nfrom collections.abc import Mapping\n",
        _IMPORTS,
    ),
)
