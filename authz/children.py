"""The processes beside the workers: how each is called, and what it is told on its standard input.

Not imported by what serves: Casbin, the compiler and the writers do not belong into a process that answers.
"""

from __future__ import annotations

import os
import sys

from authz.beside import Task
from authz.settings import Settings
from authz.wiring import log_place, snapshot_path


def builder_command(settings: Settings) -> list[str]:
    """The command line of the policy builder as a child of this process."""
    options = {
        "--policies": settings.policies,
        "--model": settings.model,
        "--data": settings.data,
        "--parent": os.getpid(),
    }
    return [*_module("authz.policy.generations.builder"), *(str(word) for pair in options.items() for word in pair)]


def indexer_command() -> list[str]:
    """The command line of the log's indexer as a child of this process."""
    return _module("authz.indexer")


def indexer_task(settings: Settings) -> bytes:
    """What the indexer is told on its standard input."""
    database = settings.registry_url.get_secret_value()
    return Task(str(log_place(settings).folder.absolute()), database, os.getpid()).told()


def keeper_command() -> list[str]:
    """The command line of the snapshot's keeper as a child of this process."""
    return _module("authz.keeper")


def keeper_task(settings: Settings) -> bytes:
    """What the keeper is told on its standard input."""
    database = settings.registry_url.get_secret_value()
    return Task(str(snapshot_path(settings).absolute()), database, os.getpid()).told()


def _module(name: str) -> list[str]:
    return [sys.executable, "-P", "-m", name]
