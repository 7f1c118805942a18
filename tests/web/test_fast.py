"""The fast path answers like the careful one, byte for byte; and what is its own: order, waiting, going on, ending."""

from __future__ import annotations

import datetime as dt
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from starlette.types import Receive, Scope, Send

from authz.core.types import Assurance, Channel
from authz.errors import EngineDisagreement
from authz.log.lines.record import Record
from authz.log.writing.writer import DecisionLogUnavailable, Settled
from authz.registry.callers import create_caller, revoke_caller
from authz.registry.keys import KeyWatch
from authz.registry.store import RegistryStore
from authz.web.connection.hygiene import Hygiene
from authz.web.credentials.callers import KEYLESS
from authz.web.credentials.callers import Scope as CallerScope
from authz.web.credentials.keys import KeyCallers
from authz.web.credentials.rate_limit import RateLimit
from tests.hostile.addresses import CIRCUMSTANCES
from tests.hostile.documents import DOCUMENTS
from tests.hostile.framing import FRAMING, SPOOFED
from tests.web.sockets import PATIENCE_S, Connection, served
from tests.web.test_sockets import ACCEPTED, REFUSED, chunked
from tests.web.world import FLAT, OUTSIDE, QUESTION, As, InMemory, World

PLAIN = As(KEYLESS._replace(scopes=frozenset({CallerScope.DECIDE})))
END = b"GET /health/live HTTP/1.1\r\nHost: pdp.example\r\nConnection: close\r\n\r\n"
PATHS: dict[str, dict[str, Any]] = {
    "/access/v1/evaluation": QUESTION,
    "/v1/decision": FLAT,
    "/access/v1/evaluations": {**QUESTION, "evaluations": [{}, {"context": {"ip": OUTSIDE}}, {"subject": 1}]},
}


def asking(path: str, body: bytes, *headers: bytes) -> bytes:
    """A usual request."""
    lines = b"".join(header + b"\r\n" for header in headers)
    return (
        b"POST %b HTTP/1.1\r\nHost: pdp.example\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%b\r\n%b"
        % (path.encode(), len(body), lines, body)
    )


def question(path: str, *headers: bytes, **change: Any) -> bytes:
    """A usual question."""
    return asking(path, json.dumps({**PATHS[path], **change}).encode(), *headers)


def said(port: int, *pieces: bytes) -> bytes:
    """All that a server says to these pieces, sent one by one, and to a last request."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        answer = b""
        with suppress(ConnectionError):
            for piece in (*pieces, END):
                connection.sendall(piece)
                if len(pieces) > 1:
                    time.sleep(0.002)
            while received := connection.recv(65536):
                answer += received
    masked = re.sub(rb'"decision_id":"[0-9a-f]{32}"', b"", answer)
    return re.sub(rb"\r\ndate: [^\r]+", b"", masked)


def kept(records: list[Record]) -> list[dict[str, Any]]:
    """The records without what is each answer's own."""
    own = {"id", "at", "took_us", "subject_ref"}
    documents = [json.loads(b"{%b}" % record.body) for record in records]
    return [{name: value for name, value in one.items() if name not in own} for one in documents]


_REFUSED = re.compile(rb"HTTP/1.1 [45]\d\d |\Z")


class Both(NamedTuple):
    """The same service twice: on the fast path, and behind one of the parsers."""

    fast: int
    careful: int
    parser: str
    fast_log: InMemory
    careful_log: InMemory

    def differences(self, *pieces: bytes) -> list[tuple[bytes, bytes]]:
        """What the two say, where they do not say the same.

        Whether a long body arrives in one piece, and so whether the connection can go on behind its refusal, is the
        network's: a difference is one that stays.
        """
        found: list[tuple[bytes, bytes]] = []
        for _ in range(4):
            found = self._difference(*pieces)
            if not found:
                break
        return found

    def _difference(self, *pieces: bytes) -> list[tuple[bytes, bytes]]:
        """h11 writes a header of its own in upper case."""
        one, other = said(self.fast, *pieces), said(self.careful, *pieces)
        if self.parser == "h11":
            one, other = (answer.replace(b"\r\nConnection: ", b"\r\nconnection: ") for answer in (one, other))
            if _REFUSED.match(one) and _REFUSED.match(other):  # the parsers refuse some things in other words
                return []
        return [] if one == other else [(one, other)]


