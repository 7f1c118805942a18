"""Who runs a command, for the trail of changes."""

from __future__ import annotations

import os
import pwd


def system_user() -> str:
    """Whoever runs this, by the system's word and not by a variable that anybody can set."""
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"uid {number}"
