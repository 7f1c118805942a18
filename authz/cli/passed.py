"""Every place that a path leads through, its symbolic links followed one by one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_MOST_LINKS: Final = 40


def places_passed(path: Path) -> list[Path]:
    """The folders and links on the way to where the path leads, that place last; no folder in them is itself a link.

    `/a/link/data` with a `link` to `/srv` passes `/`, `/a`, `/a/link`, `/srv` and `/srv/data`.
    """
    here, ahead, links = Path("/"), _reversed(path.absolute()), 0
    passed = [here]
    while ahead:
        name = ahead.pop()
        if name == os.pardir:
            here = here.parent
            continue
        place = here / name
        passed.append(place)
        if links < _MOST_LINKS and place.is_symlink():
            links += 1
            target = place.readlink()
            here = Path("/") if target.is_absolute() else here
            ahead += _reversed(target)
        else:
            here = place
    return passed


def _reversed(path: Path) -> list[str]:
    return [part for part in reversed(path.parts) if part != path.anchor]
