"""A tenant's annexes and its trail as `authz annex list` shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.console import Console

from authz.annex.difference import ACCESS, Permissions, differences
from authz.cli.terminal import GOOD, QUIET, STRONG, WARNING, count, say
from authz.core.definition import PolicySet
from authz.registry.annexes import APPROVED, DRAFT, AnnexRecord, TenantAnnexes
from authz.registry.trail import TrailLine

_WHAT: Final[Mapping[str, str]] = {
    "tenant_added": "tenant added under the policy set `{set}`",
    "tenant_changed": "tenant changed: {members}",
    "tenant_closed": "tenant closed",
    "annex_loaded": "{about} loaded from a file, {contacts} contacts",
    "annex_proposed": "{about} entered as draft {annex}, {contacts} contacts, from {effective_from}",
    "annex_approved": "{about} approved, in force from {effective_from}; entered by {entered_by}",
    "annex_withdrawn": "draft {annex} of {about} withdrawn; entered by {entered_by}",
    "annex_superseded": "draft {annex} of {about} set aside",
    "contact_suspended": "{about} suspended",
    "contact_revoked": "{about} revoked",
    "contact_restored": "{about} restored",
    "resources_changed": "{resources} resources changed",
}
_SHORT: Final = 12


def trail_document(tenant: TenantAnnexes, lines: Sequence[TrailLine], definition: PolicySet | None) -> dict[str, Any]:
    """Both as one JSON document."""
    changes = _sentences(tenant, definition)
    return {
        "tenant": tenant.id,
        "name": tenant.name,
        "set": tenant.set_id,
        "annexes": [_annex_document(one, changes.get(one.id, [])) for one in tenant.annexes],
        "trail": [
            {
                "revision": line.revision,
                "when": line.changed_at,
                "who": line.changed_by,
                "what": _what(line),
                "kind": line.kind,
                "about": line.about or None,
                "document_sha256": line.document_sha256 or None,
                "details": dict(line.details),
            }
            for line in lines
        ],
    }


def show_trail(
    console: Console, tenant: TenantAnnexes, lines: Sequence[TrailLine], definition: PolicySet | None
) -> None:
    """Both for a person."""
    say(console, (f"{tenant.name}", STRONG), f"  tenant {tenant.id}, policy set {tenant.set_id}")
    changes = _sentences(tenant, definition)
    for one in tenant.annexes:
        entry = one.entry
        style = {APPROVED: GOOD, DRAFT: WARNING}.get(one.state, QUIET)
        say(
            console,
            (f"annex {entry.number} ({one.id})  {one.state}", style),
            f"  from {entry.effective_from}, signed {entry.signed_on}, {one.origin}, "
            f"access from {ACCESS[entry.network]}, {count(len(entry.contacts), 'contact')}",
        )
        for said in changes.get(one.id, []):
            say(console, f"    {said}")
        say(console, (f"    entered by {one.entered_by} at {one.entered_at}{_approval(one)}", QUIET))
        if entry.document_sha256:
            say(console, (f"    document {entry.document_sha256}", QUIET))
    for line in lines:
        document = f"  document {line.document_sha256[:_SHORT]}" if line.document_sha256 else ""
        say(
            console,
            (f"{line.revision:>6}  {line.changed_at}  ", QUIET),
            f"{line.changed_by}: {_what(line)}",
            (document, QUIET),
        )


def _approval(annex: AnnexRecord) -> str:
    return f", approved by {annex.approved_by} at {annex.approved_at}" if annex.approved_by else ""


def _annex_document(annex: AnnexRecord, changes: Sequence[str]) -> dict[str, Any]:
    entry = annex.entry
    return {
        "id": annex.id,
        "number": entry.number,
        "state": annex.state,
        "origin": annex.origin,
        "signed_on": entry.signed_on.isoformat(),
        "effective_from": entry.effective_from.isoformat(),
        "network": entry.network.value,
        "contacts": len(entry.contacts),
        "document_sha256": entry.document_sha256 or None,
        "entered_by": annex.entered_by,
        "entered_at": annex.entered_at,
        "approved_by": annex.approved_by or None,
        "approved_at": annex.approved_at or None,
        "changes": list(changes),
    }


def _sentences(tenant: TenantAnnexes, definition: PolicySet | None) -> dict[int, list[str]]:
    """What each annex changed; said without gains, for the table of that day is not today's."""
    permissions = Permissions(definition)
    found: dict[int, list[str]] = {}
    before = None
    for one in tenant.annexes:
        found[one.id] = [said.sentence for said in differences(before, one.entry, permissions)]
        if one.state == APPROVED:
            before = one.entry
    return found


def _what(line: TrailLine) -> str:
    words = {
        name: ", ".join(map(str, value)) if isinstance(value, list) else value for name, value in line.details.items()
    }
    try:
        said = _WHAT[line.kind].format(about=line.about, **words)
    except (KeyError, TypeError):
        return " ".join(filter(None, (line.kind.replace("_", " "), line.about)))
    return f"{said}, carried over" if line.details.get("carried_over") else said
