"""House rules that no linter knows: who reads the environment, who knows a set, sizes and names."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Final

import pytest

from tests.architecture.documents import ROOT, project_files

LARGEST_MODULE: Final = 330
"""Lines; the guide is about 300. A module that outgrows it becomes several, by reason to change."""

BANNED: Final = {"manager", "helper", "helpers", "utils", "info", "process", "handle"}
THEIR_WORDS: Final = {"protocol.py": {"handle"}}
"""uvicorn's own name of the method that is widened there."""

PACKAGE: Final = [file for file in project_files((".py",)) if file.is_relative_to(ROOT / "authz")]


def test_only_settings_reads_the_environment() -> None:
    readers = {
        str(file.relative_to(ROOT))
        for file in PACKAGE
        for node in ast.walk(ast.parse(file.read_text()))
        if (isinstance(node, ast.Attribute) and node.attr in {"environ", "environb", "getenv", "putenv"})
        or (
            isinstance(node, ast.ImportFrom)
            and node.module == "os"
            and {name.name for name in node.names} & {"environ", "getenv"}
        )
    }

    assert readers == {"authz/settings.py"}


def test_no_code_knows_a_policy_set_by_name() -> None:
    names = {folder.name for folder in (ROOT / "policies").iterdir() if folder.is_dir()}
    knowing = {
        f"{file.relative_to(ROOT)}:{node.lineno}: {node.value!r}"
        for file in PACKAGE
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in names
    }

    assert names
    assert not knowing


@pytest.mark.parametrize("file", PACKAGE, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_module_stays_small_enough_for_one_reason_to_change(file: Path) -> None:
    lines = file.read_text().count("\n")

    assert lines <= LARGEST_MODULE, f"{lines} lines; the guide is about 300"


@pytest.mark.parametrize("file", PACKAGE, ids=lambda file: str(file.relative_to(ROOT)))
def test_names_say_what_they_mean(file: Path) -> None:
    banned = BANNED - THEIR_WORDS.get(file.name, set())
    tree = ast.parse(file.read_text())
    named = {
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }

    words = {name: set(name.strip("_").lower().split("_")) & banned for name in {*named, file.stem}}

    assert not {name for name, found in words.items() if found}