@contextmanager
def both(parser: str, **options: Any) -> Iterator[Both]:
    with ExitStack() as stack:
        worlds = [World(), World()]
        ports = [
            stack.enter_context(served(world.app(options.get("callers")), way, receive_timeout_s=0.5))
            for world, way in zip(worlds, ("fast", parser), strict=True)
        ]
        yield Both(ports[0], ports[1], parser, worlds[0].log, worlds[1].log)


@pytest.fixture(scope="module", params=["httptools", "h11"])
def pair(request: pytest.FixtureRequest) -> Iterator[Both]:
    with both(request.param) as pair:
        yield pair


def raw_of(case: Any) -> bytes:
    """The request of a parametrised case."""
    raw = case.values[0]
    assert isinstance(raw, bytes)
    return raw


RAW: dict[str, bytes] = {f"accepted {at}": raw_of(one) for at, one in enumerate(ACCEPTED)}
RAW |= {f"refused {at}": raw_of(one) for at, one in enumerate(REFUSED)}
RAW |= {f"framing {at}": one for at, one in enumerate(FRAMING)}
RAW |= {f"spoofed {at}": question("/v1/decision", header) for at, header in enumerate(SPOOFED)}
BODIES = [*DOCUMENTS, *(json.dumps({**FLAT, **change}).encode() for change in CIRCUMSTANCES)]
BODIES += [b"", b" ", json.dumps({**FLAT, "as_of": "2020-01-01"}).encode(), b'{"as\\u005fof":"2020-01-01"}']
HEADERS = [
    b"Connection: close\r\nConnection: keep-alive",
    b"Connection: close", b"Connection: Keep-Alive", b"Connection: keep-alive, x", b"Keep-Alive: 5", b"TE: trailers",
    b"Expect: 100-continue", b"Expect: x", b"Upgrade: h2c", b"X-Request-ID: r-1", b"X-Request-ID: a b",
    b"x-request-id:r-2", b"User-Agent:  two blanks ", b"User-Agent:\tx", b"Accept: */*", b"Accept: a\r\nAccept: b",
    b"Authorization: Bearer x", b"Content-Type: text/plain", b"Trailer: x", b"Cookie: a=b",
    b"Content-Encoding: identity", b"Via: \xff", b"Traceparent: 00-1-1-01", b"X-Odd: 1",
]  # fmt: skip


def with_version(raw: bytes, version: bytes) -> bytes:
    return raw.replace(b"HTTP/1.1", version, 1)


def test_every_framing_gets_the_same_bytes(pair: Both) -> None:
    differing = {name: found for name, raw in RAW.items() if (found := pair.differences(raw))}

    assert differing == {}


@pytest.mark.parametrize("path", PATHS)
def test_every_body_gets_the_same_bytes(pair: Both, path: str) -> None:
    differing = {body: found for body in BODIES if (found := pair.differences(asking(path, body)))}

    assert differing == {}


@pytest.mark.parametrize("path", PATHS)
def test_every_header_gets_the_same_bytes_and_the_same_record(pair: Both, path: str) -> None:
    before = len(pair.fast_log.records), len(pair.careful_log.records)
    differing = {header: found for header in HEADERS if (found := pair.differences(question(path, header)))}
    differing |= {
        version: found
        for version in (b"HTTP/1.0", b"HTTP/1.1", b"HTTP/1.2", b"http/1.1")
        if (found := pair.differences(with_version(question(path), version)))
    }

    assert differing == {}
    assert kept(pair.fast_log.records[before[0] :]) == kept(pair.careful_log.records[before[1] :])


@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"OPTIONS", b"PUT", b"PATCH", b"DELETE", b"post", b"POSTS"])
def test_every_method_gets_the_same_bytes(pair: Both, method: bytes) -> None:
    assert [pair.differences(method + question(path)[4:]) for path in PATHS] == [[], [], []]


@pytest.mark.parametrize("path", PATHS)
def test_a_request_in_two_pieces_gets_the_same_bytes_wherever_it_is_cut(pair: Both, path: str) -> None:
    raw = question(path, b"X-Request-ID: r-3")
    head = raw.index(b"\r\n\r\n") + 4
    cuts = [1, 5, head - 4, head - 2, head - 1, head, head + 1, len(raw) - 1]

    assert [pair.differences(raw[:cut], raw[cut:]) for cut in cuts] == [[]] * len(cuts)
    assert pair.differences(raw[: head + 1], raw[head + 1 : head + 2], raw[head + 2 :] + raw[:1], raw[1:]) == []


