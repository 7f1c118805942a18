"""Everything that can go wrong, as values and exceptions that carry what the reader needs to act.

A deny is a value (`core.decision.Decision`), never an exception. HTTP status codes and CLI exit codes live in the
faces (`web`, `cli`), not here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Problem(NamedTuple):
    """One finding about one place in a file a person wrote; sorts by file, line, column, text.

    `line` and `column` count from 1 (characters, not bytes); 0 means "the file as a whole".
    """

    file: str
    line: int
    column: int
    text: str
    code: str = "invalid"

    def __str__(self) -> str:
        """`file:line:column: text`, the one form in which a problem is printed."""
        return f"{self.file}:{self.line}:{self.column}: {self.text}"


def sorted_problems(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Every problem once, in reading order."""
    return tuple(sorted(set(problems)))


class AuthzError(Exception):
    """Base of all errors of this package; `code` is a stable machine-readable word."""

    code = "error"


class ConfigError(AuthzError):
    """Settings are missing or contradict each other, or the installation is not fit to run."""

    code = "config_error"


class InvalidFile(AuthzError):
    """One or more problems in files; `problems` is sorted and never empty."""

    code = "invalid_file"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted_problems(problems)
        if not self.problems:
            raise ValueError("an InvalidFile needs at least one problem")
        super().__init__("\n".join(map(str, self.problems)))


class PolicyInvalid(InvalidFile):
    """A policy set that must not go live."""

    code = "policy_invalid"


class RegistryInvalid(InvalidFile):
    """A registry file (or annex) that must not be loaded."""

    code = "registry_invalid"


class RequestInvalid(AuthzError):
    """The caller's request cannot be read (HTTP 400). `code` is a closed word; `str()` never holds request input."""

    code = "bad_request"

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


class NotFound(AuthzError):
    """The named thing does not exist (registry API and CLI only, never on the decision path)."""

    code = "not_found"


class Conflict(AuthzError):
    """The change contradicts what is already recorded."""

    code = "conflict"


class Unavailable(AuthzError):
    """The answer is not known now; a PEP must refuse."""

    code = "unavailable"


class NoActivePolicy(Unavailable):
    """No generation of the policy set (or of any) has ever been good."""

    code = "no_active_policy"


class RegistryUnavailable(Unavailable):
    """The registry could not be read and nothing is in memory."""

    code = "registry_unavailable"


class EngineDisagreement(AuthzError):
    """The compiled table and Casbin answer differently: a bug, never to be served."""

    code = "engine_disagreement"
