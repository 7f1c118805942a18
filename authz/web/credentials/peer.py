"""The client certificate of a connection, as far as it says who asks (mTLS).

TLS has proved the certificate against AUTHZ_TLS_CLIENT_CA before a byte of HTTP is read. A header that claims a
certificate is never believed.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from starlette.types import Scope as Connection

PEER_NAMES: Final = "peer_names"
"""Where a connection's names stand in the ASGI scope's `state`, which no header of a request can reach."""
_KINDS: Final = frozenset({"DNS", "URI", "email"})


def peer_names(connection: Connection) -> tuple[str, ...]:
    """The subject alternative names of the client's certificate; none without one."""
    names: tuple[str, ...] = connection.get("state", {}).get(PEER_NAMES, ())
    return names


def names_of(transport: asyncio.BaseTransport) -> tuple[str, ...]:
    """The names in the certificate that the other side of a connection has proved to be its own. Never the common name.

    A wildcard names many and therefore nobody.
    """
    certificate: dict[str, Any] = transport.get_extra_info("peercert") or {}
    return tuple(name for kind, name in certificate.get("subjectAltName", ()) if kind in _KINDS and "*" not in name)