def test_requests_sent_ahead_get_the_same_bytes_in_the_same_order(pair: Both) -> None:
    usual = [question(path) for path in PATHS]
    refused = question("/v1/decision", b"X-Request-ID: r-4", ip=OUTSIDE)
    odd = [chunked(json.dumps(FLAT).encode()), question("/v1/decision", b"X-Odd: 1"), asking("/v1/decision", b"{")]
    for row in (usual, [*usual, odd[0], refused], [odd[1], usual[0], odd[2], usual[1]]):
        assert pair.differences(b"".join(row)) == []


def test_what_only_one_parser_takes_is_taken_as_that_one_takes_it() -> None:
    with both("httptools") as pair:
        assert pair.differences(question("/v1/decision") + b"\r\n" + question("/v1/decision")) == []
        assert pair.differences(question("/v1/decision", b"Proxy-Connection: close")) == []


def test_what_comes_after_the_last_request_is_not_answered(pair: Both) -> None:
    last = question("/v1/decision", b"Connection: close")
    if pair.parser == "h11":
        pytest.skip("h11 says that it did not expect more")

    assert pair.differences(question("/v1/decision") + last + question("/v1/decision")) == []


# ---------------------------------------------------------------------------------------------------- callers with keys


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RegistryStore, dict[str, str]]]:
    store = RegistryStore(f"sqlite:///{tmp_path_factory.mktemp('keys') / 'registry.sqlite'}")
    store.migrate()
    with store.changing("test") as change:
        change.connection.exec_driver_sql(
            "INSERT INTO tenant (id, set_id, name, changed_revision) VALUES ('beta', 'demo', 'Beta', 1)"
        )
        change.record("loaded")
    hour = dt.timedelta(hours=1)
    now = dt.datetime.now(dt.UTC)
    wanted: dict[str, dict[str, Any]] = {
        "explaining": {"scopes": ["decide", "explain"]},
        "plain": {"scopes": ["decide"]},
        "not for questions": {"scopes": ["log", "explain"]},
        "another tenant's": {"scopes": ["decide", "explain"], "tenants": ["beta"]},
        "by telephone": {"scopes": ["decide", "explain"], "channels": [Channel.PHONE]},
        "weak": {"scopes": ["decide", "explain"], "assurance": Assurance.CLAIMED},
        "ended": {"scopes": ["decide"], "expires_at": now - hour},
        "still good": {"scopes": ["decide", "explain"], "expires_at": now + hour},
        "revoked": {"scopes": ["decide"]},
    }
    made = {name: create_caller(store, name, "test", **limits) for name, limits in wanted.items()}
    revoke_caller(store, made["revoked"].id, "test")
    keys = {name: one.key for name, one in made.items()}
    yield store, {**keys, "nobody's": "authz_0123456789ab_" + "x" * 43, "no key at all": "x", "empty": ""}
    store.close()


def bearer(key: str) -> bytes:
    return b"Authorization: Bearer " + key.encode()


@pytest.mark.parametrize("parser", ["httptools", "h11"])
def test_every_key_gets_the_same_bytes_and_the_same_record(
    keyed: tuple[RegistryStore, dict[str, str]], parser: str
) -> None:
    store, keys = keyed
    headers = [[bearer(key)] for key in keys.values()]
    headers += [[], [b"Authorization: Basic eA=="], [bearer(keys["plain"]), bearer(keys["plain"])]]
    headers += [[b"authorization: bearer " + keys["explaining"].encode(), b"X-Request-ID: r-5"]]
    with both(parser, callers=KeyCallers(KeyWatch(store), keyless=True)) as pair:
        differing = [
            (path, header, change, found)
            for path in PATHS
            for header in headers
            for change in ({}, {"ip": OUTSIDE}, {"subject": {"type": "contact", "id": "nobody@acme.example"}})
            if (found := pair.differences(question(path, *header, **change) * 2))
        ]

        assert differing == []
        assert kept(pair.fast_log.records) == kept(pair.careful_log.records)
        assert len(pair.fast_log.records) > 50


