"""`POST /access/v1/search/subject|resource|action` (AuthZEN 1.0 section 8): needs scope `explain`.

It lists the directory to whoever may ask, which is why a plain deciding key may not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from authz.core.question import circumstances, entity, named_action
from authz.core.types import EMPTY, Assurance, Request
from authz.errors import RequestInvalid
from authz.pdp import Permitted, SearchFor
from authz.web.paging import next_token, requested_page

Document = Mapping[str, Any]
Run = Callable[[SearchFor, Request, tuple[str, ...]], Iterator[Permitted]]


class Form(NamedTuple):
    """What is searched for, and how one result of it is written."""

    what: SearchFor
    result: Callable[[Request, str], dict[str, Any]]


SUBJECTS = Form(SearchFor.SUBJECT, lambda question, found: {"type": question.subject_type, "id": found})
RESOURCES = Form(SearchFor.RESOURCE, lambda question, found: {"type": question.resource_type, "id": found})
ACTIONS = Form(SearchFor.ACTION, lambda _, found: {"name": found})


def answer_search(form: Form, body: Document, default_assurance: Assurance, run: Run) -> dict[str, Any]:
    """One page of permitted entities, in a stable order.

    Raises:
        RequestInvalid: the request cannot be read.
    """
    page = requested_page(body)
    question = search_question(form.what, body, default_assurance)
    if page.limit == 0:
        return {"page": {"next_token": "", "count": 0}, "results": []}
    found = list(islice(run(form.what, question, page.after), page.limit + 1))
    more, found = len(found) > page.limit, found[: page.limit]
    results = [_written(form, question, one) for one in found]
    if not (page.stated or more):
        return {"results": results}
    token = next_token(page, found[-1].place) if more else ""
    return {"page": {"next_token": token, "count": len(results)}, "results": results}


def search_question(what: SearchFor, body: Document, default_assurance: Assurance) -> Request:
    """The question with the searched entity left open (AuthZEN 8.4 to 8.6)."""
    subject = entity(body, "subject", id_required=what is not SearchFor.SUBJECT)
    action, action_properties = ("", EMPTY) if what is SearchFor.ACTION else named_action(body)
    resource = entity(body, "resource", id_required=what is not SearchFor.RESOURCE)
    context = body.get("context", EMPTY)
    if not isinstance(context, Mapping):
        raise RequestInvalid("wrong_type", "`context` is not an object")
    address, channel, assurance = circumstances(context, default_assurance)
    return Request(
        subject[0], subject[1], action, resource[0], resource[1], address, channel, assurance,
        subject[2], action_properties, resource[2],
    )  # fmt: skip


def _written(form: Form, question: Request, one: Permitted) -> dict[str, Any]:
    result = form.result(question, one.id)
    if one.obligations:
        result["obligations"] = [
            {"id": duty.id, "type": duty.type, "properties": duty.properties} for duty in one.obligations
        ]
    return result
