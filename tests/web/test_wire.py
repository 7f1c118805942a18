"""Strict JSON: whatever two readers could read differently is refused, with a closed code and no echo."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.errors import RequestInvalid
from authz.web.messages import wire

CANARY = "canary-7f3e"

REFUSED = [
    pytest.param(b"", "empty_body", id="nothing"),
    pytest.param(b" \r\n\t ", "empty_body", id="white space"),
    pytest.param(b"[]", "not_an_object", id="a list"),
    pytest.param(b'"text"', "not_an_object", id="a string"),
    pytest.param(b"1", "not_an_object", id="a number"),
    pytest.param(b"true", "not_an_object", id="a truth value"),
    pytest.param(b"null", "null_value", id="null itself"),
    pytest.param(b"{", "not_json", id="cut off"),
    pytest.param(b"{}{}", "not_json", id="two documents"),
    pytest.param(b"{}\x00", "not_json", id="a NUL behind it"),
    pytest.param(b"{'a':1}", "not_json", id="single quotes"),
    pytest.param(b'{"a":1,}', "not_json", id="a trailing comma"),
    pytest.param(b'{"a":01}', "not_json", id="a leading zero"),
    pytest.param(b'{"a":1.}', "not_json", id="a number without its fraction"),
    pytest.param(b'{"a":+1}', "not_json", id="a plus sign"),
    pytest.param(b'{"a":0x10}', "not_json", id="a hexadecimal number"),
    pytest.param(b'{"a":"\n"}', "not_json", id="a line break in a string"),
    pytest.param(b'{"a":/**/1}', "not_json", id="a comment"),
    pytest.param(b"\xef\xbb\xbf{}", "not_json", id="a byte order mark"),
    pytest.param('{"a":1}'.encode("utf-16"), "not_utf8", id="UTF-16 with its mark"),
    pytest.param('{"a":1}'.encode("utf-16-le"), "not_json", id="UTF-16 without its mark"),
    pytest.param('{"a":1}'.encode("utf-32-le"), "not_json", id="UTF-32"),
    pytest.param(b'{"a":"\xff"}', "not_utf8", id="a byte that is no UTF-8"),
    pytest.param(b'{"a":"\xc0\xaf"}', "not_utf8", id="an overlong form"),
    pytest.param(b'{"a":"\xed\xa0\x80"}', "not_utf8", id="a surrogate in UTF-8"),
    pytest.param(b'{"a":"\\ud800"}', "lone_surrogate", id="half a character"),
    pytest.param(b'{"\\udfff":1}', "lone_surrogate", id="half a character in a name"),
    pytest.param(b'{"a":["\\ud83d\\ud83d"]}', "lone_surrogate", id="two first halves"),
    pytest.param(b'{"a":NaN}', "bad_number", id="NaN"),
    pytest.param(b'{"a":[Infinity]}', "bad_number", id="infinity"),
    pytest.param(b'{"a":-Infinity}', "bad_number", id="minus infinity"),
    pytest.param(b'{"a":1e400}', "bad_number", id="beyond a double"),
    pytest.param(b'{"a":-1e400}', "bad_number", id="beyond a double, negative"),
    pytest.param(b'{"a":' + b"1" * 31 + b"}", "bad_number", id="31 digits"),
    pytest.param(b'{"a":0.' + b"1" * 29 + b"}", "bad_number", id="31 characters of a fraction"),
    pytest.param(b'{"a":' + b"1" * 5000 + b"}", "bad_number", id="5000 digits"),
    pytest.param(b'{"a":null}', "null_value", id="null as a member"),
    pytest.param(b'{"a":[{"b":[null]}]}', "null_value", id="null deep inside"),
    pytest.param(b'{"a":1,"a":2}', "duplicate_member", id="a name twice"),
    pytest.param(b'{"a":1,"a":1}', "duplicate_member", id="a name twice with one value"),
    pytest.param(b'{"a": 1, "a": 1}', "duplicate_member", id="a name twice, spaced"),
    pytest.param(b'{"a":{"b":[{"c":1,"c":2}]}}', "duplicate_member", id="a name twice deep inside"),
    pytest.param(b'{"a":1,"\\u0061":2}', "duplicate_member", id="a name twice, once escaped"),
    pytest.param(b'{"a":{"x":1},"a":{"y":2}}', "duplicate_member", id="an object twice"),
    pytest.param(b'{"a":1,"b":":","a":"\\u003a"}', "duplicate_member", id="a name twice among colons"),
    pytest.param(b'{"a":' * 33 + b"1" + b"}" * 33, "too_deep", id="33 objects"),
    pytest.param(b'{"a":' + b"[" * 32 + b"]" * 32 + b"}", "too_deep", id="32 lists in an object"),
    pytest.param(b'{"a":' + b"[" * 60000, "too_deep", id="60000 lists"),
    pytest.param(b'{"a":"' + b"x" * 65536 + b'"}', "body_too_large", id="over 64 KiB"),
]


@pytest.mark.parametrize(("body", "code"), REFUSED)
def test_a_hostile_body_is_refused_with_its_code(body: bytes, code: str) -> None:
    with pytest.raises(RequestInvalid) as refused:
        wire.read_object(body)

    assert refused.value.code == code


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"{}", id="an empty object"),
        pytest.param(b' {"a" : 1 } \n', id="spaces anywhere"),
        pytest.param(b'{"a":"null"}', id="the word null in a string"),
        pytest.param(b'{"null":1}', id="the word null as a name"),
        pytest.param(b'{"a":"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["}', id="brackets in a string"),
        pytest.param(b'{"a":"\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["}', id="brackets behind an escaped quote"),
        pytest.param(b'{"a":' + b"[" * 31 + b"]" * 31 + b"}", id="32 deep"),
        pytest.param(b'{"a":[' + b",".join([b"[]"] * 100) + b"]}", id="a hundred lists side by side"),
        pytest.param(b'{"a":"' + b"1" * 40 + b'"}', id="40 digits in a string"),
        pytest.param(b'{"a":' + b"1" * 30 + b"}", id="30 digits"),
        pytest.param(b'{"a":-0}', id="minus zero"),
        pytest.param(b'{"a":1.5e3,"b":0.1}', id="fractions"),
        pytest.param(b'{"a":"\\ud83d\\ude00"}', id="an escaped pair"),
        pytest.param('{"a":"ăîș 😀"}'.encode(), id="letters beyond ASCII"),
        pytest.param(b'{"a":"\\u0000"}', id="an escaped NUL"),
        pytest.param(b'{"a":{"a":{"a":1}},"b":{"a":1}}', id="one name at several levels"),
        pytest.param(b'{"a":1,"A":2}', id="names that differ in case"),
        pytest.param(b'{"a, ": ", ", "b": "\\": "}', id="separators in strings"),
        pytest.param(b'{"a":"' + b"x" * 65000 + b'"}', id="almost 64 KiB"),
    ],
)
def test_plain_json_reads_as_python_reads_it(body: bytes) -> None:
    assert wire.read_object(body) == json.loads(body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":"' + b'\\"' * 32000,
        b'{"a":"' + b"\\" * 65000,
        b'"' * 65000,
        b"{" * 65000,
        b'{"":' * 16000,
        b"[" + b"{}," * 21000,
    ],
    ids=["escaped quotes", "backslashes", "quotes", "braces", "nested members", "wide list"],
)
def test_no_body_takes_long_to_refuse(body: bytes) -> None:
    with pytest.raises(RequestInvalid):
        wire.read_object(body)


JSON = st.recursive(
    st.booleans() | st.integers(-(10**28), 10**28) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


@given(
    st.dictionaries(st.text(max_size=5), JSON, max_size=5), st.booleans(), st.sampled_from([(",", ":"), (", ", ": ")])
)
def test_what_an_encoder_writes_is_read_back(document: dict[str, Any], ascii_only: bool, separators: Any) -> None:
    body = json.dumps(document, ensure_ascii=ascii_only, separators=separators).encode()

    assert wire.read_object(body) == document


SHORT = st.sampled_from(["a", "b", ":", ", ", '": ', "\\", '"', "é"])
PAIRS = st.lists(st.tuples(SHORT, st.integers(0, 3) | SHORT), min_size=1, max_size=4)


@given(PAIRS, st.integers(0, 5), st.sampled_from([("{%s}", ",", ":"), ("{ %s }", ", ", ": ")]), st.booleans())
def test_a_repeated_name_is_refused_at_any_depth_and_in_any_spelling(
    pairs: list[tuple[str, Any]], depth: int, form: tuple[str, str, str], escape: bool
) -> None:
    """Members are written one by one, so that a name may stand twice; what has no repeated name is read as written."""

    def name(text: str) -> str:
        return '"' + "".join(f"\\u{ord(one):04x}" for one in text) + '"' if escape else json.dumps(text)

    braces, comma, colon = form
    body = braces % comma.join(f"{name(key)}{colon}{json.dumps(value)}" for key, value in pairs)
    for _ in range(depth):
        body = braces % f'"in"{colon}{body}'
    repeated = len({key for key, _ in pairs}) != len(pairs)

    if repeated:
        with pytest.raises(RequestInvalid) as refused:
            wire.read_object(body.encode())
        assert refused.value.code == "duplicate_member"
    else:
        assert wire.read_object(body.encode()) == json.loads(body)


@given(st.binary(max_size=60) | st.text(alphabet='{}[]":,0e1-.n\\u', max_size=40).map(str.encode))
def test_anything_at_all_is_an_object_or_a_refusal(body: bytes) -> None:
    with suppress(RequestInvalid):
        document = wire.read_object(body)

        assert isinstance(document, dict)
        assert msgspec.json.decode(msgspec.json.encode(document)) == document


@pytest.mark.parametrize(("body", "code"), REFUSED)
def test_a_refusal_never_repeats_the_body(body: bytes, code: str) -> None:
    marked = body[:-1] + CANARY.encode() + body[-1:]

    with pytest.raises(RequestInvalid) as refused:
        wire.read_object(marked)

    assert CANARY not in str(refused.value)


@pytest.mark.parametrize(
    ("content_type", "accepted"),
    [
        (b"application/json", True),
        (b"application/json; charset=utf-8", True),
        (b"application/json;charset=UTF-8", True),
        (b'Application/JSON; charset="utf-8"', True),
        (b"", False),
        (b"text/plain", False),
        (b"application/json; charset=utf-16", False),
        (b"application/json; charset=utf-8; charset=utf-16", False),
        (b"application/json; profile=x", False),
        (b"application/jsonx", False),
        (b"application/json, text/plain", False),
        (b"application/problem+json", False),
        (b"application/x-www-form-urlencoded", False),
        (b" application/json", False),
        (b"application/json\n", False),
    ],
)
def test_only_json_in_utf8_is_a_content_type(content_type: bytes, accepted: bool) -> None:
    assert wire.is_json_type(content_type) is accepted