def test_a_rate_limit_counts_each_request_once(keyed: tuple[RegistryStore, dict[str, str]]) -> None:
    store, keys = keyed
    raw = question("/v1/decision", bearer(keys["explaining"]))
    told = []
    for way in ("fast", "httptools"):
        callers = KeyCallers(KeyWatch(store), rate_limit=RateLimit(3.0 / 1000))
        callers._rate_limit._capacity = 3.0  # type: ignore[union-attr]
        with served(World().app(callers), way) as port:
            told.append([said(port, raw)[:12] for _ in range(5)])

    assert told[0] == told[1]
    assert told[0][-1] == b"HTTP/1.1 429"


def test_a_revoked_key_is_refused_on_a_connection_where_it_was_good(tmp_path: Path) -> None:
    store = RegistryStore(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    store.migrate()
    key = create_caller(store, "desk", "test", scopes=["decide"])
    watch = KeyWatch(store)
    raw = question("/v1/decision", bearer(key.key))
    with served(World().app(KeyCallers(watch)), "fast") as port, Connection(port) as connection:
        for _ in range(2):
            connection.send(raw)
            assert connection.answer().allowed
        revoke_caller(store, key.id, "test")
        watch.poll()
        connection.send(raw)

        assert connection.answer().status == 401
    store.close()


# ----------------------------------------------------------------------------------------------- what is the path's own


class PastTheApplication(Hygiene):
    """An application that must not be asked."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError("the application was asked")


def only_fast(world: World) -> Hygiene:
    app = world.app()
    return PastTheApplication(app.app, app.direct, app.gate, app.fast)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "headers",
    [(), (b"User-Agent: curl/8.5.0", b"Accept: */*"), (b"X-Request-ID: r-6",), (b"Connection: keep-alive",)],
    ids=["few", "a tool's", "its own id", "keep-alive"],
)
def test_a_usual_question_is_answered_without_the_application(path: str, headers: tuple[bytes, ...]) -> None:
    raw = question(path, *headers)
    with served(only_fast(World()), "fast") as port, Connection(port) as connection:
        for cut in (0, raw.index(b"\r\n\r\n") + 4, len(raw) - 3):
            connection.send(raw[:cut])
            time.sleep(0.01)
            connection.send(raw[cut:])

            assert connection.answer().status == 200


def test_each_answer_has_the_id_of_its_own_request() -> None:
    ids = ["a", "b" * 128, "", "c", "a"]
    raw = [question("/v1/decision", *([b"x-request-id:%b" % one.encode()] if one else [])) for one in ids]
    world = World()
    with served(only_fast(world), "fast") as port, Connection(port) as connection:
        connection.send(b"".join(raw))

        assert [connection.answer().headers.get("x-request-id", "") for _ in ids] == ids
    assert [one.get("request_id", "") for one in kept(world.log.records)] == ids


class Slow(InMemory):
    """A durable log whose records are safe when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[Settled] = []

    def call_when_settled(self, ticket: int, settled: Settled) -> None:
        self.waiting.append(settled)


def with_log(log: InMemory) -> World:
    world = World()
    world.log = log
    world.journal.writer = log
    return world


def eventually(told: Any) -> None:
    until = time.monotonic() + PATIENCE_S
    while not told():
        assert time.monotonic() < until
        time.sleep(0.005)


def is_silent(connection: Connection) -> bool:
    connection.socket.settimeout(0.1)
    try:
        return connection.socket.recv(1, socket.MSG_PEEK) is None
    except TimeoutError:
        return True
    finally:
        connection.socket.settimeout(PATIENCE_S)


def test_an_answer_leaves_when_its_record_is_safe_and_the_next_question_waits_for_it() -> None:
    log = Slow()
    raw = question("/v1/decision", b"X-Request-ID: r-7")
    with served(only_fast(with_log(log)), "fast") as port, Connection(port) as connection:
        connection.send(raw + raw)
        connection.send(raw)
        for at in range(3):
            eventually(lambda: log.waiting)
            assert len(log.records) == at + 1
            assert is_silent(connection)
            log.waiting.pop()(None)
            assert connection.answer().allowed


def test_a_record_that_cannot_be_written_is_a_503_and_no_answer() -> None:
    log = Slow()
    raw = question("/v1/decision")
    with served(only_fast(with_log(log)), "fast") as port, Connection(port) as connection:
        connection.send(raw)
        eventually(lambda: log.waiting)
        log.waiting.pop()(DecisionLogUnavailable())
        first = connection.answer()
        log.problem = DecisionLogUnavailable()
        connection.send(raw)
        second = connection.answer()

        assert (first.status, first.code) == (second.status, second.code) == (503, "log_unavailable")


def test_a_client_that_goes_loses_its_answer_and_not_the_record() -> None:
    log = Slow()
    with served(only_fast(with_log(log)), "fast") as port:
        with Connection(port) as connection:
            connection.send(question("/v1/decision"))
            eventually(lambda: log.waiting)
        with Connection(port) as other:
            log.waiting.pop()(None)
            other.send(question("/v1/decision"))
            eventually(lambda: log.waiting)
            log.waiting.pop()(None)

            assert other.answer().allowed
            assert len(log.records) == 2


def test_a_held_refusal_keeps_the_answers_behind_it_in_order() -> None:
    refused = question("/v1/decision", b"X-Request-ID: first", ip=OUTSIDE)
    allowed = question("/v1/decision")
    odd = question("/v1/decision", b"X-Odd: 1")
    with served(World().app(PLAIN), "fast") as port, Connection(port) as connection:
        connection.send(refused + allowed + refused + odd)
        connection.send(refused + allowed)
        answers = [connection.answer() for _ in range(6)]

        assert [answer.allowed for answer in answers] == [False, True, False, True, False, True]
        assert answers[0].headers["x-request-id"] == "first"


def test_a_client_that_does_not_read_is_answered_when_it_does() -> None:
    raw = question("/access/v1/evaluations", evaluations=[{"subject": 1}] * 150, padding="x" * 20_000)
    count = 2_000  # more than the kernel holds, however much it gives to a connection
    with served(World().app(), "fast") as port, Connection(port) as connection:
        for buffer in (socket.SO_RCVBUF, socket.SO_SNDBUF):  # the kernel's own could hold everything
            connection.socket.setsockopt(socket.SOL_SOCKET, buffer, 32 * 1024)
        connection.socket.settimeout(1.0)
        sent = 0
        everything = raw * count
        with suppress(TimeoutError):
            while sent < len(everything):
                sent += connection.socket.send(everything[sent : sent + 65536])
        assert sent < len(everything)  # the server stopped reading, since nobody reads its answers
        connection.socket.settimeout(PATIENCE_S)
        whole, rest = divmod(sent, len(raw))
        for _ in range(whole):
            assert connection.answer().status == 200
        if rest:
            connection.send(raw[rest:])
            assert connection.answer().status == 200


def test_a_long_batch_lets_others_in_and_comes_whole() -> None:
    raw = question("/access/v1/evaluations", evaluations=[{}] * 999 + [{"context": {"ip": OUTSIDE}}])
    with served(only_fast(World()), "fast") as port, Connection(port) as connection:
        connection.send(raw + question("/v1/decision"))
        given = json.loads(connection.answer().body)["evaluations"]

        assert [one["decision"] for one in given] == [True] * 999 + [False]
        assert connection.answer().allowed


def test_a_fault_while_deciding_is_a_500_of_ours_on_the_fast_path_too() -> None:
    for fault in (EngineDisagreement("secret"), RuntimeError("secret")):

        def fail(*_: Any, fault: Exception = fault, **__: Any) -> Any:
            raise fault

        answers = []
        for way in ("fast", "httptools"):
            world = World()
            world.pdp.decide = fail  # type: ignore[method-assign]
            with served(world.app(), way) as port:
                answers.append(said(port, question("/v1/decision", b"X-Request-ID: r-8")))

        assert answers[0] == answers[1]
        assert answers[0].startswith(b"HTTP/1.1 500 ")
        assert b"secret" not in answers[0]


def test_a_connection_that_rests_is_closed() -> None:
    with served(only_fast(World()), "fast", keep_alive_s=1) as port, Connection(port) as connection:
        for _ in range(3):
            connection.send(question("/v1/decision"))
            assert connection.answer().allowed

        assert connection.is_closed()


def test_the_last_answer_leaves_before_the_service_ends() -> None:
    log = Slow()
    with ExitStack() as stack:
        with served(only_fast(with_log(log)), "fast") as port:
            connection = stack.enter_context(Connection(port))
            connection.send(question("/v1/decision"))
            eventually(lambda: log.waiting)
            later = threading.Timer(0.2, log.waiting.pop(), [None])  # when the server has begun to end
            later.start()
        answer = connection.answer()
        later.join()

        assert answer.allowed
        assert answer.headers["connection"] == "close"
