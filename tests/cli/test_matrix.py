from __future__ import annotations

import pytest

from tests.cli.program import Checkout, authz, authz_on_terminal, authz_process

TABLE = """\
The storehouse annex  policy set storehouse
┌────────────────────────────┬──────────────┬──────────────┐
│                            │ Keeper       │ Guest        │
├────────────────────────────┼──────────────┼──────────────┤
│ Open the gate              │ Allow ¹      │ Deny         │
│ open_gate · Table 1, row 1 │ matrix.csv:2 │ matrix.csv:3 │
├────────────────────────────┼──────────────┼──────────────┤
│ Move a box                 │ Allow        │ Allow ²      │
│ move_box · Table 1, row 2  │ matrix.csv:4 │ matrix.csv:5 │
├────────────────────────────┼──────────────┼──────────────┤
│ Read the rules             │ Allow ³      │ Allow ³      │
│ read_rules · Table 1, row 3│ matrix.csv:6 │ matrix.csv:7 │
└────────────────────────────┴──────────────┴──────────────┘
¹ not if gate_closed: the gate is closed [4] (matrix.csv:9)
² needs own_box: the box is the contact's own [3.1]
³ without network_ok and sender_ok: the rules hang at the gate
Service terms, the first row that fits
┌──────┬────────┬───────────────┬────────────────┬────────────┬──────────┬────────┬───────────┐
│      │ Class  │ Support level │ Reaction       │ Completion │ Calendar │ Clause │ Actions   │
├──────┼────────┼───────────────┼────────────────┼────────────┼──────────┼────────┼───────────┤
│ gate │ prompt │ -             │ 1 working hour │ -          │ hours    │ 6      │ open_gate │
└──────┴────────┴───────────────┴────────────────┴────────────┴──────────┴────────┴───────────┘
hours: mon-fri 09:00-17:00; Europe/Bucharest
Obligations of the caller on an allow
┌───────────┬─────────────────────┬────────┬──────────┐
│           │ What                │ Clause │ Actions  │
├───────────┼─────────────────────┼────────┼──────────┤
│ sign-book │ sign: sign the book │ 5      │ move_box │
└───────────┴─────────────────────┴────────┴──────────┘
"""


def unspaced(text: str) -> list[str]:
    """Lines with their blanks and rules squeezed: widths are not what a test is about."""
    return [" ".join(line.replace("─", "").replace("│", " │ ").split()) for line in text.splitlines()]


def test_the_table_reads_as_in_the_document_with_footnotes_and_lines(checkout: Checkout) -> None:
    ran = authz("matrix", "storehouse", "--lang", "en")

    lines = ran.out.splitlines()
    assert ran.status == 0
    assert unspaced("\n".join(lines[:-1])) == unspaced(TABLE)
    assert lines[-1].startswith("revision sha256:")


def test_labels_are_in_the_sets_main_language_unless_another_is_asked_for(checkout: Checkout) -> None:
    assert "Deschiderea porții" in authz("matrix", "storehouse").out
    assert "needs own_box: cutia este a contactului" in authz("matrix", "storehouse").out

    ran = authz("matrix", "storehouse", "--lang", "de")

    assert (ran.status, ran.err) == (2, "authz: `storehouse` has no labels in `de`; it has ro, en\n")


def test_a_set_may_say_in_which_language_its_table_is_printed(checkout: Checkout) -> None:
    checkout.replace("set.yaml", "languages: [ro, en]\n", "languages: [ro, en]\ntable_language: en\n")

    assert "Open the gate" in authz("matrix", "storehouse").out
    assert authz("matrix", "storehouse", "--json").json["language"] == "en"
    assert "Deschiderea porții" in authz("matrix", "storehouse", "--lang", "ro").out


def test_a_cell_that_a_line_of_everybodys_always_denies_shows_that_line(checkout: Checkout) -> None:
    always = "p, *, *,      read_rules, -,                                deny"
    conditional = "p, *, *,      open_gate,  gate_closed,                      deny"
    closing = conditional.replace("open_gate, ", "read_rules,")
    checkout.replace("matrix.csv", conditional, f"{conditional}\n{closing}\n{always}")

    cells = [line for line in authz("matrix", "storehouse", "--lang", "en").out.splitlines() if "read_rules ·" in line]

    assert [cell.strip() for cell in cells[0].split("│")[2:4]] == ["matrix.csv:11", "matrix.csv:11"]


