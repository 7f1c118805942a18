"""One signed form, read and checked by itself (calltrack annex 1.6, 1.7 and 4; DESIGN sections 4 and 5)."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable
from typing import Final, NamedTuple

from authz.annex.body import MOST_COLUMNS, read_body
from authz.annex.choice import network_choice
from authz.annex.columns import IDENTIFIERS
from authz.annex.contacts import Line, read_contacts
from authz.annex.container import Container
from authz.annex.package import open_package
from authz.annex.parties import Parties, read_parties, same_client
from authz.annex.problems import Code, DocumentProblem, Refused
from authz.annex.unread import unread_contacts
from authz.core.definition import PolicySet
from authz.core.types import NetworkChoice
from authz.registry.checking import check_tenant
from authz.registry.entries import AnnexEntry
from authz.registry.findings import Findings
from authz.registry.findings import Path as FindingPath

_CONTACT_OF_ANNEX: Final = re.compile(r"contact (\d+) of the annex")
_MISSING: Final = re.compile(r"`(name|role)` is missing")


class ReadForm(NamedTuple):
    """What a document says, before anything is checked. `sha256` is of the file's bytes."""

    parties: Parties
    network: NetworkChoice | None
    lines: tuple[Line, ...]
    problems: tuple[DocumentProblem, ...]
    sha256: str


class TenantNames(NamedTuple):
    """What a form is held against: whose it should be."""

    tenant_id: str
    name: str


def unread(problem: DocumentProblem, sha256: str) -> ReadForm:
    """A document that is not opened."""
    return ReadForm(Parties(None, "", "", ""), None, (), (problem,), sha256)


def read_form(raw: bytes, file_name: str, definition: PolicySet) -> ReadForm:
    """What the document says, with every problem of its form. A file that is not opened has one problem."""
    sha256 = hashlib.sha256(raw).hexdigest()
    try:
        body = read_body(open_package(Container(raw, file_name)))
        parties, problems = read_parties(body)
    except Refused as refused:
        return unread(refused.problem, sha256)
    network, unreadable = network_choice(body)
    lines, of_lines = read_contacts(body, definition)
    of_lines += unread_contacts(body, definition)
    found = (*body.problems, *problems, *([unreadable] if unreadable is not None else []), *of_lines)
    return ReadForm(parties, network, tuple(lines), found, sha256)


def checked_annex(
    form: ReadForm, tenant: TenantNames, definition: PolicySet, signed_on: dt.date, effective_from: dt.date
) -> tuple[AnnexEntry | None, list[DocumentProblem]]:
    """The form as an annex, checked as `registry load` checks one, with every problem in the order of the document.

    The entry is None when there is any problem.
    """
    problems = list(form.problems)
    if form.parties.client and not same_client(form.parties.client, tenant.name):
        text = f"the document is of `{form.parties.client}`, the tenant `{tenant.tenant_id}` is `{tenant.name}`"
        problems.append(DocumentProblem(Code.CLIENT, text))
    annex: dict[str, object] = {
        "signed_on": signed_on,
        "effective_from": effective_from,
        "document_sha256": form.sha256,
        "contacts": [dict(line.stated) for line in form.lines],
        "number": form.parties.annex_number or 1,
        "network": (form.network or NetworkChoice.DECLARED).value,
    }
    stated = {"id": tenant.tenant_id, "set": definition.id, "name": tenant.name, "annexes": [annex]}
    findings = Findings()
    entry = check_tenant(stated, {definition.id: definition}, findings)
    known = {(problem.table, problem.row, problem.column) for problem in problems if problem.row}
    known |= {(line.table, line.row, "") for line in form.lines if _has_unread_id(line, known)}
    for finding in findings.found:
        problem = _placed(finding.path, finding.text, form.lines)
        if (problem.table, problem.row, problem.column) not in known:
            problems.append(problem)
    problems.sort(key=_reading_order(form.lines))
    if problems or entry is None:
        return None, problems
    return entry.annexes[0]._replace(position=0), []


def _has_unread_id(line: Line, known: set[tuple[int, int, str]]) -> bool:
    """Whether an e-mail, number or login stands there that could not be read; then it is not missing besides."""
    return any((line.table, line.row, line.heading.printed(field)) in known for field in IDENTIFIERS)


def _reading_order(lines: tuple[Line, ...]) -> Callable[[DocumentProblem], tuple[int, int, int]]:
    """The document as a whole first, then row by row and from left to right, a row as a whole last."""
    columns = {(line.table, column.heading): column.column for line in lines for column in line.heading.columns}
    return lambda problem: (
        problem.table,
        problem.row,
        columns.get((problem.table, problem.column), MOST_COLUMNS),
    )


def _placed(path: FindingPath, text: str, lines: tuple[Line, ...]) -> DocumentProblem:
    """A finding of the checks at its place in the document."""
    match path:
        case ("annexes", 0, "contacts", int(at), *inner):
            missing = _MISSING.match(text)
            field = missing[1] if missing is not None else str(inner[0]) if inner else ""
            return lines[at].problem(Code.CONTACT, _in_rows(text, lines), field)
        case _:
            return DocumentProblem(Code.ANNEX, text)


def _in_rows(text: str, lines: tuple[Line, ...]) -> str:
    """`contact 2 of the annex` as the row where the reader finds it."""
    return _CONTACT_OF_ANNEX.sub(lambda match: f"row {lines[int(match[1]) - 1].row}", text)
