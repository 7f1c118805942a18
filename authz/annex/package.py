"""The parts of a Word document as XML trees: no macros, no document types, no entities, nothing from outside."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Final, NamedTuple, TypeAlias

from lxml import etree

from authz.annex.container import Container
from authz.annex.problems import Code, Refused

Element: TypeAlias = etree._Element  # noqa: SLF001 - the only name lxml has for its elements

W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
W14: Final = "{http://schemas.microsoft.com/office/word/2010/wordml}"
MC: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"

_RELATIONSHIPS: Final = "{http://schemas.openxmlformats.org/package/2006/relationships}"
_CONTENT_TYPES: Final = "[Content_Types].xml"
_MAIN_TYPE: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_STRICT: Final = (
    ("http://purl.oclc.org/ooxml/wordprocessingml/main", W.strip("{}")),
    (
        "http://purl.oclc.org/ooxml/officeDocument/relationships",
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    ),
)
"""Word's "Strict Open XML" says the same under other names."""

_DECLARATION: Final = re.compile(r"\s*<\?xml[^>]*\?>")
_DOCTYPE: Final = re.compile(r"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)


class Package(NamedTuple):
    """The trees that hold text: the body, headers and footers, and the style sheet (None: there is none)."""

    document: Element
    margins: tuple[Element, ...]
    styles: Element | None


def open_package(container: Container) -> Package:
    """The document's trees.

    Raises:
        Refused: macros, a document type or entities, another kind of document, or damage.
    """
    types = _tree(container, _CONTENT_TYPES)
    _refuse_macros(container, types)
    _refuse_document_types(container)
    main = _main_part(container)
    stated = {element.get("PartName", "").lower(): element.get("ContentType", "") for element in types}
    if stated.get(f"/{main}".lower()) != _MAIN_TYPE:
        raise Refused(Code.NOT_DOCX, "not a Word document (.docx)")
    related = _related(container, main)
    margins = [name for kind, name in related if kind in ("header", "footer") and container.has(name)]
    styles = next((name for kind, name in related if kind == "styles" and container.has(name)), None)
    return Package(
        _tree(container, main),
        tuple(_tree(container, name) for name in margins),
        None if styles is None else _tree(container, styles),
    )


def _refuse_macros(container: Container, types: Element) -> None:
    stated = [element.get("ContentType", "").lower() for element in types]
    if any("macroenabled" in kind or "vbaproject" in kind for kind in stated) or any(
        PurePosixPath(name.lower()).name.startswith("vba") for name in container.names
    ):
        raise Refused(Code.MACROS, "a document with macros; save it as .docx")


def _refuse_document_types(container: Container) -> None:
    """No part of an honest document begins with a document type; so those that are not read may not have one either."""
    for name in container.names:
        if name.lower().endswith((".xml", ".rels")):
            head = container.head(name).replace(b"\0", b"")
            if _DOCTYPE.search(head.decode("latin-1")):
                raise Refused(Code.ENTITIES, f"the part `{name}` declares a document type or entities")


def _main_part(container: Container) -> str:
    for element in _tree(container, "_rels/.rels"):
        if element.tag == f"{_RELATIONSHIPS}Relationship" and element.get("Type", "").endswith("/officeDocument"):
            return str(element.get("Target", "")).lstrip("/")
    raise Refused(Code.NOT_DOCX, "not a Word document (.docx)")


def _related(container: Container, main: str) -> list[tuple[str, str]]:
    """(kind, part) of what the main part refers to inside the file."""
    place = PurePosixPath(main)
    rels = f"{place.parent}/_rels/{place.name}.rels" if len(place.parts) > 1 else f"_rels/{place.name}.rels"
    if not container.has(rels):
        return []
    found = []
    for element in _tree(container, rels):
        target = element.get("Target", "")
        if element.get("TargetMode") != "External" and target:
            name = target.lstrip("/") if target.startswith("/") else str(place.parent / target)
            found.append((element.get("Type", "").rpartition("/")[2], name))
    return found


def _tree(container: Container, name: str) -> Element:
    text = _text(container.part(name), name)
    if _DOCTYPE.search(text):
        raise Refused(Code.ENTITIES, f"the part `{name}` declares a document type or entities")
    for strict, usual in _STRICT:
        text = text.replace(strict, usual)
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        raise Refused(Code.DAMAGED, f"the part `{name}` is not well-formed XML") from error


def _text(raw: bytes, name: str) -> str:
    """The part's text without its declaration: UTF-8 or UTF-16 (as the standard wants), whatever it declares."""
    utf16 = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = raw.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(Code.DAMAGED, f"the part `{name}` is neither UTF-8 nor UTF-16") from error
    return _DECLARATION.sub("", text, count=1)
