"""The file around a Word document: a zip archive of parts. Everything is measured before anything is unpacked.

Whatever is not plainly a .docx is refused with a code of its own. No part is ever written to disk, no link followed,
nothing outside the file fetched.
"""

from __future__ import annotations

import io
import os
import stat
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Final

from authz.annex.problems import Code, Refused

LARGEST_FILE: Final = 20 << 20
MOST_ENTRIES: Final = 1_000
LARGEST_UNPACKED: Final = 256 << 20
LARGEST_PART: Final = 8 << 20
"""Bytes, unpacked, of a part that is read (the text itself; pictures are not read)."""
HIGHEST_RATIO: Final = 500
_RATIO_COUNTS_FROM: Final = 1 << 20
_LARGEST_DIRECTORY: Final = 256 << 10
_HEAD: Final = 4_096

_ZIP: Final = b"PK\x03\x04"
_OLE: Final = bytes.fromhex("d0cf11e0a1b11ae1")
_END: Final = b"PK\x05\x06"
_END_LENGTH: Final = 22
_ZIP64_LOCATOR: Final = b"PK\x06\x07"
_ZIP64_LOCATOR_LENGTH: Final = 20
_ENCRYPTED_BIT: Final = 0x1
_OPEN_FLAGS: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
_FORMS: Final = ((b"{\\rtf", "an RTF document"), (b"<", "a web page or XML file"), (b"\xff\xd8\xff", "a picture"))


def read_file(path: Path) -> bytes:
    """The file's bytes, at most `LARGEST_FILE`.

    Raises:
        OSError: it cannot be read.
        Refused: it is too large, or no ordinary file.
    """
    with os.fdopen(os.open(path, _OPEN_FLAGS), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise Refused(Code.NOT_DOCX, "not an ordinary file")
        raw = stream.read(LARGEST_FILE + 1)
    if len(raw) > LARGEST_FILE:
        raise Refused(Code.TOO_LARGE, f"larger than {LARGEST_FILE >> 20} MiB")
    return raw


class Container:
    """The parts of one .docx file, read one by one and only where asked for."""

    def __init__(self, raw: bytes, name: str = "") -> None:
        """Check the archive's form and measures.

        Raises:
            Refused: it is something else than a .docx, or nothing to open.
        """
        _refuse_other_forms(raw)
        if name.lower().endswith((".docm", ".dotm")):
            raise Refused(Code.MACROS, "a document with macros; save it as .docx")
        _measure_directory(raw)
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(raw))
        except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, struct.error) as error:
            raise Refused(Code.DAMAGED, "the file is damaged: its archive cannot be opened") from error
        self._entries = _checked_entries(self._archive)

    @property
    def names(self) -> list[str]:
        """Every part's name, as stored."""
        return [entry.filename for entry in self._entries.values()]

    def has(self, name: str) -> bool:
        """Whether there is a part of that name (upper and lower case alike, as in the standard)."""
        return name.lower() in self._entries

    def part(self, name: str) -> bytes:
        """A part's bytes, at most `LARGEST_PART`.

        Raises:
            Refused: it is not there, too large, or damaged.
        """
        entry = self._entries.get(name.lower())
        if entry is None:
            raise Refused(Code.NOT_DOCX, f"not a Word document: it has no part `{name}`")
        if entry.file_size > LARGEST_PART:
            raise Refused(
                Code.TOO_LARGE,
                f"the part `{name}` is larger than {LARGEST_PART >> 20} MiB unpacked: no list of contacts",
            )
        content = self._read(entry, LARGEST_PART + 1)
        if len(content) > LARGEST_PART:
            raise Refused(Code.ZIP_BOMB, f"the part `{name}` is larger than the archive says")
        return content

    def head(self, name: str) -> bytes:
        """The first bytes of a part, enough to see how it begins."""
        return self._read(self._entries[name.lower()], _HEAD)

    def _read(self, entry: zipfile.ZipInfo, most: int) -> bytes:
        try:
            with self._archive.open(entry) as stream:
                return stream.read(most)
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, OSError) as error:
            raise Refused(Code.DAMAGED, f"the part `{entry.filename}` is damaged") from error
        except RuntimeError as error:  # what zipfile raises for a password
            raise Refused(Code.ENCRYPTED, "the archive is protected by a password") from error


def _refuse_other_forms(raw: bytes) -> None:
    if raw.startswith(_ZIP):
        return
    if not raw:
        raise Refused(Code.NOT_DOCX, "the file is empty")
    if b"%PDF-" in raw[:1024]:
        raise Refused(Code.PDF, "a PDF; the Word document that was printed and signed is needed")
    if raw.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in raw:
            raise Refused(Code.ENCRYPTED, "protected by a password; save it without one")
        raise Refused(Code.LEGACY_DOC, "a document of the old form .doc; save it as .docx")
    for begin, words in _FORMS:
        if raw.lstrip().startswith(begin):
            raise Refused(Code.NOT_DOCX, f"{words}, not a Word document (.docx)")
    raise Refused(Code.NOT_DOCX, "not a Word document (.docx)")


def _measure_directory(raw: bytes) -> None:
    """What the archive says of its table of contents, before anybody builds a table from it."""
    begin = max(0, len(raw) - _END_LENGTH - 0xFFFF)
    end = raw.rfind(_END, begin)
    if end < 0 or end + _END_LENGTH > len(raw):
        raise Refused(Code.DAMAGED, "the file is cut off: its archive has no end")
    entries, size = struct.unpack_from("<HL", raw, end + 10)
    locator = end - _ZIP64_LOCATOR_LENGTH
    if raw[max(0, locator) : max(0, locator) + 4] == _ZIP64_LOCATOR or entries > MOST_ENTRIES:
        raise Refused(Code.ZIP_BOMB, f"an archive of more than {MOST_ENTRIES} parts")
    if size > _LARGEST_DIRECTORY:
        raise Refused(Code.ZIP_BOMB, "an archive whose table of contents is too large")


def _checked_entries(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The parts by name in lower case, when their stated measures are those of a document."""
    entries: dict[str, zipfile.ZipInfo] = {}
    for entry in archive.infolist():
        if entries.setdefault(entry.filename.lower(), entry) is not entry:
            raise Refused(Code.DAMAGED, f"the part `{entry.filename}` is there twice")
        if entry.flag_bits & _ENCRYPTED_BIT:
            raise Refused(Code.ENCRYPTED, "the archive is protected by a password")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Refused(Code.DAMAGED, f"the part `{entry.filename}` is packed in a way that Word does not use")
        if entry.file_size > max(_RATIO_COUNTS_FROM, entry.compress_size * HIGHEST_RATIO):
            raise Refused(Code.ZIP_BOMB, f"the part `{entry.filename}` unpacks to more than {HIGHEST_RATIO} times")
    if len(entries) > MOST_ENTRIES:
        raise Refused(Code.ZIP_BOMB, f"an archive of more than {MOST_ENTRIES} parts")
    if sum(entry.file_size for entry in entries.values()) > LARGEST_UNPACKED:
        raise Refused(Code.ZIP_BOMB, f"an archive of more than {LARGEST_UNPACKED >> 20} MiB unpacked")
    return entries
