"""The table: what Casbin answers for every cell, grouped by tenants that read alike, equal to a judge of all lines."""

from __future__ import annotations

import pytest

from authz.errors import ConfigError, EngineDisagreement, PolicyInvalid
from authz.policy import compile as compiling
from authz.policy.compile import NOBODY, compare_with_engine, compile_set, facts_of
from authz.policy.compiled import CompiledSet, JudgedCell, decision_table
from authz.policy.judge import Judge
from authz.policy.parse import ParsedSet
from tests.policy import orchard


@pytest.fixture(scope="module")
def parsed() -> ParsedSet:
    return orchard.parsed()


@pytest.fixture(scope="module")
def compiled(parsed: ParsedSet) -> CompiledSet:
    return compile_set(parsed)


def test_a_cell_answers_every_subset_of_the_facts_that_its_lines_name(compiled: CompiledSet) -> None:
    cell = compiled.shared["keeper"]["move_stock"]

    assert cell.facts == ("network_ok", "sender_ok", "season_paid")
    assert [allowed for allowed, _ in cell.judged] == [False] * 7 + [True]
    assert cell.judged[7] == (True, "orchard/matrix.csv:3")


def test_a_cell_that_is_denied_names_its_line_and_one_that_asks_nothing_has_one_answer(compiled: CompiledSet) -> None:
    assert compiled.shared["picker"]["move_stock"] == JudgedCell((), ((False, "orchard/matrix.csv:6"),))
    assert compiled.shared["picker"]["report_smoke"] == JudgedCell((), ((True, "orchard/matrix.csv:7"),))


def test_the_built_in_facts_come_first_and_the_others_as_the_lines_name_them() -> None:
    edits = {
        orchard.MATRIX: [
            (
                "network_ok + sender_ok + own_crate + papers_complete",
                "papers_complete + sender_ok + own_crate + network_ok",
            )
        ]
    }

    fitting = [rule for rule in orchard.parsed(edits).matrix if rule.fits("picker", "open_gate") and rule.tenant == "*"]
    assert facts_of(fitting) == ("network_ok", "sender_ok", "papers_complete", "own_crate")


def test_tenants_whose_lines_read_alike_are_asked_once_and_keep_their_own_sources(compiled: CompiledSet) -> None:
    alike, other = compiled.classes

    assert dict(alike.tenants) == {"hilltop": ("orchard/own_lines.csv:2",), "riverside": ("orchard/own_lines.csv:3",)}
    assert list(alike.cells) == ["picker"]
    assert list(alike.cells["picker"]) == ["open_gate"]
    assert set(other.tenants) == {"valley"}
    assert sum(len(actions) for actions in other.cells.values()) == 6


def test_the_table_names_each_tenants_own_line(compiled: CompiledSet) -> None:
    table = decision_table(compiled)

    hilltop, riverside = (table.cell(tenant, "picker", "open_gate") for tenant in ("hilltop", "riverside"))
    assert hilltop is not None
    assert riverside is not None
    assert {answer.rule for answer in hilltop.answers} == {"orchard/own_lines.csv:2"}
    assert {answer.rule for answer in riverside.answers} == {"orchard/own_lines.csv:3"}
    assert not any(answer.allowed for answer in hilltop.answers)


def test_cells_that_no_own_line_touches_are_the_shared_ones(compiled: CompiledSet) -> None:
    table = decision_table(compiled)

    assert table.cell("hilltop", "keeper", "open_gate") is table.cell("anybody", "keeper", "open_gate")
    assert table.cell("anybody", "keeper", "fly") is None


def test_every_question_of_the_table_is_answered_alike_by_a_judge_of_all_lines(
    parsed: ParsedSet, compiled: CompiledSet
) -> None:
    judge = Judge(parsed.bundle.model.decode(), sorted(parsed.matrix, key=lambda rule: rule.tenant != "*"))

    asked = 0
    for tenant in (NOBODY, "hilltop", "riverside", "valley"):
        for role, action, cell in compiled.cells_of(tenant):
            for mask, answer in enumerate(cell.judged):
                facts = frozenset(fact for at, fact in enumerate(cell.facts) if mask >> at & 1)
                assert judge.ask(tenant, role, action, facts) == answer
                asked += 1
    assert asked > 150


