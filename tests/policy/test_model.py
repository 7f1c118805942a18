"""The form of model.conf beyond the table of refusals: what may vary, and that Casbin's own reading is what counts."""

from __future__ import annotations

import pytest

from authz.policy.judge import DENY_OVERRIDE, matcher_tree, read_model
from authz.policy.model import model_problems
from tests.policy.orchard import MODEL_TEXT, edited

TENANT = '(p.tenant == "*" || r.tenant == p.tenant)'


def test_the_shipped_model_is_of_the_checked_form() -> None:
    assert model_problems(MODEL_TEXT.encode()) == []


@pytest.mark.parametrize(
    "edits",
    [
        [(" && holds(p.when, r.facts)", "  &&  holds(p.when,r.facts)")],
        [('m = (p.tenant == "*" || r.tenant == p.tenant) && ', "m = "), (", r.facts)", f", r.facts) && {TENANT}")],
        [("r2 = tenant, ip", "r2 = tenant,ip")],
        [("# The only judge.", "# \u0415\u0434\u0438\u043d\u044b\u0439.")],
    ],
    ids=["other blanks", "another order", "columns without blanks", "a comment in another alphabet"],
)
def test_what_casbin_runs_alike_is_alike(edits: list[tuple[str, str]]) -> None:
    content = edited(MODEL_TEXT.encode(), edits)

    assert content is not None
    assert model_problems(content) == []


def test_an_oversized_model_is_refused_unread() -> None:
    assert [str(problem) for problem in model_problems(b"#" * 20_000)] == [
        "model.conf:0:0: larger than 16384 bytes",
    ]


def test_casbin_takes_a_comment_behind_the_columns_for_a_part_of_the_effects_name() -> None:
    model = read_model(MODEL_TEXT.replace("when, eft, src", "when, src, eft # why"))

    assert model.tokens["p"][-1] == "p_eft # why"


def test_casbin_drops_what_follows_a_matcher_on_the_next_line() -> None:
    model = read_model(MODEL_TEXT.replace(" && holds(p.when, r.facts)", "\nx = holds(p.when, r.facts)"))

    assert "holds" not in model.matchers["m"]


def test_casbin_never_reads_a_second_effect() -> None:
    model = read_model(MODEL_TEXT.replace("[matchers]", "e2 = nonsense(((\n[matchers]"))

    assert model.effect == DENY_OVERRIDE.replace("p.", "p_")


@pytest.mark.parametrize("matcher", ["True; r.act == p.act", "x = True", "return True", "x : y = True", "(", ""])
def test_a_matcher_of_which_only_a_part_would_run_has_no_tree(matcher: str) -> None:
    assert matcher_tree(matcher) == ""


def test_a_text_that_casbin_cannot_read_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="parse the content error"):
        read_model("[matchers]\nm\n")
