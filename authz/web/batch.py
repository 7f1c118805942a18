"""`POST /access/v1/evaluations` (AuthZEN 1.0 section 7): several questions, each answered as if it stood alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from authz.errors import AuthzError, RequestInvalid

Document = Mapping[str, Any]
Answer = dict[str, Any]
Evaluate = Callable[[Document], Answer]
"""One effective question to its answer; raises `RequestInvalid` or another `AuthzError` about that question alone."""

MOST_ITEMS: Final = 1000
_ENTITIES: Final = ("subject", "action", "resource", "context")

# Semantic -> the decision after which evaluation stops (section 7.1.2.1); None: never.
_STOPS_AT: Final[Mapping[str, bool | None]] = {
    "execute_all": None,
    "deny_on_first_deny": False,
    "permit_on_first_permit": True,
}


def answer_batch(body: Document, evaluate: Evaluate, status_of: Callable[[AuthzError], int]) -> Answer:
    """The answer to an evaluations request; without (or with no) items it is that of the single API (section 7.1).

    A fault of one item is that item's deny with `context.error` and moves no other (section 7.2.1).

    Raises:
        RequestInvalid: the request as a whole cannot be read.
    """
    items = body.get("evaluations", [])
    if not isinstance(items, list):
        raise RequestInvalid("wrong_type", "`evaluations` is not a list")
    stop = _stop(body)
    if not items:
        return evaluate(body)
    if len(items) > MOST_ITEMS:
        raise RequestInvalid("too_many_items", f"more than {MOST_ITEMS} evaluations in one request")
    defaults = {name: body[name] for name in _ENTITIES if name in body}
    answers: list[Answer] = []
    for item in items:
        answers.append(_one(item, defaults, evaluate, status_of))
        if stop is not None and answers[-1]["decision"] is stop:
            break
    return {"evaluations": answers}


def _stop(body: Document) -> bool | None:
    options = body.get("options", {})
    if not isinstance(options, Mapping):
        raise RequestInvalid("wrong_type", "`options` is not an object")
    semantic = options.get("evaluations_semantic", "execute_all")
    if not isinstance(semantic, str) or semantic not in _STOPS_AT:
        raise RequestInvalid("bad_semantic", f"`evaluations_semantic` is not one of {', '.join(_STOPS_AT)}")
    return _STOPS_AT[semantic]


def _one(item: object, defaults: Document, evaluate: Evaluate, status_of: Callable[[AuthzError], int]) -> Answer:
    """A member that the item has replaces the default as a whole (section 7.1.1)."""
    try:
        if not isinstance(item, Mapping):
            raise RequestInvalid("wrong_type", "an item of `evaluations` is not an object")
        return evaluate({**defaults, **item})
    except AuthzError as error:
        said = {"status": status_of(error), "code": error.code, "message": str(error)}
        return {"decision": False, "context": {"error": said}}
