"""The Python client: may contact X request action Y from address Z? Fails closed; docs/client.md shows how to use it.

It needs httpx and nothing else of this package: `pip install authz[client]`, or copy the folder.
"""

from authz.client.calls import AsyncClient, Client
from authz.client.decision import AUTHZ_UNAVAILABLE, BAD_REPLY, OBLIGATION_NOT_UNDERSTOOD, Decision, Obligation

__all__ = [
    "AUTHZ_UNAVAILABLE",
    "BAD_REPLY",
    "OBLIGATION_NOT_UNDERSTOOD",
    "AsyncClient",
    "Client",
    "Decision",
    "Obligation",
]
