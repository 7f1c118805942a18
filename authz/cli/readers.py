"""Whoever reads what a verb prints may go away before its end; the verb's exit status is still the one it earned."""

from __future__ import annotations

import io
import os
import sys
from typing import Any, TextIO


class _Unheard(io.FileIO):
    """A stream of this process; what nobody reads any more counts as written."""

    def write(self, written: Any, /) -> int:
        """As many bytes as were taken, all of them where nobody is there to take them."""
        try:
            return super().write(written)
        except BrokenPipeError:
            return memoryview(written).nbytes


def outlast_readers() -> None:
    """From here on no reader that goes away ends the verb; for verbs whose output ends, and whose status is looked at.

    Without it `authz diff ... | head -1` would end with the status of a failed write, its further reports unwritten.
    """
    sys.stdout, sys.stderr = _outlasting(sys.stdout), _outlasting(sys.stderr)


def flush_output() -> None:
    """Write all that a verb has printed.

    Raises:
        OSError: it cannot be written, as where the disk is full.
    """
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # closed by whoever started us
            stream.flush()


def forget_unwritten() -> None:
    """What could not be written is not tried once more, for Python's own end would, with a traceback and status 120."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)


def _outlasting(stream: TextIO) -> TextIO:
    """The stream as it is, but for that; one that is closed, or no file, stays."""
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    try:
        unheard = _Unheard(stream.fileno(), "wb", closefd=False)
    except OSError:
        return stream
    stream.flush()
    return io.TextIOWrapper(
        unheard if isinstance(stream.buffer, io.FileIO) else io.BufferedWriter(unheard),
        encoding=stream.encoding, errors=stream.errors, line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )  # fmt: skip
