"""R5 `sender_ok` and the channel: the table of docs/semantics.md, all of it."""

from __future__ import annotations

from itertools import product

import pytest

from authz.core.assurance import channel_refusal, sender_refusal
from authz.core.types import Assurance, Channel, Reason

EVERY_CHANNEL = frozenset(Channel)
CLAIMED, VERIFIED, SIGNED, SESSION, CONFIRMED = Assurance
ENOUGH, UNVERIFIED, CONFIRM = None, Reason.SENDER_UNVERIFIED, Reason.CONFIRMATION_REQUIRED


@pytest.mark.parametrize(
    ("channels", "high_risk", "email_requests", "answers"),
    [
        pytest.param(
            [Channel.EMAIL], False, None, [UNVERIFIED, ENOUGH, ENOUGH, ENOUGH, ENOUGH], id="ordinary, by mail"
        ),
        pytest.param(
            [Channel.EMAIL],
            False,
            "allow",
            [UNVERIFIED, ENOUGH, ENOUGH, ENOUGH, ENOUGH],
            id="ordinary, by mail, allowed",
        ),
        pytest.param(
            [Channel.EMAIL],
            False,
            "confirm",
            [UNVERIFIED, CONFIRM, CONFIRM, CONFIRM, ENOUGH],
            id="the tenant wants confirmation",
        ),
        pytest.param(
            [Channel.EMAIL], True, None, [UNVERIFIED, CONFIRM, CONFIRM, CONFIRM, ENOUGH], id="high-risk, by mail"
        ),
        pytest.param(
            EVERY_CHANNEL - {Channel.EMAIL},
            False,
            "confirm",
            [UNVERIFIED, ENOUGH, ENOUGH, ENOUGH, ENOUGH],
            id="ordinary, elsewhere",
        ),
        pytest.param(
            EVERY_CHANNEL - {Channel.EMAIL},
            True,
            None,
            [UNVERIFIED, CONFIRM, CONFIRM, ENOUGH, ENOUGH],
            id="high-risk, elsewhere",
        ),
    ],
)
def test_the_sender_is_sure_enough_as_the_table_says(
    channels: frozenset[Channel], high_risk: bool, email_requests: str | None, answers: list[Reason | None]
) -> None:
    for channel in channels:
        assert [sender_refusal(channel, each, high_risk, email_requests) for each in Assurance] == answers, channel


def test_no_setting_makes_a_merely_claimed_sender_sure() -> None:
    for channel, high_risk, email_requests in product(Channel, (False, True), (None, "allow", "confirm", "deny", 1)):
        assert sender_refusal(channel, CLAIMED, high_risk, email_requests) is UNVERIFIED


def test_a_channel_that_the_set_does_not_list_is_closed() -> None:
    for channel in Channel:
        assert channel_refusal(channel, EVERY_CHANNEL, None) is None
        assert channel_refusal(channel, EVERY_CHANNEL - {channel}, None) is Reason.CHANNEL_NOT_ALLOWED


@pytest.mark.parametrize("stated", ["deny", "Allow", "", False, 0, ["allow"]])
def test_a_tenant_closes_mail_with_anything_but_the_two_words_that_open_it(stated: object) -> None:
    assert channel_refusal(Channel.EMAIL, EVERY_CHANNEL, stated) is Reason.CHANNEL_NOT_ALLOWED
    assert channel_refusal(Channel.WEB, EVERY_CHANNEL, stated) is None


@pytest.mark.parametrize("stated", [None, "allow", "confirm"])
def test_mail_is_open_unless_the_tenant_says_otherwise(stated: object) -> None:
    assert channel_refusal(Channel.EMAIL, EVERY_CHANNEL, stated) is None
