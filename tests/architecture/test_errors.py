"""Every error has its status, and its line in docs/http.md."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re

import authz
from authz.core.question import Fault
from authz.errors import AuthzError
from authz.web.messages.reply import CODE_STATUS, STATUS, Refusal, status_of
from tests.architecture.documents import ROOT, first_cells

HTTP = (ROOT / "docs/http.md").read_text()


def leaves(kind: type[AuthzError]) -> set[type[AuthzError]]:
    """The classes of errors that are raised, those of every module included."""
    below = kind.__subclasses__()
    return set().union(*map(leaves, below)) if below else {kind}


def raised_kinds() -> list[type[AuthzError]]:
    for module in pkgutil.walk_packages(authz.__path__, "authz."):
        if "migrations" not in module.name and module.name != "authz.__main__":
            importlib.import_module(module.name)
    return sorted(leaves(AuthzError) - {Refusal}, key=lambda kind: kind.__name__)


def refusal_codes() -> set[str]:
    """The literal codes with which the reading of a request refuses."""
    codes = {fault.value for fault in Fault}
    for name in ("web/messages/wire.py", "web/connection/hygiene.py"):
        for node in ast.walk(ast.parse((ROOT / "authz" / name).read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                at = {"RequestInvalid": 0, "Refusal": 1}.get(node.func.id)
                if at is not None and isinstance(node.args[at], ast.Constant):
                    codes.add(str(ast.literal_eval(node.args[at])))
    return codes


def test_every_error_is_documented() -> None:
    documented = first_cells(HTTP, "## Errors")

    assert not [kind.__name__ for kind in raised_kinds() if kind.code not in documented]


def test_a_documented_status_is_the_status() -> None:
    documented = dict(re.findall(r"^\| `([a-z_]+)` \| (\d{3}|\([a-z ]+\)) \|", HTTP, flags=re.MULTILINE))
    served = {kind: [STATUS[ancestor] for ancestor in kind.__mro__ if ancestor in STATUS] for kind in raised_kinds()}
    actual = {kind.code: str(statuses[0]) for kind, statuses in served.items() if statuses}

    assert actual.items() <= documented.items()
    assert not [kind for kind, statuses in served.items() if not statuses and documented[kind.code].isdigit()]


def test_every_code_of_a_bad_request_is_documented() -> None:
    documented = set(re.findall(r"`([a-z0-9_]+)`", HTTP.split("## Errors")[1]))

    assert refusal_codes() <= documented
    assert CODE_STATUS.keys() <= documented


def test_a_refusal_of_the_http_layer_carries_its_own_status() -> None:
    assert status_of(Refusal(405, "method_not_allowed", "this path has other methods")) == 405
