"""`/v1/tenants`, `/v1/annexes`, `/v1/contacts`: the registry for staff (docs/registry-api.md).

Every change names the person (`by`) and states the ETag of what that person looked at (`If-Match`); it is in this
worker's memory before the answer leaves, and in the others' at their next look. SQL runs in threads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from authz.core.types import ContactState
from authz.errors import AuthzError, NotFound, RequestInvalid
from authz.registry import editing
from authz.registry.change import Outdated, Through
from authz.registry.editing import Line, Seen
from authz.registry.proposals import Approval, approve, enter_draft, staff_name, withdraw
from authz.registry.store import RegistryStore
from authz.registry.suspension import restore, suspend
from authz.web.credentials.callers import Caller, CallerRefused, Callers, Scope
from authz.web.messages import wire
from authz.web.messages.incoming import read_body
from authz.web.messages.problem import problem
from authz.web.messages.refusals import NotStated
from authz.web.registry import schemas as forms
from authz.web.registry.pages import Query, read_query, written_page
from authz.web.registry.shown import (
    annex_document,
    checked_entry,
    contact_document,
    etag,
    in_force,
    matches,
    tenant_document,
)
from authz.web.service import Service

_AT_ONCE: Final = 4
"""Requests that read or write the database at the same time."""

Result = TypeVar("Result")
Endpoint = Callable[[Request], Awaitable[Response]]


class _ProblemRoute(APIRoute):
    """Answers errors with problem details."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        answer = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                found: Response = await answer(request)
            except AuthzError as error:
                return problem(error)
            return found

        return answered


def registry_routes(service: Service, callers: Callers) -> list[APIRoute]:
    """The routes; OpenAPI is written by `web.openapi.document`."""
    desk = RegistryDesk(service, callers)
    routes: tuple[tuple[str, str, Endpoint], ...] = (
        ("GET", "/v1/tenants", desk.tenants),
        ("GET", "/v1/tenants/{tenant}", desk.tenant),
        ("GET", "/v1/annexes", desk.annexes),
        ("POST", "/v1/annexes", desk.propose),
        ("GET", "/v1/annexes/{annex}", desk.annex),
        ("POST", "/v1/annexes/{annex}/approve", desk.approve),
        ("POST", "/v1/annexes/{annex}/withdraw", desk.withdraw),
        ("GET", "/v1/contacts", desk.contacts),
        ("GET", "/v1/contacts/{contact}", desk.contact),
        ("POST", "/v1/contacts/{contact}/suspend", desk.suspend),
        ("POST", "/v1/contacts/{contact}/restore", desk.restore),
        ("POST", "/v1/contacts/{contact}/revoke", desk.revoke),
    )
    return [
        _ProblemRoute(path, endpoint, methods=[method], response_model=None, include_in_schema=False)
        for method, path, endpoint in routes
    ]


