"""A small contract in memory: three roles, four actions, and an annex of it on paper."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from authz.annex.body import read_body
from authz.annex.container import Container
from authz.annex.form import ReadForm, read_form
from authz.annex.package import open_package
from authz.core.definition import ActionDef, AttributeDef, AttributeType, FactDef, Origin, PolicySet, RoleDef
from authz.core.generation import Generation
from authz.core.table import NETWORK_OK, SENDER_OK, Cell, DecisionTable
from tests.annex.word import Box, Markup, control_box, document, paragraph, table, word_file

DAY = dt.date(2026, 5, 4)
ANY = "De la orice IP (acces pe baza de user si parola)"
DECLARED = "De la IP-urile  declarate in centrala CallTrack (accesul este permis doar de la aceste IP-uri"
HEADINGS = ("Nume si Prenume", "Rol*", "Functie", "Email", "Numar telefon")
ANA = ("Ana Pop", "Admin", "IT manager", "ana@acme.example", "+40213000001")

_ROLES = {
    "admin": {"ro": "Admin", "en": "Admin", "fr": "Administrateur", "ru": "Администратор", "uk": "Адміністратор"},
    "supervisor": {"ro": "Șef de tură", "en": "Supervisor"},
    "user": {"ro": "User", "en": "User"},
}
_ACTIONS = {"report": "Report", "ask": "Ask", "restore": "Restore", "own": "Own request"}
DEFINITION = PolicySet(
    "small",
    {"ro": "Contractul mic", "en": "The small contract"},
    ("ro", "en"),
    "Europe/Bucharest",
    "RO",
    {role: RoleDef(role, labels, "3") for role, labels in _ROLES.items()},
    {action: ActionDef(action, {"en": text, "ro": f"{text} (ro)"}, "3") for action, text in _ACTIONS.items()},
    attributes={
        "subject.blocked": AttributeDef("subject.blocked", AttributeType.BOOL, Origin.REGISTRY),
        "subject.rights": AttributeDef("subject.rights", AttributeType.STRINGS, Origin.REGISTRY),
        "subject.lender.name": AttributeDef("subject.lender.name", AttributeType.STRING, Origin.REGISTRY),
        "subject.seats": AttributeDef("subject.seats", AttributeType.INT, Origin.REGISTRY),
        "subject.trained_on": AttributeDef("subject.trained_on", AttributeType.DATE, Origin.REGISTRY),
    },
    facts={
        "own_request": FactDef(
            "own_request", "true", {"en": "the request is his own", "ro": "cererea este a lui"}, "3"
        ),
        "blocked": FactDef("blocked", "true", {"en": "he is blocked", "ro": "este blocat"}, "3"),
    },
    source={"provider": "Furnizor Exemplu SRL"},
)


class _NoFacts:
    def __call__(self, fact: str, bindings: Mapping[str, object]) -> bool | None:
        return None

    def unmet_parts(self, fact: str, bindings: Mapping[str, object]) -> tuple[str, ...]:
        return ()


def _cell(allowing: Sequence[str] | None, against: str = "") -> Cell:
    """Allowed when all of `allowing` hold and `against` does not; None: never."""
    if allowing is None:
        return Cell((), [(False, "small/matrix.csv:9")])
    facts = [NETWORK_OK, SENDER_OK, *allowing, *([against] if against else [])]
    wanted = (1 << (2 + len(allowing))) - 1
    refusing = 1 << (len(facts) - 1) if against else 0
    return Cell(
        facts,
        [(mask & wanted == wanted and not mask & refusing, "small/matrix.csv:1") for mask in range(1 << len(facts))],
    )


_SHARED = {
    ("admin", "report"): _cell([]),
    ("admin", "ask"): _cell([]),
    ("admin", "restore"): _cell([], against="blocked"),
    ("admin", "own"): _cell([]),
    ("supervisor", "report"): _cell([]),
    ("supervisor", "ask"): _cell([]),
    ("supervisor", "restore"): _cell(None),
    ("supervisor", "own"): _cell(["own_request"]),
    ("user", "report"): _cell([]),
    ("user", "ask"): _cell(None),
    ("user", "restore"): _cell(None),
    ("user", "own"): _cell(["own_request"]),
}
GENERATION = Generation(
    DEFINITION,
    DecisionTable(_SHARED, {}),
    {},
    _NoFacts(),
    ZoneInfo("Europe/Bucharest"),
    "sha256:" + "5" * 64,
)


def paper(
    *people: Sequence[str] | Markup,
    headings: Sequence[str] = HEADINGS,
    boxes: Sequence[str] = (
        paragraph(control_box(Box.EMPTY), f" {ANY}"),
        paragraph(control_box(Box.TICKED), f" {DECLARED}"),
    ),
    numbers: str = "Contract nr. 12/2025 Anexa nr. 3",
    client: str = "Acme Distribution SRL",
    more: Sequence[str] = (),
) -> bytes:
    """The form as a Word document, by default with every part well filled in."""
    signatures = [("FURNIZOR", "CLIENT"), ("Furnizor", client), ("Director", "Administrator"), ("A", "Maria Pop\n____")]
    return word_file(
        document(
            paragraph(numbers),
            *boxes,
            table([("Tags & Permissions", "Admin", "User"), ("Report", "Allow", "Allow")]),
            table([headings, *(people or [ANA])]),
            table(signatures),
            *more,
        )
    )


def read(raw: bytes, name: str = "annex.docx") -> ReadForm:
    return read_form(raw, name, DEFINITION)


def said(form: ReadForm) -> list[str]:
    """Its problems as they are printed."""
    return [str(problem) for problem in form.problems]


def stated(form: ReadForm) -> list[dict[str, object]]:
    """Its contacts as stated."""
    return [dict(line.stated) for line in form.lines]


def texts(*blocks: str, more: Mapping[str, str | bytes] | None = None) -> list[str]:
    """The paragraphs that are read from a document."""
    body = read_body(open_package(Container(word_file(document(*blocks), more))))
    return [block for block in body.blocks if isinstance(block, str)]
