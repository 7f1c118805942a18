"""Pages of a search (AuthZEN 1.0 section 8.2). A token holds the place to go on from, the limit and the question.

A token is no secret and gives no right: whoever asks with one is asked for its key again, and every result is decided
anew. So it is not signed; it is bound to the question by a digest, and a token of another question is refused.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from authz.core.search import Place
from authz.core.types import Request
from authz.errors import RequestInvalid
from authz.pdp import SearchFor

LARGEST_PAGE: Final = 1000
_LONGEST_TOKEN: Final = 16384


class Page(NamedTuple):
    """`after`: the place of the last result given, empty on the first page. `stated`: the request spoke of pages."""

    limit: int
    after: Place
    digest: str
    stated: bool


def requested_page(body: Mapping[str, Any], what: SearchFor, question: Request) -> Page:
    """The page that a search request asks for. With a token, `limit` may be left out or must be the same.

    Raises:
        RequestInvalid: `page` is not of its form, or its token belongs to another question.
    """
    digest = _digest(what, question)
    page = body.get("page", {})
    if not isinstance(page, Mapping):
        raise RequestInvalid("wrong_type", "`page` is not an object")
    limit, token = page.get("limit"), page.get("token", "")
    if "limit" in page and (type(limit) is not int or limit < 0):
        raise RequestInvalid("wrong_type", "`page.limit` is not a whole number from 0 on")
    if type(token) is not str:
        raise RequestInvalid("wrong_type", "`page.token` is not a string")
    wanted = LARGEST_PAGE if limit is None else min(limit, LARGEST_PAGE)
    if not token:
        return Page(wanted, (), digest, "page" in body)
    after, held, belongs_to = _read(token)
    if belongs_to != digest or (limit is not None and wanted != held):
        raise RequestInvalid("bad_token", "the page token belongs to another question")
    return Page(held, after, digest, stated=True)


def next_token(page: Page, place: Place) -> str:
    """The token of the page after the result at `place`."""
    return base64.urlsafe_b64encode(msgspec.json.encode([place, page.limit, page.digest])).decode()


def _digest(what: SearchFor, question: Request) -> str:
    """Over what the question means, not how it is written: the order of members and the ignored id do not count."""
    supported = question.supported_obligations
    parts = question._replace(supported_obligations=None if supported is None else sorted(supported))  # type: ignore[arg-type]
    written = json.dumps([what, *parts], sort_keys=True, default=dict)
    return hashlib.sha256(written.encode()).hexdigest()


def _read(token: str) -> tuple[Place, int, str]:
    problem = RequestInvalid("bad_token", "the page token is not one of ours")
    if len(token) > _LONGEST_TOKEN:
        raise problem
    try:
        held = base64.b64decode(token.encode("ascii"), b"-_", validate=True)
        after, limit, digest = msgspec.json.decode(held, type=tuple[tuple[str, ...], int, str])
    except (ValueError, msgspec.MsgspecError):
        raise problem from None
    if not after or not 0 < limit <= LARGEST_PAGE:
        raise problem
    return after, limit, digest
