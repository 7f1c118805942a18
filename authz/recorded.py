"""Recorded decisions looked up by what people know: a contact's id, a ticket, a time (docs/decision-log.md).

The log knows people by pseudonyms only; the registry holds the keys. Here the two meet.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from authz.core.identity import subject_key
from authz.log.index import Found, LogIndex, Position, Wanted
from authz.log.index_lines import LINES_AT_ONCE
from authz.log.networks import Networks
from authz.log.pseudonyms import Pseudonyms, known_days, subject_ref, unknown_ref
from authz.log.record import instant
from authz.registry.log_keys import keys_of
from authz.registry.store import RegistryStore


class Asked(NamedTuple):
    """What somebody looks for, in their words; empty asks for nothing.

    `contact`: an e-mail address, +phone number or login. `resource`: `TYPE:ID`. `since`, `until`: dates or RFC 3339
    instants (UTC where they have no offset).
    """

    tenants: frozenset[str] | None = None
    contact: str = ""
    resource: str = ""
    action: str = ""
    reason: str = ""
    decision: bool | None = None
    caller: str = ""
    request_id: str = ""
    id: str = ""
    since: str = ""
    until: str = ""


class Recorded:
    """The recorded decisions of one installation. `folder`: of the log. Blocks; raises `RegistryUnavailable`."""

    def __init__(self, store: RegistryStore, index: LogIndex, folder: Path) -> None:
        self.index = index
        self._store = store
        self._folder = folder
        self._networks = Networks(folder)

    def wanted(self, asked: Asked) -> Wanted:
        """The same in the words of the log.

        Raises:
            ValueError: a time that is none, or a resource that is not `TYPE:ID`.
        """
        return Wanted(
            asked.tenants,
            self.references(asked.contact) if asked.contact else None,
            self._resources(asked.resource) if asked.resource else None,
            asked.action, asked.reason, asked.decision, asked.caller, asked.request_id, asked.id,
            instant_text(asked.since), instant_text(asked.until),
        )  # fmt: skip

    def search(
        self,
        wanted: Wanted,
        *,
        newest_first: bool = False,
        after: Position | None = None,
        at_once: int = LINES_AT_ONCE,
    ) -> Iterator[tuple[Found, dict[str, Any]]]:
        """Every record that is wanted, with its members as `told`; the index is brought up to date before."""
        self.index.catch_up()
        for found in self.index.search(wanted, newest_first=newest_first, after=after, at_once=at_once):
            yield found, self.told(found)

    def told(self, found: Found) -> dict[str, Any]:
        """A record's members, and `ip_network` of the refused address as long as that is kept."""
        return with_network(found.record, found.position.segment, self._networks)

    def references(self, contact: str) -> frozenset[str]:
        """Every reference under which the log can speak of a person: at each tenant, and as today's stranger."""
        kind = "email" if "@" in contact else "phone" if contact.startswith("+") else "login"
        key = subject_key(kind, contact)
        found: set[str] = set()
        if key is not None:
            with self._store.reading() as connection:
                lines = keys_of(connection, key)
            found = {subject_ref(one, tenant_id) for tenant_id, keys in lines.items() for one in keys if one}
        subject_type = "contact" if kind == "email" else kind
        strangers = (unknown_ref(self._folder, day, subject_type, contact) for day in known_days(self._folder))
        return frozenset(found | {one for one in strangers if one is not None})

    def _resources(self, resource: str) -> frozenset[str]:
        kind, colon, name = resource.partition(":")
        if not colon or not kind or not name:
            raise ValueError("a resource is stated as TYPE:ID, as in ticket:4711")
        ref = Pseudonyms(self._folder).resource(kind, name)
        return frozenset({ref} if ref is not None else ())


def with_network(record: dict[str, Any], segment: str, networks: Networks) -> dict[str, Any]:
    """The record, with the network of the refused address as `ip_network` as long as that is kept."""
    if str(record.get("ip_ref", "")).startswith("sum:"):
        network = networks.of(segment).get(record["seq"])
        if network:
            record["ip_network"] = network
    return record


def instant_text(text: str) -> str:
    """A date or RFC 3339 instant as the log writes instants; empty stays empty.

    Raises:
        ValueError: it is neither.
    """
    if not text:
        return ""
    try:
        moment = dt.datetime.fromisoformat(text)
        return instant((moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)).timestamp())
    except (ValueError, OverflowError):
        raise ValueError("neither a date nor an RFC 3339 instant") from None
