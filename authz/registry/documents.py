"""Registry files as they are read: the tenants one by one, each with a way back to its lines and columns."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple, NoReturn

from authz.errors import InvalidFile, Problem, RegistryInvalid
from authz.placed_yaml import place_of, plain, read_placed
from authz.registry.findings import Finding, Findings

MOST_YAML_BYTES: Final = 64 << 20
MOST_YAML_NODES: Final = 5_000_000
LONGEST_LINE: Final = 8 << 20
_LINES: Final = ".jsonl"
_YAML: Final = (".yaml", ".yml", ".json")


class StatedTenant(NamedTuple):
    """One tenant as plain values, beginning on `line`; after it, `done` of `total` (tenants or bytes) is read.

    `place` gives line and column of a finding in it (at a price: it may have to read the text again). `again` gives
    the value once more, so that nobody has to keep it.
    """

    value: object
    line: int
    place: Callable[[Finding], tuple[int, int]]
    again: Callable[[], object]
    done: int
    total: int


def stated_tenants(path: Path, problems: list[Problem]) -> Iterator[StatedTenant]:
    """The tenants of a file: `.jsonl` line by line (one tenant a line), `.yaml`, `.yml` and `.json` as a whole.

    Problems of form are added to `problems`; a broken line of a `.jsonl` file does not hide the next.

    Raises:
        RegistryInvalid: the file cannot be read at all.
    """
    if path.suffix == _LINES:
        return _from_lines(path, problems)
    if path.suffix in _YAML:
        return _from_yaml(path)
    raise RegistryInvalid([Problem(str(path), 0, 0, "expected a file named .yaml, .yml, .json or .jsonl")])


def _from_yaml(path: Path) -> Iterator[StatedTenant]:
    file = str(path)
    try:
        with path.open("rb") as stream:
            raw = stream.read(MOST_YAML_BYTES + 1)
    except OSError as error:
        _unreadable(path, error)
    try:
        document = read_placed(raw, file, most_bytes=MOST_YAML_BYTES, most_nodes=MOST_YAML_NODES)
    except InvalidFile as error:
        raise RegistryInvalid(error.problems) from None
    findings = Findings()
    members = findings.mapping((), plain(document), ("tenants",), ("tenants",))
    tenants = findings.sequence(("tenants",), members.get("tenants"))
    if findings.found:
        raise RegistryInvalid(
            Problem(file, *place_of(document, found.path, of_key=found.of_key), found.text) for found in findings.found
        )
    for position, tenant in enumerate(tenants):

        def place(found: Finding, position: int = position) -> tuple[int, int]:
            return place_of(document, ("tenants", position, *found.path), of_key=found.of_key)

        def again(tenant: object = tenant) -> object:
            return tenant

        line, _ = place_of(document, ("tenants", position))
        yield StatedTenant(tenant, line, place, again, position + 1, len(tenants))


def _from_lines(path: Path, problems: list[Problem]) -> Iterator[StatedTenant]:
    done = 0
    try:
        with path.open("rb") as stream:
            total = stream.seek(0, 2)
            stream.seek(0)
            for number in range(1, total + 2):
                line = stream.readline(LONGEST_LINE + 1)
                if not line:
                    return
                done += len(line)
                if len(line) > LONGEST_LINE:
                    problems.append(Problem(str(path), number, 1, f"a line longer than {LONGEST_LINE} bytes"))
                    return
                if line.strip():
                    kept = _Line(path, number, done - len(line), len(line), _digest(line))
                    yield from _from_line(kept, line, problems, done, total)
    except OSError as error:
        _unreadable(path, error)


class _Line(NamedTuple):
    """Where a tenant stands in a file: what is kept of it. `begin`, `length` in bytes."""

    path: Path
    number: int
    begin: int
    length: int
    digest: bytes

    def place(self, found: Finding) -> tuple[int, int]:
        """Line and column of a finding."""
        try:
            document = read_placed(self._text(), str(self.path), most_bytes=LONGEST_LINE)
        except InvalidFile:
            return self.number, 1
        return self.number, place_of(document, found.path, of_key=found.of_key)[1]

    def again(self) -> object:
        """The tenant, read once more.

        Raises:
            RegistryInvalid: the file is not as it was.
        """
        return _plain_json(self._text())

    def _text(self) -> bytes:
        try:
            with self.path.open("rb") as stream:
                stream.seek(self.begin)
                line = stream.read(self.length)
        except OSError as error:
            _unreadable(self.path, error)
        if _digest(line) != self.digest:
            raise RegistryInvalid([Problem(str(self.path), self.number, 1, "was changed while it was being read")])
        return line


def _digest(line: bytes) -> bytes:
    return hashlib.blake2b(line, digest_size=16).digest()


def _plain_json(line: bytes) -> object:
    return json.loads(line, object_pairs_hook=_once_each, parse_constant=_not_a_number)


def _from_line(kept: _Line, line: bytes, problems: list[Problem], done: int, total: int) -> Iterator[StatedTenant]:
    path, number = kept.path, kept.number
    try:
        value = _plain_json(line)
    except json.JSONDecodeError as error:
        problems.append(Problem(str(path), number, error.colno, f"not JSON: {error.msg.lower()}"))
    except UnicodeDecodeError:
        problems.append(Problem(str(path), number, 1, "not UTF-8"))
    except (_NotPlainError, RecursionError) as error:
        problems.append(_strict_problem(path, number, line, str(error) or "nested too deeply"))
    else:
        yield StatedTenant(value, number, kept.place, kept.again, done, total)


class _NotPlainError(ValueError):
    """JSON that two readers could read in two ways."""


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _NotPlainError("a member is here twice")
    return members


def _not_a_number(word: str) -> NoReturn:
    raise _NotPlainError(f"`{word}` is not a number of JSON")


def _strict_problem(path: Path, number: int, line: bytes, text: str) -> Problem:
    """The same problem with its column, as the reader that knows columns sees it."""
    try:
        read_placed(line, str(path), most_bytes=LONGEST_LINE)
    except InvalidFile as error:
        first = error.problems[0]
        return Problem(str(path), number, first.column, first.text)
    return Problem(str(path), number, 1, text)


def _unreadable(path: Path, error: OSError) -> NoReturn:
    raise RegistryInvalid([Problem(str(path), 0, 0, f"cannot be read: {error.strerror}")]) from error
