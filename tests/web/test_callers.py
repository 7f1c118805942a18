"""Who asks: the key-less caller, and what a caller without a scope is refused."""

from __future__ import annotations

import pytest

from authz.core.limits import NO_LIMITS
from authz.web.credentials.callers import KEYLESS, CallerRefused, CallerUnknown, KeylessLoopback, Scope


async def test_the_keyless_caller_has_every_scope_and_no_limit() -> None:
    caller = await KeylessLoopback().identify({"headers": [(b"host", b"localhost")]})

    assert caller is KEYLESS
    assert caller.scopes == frozenset(Scope)
    assert caller.limits == NO_LIMITS
    assert caller.explains


@pytest.mark.parametrize("value", [b"", b"Bearer x", b"Basic eDp4"])
async def test_credentials_are_never_ignored(value: bytes) -> None:
    with pytest.raises(CallerUnknown):
        await KeylessLoopback().identify({"headers": [(b"authorization", value)]})


@pytest.mark.parametrize("scope", list(Scope))
def test_a_caller_is_refused_what_its_scopes_do_not_hold(scope: Scope) -> None:
    with pytest.raises(CallerRefused, match=scope.value):
        KEYLESS._replace(scopes=frozenset(Scope) - {scope}).require(scope)

    KEYLESS._replace(scopes=frozenset({scope})).require(scope)


def test_only_a_caller_with_scope_explain_is_told_why() -> None:
    assert not KEYLESS._replace(scopes=frozenset(Scope) - {Scope.EXPLAIN}).explains
    assert KEYLESS._replace(scopes=frozenset({Scope.EXPLAIN})).explains
