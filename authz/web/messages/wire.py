"""JSON in and out. In: strict (I-JSON, RFC 7493, and tighter); out: compact UTF-8 bytes.

Python's and msgspec's decoders both keep the last of several members with one name, and Python's takes NaN, lone
surrogates and UTF-16. Whatever two readers of a request could read differently is refused here (security.md, threats 9
and 39; AuthZEN 1.0 section 11.5).
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final, NoReturn

import msgspec

from authz.errors import RequestInvalid

LARGEST_BODY: Final = 64 * 1024
"""Bytes."""
DEEPEST: Final = 32
"""Objects and lists inside each other."""
LONGEST_NUMBER: Final = 30
"""Characters of one number as written."""

_CONTENT_TYPE = re.compile(rb'application/json[ \t]*(?:;[ \t]*charset=(?:utf-8|"utf-8")[ \t]*)?', re.IGNORECASE)
_HOLDERS: Final = (dict, list)
_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_NO_BRACKETS: Final = bytes(byte for byte in range(256) if byte not in b"{}[]")
_LONG_DIGITS: Final = b"0" * (LONGEST_NUMBER + 1)
# An unclosed string counts to the end of the text, so that no input makes the search begin again at each quote.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+\\?(?:"|\Z)', re.DOTALL)

_encode = msgspec.json.Encoder().encode
_decode_quickly = msgspec.json.Decoder().decode


def is_json_type(content_type: bytes) -> bool:
    """`application/json`, alone or with `charset=utf-8`, and no other parameter."""
    return content_type == b"application/json" or _CONTENT_TYPE.fullmatch(content_type) is not None


def read_object(body: bytes) -> dict[str, Any]:
    """The one JSON object that `body` is.

    Raises:
        RequestInvalid: `empty_body`, `not_utf8`, `not_json`, `not_an_object`, `duplicate_member`, `null_value`,
            `bad_number`, `too_deep`, `lone_surrogate`, `body_too_large`; never with a word of the body in it.
    """
    if len(body) > LARGEST_BODY:
        raise RequestInvalid("body_too_large", f"the body is longer than {LARGEST_BODY} bytes")
    document = _read_compact(body)
    if document is None:
        document = _read_carefully(body)
    if type(document) is not dict:
        raise RequestInvalid("not_an_object", "the body is not a JSON object")
    return document


def _read_compact(body: bytes) -> Any | None:
    """The quick way for a body in the shape that encoders write; None: read it the careful way.

    A body that is read and written again byte for byte has lost no member, so no name stood twice in it; and it holds
    no escape, hence no surrogate, no name in two spellings, no number that is not a double or an integer.
    """
    if b"\\" in body or b"null" in body or _LONG_DIGITS in body.translate(_ZEROS):
        return None
    try:
        document = _decode_quickly(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    if body.count(b"{") + body.count(b"[") > DEEPEST and _levels(document, DEEPEST) > DEEPEST:
        return None
    written = _encode(document)
    if written == body or written == body.replace(b'": ', b'":').replace(b', "', b',"').replace(b", {", b",{"):
        return document
    return None


def _levels(document: Any, most: int) -> int:
    """How deep objects and lists stand inside each other; counts no further than `most` + 1."""
    level = [document] if type(document) in _HOLDERS else []
    deep = 0
    while level and deep <= most:
        deep += 1
        level = [
            one
            for holder in level
            for one in (holder.values() if type(holder) is dict else holder)
            if type(one) in _HOLDERS
        ]
    return deep


def _read_carefully(body: bytes) -> Any:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise RequestInvalid("not_utf8", "the body is not UTF-8") from None
    if not text.strip(" \t\r\n"):
        raise RequestInvalid("empty_body", "the body is empty")
    if body.count(b"{") + body.count(b"[") > DEEPEST and _depth(body) > DEEPEST:
        raise RequestInvalid("too_deep", f"more than {DEEPEST} objects and lists inside each other")
    try:
        document = _DECODER.decode(text)
    except json.JSONDecodeError:
        raise RequestInvalid("not_json", "the body is not JSON") from None
    if "null" in text and _holds_null(document):
        raise RequestInvalid("null_value", "null is not the same as an absent member; leave it out")
    if "\\" in text:
        _refuse_lone_surrogates(document)
    return document


def _depth(body: bytes) -> int:
    """How deep objects and lists stand inside each other, at least as far as the text is JSON."""
    deepest = depth = 0
    for byte in _STRING.sub(b"", body).translate(None, _NO_BRACKETS):
        if byte in b"{[":
            depth += 1
            deepest = max(deepest, depth)
        else:
            depth -= 1
    return deepest


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise RequestInvalid("duplicate_member", "an object has two members of the same name")
    return members


def _integer(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise RequestInvalid("bad_number", f"a number is longer than {LONGEST_NUMBER} characters")
    return int(text)


def _fraction(text: str) -> float:
    if len(text) > LONGEST_NUMBER:
        raise RequestInvalid("bad_number", f"a number is longer than {LONGEST_NUMBER} characters")
    number = float(text)
    if math.isinf(number):
        raise RequestInvalid("bad_number", "a number is too large")
    return number


def _no_number(_: str) -> NoReturn:
    raise RequestInvalid("bad_number", "NaN and Infinity are not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_members, parse_int=_integer, parse_float=_fraction, parse_constant=_no_number
)


def _holds_null(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_null, value.values()))
    if isinstance(value, list):
        return any(map(_holds_null, value))
    return value is None


def _refuse_lone_surrogates(document: Any) -> None:
    try:
        json.dumps(document, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise RequestInvalid("lone_surrogate", "a string holds half of a character") from None


def write(document: Any) -> bytes:
    """Compact JSON in UTF-8."""
    return _encode(document)
