"""The words of the form to sign, one file for each language; our own, and no provider's contract."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any, Final

LANGUAGES: Final = ("en", "fr", "ro", "ru", "uk")


def wording(language: str) -> dict[str, Any]:
    """The texts of the form in one of `LANGUAGES`, by their keys; `{...}` in them is to be filled in."""
    if language not in LANGUAGES:
        raise ValueError(f"the form is written in {', '.join(LANGUAGES)}")
    return _read(language)


def column_headings() -> dict[str, list[str]]:
    """Field of a contact -> what may stand above its column, in all languages."""
    return _read("columns")


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__name__).joinpath(f"{name}.toml").read_text(encoding="utf-8"))
