"""The gate of the real `authz serve`, set up by its settings alone."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.web.installation import INSIDE, OUTSIDE, Installation

pytestmark = pytest.mark.e2e

SECRET = "the-secret-of-these-tests-0123456789"


@pytest.mark.parametrize("parser", ["httptools", "h11"])
def test_the_settings_open_the_gate(tmp_path: Path, parser: str) -> None:
    installed = Installation(tmp_path / "authz")
    installed.load_registry()

    def ask(client: httpx.Client, address: str, secret: str = SECRET, host: str = "acme.app.example") -> int:
        lines = {"X-Forwarded-Host": host, "X-Forwarded-For": address, "X-Authz-Gate-Secret": secret}
        return client.put("/authz/forward/%2e%2e//x?ip=1", headers=lines, content=b"x").status_code

    settings = {
        "AUTHZ_GATE_SUFFIX": "app.example",
        "AUTHZ_GATE_SECRET": SECRET,
        "AUTHZ_GATE_TRUSTED_PROXIES": "192.0.2.0/24",
        "AUTHZ_HTTP_PARSER": parser,
    }
    with installed.serving(**settings) as serving:
        serving.until_ready()
        client = serving.client

        assert ask(client, INSIDE) == 200
        assert ask(client, f"{OUTSIDE}, {INSIDE}, 192.0.2.7") == 200
        assert ask(client, OUTSIDE) == 403
        assert ask(client, f"{INSIDE}, {OUTSIDE}") == 403
        assert ask(client, INSIDE, "another-secret-0123456789") == 403
        assert ask(client, INSIDE, host="other.app.example") == 403
        assert SECRET not in serving.log()
