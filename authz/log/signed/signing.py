"""Ed25519 signatures: checkpoints of the log and receipts of decisions (security.md, threat 28)."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from authz.errors import ConfigError

_KEY_BYTES: Final = 32


class Signer:
    """The private key of one installation."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @property
    def public_key(self) -> bytes:
        """32 bytes, to be given to whoever verifies."""
        return self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @property
    def key_id(self) -> str:
        """A short name of the public key: the first 16 hex digits of its SHA-256."""
        return key_id(self.public_key)

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""
        return self._key.sign(message)


def key_id(public_key: bytes) -> str:
    """The first 16 hex digits of the SHA-256 of a public key."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def verifies(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the holder of the key signed the message."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def signer_at(path: Path) -> Signer:
    """The key in a file of 32 raw bytes, mode 0600; made if there is none, by one process only.

    Raises:
        ConfigError: the file is no key.
    """
    if not path.exists():
        _make(path)
    raw = path.read_bytes()
    if len(raw) != _KEY_BYTES:
        raise ConfigError(f"`{path.name}` in the data folder is no signing key")
    return Signer(Ed25519PrivateKey.from_private_bytes(raw))


def _make(path: Path) -> None:
    raw = Ed25519PrivateKey.generate().private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, raw)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    try:
        os.link(new, path)  # fails where another process was first; its key then counts
    except FileExistsError:
        pass
    finally:
        new.unlink()
