"""Words that lag behind the code fail here."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest

from authz.core.types import Reason
from authz.settings import PREFIX, Settings
from tests.architecture.documents import ROOT, first_cells, project_files

PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
DEPENDENCIES = (ROOT / "docs/dependencies.md").read_text()
MARKDOWN = [file for file in project_files((".md",)) if not file.is_relative_to(ROOT / "policies")]


def _names(requirements: list[Any]) -> list[str]:
    return sorted(re.split(r"[\[<>=!~; ]", each)[0].lower() for each in requirements if isinstance(each, str))


@pytest.mark.parametrize(
    ("heading", "requirements"),
    [
        ("## Runtime", PYPROJECT["project"]["dependencies"]),
        ("## Build", PYPROJECT["dependency-groups"]["build"]),
        ("## Development", PYPROJECT["dependency-groups"]["dev"]),
        ("## Client", PYPROJECT["project"]["optional-dependencies"]["client"]),
        ("## Bench", PYPROJECT["dependency-groups"]["bench"]),
        ("## Proxies", PYPROJECT["dependency-groups"]["proxies"]),
    ],
    ids=["runtime", "build", "development", "client", "bench", "proxies"],
)
def test_every_dependency_has_its_reason(heading: str, requirements: list[Any]) -> None:
    assert first_cells(DEPENDENCIES, heading) == _names(requirements)


def test_every_setting_is_documented() -> None:
    documented = first_cells((ROOT / "docs/configuration.md").read_text())

    assert documented == [PREFIX + name.upper() for name in Settings.model_fields]


def test_a_documented_default_is_the_default() -> None:
    rows = [
        line.split("|") for line in (ROOT / "docs/configuration.md").read_text().splitlines() if line.startswith("| `")
    ]
    stated = {row[1].strip(" `"): row[2].strip() for row in rows}
    plain = {name: default.strip("`") for name, default in stated.items() if default.startswith("`")}

    actual = {PREFIX + name.upper(): str(field.default) for name, field in Settings.model_fields.items()}

    assert plain == {name: actual[name] for name in plain}
    assert {actual[name] for name in stated.keys() - plain.keys()} == {"None"}


def test_every_reason_is_documented() -> None:
    documented = first_cells((ROOT / "docs/semantics.md").read_text(), "## The reasons")

    assert sorted(documented) == sorted(reason.value for reason in Reason)


def test_every_rule_has_its_section() -> None:
    headings = re.findall(r"^## (R\d) ", (ROOT / "docs/semantics.md").read_text(), flags=re.MULTILINE)

    assert headings == [f"R{number}" for number in range(1, 10)]


def test_every_decision_page_is_listed() -> None:
    folder = ROOT / "docs/decisions"
    listed = re.findall(r"\]\((\d{4}-[a-z-]+\.md)\)", (folder / "README.md").read_text())

    assert listed == sorted(file.name for file in folder.glob("[0-9]*.md"))


@pytest.mark.parametrize("file", MARKDOWN, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_link_leads_somewhere(file: Any) -> None:
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", file.read_text())

    assert not [target for target in targets if not (file.parent / target).exists()]


@pytest.mark.parametrize("file", MARKDOWN, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_path_named_in_the_words_exists(file: Any) -> None:
    named = set(
        re.findall(r"`((?:authz|docs|tests|deploy|examples|bench|policies/[a-z]+)/[\w./-]*\w)`", file.read_text())
    )

    assert not {path for path in named if not (ROOT / path).exists()}


def test_the_make_targets_named_in_the_words_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    named = {
        name
        for file in MARKDOWN
        for name in re.findall(r"(?:`|^    )make ([a-z-]+)", file.read_text(), flags=re.MULTILINE)
    }

    assert named
    assert named <= targets
