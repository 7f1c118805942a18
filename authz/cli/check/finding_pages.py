"""The page of each code that `authz check` prints: `docs/findings/<code>.md`, part of the package by a link."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Final

from authz.cli.failures import Usage
from authz.policy.finding import CODES, PROBLEM_CODES, REVIEW_CODES

_PAGES: Final = Path(__file__).parent / "findings"


def explain(code: str) -> str:
    """The page of a code, as Markdown.

    Raises:
        Usage: there is no such code.
    """
    known = (*CODES, *PROBLEM_CODES, *REVIEW_CODES)
    if code not in known:
        near = difflib.get_close_matches(code, known, n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(known)}"
        raise Usage(f"--explain: `{code}` is no code; {hint}")
    return (_PAGES / f"{code}.md").read_text(encoding="utf-8")
