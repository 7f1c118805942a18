"""Hostile requests that nobody thought of: variants of a good one, found by hypothesis, to a real server."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from authz.core.network import parse_address
from tests.hostile.assault import GOOD, failure, is_well, question, with_body
from tests.hostile.documents import GOOD as DOCUMENT
from tests.hostile.framing import LENGTH, post
from tests.web.sockets import WAYS, Connection, served
from tests.web.world import INSIDE, OUTSIDE, World

REGISTERED = "ana@acme.example"
few = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module", params=WAYS)
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    with served(World().app(), request.param, receive_timeout_s=1.0) as port:
        yield port


odd_characters = st.one_of(
    st.characters(categories=["Cc", "Cf", "Zs", "Zl", "Zp", "Mn", "Co", "Cn"]),
    st.characters(min_codepoint=0x80, max_codepoint=0x2FFF, exclude_categories=["Cs"]),
    st.sampled_from("\"'\\/<>()[]{},;: @.%+*?&=#|`$^~!"),
    st.characters(exclude_categories=["Cs"]),
)


@st.composite
def other_spellings(draw: st.DrawFn, text: str) -> str:
    """The text with characters put in, replaced, doubled, left out, or in another Unicode form."""
    letters = list(text)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(letters)))
        change = draw(st.sampled_from(["insert", "insert", "replace", "drop", "alike"]))
        if change == "insert":
            letters.insert(at, draw(odd_characters))
        elif letters and at < len(letters):
            if change == "replace":
                letters[at] = draw(odd_characters)
            elif change == "drop":
                del letters[at]
            else:
                letters[at] = draw(alike(letters[at]))
    return "".join(letters)


def alike(letter: str) -> st.SearchStrategy[str]:
    """Characters that one of Unicode's foldings turns into this one."""
    return st.sampled_from(FOLDED.get(letter, [letter + "\u0301"]))


FOLDED: dict[str, list[str]] = {}
for number in range(0x80, 0x1F000):
    other = chr(number)
    if not 0xD800 <= number < 0xE000:
        for form in (unicodedata.normalize("NFKC", other), other.lower(), other.casefold(), other.upper().lower()):
            if len(form) == 1 and form.isascii():
                FOLDED.setdefault(form, []).append(other)


@few
@given(text=other_spellings(REGISTERED))
@example(text="ana@acme.exam\u1d56le")
def test_another_spelling_of_a_contact_is_never_a_yes(port: int, text: str) -> None:
    assume(text.lower() != REGISTERED or not text.isascii())

    assert failure(port, question({"contact": text})) == ""


@few
@given(text=other_spellings(INSIDE))
def test_another_spelling_of_an_address_is_never_a_yes(port: int, text: str) -> None:
    try:
        parse_address(text)
    except ValueError:
        assert failure(port, question({"ip": text})) == ""


@few
@given(action=other_spellings("report"), tenant=other_spellings("acme"))
def test_another_spelling_of_an_action_or_a_tenant_is_never_a_yes(port: int, action: str, tenant: str) -> None:
    assume(action != "report" and tenant not in {"acme", "*"})

    assert failure(port, question({"action": action})) == ""
    assert failure(port, question({"tenant": tenant})) == ""


json_values = st.recursive(
    st.one_of(st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=8)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@few
@given(member=st.sampled_from(["contact", "action", "ip"]), value=json_values)
def test_another_value_is_never_a_yes(port: int, member: str, value: Any) -> None:
    assert failure(port, question({member: value})) == ""


@few
@given(members=st.dictionaries(st.text(max_size=12), json_values, max_size=5))
def test_further_members_never_turn_a_no_into_a_yes(port: int, members: dict[str, Any]) -> None:
    own = {"contact", "action", "ip", "tenant", "channel", "assurance", "sender_verified", "resource", "subject"}
    assume(not own & set(members))

    assert failure(port, question({**members, "ip": OUTSIDE})) == ""


@few
@given(
    data=st.data(), depth=st.integers(0, 20), escaped=st.booleans(), name=st.text("abcß\u0301é", min_size=1, max_size=4)
)
def test_a_name_twice_at_any_depth_is_never_a_yes(
    port: int, data: st.DataObject, depth: int, escaped: bool, name: str
) -> None:
    first = json.dumps(name, ensure_ascii=False)
    second = '"' + "".join(f"\\u{ord(letter):04x}" for letter in name) + '"' if escaped else first
    pair = [f"{first}:1", f"{second}:2"]
    inner = "{" + ",".join(pair if data.draw(st.booleans()) else pair[::-1]) + "}"
    for _ in range(depth):
        inner = data.draw(st.sampled_from(['{"x":%s}', "[%s]", '[0,%s,"y"]'])) % inner

    assert failure(port, with_body(DOCUMENT.replace("{", f'{{"x":{inner},', 1).encode())) == ""


@few
@given(
    at=st.integers(0, len(DOCUMENT) - 1), byte=st.sampled_from([0, 9, 10, 34, 44, 91, 92, 123, 125, 127, 128, 192, 255])
)
def test_a_byte_that_does_not_belong_into_the_body_makes_no_trouble(port: int, at: int, byte: int) -> None:
    body = DOCUMENT.encode()
    changed = body[:at] + bytes([byte]) + body[at + 1 :]
    assume(changed != body and not (byte in {9, 10} and chr(body[at]).isspace()))

    assert failure(port, with_body(changed)) == ""


@settings(few, max_examples=30)
@given(at=st.integers(0, GOOD.index(b"\r\n\r\n")), junk=st.binary(min_size=1, max_size=3), cut=st.integers(0, 2))
def test_junk_in_the_head_gets_at_most_one_answer_and_no_fault(port: int, at: int, junk: bytes, cut: int) -> None:
    raw = GOOD[:at] + junk + GOOD[at + cut :]
    with Connection(port) as connection:
        connection.send(raw)
        statuses = []
        try:
            while True:
                answer = connection.answer()
                statuses.append(answer.status)
                if answer.headers.get("connection") == "close":
                    assert connection.is_closed()
                    break
                connection.send(b"GET /health/live HTTP/1.0\r\n\r\n")
        except ConnectionError:
            pass

    assert all(200 <= status < 500 for status in statuses)
    assert len(statuses) <= 2  # its own, and that of the question about the service's life
    assert is_well(port)


header_values = st.binary(max_size=12).filter(lambda value: not {0, 10, 13} & set(value))


@few
@given(name=st.from_regex(rb"[A-Za-z_-]{1,20}", fullmatch=True), value=header_values)
def test_no_header_turns_a_no_into_a_yes(port: int, name: bytes, value: bytes) -> None:
    assume(name.lower() not in {b"content-length", b"transfer-encoding", b"connection", b"upgrade", b"expect"})
    body = DOCUMENT.replace(INSIDE, OUTSIDE).encode()
    length = b"Content-Length: %d" % len(body)

    assert failure(port, post(length, name + b": " + value, body=body)) == ""


def test_a_good_request_is_still_a_yes(port: int) -> None:
    with Connection(port) as connection:
        for letter_case in (REGISTERED, REGISTERED.upper(), "Ana@Acme.Example"):
            connection.send(question({"contact": letter_case}))
            assert connection.answer().allowed
        connection.send(post(LENGTH, b"X-Request-ID: x"))
        assert connection.answer().allowed
