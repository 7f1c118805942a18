"""`POST /v1/confirmations`: issues and redeems the single-use token behind a confirmation link (docs/callers.md).

The desk sends the link to the contact's registered address, has it redeemed when it is followed, and asks its question
again with assurance `confirmed`. Issuing never looks at the registry, so it tells nobody who is on it.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from starlette.types import Receive, Send
from starlette.types import Scope as Connection

from authz.core.question import LONGEST_NAME, request_from_flat
from authz.core.types import Assurance
from authz.errors import RequestInvalid
from authz.registry.confirmations import Binding
from authz.web.credentials.callers import Callers, Scope
from authz.web.messages import wire
from authz.web.messages.incoming import read_body
from authz.web.messages.reply import send_json
from authz.web.service import Service

PATH: Final = "/v1/confirmations"
_LONGEST_TOKEN: Final = 256


class Confirm:
    """A request without `token` issues one (201), a request with a `token` redeems it (200, or 409)."""

    def __init__(self, service: Service, callers: Callers) -> None:
        self._confirmations = service.confirmations
        self._callers = callers
        self._one_at_a_time = asyncio.Lock()

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        """Issue or redeem; needs scope `decide`."""
        (await self._callers.identify(scope)).require(Scope.DECIDE)
        document = wire.read_object(await read_body(scope, receive))
        binding = _binding(document)
        if "token" in document:
            token = _text(document, "token", _LONGEST_TOKEN)
            async with self._one_at_a_time:
                await asyncio.to_thread(self._confirmations.redeem, token, binding)
            await send_json(send, 200, wire.write(_question(binding)))
            return
        async with self._one_at_a_time:
            issued = await asyncio.to_thread(self._confirmations.issue, binding)
        ends = dt.datetime.fromtimestamp(issued.expires_at, dt.UTC).isoformat(timespec="seconds")
        await send_json(send, 201, wire.write({"token": issued.token, "expires_at": ends}))


def _binding(document: Mapping[str, Any]) -> Binding:
    """Contact and action in the form of `POST /v1/decision`, and the ticket."""
    request = request_from_flat(document)
    return Binding(request.subject_type, request.subject_id, request.action, _text(document, "ticket", LONGEST_NAME))


def _question(binding: Binding) -> dict[str, Any]:
    """What the desk adds to its question, in the form of `POST /v1/decision`."""
    return {
        "contact": {"type": binding.subject_type, "id": binding.subject_id},
        "action": binding.action,
        "ticket": binding.ticket,
        "assurance": Assurance.CONFIRMED.value,
    }


def _text(document: Mapping[str, Any], member: str, longest: int) -> str:
    value = document.get(member)
    if value is None:
        raise RequestInvalid("missing_member", f"`{member}` is missing")
    if type(value) is not str:
        raise RequestInvalid("wrong_type", f"`{member}` is not a string")
    if not value:
        raise RequestInvalid("empty_value", f"`{member}` is empty")
    if len(value) > longest:
        raise RequestInvalid("too_long", f"`{member}` is longer than {longest} characters")
    return value
