"""HMAC-SHA-256 (RFC 2104) of many short texts under one key. Pure.

What hangs on the key alone is computed once; `hmac.digest` does it anew for each text, which is two thirds of its time.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

_BLOCK_BYTES: Final = 64
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))


class KeyedSum:
    """Sums under one key of at most 64 bytes."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        if len(key) > _BLOCK_BYTES:
            raise ValueError("the key is longer than a block of SHA-256")
        block = key.ljust(_BLOCK_BYTES, b"\0")
        self._inner = sha256(block.translate(_INNER))
        self._outer = sha256(block.translate(_OUTER))

    def hex(self, text: bytes) -> str:
        """The 64 hex digits of the sum."""
        inner = self._inner.copy()
        inner.update(text)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.hexdigest()