class RegistryDesk:
    """One method per route. A key's tenants are looked at before it is looked whether there is such a thing."""

    def __init__(self, service: Service, callers: Callers) -> None:
        self._people = service.people
        self._callers = callers
        self._at_once = asyncio.Semaphore(_AT_ONCE)

    # -------------------------------------------------------------------------------------------- looking

    async def tenants(self, request: Request) -> Response:
        """One page of tenants."""
        return await self._page(request, "tenants")

    async def annexes(self, request: Request) -> Response:
        """One page of annexes, drafts too."""
        return await self._page(request, "annexes")

    async def contacts(self, request: Request) -> Response:
        """One page of contacts."""
        return await self._page(request, "contacts")

    async def tenant(self, request: Request) -> Response:
        """One tenant."""
        asking = await self._asking(request, Scope.REGISTRY_READ)
        tenant_id = request.path_params["tenant"]
        asking.require_tenant(tenant_id)
        seen = await self._in_thread(lambda: editing.see_tenant(self._store, tenant_id))
        return self._shown(seen, tenant_document(seen, self._people.generations()))

    async def annex(self, request: Request) -> Response:
        """One annex with its contacts; of a draft also what it would change."""
        asking = await self._asking(request, Scope.REGISTRY_READ)
        annex_id = await self._own_annex(asking, request.path_params["annex"])
        return await self._annex_shown(annex_id)

    async def contact(self, request: Request) -> Response:
        """One contact."""
        asking = await self._asking(request, Scope.REGISTRY_READ)
        line = await self._own_line(asking, request.path_params["contact"])
        return self._shown(line.seen, contact_document(line, in_force(line.seen, self._people.generations())))

    # -------------------------------------------------------------------------------------------- changing

    async def propose(self, request: Request) -> Response:
        """Enter a signed annex as a draft: 201, or 200 where it is entered already."""
        asking = await self._asking(request, Scope.REGISTRY_WRITE)
        stated = await _body(request, forms.Proposal)
        asking.require_tenant(stated.tenant)
        by = _staff(stated.by)

        def entered() -> tuple[int, bool]:
            seen = editing.see_tenant(self._store, stated.tenant)
            store = self._as_seen(request, asking, seen)
            entry = checked_entry(seen, stated.annex, self._people.generations())
            known = {one.id for one in seen.tenant.annexes}
            draft = enter_draft(store, stated.tenant, entry, by, contract_number=stated.contract)
            self._people.catch_up(stated.tenant, self._store.revision().number)
            return draft.id, draft.id not in known

        annex_id, is_new = await self._in_thread(entered)
        answer = await self._annex_shown(annex_id)
        if is_new:
            answer.status_code = 201
            answer.headers["location"] = f"/v1/annexes/{annex_id}"
        return answer

    async def approve(self, request: Request) -> Response:
        """Approve a draft as the second person."""
        return await self._draft_changed(request, approve)

    async def withdraw(self, request: Request) -> Response:
        """Set a draft aside."""
        return await self._draft_changed(request, withdraw)

    async def _draft_changed(self, request: Request, change: Callable[[RegistryStore, int, str], Approval]) -> Response:
        asking = await self._asking(request, Scope.REGISTRY_WRITE)
        annex_id = await self._own_annex(asking, request.path_params["annex"])
        by = _staff((await _body(request, forms.Approval)).by)

        def changed() -> None:
            seen, _ = editing.see_annex(self._store, annex_id)
            self._people.catch_up(seen.tenant.id, change(self._as_seen(request, asking, seen), annex_id, by).revision)

        await self._in_thread(changed)
        return await self._annex_shown(annex_id)

    async def suspend(self, request: Request) -> Response:
        """Suspend a contact at once."""
        return await self._suspended(request, ContactState.SUSPENDED)

    async def revoke(self, request: Request) -> Response:
        """Revoke a contact at once."""
        return await self._suspended(request, ContactState.REVOKED)

    async def restore(self, request: Request) -> Response:
        """Lift a suspension."""
        asking = await self._asking(request, Scope.REGISTRY_WRITE)
        line = await self._own_line(asking, request.path_params["contact"])
        stated = await _body(request, forms.Restoration)
        by = _staff(stated.by)

        def change(store: RegistryStore) -> int:
            return restore(store, line.seen.tenant.id, line.contact.keys[0], by, revoked_too=stated.revoked_too)

        return await self._changed(request, asking, line, change)

    async def _suspended(self, request: Request, state: ContactState) -> Response:
        asking = await self._asking(request, Scope.REGISTRY_WRITE)
        line = await self._own_line(asking, request.path_params["contact"])
        stated = await _body(request, forms.Suspension)
        by = _staff(stated.by)

        def change(store: RegistryStore) -> int:
            return suspend(store, line.seen.tenant.id, line.contact.keys[0], by, state=state, cause=stated.cause)

        return await self._changed(request, asking, line, change)

    # -------------------------------------------------------------------------------------------- inside

    @property
    def _store(self) -> RegistryStore:
        return self._people.store

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        async with self._at_once:
            return await asyncio.to_thread(work)

    async def _asking(self, request: Request, scope: Scope) -> Caller:
        asking = await self._callers.identify(request.scope)
        asking.require(scope)
        return asking

    async def _own_annex(self, asking: Caller, text: str) -> int:
        """The annex of the path; a key that is limited to tenants learns of no other annex whether there is one."""
        annex_id = int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0  # noqa: PLR2004 - 64 bits
        owner = await self._in_thread(lambda: editing.owner_of(self._store, annex_id))
        if asking.limits.tenants is not None and owner not in asking.limits.tenants:
            raise CallerRefused("this key is not good for that tenant")
        if owner is None:
            raise NotFound("there is no such annex")
        return annex_id

    async def _own_line(self, asking: Caller, text: str) -> Line:
        annex, dot, position = text.partition(".")
        annex_id = await self._own_annex(asking, annex)
        if not (dot and position.isascii() and position.isdigit() and len(position) <= 9):  # noqa: PLR2004 - 32 bits
            raise NotFound("there is no such contact")
        return await self._in_thread(lambda: editing.see_contact(self._store, annex_id, int(position)))

    async def _page(self, request: Request, what: str) -> Response:
        asking = await self._asking(request, Scope.REGISTRY_READ)
        query: Query = read_query(what, request.scope["query_string"])
        if query.tenant:
            asking.require_tenant(query.tenant)
        people = self._people
        only = {query.tenant} if query.tenant else asking.limits.tenants
        body = await self._in_thread(lambda: written_page(query, people.store, people.generations(), only))
        return Response(body, 200, media_type="application/json")

    async def _annex_shown(self, annex_id: int) -> Response:
        generations = self._people.generations()

        def shown() -> tuple[Seen, dict[str, Any]]:
            seen, record = editing.see_annex(self._store, annex_id)
            return seen, annex_document(seen, record, generations)

        return self._shown(*await self._in_thread(shown))

    async def _changed(
        self, request: Request, asking: Caller, line: Line, change: Callable[[RegistryStore], int]
    ) -> Response:
        def changed() -> Line:
            self._people.catch_up(line.seen.tenant.id, change(self._as_seen(request, asking, line.seen)))
            return editing.see_contact(self._store, line.annex.id, line.position)

        after = await self._in_thread(changed)
        return self._shown(after.seen, contact_document(after, in_force(after.seen, self._people.generations())))

    def _as_seen(self, request: Request, asking: Caller, seen: Seen) -> RegistryStore:
        """The store for one change, as long as the tenant is as the caller saw it (RFC 9110 section 13.1.1).

        Raises:
            NotStated: no ETag was stated; `*` is none.
            Outdated: the tenant has changed since.
        """
        stated = request.headers.getlist("if-match")
        if not stated or "*" in stated:
            raise NotStated("state the ETag of what was looked at in `If-Match`")
        if not matches(stated, seen):
            raise Outdated("the tenant has changed since it was looked at; look again")
        return self._store.through(Through(asking.id, seen.tenant.id, seen.revision))

    @staticmethod
    def _shown(seen: Seen, document: dict[str, Any]) -> Response:
        return Response(wire.write(document), 200, {"etag": etag(seen)}, "application/json")


async def _body(request: Request, form: type[forms.Form]) -> forms.Form:
    return forms.read_change(form, wire.read_object(await read_body(request.scope, request.receive)))


def _staff(by: str) -> str:
    try:
        return staff_name(by)
    except ValueError:
        raise RequestInvalid("bad_name", "`by` is not a name of visible characters") from None
