"""A set read beside an earlier version of it, of which it takes over what is the same, is as if read alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import authz.policy.parse
from authz.errors import PolicyInvalid
from authz.policy.bundle import Bundle
from authz.policy.parse import Known, ParsedSet, parse_set
from authz.policy.reading.lines import read_lines
from tests.policy import orchard

FILES = ("networks/a.csv", "networks/b.csv", "networks/deep/c.csv", orchard.HILLTOP)
TENANTS = ("hilltop", "valley", "harbour")
NETWORKS = ("203.0.113.0/24", "198.51.100.0/24", "192.0.2.0/28")
Where = dict[tuple[str, str], str | None]
"""Tenant and network -> the file with its line."""

placed: st.SearchStrategy[Where] = st.fixed_dictionaries(
    {(tenant, network): st.sampled_from([*FILES, None]) for tenant in TENANTS for network in NETWORKS}
)
moved: st.SearchStrategy[Where] = st.dictionaries(
    st.tuples(st.sampled_from(TENANTS), st.sampled_from(NETWORKS)), st.sampled_from([*FILES, None]), max_size=2
)
more = st.lists(
    st.tuples(
        st.sampled_from(FILES),
        st.sampled_from([
            "p2, hilltop, 203.0.113.0/24, deny", "p2, valley, any, allow", "p2, keeper, 192.0.2.0/28, allow",
            "p2, harbour, 192.0.2.1/28, allow", "p2, harbour, 203.0.113.0/24, allow",
        ]),
    ),
    max_size=1,
)  # fmt: skip


def folder(where: Where, further: list[tuple[str, str]] = []) -> Bundle:  # noqa: B006 - read only
    lines = [(file, f"p2, {tenant}, {network}, allow") for (tenant, network), file in where.items() if file]
    texts = {name: "".join(f"{line}\n" for file, line in [*lines, *further] if file == name) for name in FILES}
    return orchard.bundle({name: text or None for name, text in texts.items() if text or name == orchard.HILLTOP})


def read(bundle: Bundle, known: Known | None = None) -> tuple[object, ...]:
    """What is understood, tenants in order, or every problem."""
    try:
        parsed = parse_set(bundle, known)
    except PolicyInvalid as invalid:
        return invalid.problems
    return (*parsed, tuple(parsed.networks))


def known_of(parsed: ParsedSet) -> Known:
    return Known(parsed.bundle, parsed.definition.roles, parsed.networks)


@given(placed, moved, more)
def test_files_that_changed_are_read_as_if_all_were(
    before: Where, after: Where, further: list[tuple[str, str]]
) -> None:
    known = known_of(parse_set(folder(before)))
    now = folder(before | after, further)

    assert read(now, known) == read(now)


def test_a_tenant_is_judged_again_where_a_role_takes_its_name() -> None:
    known = known_of(orchard.parsed())
    renamed = orchard.bundle({orchard.SET: [("  keeper: ", "  hilltop: ")]})

    assert read(renamed, known) == read(renamed)


def test_files_that_are_the_same_are_not_read_a_second_time(monkeypatch: pytest.MonkeyPatch) -> None:
    known = known_of(orchard.parsed())
    asked: list[str] = []
    really = read_lines

    def counted(file: str, *rest: object) -> object:
        asked.append(file)
        return really(file, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(authz.policy.parse, "read_lines", counted)
    parse_set(orchard.bundle({orchard.HILLTOP: "p2, hilltop, 203.0.113.0/24, allow\n"}), known)

    assert [file for file in asked if "/networks/" in file] == [f"policies/orchard/{orchard.HILLTOP}"]
