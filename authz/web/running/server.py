"""`authz serve`: the processes of one installation, from the first check to the last signal.

One process builds policy generations (`authz.policy.generations.builder`), one keeps the log's index
(`authz.indexer`), one the registry's snapshot (`authz.keeper`), and `AUTHZ_WORKERS` processes answer requests. With one
worker the serving process is also the parent. Ending the parent ends them all.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

import structlog
import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import Multiprocess

from authz import children, wiring
from authz.errors import ConfigError
from authz.settings import Settings
from authz.web.app import create_app
from authz.web.connection.deadline import LimitedConfig
from authz.web.connection.fast import PROTOCOLS
from authz.web.connection.hygiene import Hygiene
from authz.web.credentials.ways_in import tls_options, ways_in
from authz.web.gate.forward import gate_rules
from authz.web.measures.metrics import Metrics
from authz.web.measures.tally import Tally, tally_folder
from authz.web.running.child import child
from authz.web.running.operations import configure_operations_log
from authz.web.running.refresh import LookOuts

_log = structlog.get_logger(__name__)

_BACKLOG: Final = 2048
_COLLECT_AFTER: Final = 20_000
"""Objects made and not freed before Python looks for cycles among them."""
_SWITCH_S: Final = 0.0005
"""Seconds that the thread that answers waits for another thread of Python's (it is 5 ms otherwise, several times a
request while a look-out reads much)."""
_KEEPER_PAUSE_S: Final = 1.0
"""Seconds until the snapshot's keeper is started again: what is suspended meanwhile is not in the snapshot."""
_WORKER_LIVES_S: Final = 30
"""Seconds that a worker has to say that it lives, which it does from the beginning of its process. On a machine that is
busy beyond measure that beginning takes longer than uvicorn's 5, and workers that are killed for it never come up."""
_GRACE_S: Final = 5
"""Seconds that requests in flight have to end after SIGTERM."""

_KEYLESS: Final = (
    "NO API KEY EXISTS: everybody who reaches this loopback address may ask everything and is told everything; "
    "create a key with `authz key create` before serving on a network"
)


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        ConfigError: the address cannot be served on, or may not without API keys.
    """
    os.umask(0o077)
    configure_operations_log(settings.log_level)
    with _ended_by_signals(), bind(settings) as listening:
        settings = settings.model_copy(update={"port": listening.getsockname()[1]})
        _log.info("service_starting", pid=os.getpid(), **settings.model_dump(mode="json"))
        wiring.prepare(settings)
        if not wiring.some_key_exists(settings):
            _log.warning("keyless_loopback", text=_KEYLESS)
        try:
            with (
                tally_folder(settings.data) as tallies,
                child("builder", children.builder_command(settings)),
                child("indexer", children.indexer_command(), children.indexer_task(settings)),
                child("keeper", children.keeper_command(), children.keeper_task(settings), _KEEPER_PAUSE_S),
            ):
                _run(settings, listening, tallies)
        finally:
            _log.info("service_stopped", pid=os.getpid())


def _run(settings: Settings, listening: socket.socket, tallies: Path) -> None:
    config = LimitedConfig(
        partial(worker_app, settings, os.getpid(), tallies),
        receive_timeout_s=settings.receive_timeout_s,
        max_connections=settings.max_connections,
        factory=True,
        http=PROTOCOLS[settings.http_parser],
        loop="uvloop",
        ws="none",
        lifespan="on",
        interface="asgi3",
        workers=settings.workers,
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        log_level=None,
        backlog=_BACKLOG,
        timeout_graceful_shutdown=_GRACE_S,
        timeout_worker_healthcheck=_WORKER_LIVES_S,
        **tls_options(settings),
    )
    url = f"{'https' if settings.tls_certificate is not None else 'http'}://{_shown(listening.getsockname()[0])}:{settings.port}"
    _log.info("service_listening", url=url, workers=settings.workers)
    if settings.workers > 1:
        Multiprocess(config, [listening]).run()
    else:
        uvicorn.Server(config).run([listening])


def worker_app(settings: Settings, parent: int, tallies: Path) -> Hygiene:
    """The application of one worker process, and what it needs once per process.

    `parent`: the process that serves; a worker whose parent is gone ends itself. `tallies`: where workers count.
    """
    configure_operations_log(settings.log_level)
    sys.setswitchinterval(_SWITCH_S)
    service = wiring.build_service(settings)
    callers, tokens = ways_in(settings, service.keys, on_loopback=is_loopback(settings))
    metrics = Metrics(Tally(tallies))
    service.pdp.observe = metrics.observe

    def refresh_policies() -> None:
        service.refresh_policies()
        metrics.note_reload_failures(service.policies.reload_failures)
        metrics.note_log(service.health().log)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        looks: dict[str, Callable[[], object]] = {
            "policies": refresh_policies,
            "registry": service.refresh_registry,
            "keys": service.refresh_keys,
            "log": service.keep_log,
        }
        if tokens is not None:
            looks["tokens"] = tokens.refresh
        if os.getpid() != parent:
            looks["parent"] = partial(_end_without_parent, parent)
        service.log.start(asyncio.get_running_loop())
        look_outs = LookOuts(looks, settings.poll_interval_s)
        look_outs.start()
        _spare_collections()
        listener = service.listener(partial(look_outs.wake, "registry", "keys"))
        if listener is not None:
            listener.start()
        try:
            yield
        finally:
            if listener is not None:
                await asyncio.to_thread(listener.stop)
            await asyncio.to_thread(look_outs.stop)
            await asyncio.to_thread(service.log.stop)
            await asyncio.to_thread(_for_a_second, partial(service.keys.write_uses, at_once=True))

    return create_app(service, callers, lifespan, gate_rules(settings), metrics)


def _spare_collections() -> None:
    """Keep Python's search for cycles away from what was loaded: walking it takes tens of milliseconds each time.

    What is replaced later is freed by its count of references; cycles among newer objects are found as before.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, 20, 20)


