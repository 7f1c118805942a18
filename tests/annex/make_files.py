"""Makes the documents in tests/annex/files with LibreOffice: `python -m tests.annex.make_files`; it needs `soffice`.

Each is written as a flat OpenDocument text (or as a Word document of our own making) and saved by LibreOffice as .docx,
so that its inside is LibreOffice's and not ours. The saved documents are committed; the tests need no LibreOffice.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Final

from tests.annex.test_write import written as exported
from tests.annex.word import Box, control_box, document, form_field_box, paragraph, table, word_file

FILES: Final = Path(__file__).parent / "files"
ANY: Final = "De la orice IP (acces pe baza de user si parola)"
DECLARED: Final = "De la IP-urile  declarate in centrala CallTrack (accesul este permis doar de la aceste IP-uri"
HEADINGS: Final = ("Nume si Prenume", "Rol*", "Functie", "Email", "Numar telefon")
PEOPLE: Final = (
    ("Ana Pop", "Admin", "IT manager", "ana@acme.example", "+40213000001"),
    ("Ștefan Țară", "supervisor", "Șef de tură", "stefan.tara@acme.example", "021 300 0002"),
    ("Ioana Dinu", "USER", "", "Ioana@ACME.example", ""),
)

_ODF: Final = "urn:oasis:names:tc:opendocument:xmlns"
_NAMESPACES: Final = (
    f'xmlns:office="{_ODF}:office:1.0" xmlns:text="{_ODF}:text:1.0" xmlns:table="{_ODF}:table:1.0" '
    f'xmlns:style="{_ODF}:style:1.0" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:loext="urn:org:documentfoundation:names:experimental:office:xmlns:loext:1.0" '
    'xmlns:field="urn:openoffice:names:experimental:ooo-ms-interop:xmlns:field:1.0"'
)


def glyph(ticked: bool) -> str:
    """A box as a character."""
    return "☒" if ticked else "☐"


def native_control(ticked: bool) -> str:
    """LibreOffice's own content control, a check box."""
    return (
        f'<loext:content-control loext:checkbox="true" loext:checked="{str(ticked).lower()}" '
        f'loext:checked-state="☒" loext:unchecked-state="☐">{glyph(ticked)}</loext:content-control>'
    )


def native_field(ticked: bool) -> str:
    """LibreOffice's own form field, a check box."""
    return (
        '<field:fieldmark text:name="" field:type="vnd.oasis.opendocument.field.FORMCHECKBOX">'
        f'<field:param field:name="Checkbox_Checked" field:value="{str(ticked).lower()}"/></field:fieldmark>'
    )


def p(inner: str) -> str:
    return f"<text:p>{inner}</text:p>"


def flat_table(rows: Iterable[Sequence[str]], columns: int) -> str:
    """Rows of cells; `>` covered by the cell to the left, `^` by the cell above."""
    grid = [list(row) for row in rows]
    body = []
    for at, row in enumerate(grid):
        cells = []
        for place, text in enumerate(row):
            if text in (">", "^"):
                cells.append("<table:covered-table-cell/>")
                continue
            wide = 1 + next((n for n, one in enumerate(row[place + 1 :]) if one != ">"), len(row) - place - 1)
            below = [one[place] for one in grid[at + 1 :]]
            high = 1 + next((n for n, one in enumerate(below) if one != "^"), len(below))
            span = f' table:number-columns-spanned="{wide}" table:number-rows-spanned="{high}"'
            lines = "".join(p(line if line.startswith("<") else escape(line)) for line in text.split("\n"))
            cells.append(f'<table:table-cell office:value-type="string"{span}>{lines}</table:table-cell>')
        body.append(f"<table:table-row>{''.join(cells)}</table:table-row>")
    return f'<table:table><table:table-column table:number-columns-repeated="{columns}"/>{"".join(body)}</table:table>'


