"""Files that are no honest Word document: each is refused with its own code, before anything of it is believed."""

from __future__ import annotations

import os
import resource
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from authz.annex import container
from authz.annex.container import LARGEST_FILE, LARGEST_PART, MOST_ENTRIES, Container, read_file
from authz.annex.problems import Code, Refused
from tests.annex.small import paper, read, said
from tests.annex.word import (
    W_NS,
    content_types,
    document,
    packed,
    paragraph,
    parts_of,
    row,
    table,
    word_file,
)

FILES = Path(__file__).parent / "files"
OLE = bytes.fromhex("d0cf11e0a1b11ae1")
HELLO = document(paragraph("hello"))
LAUGHS = (
    '<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)
OUTSIDE = '<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


def with_type(doctype: str) -> str:
    return HELLO.replace("?><w:document", f"?>{doctype}<w:document")


def twice(raw: bytes, name: str) -> bytes:
    """The archive with one part's name in it twice."""
    other = "x" * len(name)
    parts = {**parts_of(HELLO), other: HELLO}
    return packed(parts).replace(other.encode(), name.encode())


def locked(raw: bytes) -> bytes:
    """The archive with the bit set that says that a password protects it."""
    changed = bytearray(raw)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = changed.find(signature)
        while at >= 0:
            changed[at + offset] |= 1
            at = changed.find(signature, at + 4)
    return bytes(changed)


def lying(raw: bytes, stated: int) -> bytes:
    """The archive whose table of contents states that every part unpacks to `stated` bytes."""
    changed = bytearray(raw)
    at = changed.find(b"PK\x01\x02")
    while at >= 0:
        struct.pack_into("<L", changed, at + 24, stated)
        at = changed.find(b"PK\x01\x02", at + 4)
    return bytes(changed)


def many_rows(number: int) -> bytes:
    return word_file(document(table([row(["a"])] * number)))


HOSTILE: dict[str, tuple[bytes, Code]] = {
    "an empty file": (b"", Code.NOT_DOCX),
    "text": (b"Ana Pop, Admin", Code.NOT_DOCX),
    "RTF": (b"{\\rtf1\\ansi hello}", Code.NOT_DOCX),
    "a web page": (b"<html><body>hello</body></html>", Code.NOT_DOCX),
    "a photograph": (b"\xff\xd8\xff\xe0 JFIF", Code.NOT_DOCX),
    "a PDF": ((FILES / "printed.pdf").read_bytes(), Code.PDF),
    "a PDF with an archive behind it": (b"%PDF-1.7\n" + word_file(HELLO), Code.PDF),
    "a .doc": ((FILES / "legacy.doc").read_bytes(), Code.LEGACY_DOC),
    "an encrypted document": (OLE + b"\0" * 512 + "EncryptedPackage".encode("utf-16-le"), Code.ENCRYPTED),
    "an encrypted archive": (locked(word_file(HELLO)), Code.ENCRYPTED),
    "half a file": (word_file(HELLO)[:-40], Code.DAMAGED),
    "an OpenDocument text": (packed({"mimetype": "application/vnd.oasis.opendocument.text"}), Code.NOT_DOCX),
    "a workbook": (
        packed({**parts_of(HELLO), "[Content_Types].xml": content_types("application/vnd.ms-excel")}),
        Code.NOT_DOCX,
    ),
    "a macro document": (
        packed(
            {
                **parts_of(HELLO),
                "[Content_Types].xml": content_types("application/vnd.ms-word.document.macroEnabled.main+xml"),
            }
        ),
        Code.MACROS,
    ),
    "macros under a plain type": (word_file(HELLO, {"word/vbaProject.bin": b"\0"}), Code.MACROS),
    "a part twice": (twice(word_file(HELLO), "word/document.xml"), Code.DAMAGED),
    "a part twice in other case": (twice(word_file(HELLO), "word/DOCUMENT.xml"), Code.DAMAGED),
    "a part packed in another way": (packed(parts_of(HELLO), zipfile.ZIP_LZMA), Code.DAMAGED),
    "a picture that unpacks a thousandfold": (word_file(HELLO, {"word/media/a.bmp": b"\0" * (4 << 20)}), Code.ZIP_BOMB),
    "a body that unpacks a thousandfold": (word_file(document(paragraph(" " * (4 << 20)))), Code.ZIP_BOMB),
    "a body that is larger than it says": (lying(word_file(document(paragraph(" " * (4 << 20)))), 4000), Code.DAMAGED),
    "a body that says it is large": (lying(word_file(HELLO), 3 << 30), Code.ZIP_BOMB),
    "more parts than a document has": (
        word_file(HELLO, {f"word/media/{at}": b"" for at in range(MOST_ENTRIES)}),
        Code.ZIP_BOMB,
    ),
    "a body of too many bytes": (
        packed(parts_of(document(paragraph("".join(map(str, range(1_600_000)))))), zipfile.ZIP_STORED),
        Code.TOO_LARGE,
    ),
    "entities that grow": (word_file(with_type(LAUGHS)), Code.ENTITIES),
    "an entity from outside": (word_file(with_type(OUTSIDE)), Code.ENTITIES),
    "an entity in UTF-16": (word_file("", {"word/document.xml": with_type(OUTSIDE).encode("utf-16")}), Code.ENTITIES),
    "an entity in a part that is not read": (word_file(HELLO, {"docProps/app.xml": OUTSIDE + "<a/>"}), Code.ENTITIES),
    "an entity in the table of contents": (
        packed({**parts_of(HELLO), "[Content_Types].xml": OUTSIDE + content_types()}),
        Code.ENTITIES,
    ),
    "a body in another encoding": (word_file("", {"word/document.xml": HELLO.encode("utf-32")}), Code.DAMAGED),
    "a body that is not XML": (word_file("<w:document"), Code.DAMAGED),
    "a body nested too deeply": (word_file(document("<w:ins>" * 2000 + "</w:ins>" * 2000)), Code.DAMAGED),
    "a hundred thousand rows": (many_rows(100_000), Code.TOO_LARGE),
    "a hundred thousand small rows": (
        packed(parts_of(document("<w:tbl>" + "<w:tr/>" * 100_000 + "</w:tbl>")), zipfile.ZIP_STORED),
        Code.TOO_MANY_ROWS,
    ),
    "a few thousand rows": (many_rows(3_000), Code.TOO_MANY_ROWS),
    "a row of too many columns": (
        word_file(document(table([["a"] * 200]))),
        Code.TOO_MANY_ROWS,
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_is_no_honest_document_is_refused_with_its_own_code(name: str) -> None:
    raw, code = HOSTILE[name]

    form = read(raw)

    assert [problem.code for problem in form.problems] == [code], said(form)
    assert (form.lines, form.network, form.parties.annex_number) == ((), None, None)


def test_a_zip64_archive_is_no_document() -> None:
    raw = word_file(HELLO)
    end = raw.rfind(b"PK\x05\x06")
    widened = raw[:end] + b"PK\x06\x07" + b"\0" * 16 + raw[end:]

    assert [problem.code for problem in read(widened).problems] == [Code.ZIP_BOMB]


def test_the_name_of_a_file_with_macros_is_enough() -> None:
    assert [problem.code for problem in read(paper(), "annex.docm").problems] == [Code.MACROS]


def test_a_document_in_utf_16_is_read() -> None:
    raw = word_file("", {"word/document.xml": document(paragraph("Anexa nr. 7")).encode("utf-16")})

    assert read(raw).parties.annex_number == 7


def test_a_document_of_the_strict_form_is_read() -> None:
    strict = document(paragraph("Anexa nr. 7")).replace(W_NS, "http://purl.oclc.org/ooxml/wordprocessingml/main")

    assert read(word_file(strict)).parties.annex_number == 7


def test_nothing_outside_the_file_is_a_part_of_it() -> None:
    linked = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/header" '
        'Target="../../../etc/passwd"/><Relationship Id="s" TargetMode="External" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="http://a.example/x"/>'
        "</Relationships>"
    )

    form = read(word_file(document(paragraph("Anexa nr. 7")), {"word/_rels/document.xml.rels": linked}))

    assert form.parties.annex_number == 7


def test_a_file_is_read_up_to_its_limit_and_no_further(tmp_path: Path) -> None:
    large = tmp_path / "large.docx"
    with large.open("wb") as stream:
        stream.truncate(LARGEST_FILE + 1)

    with pytest.raises(Refused) as caught:
        read_file(large)

    assert caught.value.problem.code is Code.TOO_LARGE


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.docx"
    os.mkfifo(pipe)

    with pytest.raises(Refused) as caught:
        read_file(pipe)

    assert caught.value.problem.code is Code.NOT_DOCX


def test_a_part_whose_bytes_are_more_than_stated_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    archive = Container(word_file(HELLO))
    monkeypatch.setattr(container, "LARGEST_PART", 10)

    with pytest.raises(Refused) as caught:
        archive.part("word/document.xml")

    assert caught.value.problem.code is Code.TOO_LARGE
    assert LARGEST_PART > 10


@pytest.mark.slow
def test_every_hostile_file_costs_little_memory_and_little_work(tmp_path: Path) -> None:
    for at, (raw, _) in enumerate(HOSTILE.values()):
        (tmp_path / f"{at}.docx").write_bytes(raw)
    program = (
        "import sys; from pathlib import Path; from authz.annex.form import read_form\n"
        "from tests.annex.small import DEFINITION\n"
        "for file in sorted(Path(sys.argv[1]).iterdir()):\n"
        "    form = read_form(file.read_bytes(), file.name, DEFINITION)\n"
        "    assert len(form.problems) == 1, file\n"
    )

    def confined() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (512 << 20, 512 << 20))
        resource.setrlimit(resource.RLIMIT_CPU, (30, 30))

    ran = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=Path(__file__).parents[2],
        preexec_fn=confined,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ran.returncode, ran.stderr) == (0, "")
