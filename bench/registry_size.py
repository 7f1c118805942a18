"""What a registry of many tenants costs: seconds from the snapshot file into memory, resident memory, one replacement.

Run with `python bench/registry_size.py [TENANTS [CONTACTS]]`; each measurement is a fresh interpreter, so that the
memory of one does not stand in the figure of another. It loads the directory alone: the policy, the network lines and
the web server come on top. About a minute for 50,000 tenants of 20 contacts.
"""

from __future__ import annotations

import datetime as dt
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from authz.core.contacts import Contact
from authz.core.directory import Annex, Directory, Tenant
from authz.core.types import NetworkChoice, SubjectKey
from authz.registry.revision import Revision
from authz.registry.snapshot import load_snapshot, save_snapshot

TENANTS: Final = 50_000
CONTACTS: Final = 20
_DAY: Final = dt.date(2026, 1, 1)
_MIB: Final = 1 << 20
_SECONDS: Final = 240


def tenants(number: int, contacts: int, *, all_ids: bool) -> Iterator[Tenant]:
    """Made up tenants; a contact has an e-mail only, or a telephone number and a login as well."""
    for i in range(number):
        people = [_contact(i, k, i * contacts + k, all_ids=all_ids) for k in range(contacts)]
        yield Tenant(f"t{i:06}", "calltrack", f"Client {i}", [Annex(1, _DAY, _DAY, NetworkChoice.ANY, people)])


def _contact(i: int, k: int, serial: int, *, all_ids: bool) -> Contact:
    ids = [f"person{k}@client{i}.example", f"+3736{serial:07}", f"login:p{k}.{i}"]
    keys = tuple(SubjectKey(one) for one in ids[: 3 if all_ids else 1])
    return Contact("", "Admin" if k == 0 else "User", keys, log_key=secrets.token_hex(16))


def resident() -> float:
    """Resident memory of this interpreter now, in MiB."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / _MIB


def write(path: Path, number: int, contacts: int, ids: str) -> None:
    """Save a made up registry, and say how long that took."""
    directory = Directory(tenants(number, contacts, all_ids=ids == "all"), 1, "bench")
    begun = time.perf_counter()
    save_snapshot(path, directory.tenants.values(), Revision(1, "bench", ""), time.time())
    print(f"  written in {time.perf_counter() - begun:.2f} s, {path.stat().st_size / _MIB:.0f} MiB on disk")


def read(path: Path) -> None:
    """Load it, and say what that took: time, memory, and one tenant put in the place of another."""
    before = resident()
    begun = time.perf_counter()
    directory = load_snapshot(path).directory
    loaded = time.perf_counter() - begun
    print(f"  loaded in {loaded:.2f} s; resident {resident():.0f} MiB, of which before {before:.0f} MiB")
    tenant = next(iter(directory.tenants.values()))
    begun = time.perf_counter()
    directory.replace(tenant)
    print(f"  one tenant replaced in {(time.perf_counter() - begun) * 1e6:.0f} us")


def main(arguments: list[str]) -> None:
    """Each step in an interpreter of its own."""
    match arguments:
        case ["write", path, number, contacts, ids]:
            write(Path(path), int(number), int(contacts), ids)
        case ["read", path]:
            read(Path(path))
        case _:
            given = [int(one) for one in arguments]
            many, each = (*given, *(TENANTS, CONTACTS)[len(given) :])
            for ids in ("email", "all"):
                print(f"{many} tenants x {each} contacts, ids: {ids}", flush=True)
                with TemporaryDirectory() as folder:
                    path = str(Path(folder) / "snapshot")
                    for step in (["write", path, str(many), str(each), ids], ["read", path]):
                        command = [sys.executable, __file__, *step]
                        subprocess.run(command, check=True, timeout=_SECONDS)


if __name__ == "__main__":
    main(sys.argv[1:])
