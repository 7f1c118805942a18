"""The ways in that the settings open: API keys always; an identity provider and client certificates if configured."""

from __future__ import annotations

import ssl
from typing import Any, NamedTuple

from authz.errors import ConfigError
from authz.settings import Settings
from authz.web.credentials.keys import KeyCallers, Keys
from authz.web.credentials.rate_limit import RateLimit
from authz.web.credentials.tokens import TokenCallers


class WaysIn(NamedTuple):
    """`tokens` None: no identity provider is configured; else its keys want to be refreshed."""

    callers: KeyCallers
    tokens: TokenCallers | None


def ways_in(settings: Settings, keys: Keys, *, on_loopback: bool) -> WaysIn:
    """Who is let in, and as whom. Without credentials nobody is, where another way in than keys is configured.

    Raises:
        ConfigError: the identity provider's keys are a file that cannot be used.
    """
    tokens = TokenCallers(settings) if settings.oidc_issuer is not None else None
    keyless = on_loopback and tokens is None and settings.tls_client_ca is None
    limit = RateLimit(settings.rate_limit) if settings.rate_limit is not None else None
    callers = KeyCallers(
        keys, keyless=keyless, rate_limit=limit, tokens=tokens, certificates=settings.certificate_callers
    )
    return WaysIn(callers, tokens)


def tls_options(settings: Settings) -> dict[str, Any]:
    """Uvicorn's options for TLS; none for plain HTTP. A client without a certificate may still show a key.

    Raises:
        ConfigError: the certificate, its key or the authority cannot be used.
    """
    if settings.tls_certificate is None:
        return {}
    options = {"ssl_certfile": settings.tls_certificate, "ssl_keyfile": settings.tls_key}
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(settings.tls_certificate, settings.tls_key)
        if settings.tls_client_ca is None:
            return options
        context.load_verify_locations(settings.tls_client_ca)
    except OSError as error:  # ssl.SSLError is one
        raise ConfigError(f"AUTHZ_TLS_*: the files cannot be used: {error.strerror or type(error).__name__}") from None
    return {**options, "ssl_ca_certs": settings.tls_client_ca, "ssl_cert_reqs": ssl.CERT_OPTIONAL}
