"""A compiled set on disk: what is read back is what was written, or it is refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from authz.core.definition import Hours
from authz.core.network import NetworkLine
from authz.core.types import Effect
from authz.policy.compile import compile_set
from authz.policy.compiled import CompiledSet
from authz.policy.document import FORMAT, DocumentInvalid, decode, decode_in_pieces, encode
from authz.policy.live import generation_of
from tests.policy import orchard


@pytest.fixture(scope="module")
def compiled() -> CompiledSet:
    return compile_set(orchard.parsed())


def test_reading_back_what_was_written_is_the_identity(compiled: CompiledSet) -> None:
    again = decode(encode(compiled))

    assert again == compiled
    assert encode(again) == encode(compiled)
    assert again.definition.calendars["gatehouse"].hours[1] == (Hours(480, 990),)
    assert again.engine["pycasbin"]


def test_networks_come_in_pieces_and_make_the_same_generation(compiled: CompiledSet) -> None:
    line = NetworkLine("any", Effect.ALLOW, "orchard/networks/many.csv:1")
    many = compiled._replace(networks={f"t{at}": (line,) for at in range(1_001)})

    rest, pieces = decode_in_pieces(encode(many))

    assert rest.networks == {}
    generation = generation_of(rest, pieces=pieces)
    assert {tenant: one.lines for tenant, one in generation.networks.items()} == many.networks
    assert decode(encode(many)) == many


def test_the_form_before_is_read_as_well(compiled: CompiledSet) -> None:
    body = msgspec.json.encode(compiled)
    checksum = f"sha256:{hashlib.sha256(body).hexdigest()}"
    document = {"format": "authz-compiled-set/1", "checksum": checksum, "body": msgspec.Raw(body)}

    assert decode(msgspec.json.encode(document)) == compiled


def test_several_spans_of_a_day_are_read_back() -> None:
    breaks = orchard.parsed({"set.yaml": [('mon-fri: "08:00-16:30"', 'mon-fri: "08:00-12:00, 13:00-24:00"')]})

    again = decode(encode(compile_set(breaks)))

    assert again.definition.calendars["gatehouse"].hours[5] == (Hours(480, 720), Hours(780, 1440))


def test_no_byte_of_the_body_can_be_changed_unnoticed(compiled: CompiledSet) -> None:
    document = encode(compiled)
    start = document.index(b'"body"')

    for at in range(start, len(document), 97):
        for flipped in (document[:at] + bytes([document[at] ^ 1]) + document[at + 1 :], document[:at]):
            with pytest.raises(DocumentInvalid):
                decode(flipped)


@pytest.mark.parametrize("garbage", [b"", b"{}", b"[]", b"\xff", b'{"format": "x", "checksum": "", "body": {}}'])
def test_what_is_none_of_ours_is_refused(garbage: bytes) -> None:
    with pytest.raises(DocumentInvalid):
        decode(garbage)


def test_another_format_is_named(compiled: CompiledSet) -> None:
    with pytest.raises(DocumentInvalid, match="is of format `authz-compiled-set/0`"):
        decode(encode(compiled).replace(FORMAT.encode(), b"authz-compiled-set/0"))


def sealed(compiled: CompiledSet, spoil: Callable[[dict[str, Any]], None]) -> bytes:
    """The document of a body that was spoilt before its checksum was taken."""
    body = dict(zip(CompiledSet._fields, json.loads(msgspec.json.encode(compiled)), strict=True))
    spoil(body)
    return encode(msgspec.json.decode(json.dumps(list(body.values())), type=CompiledSet))


def lose_an_action(body: dict[str, Any]) -> None:
    del body["shared"]["keeper"]["open_gate"]


def lose_an_answer(body: dict[str, Any]) -> None:
    body["shared"]["keeper"]["open_gate"][1].pop()


def name_an_unknown_fact(body: dict[str, Any]) -> None:
    body["shared"]["keeper"]["open_gate"][0][1] = "moonlight"


def name_a_line_that_no_tenant_has(body: dict[str, Any]) -> None:
    body["classes"][0][0]["picker"]["open_gate"][1][0][1] = "own:1"


@pytest.mark.parametrize(
    "spoil", [lose_an_action, lose_an_answer, name_an_unknown_fact, name_a_line_that_no_tenant_has]
)
def test_parts_that_do_not_fit_together_are_refused(
    compiled: CompiledSet, spoil: Callable[[dict[str, Any]], None]
) -> None:
    with pytest.raises(DocumentInvalid, match="compiled set"):
        decode(sealed(compiled, spoil))
