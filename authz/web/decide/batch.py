"""`POST /access/v1/evaluations` (AuthZEN 1.0 section 7): several questions, each answered as if it stood alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple, TypeVar

from authz.errors import AuthzError, RequestInvalid, Unavailable
from authz.web.messages import wire
from authz.web.messages.reply import error_detail, status_of

Document = Mapping[str, Any]


class Answer(NamedTuple):
    """One answer as JSON, and its decision."""

    body: bytes
    allowed: bool


Item = TypeVar("Item")
Evaluate = Callable[[Item], Answer]
"""One item to its answer; raises `RequestInvalid` or another `AuthzError` about that item alone."""

MOST_ITEMS: Final = 1000
_ENTITIES: Final = ("subject", "action", "resource", "context")

# Semantic -> the decision after which evaluation stops (section 7.1.2.1); None: never.
_STOPS_AT: Final[Mapping[str, bool | None]] = {
    "execute_all": None,
    "deny_on_first_deny": False,
    "permit_on_first_permit": True,
}


class Batch(NamedTuple):
    """The items as sent, what stands in for the members that one omits, and the decision that ends the batch."""

    items: list[Any]
    defaults: Document
    stops_at: bool | None


def read_batch(body: Document) -> Batch | None:
    """The batch that a request asks for; None: it has no items, so it is one question (section 7.1).

    The defaults are not looked at here: one that no item uses may be incomplete.

    Raises:
        RequestInvalid: the request as a whole cannot be read.
    """
    items = body.get("evaluations", [])
    if type(items) is not list:
        raise RequestInvalid("wrong_type", "`evaluations` is not a list")
    stops_at = _stops_at(body)
    if len(items) > MOST_ITEMS:
        raise RequestInvalid("too_many_items", f"more than {MOST_ITEMS} evaluations in one request")
    if not items:
        return None
    return Batch(items, {name: body[name] for name in _ENTITIES if name in body}, stops_at)


def answers(items: Iterable[Item], evaluate: Evaluate[Item], stops_at: bool | None = None) -> Iterator[Answer]:
    """The answers in the order of the items, up to and including the one with the decision `stops_at`.

    A fault of one item is that item's deny with `context.error` and moves no other (section 7.2.1).

    Raises:
        Unavailable: not one item could be answered.
    """
    unavailable: Unavailable | None = None
    answered = False
    for item in items:
        try:
            answer = evaluate(item)
            answered = True
        except AuthzError as error:
            said = {"status": status_of(error), **error_detail(error)}
            answer = Answer(wire.write({"decision": False, "context": {"error": said}}), False)
            if isinstance(error, Unavailable):
                unavailable = error
            else:
                answered = True
        yield answer
        if stops_at is not None and answer.allowed is stops_at:
            break
    if unavailable is not None and not answered:
        raise unavailable


def _stops_at(body: Document) -> bool | None:
    options = body.get("options", {})
    if not isinstance(options, Mapping):
        raise RequestInvalid("wrong_type", "`options` is not an object")
    semantic = options.get("evaluations_semantic", "execute_all")
    if type(semantic) is not str:
        raise RequestInvalid("wrong_type", "`evaluations_semantic` is not a string")
    if semantic not in _STOPS_AT:
        raise RequestInvalid("bad_semantic", f"`evaluations_semantic` is not one of {', '.join(_STOPS_AT)}")
    return _STOPS_AT[semantic]


def effective(item: object, defaults: Document) -> Document:
    """The question of one item: a member that it has replaces the default as a whole (section 7.1.1).

    Raises:
        RequestInvalid: it is not an object.
    """
    if not isinstance(item, Mapping):
        raise RequestInvalid("wrong_type", "an item of `evaluations` is not an object")
    return {**defaults, **item}
