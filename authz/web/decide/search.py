"""`POST /access/v1/search/subject|resource|action` (AuthZEN 1.0 section 8): from a request to one page of results.

It lists the directory to whoever may ask, which is why it needs the scope `explain`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, Final, NamedTuple

from authz.core.question import circumstances, entity, named_action, stated_context, supported_obligations
from authz.core.search import Place
from authz.core.standing import INFER_TENANT
from authz.core.types import EMPTY, Assurance, Request
from authz.pdp import Permitted, Search, SearchFor
from authz.web.decide.paging import Page, next_token

Document = Mapping[str, Any]
Run = Callable[[Request, Place], Search]


class Form(NamedTuple):
    """What is searched for, and how one result of it is written."""

    what: SearchFor
    result: Callable[[Request, str], dict[str, Any]]


SUBJECTS: Final = Form(SearchFor.SUBJECT, lambda question, found: {"type": question.subject_type, "id": found})
RESOURCES: Final = Form(SearchFor.RESOURCE, lambda question, found: {"type": question.resource_type, "id": found})
ACTIONS: Final = Form(SearchFor.ACTION, lambda _, found: {"name": found})


def search_question(what: SearchFor, body: Document, default_assurance: Assurance) -> Request:
    """The question with the searched entity left open (AuthZEN 8.4 to 8.6): its id, if stated, is ignored.

    Raises:
        RequestInvalid: the request cannot be read.
    """
    subject_type, subject_id, subject_properties = entity(
        body, "subject", id_required=what is not SearchFor.SUBJECT
    )  # fmt: skip
    action, action_properties = ("", EMPTY) if what is SearchFor.ACTION else named_action(body)
    resource_type, resource_id, resource_properties = entity(
        body, "resource", id_required=what is not SearchFor.RESOURCE
    )
    context = stated_context(body)
    address, channel, assurance = circumstances(context, default_assurance)
    return Request(
        subject_type, subject_id, action, resource_type, resource_id or INFER_TENANT, address, channel, assurance,
        subject_properties, action_properties, resource_properties, supported_obligations(context),
    )  # fmt: skip


def answer_search(form: Form, question: Request, page: Page, run: Run) -> dict[str, Any]:
    """One page of permitted entities, in a stable order.

    Without `page` in the request the whole result, as far as it fits on the largest page. `limit` 0 asks for nothing
    and gets it, without a token that would lead to the next empty page.

    Raises:
        Unavailable: whether a candidate is permitted is not known now.
    """
    search = run(question, page.after)
    context = {"revision": {"policy": search.policy_revision, "registry": search.registry_revision}}
    if page.limit == 0:
        return {"page": {"next_token": "", "count": 0}, "results": [], "context": context}
    found = list(islice(search.results, page.limit + 1))
    more, found = len(found) > page.limit, found[: page.limit]
    answer: dict[str, Any] = {"results": [_written(form, question, one) for one in found], "context": context}
    if not (page.stated or more):
        return answer
    token = next_token(page, found[-1].place) if more else ""
    return {"page": {"next_token": token, "count": len(found)}, **answer}


def _written(form: Form, question: Request, one: Permitted) -> dict[str, Any]:
    """The obligations stand on the result itself (obligations profile, section "Obligations and Search Requests")."""
    result = form.result(question, one.id)
    if one.obligations:
        result["obligations"] = [
            {"id": duty.id, "type": duty.type, "properties": duty.properties} for duty in one.obligations
        ]
    return result
