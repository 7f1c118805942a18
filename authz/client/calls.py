"""One call, one decision: asynchronous, and synchronous on top of it.

A call never raises for what the network or the service does; whatever is not a yes is a `Decision` that is false. The
whole call has one deadline, name look-up and a service that sends a byte now and then included: httpx's own time-outs
are per read, so the synchronous client runs on an event loop of its own, which can cut a call wherever it is.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import ssl
import threading
from collections.abc import Collection, Coroutine, Generator, Mapping
from concurrent.futures import CancelledError as Cancelled
from concurrent.futures import TimeoutError as NotInTime
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

import httpx

from authz.client.decision import LARGEST_REPLY, Decision, bad_reply, read_reply, unavailable

_PATH: Final = "/v1/decision"
_JSON: Final = {"Content-Type": "application/json"}
_KEY = re.compile(r"[\x21-\x7e]{1,512}")
_IDLE_S: Final = 2.0
"""Seconds after which an idle connection is not used again: fewer than servers keep one open."""
_GRACE_S: Final = 1.0

Described = str | Mapping[str, Any]


class _Bearer(httpx.Auth):
    """Puts the key on each request; shows it nowhere else."""

    __slots__ = ("_value",)

    def __init__(self, key: str) -> None:
        self._value = f"Bearer {key}"

    def __repr__(self) -> str:
        return "<key>"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """One request, no second try."""
        request.headers["Authorization"] = self._value
        yield request


class AsyncClient:
    """Asks the service at `url`, for programs on asyncio. One is for many calls in one event loop; close it at the end.

    `key`: the API key, None on the key-less loopback. `understands`: the types of obligation that the caller performs;
    a yes that hangs on another one is a no. `timeout_s`: seconds for a whole call. `tls`: for an authority of one's own
    or a client certificate. No proxy, certificate or credential is taken from the environment, no redirect is followed,
    and only connecting is ever tried twice.

    Raises:
        ValueError: the address, key or time-out cannot be one; the text never holds the key.
    """

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        understands: Collection[str] = (),
        timeout_s: float = 2.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc or set(url) & set("?#"):
            raise ValueError("not a URL with http or https and a host, without user, query and fragment")
        if key is not None and _KEY.fullmatch(key) is None:
            raise ValueError("the key is not made of visible ASCII characters")
        if isinstance(understands, str):
            raise ValueError("`understands` is several types, not one string")  # noqa: TRY004 - as all bad arguments here
        if not 0 < timeout_s <= 600:  # noqa: PLR2004 - ten minutes
            raise ValueError("`timeout_s` is not between 0 and 600 seconds")
        self._url = url.rstrip("/")
        self._understands = frozenset(understands)
        self._timeout_s = timeout_s
        self._http = httpx.AsyncClient(
            auth=_Bearer(key) if key is not None else None,
            transport=httpx.AsyncHTTPTransport(
                verify=tls if tls is not None else True,
                trust_env=False,
                retries=1,
                limits=httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=_IDLE_S),
            ),
            headers={"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "authz-client/1"},
            timeout=timeout_s,
            follow_redirects=False,
            trust_env=False,
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._url!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections; later calls are a no."""
        await self._http.aclose()

    async def decide(
        self,
        contact: Described,
        action: Described,
        *,
        ip: str | None = None,
        tenant: str | None = None,
        channel: str | None = None,
        assurance: str | None = None,
        resource: Mapping[str, Any] | None = None,
    ) -> Decision:
        """May the contact request the action? The arguments are the members of `POST /v1/decision` (docs/http.md).

        `contact`: an e-mail address, `+40...`, a login, or `{"type", "id"}`. What is None is left out.
        """
        stated: dict[str, Any] = {
            "contact": contact, "action": action, "ip": ip, "tenant": tenant, "channel": channel,
            "assurance": assurance, "resource": resource,
        }  # fmt: skip
        question = {name: value for name, value in stated.items() if value is not None}
        if self._understands:
            question["supported_obligations"] = sorted(self._understands)
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._ask(question)
        except TimeoutError:
            return unavailable("no answer in time")
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as error:
            return unavailable(type(error).__name__)
        except RuntimeError:  # httpx: the client has been closed; asyncio: its event loop has
            return unavailable("the client is closed")

    async def _ask(self, question: Mapping[str, Any]) -> Decision:
        # Half a character, as an undecodable mail header has it, goes out escaped: it is the service's to refuse.
        body = json.dumps(question).encode("ascii")
        async with self._http.stream("POST", self._url + _PATH, content=body, headers=_JSON) as answer:
            if "content-encoding" in answer.headers:
                return bad_reply("the answer is encoded")
            reply = b""
            async for part in answer.aiter_raw():
                reply += part
                if len(reply) > LARGEST_REPLY:
                    return bad_reply(f"status {answer.status_code}, the answer is longer than {LARGEST_REPLY} bytes")
        return read_reply(answer.status_code, reply, self._understands)


class Client:
    """The same for programs without asyncio: one for many calls and threads. Parameters and errors as `AsyncClient`."""

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        understands: Collection[str] = (),
        timeout_s: float = 2.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        def make() -> AsyncClient:
            return AsyncClient(url, key, understands=understands, timeout_s=timeout_s, tls=tls)

        self._make = make
        self._unused: AsyncClient | None = make()
        self._shown = repr(self._unused).removeprefix("Async")
        self._timeout_s = timeout_s
        self._starting = threading.Lock()
        self._loop: _Loop | None = None
        self._closed = False

    def __repr__(self) -> str:
        return self._shown

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; later calls are a no."""
        with self._starting:
            self._closed = True
            loop, self._loop = self._loop, None
        if loop is not None:
            loop.stop()

    def decide(
        self,
        contact: Described,
        action: Described,
        *,
        ip: str | None = None,
        tenant: str | None = None,
        channel: str | None = None,
        assurance: str | None = None,
        resource: Mapping[str, Any] | None = None,
    ) -> Decision:
        """As `AsyncClient.decide`."""
        loop = self._running()
        if loop is None:
            return unavailable("the client is closed")
        call = loop.client.decide(
            contact, action, ip=ip, tenant=tenant, channel=channel, assurance=assurance, resource=resource
        )
        return loop.result(call, self._timeout_s + _GRACE_S)

    def _running(self) -> _Loop | None:
        """The loop of this process: a fork takes the object along, but not its thread."""
        with self._starting:
            if self._closed:
                return None
            if self._loop is None or self._loop.pid != os.getpid():
                self._loop = _Loop(self._unused or self._make())
                self._unused = None
            return self._loop


class _Loop:
    """An event loop in a daemon thread, with the client that lives on it."""

    def __init__(self, client: AsyncClient) -> None:
        self.client = client
        self.pid = os.getpid()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="authz-client", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        self._loop.run_forever()
        self._loop.run_until_complete(self._end())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    async def _end(self) -> None:
        calls = asyncio.all_tasks() - {asyncio.current_task()}
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        await self.client.aclose()

    def result(self, call: Coroutine[Any, Any, Decision], timeout_s: float) -> Decision:
        try:
            future = asyncio.run_coroutine_threadsafe(call, self._loop)
        except RuntimeError:  # closed by another thread in this very moment
            call.close()
            return unavailable("the client is closed")
        try:
            return future.result(timeout_s)
        except NotInTime:
            future.cancel()
            return unavailable("no answer in time")
        except Cancelled:
            return unavailable("the client is closed")

    def stop(self) -> None:
        if self.pid == os.getpid():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_GRACE_S)
