"""Refusals to callers that are told no reason take a random moment longer, so that time tells none either.

A refusal of an unknown contact costs some ten microseconds less than one that had to compute a fact (security.md,
promise 19). The moment is drawn anew for each answer and is many times longer than that difference; it costs no CPU.
`bench/alike.py` measures what is left.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.types import Send

from authz.web.decide.decisions import Answered
from authz.web.messages.reply import send_json

LONGEST_HOLD_MS: Final = 20
_random = secrets.SystemRandom()


def moment_s() -> float:
    """A random moment of at most `LONGEST_HOLD_MS`, in seconds."""
    return _random.uniform(0, LONGEST_HOLD_MS / 1000)


async def hold_refusal(sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
    """Wait for a moment."""
    await sleep(moment_s())


async def send_answered(send: Send, answered: Answered) -> None:
    """The answer to one or several questions, held for a moment where it refuses without saying why."""
    if answered.held:
        await hold_refusal()
    await send_json(send, 200, answered.body)
