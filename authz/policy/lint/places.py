"""Where things stand in files that are known to be right: read once more, for the places alone."""

from __future__ import annotations

from authz.policy.bundle import NETWORKS_FOLDER, Bundle
from authz.policy.reading.lines import MATRIX_LINE, NETWORK_LINE, CsvLine, read_lines
from authz.policy.reading.yaml_nodes import Mapping, Node, Scalar, Sequence, read_yaml

Place = tuple[int, int]
"""Line and column, from 1; (0, 0) is the file as a whole."""


class YamlPlaces:
    """The nodes of one YAML file of a set by their way down from the root."""

    def __init__(self, bundle: Bundle, name: str) -> None:
        self.file = f"{bundle.place}/{name}"
        self._root: Node | None = read_yaml(self.file, bundle.files.get(name, b""), [])

    def node(self, *way: str | int) -> Node | None:
        """The value at the end of a way of keys and positions; None where there is none."""
        node = self._root
        for step in way:
            if isinstance(node, Mapping):
                node = next((entry.value for entry in node.entries if entry.key.text == step), None)
            elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
                node = node.items[step]
            else:
                return None
        return node

    def value(self, *way: str | int) -> Place:
        """Where the value at the end of the way begins."""
        node = self.node(*way)
        return (node.line, node.column) if node is not None else (0, 0)

    def key(self, *way: str | int) -> Place:
        """Where the last key of the way stands."""
        node = self.node(*way[:-1])
        if isinstance(node, Mapping):
            for entry in node.entries:
                if entry.key.text == way[-1]:
                    return entry.key.line, entry.key.column
        return self.value(*way)

    def scalar(self, *way: str | int) -> Scalar | None:
        """The scalar at the end of the way."""
        node = self.node(*way)
        return node if isinstance(node, Scalar) else None


class CsvPlaces:
    """The CSV lines of a set by their `<set>/<file>:<line>`."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._lines: dict[str, dict[int, CsvLine]] = {}

    def at(self, source: str, cell: int) -> tuple[str, int, int]:
        """File, line and column of one value of a rule (counted after its kind)."""
        name, _, number = source.partition("/")[2].rpartition(":")
        file = f"{self._bundle.place}/{name}"
        if name not in self._lines:
            kind = NETWORK_LINE if name.startswith(f"{NETWORKS_FOLDER}/") else MATRIX_LINE
            read = read_lines(file, self._bundle.files.get(name, b""), kind, [])
            self._lines[name] = {line.number: line for line in read}
        line = self._lines[name].get(int(number))
        return file, int(number), line.cells[cell].column if line is not None else 1
