from __future__ import annotations

import gc
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from authz.core.definition import PolicySet
from authz.core.directory import Directory, Tenant
from authz.core.types import ContactState, SubjectKey
from authz.errors import RegistryUnavailable
from authz.registry.load import load_file
from authz.registry.revision import Revision
from authz.registry.snapshot import (
    Part,
    append_part,
    confirm_snapshot,
    load_snapshot,
    parts_of,
    save_snapshot,
    seen_beside,
)
from authz.registry.store import RegistryStore
from authz.registry.suspension import suspend

Write = Callable[..., Path]
Sets = Mapping[str, PolicySet]
SAVED_AT = 1_780_000_000.0


def shown(directory: Directory) -> list[object]:
    return [
        (t.id, t.set_id, t.name, t.languages, dict(t.attributes), dict(t.resources), [_annex(a) for a in t.annexes])
        for t in directory.tenants.values()
    ]


def saved(directory: Directory, path: Path) -> Part:
    revision = Revision(directory.revision, directory.registry_id, directory.change)
    return save_snapshot(path, directory.tenants.values(), revision, SAVED_AT)


def _annex(annex: object) -> object:
    names = ("number", "signed_on", "effective_from", "network", "document_sha256", "origin", "contacts")
    return [getattr(annex, name) for name in names]


@pytest.fixture
def directory(store: RegistryStore, sets: Sets, write: Write, acme: str) -> Directory:
    load_file(write(acme), store, sets, "ines")
    rich = (
        "tenants: [{id: bleu, set: rich, name: Bleu, languages: [fr], attributes: {seats: 3}, "
        "resources: [{type: ticket, id: t}]}]"
    )
    load_file(write(rich), store, sets, "ines")
    suspend(store, "acme", SubjectKey("ioana@acme.example"), "ines")
    return store.directory()


def test_what_was_saved_is_loaded(directory: Directory, tmp_path: Path) -> None:
    path = tmp_path / "data" / "registry.snapshot"
    saved(directory, path)

    loaded, as_of = load_snapshot(path)

    assert shown(loaded) == shown(directory)
    assert (loaded.revision, loaded.registry_id) == (directory.revision, directory.registry_id)
    assert as_of == SAVED_AT
    suspended = loaded.tenants["acme"].annexes[-1].contact(SubjectKey("ioana@acme.example"))
    assert suspended is not None
    assert suspended.state is ContactState.SUSPENDED


def test_a_loaded_snapshot_is_refreshed_like_any_directory(
    store: RegistryStore, directory: Directory, tmp_path: Path
) -> None:
    saved(directory, tmp_path / "snapshot")
    suspend(store, "acme", SubjectKey("ana@acme.example"), "ines")
    loaded = load_snapshot(tmp_path / "snapshot").directory
    untouched = loaded.tenants["bleu"]

    assert store.refresh(loaded)
    assert shown(loaded) == shown(store.directory())
    assert loaded.tenants["bleu"] is untouched


