"""Whether a line is in the log, in the chain that was signed for: nobody gets a signature for what an index says."""

from __future__ import annotations

from pathlib import Path

from authz.errors import Conflict
from authz.log.disk.files import SUFFIX
from authz.log.lines.chain import Head, line_hash, parsed


class NotInTheLog(Conflict):
    """The line is not in the segment, or nothing that was signed for leads to it (HTTP 409)."""

    code = "not_in_the_log"


def is_covered(folder: Path, segment: str, line: bytes, signed: Head | None) -> bool:
    """Whether a checkpoint covers the line; false where it hangs together with one, and the next has to come first.

    Args:
        folder: of the log. `line`: without its newline. `signed`: the newest stated head of the segment.

    Raises:
        NotInTheLog: says what does not hold.
    """
    seq = parsed(line).get("seq")
    try:
        rows = (folder / f"{segment}{SUFFIX}").read_bytes().split(b"\n")[:-1]
    except OSError:
        raise NotInTheLog("its segment is not in the log (any more)") from None
    if type(seq) is not int or not 0 <= seq < len(rows) or rows[seq] != line:
        raise NotInTheLog("the index says another thing than the log; see `authz log verify` and `authz log index`")
    if signed is None or signed.seq >= len(rows) or line_hash(rows[signed.seq]) != signed.hash:
        raise NotInTheLog("its segment is not the one that was signed for; see `authz log verify`")
    first, last = sorted((seq, signed.seq))
    for at in range(first + 1, last + 1):
        if parsed(rows[at]).get("prev") != line_hash(rows[at - 1]):
            raise NotInTheLog("nothing that was signed for leads to it; see `authz log verify`")
    return seq <= signed.seq
