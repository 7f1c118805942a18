from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from authz.cli.log.sentence import sentence_of
from authz.core.types import Reason
from tests.cli.program import authz
from tests.cli.recorded import Logged
from tests.log.segments import decision, write_segment


def found(logged: Logged, *options: str) -> list[int]:
    """Which of the questions a search finds, by their number."""
    ran = authz("log", "search", *options, "--json")
    assert ran.status == 0, ran.err
    return [logged.ids.index(one["id"]) for one in ran.json["decisions"]]


def test_search_tells_decisions_in_sentences(logged: Logged) -> None:
    ran = authz("log", "search")

    assert ran.status == 0, ran.err
    lines = ran.out.splitlines()
    assert lines[0] == (
        "2026-06-24 11:20:00Z allowed permitted: keeper of acme asked open_gate from 203.0.113.0/24 by web (session) "
        f"under annex 1  storehouse/matrix.csv:2  storehouse/networks/acme.csv:1  {logged.ids[0]}"
    )
    assert lines[1].startswith(
        "2026-06-24 11:21:00Z refused network_not_declared: keeper of acme asked open_gate from 198.51.100.0/24 by web"
    )
    assert lines[4].startswith(
        "2026-06-24 11:24:00Z allowed permitted: guest of acme asked move_box about a box from 203.0.113.0/24"
    )
    assert lines[5].startswith(
        "2026-06-24 11:25:00Z refused contact_unregistered: somebody unregistered asked for an action from 203.0."
    )
    assert len(lines) == 7
    assert "ana@" not in ran.out


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--contact", "ana@acme.example"), [0, 1, 3, 6]),
        (("--contact", "+40213000001", "--refused"), [1, 6]),
        (("--contact", "ana.pop", "--allowed"), [0, 3]),
        (("--contact", "nobody@acme.example"), []),
        (("--tenant", "acme"), [0, 1, 2, 3, 4, 6]),
        (("--tenant", "beta"), []),
        (("--action", "open_gate", "--reason", "role_not_permitted"), [2]),
        (("--request-id", "req-2"), [2]),
        (("--resource", "box:b1"), [4]),
        (("--since", "2026-06-24T14:25:00+03:00"), [5, 6]),
        (("--since", "2026-06-24", "--until", "2026-06-24T11:21:00Z"), [0]),
    ],
    ids=[
        "e-mail", "phone", "login", "nobody", "tenant", "no such tenant", "action and reason", "request", "ticket",
        "an instant", "a span",
    ],
)  # fmt: skip
def test_search_finds_by(logged: Logged, options: tuple[str, ...], expected: list[int]) -> None:
    assert found(logged, *options) == expected


@pytest.mark.parametrize("reason", list(Reason))
def test_a_sentence_says_no_more_than_the_reason_does(reason: Reason) -> None:
    """Neither who is no contact nor what is no action is concluded from what a record lacks."""
    sentence = sentence_of({"kind": "decision", "at": "2026-06-24T11:20:00.0Z", "decision": False, "reason": reason})

    assert ("unregistered asked" in sentence) is (reason is Reason.CONTACT_UNREGISTERED)
    assert ("what is no action" in sentence) is (reason is Reason.ACTION_UNKNOWN)


@pytest.mark.parametrize(
    "option", ["--contact", "--tenant", "--action", "--reason", "--since", "--until", "--resource", "--id"]
)
def test_an_option_that_says_nothing_finds_nothing_and_is_wrong_usage(logged: Logged, option: str) -> None:
    ran = authz("log", "search", option, "")

    assert (ran.status, ran.out) == (2, "")
    assert f"{option} says nothing" in ran.err
    if option in {"--tenant", "--since"}:
        assert authz("log", "export", option, "").status == 2
        assert authz("log", "stats", option, "").status == 2
        assert authz("log", "replay", option, "").status == 2


def test_tail_shows_a_line_that_somebody_mutilated_and_goes_on(logged: Logged) -> None:
    with next(logged.folder.glob("*.jsonl")).open("ab") as stream:
        stream.write(b'{"kind":"decision"}\n' + b"[" * 50_000 + b"\n")

    ran = authz("log", "tail", "-n", "100")

    assert ran.status == 0, ran.err
    assert "for no recorded reason" in ran.out


