"""The columns of the table of contacts, found by their headings in any order and any of the form's languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from authz.annex.body import Row, Table
from authz.annex.folding import folded

NAME: Final = "name"
ROLE: Final = "role"
FUNCTION: Final = "function"
EMAIL: Final = "email"
PHONE: Final = "phone"
LOGIN: Final = "login"
ATTRIBUTES: Final = "attributes"
IDENTIFIERS: Final = (EMAIL, PHONE, LOGIN)

_WRITTEN: Final[Mapping[str, tuple[str, ...]]] = {
    NAME: (
        "Nume și prenume", "Nume, prenume", "Numele și prenumele", "Nume complet", "Nume", "Numele", "Prenume și nume",
        "Prenume nume", "Prenumele și numele", "Persoana de contact", "Persoană de contact", "Nume persoană de contact",
        "Name", "Full name", "First and last name", "Name and surname", "Contact", "Contact person",
        "Nom", "Nom et prénom", "Nom, prénom", "Prénom et nom", "Nom complet",
        "Имя", "ФИО", "Ф.И.О.", "Имя и фамилия", "Фамилия и имя", "Фамилия, имя", "Фамилия, имя, отчество",
        "Ім'я", "ПІБ", "П.І.Б.", "Ім'я та прізвище", "Прізвище та ім'я", "Прізвище, ім'я", "Прізвище, ім'я, по батькові",
    ),
    ROLE: ("Rol", "Rolul", "Role", "Rôle", "Роль"),
    FUNCTION: (
        "Funcție", "Funcția", "Funcţie", "Function", "Position", "Job title", "Fonction", "Poste",
        "Должность", "Функция", "Посада", "Функція",
    ),
    EMAIL: (
        "E-mail", "Email", "Mail", "Adresă e-mail", "Adresa e-mail", "Adresă email", "Adresa de e-mail", "Adresa de email",
        "Adresă de e-mail", "Adresă de email", "E-mail address", "Email address", "Courriel", "Adresse e-mail",
        "Adresse de courriel", "Adresse électronique", "Электронная почта", "Эл. почта", "Адрес электронной почты", "Почта",
        "Електронна пошта", "Ел. пошта", "Адреса електронної пошти", "Пошта",
    ),
    PHONE: (
        "Număr telefon", "Număr de telefon", "Numărul de telefon", "Nr. telefon", "Nr. de telefon", "Nr telefon", "Nr. tel.",
        "Telefon", "Telefonul", "Tel.", "Mobil", "Telefon mobil", "Phone", "Telephone", "Phone number", "Telephone number",
        "Mobile", "Téléphone", "Numéro de téléphone", "N° de téléphone", "Телефон", "Номер телефона", "Номер телефону",
    ),
    LOGIN: (
        "Login", "Utilizator", "Nume de utilizator", "Nume utilizator", "User name", "Username", "Identifiant",
        "Nom d'utilisateur", "Логин", "Имя пользователя", "Логін", "Ім'я користувача",
    ),
    ATTRIBUTES: ("Alte mențiuni", "Further particulars", "Autres mentions", "Прочие сведения", "Інші відомості"),
}  # fmt: skip
_FIELDS: Final = {folded(heading): field for field, headings in _WRITTEN.items() for heading in headings}


class Column(NamedTuple):
    """One recognised column: the grid columns it covers, and its heading as printed."""

    field: str
    column: int
    span: int
    heading: str


class Heading(NamedTuple):
    """The heading row of a table of contacts. `doubled`: further columns with a heading that was there before."""

    row: int
    columns: tuple[Column, ...]
    doubled: tuple[Column, ...]

    def printed(self, field: str) -> str:
        """The heading of a field; the field's own name where there is no such column."""
        return next((column.heading for column in self.columns if column.field == field), field)


def heading_of(table: Table) -> Heading | None:
    """The first row that names at least name, role and one identifier; None: this is another table."""
    return next((heading for row in table.rows if (heading := heading_in(row)) is not None), None)


def heading_in(row: Row) -> Heading | None:
    """The row read as headings; None: it is none."""
    columns: dict[str, Column] = {}
    doubled: list[Column] = []
    for cell in row.cells:
        field = _FIELDS.get(folded(cell.text.partition("(")[0]))
        if field is None:
            continue
        column = Column(field, cell.column, cell.span, " ".join(cell.text.split()).rstrip("*: "))
        if columns.setdefault(field, column) is not column:
            doubled.append(column)
    if NAME not in columns or ROLE not in columns or not any(field in columns for field in IDENTIFIERS):
        return None
    return Heading(row.number, tuple(columns.values()), tuple(doubled))