def test_the_file_is_its_owners_alone_and_nothing_else_is_left(directory: Directory, tmp_path: Path) -> None:
    path = tmp_path / "data" / "registry.snapshot"
    saved(directory, path)
    saved(directory, path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_every_damaged_byte_is_noticed(tmp_path: Path, directory: Directory) -> None:
    path = tmp_path / "snapshot"
    saved(directory, path)
    whole = path.read_bytes()

    for position in range(0, len(whole), 7):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        with pytest.raises(RegistryUnavailable, match="damaged"):
            load_snapshot(path)


@pytest.mark.parametrize("kept", [0, 1, 50, 400, -1])
def test_a_file_cut_short_is_noticed(tmp_path: Path, directory: Directory, kept: int) -> None:
    path = tmp_path / "snapshot"
    saved(directory, path)
    path.write_bytes(path.read_bytes()[:kept])

    with pytest.raises(RegistryUnavailable, match="damaged"):
        load_snapshot(path)


def test_a_line_more_or_less_is_noticed(tmp_path: Path, directory: Directory) -> None:
    path = tmp_path / "snapshot"
    saved(directory, path)
    lines = path.read_bytes().splitlines(keepends=True)

    for changed in (lines[:-1], [*lines, lines[-1]], [lines[0], *reversed(lines[1:])]):
        path.write_bytes(b"".join(changed))
        with pytest.raises(RegistryUnavailable, match=r"damaged|torn"):
            parts_of(path)


ANA = SubjectKey("ana@acme.example")
LATER = SAVED_AT + 60


def test_a_part_changes_adds_and_removes_tenants(store: RegistryStore, directory: Directory, tmp_path: Path) -> None:
    path = tmp_path / "snapshot"
    first = saved(directory, path)
    suspend(store, "acme", ANA, "ines")
    changed = store.directory().tenants["acme"]

    second = append_part(path, first, ["bleu"], [changed], store.revision(), LATER)

    loaded, as_of = load_snapshot(path)
    assert set(loaded.tenants) == {"acme"}
    assert shown(loaded) == shown(Directory([changed]))
    assert Revision(loaded.revision, loaded.registry_id, loaded.change) == store.revision()
    assert as_of == LATER
    assert parts_of(path) == [first, second]


def test_what_a_crash_left_of_a_part_counts_for_nothing(directory: Directory, tmp_path: Path) -> None:
    path = tmp_path / "snapshot"
    first = saved(directory, path)
    before = path.read_bytes()
    append_part(path, first, ["bleu"], [], Revision(9, directory.registry_id, "x"), LATER)
    whole = path.read_bytes()
    length = len(whole) - len(before)
    head = whole.index(b"\n", len(before)) + 1 - len(before)

    for kept in range(1, length):
        unwritten = b" " * min(kept, head) + whole[len(before) + head :][: max(0, kept - head)]
        path.write_bytes(before + unwritten)
        loaded, as_of = load_snapshot(path)
        assert shown(loaded) == shown(directory)
        assert loaded.revision == directory.revision
        assert as_of == SAVED_AT
        with pytest.raises(RegistryUnavailable, match="torn"):
            parts_of(path)


def test_every_damaged_byte_of_a_later_part_is_noticed_and_none_of_its_parts_can_be_left_out(
    directory: Directory, tmp_path: Path
) -> None:
    path = tmp_path / "snapshot"
    first = saved(directory, path)
    begin = path.stat().st_size
    second = append_part(path, first, ["bleu"], [], Revision(8, directory.registry_id, "x"), LATER)
    middle = path.stat().st_size
    append_part(path, second, ["acme"], [], Revision(9, directory.registry_id, "y"), LATER)
    whole = path.read_bytes()

    for position in range(begin, len(whole), 5):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        with pytest.raises(RegistryUnavailable, match="damaged"):
            load_snapshot(path)
    path.write_bytes(whole[:begin] + whole[middle:])
    with pytest.raises(RegistryUnavailable, match="damaged"):
        load_snapshot(path)


def test_a_part_that_cannot_be_written_leaves_the_file_as_it_was(directory: Directory, tmp_path: Path) -> None:
    path = tmp_path / "snapshot"
    first = saved(directory, path)
    before = path.read_bytes()

    def failing() -> Iterator[Tenant]:
        yield directory.tenants["acme"]
        raise RegistryUnavailable("away")

    with pytest.raises(RegistryUnavailable, match="away"):
        append_part(path, first, [], failing(), Revision(8, "x", "y"), LATER)
    assert path.read_bytes() == before
    assert load_snapshot(path).as_of == SAVED_AT


def test_no_file_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(RegistryUnavailable, match="No such file"):
        load_snapshot(tmp_path / "none")


def test_confirming_makes_it_younger(tmp_path: Path) -> None:
    path = tmp_path / "snapshot"
    part = saved(Directory((), 4, "here"), path)

    confirm_snapshot(path, part, SAVED_AT + 60)

    loaded = load_snapshot(path)
    assert loaded.as_of == SAVED_AT + 60
    assert (loaded.directory.revision, loaded.directory.registry_id) == (4, "here")


def test_a_copy_is_as_old_as_what_it_is_a_copy_of(tmp_path: Path) -> None:
    path = tmp_path / "snapshot"
    part = saved(Directory((), 4, "here"), path)
    confirm_snapshot(path, part, SAVED_AT + 60)
    copy = tmp_path / "copy"
    shutil.copyfile(path, copy)
    assert load_snapshot(copy).as_of == SAVED_AT

    shutil.copyfile(seen_beside(path), seen_beside(copy))
    assert load_snapshot(copy).as_of == SAVED_AT + 60


@pytest.mark.parametrize("note", ["", "x", f"{'0' * 64} 1e12", "{sha} soon", "{sha} nan", "{sha} inf", "{sha} 1"])
def test_a_note_of_another_file_or_of_nonsense_makes_nothing_younger(tmp_path: Path, note: str) -> None:
    path = tmp_path / "snapshot"
    part = saved(Directory((), 4, "here"), path)
    seen_beside(path).write_text(note.replace("{sha}", part.sha256))

    assert load_snapshot(path).as_of == SAVED_AT


def test_the_search_for_cycles_goes_on_after_a_load_whole_or_damaged(directory: Directory, tmp_path: Path) -> None:
    path = tmp_path / "snapshot"
    saved(directory, path)
    load_snapshot(path)
    assert gc.isenabled()

    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(RegistryUnavailable):
        load_snapshot(path)
    assert gc.isenabled()
