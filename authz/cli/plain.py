"""Text that is safe to print: what came out of a file or a request cannot move the cursor or colour the terminal."""

from __future__ import annotations

import json
from typing import Any


def printable(text: str) -> str:
    """`text` with every character that is not printable written as its escape, line by line.

    Terminal control sequences, bidirectional overrides and invisible characters become visible.
    """
    return "\n".join(
        line if line.isprintable() else "".join(char if char.isprintable() else _escaped(char) for char in line)
        for line in text.split("\n")
    )


def _escaped(char: str) -> str:
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")


def print_json(document: Any) -> None:
    """One JSON document on the standard output, ASCII only, so that no terminal or pipe can spoil it."""
    print(json_text(document), end="")


def json_text(document: Any) -> str:
    """The document as `print_json` prints it, with its line end."""
    return json.dumps(document, ensure_ascii=True, indent=2) + "\n"
