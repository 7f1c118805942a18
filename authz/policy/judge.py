"""Casbin, fenced in: the only importer of it, and the only judge of the matrix and of network lines (R6, R5).

A `Judge` holds a fresh plain `Enforcer` over rows that the parser made; Casbin never reads a file, never reloads, and
is asked one question at a time: on some Pythons its parser fails when several threads use it at once (casbin.md 0.3).
"""

from __future__ import annotations

import ast
import importlib.metadata
import ipaddress
import re
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import casbin
import simpleeval
from casbin.config import Config

from authz.core.network import NetworkLine
from authz.errors import ConfigError
from authz.policy.reading.matrix import FACT_SEPARATOR, NO_FACTS, MatrixLine

DENY_OVERRIDE: Final = "some(where (p.eft == allow)) && !some(where (p.eft == deny))"
FIRST_ALLOW: Final = "some(where (p.eft == allow))"
NETWORK_QUESTION: Final = ("r2", "p2", "e", "m2")
_FLOORS: Final = {"pycasbin": (2, 8), "simpleeval": (1, 0, 8)}
_ONE_AT_A_TIME: Final = threading.RLock()


class Verdict(NamedTuple):
    """Casbin's answer; `rule` is the source of the deny line or of the first allow line, empty where none matched."""

    allowed: bool
    rule: str


class EngineModel(NamedTuple):
    """A model text as Casbin reads it, not as it looks.

    `options`: section -> option -> value of Casbin's raw configuration; `tokens`: the columns of each definition;
    `effect`: the effect that will be applied; `matchers`: `ast.dump` of what each matcher will really run as, "" where
    Casbin cannot parse it or would run only a part of it.
    """

    options: Mapping[str, Mapping[str, str]]
    tokens: Mapping[str, tuple[str, ...]]
    effect: str
    matchers: Mapping[str, str]


def holds(when: str, facts: frozenset[str]) -> bool:
    """Whether every fact that a line names is among the true ones. Pure and total."""
    return when == NO_FACTS or all(word in facts for word in when.split(FACT_SEPARATOR))


def in_network(ip: str, network: str) -> bool:
    """Whether the address lies in the network of a line. Pure; both texts were checked before."""
    return network == "any" or ipaddress.ip_address(ip) in ipaddress.ip_network(network)


FUNCTIONS: Final[Mapping[str, Callable[..., bool]]] = {"holds": holds, "inNetwork": in_network}


def engine_versions() -> dict[str, str]:
    """What judged: the versions of Casbin, of its expression library and of Python.

    Raises:
        ConfigError: the old `casbin` distribution is installed beside `pycasbin` (they overlay each other), or a
            version is below the tested floor.
    """
    if _version_of("casbin"):
        raise ConfigError("both `casbin` and `pycasbin` are installed and overlay each other; uninstall `casbin`")
    versions = {name: _version_of(name) for name in _FLOORS}
    for name, floor in _FLOORS.items():
        if _numbers(versions[name]) < floor:
            wanted = ".".join(map(str, floor))
            raise ConfigError(f"`{name}` {versions[name] or 'is not installed'}; at least {wanted} is needed")
    return {**versions, "python": ".".join(map(str, sys.version_info[:3]))}


def _version_of(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.partition("+")[0]))


class _Rows(casbin.persist.Adapter):  # type: ignore[misc]
    """Hands finished rows to Casbin; no text is parsed."""

    def __init__(self, matrix: Iterable[MatrixLine], networks: Mapping[str, Iterable[NetworkLine]]) -> None:
        self._matrix = [
            [
                line.tenant, line.role, line.action, FACT_SEPARATOR.join(line.facts) or NO_FACTS,
                line.effect.value, line.source,
            ]
            for line in matrix
        ]  # fmt: skip
        self._networks = [
            [tenant, line.network, line.effect.value, line.source]
            for tenant, lines in networks.items()
            for line in lines
        ]

    def load_policy(self, model: Any) -> None:
        """Called by the Enforcer's constructor."""
        model["p"]["p"].policy.extend(self._matrix)
        model["p"]["p2"].policy.extend(self._networks)


def _enforcer(model_text: str, rows: _Rows) -> Any:
    model = casbin.Model()
    model.load_model_from_text(model_text)
    enforcer = casbin.Enforcer(model, rows)
    for name, function in FUNCTIONS.items():
        enforcer.add_function(name, function)
    _check_ours(enforcer)
    return enforcer