def flat_document(blocks: Iterable[str], header: str) -> str:
    """A flat OpenDocument text with that page header."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document {_NAMESPACES} office:version="1.3" '
        'office:mimetype="application/vnd.oasis.opendocument.text"><office:automatic-styles>'
        '<style:style style:name="Struck" style:family="text"><style:text-properties '
        'style:text-line-through-style="solid" style:text-line-through-type="single"/></style:style>'
        '<style:page-layout style:name="pm"><style:header-style/></style:page-layout></office:automatic-styles>'
        '<office:master-styles><style:master-page style:name="Standard" style:page-layout-name="pm">'
        f"<style:header>{p(escape(header))}</style:header></style:master-page></office:master-styles>"
        f"<office:body><office:text>{''.join(blocks)}</office:text></office:body></office:document>"
    )


def permissions() -> str:
    """Tabel 1, as far as it matters here: a table that is not the one of contacts."""
    rows = [("Tags & Permissions", "Admin", "Supervisor", "User"), ("Error Report", "Allow", "Allow", "Allow")]
    return flat_table(rows, 4)


def signatures(client: str = "Acme Distribution S.R.L.", representative: str = "Maria Pop") -> str:
    rows = [
        ("FURNIZOR", "CLIENT"),
        ("Furnizor Exemplu S.R.L.", client),
        ("Director Vânzări", "Administrator"),
        ("Alexandru Exemplu\n____________________", f"{representative}\n____________________"),
    ]
    return flat_table(rows, 2)


def form(
    contacts: str,
    boxes: tuple[str, str],
    header: str = "Contract nr. _12/2025__Anexa nr. _3_",
    title: str = "ANEXA NR. _3_ la",
) -> str:
    """The whole form with its own numbers, boxes and contacts."""
    blocks = [
        p("PERSOANE DE CONTACT AUTORIZATE ALE CLIENTULUI"),
        p(escape(title)),
        p("CONTRACTUL SaaS nr. __12/2025__"),
        p("1. Inregistrarea persoanelor de contact autorizate"),
        p("1.7. Accesul la aplicatie este permis:"),
        p(f"{boxes[0]} {escape(ANY)}"),
        p(f"{boxes[1]} {escape(DECLARED)}"),
        p("3. Roluri si permisiuni in aplicatia de ticketing"),
        permissions(),
        p("4. Persoane de contact autorizate in aplicatia de ticketing"),
        contacts,
        p("* Rol = Admin, Supervisor sau User"),
        signatures(),
    ]
    return flat_document(blocks, header)


def plain_contacts(people: Sequence[Sequence[str]] = PEOPLE) -> str:
    return flat_table([HEADINGS, *people, *[("",) * 5] * 4], 5)


def merged_contacts() -> str:
    """Another order of columns, diacritics, a title, groups, a vertical merge, remarks, blank rows, numbered rows."""
    rows = [
        ("Lista persoanelor de contact", *[">"] * 5),
        ("Nr. crt.", "Adresă de e-mail", "Număr de telefon", "Nume și prenume", "Funcție", "Rol (Admin, User)"),
        ("Departamentul IT", *[">"] * 5),
        ("1.", "ana@acme.example", "+40213000001", "Ana Pop", "IT manager", "Admin"),
        ("2.", "radu@acme.example", "—", "Radu Marin", "^", "Admin"),
        ("3.", "", "", "", "", ""),
        ("Depozit", *[">"] * 5),
        ("4.", "ioana@acme.example", "", "Ioana Dinu", "-", "User"),
        ("", "", "", "", "", ""),
        ("* se completează cu majuscule", *[">"] * 5),
    ]  # fmt: skip
    return flat_table(rows, 6)


def bad_contacts() -> str:
    people = (
        ("Ana Pop", "Admim", "", "ana@acme.example\nana.pop@acme.example", "+40213000001"),
        ("", "User", "", "dan@acme.example", "021 300 0002 / 0722 000 003"),
        ("Radu Marin", "Admin", "", "radu@acme", "12"),
        ("Ioana Dinu", "User", "", "dan@acme.example", ""),
        ("Silvia Tudor", "User", "", "", ""),
    )
    return plain_contacts(people)


def with_email(markup: str) -> str:
    """The contacts, the first one's address as that markup."""
    return plain_contacts([(*PEOPLE[0][:3], markup, PEOPLE[0][4]), *PEOPLE[1:]])


