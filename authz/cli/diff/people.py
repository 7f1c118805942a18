"""The people behind a change: contacts of the annexes in force today, by tenant and role."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

from authz.cli.failures import Usage
from authz.core.definition import PolicySet
from authz.core.directory import Directory
from authz.core.generation import Generation
from authz.core.types import ContactState
from authz.core.values import written_id
from authz.registry.load import load_file
from authz.registry.store import RegistryStore

People = Callable[[str, tuple[str, ...], tuple[str, ...], tuple[str, ...]], tuple[str, ...]]


def people_of(
    registry: str, declared: Mapping[str, PolicySet], generations: Mapping[str, Generation], pseudonyms: bool
) -> People:
    """Whom a change touches, from a database (a URL) or from a file as `authz registry load` takes it.

    `declared`: the sets by which a file is read, by id.

    Raises:
        Usage: there is neither. RegistryInvalid: the file is not fit. RegistryUnavailable: the database is away.
    """
    if "://" in registry:
        with closing(RegistryStore(registry)) as store:
            return _lookup(store.directory(), generations, pseudonyms)
    if not Path(registry).is_file():
        raise Usage(f"`{registry}` is neither a database's URL nor a file")
    with (
        tempfile.TemporaryDirectory(prefix="authz-people-") as folder,
        closing(RegistryStore(f"sqlite:///{folder}/registry.sqlite")) as store,
    ):
        store.migrate()
        load_file(Path(registry), store, declared, "authz diff")
        return _lookup(store.directory(), generations, pseudonyms)


def _lookup(directory: Directory, generations: Mapping[str, Generation], pseudonyms: bool) -> People:
    now = time.time()

    def people(
        set_id: str, tenants: tuple[str, ...], spared: tuple[str, ...], roles: tuple[str, ...]
    ) -> tuple[str, ...]:
        generation = generations.get(set_id)
        found: list[str] = []
        for tenant in directory.tenants.values():
            if tenant.set_id != set_id or (tenants and tenant.id not in tenants) or tenant.id in spared:
                continue
            annex = tenant.annex_in_force(generation.local_day.ordinal(now)) if generation is not None else None
            for at, contact in enumerate(annex.contacts if annex is not None else (), start=1):
                if (not roles or contact.role in roles) and contact.state is ContactState.ACTIVE:
                    name = f"contact {at}" if pseudonyms else f"{contact.name} <{written_id(contact.keys[0])}>"
                    found.append(f"{tenant.id}: {name}")
        return tuple(found)

    return people