def test_a_tenants_own_lines_are_marked(checkout: Checkout) -> None:
    ran = authz("matrix", "storehouse", "--lang", "en", "--tenant", "beta")

    moving = next(line for line in ran.out.splitlines() if "Move a box" in line)
    assert [cell.strip() for cell in moving.split("│")[2:4]] == ["Deny *", "Allow ²"]
    assert "matrix.csv:10" in ran.out
    assert "policy set storehouse, tenant beta" in ran.out
    assert "* a line of the tenant's own decides" in ran.out


def test_a_tenant_without_lines_of_its_own_has_the_table_of_all(checkout: Checkout) -> None:
    ran = authz("matrix", "storehouse", "--tenant", "acme")

    assert ran.status == 0
    assert "no line is of acme alone" in ran.out
    assert " *" not in ran.out
    assert authz("matrix", "storehouse", "--tenant", "nobody").status == 2


def test_json_holds_every_cell_with_its_facts_and_lines(checkout: Checkout) -> None:
    ran = authz("matrix", "storehouse", "--json", "--lang", "en")

    cells = {(action["id"], cell["role"]): cell for action in ran.json["actions"] for cell in action["cells"]}
    assert ran.status == 0
    assert [role["label"] for role in ran.json["roles"]] == ["Keeper", "Guest"]
    assert [action["id"] for action in ran.json["actions"]] == ["open_gate", "move_box", "read_rules"]
    assert cells["open_gate", "guest"] == {
        "role": "guest",
        "effect": "deny",
        "rule": "storehouse/matrix.csv:3",
        "needs": [],
        "refused_with": [],
        "own": False,
    }
    assert cells["move_box", "guest"]["needs"] == [
        {"facts": ["network_ok", "sender_ok", "own_box"], "rule": "storehouse/matrix.csv:5"}
    ]
    assert cells["open_gate", "keeper"]["refused_with"] == [
        {"facts": ["gate_closed"], "rule": "storehouse/matrix.csv:9"}
    ]
    assert ran.json["facts"]["own_box"] == "the box is the contact's own"
    assert ran.json["service"] == [
        {
            "id": "gate",
            "actions": ["open_gate"],
            "match": {},
            "class": "prompt",
            "support_level": None,
            "reaction": {"amount": 60, "unit": "minutes"},
            "completion": None,
            "best_effort": False,
            "calendar": "hours",
            "deferred_channels": [],
            "lapse": None,
            "clause": "6",
        }
    ]
    assert ran.json["calendars"] == {"hours": "mon-fri 09:00-17:00; Europe/Bucharest"}
    assert [(row["id"], row["actions"], row["clause"]) for row in ran.json["obligations"]] == [
        ("sign-book", ["move_box"], "5")
    ]


def test_without_a_name_every_set_is_drawn(checkout: Checkout) -> None:
    assert isinstance(authz("matrix", "--json").json, list)
    assert "policy set storehouse" in authz("matrix").out


@pytest.mark.parametrize("name", ["storehouse", "policies/storehouse", "."])
def test_a_set_is_named_by_its_id_or_its_folder(checkout: Checkout, name: str) -> None:
    assert "policy set storehouse" in authz("matrix", name).out


def test_a_set_that_is_not_there_is_wrong_usage(checkout: Checkout) -> None:
    ran = authz("matrix", "barn")

    assert (ran.status, ran.out) == (2, "")
    assert ran.err == "authz: `policies` holds no policy set `barn`; it holds storehouse\n"


def test_an_unfit_set_is_not_drawn(checkout: Checkout) -> None:
    checkout.replace("matrix.csv", "p, *, guest,  open_gate,", "p, *, gest,   open_gate,")

    ran = authz("matrix", "storehouse")

    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith("policies/storehouse/matrix.csv:3:7: ")


def test_a_pipe_gets_the_whole_width_and_a_terminal_gets_colours(checkout: Checkout) -> None:
    long = "Open the gate " * 12
    checkout.replace("set.yaml", "en: Open the gate", f"en: {long.strip()}")

    piped = authz_process("matrix", "storehouse", "--lang", "en", environment={"COLUMNS": "60"})
    shown = authz_on_terminal("matrix", "storehouse", "--lang", "en")

    assert long.strip() in piped.out
    assert "\x1b[" not in piped.out
    assert "\x1b[32mAllow" in shown
    assert "\x1b[1;31mDeny" in shown