def test_a_table_that_differs_from_the_engine_is_noticed(parsed: ParsedSet, compiled: CompiledSet) -> None:
    wrong = {
        role: {
            action: cell._replace(judged=tuple((not allowed, rule) for allowed, rule in cell.judged))
            for action, cell in actions.items()
        }
        for role, actions in compiled.shared.items()
    }

    assert compare_with_engine(parsed, compiled) > 16
    with pytest.raises(EngineDisagreement, match="the table says"):
        compare_with_engine(parsed, compiled._replace(shared=wrong))


def test_a_table_that_names_another_line_is_noticed(parsed: ParsedSet, compiled: CompiledSet) -> None:
    elsewhere = "orchard/matrix.csv:99"
    renamed = {
        role: {
            action: cell._replace(judged=tuple((allowed, rule and elsewhere) for allowed, rule in cell.judged))
            for action, cell in actions.items()
        }
        for role, actions in compiled.shared.items()
    }

    with pytest.raises(EngineDisagreement):
        compare_with_engine(parsed, compiled._replace(shared=renamed))


def test_an_unknown_role_or_action_is_allowed_nothing(parsed: ParsedSet) -> None:
    judge = Judge(parsed.bundle.model.decode(), parsed.matrix)
    every_fact = frozenset({"network_ok", "sender_ok", *parsed.definition.facts})

    assert not judge.ask(NOBODY, NOBODY, "open_gate", every_fact).allowed
    assert not judge.ask(NOBODY, "keeper", NOBODY, every_fact).allowed


def test_a_change_of_network_lines_asks_nothing_again(
    parsed: ParsedSet, compiled: CompiledSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = orchard.parsed({orchard.RIVERSIDE: "p2, riverside, 192.0.2.0/24, allow\n"})
    asked: list[object] = []
    monkeypatch.setattr(compiling, "Judge", lambda *arguments: asked.append(arguments))

    again = compile_set(changed, compiled)

    assert asked == []
    assert again.shared == compiled.shared
    assert again.networks["riverside"][0].network == "192.0.2.0/24"
    assert again.revision == changed.bundle.revision != compiled.revision


def test_a_change_of_one_matrix_line_asks_everything_again(compiled: CompiledSet) -> None:
    changed = orchard.parsed({orchard.OWN: [("p, hilltop, picker, open_gate", "p, hilltop, keeper, open_gate")]})

    again = compile_set(changed, compiled)

    assert again.table_key != compiled.table_key
    assert again == compile_set(changed)


def test_an_engine_that_fails_refuses_the_set(parsed: ParsedSet, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> bool:
        raise SystemError("AST constructor recursion depth mismatch")

    monkeypatch.setattr(Judge, "ask", fail)

    with pytest.raises(PolicyInvalid) as refused:
        compile_set(parsed)

    assert [str(problem) for problem in refused.value.problems] == [
        "policies/orchard:0:0: the engine failed: SystemError: AST constructor recursion depth mismatch"
    ]


def test_an_engine_that_is_not_fit_is_no_fault_of_the_set(parsed: ParsedSet, monkeypatch: pytest.MonkeyPatch) -> None:
    def unfit() -> dict[str, str]:
        raise ConfigError("both are installed")

    monkeypatch.setattr(compiling, "engine_versions", unfit)

    with pytest.raises(ConfigError):
        compile_set(parsed)


def test_a_thousand_tenants_with_own_lines_are_a_handful_of_classes() -> None:
    roles, actions = ("keeper", "picker"), ("open_gate", "move_stock", "report_smoke")
    rows = [f"p, t{number}, {roles[number % 2]}, {actions[number % 3]}, -, deny" for number in range(1000)]
    rows.append("p, valley, *, *, quarantined, deny")
    compiled = compile_set(orchard.parsed({orchard.OWN: "\n".join(rows)}))

    assert len(compiled.classes) == 7
    cell = decision_table(compiled).cell("t999", "picker", "open_gate")
    assert cell is not None
    assert {(answer.allowed, answer.rule) for answer in cell.answers} == {(False, "orchard/own_lines.csv:1000")}
