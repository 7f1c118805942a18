"""Where in the file a character of a scalar stands, so that a mistake inside an expression is named at its place."""

from __future__ import annotations

import datetime as dt

import pytest

from authz.errors import Problem
from authz.policy.reading.yaml_nodes import Mapping, Scalar, plain_value, read_yaml


def read(text: str) -> Mapping:
    problems: list[Problem] = []
    root = read_yaml("x.yaml", text.encode(), problems)
    assert problems == []
    assert root is not None
    return root


def scalar(text: str) -> Scalar:
    value = read(text).entries[0].value
    assert isinstance(value, Scalar)
    return value


@pytest.mark.parametrize(
    ("text", "searched", "place"),
    [
        ("a: b.c in d", "d", (1, 11)),
        ("a: 'b.c in d'", "d", (1, 12)),
        ("a: 'b == ''x'' || d'", "d", (1, 19)),
        ('a: "b == \\"x\\" || d"', "d", (1, 19)),
        ('a: "\\u0101 d"', "d", (1, 12)),
        ("a: |\n  b &&\n  c || d\n", "d", (3, 8)),
        ("a: >\n  b &&\n  d\n", "d", (1, 4)),
        ("a: b &&\n  d\n", "d", (1, 4)),
        ("a: {b: x}\n", "", (1, 4)),
    ],
    ids=[
        "plain", "quoted", "doubled quotes", "escaped quotes", "an escape", "a block", "a folded block", "two lines",
        "none",
    ],
)  # fmt: skip
def test_a_character_of_a_scalar_has_its_place(text: str, searched: str, place: tuple[int, int]) -> None:
    if not searched:
        assert (read(text).entries[0].value.line, read(text).entries[0].value.column) == place
        return
    value = scalar(text)

    assert value.place_of(value.text.index(searched) + 1) == place


def test_plain_values_are_those_that_every_reader_sees() -> None:
    root = read("a: [1, -2, true, null, 2026-01-02, x, '7', 1.5, yes, 0x1f, 12:30]")

    assert plain_value(root) == {"a": [1, -2, True, None, dt.date(2026, 1, 2), "x", "7", "1.5", "yes", "0x1f", "12:30"]}


@pytest.mark.parametrize(
    ("value", "kind"),
    [("x", "text"), ("'yes'", "text"), ("yes", "other"), ("NO", "other"), ("1.5", "other"), ("12:30", "other"),
     ("True", "other"), ("true", "bool"), ("7", "int"), ("0x1f", "other"), ("~", "null"), ("2026-01-02", "date")],
)  # fmt: skip
def test_a_scalar_is_a_text_only_if_no_reader_takes_it_for_anything_else(value: str, kind: str) -> None:
    assert scalar(f"a: {value}").kind == kind
