"""YAML that could be read in two ways."""

from __future__ import annotations

from typing import Final

from tests.policy.orchard import SET
from tests.policy.refusals.refusal import Refusal

REFUSALS: Final = (
    Refusal(
        "broken YAML",
        {SET: [("languages: [en, ro]", "languages: [en, ro")]},
        ["set.yaml:4:10: not YAML: while parsing a flow sequence: did not find expected ',' or ']'"],
    ),
    Refusal(
        "an anchor and an alias",
        {
            SET: [
                ("label: {en: Keeper, ro: Gestionar}", "label: &l {en: Keeper, ro: Gestionar}"),
                ("label: {en: Picker, ro: Culegător}", "label: *l"),
            ]
        },
        [
            "set.yaml:8:19: anchors are not allowed: `&l`; quote it if it is text",
            "set.yaml:9:19: aliases are not allowed: `*l`; quote it if it is text",
        ],
    ),
    Refusal(
        "a tag", {SET: [('clause: "3.1"', "clause: !!str 3.1")]}, ["set.yaml:14:13: tags are not allowed: `!!str`"]
    ),
    Refusal(
        "a merge key",
        {SET: [('    clause: "3.1"', '    <<: {clause: "3.1"}')]},
        ["set.yaml:14:5: merge keys (`<<`) are not allowed"],
    ),
    Refusal(
        "a key given twice",
        {SET: [("time_zone: Europe/Bucharest\nphone", "time_zone: Europe/Bucharest\nlanguages: [en]\nphone")]},
        ["set.yaml:5:1: `languages` is here twice, first on line 3"],
    ),
    Refusal(
        "a second document", {SET: [("\nroles:", "\n---\nroles:")]}, ["set.yaml:7:1: a second document in one file"]
    ),
    Refusal("a list instead of a mapping", {SET: "- 1\n"}, ["set.yaml:1:1: expected a mapping of names to values"]),
    Refusal(
        "nested too deeply",
        {SET: [("languages: [en, ro]", "languages: " + "[" * 40 + "]" * 40)]},
        ["set.yaml:3:35: nested too deeply"],
    ),
    Refusal(
        "a number as a key",
        {SET: [("  picker:", "  7:")]},
        ["set.yaml:9:3: `7` as a key is not a text to every YAML reader; write it in quotes"],
    ),
    Refusal(
        "a yes as a key",
        {SET: [("  picker:", "  yes:")]},
        ["set.yaml:9:3: `yes` as a key is not a text to every YAML reader; write it in quotes"],
    ),
    Refusal(
        "a number where a text is meant",
        {SET: [('clause: "3.1"', "clause: 3.10")]},
        ["set.yaml:14:13: `3.10` is not a text to every YAML reader; write it in quotes"],
    ),
    Refusal(
        "Norway",
        {SET: [("phone_region: RO", "phone_region: NO")]},
        ["set.yaml:5:15: `NO` is not a text to every YAML reader; write it in quotes"],
    ),
    Refusal(
        "a list where a text is meant",
        {SET: [('clause: "3.1"', 'clause: ["3.1"]')]},
        ["set.yaml:14:13: expected a text"],
    ),
    Refusal(
        "a text where a mapping is meant",
        {SET: [("label: {en: Keeper, ro: Gestionar}", "label: Keeper")]},
        ["set.yaml:8:19: expected a mapping of names to values"],
    ),
    Refusal(
        "a mapping where a list is meant",
        {SET: [("tags: [stock]", "tags: {stock: stock}")]},
        ["set.yaml:19:11: expected a list"],
    ),
    Refusal("an empty text", {SET: [('clause: "3.1"', 'clause: ""')]}, ["set.yaml:14:13: the text is empty"]),
    Refusal(
        "blanks around a text",
        {SET: [('clause: "3.1"', 'clause: " 3.1"')]},
        ["set.yaml:14:13: blank at the start or end of the text"],
    ),
    Refusal(
        "nothing where a text is meant", {SET: [('clause: "3.1"', "clause:")]}, ["set.yaml:14:12: expected a text"]
    ),
)
