"""Signed checkpoints: every so often a line says, under an Ed25519 key, how far each segment reached.

The lines form a chain of their own, `checkpoints.chain`, one for all workers of a data folder. A line names the heads
that moved since the line before, and the sum over the heads of all segments, so that cutting the end of any segment, or
a whole one, shows. What retention took away is named by a line of its own and stays named.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from authz.log.disk.files import last_line, write_all
from authz.log.lines.chain import START, Head, line_hash, parsed
from authz.log.lines.record import instant
from authz.log.signed.signing import Signer, verifies

FILE: Final = "checkpoints.chain"
CHECKPOINT: Final = "checkpoint"
PRUNED: Final = "pruned"
ADDRESSES_PRUNED: Final = "addresses_pruned"


class Checkpoints:
    """The chain of one data folder, as one worker extends it; safe beside the other workers'."""

    def __init__(self, folder: Path, signer: Signer) -> None:
        """`folder`: of the log. `signer`: of the installation."""
        self._path = folder / FILE
        self._signer = signer
        self._read_to = 0
        self._number = -1
        self._hash = START
        self._heads: dict[str, Head] = {}
        self._pruned: dict[str, set[str]] = {PRUNED: set(), ADDRESSES_PRUNED: set()}

    def state(self, heads: Mapping[str, Head], now: float) -> None:
        """Sign that these segments have durably reached these heads.

        Raises:
            OSError: the line could not be written; the chain is as it was.
        """
        self._extend(CHECKPOINT, now, {"heads": {name: list(head) for name, head in sorted(heads.items())}}, heads)

    def state_pruned(self, kind: str, segment: str, now: float) -> None:
        """Sign that retention took a segment (`PRUNED`) or its list of networks (`ADDRESSES_PRUNED`) away.

        Raises:
            OSError: the line could not be written; the chain is as it was.
        """
        self._extend(kind, now, {"segment": segment}, {})

    def known_heads(self) -> dict[str, Head]:
        """The newest stated head of each segment, pruned ones too."""
        with self._locked() as descriptor:
            self._catch_up(descriptor)
        return dict(self._heads)

    def pruned(self, kind: str) -> frozenset[str]:
        """The segments that retention took away (`PRUNED`), or whose lists it took (`ADDRESSES_PRUNED`)."""
        with self._locked() as descriptor:
            self._catch_up(descriptor)
        return frozenset(self._pruned[kind])

    def _extend(self, kind: str, now: float, more: Mapping[str, Any], heads: Mapping[str, Head]) -> None:
        with self._locked() as descriptor:
            self._catch_up(descriptor)
            after = {**self._heads, **heads}
            line = signed_line(
                self._signer,
                {
                    "n": self._number + 1, "prev": self._hash, "kind": kind, "at": instant(now), **more,
                    "root": root(after), "key": self._signer.key_id,
                },
            )  # fmt: skip
            length = os.fstat(descriptor).st_size
            try:
                write_all(descriptor, line + b"\n")
                os.fdatasync(descriptor)
            except OSError:
                with contextlib.suppress(OSError):
                    os.ftruncate(descriptor, length)
                raise
            self._read_to = length + len(line) + 1
            self._number, self._hash, self._heads = self._number + 1, line_hash(line), after

    @contextlib.contextmanager
    def _locked(self) -> Iterator[int]:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield descriptor
        finally:
            os.close(descriptor)

    def _catch_up(self, descriptor: int) -> None:
        """Read what other workers have added; a torn last line, of a power cut, is cut off.

        The newest line is held against its signature, and through its hash the lines before it: nothing else is
        believed, and nothing is signed behind it.
        """
        length = os.fstat(descriptor).st_size
        if length == self._read_to:
            return
        last, whole = last_line(self._path)
        if whole < length:
            os.ftruncate(descriptor, whole)
        with self._path.open("rb") as stream:
            stream.seek(self._read_to)
            lines = stream.read().split(b"\n")[:-1]
        try:
            signed, signature = split_signature(last) if lines else (b"", b"")
            if lines and not verifies(self._signer.public_key, signature, signed):
                raise ValueError("the newest line is of nobody's key")  # noqa: TRY301 - one place says what follows
            for line in lines:
                self._take(line)
        except (KeyError, TypeError, ValueError, OverflowError):
            raise OSError(errno.EBADMSG, f"`{FILE}` is damaged, see `authz log verify`") from None
        self._read_to = whole

    def _take(self, line: bytes) -> None:
        said = parsed(line)
        if said["n"] != self._number + 1 or said["prev"] != self._hash:
            raise ValueError("a line does not follow the one before")
        self._heads.update({name: Head(*head) for name, head in said.get("heads", {}).items()})
        if said["kind"] in self._pruned:
            self._pruned[said["kind"]].add(said["segment"])
        self._number, self._hash = said["n"], line_hash(line)


def root(heads: Mapping[str, Head]) -> str:
    """One SHA-256 over the heads of all segments."""
    lines = "".join(f"{name} {head.seq} {head.hash} {head.length}\n" for name, head in sorted(heads.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def signed_line(signer: Signer, members: Mapping[str, Any]) -> bytes:
    """A JSON object with its signature (base64, of the object without it) as the last member; no newline."""
    written = json.dumps(members, separators=(",", ":"), ensure_ascii=True).encode()
    signature = base64.b64encode(signer.sign(written))
    return written[:-1] + b',"sig":"' + signature + b'"}'


def split_signature(line: bytes) -> tuple[bytes, bytes]:
    """What was signed, and the signature.

    Raises:
        ValueError: the line is not of that form.
    """
    start, mark, rest = line.rpartition(b',"sig":"')
    if not mark or not rest.endswith(b'"}'):
        raise ValueError("no signature at the end")
    return start + b"}", base64.b64decode(rest[:-2], validate=True)
