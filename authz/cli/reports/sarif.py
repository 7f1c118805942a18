"""SARIF 2.1.0 (OASIS): remarks for code scanning, with stable rules and fingerprints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any, Final
from urllib.parse import quote

from authz.cli.reports.remark import Level, Remark, fingerprinted

FORMAT: Final = "2.1.0"
SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
FINGERPRINT: Final = "authz/v1"
_LEVELS: Final = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTICE: "note"}


def sarif(remarks: list[Remark], rules: Mapping[str, str], page: Callable[[str], str] | None = None) -> dict[str, Any]:
    """The whole log. `rules`: code -> what it means; every remark's code must be there.

    `page`: code -> its page as Markdown, which code scanning shows beside a remark.
    """
    codes = sorted({one.code for one in remarks})
    return {
        "$schema": SCHEMA,
        "version": FORMAT,
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "authz",
                        "semanticVersion": version("authz"),
                        "rules": [_rule(code, rules[code], page) for code in codes],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(one, fingerprint, codes) for one, fingerprint in fingerprinted(remarks)],
            }
        ],
    }


def _rule(code: str, means: str, page: Callable[[str], str] | None) -> dict[str, Any]:
    rule: dict[str, Any] = {"id": code, "shortDescription": {"text": means}}
    return rule | ({"help": {"text": means, "markdown": page(code)}} if page is not None else {})


def _result(one: Remark, fingerprint: str, codes: list[str]) -> dict[str, Any]:
    region = {"startLine": max(1, one.line), **({"startColumn": one.column} if one.column else {})}
    location = {"artifactLocation": {"uri": quote(one.file), "uriBaseId": "%SRCROOT%"}, "region": region}
    return {
        "ruleId": one.code,
        "ruleIndex": codes.index(one.code),
        "level": _LEVELS[one.level],
        "message": {"text": one.text},
        "locations": [{"physicalLocation": location}],
        "partialFingerprints": {FINGERPRINT: fingerprint},
    }
