"""`from authz import Pdp` answers as the service does, and the page about it is true."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from authz import Pdp
from authz.core.network import parse_address
from authz.core.types import Reason, Request
from authz.errors import ConfigError, RequestInvalid

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def pdp(tmp_path_factory: pytest.TempPathFactory) -> Pdp:
    return Pdp(ROOT, ROOT / "examples/registry.yaml", cache=tmp_path_factory.mktemp("cache"))


def test_the_example_of_the_page_is_an_allow(pdp: Pdp) -> None:
    code = re.findall(r"```python\n(.*?)```", (ROOT / "docs/embedded.md").read_text(), re.DOTALL)[0]
    names: dict[str, object] = {"pdp": pdp}
    exec(code.partition("\nanswer = ")[0].partition("pdp = ")[0], names)  # noqa: S102 - our own page
    exec("answer = " + code.partition("\nanswer = ")[2], names)  # noqa: S102 - same

    answer = json.loads(names["answer"])  # type: ignore[arg-type]
    assert (answer["decision"], answer["context"]["rule"]) == (True, "calltrack/matrix.csv:16")


def test_a_refusal_says_why_or_not_as_asked(pdp: Pdp) -> None:
    body = b'{"contact":"ana@acme.example","action":"change_ip_address","ip":"198.51.100.9"}'

    assert json.loads(pdp.answer_flat(body))["context"]["reason"] == "network_not_declared"
    assert json.loads(pdp.answer_flat(body, explain=False))["context"]["reason"] == "refused"


def test_a_request_is_decided_with_all_that_explains_it(pdp: Pdp) -> None:
    request = Request("login", "ana.pop", "restore-nothing", address=parse_address("203.0.113.5"))

    assert pdp.decide(request).decision.reason is Reason.ACTION_UNKNOWN


def test_what_cannot_be_read_is_refused(pdp: Pdp) -> None:
    with pytest.raises(RequestInvalid):
        pdp.answer(b'{"subject":null}')
    with pytest.raises(ConfigError):
        Pdp(ROOT / "docs", "nowhere.yaml")


def test_the_package_itself_and_the_client_bring_nothing_of_it_along() -> None:
    heavy = "{'casbin', 'fastapi', 'sqlalchemy'}"
    code = f"import authz, authz.client, sys; print(sorted(set(sys.modules) & {heavy}))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)

    assert ran.stdout == "[]\n"
