"""Recorded decisions looked up by what people know: a contact's id, a ticket, a time (docs/decision-log.md).

The log knows people by pseudonyms only; the registry holds the keys. Here the two meet.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from authz.core.directory import Directory
from authz.core.generation import Generation
from authz.core.identity import subject_key
from authz.core.types import ContactState
from authz.log.index.log_index import LogIndex
from authz.log.index.pieces import Found, Position, Wanted
from authz.log.lines.pseudonyms import Pseudonyms, known_days, subject_ref, unknown_ref
from authz.log.lines.record import instant
from authz.log.reading.networks import Networks
from authz.registry.log_keys import keys_of
from authz.registry.report import Kind, NotChecked, Remark
from authz.registry.store import RegistryStore

UNUSED_DAYS: Final = 180


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
        self, wanted: Wanted, *, newest_first: bool = False, after: Position | None = None
    ) -> Iterator[tuple[Found, dict[str, Any]]]:
        """Every record that is wanted, with its members as `told`; the index is brought up to date before."""
        self.index.catch_up()
        for found in self.index.search(wanted, newest_first=newest_first, after=after):
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

    def unused(
        self, directory: Directory, generations: Mapping[str, Generation], now: float
    ) -> tuple[list[Remark], list[NotChecked]]:
        """Active contacts who could have asked for `UNUSED_DAYS`, and about whom nothing was recorded in that time.

        Nobody, while the log is younger than that; then it is said so.
        """
        self.index.catch_up()
        since = now - UNUSED_DAYS * 86_400
        begins, from_then = self.index.begins(), instant(since)
        if not begins or begins > from_then:
            reach = f"it begins at {begins}" if begins else "it holds no decision"
            why = f"contacts unused for {UNUSED_DAYS} days: not known, the decision log is not that old ({reach})"
            return [], [NotChecked(Kind.UNUSED, why)]
        last = self.index.last_uses()
        found = []
        for tenant in directory.tenants.values():
            generation = generations.get(tenant.set_id)
            day = generation.local_day.ordinal if generation is not None else None
            annex = tenant.annex_in_force(day(now)) if day is not None else None
            then = tenant.annex_in_force(day(since)) if day is not None else None
            if annex is None or then is None:
                continue
            for at, contact in enumerate(annex.contacts, start=1):
                used = last.get(subject_ref(contact.log_key, tenant.id), "") if contact.log_key else ""
                stood = any(then.contact(key) is not None for key in contact.keys)
                if stood and contact.state is ContactState.ACTIVE and used < from_then:
                    when = f"last on {used[:10]}" if used else "never as far as the log reaches"
                    text = f"line {at} of annex {annex.number}: nothing was asked for {UNUSED_DAYS} days ({when})"
                    found.append(Remark(Kind.UNUSED, tenant.id, text))
        return found, []

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
    except (ValueError, OverflowError, OSError):
        raise ValueError("neither a date nor an RFC 3339 instant") from None
