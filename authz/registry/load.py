"""`authz registry load`: a file of tenants into the registry, all of it or nothing (DESIGN section 4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import Final, NamedTuple

from authz.core.definition import PolicySet
from authz.errors import Problem, RegistryInvalid
from authz.registry.checking import check_tenant
from authz.registry.documents import StatedTenant, stated_tenants
from authz.registry.entries import TenantEntry
from authz.registry.findings import Finding, Findings
from authz.registry.store import RegistryStore
from authz.registry.writing import Loader

MOST_PROBLEMS: Final = 1_000
_TENANTS_AT_ONCE: Final = 200

Progress = Callable[[int, int], None]
"""Called with how much is read and how much there is, in one unit (tenants, or bytes of a `.jsonl` file)."""


class LoadReport(NamedTuple):
    """What a load did. All zero but `tenants`: everything was there already, and `revision` is the old one."""

    tenants: int
    tenants_added: int
    tenants_changed: int
    annexes_added: int
    contacts_added: int
    contacts_suspended: int
    resources_changed: int
    revision: int


def load_file(
    path: Path, store: RegistryStore, sets: Mapping[str, PolicySet], by: str, progress: Progress | None = None
) -> LoadReport:
    """Load a registry file (`.yaml`, `.yml`, `.json`, or `.jsonl` with one tenant a line). Idempotent.

    Its annexes are approved and marked `loaded`. It never lifts a suspension or revocation. Others may change the
    registry while it is prepared; a tenant that they change is compared with the file anew before anything is written.

    Args:
        sets: every policy set there is, by id; a tenant of another set is refused.
        by: who loads it; goes into the trail.

    Raises:
        RegistryInvalid: with every problem of the file (the first `MOST_PROBLEMS`); nothing was loaded.
        RegistryUnavailable: the database cannot be reached; nothing was loaded.
    """
    problems: list[Problem] = []
    read: dict[str, StatedTenant] = {}
    tenants = 0
    stated = stated_tenants(Path(path), problems)
    first = list(islice(stated, 1))  # a file that cannot be read at all does not wait for the database
    with store.preparing() as preparation:
        loader = Loader(preparation, by)
        for some in _chunks(chain(first, stated)):
            tenants += len(some)
            checked = [_checked(one, sets, read, path, problems) for one in some]
            _prepare(loader, path, some, checked, problems)
            if len(problems) >= MOST_PROBLEMS:
                break
            if progress is not None:
                progress(some[-1].done, some[-1].total)
        if problems:
            raise RegistryInvalid(problems[:MOST_PROBLEMS])
        revision = loader.write(lambda ids: _anew(loader, path, [read[one] for one in ids], sets))
    counts = {kind: loader.counts[kind] for kind in LoadReport._fields[1:-1]}
    return LoadReport(tenants=tenants, revision=revision, **counts)


def _prepare(
    loader: Loader,
    path: Path,
    stated: Iterable[StatedTenant],
    checked: Iterable[TenantEntry | None],
    problems: list[Problem],
) -> None:
    entries = [(one, entry) for one, entry in zip(stated, checked, strict=True) if entry is not None]
    found_in_each = loader.prepare([entry for _, entry in entries], sound=not problems)
    for (one, _), found in zip(entries, found_in_each, strict=True):
        problems += _placed(path, one, found)


def _anew(loader: Loader, path: Path, changed: Iterable[StatedTenant], sets: Mapping[str, PolicySet]) -> None:
    """Prepare tenants again that somebody changed since.

    Raises:
        RegistryInvalid: what was recorded meanwhile contradicts the file.
    """
    problems: list[Problem] = []
    for some in _chunks(iter(changed)):
        checked = [check_tenant(one.again(), sets, Findings()) for one in some]
        _prepare(loader, path, some, checked, problems)
    if problems:
        raise RegistryInvalid(problems[:MOST_PROBLEMS])


def _checked(
    stated: StatedTenant,
    sets: Mapping[str, PolicySet],
    read: dict[str, StatedTenant],
    path: Path,
    problems: list[Problem],
) -> TenantEntry | None:
    """The tenant if it can be compared with the database (even if other problems of it were noted).

    Each is noted in `read` by its id, without its value.
    """
    findings = Findings()
    entry = check_tenant(stated.value, sets, findings)
    if entry is not None:
        if entry.id in read:
            findings.add(("id",), f"tenant `{entry.id}` is here twice, first on line {read[entry.id].line}")
            entry = None
        else:
            read[entry.id] = stated._replace(value=None)
    problems += _placed(path, stated, findings.found)
    return entry


def _placed(path: Path, stated: StatedTenant, found: Iterable[Finding]) -> list[Problem]:
    return [Problem(str(path), *stated.place(finding), finding.text) for finding in found]


def _chunks(stated: Iterator[StatedTenant]) -> Iterator[list[StatedTenant]]:
    while some := list(islice(stated, _TENANTS_AT_ONCE)):
        yield some
