"""Reading a policy set from disk: once, without following links, into bytes that are hashed and never read again."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from authz.errors import ConfigError, PolicyInvalid, Problem, sorted_problems

MODEL_FILE: Final = "model.conf"
SET_FILE: Final = "set.yaml"
TESTS_FILE: Final = "tests.yaml"
CLAUSES_FILE: Final = "clauses.md"
NETWORKS_FOLDER: Final = "networks"
POLICIES_FOLDER: Final = "policies"
CODE: Final = "file"
SET_ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")

_LARGEST_FILE: Final = 16 * 1024 * 1024
_LARGEST_SET: Final = 128 * 1024 * 1024
_MOST_FILES: Final = 200_000
_DEEPEST_FOLDER: Final = 8
_READ_ATTEMPTS: Final = 5
_READ_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK

_Signature = tuple[int, int, int]


class Bundle(NamedTuple):
    """One policy set's files and its model as read.

    `files` maps the path relative to the set's folder (posix) to its bytes. `revision` is `sha256:...` over model and
    files. `place` is the prefix of the set's files in problems (`policies/<set>`). `problems`: files that do not belong
    or cannot be read; `parse_set` refuses a bundle with any, together with all it finds itself.
    """

    set_id: str
    files: Mapping[str, bytes]
    model: bytes
    revision: str
    place: str
    problems: tuple[Problem, ...] = ()


def find_sets(directory: Path) -> list[Path]:
    """Folders of the policy sets in a checkout (it holds `policies/`), in a policies folder, or the one set itself.

    Every folder inside a policies folder counts as a set, whole or not: a lost file is a problem and not silence.

    Raises:
        ConfigError: there is no such directory, or it holds sets and a policies folder as well.
    """
    if not directory.is_dir():
        raise ConfigError(f"`{directory}` is not a directory")
    if (directory / SET_FILE).exists():
        return [directory.resolve()]
    inside, nested = _sets_inside(directory), directory / POLICIES_FOLDER
    if nested.is_dir() and not (nested / SET_FILE).exists():
        beside = [folder.name for folder in inside if (folder / SET_FILE).exists()]
        if beside:
            raise ConfigError(f"`{directory}` holds the policy set `{beside[0]}` beside `{POLICIES_FOLDER}/`")
        return _sets_inside(nested)
    if any((folder / SET_FILE).exists() for folder in inside):
        return inside
    if any((directory / name).exists() for name in ("matrix.csv", TESTS_FILE, NETWORKS_FOLDER)):
        return [directory.resolve()]
    return []


def _sets_inside(directory: Path) -> list[Path]:
    return sorted(entry for entry in directory.resolve().iterdir() if not entry.name.startswith(".") and entry.is_dir())


def find_model(directory: Path, fallback: Path) -> Path:
    """The model for the sets of `directory`: inside, beside (one set: also beside its policies folder), `fallback`."""
    resolved = directory.resolve()
    candidates = [resolved / MODEL_FILE, resolved.parent / MODEL_FILE]
    if (resolved / SET_FILE).exists():
        candidates.append(resolved.parent.parent / MODEL_FILE)
    return next((candidate for candidate in candidates if candidate.is_file()), fallback)


def read_bundle(
    set_dir: Path,
    model: Path,
    advance: Callable[[int], None] | None = None,
    held: Mapping[str, bytes] = MappingProxyType({}),
) -> Bundle:
    """Read one set and the model. Files that change while they are read are read again.

    `advance`: is told of each file that has been read. `held`: plain files in `networks/` of the set that are read
    already and stand in no folder; they count as if they did.

    Raises:
        PolicyInvalid: the set's folder or the model cannot be read, or the files keep changing.
    """
    place = f"{POLICIES_FOLDER}/{set_dir.name}"
    model_in_set = model.name if model.parent == set_dir else ""
    for _ in range(_READ_ATTEMPTS):
        reader = _Reader(place, model_in_set, advance, held)
        before = reader.read(set_dir)
        model_bytes = _read_model(model)
        if _Reader(place, model_in_set).signatures(set_dir) == before:
            if not SET_ID.fullmatch(set_dir.name):
                reader.refuse("", f"`{set_dir.name}` is not a set's name: lower-case letters, digits, `_` and `-` only")
            problems = sorted_problems(reader.problems)
            revision = bundle_revision(reader.files, model_bytes, problems)
            return Bundle(set_dir.name, reader.files, model_bytes, revision, place, problems)
    raise PolicyInvalid([Problem(place, 0, 0, "the files keep changing while they are read", CODE)])


def bundle_revision(files: Mapping[str, bytes], model: bytes, problems: Iterable[Problem] = ()) -> str:
    """`sha256:...` over the model and the sorted files, each with name and length, so that nothing can be shifted.

    Problems count as well: with a stray file beside them, files that were fit before are another revision.
    """
    digest = hashlib.sha256()
    for name, content in [(MODEL_FILE, model), *sorted(files.items())]:
        for part in (name.encode(), content):
            digest.update(len(part).to_bytes(8))
            digest.update(part)
    for problem in problems:
        digest.update(str(problem).encode())
    return f"sha256:{digest.hexdigest()}"


def _read_model(model: Path) -> bytes:
    try:
        descriptor = os.open(model, _READ_FLAGS)
    except OSError as error:
        raise PolicyInvalid([Problem(MODEL_FILE, 0, 0, f"cannot be read: {_why(error)}", CODE)]) from None
    with _closed(descriptor):
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise PolicyInvalid([Problem(MODEL_FILE, 0, 0, "is not a regular file", CODE)])
        return _content(descriptor)


def _why(error: OSError) -> str:
    return (error.strerror or "unknown reason").lower()


class _Reader:
    """Walks one set's folder by directory descriptors; collects bytes, signatures and problems."""

    def __init__(
        self,
        place: str,
        model_in_set: str,
        advance: Callable[[int], None] | None = None,
        held: Mapping[str, bytes] = MappingProxyType({}),
    ) -> None:
        self._advance = advance
        self.files = dict(held)
        self._held = len(held)
        self.problems: list[Problem] = []
        self._place = place
        self._model_in_set = model_in_set
        self._signatures: dict[str, _Signature] = {}
        self._size = sum(map(len, held.values()))
        self._with_content = True

    def read(self, set_dir: Path) -> Mapping[str, _Signature]:
        """Fill `files` and `problems`; the signature (inode, size, time of change) of every file."""
        try:
            with _opened_folder(set_dir) as folder:
                self._walk(folder, "", 0)
        except OSError as error:
            problem = Problem(self._place, 0, 0, f"the set's folder cannot be read: {_why(error)}", CODE)
            raise PolicyInvalid([problem]) from None
        return self._signatures

    def signatures(self, set_dir: Path) -> Mapping[str, _Signature]:
        """The signatures alone."""
        self._with_content = False
        return self.read(set_dir)

    def refuse(self, name: str, text: str) -> None:
        """One problem with a file or folder as a whole."""
        self.problems.append(Problem(f"{self._place}/{name}" if name else self._place, 0, 0, text, CODE))

    def _walk(self, folder: int, prefix: str, depth: int) -> None:
        for entry in sorted(os.listdir(folder)):
            if entry.startswith(".") or (not prefix and entry == self._model_in_set):
                continue  # hidden files are the editors' own; nothing ever reads them
            name = prefix + entry
            status = os.stat(entry, dir_fd=folder, follow_symlinks=False)
            self._signatures[name] = (status.st_ino, status.st_size, status.st_mtime_ns)
            if not (name.isascii() and name.isprintable()):
                shown = entry.encode("ascii", "backslashreplace").decode()
                self.refuse(prefix.rstrip("/"), f"`{shown}` is not a plain file name")
            elif stat.S_ISLNK(status.st_mode):
                self.refuse(name, "is a symbolic link; policy files are regular files")
            elif stat.S_ISDIR(status.st_mode):
                self._enter(folder, entry, name, depth)
            elif not stat.S_ISREG(status.st_mode):
                self.refuse(name, "is not a regular file")
            elif not _belongs(name):
                self.refuse(
                    name, "is not a file of a policy set (set.yaml, *.csv, networks/*.csv, tests.yaml, clauses.md)"
                )
            elif self._with_content:
                self._take(folder, entry, name)

    def _enter(self, folder: int, entry: str, name: str, depth: int) -> None:
        if name.partition("/")[0] != NETWORKS_FOLDER:
            self.refuse(name, "is not a folder of a policy set")
        elif depth >= _DEEPEST_FOLDER:
            self.refuse(name, "is nested too deeply")
        else:
            with _opened_folder(entry, folder) as inner:
                self._walk(inner, f"{name}/", depth + 1)

    def _take(self, folder: int, entry: str, name: str) -> None:
        try:
            descriptor = os.open(entry, _READ_FLAGS, dir_fd=folder)
        except OSError as error:
            self.refuse(name, f"cannot be read: {_why(error)}")
            return
        with _closed(descriptor):
            status = os.fstat(descriptor)
            self._size += status.st_size
            if not stat.S_ISREG(status.st_mode):
                self.refuse(name, "is not a regular file")
            elif status.st_size > _LARGEST_FILE:
                self.refuse(name, f"is larger than {_LARGEST_FILE} bytes")
            elif self._size > _LARGEST_SET or len(self._signatures) + self._held > _MOST_FILES:
                self.refuse("", f"holds more than {_LARGEST_SET} bytes or {_MOST_FILES} files")
            else:
                self.files[name] = _content(descriptor)
        if self._advance is not None:
            self._advance(1)


@contextmanager
def _opened_folder(path: Path | str, inside: int | None = None) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=inside)
    with _closed(descriptor):
        yield descriptor


@contextmanager
def _closed(descriptor: int) -> Iterator[None]:
    try:
        yield
    finally:
        os.close(descriptor)


def _content(descriptor: int) -> bytes:
    """Everything up to the limit; what grows beyond it while it is read is read again."""
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        return file.read(_LARGEST_FILE)


def _belongs(name: str) -> bool:
    if name.startswith(f"{NETWORKS_FOLDER}/"):
        return name.endswith(".csv")
    return name in {SET_FILE, TESTS_FILE, CLAUSES_FILE} or ("/" not in name and name.endswith(".csv"))
