"""One tenant of a registry file, checked by itself against its policy set (DESIGN sections 4 and 5).

What stands in the database already is `registry.writing`'s to compare.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from itertools import pairwise
from typing import Final, TypeVar

from authz.core.definition import PolicySet
from authz.core.types import ContactState, NetworkChoice, SubjectKey
from authz.registry.attributes import checked_attributes
from authz.registry.entries import AnnexEntry, ContactEntry, ResourceEntry, TenantEntry
from authz.registry.findings import Findings, Path, hint, in_words
from authz.registry.identifiers import canonical_email, canonical_login, canonical_phone

TENANT_MEMBERS: Final = ("id", "set", "name", "languages", "attributes", "annexes", "resources")
ANNEX_MEMBERS: Final = ("number", "signed_on", "effective_from", "network", "document_sha256", "contacts")
CONTACT_MEMBERS: Final = ("name", "role", "function", "email", "phone", "login", "state", "attributes")
RESOURCE_MEMBERS: Final = ("type", "id", "attributes")

LONGEST_NAME: Final = 200
LONGEST_ID: Final = 64
LONGEST_RESOURCE_ID: Final = 200
HIGHEST_NUMBER: Final = 2**31 - 1

Word = TypeVar("Word", bound=StrEnum)

_TENANT_ID: Final = re.compile(r"[a-z0-9-]+")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_ISO_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def check_tenant(stated: object, sets: Mapping[str, PolicySet], findings: Findings) -> TenantEntry | None:
    """The tenant as an entry, or None when even its id or policy set cannot be told. Notes every problem.

    Args:
        sets: every policy set there is, by id.
    """
    members = findings.mapping((), stated, TENANT_MEMBERS, ("id", "set", "name"))
    tenant_id = _tenant_id(findings, members.get("id"), sets)
    definition = _definition(findings, members.get("set"), sets)
    name = findings.text(("name",), members.get("name"), LONGEST_NAME)
    languages = _languages(findings, members.get("languages"))
    if definition is None:
        return None
    checker = _TenantChecker(definition, findings)
    entry = TenantEntry(
        tenant_id,
        definition.id,
        name,
        languages,
        checked_attributes(findings, ("attributes",), members.get("attributes"), "tenant", definition.attributes),
        checker.annexes(members.get("annexes")),
        checker.resources(members.get("resources")),
    )
    return entry if tenant_id else None


class _TenantChecker:
    """Checks the parts of a tenant against its set."""

    def __init__(self, definition: PolicySet, findings: Findings) -> None:
        self._set = definition
        self._findings = findings
        self._readers: tuple[tuple[str, Callable[[str], str]], ...] = (
            ("email", canonical_email),
            ("phone", lambda text: canonical_phone(text, definition.phone_region)),
            ("login", canonical_login),
        )

    def annexes(self, stated: object) -> tuple[AnnexEntry, ...]:
        path: Path = ("annexes",)
        found = []
        for position, one in enumerate(self._findings.sequence(path, stated)):
            entry = self._annex((*path, position), one, position)
            if entry is not None:
                found.append(((*path, position), entry))
        found.sort(key=lambda placed: placed[1].number)
        for (_, before), (place, after) in pairwise(found):
            for problem in out_of_order(before, after):
                self._findings.add(place, problem)
        return tuple(entry for _, entry in found)

    def _annex(self, path: Path, stated: object, position: int) -> AnnexEntry | None:
        findings = self._findings
        members = findings.mapping(path, stated, ANNEX_MEMBERS, ANNEX_MEMBERS[:4])
        number = _number(findings, (*path, "number"), members.get("number"))
        signed_on = _date(findings, (*path, "signed_on"), members.get("signed_on"))
        effective_from = _date(findings, (*path, "effective_from"), members.get("effective_from"))
        network = _word(findings, (*path, "network"), members.get("network"), NetworkChoice)
        document = members.get("document_sha256", "")
        if "document_sha256" in members and not (isinstance(document, str) and _SHA256.fullmatch(document)):
            findings.add(
                (*path, "document_sha256"), "expected a SHA-256 of 64 lower-case hexadecimal digits, in quotes"
            )
        contacts = self._contacts((*path, "contacts"), members.get("contacts"))
        if number is None or signed_on is None or effective_from is None or network is None:
            return None
        return AnnexEntry(number, signed_on, effective_from, network, str(document), contacts, position)

    def _contacts(self, path: Path, stated: object) -> tuple[ContactEntry, ...]:
        found = []
        seen: dict[SubjectKey, int] = {}
        for position, one in enumerate(self._findings.sequence(path, stated)):
            entry = self._contact((*path, position), one)
            found.append(entry)
            for key in entry.keys:
                first = seen.setdefault(key, position)
                if first != position:
                    kind = _kind_of(entry, key)
                    self._findings.add(
                        (*path, position, kind), f"this {kind} is already that of contact {first + 1} of the annex"
                    )
        return tuple(found)

    def _contact(self, path: Path, stated: object) -> ContactEntry:
        findings = self._findings
        members = findings.mapping(path, stated, CONTACT_MEMBERS, ("name", "role"))
        ids = self._identifiers(path, members)
        if members and not any(kind in members for kind in ("email", "phone", "login")):
            findings.add(path, "one of `email`, `phone`, `login` is missing")
        state = ContactState.ACTIVE
        if "state" in members:
            state = _word(findings, (*path, "state"), members["state"], ContactState) or state
        return ContactEntry(
            findings.text((*path, "name"), members.get("name"), LONGEST_NAME),
            self._role((*path, "role"), members.get("role")),
            findings.text((*path, "function"), members.get("function"), LONGEST_NAME),
            ids.get("email"),
            ids.get("phone"),
            ids.get("login"),
            checked_attributes(
                findings, (*path, "attributes"), members.get("attributes"), "subject", self._set.attributes
            ),
            state,
        )

    def _identifiers(self, path: Path, members: Mapping[str, object]) -> dict[str, str]:
        found = {}
        for kind, read in self._readers:
            if kind not in members:
                continue
            text = self._findings.text((*path, kind), members.get(kind), LONGEST_NAME * 2)
            if not text:
                continue
            try:
                found[kind] = read(text)
            except ValueError as error:
                self._findings.add((*path, kind), f"`{text}`: {error}")
        if found.get("login") in self._set.roles:
            self._findings.add((*path, "login"), f"`{found['login']}` is the name of a role")
        return found

    def _role(self, path: Path, stated: object) -> str:
        if stated is None:
            return ""
        if isinstance(stated, str) and stated in self._set.roles:
            return stated
        known = ", ".join(f"`{role}`" for role in self._set.roles)
        self._findings.add(path, f"{_shown(stated)} is no role of the policy set `{self._set.id}`, which has {known}")
        return ""

    def resources(self, stated: object) -> tuple[ResourceEntry, ...]:
        path: Path = ("resources",)
        found: dict[tuple[str, str], ResourceEntry] = {}
        for position, one in enumerate(self._findings.sequence(path, stated)):
            entry = self._resource((*path, position), one)
            if found.setdefault((entry.type, entry.id), entry) is not entry and entry.id:
                self._findings.add((*path, position), f"resource `{entry.type}` `{entry.id}` is here twice")
        return tuple(found.values())

    def _resource(self, path: Path, stated: object) -> ResourceEntry:
        findings = self._findings
        members = findings.mapping(path, stated, RESOURCE_MEMBERS, ("type", "id"))
        kind = members.get("type")
        if kind is not None and kind not in self._set.resource_types:
            findings.add(
                (*path, "type"),
                f"{_shown(kind)} is no resource type of the policy set `{self._set.id}`"
                f"{hint(kind, self._set.resource_types)}",
            )
        resource_id = findings.text((*path, "id"), members.get("id"), LONGEST_RESOURCE_ID)
        if resource_id == "*":
            findings.add((*path, "id"), "`*` means any resource and cannot be one")
        attributes = members.get("attributes")
        declared = self._set.attributes
        return ResourceEntry(
            str(kind),
            resource_id,
            checked_attributes(findings, (*path, "attributes"), attributes, "resource", declared),
        )


def out_of_order(before: AnnexEntry, after: AnnexEntry) -> list[str]:
    """Why `after` cannot follow `before`: numbers and dates must not run backwards (annexes sorted by number)."""
    problems = []
    if after.number == before.number:
        problems.append(f"annex {after.number} is here twice")
    if after.effective_from < before.effective_from:
        problems.append(
            f"annex {after.number} takes effect on {after.effective_from}, "
            f"before annex {before.number} ({before.effective_from})"
        )
    if after.signed_on < before.signed_on:
        problems.append(
            f"annex {after.number} was signed on {after.signed_on}, before annex {before.number} ({before.signed_on})"
        )
    return problems


def _tenant_id(findings: Findings, stated: object, sets: Mapping[str, PolicySet]) -> str:
    if stated is None:
        return ""
    if not isinstance(stated, str):
        findings.add(("id",), f"expected text, found {in_words(stated)}; put it in quotes")
    elif _TENANT_ID.fullmatch(stated) is None or len(stated) > LONGEST_ID:
        findings.add(("id",), f"{_shown(stated)}: a tenant id is 1 to {LONGEST_ID} of `a` to `z`, `0` to `9` and `-`")
    elif any(stated in definition.roles for definition in sets.values()):
        findings.add(("id",), f"`{stated}` is the name of a role")
    else:
        return stated
    return ""


def _definition(findings: Findings, stated: object, sets: Mapping[str, PolicySet]) -> PolicySet | None:
    if stated is None:
        return None
    definition = sets.get(stated) if isinstance(stated, str) else None
    if definition is None:
        known = ", ".join(f"`{name}`" for name in sorted(sets)) or "none"
        findings.add(("set",), f"there is no policy set {_shown(stated)}; known: {known}")
    return definition


def _languages(findings: Findings, stated: object) -> tuple[str, ...]:
    found = []
    for position, language in enumerate(findings.sequence(("languages",), stated)):
        if isinstance(language, str) and _LANGUAGE.fullmatch(language):
            found.append(language)
        else:
            findings.add(("languages", position), "expected a language code such as `ro`")
    if len(set(found)) != len(found):
        findings.add(("languages",), "a language is here twice")
    return tuple(found)


def _number(findings: Findings, path: Path, stated: object) -> int | None:
    if type(stated) is int and 0 < stated <= HIGHEST_NUMBER:
        return stated
    if stated is not None:
        findings.add(path, "expected a whole number from 1")
    return None


def _date(findings: Findings, path: Path, stated: object) -> dt.date | None:
    if isinstance(stated, dt.date):
        return stated
    if isinstance(stated, str) and _ISO_DATE.fullmatch(stated):
        try:
            return dt.date.fromisoformat(stated)
        except ValueError:
            findings.add(path, f"`{stated}` is not a date of the calendar")
            return None
    if stated is not None:
        findings.add(path, "expected a date YYYY-MM-DD")
    return None


def _word(findings: Findings, path: Path, stated: object, words: type[Word]) -> Word | None:
    if isinstance(stated, str) and stated in {word.value for word in words}:
        return words(stated)
    if stated is not None:
        findings.add(path, f"expected {' or '.join(f'`{word.value}`' for word in words)}")
    return None


def _kind_of(entry: ContactEntry, key: SubjectKey) -> str:
    if key == entry.email:
        return "email"
    return "phone" if key == entry.phone else "login"


def _shown(stated: object) -> str:
    return f"`{stated}`" if isinstance(stated, str) else in_words(stated)
