"""One way for `check`, `test` and the service: what passes all of it is kept, what does not is never live."""

from __future__ import annotations

from pathlib import Path

import pytest

from authz.errors import PolicyInvalid
from authz.policy.bundle import Bundle, read_bundle
from authz.policy.disk import write_whole
from authz.policy.document import decode, encode
from authz.policy.pipeline import KEPT_PER_SET, build_set, cache_key
from tests.policy.small_set import MATRIX, MODEL, NETWORKS, SET_YAML, TESTS, write_set

GUARD = """\
guards:
  - id: readers-keep-books
    label: {en: no reader may discard}
    never: {roles: [reader], actions: [discard]}
"""


def bundle_of(root: Path, **changed: str) -> Bundle:
    return read_bundle(write_set(root, **changed), MODEL)


def cached(cache: Path, bundle: Bundle) -> Path:
    return cache / f"library.{cache_key(bundle)}.json"


def refusals(bundle: Bundle, cache: Path | None = None) -> list[str]:
    with pytest.raises(PolicyInvalid) as caught:
        build_set(bundle, cache)
    return [str(problem) for problem in caught.value.problems]


def test_a_set_that_passes_everything_is_built_with_and_without_a_cache(tmp_path: Path) -> None:
    bundle = bundle_of(tmp_path)
    cache = tmp_path / "cache"

    first = build_set(bundle, cache)

    assert first.revision == bundle.revision
    assert build_set(bundle, cache) == first
    assert build_set(bundle) == first


def test_an_unchanged_set_comes_from_the_cache(tmp_path: Path) -> None:
    bundle, cache = bundle_of(tmp_path), tmp_path / "cache"
    marked = build_set(bundle, cache)._replace(networks={})
    write_whole(cached(cache, bundle), encode(marked))

    assert build_set(bundle, cache) == marked


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\x00"])
def test_a_damaged_cache_costs_time_and_nothing_else(tmp_path: Path, content: bytes) -> None:
    bundle, cache = bundle_of(tmp_path), tmp_path / "cache"
    built = build_set(bundle, cache)
    for path in cache.iterdir():
        path.write_bytes(content)

    assert build_set(bundle, cache) == built
    assert decode(cached(cache, bundle).read_bytes()) == built


def test_what_is_cached_for_another_revision_or_set_is_never_taken(tmp_path: Path) -> None:
    bundle, cache = bundle_of(tmp_path), tmp_path / "cache"
    built = build_set(bundle, cache)
    write_whole(cached(cache, bundle), encode(built._replace(revision="sha256:other")))
    assert build_set(bundle, cache) == built

    renamed = built.definition._replace(id="archive")
    write_whole(cached(cache, bundle), encode(built._replace(definition=renamed)))
    assert build_set(bundle, cache) == built


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    bundle = bundle_of(tmp_path)
    cache = tmp_path / "cache"
    cache.write_text("a file where a folder should be")

    assert build_set(bundle, cache).revision == bundle.revision


def test_the_cache_forgets_old_revisions(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    for number in range(KEPT_PER_SET + 3):
        lines = "".join(f"p2, north, 203.0.113.{100 + at}/32, deny\n" for at in range(number))
        newest = bundle_of(tmp_path / str(number), networks=NETWORKS + lines)
        build_set(newest, cache)

    assert len(list(cache.iterdir())) <= KEPT_PER_SET + 1
    assert cached(cache, newest).exists()


def test_the_key_of_the_cache_hangs_on_every_file_and_the_model(tmp_path: Path) -> None:
    bundle = bundle_of(tmp_path)
    others = [
        bundle_of(tmp_path / "a", tests=TESTS + "# more\n"),
        bundle_of(tmp_path / "b", networks=NETWORKS + "# more\n"),
        read_bundle(tmp_path / "library", write_model(tmp_path / "c", MODEL.read_text() + "# more\n")),
        bundle._replace(set_id="archive"),
    ]

    assert len({cache_key(one) for one in (bundle, *others)}) == len(others) + 1
    assert cache_key(bundle) == cache_key(bundle._replace(place="elsewhere"))


def write_model(folder: Path, text: str) -> Path:
    folder.mkdir()
    path = folder / "model.conf"
    path.write_text(text)
    return path


def test_a_failing_case_refuses_the_set_again_and_again(tmp_path: Path) -> None:
    tests = TESTS.replace("expect: {decision: true, reason: permitted}", "expect: {decision: false}", 1)
    bundle, cache = bundle_of(tmp_path, tests=tests), tmp_path / "cache"

    told = refusals(bundle, cache)

    assert len(told) == 1
    assert told[0].startswith("policies/library/tests.yaml:")
    assert "`a reader borrows with a valid card`: expected decision false; got allow" in told[0]
    assert refusals(bundle, cache) == told


def test_broken_guards_and_failing_cases_are_reported_together(tmp_path: Path) -> None:
    matrix = MATRIX.replace(
        "reader, discard, -,                                   deny", "reader, discard, network_ok + sender_ok, allow"
    )
    told = refusals(bundle_of(tmp_path, matrix=matrix, set_yaml=SET_YAML + GUARD))

    assert [problem.rpartition("/")[2].partition(":")[0] for problem in told] == ["matrix.csv", "tests.yaml"]
    assert "readers-keep-books" in told[0]


def test_every_problem_of_every_file_is_reported_at_once(tmp_path: Path) -> None:
    told = refusals(
        bundle_of(
            tmp_path,
            matrix=MATRIX.replace("p, *, keeper, borrow", "p, *, keper, borrow"),
            networks="p2, north, 203.0.113.9/24, allow\n",
            set_yaml=SET_YAML.replace("tenant.card.until'", "tenant.card.util'"),
        )
    )

    files = {problem.partition(":")[0] for problem in told}
    assert {"policies/library/set.yaml", "policies/library/networks/north.csv"} <= files
    assert told == sorted(told, key=lambda problem: problem.partition(":")[0])


def test_a_set_without_cases_never_goes_live(tmp_path: Path) -> None:
    for tests in (TESTS.partition("cases:")[0] + "cases: []\n", ""):
        told = refusals(bundle_of(tmp_path / str(len(tests)), tests=tests))

        assert all(problem.startswith("policies/library/tests.yaml:") for problem in told)
