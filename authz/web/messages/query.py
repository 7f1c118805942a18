"""The query of a list over HTTP: which members it states."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import parse_qsl

from authz.errors import RequestInvalid


def read_members(query_string: bytes, members: Collection[str], longest: int) -> dict[str, str]:
    """The members that a query states, each once; `longest`: bytes.

    Raises:
        RequestInvalid: `bad_query` where it cannot be read, or has others, or one of them twice.
    """
    if len(query_string) > longest:
        raise RequestInvalid("bad_query", "the query is too long")
    try:
        pairs = parse_qsl(query_string.decode("ascii"), keep_blank_values=True, strict_parsing=bool(query_string))
    except ValueError:
        raise RequestInvalid("bad_query", "the query is not in its usual form") from None
    stated = dict(pairs)
    if len(stated) != len(pairs) or not stated.keys() <= set(members):
        raise RequestInvalid("bad_query", f"the query has members other than {', '.join(sorted(members))}, once each")
    return stated
