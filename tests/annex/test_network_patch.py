"""The patch that a changed network choice asks for: it applies, and then the lines agree with the choice."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from authz.annex.network_patch import NetworkFiles, network_patch
from authz.core.network import NetworkLine
from authz.core.types import Effect, NetworkChoice

PLACE = "policies/small"


def files(stated: Mapping[str, str], tenant: str = "acme") -> NetworkFiles:
    """Files of a set, and the tenant's lines in them as the compiler reads them."""
    lines = []
    for name, text in stated.items():
        for number, line in enumerate(text.splitlines(), start=1):
            cells = [cell.strip() for cell in line.split(",")]
            if cells[:2] == ["p2", tenant]:
                lines.append(NetworkLine(cells[2], Effect(cells[3]), f"small/{name}:{number}"))
    return NetworkFiles(PLACE, {name: text.encode() for name, text in stated.items()}, tuple(lines))


def applied(folder: Path, stated: Mapping[str, str], patch: str) -> dict[str, str]:
    """The files after `git apply`."""
    for name, text in stated.items():
        path = folder / PLACE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    ran = subprocess.run(["git", "apply", "-"], cwd=folder, input=patch, text=True, capture_output=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    root = folder / PLACE
    return {str(path.relative_to(root)): path.read_text() for path in sorted(root.rglob("*.csv"))}


ACME = """\
# Acme
p2, acme, 203.0.113.0/24, allow
p2, acme, 203.0.113.66/32, deny
p2, beta, any, allow
p2, acme, 2001:db8::/48, allow
"""


def test_ranges_give_way_to_any_where_they_stood_and_nothing_else_moves(tmp_path: Path) -> None:
    stated = {"networks/all.csv": ACME}

    patch = network_patch("acme", 4, NetworkChoice.ANY, files(stated))

    assert applied(tmp_path, stated, patch) == {
        "networks/all.csv": "# Acme\n# acme: annex 4, access from any address\np2, acme, any, allow\n"
        "p2, acme, 203.0.113.66/32, deny\np2, beta, any, allow\n"
    }


def test_any_gives_way_to_a_place_for_the_declared_ranges(tmp_path: Path) -> None:
    stated = {"networks/beta.csv": "p2, beta, any, allow\n"}

    patch = network_patch("beta", 2, NetworkChoice.DECLARED, files(stated, "beta"))
    after = applied(tmp_path, stated, patch)["networks/beta.csv"]

    assert all(line.startswith("# ") for line in after.splitlines())
    assert files({"networks/beta.csv": after}, "beta").lines == ()


def test_lines_in_several_files_are_all_found(tmp_path: Path) -> None:
    stated = {
        "networks/a.csv": "p2, acme, 203.0.113.0/24, allow\n",
        "networks/b.csv": "# more\np2, acme, 198.51.100.0/24, allow\n",
    }

    patch = network_patch("acme", 4, NetworkChoice.ANY, files(stated))
    after = applied(tmp_path, stated, patch)

    assert [line.network for line in files(after).lines] == ["any"]


@pytest.mark.parametrize(
    "stated",
    [
        {},
        {"networks/acme.csv": "# nothing yet\n"},
        {"networks/acme.csv": "# no end of line"},
        {"networks/x.csv": "p2, acme, 203.0.113.66/32, deny\n"},
    ],
    ids=["no file", "a file without lines", "a file without its last line end", "deny lines alone"],
)
def test_a_tenant_without_allow_lines_gets_some(tmp_path: Path, stated: dict[str, str]) -> None:
    (tmp_path / PLACE).mkdir(parents=True)

    patch = network_patch("acme", 1, NetworkChoice.ANY, files(stated))
    after = applied(tmp_path, stated, patch)

    assert [line.network for line in files(after).lines if line.effect is Effect.ALLOW] == ["any"]


@pytest.mark.parametrize(
    ("line", "choice"),
    [("p2, acme, any, allow\n", NetworkChoice.ANY), ("p2, acme, 203.0.113.0/24, allow\n", NetworkChoice.DECLARED)],
)
def test_lines_that_agree_already_need_no_patch(line: str, choice: NetworkChoice) -> None:
    assert network_patch("acme", 4, choice, files({"networks/acme.csv": line})) == ""