def ticked_by_a_change() -> str:
    """A box ticked by an insertion that nobody has accepted yet."""
    mark = '<text:change-{0} text:change-id="c1"/>'
    changes = (
        '<text:tracked-changes><text:changed-region text:id="c1"><text:insertion><office:change-info><dc:creator>A'
        "</dc:creator><dc:date>2026-01-01T00:00:00</dc:date></office:change-info></text:insertion>"
        "</text:changed-region></text:tracked-changes>"
    )
    made = form(plain_contacts(), (f"{mark.format('start')}☒{mark.format('end')}", "☐"))
    return made.replace("<office:text>", f"<office:text>{changes}", 1)


def sources() -> dict[str, tuple[str, str | bytes]]:
    """Name of the file to make -> (suffix, content) of what LibreOffice is to open."""
    link = '<text:a xlink:href="mailto:ana@acme.example">ana@acme.example</text:a>'
    linked = [("Ana Pop", "Admin", "IT manager", link, "+40213000001"), *PEOPLE[1:]]
    word_boxes = document(
        paragraph("Contract nr. 12/2025 Anexa nr. 3"),
        paragraph(control_box(Box.TICKED), f" {ANY}"),
        paragraph(form_field_box(Box.EMPTY), f" {DECLARED}"),
        table([HEADINGS, *PEOPLE]),
    )
    flat = {
        "glyphs.docx": form(plain_contacts(), (glyph(False), glyph(True))),
        "content-controls.docx": form(plain_contacts(), (native_control(True), native_control(False))),
        "form-fields.docx": form(plain_contacts(), (native_field(False), native_field(True))),
        "links.docx": form(plain_contacts(linked), (glyph(True), glyph(False))),
        "merged.docx": form(merged_contacts(), (glyph(False), glyph(True))),
        "none-ticked.docx": form(plain_contacts(), (native_control(False), native_control(False))),
        "both-ticked.docx": form(plain_contacts(), (native_field(True), native_field(True))),
        "not-filled-in.docx": form(
            plain_contacts(()), (glyph(False),) * 2, "Contract nr. ________Anexa nr. ___", "ANEXA NR. ____ la"
        ),
        "bad-contacts.docx": form(bad_contacts(), (glyph(False), glyph(True))),
        "two-numbers.docx": form(plain_contacts(), (glyph(False), glyph(True)), "Contract nr. 14/2025 Anexa nr. 4"),
        "struck-out.docx": form(
            with_email('<text:span text:style-name="Struck">ana@acme.example</text:span>'), (glyph(False), glyph(True))
        ),
        "footnote.docx": form(
            with_email(
                '<text:span/>ana@acme.example<text:note text:id="f" text:note-class="footnote"><text:note-citation>1'
                "</text:note-citation><text:note-body><text:p>until June</text:p></text:note-body></text:note>"
            ),
            (glyph(False), glyph(True)),
        ),
        "split-table.docx": form(
            plain_contacts(PEOPLE[:1]) + p("") + flat_table(PEOPLE[1:], 5), (glyph(False), glyph(True))
        ),
        "ticked-by-a-change.docx": ticked_by_a_change(),
        "legacy.doc": form(plain_contacts(), (glyph(False), glyph(True))),
        "printed.pdf": form(plain_contacts(), (glyph(False), glyph(True))),
    }  # fmt: skip
    made: dict[str, tuple[str, str | bytes]] = {name: (".fodt", text) for name, text in flat.items()}
    made["word-saved-again.docx"] = (".docx", word_file(word_boxes))
    made["export-saved-again.docx"] = (".docx", exported("ro"))
    return made


def main(wanted: Sequence[str]) -> None:
    """Make the named files, or all of them."""
    FILES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, (suffix, content) in sources().items():
            if wanted and name not in wanted:
                continue
            source = Path(folder) / f"{Path(name).stem}{suffix}"
            source.write_bytes(content if isinstance(content, bytes) else content.encode())
            kind = Path(name).suffix.lstrip(".")
            subprocess.run(
                [
                    "soffice",
                    "--headless",
                    f"-env:UserInstallation=file://{folder}/profile",
                    "--convert-to",
                    {"docx": "docx:MS Word 2007 XML"}.get(kind, kind),
                    "--outdir",
                    str(FILES),
                    str(source),
                ],
                check=True,
                capture_output=True,
            )


if __name__ == "__main__":
    main(sys.argv[1:])
