"""Every reason has its text in every language, in both voices."""

from __future__ import annotations

import string

import pytest

from authz.core.decision import Decision
from authz.core.types import Missing, Reason
from authz.texts import LANGUAGES, SOURCE_LANGUAGE, Texts, load_catalogue
from authz.texts.messages import ADMIN, BUILT_IN_LABELS, GENERIC_REFUSAL, IN_THE_WAY, USER, WITH_PARTS, WITHOUT

SOURCES = {
    GENERIC_REFUSAL,
    WITHOUT,
    WITH_PARTS,
    *IN_THE_WAY.values(),
    *USER.values(),
    *ADMIN.values(),
    *BUILT_IN_LABELS.values(),
}
TRANSLATED = [language for language in LANGUAGES if language != SOURCE_LANGUAGE]


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated_and_no_translation_is_left_over(language: str) -> None:
    assert set(load_catalogue(language)) == SOURCES


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_fills_in_no_word_that_its_source_does_not(language: str) -> None:
    for source, translation in load_catalogue(language).items():
        assert placeholders(translation) == placeholders(source), source


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_speaks_in_both_voices_and_all_languages(reason: Reason) -> None:
    texts = Texts()
    decision = Decision(reason is Reason.PERMITTED, reason)

    for said in (texts.user(decision, sender_is_sure=True), texts.admin(decision)):
        assert set(said) == set(LANGUAGES)
        assert all(said.values())


def test_a_refusal_says_the_same_to_a_stranger_and_to_whoever_only_claims_to_be_a_contact() -> None:
    texts = Texts()
    stranger = texts.user(Decision(False, Reason.CONTACT_UNREGISTERED), sender_is_sure=False)

    for reason in Reason:
        if reason is not Reason.PERMITTED:
            assert texts.user(Decision(False, reason), sender_is_sure=False) == stranger


@pytest.mark.parametrize(
    "reason",
    [
        Reason.CONTACT_SUSPENDED,
        Reason.ANNEX_NOT_IN_FORCE,
        Reason.CONTACT_OF_OTHER_TENANT,
        Reason.TENANT_AMBIGUOUS,
        Reason.TENANT_UNKNOWN,
        Reason.SENDER_UNVERIFIED,
    ],
)
def test_the_requester_is_never_told_whether_a_contact_exists(reason: Reason) -> None:
    texts = Texts()

    assert texts.user(Decision(False, reason), sender_is_sure=True) == texts.user(
        Decision(False, Reason.CONTACT_UNREGISTERED), sender_is_sure=True
    )


def test_a_fact_that_stands_in_the_way_is_not_said_to_be_missing() -> None:
    blocked = Decision(False, Reason.FACT_NOT_MET, missing=(Missing("blocked", wanted=False),))
    both = Decision(False, Reason.FACT_NOT_MET, missing=(Missing("own"), Missing("blocked", wanted=False)))

    assert Texts().user(blocked, sender_is_sure=True)["en"] == (
        "Under the contract, this stands in the way of the request: blocked."
    )
    assert Texts().admin(both)["en"] == "Would be allowed if: own; that this were not so: blocked."
