"""The certification set and its people behind the application."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.certification.fixture import SETS, Pep
from tests.web.shipped_world import ShippedWorld, example_directory
from tests.web.ways import each_way


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> ShippedWorld:
    return ShippedWorld(example_directory(tmp_path_factory.mktemp("people"), ["certification.yaml"], SETS), SETS)


@pytest_asyncio.fixture
async def pep(world: ShippedWorld, each_way: str) -> AsyncIterator[Pep]:
    async with world.client() as client:
        yield Pep(client)


__all__ = ["each_way"]