def _check_ours(enforcer: Any) -> None:
    if type(enforcer) is not casbin.Enforcer or enforcer.enabled is not True or enforcer.model["g"] is not None:
        raise ConfigError("the engine is not a plain, enabled Enforcer without role links")
    for name, function in FUNCTIONS.items():
        if enforcer.fm.fm[name] is not function:
            raise ConfigError(f"the engine's function `{name}` is not ours")


class Judge:
    """Casbin over one slice of `p` lines: those able to match what it will be asked.

    The explainer is a second Enforcer over the same rows that stops at the first allow line; it is asked only for the
    line's name, after the judge has allowed.
    """

    def __init__(self, model_text: str, lines: Sequence[MatrixLine]) -> None:
        """Raises ValueError for no lines: Casbin then matches everything against empty columns."""
        if not lines:
            raise ValueError("a judge needs at least one line")
        if model_text.count(DENY_OVERRIDE) != 1:
            raise ValueError("the model was not checked")
        rows = _Rows(lines, {})
        with _ONE_AT_A_TIME:
            self._enforcer = _enforcer(model_text, rows)
            self._explainer = (
                _enforcer(model_text.replace(DENY_OVERRIDE, FIRST_ALLOW), rows)
                if sum(line.effect.value == "allow" for line in lines) > 1
                else None
            )

    def ask(self, tenant: str, role: str, action: str, facts: frozenset[str]) -> Verdict:
        """May `role` of `tenant` do `action` when exactly `facts` are true?"""
        with _ONE_AT_A_TIME:
            allowed, row = self._enforcer.enforce_ex(tenant, role, action, facts)
            if allowed and self._explainer is not None:
                _, row = self._explainer.enforce_ex(tenant, role, action, facts)
        if type(allowed) is not bool:
            raise TypeError("the engine's answer is not a bool")
        return Verdict(allowed, row[-1] if row else "")


class NetworkJudge:
    """Casbin over one tenant's `p2` lines."""

    def __init__(self, model_text: str, tenant: str, lines: Sequence[NetworkLine]) -> None:
        """Raises ValueError for no lines, as `Judge` does."""
        if not lines:
            raise ValueError("a judge needs at least one line")
        self._tenant = tenant
        self._context = casbin.core_enforcer.EnforceContext(*NETWORK_QUESTION)
        with _ONE_AT_A_TIME:
            self._enforcer = _enforcer(model_text, _Rows([], {tenant: lines}))

    def inside(self, ip: str) -> bool:
        """Whether the tenant's lines let the address in; `ip` is a canonical address."""
        with _ONE_AT_A_TIME:
            return self._enforcer.enforce(self._context, self._tenant, ip) is True


def read_model(text: str) -> EngineModel:
    """How Casbin reads a model text.

    Raises:
        ValueError: Casbin cannot read it at all.
    """
    try:
        options = Config.new_config_from_text(text)._data  # noqa: SLF001 - the raw configuration has no other door
        model = casbin.Model()
        model.load_model_from_text(text)
        sections = {name: model[name] or {} for name in ("r", "p", "e", "m", "g")}
        return EngineModel(
            {section: dict(values) for section, values in options.items()},
            {key: tuple(sections[kind][key].tokens) for kind in ("r", "p") for key in sections[kind]},
            sections["e"]["e"].value if "e" in sections["e"] else "",
            {key: _tree(sections["m"][key].value) for key in sections["m"]},
        )
    except (RuntimeError, ValueError, IndexError, KeyError, AttributeError, TypeError) as error:
        raise ValueError(str(error) or type(error).__name__) from None


def _tree(matcher: str) -> str:
    """What Casbin will evaluate, unless it would silently evaluate only a part of the text."""
    try:
        with _ONE_AT_A_TIME:
            expression = casbin.Enforcer._get_expression(matcher, dict(FUNCTIONS))  # noqa: SLF001 - as enforce_ex does
            whole = ast.parse(expression.expr.strip())
            if len(whole.body) != 1 or not isinstance(whole.body[0], ast.Expr):
                return ""
            return ast.dump(expression.ast_parsed_value)
    except (
        SyntaxError,
        ValueError,
        AttributeError,
        IndexError,
        RecursionError,
        MemoryError,
        simpleeval.InvalidExpression,
    ):
        return ""


def matcher_tree(matcher: str) -> str:
    """`ast.dump` of a matcher given as in model.conf, rewritten by Casbin itself."""
    return _tree(casbin.util.remove_comments(casbin.util.escape_assertion(matcher)))
