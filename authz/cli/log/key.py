"""The public key by which a command verifies what the log has signed."""

from __future__ import annotations

from typing import Final

from authz.cli.failures import Usage
from authz.log.disk.place import Place
from authz.log.signed.signing import signer_at

_KEY_BYTES: Final = 32


def public_key(stated: str, place: Place) -> bytes:
    """The key as stated in hex digits, or this installation's; verifying makes none.

    Raises:
        Usage: it is no key, or there is none here.
    """
    if not stated:
        if not place.key.exists():
            raise Usage(f"there is no signing key at `{place.key}`; state the public key with --key")
        return signer_at(place.key).public_key
    try:
        key = bytes.fromhex(stated)
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise Usage("--key: not a public key as `authz log key` prints it")
    return key
