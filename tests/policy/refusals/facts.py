"""Facts: CEL expressions with the place of the mistake (R5)."""

from __future__ import annotations

from typing import Final

from tests.policy.orchard import SET
from tests.policy.refusals.refusal import Refusal

REFUSALS: Final = (
    Refusal(
        "a fact with a built-in name",
        {SET: [("  own_crate:\n", "  network_ok:\n")]},
        ["set.yaml:45:3: `network_ok` is built in and cannot be declared"],
    ),
    Refusal(
        "a fact with neither",
        {SET: [("    expression: 'resource.owner in subject.ids'\n", "")]},
        ["set.yaml:46:5: a fact has either `expression` or `parts`"],
    ),
    Refusal(
        "a fact with both",
        {SET: [("    parts:\n", "    expression: 'true'\n    parts:\n")]},
        ["set.yaml:54:5: a fact has either `expression` or `parts`"],
    ),
    Refusal(
        "a misspelt attribute",
        {SET: [("resource.owner in", "resource.ownr in")]},
        ["set.yaml:46:18: `resource.ownr` is not declared; did you mean `resource.owner`?"],
    ),
    Refusal(
        "a misspelt attribute in the second half",
        {SET: [("today <= tenant.season.until", "today <= tenant.saeson.until")]},
        ["set.yaml:42:49: `tenant.saeson.until` is not declared; did you mean `tenant.season.until`?"],
    ),
    Refusal(
        "a wrong type",
        {SET: [("today <= tenant.season.until", "now <= tenant.season.until")]},
        ["set.yaml:42:44: `tenant.season.until` is a date; compare it with `today`, not with a time"],
    ),
    Refusal(
        "an expression that is no yes or no",
        {SET: [("'resource.owner in subject.ids'", "'resource.owner'")]},
        ["set.yaml:46:18: the expression is of type string, not bool"],
    ),
    Refusal(
        "a syntax error",
        {SET: [("resource.owner in subject.ids", "resource.owner in in subject.ids")]},
        ["set.yaml:46:36: syntax error: extraneous input `in`"],
    ),
    Refusal(
        "a mistake in a part",
        {SET: [("'resource.weight > 0'", "'resource.wieght > 0'")]},
        ["set.yaml:57:29: `resource.wieght` is not declared; did you mean `resource.weight`?"],
    ),
    Refusal(
        "a mistake in a block",
        {
            SET: [
                ("          resource.labels != []", "          resource.weight > 0 &&\n          resource.lables != []")
            ]
        },
        ["set.yaml:61:11: `resource.lables` is not declared; did you mean `resource.labels`?"],
    ),
    Refusal(
        "a mistake behind a doubled quote",
        {SET: [("'resource.owner in subject.ids'", "'resource.owner == ''x'' || resource.ownr == ''y'''")]},
        ["set.yaml:46:45: `resource.ownr` is not declared; did you mean `resource.owner`?"],
    ),
    Refusal(
        "an empty expression", {SET: [("'resource.owner in subject.ids'", "''")]}, ["set.yaml:46:17: the text is empty"]
    ),
    Refusal(
        "no parts",
        {
            SET: [
                (
                    (
                        "    parts:\n"
                        "      weight: {expression: 'resource.weight > 0', label: {en: weight, ro: greutate}}\n"
                        "      labels:\n        expression: |\n          resource.labels != []\n"
                        "        label: {en: labels, ro: etichete}\n"
                    ),
                    "    parts: {}\n",
                )
            ]
        },
        ["set.yaml:56:12: `parts` is empty"],
    ),
)
