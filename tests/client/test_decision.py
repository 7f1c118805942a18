"""Reading an answer: only a plain yes is one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.client import BAD_REPLY, OBLIGATION_NOT_UNDERSTOOD, Decision
from authz.client.decision import read_reply

DUTY = {"id": "o1", "type": "mask_fields", "properties": {"fields": ["salary"]}}


def reply(document: Any, understood: tuple[str, ...] = ()) -> Decision:
    """The decision in a 200 with this document."""
    return read_reply(200, json.dumps(document).encode(), understood)


def test_a_yes_carries_what_the_service_said() -> None:
    decision = reply(
        {
            "decision": True,
            "context": {
                "reason": "permitted",
                "reason_user": {"en": "This request is permitted.", "ro": "Cererea este permisă."},
                "decision_id": "0f8f",
                "obligations": [DUTY],
                "service_terms": {"class": "A"},
                "revision": {"policy": "sha256:5f0c", "registry": 7},
                "contact": {"registered": True},
                "rule": "demo/matrix.csv:1",
                "anything": {"else": 1},
            },
        },
        ("mask_fields", "log"),
    )

    assert decision
    assert (decision.allowed, decision.reason, decision.decision_id) == (True, "permitted", "0f8f")
    assert decision.user_text("fr", "ro", "en") == "Cererea este permisă."
    assert decision.user_text("fr", default="?") == "?"
    assert (decision.obligations[0].type, decision.obligations[0].properties) == ("mask_fields", DUTY["properties"])
    assert (decision.service_terms["class"], decision.revision["registry"]) == ("A", 7)
    assert (decision.contact["registered"], decision.rule) == (True, "demo/matrix.csv:1")


def test_a_no_is_false_and_keeps_its_reason() -> None:
    decision = reply({"decision": False, "context": {"reason": "refused", "missing": ["own_request"]}})

    assert not decision
    assert (decision.reason, decision.missing, decision.detail) == ("refused", ("own_request",), "")


def test_a_bare_answer_of_another_authzen_service_counts() -> None:
    assert reply({"decision": True})
    assert not reply({"decision": False})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"true",
        b"[]",
        b'"true"',
        b"null",
        b"{}",
        b'{"decision":"true"}',
        b'{"decision":1}',
        b'{"decision":1.0}',
        b'{"decision":null}',
        b'{"decision":[true]}',
        b'{"Decision":true}',
        b'{"decision":true',
        b'{"decision":true}}',
        b'{"decision":true}{"decision":true}',
        b'{"decision":false,"decision":true}',
        b'{"decision":true,"decision":true}',
        b'{"decision":true,"context":null}',
        b'{"decision":true,"context":[]}',
        b'{"decision":true,"context":{"reason":1}}',
        b'{"decision":true,"context":{"reason":"permitted","reason":"permitted"}}',
        b'{"decision":true,"context":{"reason_user":{"en":1}}}',
        b'{"decision":true,"context":{"obligations":{}}}',
        b'{"decision":true,"context":{"obligations":null}}',
        b'{"decision":true,"context":{"obligations":[null]}}',
        b'{"decision":true,"context":{"obligations":[{}]}}',
        b'{"decision":true,"context":{"obligations":[{"type":""}]}}',
        b'{"decision":true,"context":{"obligations":[{"type":["log"]}]}}',
        b'{"decision":true,"context":{"obligations":[{"type":"log","properties":[]}]}}',
        b'{"decision":true,"x":NaN}',
        b'{"decision":true,"x":Infinity}',
        b'\xef\xbb\xbf{"decision":true}',
        '{"decision":true}'.encode("utf-16"),
        b'{"decision":true,"x":"\xff"}',
        b'{"decision":true,"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"decision":true,"x":' + b"9" * 10_000 + b"}",
        b"<html>decision: true</html>",
    ],
)
def test_whatever_is_not_plainly_a_decision_is_a_no(body: bytes) -> None:
    decision = read_reply(200, body, {"log"})

    assert not decision
    assert decision.reason == BAD_REPLY
    assert decision.detail


@pytest.mark.parametrize(
    "status", [201, 202, 204, 206, 301, 302, 304, 307, 400, 401, 403, 404, 429, 500, 502, 503, 504]
)
def test_a_yes_under_another_status_is_a_no(status: int) -> None:
    decision = read_reply(status, b'{"decision":true}', ())

    assert not decision
    assert decision.reason == ("authz_unavailable" if status >= 500 else BAD_REPLY)


def test_the_services_word_for_an_error_is_told_to_the_operator_and_nothing_else_of_the_body() -> None:
    known = read_reply(401, b'{"error":{"code":"unauthenticated","message":"secret"}}', ())
    strange = read_reply(401, b'{"error":{"code":"<script> secret","message":"secret"}}', ())

    assert (known.detail, strange.detail) == ("status 401, unauthenticated", "status 401")


@pytest.mark.parametrize(("understood", "allowed"), [((), False), (("log",), False), (("log", "mask_fields"), True)])
def test_an_obligation_that_the_caller_does_not_understand_turns_a_yes_into_a_no(
    understood: tuple[str, ...], allowed: bool
) -> None:
    document = {"decision": True, "context": {"reason": "permitted", "decision_id": "0f8f", "obligations": [DUTY]}}

    decision = reply(document, understood)

    assert decision.allowed is bool(decision) is allowed
    assert decision.reason == ("permitted" if allowed else OBLIGATION_NOT_UNDERSTOOD)
    assert (decision.decision_id, decision.obligations[0].type) == ("0f8f", "mask_fields")


def test_a_refusal_with_an_obligation_keeps_its_own_reason() -> None:
    decision = reply({"decision": False, "context": {"reason": "refused", "obligations": [DUTY]}})

    assert (decision.allowed, decision.reason) == (False, "refused")


def test_what_is_printed_holds_neither_people_nor_texts() -> None:
    said = {"reason": "permitted", "contact": {"name": "Ana Pop"}, "reason_user": {"en": "Dear Ana"}}

    assert "Ana" not in repr(reply({"decision": True, "context": said}))


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["decision", "context", "reason", "obligations", "type", "id", "x"]), inner, max_size=4
    ),
    max_leaves=12,
)  # fmt: skip


@given(_JSON, st.integers(100, 599))
def test_a_yes_is_a_200_whose_decision_is_true_and_nothing_is_ever_raised(document: Any, status: int) -> None:
    decision = read_reply(status, json.dumps(document).encode(), ())

    if decision:
        assert status == 200
        assert document["decision"] is True


@given(st.binary(max_size=40))
def test_any_bytes_are_read_without_an_error(body: bytes) -> None:
    assert not read_reply(200, body, ()) or json.loads(body)["decision"] is True
