"""The lines of an annex as rows of the table of contacts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from authz.registry.change import canonical_json
from authz.registry.entries import ContactEntry
from authz.registry.log_keys import Known, log_key

_NO_ATTRIBUTES: Final = "{}"


def contact_rows(annex_id: int, contacts: Iterable[ContactEntry], log_keys: Known) -> list[dict[str, Any]]:
    """In the order of the paper; whoever is known among `log_keys` keeps the key, others get one there."""
    return [
        {
            "annex_id": annex_id,
            "position": position,
            "name": contact.name,
            "role": contact.role,
            "function": contact.function,
            "email": contact.email,
            "phone": contact.phone,
            "login": contact.login,
            "attributes": canonical_json(contact.attributes) if contact.attributes else _NO_ATTRIBUTES,
            "log_key": log_key(contact.keys, log_keys),
        }
        for position, contact in enumerate(contacts, start=1)
    ]
