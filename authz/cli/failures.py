"""Errors as the command line shows them: one clear line each (or one per problem), and an exit status.

0 fine, 1 findings, 2 wrong usage or a failure of the tool (DESIGN section 6). Verbs that judge a policy set tell more:
3 it does not compile, 4 guards or tests failed, 5 it widens without approval. When several apply, the worst speaks.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final

import typer

from authz.cli.plain import printable
from authz.errors import AuthzError, EngineDisagreement, InvalidFile

FINE: Final = 0
FINDINGS: Final = 1
FAILURE: Final = 2
INVALID: Final = 3
NOT_HELD: Final = 4
WIDENED: Final = 5
_WORST_FIRST: Final = (FAILURE, INVALID, WIDENED, NOT_HELD, FINDINGS)


def worst(statuses: Iterable[int]) -> int:
    """The one exit status of several."""
    found = set(statuses)
    return next((status for status in _WORST_FIRST if status in found), FINE)


class Usage(AuthzError):
    """The arguments cannot be what the person meant."""

    code = "usage"


def exit_code_of(error: Exception) -> int:
    """Print `error` to the standard error stream and tell the exit status."""
    if isinstance(error, InvalidFile):
        for problem in error.problems:
            _say(str(problem))
        return FINDINGS
    if isinstance(error, typer.TyperException):
        return _usage(error)
    if isinstance(error, typer.Abort):
        _say("authz: stopped")
        return FAILURE
    if isinstance(error, EngineDisagreement):
        _say(f"authz: the compiled table and the policy engine disagree; nothing may be trusted: {error}")
    elif isinstance(error, AuthzError):
        _say(f"authz: {error}")
    elif isinstance(error, OSError):
        _say(f"authz: {_system_error(error)}")
    else:
        _say(f"authz: unexpected error: {_where(error)}: {type(error).__name__}: {error}")
    return FAILURE


def _usage(error: typer.TyperException) -> int:
    """Wrong arguments: the usage line, then what is wrong with them; a bare `authz` shows its help."""
    show: Callable[[], None] | None = getattr(error, "show", None)
    if show is None:
        _say(f"authz: {error.format_message()}")
    else:
        with suppress(OSError):
            show()
    return FAILURE


def _system_error(error: OSError) -> str:
    reason = (error.strerror or str(error) or type(error).__name__).lower()
    return f"{error.filename}: {reason}" if error.filename is not None else reason


def _where(error: Exception) -> str:
    """Module and line of the innermost frame of ours, enough to report the fault with."""
    place = "authz"
    frame = error.__traceback__
    while frame is not None:
        module = str(frame.tb_frame.f_globals.get("__name__", ""))
        if module.split(".", 1)[0] == "authz":
            place = f"{module}:{frame.tb_lineno}"
        frame = frame.tb_next
    return place


def _say(line: str) -> None:
    with suppress(OSError):  # nobody can be told, and the status still says it
        print(printable(line), file=sys.stderr)
