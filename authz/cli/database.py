"""The registry's database as a command opens it: once, and closed whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from authz.registry.store import RegistryStore
from authz.settings import Settings


@contextmanager
def opened_registry(settings: Settings, *, made: bool = True) -> Iterator[RegistryStore]:
    """The registry of AUTHZ_DATABASE_URL; `made`: brought up to date, and made where there is none yet.

    Raises:
        RegistryUnavailable: it cannot be reached, or has another schema.
    """
    store = RegistryStore(settings.registry_url.get_secret_value())
    try:
        if made:
            store.migrate()
        yield store
    finally:
        store.close()
