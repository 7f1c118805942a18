"""Texts for people, in the languages of the contracts (R9), through gettext catalogues."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Final

from babel.messages.pofile import read_po

from authz.core.decision import Decision
from authz.core.definition import Labels
from authz.core.types import Missing, Reason
from authz.texts.messages import ADMIN, BUILT_IN_LABELS, GENERIC_REFUSAL, IN_THE_WAY, USER, WITH_PARTS, WITHOUT

SOURCE_LANGUAGE: Final = "en"
LANGUAGES: Final = ("en", "fr", "ro", "ru", "uk")


def load_catalogue(language: str) -> Mapping[str, str]:
    """English text -> translation, from `locale/<language>/LC_MESSAGES/authz.po` inside the package."""
    if language == SOURCE_LANGUAGE:
        return {}
    place = files("authz.texts").joinpath("locale", language, "LC_MESSAGES", "authz.po")
    with place.open("rb") as stream:
        return {
            message.id: message.string
            for message in read_po(stream, locale=language, abort_invalid=True)
            if isinstance(message.id, str) and isinstance(message.string, str) and message.id and not message.fuzzy
        }


class Texts:
    """Renders reasons for the requester (`user`) and for the desk (`admin`)."""

    def __init__(self) -> None:
        self._catalogues = {language: load_catalogue(language) for language in LANGUAGES}
        self.refusal: Mapping[str, str] = {language: self._say(language, GENERIC_REFUSAL) for language in LANGUAGES}

    def user(self, decision: Decision, sender_is_sure: bool) -> dict[str, str]:
        """The reason in the tenant's languages, fit for a reply to the requester.

        A sender whose identity is only claimed gets the generic refusal: another would say that a contact exists.
        """
        if not decision.allowed and not sender_is_sure:
            return {language: self.refusal[language] for language in languages_of(decision)}
        return self._render(USER, decision)

    def admin(self, decision: Decision) -> dict[str, str]:
        """The reason in the tenant's languages, for the desk's staff."""
        return self._render(ADMIN, decision)

    def _conditions(self, decision: Decision, language: str) -> Iterator[str]:
        """What is missing, as phrases; a fact that must not hold is marked so where it stands beside one that must."""
        mixed = any(missing.wanted for missing in decision.missing) and decision.reason is Reason.FACT_NOT_MET
        for missing in decision.missing:
            phrase = self.condition(decision, missing, language)
            yield phrase if missing.wanted or not mixed else self._say(language, WITHOUT).format(condition=phrase)

    def condition(self, decision: Decision, missing: Missing, language: str) -> str:
        """One missing thing as a phrase: the fact's label, with the missing parts where it has parts."""
        built_in = BUILT_IN_LABELS.get(missing.fact)
        facts = decision.generation.definition.facts if decision.generation else {}
        declared = facts.get(missing.fact)
        if built_in is not None:
            phrase = self._say(language, built_in)
        else:
            phrase = label(declared.label, language) if declared else missing.fact
        if missing.parts and declared:
            named = ", ".join(label(part.label, language) for part in declared.parts if part.id in missing.parts)
            return self._say(language, WITH_PARTS).format(condition=phrase, parts=named)
        return phrase

    def _render(self, voice: Mapping[Reason, str], decision: Decision) -> dict[str, str]:
        template = voice[decision.reason]
        if decision.reason is Reason.FACT_NOT_MET and not any(missing.wanted for missing in decision.missing):
            template = IN_THE_WAY[template]
        if "{" not in template:
            return {language: self._say(language, template) for language in languages_of(decision)}
        return {
            language: self._say(language, template).format_map(self._words(decision, language))
            for language in languages_of(decision)
        }

    def _words(self, decision: Decision, language: str) -> dict[str, str]:
        definition = decision.generation.definition if decision.generation else None
        contact, tenant, annex = decision.contact, decision.tenant, decision.annex
        role = definition.roles.get(contact.role) if definition and contact else None
        action = definition.actions.get(decision.action) if definition else None
        return {
            "contact": contact.name if contact else "",
            "role": label(role.label, language) if role else "",
            "action": label(action.label, language) if action else decision.action,
            "tenant": tenant.name if tenant else "",
            "annex": str(annex.number) if annex else "",
            "conditions": "; ".join(self._conditions(decision, language)),
        }

    def _say(self, language: str, text: str) -> str:
        return self._catalogues[language].get(text, text)


def languages_of(decision: Decision) -> tuple[str, ...]:
    """The tenant's languages, else the set's, else English: those in which there are texts. No tenant known: all."""
    if decision.tenant is None:
        return LANGUAGES
    of_set = decision.generation.definition.languages if decision.generation is not None else ()
    for wanted in (decision.tenant.languages, of_set):
        spoken = tuple(language for language in wanted if language in LANGUAGES)
        if spoken:
            return spoken
    return (SOURCE_LANGUAGE,)


def label(labels: Labels, language: str) -> str:
    """The label in the language, else in English, else in the first language there is."""
    return labels.get(language) or labels.get(SOURCE_LANGUAGE) or next(iter(labels.values()), "")
