"""What `authz annex` says of an import or an approval, to a person or a machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from authz.annex.difference import Difference
from authz.annex.problems import DocumentProblem
from authz.annex.proposal import Proposal
from authz.cli.plain import printable
from authz.cli.terminal import BAD, GOOD, QUIET, STRONG, WARNING, count, messages, output, say
from authz.registry.annexes import DRAFT
from authz.registry.proposals import Approval


def proposal_document(proposal: Proposal) -> dict[str, Any]:
    """What an import prints for a machine."""
    return {
        "annex": proposal.annex.id if proposal.annex is not None else None,
        "problems": [_problem_document(problem) for problem in proposal.problems],
        "changes": [change.sentence for change in proposal.changes],
    }


def _problem_document(problem: DocumentProblem) -> dict[str, Any]:
    return {
        "code": problem.code.value,
        "table": problem.table or None,
        "row": problem.row or None,
        "column": problem.column or None,
        "text": str(problem),
    }


def approval_document(approval: Approval) -> dict[str, Any]:
    """What an approval prints for a machine."""
    entry = approval.annex.entry
    return {
        "annex": approval.annex.id,
        "problems": [],
        "tenant": approval.tenant_id,
        "number": entry.number,
        "effective_from": entry.effective_from.isoformat(),
        "approved_by": approval.annex.approved_by,
        "revision": approval.revision,
        "set_aside": list(approval.set_aside),
    }


def report(file: Path, proposal: Proposal, patch: Path | None, *, messages_only: bool) -> None:
    """What a person wants to know; beside a JSON document only what that does not hold, on the error stream."""
    console = messages() if messages_only else output()
    if not messages_only:
        for problem in proposal.problems:
            say(console, (f"{file}: ", STRONG), (str(problem), BAD))
        if proposal.problems:
            say(console, (f"{file}: {count(len(proposal.problems), 'problem')}; nothing was stored", BAD))
        elif proposal.annex is not None:
            _report_draft(file, proposal)
    for remark in proposal.remarks:
        say(console, (f"note: {remark}", WARNING))
    if patch is not None:
        say(console, (f"the network lines have to follow; review the patch {printable(str(patch))}", WARNING))


def _report_draft(file: Path, proposal: Proposal) -> None:
    console = output()
    record = proposal.annex
    if record is None:
        return
    entry = record.entry
    said = (
        f"{file}: annex {entry.number}, {count(len(entry.contacts), 'contact')}, in force from {entry.effective_from}"
    )
    say(console, (said, GOOD))
    for change in proposal.changes:
        say(console, "  ", change.sentence)
        _report_actions(change)
    if record.state == DRAFT:
        if not proposal.changes:
            say(console, ("  no change to the annex before", QUIET))
        say(console, f"draft {record.id}; a second person approves it with: authz annex approve {record.id} --by NAME")


def _report_actions(change: Difference) -> None:
    for sign, actions in (("+", change.gains), ("-", change.loses)):
        for action in actions:
            say(output(), (f"      {sign} {action}", QUIET))