def test_search_finds_one_by_its_id(logged: Logged) -> None:
    assert found(logged, "--id", logged.ids[3]) == [3]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--since", "yesterday"), "neither a date nor an RFC 3339 instant"),
        (("--resource", "4711"), "TYPE:ID"),
        (("--refused", "--allowed"), "ask for nothing"),
        (("--reason", "because"), "is no reason"),
    ],
    ids=["a time", "a ticket", "both", "a reason"],
)
def test_what_cannot_be_meant_is_wrong_usage(logged: Logged, options: tuple[str, ...], said: str) -> None:
    ran = authz("log", "search", *options)

    assert ran.status == 2
    assert said in ran.err


def test_an_erased_person_is_found_no_more_and_the_records_stay(logged: Logged) -> None:
    erased = authz("registry", "erase", "ana@acme.example", "--by", "Mara Ionescu")
    assert erased.status == 0, erased.err

    assert found(logged, "--contact", "ana@acme.example") == []
    assert found(logged) == [0, 1, 2, 3, 4, 5, 6]


def test_tail_shows_the_newest_and_needs_no_database(logged: Logged, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTHZ_DATABASE_URL", "postgresql://authz@127.0.0.1:9/registry")

    assert "from 198.51.100.0/24 by web" in authz("log", "tail").out
    ran = authz("log", "tail", "-n", "2", "--json")

    assert [json.loads(line)["id"] for line in ran.out.splitlines()] == list(logged.ids[-2:])


def test_stats_count_by_reason(logged: Logged) -> None:
    counts = authz("log", "stats", "--by", "hour", "--json").json["counts"]

    assert {(one["reason"], one["allowed"]): one["records"] for one in counts} == {
        ("permitted", True): 3,
        ("network_not_declared", False): 1,
        ("role_not_permitted", False): 1,
        ("contact_unregistered", False): 1,
        ("action_unknown", False): 1,
    }
    assert {one["span"] for one in counts} == {"2026-06-24 11"}
    assert "network_not_declared" in authz("log", "stats").out
    assert authz("log", "stats", "--by", "fortnight").status == 2


def test_the_index_can_be_made_anew(logged: Logged) -> None:
    assert authz("log", "index", "--json").json == {"records_added": 7}
    assert authz("log", "index", "--json").json == {"records_added": 0}
    assert authz("log", "index", "--rebuild").out == "7 records added to the index\n"
    assert found(logged) == [0, 1, 2, 3, 4, 5, 6]


def test_an_export_is_what_search_finds_one_a_line(logged: Logged) -> None:
    ran = authz("log", "export", "--tenant", "acme", "--since", "2026-06-24T11:21:00Z")

    assert [logged.ids.index(json.loads(line)["id"]) for line in ran.out.splitlines()] == [1, 2, 3, 4, 6]


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x.example","y")', "=1,2;3", "'=1"]


@pytest.mark.parametrize("payload", FORMULAS)
def test_no_cell_of_an_exported_table_is_a_formula(logged: Logged, payload: str) -> None:
    write_segment(logged.folder / "b.jsonl", [decision(1, request_id=payload, tenant="beta")])

    ran = authz("log", "export", "--format", "csv", "--tenant", "beta")

    rows = list(csv.reader(io.StringIO(ran.out, newline="")))
    row: dict[str, Any] = dict(zip(rows[0], rows[1], strict=True))
    assert len(rows) == 2
    assert row["request_id"] == (payload if payload.startswith("'") else f"'{payload}")
    assert row["tenant"] == "beta"
    assert json.loads(row["facts"]) == {"network_ok": True, "sender_ok": True}
    assert not [cell for cell in row.values() if cell[:1] in set("=+-@\t\r")]


def test_an_unknown_format_is_wrong_usage(logged: Logged) -> None:
    assert authz("log", "export", "--format", "xml").status == 2
