"""Lists of the registry, page by page: a cursor is the place of the last item, so no page skips or repeats."""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from authz.core.generation import Generation
from authz.errors import RequestInvalid
from authz.registry import editing
from authz.registry.editing import Seen
from authz.registry.store import RegistryStore
from authz.web.messages import wire
from authz.web.messages.query import read_members
from authz.web.registry.shown import annex_summary, contact_document, in_force, tenant_summary

LARGEST_PAGE: Final = 200
USUAL_PAGE: Final = 50
_LONGEST_QUERY: Final = 2000
_STATES: Final = ("draft", "approved", "superseded")
_MEMBERS: Final[Mapping[str, frozenset[str]]] = {
    "tenants": frozenset({"tenant", "limit", "cursor"}),
    "annexes": frozenset({"tenant", "limit", "cursor", "state"}),
    "contacts": frozenset({"tenant", "limit", "cursor", "all"}),
}

Place = tuple[str, int, int, int]
"""Tenant, annex number, annex id, line: where an item stands in its list; 0 where there is no such part."""
Items = Iterator[tuple[Place, dict[str, Any]]]
_START: Final[Place] = ("", 0, 0, 0)


class Query(NamedTuple):
    """What is listed. `every`: contacts on past and future annexes too."""

    what: str
    tenant: str
    state: str
    every: bool
    limit: int
    after: Place


def read_query(what: str, query_string: bytes) -> Query:
    """The query of a list.

    Raises:
        RequestInvalid: `bad_query` for a member that is unknown, stated twice or has no such value; `bad_token` for a
            cursor that is none of this list's.
    """
    stated = read_members(query_string, _MEMBERS[what], _LONGEST_QUERY)
    if stated.get("state", _STATES[0]) not in _STATES:
        raise RequestInvalid("bad_query", f"`state` is not one of {', '.join(_STATES)}")
    if stated.get("tenant") == "":
        raise RequestInvalid("bad_query", "`tenant` is empty; leave it out for every tenant")
    if stated.get("all", "true") not in {"true", "false"}:
        raise RequestInvalid("bad_query", "`all` is not true or false")
    return Query(
        what,
        stated.get("tenant", ""),
        stated.get("state", ""),
        stated.get("all") == "true",
        _limit(stated.get("limit", str(USUAL_PAGE))),
        _place(what, stated["cursor"]) if "cursor" in stated else _START,
    )


def written_page(
    query: Query, store: RegistryStore, generations: Mapping[str, Generation], only: Collection[str] | None
) -> bytes:
    """`{"items", "next_cursor"?}` of one page; blocks.

    Args:
        only: these tenants; None: all.
    """
    items: list[dict[str, Any]] = []
    last = _START
    page: dict[str, Any] = {"items": items}
    for place, item in _items(query, store, generations, only):
        if place <= query.after:
            continue
        if len(items) == query.limit:
            page["next_cursor"] = _cursor(query.what, last)
            break
        items.append(item)
        last = place
    return wire.write(page)


def _items(
    query: Query, store: RegistryStore, generations: Mapping[str, Generation], only: Collection[str] | None
) -> Items:
    for seen in editing.tenants_after(store, query.after[0], only, at_least=True):
        if query.what == "tenants":
            yield (seen.tenant.id, 0, 0, 0), tenant_summary(seen, generations)
        elif query.what == "annexes":
            yield from _annexes(query, seen, generations)
        else:
            yield from _contacts(query, seen, generations)


def _annexes(query: Query, seen: Seen, generations: Mapping[str, Generation]) -> Items:
    current = in_force(seen, generations)
    for record in seen.tenant.annexes:
        if query.state in ("", record.state):
            yield (seen.tenant.id, record.entry.number, record.id, 0), annex_summary(seen, record, current)


def _contacts(query: Query, seen: Seen, generations: Mapping[str, Generation]) -> Items:
    current = in_force(seen, generations)
    annexes = [one for one in seen.tenant.approved if query.every or one is current]
    for line in editing.lines_of(seen, annexes):
        place = (seen.tenant.id, line.annex.entry.number, line.annex.id, line.position)
        yield place, contact_document(line, current)


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < len(str(LARGEST_PAGE)) + 5) or int(text) == 0:
        raise RequestInvalid("bad_query", "`limit` is not a whole number from 1 on")
    return min(int(text), LARGEST_PAGE)


def _cursor(what: str, place: Place) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode([what, place])).decode().rstrip("=")


def _place(what: str, cursor: str) -> Place:
    try:
        held = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        listed, place = msgspec.json.decode(held, type=tuple[str, Place])
    except (ValueError, msgspec.MsgspecError):
        listed, place = "", _START
    if listed != what:
        raise RequestInvalid("bad_token", "the cursor is none of this list's")
    return place
