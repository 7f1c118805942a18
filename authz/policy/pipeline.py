"""The one way from a bundle to a set that may go live: `authz check`, `authz test` and the service walk it alike.

parse -> model check -> compile -> table against Casbin -> guards -> suite. Only what passed all of it is kept in the
cache, under a hash of everything that the outcome depends on.
"""

from __future__ import annotations

import hashlib
from functools import cache as remembered
from importlib.metadata import version
from pathlib import Path
from typing import Final, NamedTuple

import structlog

from authz.errors import EngineDisagreement, PolicyInvalid, Problem
from authz.policy.bundle import SET_ID, TESTS_FILE, Bundle
from authz.policy.cases.suite import run_suite
from authz.policy.compile import compile_set
from authz.policy.compiled import CompiledSet
from authz.policy.disk import write_whole
from authz.policy.document import DocumentInvalid, decode, encode
from authz.policy.guards import guard_problems
from authz.policy.judge import engine_versions
from authz.policy.live import generation_of
from authz.policy.parse import Known, ParsedSet, parse_set

KEPT_PER_SET: Final = 8
"""Checked revisions of one set that stay in the cache."""

_LIBRARIES: Final = ("cel-expr-python", "holidays", "msgspec")

_log = structlog.get_logger(__name__)


def build_set(bundle: Bundle, cache: Path | None = None) -> CompiledSet:
    """The compiled set of a bundle that passes every check.

    Args:
        cache: folder for compiled sets by content hash; one that cannot be written is done without.

    Raises:
        PolicyInvalid: with all problems of the first stage that has any.
        ConfigError: the installed engine is not fit.
    """
    judged = judge_set(bundle, cache)
    if judged.problems:
        raise PolicyInvalid(judged.problems)
    return judged.compiled


class Judged(NamedTuple):
    """A set that compiles; `problems`: guards that are broken, and cases of its tests that fail."""

    compiled: CompiledSet
    problems: tuple[Problem, ...]


def judge_set(bundle: Bundle, cache: Path | None = None, known: Known | None = None) -> Judged:
    """As `build_set`, but a set that compiles is returned with what its guards and tests say of it.

    `known`: another version of the set, as for `parse_set`.

    Raises:
        PolicyInvalid: it cannot be read or compiled.
        ConfigError: the installed engine is not fit.
    """
    key = cache_key(bundle)
    kept = _Cache(cache, bundle.set_id)
    passed = kept.checked(key)
    if passed is not None and passed.revision == bundle.revision:
        return Judged(passed, ())
    parsed = parse_set(bundle, known)
    try:
        compiled = compile_set(parsed, kept.last_table())
    except EngineDisagreement as error:
        raise PolicyInvalid([Problem(bundle.place, 0, 0, str(error), error.code)]) from error
    document = encode(compiled)
    kept.keep_table(document)
    loaded = decode(document)
    problems = (*guard_problems(loaded, bundle.place, bundle.files), *_suite_problems(parsed, loaded))
    if not problems:
        kept.keep_checked(key, document)
    return Judged(loaded, problems)


def cache_key(bundle: Bundle) -> str:
    """A hash of all that decides whether the bundle passes and what it compiles to: files, model, engines, our code."""
    versions = {**engine_versions(), **{name: version(name) for name in _LIBRARIES}}
    words = [bundle.set_id, bundle.revision, _code_digest(), *(f"{name}={versions[name]}" for name in sorted(versions))]
    return hashlib.sha256("\n".join(words).encode()).hexdigest()


def _suite_problems(parsed: ParsedSet, compiled: CompiledSet) -> tuple[Problem, ...]:
    """The cases put to the set as a worker will load it; its real networks are of no concern to them."""
    generation = generation_of(compiled._replace(networks={}))
    return run_suite(parsed.tests, generation, f"{parsed.bundle.place}/{TESTS_FILE}").problems


@remembered
def _code_digest() -> str:
    """Our own sources that take part: another release may judge a set in another way."""
    package = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for source in sorted([package / "legal_holidays.py", *package.glob("core/*.py"), *package.glob("policy/**/*.py")]):
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()


class _Cache:
    """Compiled sets of one policy set in a folder; damage and a full disk cost time, nothing else."""

    def __init__(self, folder: Path | None, set_id: str) -> None:
        self._folder = folder if SET_ID.fullmatch(set_id) else None
        self._set_id = set_id

    def checked(self, key: str) -> CompiledSet | None:
        """The set that passed everything under this key."""
        return self._read(self._name(key))

    def last_table(self) -> CompiledSet | None:
        """The set as last compiled, passed or not: its table may still be the right one."""
        return self._read(self._name("table"))

    def keep_checked(self, key: str, document: bytes) -> None:
        """Keep a set that passed everything."""
        self._write(self._name(key), document)
        self._forget_oldest()

    def keep_table(self, document: bytes) -> None:
        """Keep a set that was compiled."""
        self._write(self._name("table"), document)

    def _name(self, word: str) -> str:
        return f"{self._set_id}.{word}.json"

    def _read(self, name: str) -> CompiledSet | None:
        if self._folder is None:
            return None
        try:
            compiled = decode((self._folder / name).read_bytes())
        except (OSError, DocumentInvalid):
            return None
        return compiled if compiled.definition.id == self._set_id else None

    def _write(self, name: str, document: bytes) -> None:
        if self._folder is None:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_whole(self._folder / name, document)
        except OSError as error:
            _log.warning("policy_cache_unwritable", reason=str(error))

    def _forget_oldest(self) -> None:
        if self._folder is None:
            return
        try:
            kept = sorted(self._folder.glob(f"{self._set_id}.*.json"), key=lambda path: path.stat().st_mtime_ns)
            for path in kept[: -(KEPT_PER_SET + 1)]:
                path.unlink(missing_ok=True)
        except OSError as error:
            _log.warning("policy_cache_unwritable", reason=str(error))
