"""Each proxy once for all tests of it: with the real service behind it as the gate, and an application."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.gate import edge, proxies
from tests.web.gate_world import RULES, GateWorld
from tests.web.installation import free_port
from tests.web.sockets import served


class Edge(NamedTuple):
    """A proxy that runs, and the application behind it."""

    name: str
    port: int
    application: edge.Application


@pytest.fixture(scope="module", params=proxies.names())
def edge_of(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """Every proxy in turn."""
    if not sys.platform.startswith("linux"):
        pytest.fail("these tests bind clients to 127.0.0.2 and 127.0.0.3, as only Linux lets them without set-up")
    name: str = request.param
    rules = RULES._replace(secret=proxies.SECRET.encode())
    folder: Path = tmp_path_factory.mktemp(name)
    with served(GateWorld().gate(rules), "httptools") as gate, edge.application() as application:
        ports = proxies.Ports(free_port(), gate, application.port)
        with proxies.running(name, folder, ports):
            yield Edge(name, ports.proxy, application)
