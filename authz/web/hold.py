"""Refusals to callers that are told no reason take a random moment longer, so that time tells none either.

A refusal of an unknown contact costs some ten microseconds less than one that had to compute a fact (security.md,
promise 19). The moment is drawn anew for each answer and is many times longer than that difference; it costs no CPU.
`bench/alike.py` measures what is left.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from starlette.types import Send

from authz.web import wire
from authz.web.callers import Caller
from authz.web.reply import send_json

LONGEST_HOLD_MS: Final = 20
_random = secrets.SystemRandom()


async def hold_refusal(sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
    """Wait for a random moment of at most `LONGEST_HOLD_MS` milliseconds."""
    await sleep(_random.uniform(0, LONGEST_HOLD_MS / 1000))


async def send_answer(send: Send, asking: Caller, answer: Mapping[str, Any], refused: bool) -> None:
    """The answer to one or several questions, held for a moment where it refuses without saying why."""
    body = wire.write(answer)
    if refused and not asking.explains:
        await hold_refusal()
    await send_json(send, 200, body)
