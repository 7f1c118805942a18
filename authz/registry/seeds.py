"""Made-up registries of any size, for measuring and for trying out; nobody in them exists."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

FIRST_NAMES: Final = ("Ana", "Bogdan", "Carmen", "Doru", "Elena", "Florin", "Gina", "Horia", "Ioana", "Liviu")
LAST_NAMES: Final = ("Pop", "Neagu", "Rusu", "Vasile", "Barbu", "Stan", "Moraru", "Lupu", "Dinu", "Marin", "Tudor")


def seed_tenants(
    set_id: str, roles: Sequence[str], *, tenants: int, contacts: int, prefix: str = "tenant"
) -> Iterator[dict[str, object]]:
    """Tenants as a registry file states them: one annex each, `contacts` people with an e-mail, roles in turn."""
    for tenant in range(tenants):
        tenant_id = f"{prefix}-{tenant}"
        yield {
            "id": tenant_id,
            "set": set_id,
            "name": f"Example {tenant} SRL",
            "annexes": [
                {
                    "number": 1,
                    "signed_on": "2026-01-05",
                    "effective_from": "2026-01-12",
                    "network": "declared" if tenant % 2 else "any",
                    "contacts": [
                        {
                            "name": f"{FIRST_NAMES[one % len(FIRST_NAMES)]} {LAST_NAMES[one % len(LAST_NAMES)]}",
                            "role": roles[one % len(roles)],
                            "email": f"contact-{one}@{tenant_id}.example",
                        }
                        for one in range(contacts)
                    ],
                }
            ],
        }


def write_seeds(path: Path, set_id: str, roles: Sequence[str], *, tenants: int, contacts: int) -> None:
    """A `.jsonl` file of such tenants, to be loaded by `authz registry load`."""
    with path.open("w", encoding="utf-8") as stream:
        for tenant in seed_tenants(set_id, roles, tenants=tenants, contacts=contacts):
            stream.write(json.dumps(tenant) + "\n")
