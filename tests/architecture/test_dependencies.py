"""What the code imports is what pyproject.toml names, no more and no less."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from typing import Final

from tests.architecture.documents import ROOT, project_files

NOT_IMPORTED: Final = {"tzdata", "uvloop"}
"""Runtime dependencies that others load by name: SQLAlchemy its driver, zoneinfo its tables, uvicorn its loop."""


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imported() -> set[str]:
    """The distributions of every third-party module that the package imports."""
    modules: set[str] = set()
    for file in project_files((".py",)):
        if file.is_relative_to(ROOT / "authz"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Import):
                    modules |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module:
                    modules.add(node.module.split(".")[0])
    found = packages_distributions()
    third_party = modules - sys.stdlib_module_names - {"authz"}
    return {normal(found[module][0]) if module in found else f"not installed: {module}" for module in third_party}


def declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = [*project["dependencies"], *project["optional-dependencies"]["client"]]
    return {normal(re.split(r"[\[<>=!~; ]", each)[0]) for each in named}


def test_whatever_the_package_imports_is_a_direct_dependency() -> None:
    assert imported() <= declared()


def test_no_dependency_is_carried_along_unused() -> None:
    assert declared() - imported() == NOT_IMPORTED
