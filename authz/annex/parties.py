"""The numbers and names that a signed document bears: annex, contract, client, representative."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import Final, NamedTuple

from authz.annex.body import Body, Table
from authz.annex.choice import has_choice
from authz.annex.columns import heading_of
from authz.annex.folding import filled_in, folded
from authz.annex.problems import Code, DocumentProblem

LONGEST_TEXT: Final = 200
HIGHEST_NUMBER: Final = 2**31 - 1
_MOST_DIGITS: Final = 10

_SIGN: Final = r"(?:nr|no|n[°ºo]|num[aă]r(?:ul)?|num[eé]ro|number|№|#)\s*[.:]*\s*"
_ANNEX: Final = re.compile(
    rf"(?<![^\W\d_])(?:anex[aă]|annexe?|приложение|додаток)(?:\s*{_SIGN}|\s+(?=\d))(?P<number>[^\s,;:()]*\d[^\s,;:()]*)?",
    re.IGNORECASE,
)
_CONTRACT: Final = re.compile(
    rf"\b(?:contract(?:ul|ului)?|contrat|догов[оі]р[уа]?|контракт[уа]?)\s+(?:[^\W\d]+\s+){{0,5}}?{_SIGN}(?P<number>.*)",
    re.IGNORECASE,
)
_AFTER_CONTRACT: Final = re.compile(
    r"(?:anex[aă]|annexe?|приложение|додаток)\b|\b(?:din|dated|from|du|от|від)\b|[,;]", re.IGNORECASE
)
_FIRST_CLAUSE: Final = re.compile(r"\s*1\s*\.\s+\S")
_CLIENT: Final = frozenset(
    map(folded, ("Client", "Clientul", "Beneficiar", "Заказчик", "Клиент", "Клієнт", "Замовник"))
)
_PLACEHOLDERS: Final = frozenset(
    map(folded, ("Nume companie", "nume reprezentant", "Company name", "Name of the representative"))
)
_LEGAL_FORMS: Final = frozenset(
    "sc srl sa srld ra pfa ii gmbh ltd llc inc plc sarl sas sasu eurl ooo ооо ип зао ао оао тов фоп пп ат".split()  # noqa: SIM905
)
_DOTTED: Final = re.compile(r"(?<=\b\w)\.(?=\w\b)")


class Parties(NamedTuple):
    """What the document says of itself; texts are empty and the number None where it says nothing that can be read."""

    annex_number: int | None
    contract_number: str
    client: str
    representative: str


def read_parties(body: Body) -> tuple[Parties, list[DocumentProblem]]:
    """Numbers from headers, footers and title; names from the table of signatures."""
    problems: list[DocumentProblem] = []
    lines = list(map(filled_in, _title_lines(body)))
    if not any(match["number"] for line in lines if (match := _ANNEX.search(line))):
        lines = list(map(filled_in, _all_lines(body)))
    number = _annex_number(lines, problems)
    contract = _contract_number(lines, problems)
    client, representative = _signatory(body.tables)
    for what, text in (("the client's name", client), ("the representative's name", representative)):
        if len(text) > LONGEST_TEXT or not text.isprintable():
            problems.append(DocumentProblem(Code.CLIENT, f"{what} is too long, or holds what cannot be seen"))
    return Parties(number, contract, client, representative), problems


def same_client(stated: str, registered: str) -> bool:
    """Whether two company names can mean the same company: one's words, legal form aside, are all among the other's."""
    one, other = _name_words(stated), _name_words(registered)
    return bool(one and other) and (one <= other or other <= one)


def _name_words(name: str) -> frozenset[str]:
    words = frozenset(folded(_DOTTED.sub("", name)).split())
    return words - _LEGAL_FORMS or words


def _title_lines(body: Body) -> Iterator[str]:
    """Headers and footers, and the document up to its first clause."""
    for margin in body.margins:
        yield from margin.split("\n")
    before_contacts = takewhile(lambda block: isinstance(block, str) or heading_of(block) is None, body.blocks)
    yield from takewhile(
        lambda line: _FIRST_CLAUSE.match(line) is None and not has_choice(line), _lines_of(before_contacts)
    )


def _all_lines(body: Body) -> Iterator[str]:
    for margin in body.margins:
        yield from margin.split("\n")
    yield from _lines_of(body.blocks)


def _lines_of(blocks: Iterable[str | Table]) -> Iterator[str]:
    for block in blocks:
        if isinstance(block, str):
            yield from block.split("\n")
        else:
            yield from (line for row in block.rows for cell in row.cells for line in cell.text.split("\n"))


def _annex_number(lines: Iterable[str], problems: list[DocumentProblem]) -> int | None:
    """The first number of each line counts: `annex 3, in place of annex 2` is annex 3."""
    matches = (_ANNEX.search(line) for line in lines)
    stated = dict.fromkeys(match["number"].strip(".-") for match in matches if match is not None and match["number"])
    if not stated:
        problems.append(DocumentProblem(Code.ANNEX_NUMBER, "the annex bears no number"))
        return None
    numbers = {int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else 0 for text in stated}
    shown = " and ".join(f"`{text}`" for text in stated)
    if len(numbers) > 1:
        problems.append(DocumentProblem(Code.ANNEX_NUMBER, f"the annex bears different numbers: {shown}"))
        return None
    number = numbers.pop()
    if not 0 < number <= HIGHEST_NUMBER:
        problems.append(DocumentProblem(Code.ANNEX_NUMBER, f"the annex's number {shown} is no whole number from 1"))
        return None
    return number


def _contract_number(lines: Iterable[str], problems: list[DocumentProblem]) -> str:
    found: dict[str, str] = {}
    for line in lines:
        match = _CONTRACT.search(line)
        text = _AFTER_CONTRACT.split(match["number"])[0].strip(" .:-") if match is not None else ""
        if any(char.isdigit() for char in text):
            found.setdefault("".join(text.split()).casefold(), text)
    if len(found) > 1:
        shown = " and ".join(f"`{text}`" for text in found.values())
        problems.append(DocumentProblem(Code.CONTRACT_NUMBER, f"the contract bears different numbers: {shown}"))
    number = next(iter(found.values()), "")
    if len(number) > LONGEST_TEXT or not number.isprintable():
        problems.append(DocumentProblem(Code.CONTRACT_NUMBER, "the contract's number is too long to be one"))
        return ""
    return number


def _signatory(tables: Iterable[Table]) -> tuple[str, str]:
    """The client's name and representative: first and last line below the word `Client` in the table of signatures."""
    for table in reversed(list(tables)):
        for row in table.rows:
            at = next((cell.column for cell in row.cells if folded(cell.text) in _CLIENT), None)
            if at is None:
                continue
            below = [_filled(cell.text) for one in table.rows[row.number :] for cell in one.cells if cell.column == at]
            if below:
                return below[0], below[-1] if len(below) > 1 else ""
    return "", ""


def _filled(text: str) -> str:
    said = " ".join(filled_in(text).split()).strip()
    return "" if folded(said) in _PLACEHOLDERS else said
