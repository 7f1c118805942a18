"""A bundle to checked values: every problem of every file at once, or a `ParsedSet` that is right in itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

from authz.core.definition import PolicySet
from authz.core.network import NetworkLine
from authz.errors import PolicyInvalid, Problem
from authz.policy.bundle import CLAUSES_FILE, NETWORKS_FOLDER, SET_FILE, TESTS_FILE, Bundle
from authz.policy.cases.case import CaseFile
from authz.policy.cases.reading import read_cases
from authz.policy.finding import Acceptance
from authz.policy.model import model_problems
from authz.policy.reading.characters import conflict_marker, read_text
from authz.policy.reading.definition import read_definition
from authz.policy.reading.lines import MATRIX_LINE, NETWORK_LINE, CsvLine, read_lines
from authz.policy.reading.matrix import MatrixLine, matrix_problems, read_matrix
from authz.policy.reading.networks import in_order, read_networks, to_read_again
from authz.policy.reading.yaml_nodes import Mapping as MappingNode
from authz.policy.reading.yaml_nodes import read_yaml

__all__ = ["MatrixLine", "ParsedSet", "parse_set"]

_USUAL_MATRIX: Final = "matrix.csv"


class Known(NamedTuple):
    """Another version of a set that passed `parse_set`: its files, and what of them a reading can take over."""

    bundle: Bundle
    roles: Collection[str]
    networks: Mapping[str, tuple[NetworkLine, ...]]


class ParsedSet(NamedTuple):
    """One policy set that is right in itself: words, `p` lines, `p2` lines per tenant, cases, and its bundle.

    `accepted`: findings of the linter that the set accepts; they change no decision.
    """

    definition: PolicySet
    matrix: tuple[MatrixLine, ...]
    networks: Mapping[str, tuple[NetworkLine, ...]]
    tests: CaseFile
    bundle: Bundle
    accepted: tuple[Acceptance, ...] = ()


def parse_set(bundle: Bundle, known: Known | None = None) -> ParsedSet:
    """Read and cross-check all files of a set, and the form of its model.

    `known`: another version of the set; network lines of tenants all of whose files are the same there are taken over.

    Raises:
        PolicyInvalid: with all problems of all files, sorted.
    """
    problems = [*bundle.problems, *model_problems(bundle.model)]
    reader = _SetReader(bundle, problems, known)
    parsed = reader.parsed()
    if problems or parsed is None:
        raise PolicyInvalid(problems)
    return parsed


class _SetReader:
    """Reads one bundle; what one file lacks does not keep the others from being read."""

    def __init__(self, bundle: Bundle, problems: list[Problem], known: Known | None) -> None:
        self._bundle = bundle
        self._known = known
        self._problems = problems

    def parsed(self) -> ParsedSet | None:
        """The set, usable only if no problem was noted; None where the words of `set.yaml` are not known."""
        bundle, problems = self._bundle, self._problems
        self._clauses()
        root = self._yaml(SET_FILE)
        tests_root = self._yaml(TESTS_FILE)
        matrix_names = sorted(name for name in bundle.files if name.endswith(".csv") and "/" not in name)
        network_names = sorted(name for name in bundle.files if name.startswith(f"{NETWORKS_FOLDER}/"))
        before = len(problems)
        matrix_lines = self._lines(matrix_names, MATRIX_LINE)
        all_read = len(problems) == before
        if not matrix_names:
            self._missing(_USUAL_MATRIX)
        if root is None:
            self._lines(network_names, NETWORK_LINE)
            return None
        before = len(problems)
        definition, fact_places, accepted = read_definition(self._file(SET_FILE), bundle.set_id, root, problems)
        words_known = len(problems) == before
        written = read_matrix(matrix_lines, definition, bundle.place, problems) if words_known else []
        if words_known and all_read and len(written) == len(matrix_lines) and matrix_names:
            usual = _USUAL_MATRIX if _USUAL_MATRIX in matrix_names else matrix_names[0]
            problems += matrix_problems(written, definition, self._file(usual), fact_places, self._file(SET_FILE))
        networks = self._networks(network_names, definition.roles)
        tests = CaseFile()
        if tests_root is not None and words_known:
            tests = read_cases(self._file(TESTS_FILE), tests_root, definition, problems)
        return ParsedSet(definition, tuple(entry.rule for entry in written), networks, tests, bundle, accepted)

    def _networks(self, names: list[str], roles: Collection[str]) -> Mapping[str, tuple[NetworkLine, ...]]:
        bundle, known = self._bundle, self._known
        if known is None or known.bundle.place != bundle.place or set(known.roles) != set(roles):
            lines = self._lines(names, NETWORK_LINE)
            return read_networks(lines, roles, bundle.set_id, bundle.place, self._problems)
        before, now = (
            {name: content for name, content in each.files.items() if name.startswith(f"{NETWORKS_FOLDER}/")}
            for each in (known.bundle, bundle)
        )
        changed = {name for name in before.keys() | now.keys() if before.get(name) != now.get(name)}
        read, kept = to_read_again(
            known.networks, changed, lambda some: self._lines(sorted(now.keys() & some), NETWORK_LINE)
        )
        return in_order({**kept, **read_networks(read, roles, bundle.set_id, bundle.place, self._problems)})

    def _missing(self, name: str) -> None:
        file = self._file(name)
        if not any(problem.file == file for problem in self._bundle.problems):
            self._problems.append(Problem(file, 0, 0, "the file is missing", "file"))

    def _file(self, name: str) -> str:
        return f"{self._bundle.place}/{name}"

    def _yaml(self, name: str) -> MappingNode | None:
        content = self._bundle.files.get(name)
        if content is None:
            self._missing(name)
            return None
        return read_yaml(self._file(name), content, self._problems)

    def _lines(self, names: list[str], kind: str) -> list[CsvLine]:
        found = []
        for name in names:
            before = len(self._problems)
            lines = read_lines(self._file(name), self._bundle.files[name], kind, self._problems)
            if not lines and len(self._problems) == before:
                self._problems.append(Problem(self._file(name), 0, 0, f"the file holds no `{kind}` line", "file"))
            found.extend(lines)
        return found

    def _clauses(self) -> None:
        content = self._bundle.files.get(CLAUSES_FILE)
        if content is None:
            return
        file = self._file(CLAUSES_FILE)
        text = read_text(file, content, self._problems) or ""
        for number, line in enumerate(text.split("\n"), 1):
            if conflict_marker(line, markdown=True):
                self._problems.append(Problem(file, number, 1, "merge-conflict marker", "characters"))
