"""Pins: the behaviours of Casbin that we rely on or guard against (casbin.md sections 2 to 4, style.md section 10)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from threading import Thread
from typing import Any

import casbin
import pytest

from authz.core.network import NetworkLine
from authz.core.types import Effect
from authz.errors import ConfigError
from authz.policy import judge as fenced
from authz.policy.judge import FUNCTIONS, Judge, NetworkJudge, engine_versions, holds, in_network
from authz.policy.reading.matrix import MatrixLine
from tests.policy.orchard import MODEL_TEXT

BOTH = frozenset({"network_ok", "sender_ok"})


def line(number: int, text: str) -> MatrixLine:
    tenant, role, action, facts, effect = (part.strip() for part in text.split(","))
    named = () if facts == "-" else tuple(facts.split(" + "))
    return MatrixLine(tenant, role, action, named, Effect(effect), f"set/matrix.csv:{number}", number)


def judge(*lines: str) -> Judge:
    return Judge(MODEL_TEXT, [line(number, text) for number, text in enumerate(lines, 1)])


def test_nothing_matches_means_no() -> None:
    assert judge("*, keeper, open, network_ok, allow").ask("t", "picker", "open", BOTH) == (False, "")


def test_one_matching_deny_line_beats_any_allow_and_is_named() -> None:
    asked = judge("*, keeper, open, network_ok, allow", "*, keeper, open, sender_ok, deny", "*, *, *, -, deny")

    assert asked.ask("t", "keeper", "open", BOTH) == (False, "set/matrix.csv:2")


def test_the_first_allow_line_is_named_and_not_the_last() -> None:
    lines = ("*, keeper, open, network_ok, allow", "*, keeper, open, sender_ok, allow")
    asked = judge(*lines)

    assert asked.ask("t", "keeper", "open", BOTH) == (True, "set/matrix.csv:1")
    assert asked.ask("t", "keeper", "open", frozenset({"sender_ok"})) == (True, "set/matrix.csv:2")


def test_a_line_needs_all_of_its_facts() -> None:
    asked = judge("*, keeper, open, network_ok + sender_ok, allow")

    assert asked.ask("t", "keeper", "open", BOTH).allowed
    assert not asked.ask("t", "keeper", "open", frozenset({"network_ok"})).allowed


def test_a_star_in_a_line_is_any_value_and_a_star_in_a_question_is_none() -> None:
    asked = judge("acme, keeper, open, -, allow", "*, *, close, -, deny")

    assert not asked.ask("*", "*", "*", BOTH).allowed
    assert asked.ask("acme", "*", "close", BOTH).rule == "set/matrix.csv:2"


@pytest.mark.parametrize(
    "hostile", ["True) or (True", '" || true || "', "__import__('os')", "keeper\n", "Keeper", "p_role"]
)
def test_request_values_are_compared_and_never_parsed(hostile: str) -> None:
    assert not judge("*, keeper, open, -, allow").ask("t", hostile, "open", BOTH).allowed
    assert not judge("*, keeper, open, -, allow").ask("t", "keeper", hostile, BOTH).allowed


def test_a_judge_without_lines_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="at least one line"):
        judge()
    with pytest.raises(ValueError, match="at least one line"):
        NetworkJudge(MODEL_TEXT, "acme", [])


def test_casbin_itself_allows_everything_that_is_empty_when_it_has_no_lines() -> None:
    model = casbin.Model()
    model.load_model_from_text(MODEL_TEXT)
    enforcer = casbin.Enforcer(model)
    enforcer.add_function("holds", lambda _when, _facts: True)

    assert enforcer.enforce("", "", "", frozenset())


@pytest.mark.parametrize("effect", ["Deny", "dney", "deny # why", ""])
def test_casbin_itself_takes_a_misspelt_deny_for_no_effect(effect: str) -> None:
    rows = [["*", "keeper", "open", "-", "allow", "1"], ["*", "keeper", "open", "-", effect, "2"]]

    assert enforcer_over(rows).enforce("t", "keeper", "open", BOTH)


def test_casbin_itself_fails_at_a_line_with_too_few_columns() -> None:
    with pytest.raises(RuntimeError, match="invalid policy size"):
        enforcer_over([["*", "keeper", "open", "allow"]]).enforce("t", "keeper", "open", BOTH)


class Rows(casbin.persist.Adapter):  # type: ignore[misc]
    def __init__(self, rows: Iterable[list[str]]) -> None:
        self.rows = rows

    def load_policy(self, model: Any) -> None:
        model["p"]["p"].policy.extend(self.rows)


def enforcer_over(rows: Iterable[list[str]]) -> Any:
    model = casbin.Model()
    model.load_model_from_text(MODEL_TEXT)
    enforcer = casbin.Enforcer(model, Rows(rows))
    for name, function in FUNCTIONS.items():
        enforcer.add_function(name, function)
    return enforcer


def test_network_lines_are_judged_by_the_same_effect() -> None:
    lines = [
        NetworkLine("203.0.113.0/24", Effect.ALLOW, "1"),
        NetworkLine("203.0.113.66/32", Effect.DENY, "2"),
        NetworkLine("2001:db8::/32", Effect.ALLOW, "3"),
    ]
    asked = NetworkJudge(MODEL_TEXT, "acme", lines)

    assert [asked.inside(ip) for ip in ("203.0.113.65", "203.0.113.66", "203.0.114.0", "2001:db8::1")] == [
        True, False, False, True,
    ]  # fmt: skip


def test_the_functions_are_pure_and_total_over_checked_texts() -> None:
    assert holds("-", frozenset()) is True
    assert holds("a + b", frozenset({"a"})) is False
    assert in_network("198.51.100.1", "any") is True
    assert in_network("2001:db8::1", "10.0.0.0/8") is False


def test_a_function_that_is_not_ours_is_noticed() -> None:
    enforcer = enforcer_over([["*", "keeper", "open", "-", "allow", "1"]])
    fenced._check_ours(enforcer)
    enforcer.add_function("holds", lambda _when, _facts: True)

    with pytest.raises(ConfigError, match="the engine's function `holds` is not ours"):
        fenced._check_ours(enforcer)


def test_an_enforcer_that_is_switched_off_is_noticed() -> None:
    enforcer = enforcer_over([["*", "keeper", "open", "-", "deny", "1"]])
    enforcer.enable_enforce(False)

    assert enforcer.enforce("t", "keeper", "open", BOTH) is True
    with pytest.raises(ConfigError, match="plain, enabled Enforcer"):
        fenced._check_ours(enforcer)


def test_only_the_plain_enforcer_will_do() -> None:
    model = casbin.Model()
    model.load_model_from_text(MODEL_TEXT)

    with pytest.raises(ConfigError, match="plain, enabled Enforcer"):
        fenced._check_ours(casbin.FastEnforcer(model, Rows([["*", "keeper", "open", "-", "deny", "1"]])))


def test_judges_of_several_threads_take_turns() -> None:
    asked = judge("*, keeper, open, network_ok, allow", "*, keeper, open, sender_ok, allow")
    wrong: list[object] = []

    def ask_often() -> None:
        for _ in range(60):
            try:
                if not asked.ask("t", "keeper", "open", BOTH).allowed:
                    wrong.append("denied")
            except SystemError as error:
                wrong.append(error)

    threads = [Thread(target=ask_often) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


def test_the_installed_engine_is_fit_and_named() -> None:
    assert set(engine_versions()) == {"pycasbin", "simpleeval", "python"}


@pytest.mark.parametrize(
    ("distribution", "version", "text"),
    [
        ("casbin", "1.43.0", "both `casbin` and `pycasbin` are installed"),
        ("pycasbin", "2.7.9", "`pycasbin` 2.7.9; at least 2.8 is needed"),
        ("simpleeval", "1.0.7", "`simpleeval` 1.0.7; at least 1.0.8 is needed"),
    ],
)
def test_an_engine_that_is_not_fit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, distribution: str, version: str, text: str
) -> None:
    metadata = tmp_path / f"{distribution}-{version}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
    monkeypatch.syspath_prepend(str(tmp_path))

    with pytest.raises(ConfigError, match=text):
        engine_versions()
