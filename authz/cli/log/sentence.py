"""A recorded answer as one line for a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from authz.core.types import Reason
from authz.log.lines.record import GATE

_SECOND = 19


def sentence_of(record: Mapping[str, Any]) -> str:
    """`2026-11-26 14:03:11Z refused network_not_declared: admin of acme asked change_ip_address from 198.51.100.0/24`.

    How it came, the annex, and a past instant that was asked about follow; the policy lines do not.
    """
    fact = f" ({record['fact']})" if record.get("fact") else ""
    about = f" as of {when(record['as_of'])}" if "as_of" in record else ""
    reason = record.get("reason", "for no recorded reason")
    said = f"{when(str(record.get('at', '')))} {verdict(record)} {reason}{fact}: {_who(record)} {_what(record)}"
    return f"{said}{_how(record)}{_annex(record)}{about}"


def when(at: str) -> str:
    """An instant of a record to the second, in UTC."""
    return f"{at[:_SECOND].replace('T', ' ')}Z"


def verdict(record: Mapping[str, Any]) -> str:
    """`allowed` or `refused`."""
    return "allowed" if record.get("decision") is True else "refused"


def _who(record: Mapping[str, Any]) -> str:
    tenant = record.get("tenant")
    if record.get("kind") == GATE:
        return f"a connection to {tenant}" if tenant else "a connection"
    if tenant:
        return f"{record.get('role', 'somebody')} of {tenant}"
    return "somebody unregistered" if record.get("reason") == Reason.CONTACT_UNREGISTERED else "somebody"


def _what(record: Mapping[str, Any]) -> str:
    if record.get("kind") == GATE:
        return "came to the gate"
    about = record.get("resource_type", "tenant")
    kind = f" about a {about}" if about != "tenant" else ""
    no_action = "what is no action" if record.get("reason") == Reason.ACTION_UNKNOWN else "for an action"
    return f"asked {record.get('action', no_action)}{kind}"


def _how(record: Mapping[str, Any]) -> str:
    network = record.get("ip_network") or record.get("ip_ref", "")
    known = network and not network.startswith("sum:") and network != record.get("network_rule")
    place = f" from {network}" if known else ""
    if "channel" not in record:
        return place
    return f"{place} by {record['channel']} ({record.get('assurance', 'no assurance')})"


def _annex(record: Mapping[str, Any]) -> str:
    return f" under annex {record['annex']}" if "annex" in record else ""
