"""What a plain Allow in a contract's table would hide: one note for each thing, numbered in the order of first use.

The words are those of the policy files; the labels are in the reader's language.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from authz.cli.contract_table import Entry, further_facts, waived_facts
from authz.core.definition import PolicySet
from authz.texts import label


class Notes:
    """The footnotes of one table."""

    def __init__(self, definition: PolicySet, language: str) -> None:
        self._definition = definition
        self._language = language
        self._rules: dict[str, dict[str, None]] = {}

    def of(self, entry: Entry) -> list[int]:
        """The numbers to put beside a cell."""
        noted = []
        for text, rule in self._said(entry):
            self._rules.setdefault(text, {})
            if rule:
                self._rules[text][rule] = None
            noted.append(list(self._rules).index(text) + 1)
        return noted

    def texts(self) -> Iterator[str]:
        """Every note in order, a refusing one with its lines."""
        for text, rules in self._rules.items():
            yield f"{text} ({_joined(rules, self._definition)})" if rules else text

    def _said(self, entry: Entry) -> Iterator[tuple[str, str]]:
        """(text, refusing line or "") of each note of a cell."""
        needs = [further_facts(condition) for condition in entry.allows]
        if len(needs) == 1:
            for fact in needs[0]:
                yield f"needs {self._fact(fact)}", ""
        elif any(needs):
            yield "needs " + ", or ".join(self._all_of(need) or "nothing further" for need in needs), ""
        waived = sorted({fact for condition in entry.allows for fact in waived_facts(condition)})
        if waived:
            reason = self._definition.actions[entry.action].open_to_any_sender or "the tenant's own line"
            yield f"without {' and '.join(waived)}: {reason}", ""
        for refusal in entry.refusals:
            yield f"not if {self._all_of(refusal.facts)}", refusal.rule

    def _all_of(self, facts: Iterable[str]) -> str:
        return " and ".join(map(self._fact, facts))

    def _fact(self, fact: str) -> str:
        declared = self._definition.facts.get(fact)
        if declared is None:
            return fact
        return f"{fact}: {label(declared.label, self._language)}" + (f" [{declared.clause}]" if declared.clause else "")


def within(rule: str, definition: PolicySet) -> str:
    """`matrix.csv:7` for `<set>/matrix.csv:7`: the table's title has named the set."""
    return rule.removeprefix(f"{definition.id}/")


def _joined(rules: Iterable[str], definition: PolicySet) -> str:
    """`matrix.csv:7, 9`: each file once."""
    by_file: dict[str, list[int]] = {}
    for rule in rules:
        file, _, line = within(rule, definition).rpartition(":")
        by_file.setdefault(file, []).append(int(line))
    return "; ".join(f"{file}:{', '.join(map(str, sorted(lines)))}" for file, lines in by_file.items())
