"""Problems name a set's files as `policies/<set>/...`; a report wants them from the top of the repository."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from authz.policy.bundle import MODEL_FILE, POLICIES_FOLDER

_TOP: Final = ".git"


class Places:
    """Turns a problem's file into its path from the top of the repository, or from here where there is none."""

    def __init__(self, set_dirs: Iterable[Path], model: Path, *beside: Path) -> None:
        """`beside`: folders that problems name by their name alone."""
        here = Path.cwd().resolve()
        self._top = next((folder for folder in (here, *here.parents) if (folder / _TOP).exists()), here)
        self._sets = {f"{POLICIES_FOLDER}/{set_dir.name}": self._from_top(set_dir) for set_dir in set_dirs}
        self._sets |= {folder.name: self._from_top(folder) for folder in beside}
        self._model = self._from_top(model)

    def of(self, file: str) -> str:
        """The path of a file as a problem names it."""
        if file == MODEL_FILE:
            return self._model
        for place, folder in self._sets.items():
            if file == place or file.startswith(f"{place}/"):
                return folder + file[len(place) :]
        return file

    def _from_top(self, path: Path) -> str:
        resolved = path.resolve()
        return resolved.relative_to(self._top).as_posix() if resolved.is_relative_to(self._top) else path.as_posix()
