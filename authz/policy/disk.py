"""Files that are whole or not there: written aside, synced, renamed; sealed with a checksum that reading checks."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from authz.durable import sync_folder

UNFINISHED: Final = ".unfinished"
"""Suffix of a file that is being written; what remains of it after a crash is nobody's."""


def write_whole(path: Path, content: bytes) -> None:
    """Put `content` at `path` so that a reader, or a machine that loses power, sees the old file or the new one.

    Raises:
        OSError: the disk is full, the folder cannot be written.
    """
    descriptor, unfinished = tempfile.mkstemp(suffix=UNFINISHED, dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        Path(unfinished).replace(path)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def remove_unfinished(folder: Path) -> None:
    """Clear what writers that were killed have left; only the one writer of the folder may call this."""
    for path in folder.glob(f"*{UNFINISHED}"):
        path.unlink(missing_ok=True)


def checksum(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def sealed(document: Mapping[str, Any]) -> bytes:
    """A small JSON document with a checksum over the rest as its last member."""
    body = json.dumps(document, sort_keys=True, ensure_ascii=False)
    return json.dumps({"document": document, "checksum": checksum(body.encode())}, ensure_ascii=False).encode()


def unsealed(content: bytes) -> dict[str, Any]:
    """The document of `sealed`.

    Raises:
        ValueError: it is not whole or was changed by something else.
    """
    try:
        wrapper = json.loads(content)
        document = wrapper["document"]
        body = json.dumps(document, sort_keys=True, ensure_ascii=False)
        intact = isinstance(document, dict) and wrapper["checksum"] == checksum(body.encode())
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ValueError("not a sealed document") from None
    if not intact:
        raise ValueError("the checksum does not fit")
    return dict(document)