def _for_a_second(write: Callable[[], None]) -> None:
    """A database that hangs does not hold up the end."""
    writing = threading.Thread(target=write, name="last-uses", daemon=True)
    writing.start()
    writing.join(1.0)


def is_loopback(settings: Settings) -> bool:
    """Whether only this machine can reach the address to serve on."""
    return ip_address(_resolve(settings.host, settings.port)[1][0]).is_loopback


def _end_without_parent(parent: int) -> None:
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


@contextlib.contextmanager
def bind(settings: Settings) -> Iterator[socket.socket]:
    """The listening socket.

    Raises:
        ConfigError: no such address, the port is taken, or the address is not loopback and no API key exists.
    """
    family, address = _resolve(settings.host, settings.port)
    if not ip_address(address[0]).is_loopback and not _keys_are_asked_for(settings):
        raise ConfigError(
            f"AUTHZ_HOST `{settings.host}` is not a loopback address, and no API key exists: "
            "whoever reached it could ask everything; serve on 127.0.0.1, or create a key first"
        )
    with socket.socket(family, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(address)
            listening.listen(_BACKLOG)
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise ConfigError(
                f"cannot serve on {_shown(address[0])}:{settings.port}: {reason.lower()}; "
                "is another service there? AUTHZ_PORT chooses another port"
            ) from None
        listening.set_inheritable(True)
        yield listening


def _keys_are_asked_for(settings: Settings) -> bool:
    wiring.prepare(settings)
    return wiring.some_key_exists(settings)


def _resolve(host: str, port: int) -> tuple[socket.AddressFamily, tuple[str, int]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        raise ConfigError(f"AUTHZ_HOST `{host}` is not an address of this machine") from None
    family, _, _, _, address = min(found, key=lambda one: one[0] != socket.AF_INET)
    return family, (str(address[0]), port)


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGINT unwind the stack, so that child processes are ended, and the process ends with status 0.

    Uvicorn takes the signals over while it serves and raises them once more when it has ended.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _unwind) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    except SystemExit as end:
        if end.code != 0:
            raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _unwind(_number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(0)
