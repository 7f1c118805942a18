"""The change to a tenant's network lines that a new network choice asks for, as a patch to be reviewed (R7).

Nothing is changed here: until the patch is reviewed and merged, R7 says what holds.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from authz.core.network import ANY_NETWORK, NetworkLine
from authz.core.types import Effect, NetworkChoice

_FOLDER: Final = "networks"
_SUFFIX: Final = ".csv"
_UNFINISHED: Final = "\n\\ No newline at end of file\n"


class NetworkFiles(NamedTuple):
    """One set's files by path inside its folder, where that folder is (`policies/<set>`), and a tenant's lines."""

    place: str
    files: Mapping[str, bytes]
    lines: tuple[NetworkLine, ...]


def network_patch(tenant_id: str, number: int, choice: NetworkChoice, files: NetworkFiles) -> str:
    """A unified diff for `git apply` in the checkout; empty where the lines agree with the choice already.

    `any`: the tenant's ranges give way to one `any` line. `declared`: its `any` line is taken out, and a remark stands
    where the declared ranges have to be written; until then every request over the web is refused. Deny lines stay.
    """
    allowing = [line for line in files.lines if line.effect is Effect.ALLOW]
    if allowing and all((line.network == ANY_NETWORK) is (choice is NetworkChoice.ANY) for line in allowing):
        return ""
    said = [f"{line}\n" for line in _new_lines(tenant_id, number, choice)]
    places = _places(allowing)
    if not places:
        path = next(iter(_places(files.lines)), f"{_FOLDER}/{tenant_id}{_SUFFIX}")
        before = _lines(files.files.get(path, b""))
        return _diff(files.place, path, before, [*_finished(before), *said])
    patches = []
    for path, numbers in places.items():
        before = _lines(files.files[path])
        after = [line for number, line in enumerate(before, start=1) if number not in numbers]
        after[min(numbers) - 1 : min(numbers) - 1] = said
        patches.append(_diff(files.place, path, before, after))
        said = []
    return "".join(patches)


def _new_lines(tenant_id: str, number: int, choice: NetworkChoice) -> list[str]:
    if choice is NetworkChoice.ANY:
        return [
            f"# {tenant_id}: annex {number}, access from any address",
            f"p2, {tenant_id}, {ANY_NETWORK}, {Effect.ALLOW.value}",
        ]
    return [
        f"# {tenant_id}: annex {number}, access from declared addresses only; write each range on a line of its own:",
        f"# p2, {tenant_id}, CIDR, {Effect.ALLOW.value}",
    ]


def _places(lines: Sequence[NetworkLine]) -> dict[str, set[int]]:
    """Path inside the set -> numbers (from 1) of the lines there."""
    found: dict[str, set[int]] = {}
    for line in lines:
        source, _, number = line.source.rpartition(":")
        found.setdefault(source.partition("/")[2], set()).add(int(number))
    return found


def _lines(content: bytes) -> list[str]:
    return content.decode().splitlines(keepends=True)


def _finished(lines: list[str]) -> list[str]:
    return [*lines[:-1], lines[-1].rstrip("\n") + "\n"] if lines else []


def _diff(place: str, path: str, before: list[str], after: list[str]) -> str:
    old = f"a/{place}/{path}" if before else "/dev/null"
    changed = difflib.unified_diff(before, after, old, f"b/{place}/{path}")
    return "".join(line if line.endswith("\n") else line + _UNFINISHED for line in changed)
