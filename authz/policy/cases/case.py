"""`tests.yaml` as read: shared tenants, and one question with its expected answer per case (docs/policy-format.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class CaseTenant(NamedTuple):
    """One inline tenant. `stated` holds plain values (dict, list, str, bool, int, date) as the file writes them.

    Its form is checked: either `contacts` and `network` directly, or `annexes`; roles, dates, network lines
    (`"<CIDR or any> allow|deny"`), stored attributes and their types are those of the set.
    """

    id: str
    stated: Mapping[str, object]
    line: int


class Case(NamedTuple):
    """One question and its expected answer.

    `ask` already has the file's `defaults` merged under it and `null` members removed; it holds `contact` or `subject`,
    and `action`; `at` is an ISO instant with offset. `expect` always holds `decision` (bool).
    """

    description: str
    ask: Mapping[str, object]
    expect: Mapping[str, object]
    line: int
    column: int = 1


class CaseFile(NamedTuple):
    """All of `tests.yaml`; `each` tables are expanded, a case's `line` is then the line of its row."""

    tenants: tuple[CaseTenant, ...] = ()
    cases: tuple[Case, ...] = ()
