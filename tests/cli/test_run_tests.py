from __future__ import annotations

from tests.cli.program import Checkout, authz


def test_passing_cases_are_counted(checkout: Checkout) -> None:
    ran = authz("test")

    assert ran.status == 0
    assert ran.out == ("✓ storehouse  6 cases passed; 3 of 6 cells tested, 50 %\n6 cases in 1 set, 0 failed\n")


def test_a_failed_case_shows_its_place_the_rules_and_what_would_help(checkout: Checkout) -> None:
    checkout.replace(
        "tests.yaml", "expect: {decision: false, reason: fact_not_met, fact: own_box}", "expect: {decision: true}"
    )

    ran = authz("test")

    lines = ran.out.splitlines()
    assert ran.status == 4
    assert lines[0].startswith("policies/storehouse/tests.yaml:29:5: ")
    assert "`a Guest moves no other box`: expected decision true; got deny, fact_not_met (own_box)" in lines[0]
    assert [line.split()[0] for line in lines[1:7]] == ["R1", "R2", "R3", "R4", "R5", "R6"]
    assert lines[6].split()[-2:] == ["fact_not_met", "storehouse/matrix.csv:5"]
    assert lines[7].strip() == "would be allowed if own_box: cutia este a contactului"
    assert lines[8].strip() == (
        "nearest case that gets this allow: policies/storehouse/tests.yaml:23 `a Guest moves his own box`; "
        "it differs in resource.properties.owner"
    )
    assert lines[9] == "✗ storehouse  1 of 6 cases failed"
    assert lines[10] == "6 cases in 1 set, 1 failed"


def test_a_refusal_that_nothing_would_change_is_told_as_such(checkout: Checkout) -> None:
    checkout.replace("tests.yaml", "expect: {decision: false, reason: role_not_permitted}", "expect: {decision: true}")

    assert "    nothing would help\n" in authz("test").out


def test_a_run_without_cases_fails(checkout: Checkout) -> None:
    path = checkout.set_dir / "tests.yaml"
    path.write_text(path.read_text().split("cases:")[0] + "cases: []\n")

    ran = authz("test")

    assert ran.status == 3
    assert "policies/storehouse/tests.yaml:" in ran.out
    assert "0 failed" in ran.out or "not fit" in ran.out


def test_a_set_that_cannot_be_compiled_fails(checkout: Checkout) -> None:
    checkout.replace("matrix.csv", "p, *, guest,  open_gate,", "p, *, gest,   open_gate,")

    ran = authz("test")

    assert ran.status == 3
    assert ran.out.startswith("policies/storehouse/matrix.csv:3:7: unknown role `gest`")
    assert "✗ storehouse  not fit to be asked" in ran.out


def test_a_broken_guard_fails_even_where_all_cases_pass(checkout: Checkout) -> None:
    checkout.replace(
        "set.yaml", "never: {roles: [guest], actions: [open_gate]}", "never: {roles: [guest], actions: [move_box]}"
    )

    ran = authz("test")

    assert ran.status == 4
    assert "breaks the guard" in ran.out
    assert "✗ storehouse  6 cases passed, but the set is not fit" in ran.out


def test_json_holds_the_question_the_answer_and_the_rules(checkout: Checkout) -> None:
    checkout.replace(
        "tests.yaml", "expect: {decision: false, reason: fact_not_met, fact: own_box}", "expect: {decision: true}"
    )

    ran = authz("test", "--json")

    assert ran.status == 4
    assert (ran.json["ok"], ran.json["cases"], ran.json["failed"]) == (False, 6, 1)
    (failed,) = ran.json["sets"][0]["failed"]
    assert failed["line"] == 29
    assert failed["ask"]["contact"] == "dan@acme.example"
    assert failed["expected"] == {"decision": True}
    assert failed["got"] == {
        "decision": False,
        "reason": "fact_not_met",
        "rule": "storehouse/matrix.csv:5",
        "fact": "own_box",
        "missing": ["own_box"],
    }
    assert [step["rule"] for step in failed["steps"]] == ["R1", "R2", "R3", "R4", "R5", "R6"]


def test_json_of_a_clean_run(checkout: Checkout) -> None:
    ran = authz("test", "policies/storehouse", "--json")

    assert ran.status == 0
    assert ran.json["ok"] is True
    assert ran.json["sets"][0]["failed"] == []


def test_coverage_is_drawn_as_the_contracts_table(checkout: Checkout) -> None:
    lines = authz("test", "--coverage").out.splitlines()

    assert lines[0] == "Anexa depozitului  policy set storehouse: 3 of 6 cells tested, 50 %"
    assert [cell.strip() for cell in lines[2].split("│")[1:4]] == ["", "Gestionar", "Oaspete"]
    assert [cell.strip() for cell in lines[4].split("│")[1:4]] == [
        "Deschiderea porții", "✓ allow 1, deny 1", "✓ deny 1",
    ]  # fmt: skip
    assert [cell.strip() for cell in lines[7].split("│")[1:4]] == [
        "Mutarea unei cutii", "✗ allow untested, deny untested", "✓ allow 1, deny 2",
    ]  # fmt: skip
    assert [cell.strip() for cell in lines[10].split("│")[1:4]] == [
        "Citirea regulilor", "✗ allow untested", "✗ allow untested",
    ]  # fmt: skip


def test_too_little_coverage_fails_and_names_the_cells(checkout: Checkout) -> None:
    enough = authz("test", "--min-coverage", "50")
    short = authz("test", "--min-coverage", "51")

    assert enough.status == 0
    assert short.status == 4
    assert "3 of 6 cells tested, 50 %, and 51 % are asked for" in short.out
    assert "keeper/move_box (allow untested, deny untested)" in short.out
    assert "0 failed" in short.out


def test_a_failing_case_holds_no_cell_in_place(checkout: Checkout) -> None:
    checkout.replace("tests.yaml", "expect: {decision: false, reason: role_not_permitted}", "expect: {decision: true}")

    assert authz("test", "--json").json["sets"][0]["coverage"]["tested"] == 2
