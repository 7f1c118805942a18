from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.errors import InvalidFile
from authz.placed_yaml import PlacedList, PlacedMap, PlacedScalar, place_of, plain, read_placed


def refused(text: str | bytes, **limits: int) -> list[str]:
    raw = text.encode() if isinstance(text, str) else text
    with pytest.raises(InvalidFile) as caught:
        read_placed(raw, "f", **limits)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("yes", "yes"),
        ("on", "on"),
        ("NO", "NO"),
        ("true", True),
        ("False", False),
        ("tRUE", "tRUE"),
        ("12", 12),
        ("-12", -12),
        ("0x1F", 31),
        ("0o17", 15),
        ("0", 0),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("1.5", 1.5),
        ("1.", 1.0),
        ("1e3", 1000.0),
        ("-", [None]),
        (".", "."),
        ("+40213000001", 40213000001),
        ('"12"', "12"),
        ("'true'", "true"),
        ("2026-09-05", dt.date(2026, 9, 5)),
        ('"2026-09-05"', "2026-09-05"),
        ("2026-09-05T10:00:00+03:00", "2026-09-05T10:00:00+03:00"),
        ("203.0.113.5", "203.0.113.5"),
        ('"a\\tb"', "a\tb"),
        ("=", "="),
    ],
)
def test_a_value_is_typed_by_the_core_schema(text: str, value: object) -> None:
    found = plain(read_placed(text.encode(), "f"))

    assert found == value
    assert type(found) is type(value)


def test_every_value_knows_its_place() -> None:
    root = read_placed("ț: 1\nlist:\n  - a\n  -   {b: c}\n".encode(), "f")

    assert isinstance(root, PlacedMap)
    assert root.get("ț") == PlacedScalar(1, 1, 4, "1")
    listed = root.get("list")
    assert isinstance(listed, PlacedList)
    assert [(item.line, item.column) for item in listed.items] == [(3, 5), (4, 7)]
    assert place_of(root, ("list", 1, "b")) == (4, 11)
    assert place_of(root, ("list", 1, "b"), of_key=True) == (4, 8)
    assert place_of(root, ("list", 1, "absent")) == (4, 7)
    assert place_of(root, ("list", 9)) == (3, 3)
    assert place_of(root, ()) == (1, 1)


def test_keys_keep_their_type() -> None:
    root = read_placed(b'1: a\n"1": b\ntrue: c\n', "f")

    assert isinstance(root, PlacedMap)
    assert plain(root) == {1: "c", "1": "b"} or [entry.key.value for entry in root.entries] == [1, "1", True]
    found = root.get(True)
    assert isinstance(found, PlacedScalar)
    assert found.value == "c"
    assert root.get("true") is None


def test_all_problems_of_form_are_told_at_once() -> None:
    assert refused("a: &x 1\nb: *x\n<<: {a: 1}\na: !!str 3\n? [1]\n: 2\nc: 2026-02-30\nd: 007\ne: .inf\n") == [
        "f:1:4: anchors are not allowed: `&x`; quote it if it is text",
        "f:2:4: aliases are not allowed: `*x`; quote it if it is text",
        "f:3:1: merge keys (`<<`) are not allowed",
        "f:4:1: `a` is here twice, first on line 1",
        "f:4:4: tags are not allowed: `!!str`",
        "f:5:3: a key must be a single word or text",
        "f:7:4: `2026-02-30` is not a date of the calendar",
        "f:8:4: `007` is a number with a leading zero; quote it if it is text",
        "f:9:4: `.inf` is not a finite number; quote it if it is text",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\n---\nb: 2", "f:2:1: a second document in one file"),
        ("%YAML 1.1\n---\na: 1", "f:1:1: directives (`%`) are not allowed"),
        ("a: [1\nb: 2", "f:2:2: not YAML: while parsing a flow sequence: did not find expected ',' or ']'"),
        ("a: 1\n<<<<<<< HEAD\nb: 2\n", "f:2:1: a merge conflict marker"),
        ("\ufeffa: 1", "f:1:1: the character U+FEFF is not allowed"),
        ("a: b\x00", "f:1:5: the character U+0000 is not allowed"),
        ("a: b\u2028c", "f:1:5: the character U+2028 is not allowed"),
        ("a: b\rc: d", "f:1:5: the character U+000D is not allowed"),
        (b"a:\n  \xff", "f:2:3: not UTF-8"),
        ("9" * 41, "f:1:1: a number of too many digits; quote it if it is text"),
        ("1e999", "f:1:1: `1e999` is not a finite number; quote it if it is text"),
        ("0000-00-00", "f:1:1: `0000-00-00` is not a date of the calendar"),
    ],
)
def test_a_strict_reader_refuses(text: str | bytes, said: str) -> None:
    assert refused(text) == [said]


def test_size_depth_and_number_are_limited() -> None:
    assert refused("a: bcd", most_bytes=5) == ["f:0:0: larger than 5 bytes"]
    assert refused("[1, 2, 3]", most_nodes=3) == ["f:1:8: too many values in one file"]
    assert refused("[[[1]]]", deepest=2) == ["f:1:3: nested too deeply"]
    assert refused("[" * 100_000) == ["f:1:33: nested too deeply"]
    assert len(refused("\x00" * 10_000)) == 50
    assert plain(read_placed(b"[[1], 2]", "f", deepest=2, most_nodes=4)) == [[1], 2]


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.text(st.characters(min_codepoint=32, max_codepoint=126)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('abc "\\:#-', max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(_json)
def test_json_is_read_as_json(value: object) -> None:
    assert plain(read_placed(json.dumps(value).encode(), "f")) == value


@given(st.binary(max_size=60) | st.text("ab:-[]{}&*!|>'\"%@`,?#<= \n\t0.~", max_size=40).map(str.encode))
def test_any_bytes_are_read_or_refused_with_places(raw: bytes) -> None:
    try:
        read_placed(raw, "f")
    except InvalidFile as error:
        problems = error.problems
    else:
        problems = ()

    assert all(problem.file == "f" and problem.line >= 0 for problem in problems)
