"""The decision point inside another Python program, without HTTP: `from authz import Pdp` (docs/embedded.md).

It decides and explains as the service does, from the same files and the same registry. It watches nothing, asks nobody
for a key and keeps no log: what a process of one's own decides, that process has to account for.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from authz import pdp
from authz.answer_writer import AnswerWriter
from authz.core.directory import Directory
from authz.core.generation import Generation
from authz.core.outcome import Outcome
from authz.core.question import request_from_authzen, request_from_flat
from authz.core.types import Assurance, Request
from authz.errors import ConfigError, PolicyInvalid, Problem
from authz.legal_holidays import legal_holidays
from authz.policy.bundle import find_model, find_sets, read_bundle
from authz.policy.live import generation_of
from authz.policy.pipeline import build_set
from authz.registry.load import load_file
from authz.registry.store import RegistryStore
from authz.texts import Texts
from authz.web.decide.usual import usual_authzen, usual_flat
from authz.web.messages import wire

__all__ = ["Outcome", "Pdp", "Request"]


class Pdp:
    """Policies and people in memory, as they were when it was made. Safe to use from several threads.

    Args:
        policies: a checkout (it holds `policies/`), a policies folder, or one set.
        registry: the URL of a database, or a file as `authz registry load` takes it.
        model: the Casbin model, where none lies inside or beside the policies.
        cache: a folder for compiled sets, so that the next start with the same files takes no time.

    Raises:
        PolicyInvalid: a set is not fit; with every problem.
        RegistryInvalid: the file is not fit; with every problem.
        RegistryUnavailable: the database cannot be read.
        ConfigError: there is no policy set, or no such registry.
    """

    def __init__(
        self, policies: Path, registry: str | Path, *, model: Path = Path("model.conf"), cache: Path | None = None
    ) -> None:
        self.generations = _compiled(policies, model, cache)
        self.directory = _people(str(registry), self.generations)
        self._answers = AnswerWriter(Texts())
        self._pdp = pdp.Pdp(_Fixed(self.generations), lambda: self.directory, legal_holidays)

    def decide(self, request: Request, now: float | None = None) -> Outcome:
        """One decision with everything that its explanation needs (R1 to R9).

        Args:
            now: seconds since 1970-01-01T00:00Z; None: the clock.

        Raises:
            NoActivePolicy: the tenant's policy set is not among those that were opened.
        """
        return self._pdp.decide(request, now)

    def answer(self, body: bytes, *, explain: bool = True) -> bytes:
        """The answer to the body of `POST /access/v1/evaluation` (AuthZEN 1.0 section 6), as the service writes it.

        Args:
            explain: whether a refusal says why, as to a caller with that scope.

        Raises:
            RequestInvalid: the body cannot be read; HTTP answers 400. NoActivePolicy: as `decide`.
        """
        usual = usual_authzen(body, Assurance.SESSION)
        request = request_from_authzen(wire.read_object(body)) if usual is None else usual
        return self._answers.write(self._pdp.decide(request), explain)

    def answer_flat(self, body: bytes, *, explain: bool = True) -> bytes:
        """As `answer`, for the body of `POST /v1/decision`."""
        usual = usual_flat(body, Assurance.SESSION)
        request = request_from_flat(wire.read_object(body)) if usual is None else usual
        return self._answers.write(self._pdp.decide(request), explain)


class _Fixed:
    """The sets that were opened (`pdp.PolicySource`)."""

    def __init__(self, generations: Mapping[str, Generation]) -> None:
        self._generations = generations

    def current(self) -> Mapping[str, Generation]:
        return self._generations


def _compiled(policies: Path, model: Path, cache: Path | None) -> dict[str, Generation]:
    set_dirs = find_sets(policies)
    if not set_dirs:
        raise ConfigError(f"`{policies}` holds no policy set")
    found: dict[str, Generation] = {}
    problems: list[Problem] = []
    for set_dir in set_dirs:
        try:
            found[set_dir.name] = generation_of(build_set(read_bundle(set_dir, find_model(policies, model)), cache))
        except PolicyInvalid as invalid:
            problems.extend(invalid.problems)
    if problems:
        raise PolicyInvalid(problems)
    return found


def _people(registry: str, generations: Mapping[str, Generation]) -> Directory:
    if "://" in registry:
        return _read(RegistryStore(registry))
    path = Path(registry)
    if not path.is_file():
        raise ConfigError(f"`{path}` is neither a database's URL nor a file")
    with tempfile.TemporaryDirectory(prefix="authz-embedded-") as folder:
        store = RegistryStore(f"sqlite:///{folder}/registry.sqlite")
        store.migrate()
        load_file(path, store, {name: one.definition for name, one in generations.items()}, "embedded")
        return _read(store)


def _read(store: RegistryStore) -> Directory:
    try:
        return store.directory()
    finally:
        store.close()
