"""What a reverse proxy says of the request it asks about, read strictly: host, method, path and client address.

This is the one place that reads forwarding headers (DESIGN section 5). Each proxy says the same things in its own way:
nginx, Caddy and Traefik in `X-Forwarded-*`, the Kubernetes ingress in `X-Original-*`, Envoy in the request line. Where
two of these stand together and differ, somebody wrote one of them who should not have, so nothing is believed. Never
read: the query string (through Caddy it is the client's own), `Forwarded`, `X-Forwarded-Prefix`, `X-Client-IP`,
`True-Client-IP`, and any name with `_` or `.` in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from authz.core.network import AddressRange, parse_address
from authz.core.types import Address

RawHeaders = Sequence[tuple[bytes, bytes]]
"""Name in lower case and value, as in an ASGI scope."""

_HOST = re.compile(rb"([a-z0-9.-]{1,253}?)\.?(?::[0-9]{1,5})?")
_WHOLE_URL = re.compile(rb"https?://([^/?#]*)(/[^?#]*|(?=[?#]|\Z))[^\r\n]*", re.IGNORECASE)
_METHOD = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,32}")


class AmbiguousForwarding(Exception):
    """Two sources of the same part of the request say different things, or one of them cannot be read."""


class Target(NamedTuple):
    """What the client asked the proxy for. `host` is canonical, empty where it is no host name; `path` is undecoded."""

    host: bytes
    method: bytes
    path: bytes


def target(headers: RawHeaders, method: bytes, path_below: bytes) -> Target:
    """The request that the proxy asks about; `path_below` is what follows the gate's own path.

    Raises:
        AmbiguousForwarding: it cannot be told for sure.
    """
    whole_url = _only(headers, b"x-original-url")
    url_host, url_path = _split_url(whole_url) if whole_url is not None else (None, None)
    return Target(
        _host(headers, url_host),
        _method(headers, method),
        _path(headers, url_path, path_below),
    )


def _host(headers: RawHeaders, url_host: bytes | None) -> bytes:
    """`X-Forwarded-Host`, else `Host`; a host in `X-Original-URL` must be the same one."""
    stated = _only(headers, b"x-forwarded-host")
    if stated is None:
        stated = _only(headers, b"host") or b""
    host = canonical_host(stated)
    if url_host is not None and canonical_host(url_host) != host:
        raise AmbiguousForwarding
    return host


def _method(headers: RawHeaders, own: bytes) -> bytes:
    stated = [_only(headers, name) for name in (b"x-forwarded-method", b"x-original-method")]
    method = _agreed(stated)
    if method is not None and _METHOD.fullmatch(method) is None:
        raise AmbiguousForwarding
    return own if method is None else method


def _path(headers: RawHeaders, url_path: bytes | None, path_below: bytes) -> bytes:
    uris = (_only(headers, b"x-forwarded-uri"), _only(headers, b"x-original-uri"))
    stated = [None if uri is None else uri.partition(b"?")[0] for uri in uris]
    path = _agreed([*stated, url_path, path_below or None])
    return b"/" if path is None else path


def canonical_host(stated: bytes) -> bytes:
    """Lower case, without port and one trailing dot; empty for what is not a host name."""
    found = _HOST.fullmatch(stated.lower())
    return found[1] if found is not None else b""


def tenant_label(host: bytes, suffix: bytes) -> str:
    """The first label of a canonical host that is otherwise exactly `suffix`; empty for every other host."""
    label, _, rest = host.partition(b".")
    return label.decode("ascii") if suffix and rest == suffix else ""


def client_address(headers: RawHeaders, trusted: Iterable[AddressRange]) -> Address | None:
    """The client: the right-most entry of `X-Forwarded-For` that is no trusted proxy, else `X-Real-IP`.

    None where it is missing, or where the entry that counts is not one plain address: what stands further left was
    written by somebody further away. Repeated lines are one list, in their order (RFC 9110 section 5.3).
    """
    ranges = tuple(trusted)
    lines = _all(headers, b"x-forwarded-for")
    for entry in reversed(b",".join(lines).split(b",") if lines else []):
        address = _address(entry)
        if address is None or not any(span.first <= address <= span.last for span in ranges):
            return address
    real = _all(headers, b"x-real-ip")
    return _address(real[0]) if len(real) == 1 else None


def has_cookie(headers: RawHeaders, name: bytes) -> bool:
    """Whether a cookie of that name with a value was sent (RFC 6265 section 4.2.1)."""
    pairs = (pair.partition(b"=") for line in _all(headers, b"cookie") for pair in line.split(b";"))
    return any(key.strip(b" \t") == name and value.strip(b' \t"') for key, _, value in pairs)


def _address(text: bytes) -> Address | None:
    try:
        return parse_address(text.strip(b" \t").decode("ascii"))
    except ValueError:  # not ASCII, or not an address
        return None


def _split_url(url: bytes) -> tuple[bytes, bytes]:
    found = _WHOLE_URL.fullmatch(url)
    if found is None:
        raise AmbiguousForwarding
    return found[1], found[2] or b"/"


def _all(headers: RawHeaders, wanted: bytes) -> list[bytes]:
    return [value for name, value in headers if name == wanted]


def _only(headers: RawHeaders, wanted: bytes) -> bytes | None:
    """The value of a header that may stand once; standing twice is two sources."""
    return _agreed(_all(headers, wanted))


def _agreed(values: Sequence[bytes | None]) -> bytes | None:
    """What all that say something say."""
    said = {value for value in values if value is not None}
    if len(said) > 1:
        raise AmbiguousForwarding
    return said.pop() if said else None
