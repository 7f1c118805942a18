"""`authz annex`, from the Word document to the answers of the service."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

import docx
import pytest

from authz.registry.annexes import tenant_annexes
from authz.registry.store import RegistryStore
from tests.annex.small import ANY, DECLARED, HEADINGS
from tests.annex.small import paper as form_of
from tests.annex.word import Box, control_box, paragraph, table
from tests.cli.program import Checkout, Ran, authz

DAY = "2026-06-01"
ANA = ("Ana Pop", "Keeper", "", "ana@acme.example", "+40213000001")
DAN = ("Dan Rus", "Guest", "", "dan@acme.example", "")
LOGINS = (*HEADINGS, "Login")


def paper(*people: Sequence[str], number: int = 2, any_address: bool = False, headings: Sequence[str] = LOGINS) -> Path:
    """A filled-in form on disk; Ana has her login, unless other headings are wanted."""
    boxes = [
        paragraph(control_box(Box.TICKED if any_address else Box.EMPTY), ANY),
        paragraph(control_box(Box.EMPTY if any_address else Box.TICKED), DECLARED),
    ]
    lines = [(*line, "ana.pop" if line[0] == "Ana Pop" else "") for line in people or (ANA, DAN)]
    path = Path(f"annex-{number}.docx")
    numbers = f"Contract nr. 12/2025 Anexa nr. {number}"
    path.write_bytes(form_of(*lines, headings=headings, boxes=boxes, numbers=numbers))
    return path


def imported(path: Path, *more: str, by: str = "Mara", effective: str = DAY) -> Ran:
    return authz("annex", "import", str(path), "--tenant", "acme", "--by", by, "--effective", effective, *more)


def recorded() -> RegistryStore:
    import os

    return RegistryStore(os.environ["AUTHZ_DATABASE_URL"])


def test_an_import_prints_id_problems_and_changes(loaded: Checkout) -> None:
    promoted = (ANA, (*DAN[:1], "gestionar", *DAN[2:]))

    ran = imported(paper(*promoted), "--json")

    assert ran.status == 0, ran.out + ran.err
    assert ran.json == {
        "annex": 2,
        "problems": [],
        "changes": ["Dan Rus: Guest -> Keeper, gains 1 action, 1 action under other conditions"],
    }


def test_the_document_and_its_dates_are_kept(loaded: Checkout) -> None:
    path = paper()
    ran = imported(path, "--signed", "2026-05-20", "--json")
    other = imported(paper(number=3), "--json")

    found = {one.id: one for one in tenant_annexes(recorded(), "acme").annexes}
    draft, later = found[ran.json["annex"]], found[other.json["annex"]]
    assert draft.entry.document_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (draft.entry.signed_on, draft.entry.effective_from) == (dt.date(2026, 5, 20), dt.date(2026, 6, 1))
    assert (draft.state, draft.origin, draft.entered_by) == ("draft", "signed", "Mara")
    assert later.entry.signed_on == later.entry.effective_from


def test_without_dates_it_is_signed_and_effective_today(loaded: Checkout) -> None:
    ran = authz("annex", "import", str(paper()), "--tenant", "acme", "--by", "Mara", "--json")

    entry = tenant_annexes(recorded(), "acme").annexes[-1].entry
    assert ran.status == 0
    assert entry.signed_on == entry.effective_from
    assert abs((entry.effective_from - dt.datetime.now(dt.UTC).date()).days) <= 1


def test_every_problem_is_printed_with_its_place_and_nothing_is_stored(loaded: Checkout) -> None:
    path = paper(
        ("Ana Pop", "Keper", "", "ana@acme", ""), ("", "Guest", "", "a@acme.example, b@acme.example", ""), number=1
    )

    ran = imported(path, "--json")
    said = imported(path)

    assert (ran.status, said.status) == (1, 1)
    assert (ran.json["annex"], ran.json["changes"]) == (None, [])
    assert [(one["table"], one["row"], one["column"]) for one in ran.json["problems"]] == [
        (2, 2, "Rol"),
        (2, 2, "Email"),
        (2, 3, "Nume si Prenume"),
        (2, 3, "Email"),
    ]
    assert "annex-1.docx: table 2, row 2, column Rol: `Keper` is no role" in said.out
    assert said.out.endswith("4 problems; nothing was stored\n")
    assert len(tenant_annexes(recorded(), "acme").annexes) == 1


@pytest.mark.parametrize(
    ("number", "effective", "text"),
    [
        (1, DAY, "annex 1 is already recorded with other contents; a change needs a new annex"),
        (2, "2026-01-31", "annex 2 takes effect on 2026-01-31, before annex 1 (2026-02-01)"),
    ],
)
def test_what_contradicts_the_registry_is_a_problem_too(
    loaded: Checkout, number: int, effective: str, text: str
) -> None:
    ran = imported(paper(DAN, number=number), "--json", "--signed", "2026-05-01", effective=effective)

    assert ran.status == 1
    assert [one["text"] for one in ran.json["problems"]] == [text]


def test_dates_that_run_backwards_are_told_with_the_document_s_own_problems(loaded: Checkout) -> None:
    ran = imported(paper(("Ana Pop", "Keper", "", "ana@acme.example", "")), "--json", effective="2026-01-01")

    assert [one["code"] for one in ran.json["problems"]] == ["contact", "annex", "annex"]


def test_approval_takes_a_second_person_and_then_the_annex_answers(loaded: Checkout) -> None:
    imported(paper(ANA, ("Mihai Stoica", "Keeper", "", "mihai@acme.example", "")), by="Mara", effective="2026-03-01")
    question = ("ask", "mihai@acme.example", "gate", "--ip", "203.0.113.5", "--at", "2026-04-01T12:00:00Z")
    before = authz(*question)

    same = authz("annex", "approve", "2", "--by", "mara")
    second = authz("annex", "approve", "2", "--by", "Ion")
    third = authz("annex", "approve", "2", "--by", "Dana", "--json")

    assert (same.status, before.status) == (1, 1)
    assert "a second person has to approve it" in same.out
    assert (second.status, second.out) == (0, "annex 2 of acme is approved, in force from 2026-03-01  revision 3\n")
    assert third.status == 1
    assert third.json["problems"][0]["text"].startswith("annex 2 was approved already, by `Ion`")
    assert authz(*question).status == 0
    assert authz("ask", "dan@acme.example", "read_rules", "--at", "2026-04-01T12:00:00Z").status == 1


def test_an_approval_as_json_names_what_holds_now(loaded: Checkout) -> None:
    imported(paper(number=2))
    imported(paper(DAN, number=3))

    ran = authz("annex", "approve", "3", "--by", "Ion", "--json")

    assert ran.json == {
        "annex": 3,
        "problems": [],
        "tenant": "acme",
        "number": 3,
        "effective_from": DAY,
        "approved_by": "Ion",
        "revision": 4,
        "set_aside": [2],
    }


def test_a_changed_network_choice_writes_a_patch_to_review(loaded: Checkout, shared_data: Path) -> None:
    ran = imported(paper(any_address=True), "--json")
    patch = shared_data / "annexes" / "annex-2-networks.patch"

    assert ran.json["changes"] == ["from declared IPs to any"]
    assert str(patch) in ran.err
    subprocess.run(["git", "apply", str(patch)], cwd=loaded.root, check=True)
    lines = (loaded.set_dir / "networks/acme.csv").read_text()
    assert lines.splitlines()[1:] == ["p2, acme, any, allow", "p2, acme, 203.0.113.66/32, deny"]
    assert authz("check", str(loaded.root)).status == 0


def test_an_unchanged_choice_writes_none(loaded: Checkout) -> None:
    assert "patch" not in imported(paper()).out


def test_the_trail_is_listed_with_who_when_what_and_from_which_document(loaded: Checkout) -> None:
    path = paper(ANA)
    imported(path, by="Mara")
    authz("annex", "approve", "2", "--by", "Ion")

    said = authz("annex", "list", "acme")
    listed = authz("annex", "list", "acme", "--json").json

    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    assert [(one["who"], one["kind"], one["document_sha256"]) for one in listed["trail"]] == [
        ("test", "tenant_added", None),
        ("test", "annex_loaded", None),
        ("Mara", "annex_proposed", sha256),
        ("Ion", "annex_approved", sha256),
    ]
    assert listed["trail"][-1]["what"] == "annex 2 approved, in force from 2026-06-01; entered by Mara"
    assert [(one["number"], one["state"], one["changes"]) for one in listed["annexes"]] == [
        (1, "approved", ["Ana Pop: added as Keeper", "Dan Rus: added as Guest"]),
        (2, "approved", ["Dan Rus: removed"]),
    ]
    assert (listed["annexes"][1]["entered_by"], listed["annexes"][1]["approved_by"]) == ("Mara", "Ion")
    assert "Mara: annex 2 entered as draft 2, 1 contacts, from 2026-06-01" in said.out
    assert f"document {sha256}" in said.out


def test_the_trail_is_there_when_the_policy_files_are_not_fit(loaded: Checkout) -> None:
    loaded.replace("matrix.csv", "p, *, guest,  open_gate,", "p, *, gest,   open_gate,")

    assert authz("annex", "list", "acme").status == 0


@pytest.mark.parametrize("language", ["ro", "en", "fr", "ru", "uk"])
def test_an_exported_form_imported_again_changes_nothing(loaded: Checkout, language: str) -> None:
    written = authz("annex", "export", "acme", "--lang", language, "--output", "form.docx")

    ran = imported(Path("form.docx"), "--json")

    assert (written.status, written.out) == (0, "form.docx written\n")
    assert (ran.status, ran.json) == (0, {"annex": 2, "problems": [], "changes": []})


def test_a_form_edited_in_word_is_the_next_annex(loaded: Checkout) -> None:
    authz("annex", "export", "acme", "--lang", "en", "--output", "form.docx")
    document = docx.Document("form.docx")
    row = document.tables[1].rows[2]
    row.cells[1].paragraphs[0].runs[0].text = "Keeper"
    document.save("form.docx")

    ran = imported(Path("form.docx"), "--json")

    assert ran.json["changes"] == ["Dan Rus: Guest -> Keeper, gains 1 action, 1 action under other conditions"]


def test_a_form_is_named_and_written_in_the_tenant_s_language_and_never_over_another(loaded: Checkout) -> None:
    first = authz("annex", "export", "acme")
    second = authz("annex", "export", "acme")

    assert (first.status, first.out) == (0, "acme-annex-2-ro.docx written\n")
    assert (second.status, second.out) == (2, "")
    assert "is there already" in second.err


def test_the_form_prints_the_revision_of_the_policy(loaded: Checkout) -> None:
    revision = json.loads(authz("matrix", "storehouse", "--json").out)["revision"]
    authz("annex", "export", "acme", "--output", "form.docx")

    text = "\n".join(one.text for one in docx.Document(io.BytesIO(Path("form.docx").read_bytes())).paragraphs)
    assert revision in text


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("import", "FILE", "--tenant", "nobody", "--by", "Mara"), "there is no tenant `nobody`"),
        (("import", "FILE", "--tenant", "acme", "--by", " "), "--by: a name of 1 to 200 visible characters"),
        (("import", "FILE", "--tenant", "acme", "--by", "M", "--effective", "1.6.2026"), "--effective: `1.6.2026`"),
        (("import", "FILE", "--tenant", "acme", "--by", "M", "--signed", "20260601"), "--signed: `20260601`"),
        (("import", "nowhere.docx", "--tenant", "acme", "--by", "M"), "does not exist"),
        (("import", "FILE", "--tenant", "acme"), "--by"),
        (("approve", "99", "--by", "Ion"), "there is no annex with the id 99"),
        (("list", "nobody"), "there is no tenant `nobody`"),
        (("export", "acme", "--lang", "de"), "the form is written in en, fr, ro, ru, uk"),
        (("export", "nobody"), "there is no tenant `nobody`"),
    ],
)
def test_wrong_usage_is_one_clear_line(loaded: Checkout, arguments: tuple[str, ...], text: str) -> None:
    path = str(paper())

    ran = authz("annex", *(path if word == "FILE" else word for word in arguments))

    assert (ran.status, ran.out) == (2, "")
    assert text in ran.err


def test_a_document_that_is_not_opened_has_one_problem(loaded: Checkout) -> None:
    Path("scan.docx").write_bytes(b"%PDF-1.7 scanned")

    ran = imported(Path("scan.docx"), "--json")

    assert ran.status == 1
    assert ran.json["problems"] == [
        {
            "code": "pdf",
            "table": None,
            "row": None,
            "column": None,
            "text": "a PDF; the Word document that was printed and signed is needed",
        }
    ]


def test_what_the_paper_leaves_open_is_a_note_and_no_problem(loaded: Checkout) -> None:
    from tests.annex.word import document, word_file

    boxes = [paragraph(control_box(Box.EMPTY), ANY), paragraph(control_box(Box.TICKED), DECLARED)]
    bare = word_file(document(paragraph("Anexa nr. 2"), *boxes, table([HEADINGS, ANA])))
    Path("bare.docx").write_bytes(bare)

    ran = imported(Path("bare.docx"))

    assert ran.status == 0
    assert "note: the document names no contract number" in ran.out
    assert "note: the document names no client" in ran.out
