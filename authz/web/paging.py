"""Pages of a search (AuthZEN 1.0 section 8.2). A token holds the place to go on from, the limit and the question.

A token is no secret and gives no right: whoever asks with one is asked for its key again, and every result is decided
anew. So it is not signed; it is bound to the question by a digest, and a token of another question is refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from authz.errors import RequestInvalid

LARGEST_PAGE: Final = 1000
_QUESTION: Final = ("subject", "action", "resource", "context")
_LONGEST_TOKEN: Final = 8192


class Page(NamedTuple):
    """`after`: the place of the last result given, empty on the first page. `stated`: the request spoke of pages."""

    limit: int
    after: tuple[str, ...]
    digest: str
    stated: bool


def requested_page(body: Mapping[str, Any]) -> Page:
    """The page that a search request asks for.

    Raises:
        RequestInvalid: `page` is not of its form, or its token belongs to another question.
    """
    digest = hashlib.sha256(
        json.dumps({name: body.get(name) for name in _QUESTION}, sort_keys=True).encode()
    ).hexdigest()
    page = body.get("page", {})
    if not isinstance(page, Mapping):
        raise RequestInvalid("wrong_type", "`page` is not an object")
    limit, token = page.get("limit"), page.get("token", "")
    if "limit" in page and (type(limit) is not int or limit < 0):
        raise RequestInvalid("wrong_type", "`page.limit` is not a whole number from 0 on")
    if not isinstance(token, str):
        raise RequestInvalid("wrong_type", "`page.token` is not a string")
    if not token:
        return Page(LARGEST_PAGE if limit is None else min(limit, LARGEST_PAGE), (), digest, "page" in body)
    after, held, belongs_to = _read(token)
    if belongs_to != digest or (limit is not None and min(limit, LARGEST_PAGE) != held):
        raise RequestInvalid("bad_token", "the page token belongs to another question")
    return Page(held, after, digest, True)


def next_token(page: Page, place: tuple[str, ...]) -> str:
    """The token of the page after the result at `place`."""
    held = json.dumps([list(place), page.limit, page.digest]).encode()
    return base64.urlsafe_b64encode(held).decode()


def _read(token: str) -> tuple[tuple[str, ...], int, str]:
    problem = RequestInvalid("bad_token", "the page token is not one of ours")
    if len(token) > _LONGEST_TOKEN:
        raise problem
    try:
        held = base64.b64decode(token.encode("ascii"), b"-_", validate=True)
        after, limit, digest = msgspec.json.decode(held, type=tuple[tuple[str, ...], int, str])
    except (ValueError, msgspec.MsgspecError, binascii.Error):
        raise problem from None
    if not after or not 0 < limit <= LARGEST_PAGE:
        raise problem
    return after, limit, digest
