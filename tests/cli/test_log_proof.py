"""`authz log receipt` and `authz log replay`: recorded answers held against rules, the same ones and others."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from authz.log.signed.checkpoints import signed_line
from authz.log.signed.covered import NotInTheLog
from authz.log.signed.receipt import issue_receipt
from authz.log.signed.signing import signer_at
from authz.settings import Settings
from authz.wiring import log_place
from tests.cli.program import Ran, authz
from tests.cli.recorded import Logged


@pytest.fixture
def key(logged: Logged) -> str:
    """The public key of the installation, whose service would have made it."""
    signer_at(logged.data / "log.key")
    return authz("log", "key").out.strip()


def receipt_of(logged: Logged, number: int, tmp_path: Path) -> Path:
    ran = authz("log", "receipt", logged.ids[number])
    assert ran.status == 0, ran.err
    path = tmp_path / f"receipt-{number}.json"
    path.write_text(ran.out)
    return path


def verified(path: Path, *options: str) -> Ran:
    return authz("log", "receipt", "--verify", str(path), *options)


@pytest.mark.parametrize("number", range(7))
def test_every_receipt_holds_against_the_rules_of_its_answer(
    logged: Logged, key: str, tmp_path: Path, number: int
) -> None:
    path = receipt_of(logged, number, tmp_path)

    ran = verified(path, "--policies", str(logged.checkout.root), "--key", key, "--json")

    assert ran.status == 0, ran.out + ran.err
    assert ran.json["holds"] is True
    assert ran.json["record"]["id"] == logged.ids[number]
    assert bool(ran.json["notes"]) is (number in (5, 6))  # what the annexes decided is in no policy file


def test_a_receipt_states_question_answer_and_what_it_stands_on(logged: Logged, key: str, tmp_path: Path) -> None:
    said = json.loads(receipt_of(logged, 1, tmp_path).read_text())

    assert said["question"]["action"] == "open_gate"
    assert said["question"]["tenant"] == "acme"
    assert said["answer"]["decision"] is False
    assert said["answer"]["reason"] == "network_not_declared"
    assert said["stands_on"]["policy"].startswith("sha256:")
    assert said["stands_on"]["annex"] == 1
    assert "ana" not in json.dumps(said).lower()
    assert "holds" in verified(receipt_of(logged, 1, tmp_path)).out


def test_a_receipt_can_be_verified_where_no_service_ever_was(
    logged: Logged, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = receipt_of(logged, 0, tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setenv("AUTHZ_DATA", str(elsewhere))
    monkeypatch.setenv("AUTHZ_DATABASE_URL", "postgresql://authz@127.0.0.1:9/registry")

    without_key = verified(path)
    assert (without_key.status, "--key" in without_key.err) == (2, True)
    assert not list(elsewhere.iterdir())

    assert verified(path, "--key", "5f0c").status == 2
    assert verified(path, "--key", "zz").status == 2
    assert verified(path, "--key", key, "--policies", str(logged.checkout.root)).status == 0
    assert verified(path, "--key", "00" * 32).status == 1


def test_another_revision_is_said_and_what_differs_is_named(logged: Logged, key: str, tmp_path: Path) -> None:
    path = receipt_of(logged, 0, tmp_path)
    logged.checkout.replace("matrix.csv", "open_gate,  network_ok + sender_ok,           allow", "open_gate, -, deny")
    (logged.checkout.set_dir / "tests.yaml").write_text(
        "tenants: {t: {networks: [any allow], network: any, contacts: []}}\n"
        "cases:\n  - description: a stranger\n    ask: {contact: x@x.example, action: gate}\n"
        "    expect: {decision: false, reason: contact_unregistered}\n"
    )

    ran = verified(path, "--policies", str(logged.checkout.root), "--json")

    assert ran.status == 1, ran.out + ran.err
    revision, *others = ran.json["objections"]
    assert "the folder holds another revision of `storehouse`" in revision
    assert any("by these facts the rules refuse it" in one or "no line asks for it" in one for one in others)


def signed_again(logged: Logged, path: Path, **changes: Any) -> Path:
    """A receipt that the holder of the key signed over a record that was never answered so."""
    said = json.loads(path.read_text())
    from authz.log.lines.chain import line_hash

    record = {**json.loads(said["recorded"]["line"]), **changes}
    line = json.dumps(record, separators=(",", ":"))
    said["recorded"].update(line=line, sha256=line_hash(line.encode()))
    for part in ("question", "answer", "stands_on"):
        said[part] = {name: record[name] for name in said[part]}
    del said["sig"]
    path.write_bytes(signed_line(signer_at(logged.data / "log.key"), said))
    return path


@pytest.mark.parametrize(
    ("number", "changes", "said"),
    [
        (0, {"decision": False, "reason": "network_not_declared"}, "by these facts the rules allow it"),
        (1, {"decision": True, "reason": "permitted"}, "by these facts the rules refuse it"),
        (0, {"rule": "storehouse/matrix.csv:9"}, "the line that decides is storehouse/matrix.csv:2"),
        (1, {"reason": "sender_unverified"}, "the reason would be"),
        (1, {"facts": {"network_ok": True, "sender_ok": True, "gate_closed": False}}, "the rules allow it"),
        (0, {"facts": {"network_ok": True, "sender_ok": True}}, "asks for `gate_closed`"),
        (0, {"ip_ref": "192.0.2.0/24"}, "`network_ok` cannot have been true"),
        (0, {"assurance": "claimed"}, "`sender_ok` cannot have been true"),
        (0, {"role": "guest"}, "by these facts the rules refuse it"),
        (0, {"action": "fly"}, "has no action `fly`"),
        (0, {"set": "granary"}, "there is no policy set `granary`"),
    ],
    ids=[
        "an allow turned", "a refusal turned", "another line", "another reason", "another fact", "a fact left out",
        "another network", "another assurance", "another role", "another action", "another set",
    ],
)  # fmt: skip
def test_a_false_record_is_found_out_though_it_was_signed(
    logged: Logged, key: str, tmp_path: Path, number: int, changes: dict[str, Any], said: str
) -> None:
    path = signed_again(logged, receipt_of(logged, number, tmp_path), **changes)

    ran = verified(path, "--policies", str(logged.checkout.root), "--json")

    assert ran.status == 1
    assert any(said in one for one in ran.json["objections"]), ran.json["objections"]


def test_no_byte_of_a_receipt_can_be_changed(logged: Logged, key: str, tmp_path: Path) -> None:
    path = receipt_of(logged, 0, tmp_path)
    whole = path.read_bytes().strip()

    for at in range(0, len(whole), 97):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert verified(path).status == 1, at


def test_a_decision_that_is_not_in_the_log_has_no_receipt(logged: Logged, key: str) -> None:
    assert authz("log", "receipt", "0" * 32).status == 1
    assert authz("log", "receipt").status == 2


def replayed(logged: Logged, *options: str) -> Any:
    ran = authz("log", "replay", "--policies", str(logged.checkout.root), "--json", *options)
    assert ran.status == (1 if ran.json["changed"] else 0), ran.err
    return ran.json


def test_the_same_rules_answer_alike(logged: Logged) -> None:
    assert replayed(logged) == {"questions": 7, "changed": 0, "groups": [], "untold": {}}


@pytest.fixture
def base(logged: Logged, tmp_path: Path) -> str:
    """The rules by which the questions were answered."""
    shutil.copytree(logged.checkout.root, tmp_path / "base")
    return str(tmp_path / "base")


@pytest.fixture
def wider(logged: Logged, base: str) -> Logged:
    """The same log, and rules by which guests open the gate too and another network is declared."""
    (logged.checkout.set_dir / "networks" / "more.csv").write_text("p2, acme, 198.51.100.0/24, allow\n")
    logged.checkout.replace(
        "matrix.csv",
        "p, *, guest,  open_gate,  -,                                deny",
        "p, *, guest,  open_gate,  network_ok + sender_ok, allow",
    )
    logged.checkout.replace(
        "tests.yaml", "expect: {decision: false, reason: role_not_permitted}", "expect: {decision: true}"
    )
    logged.checkout.replace("set.yaml", "guards:\n", "")
    text = (logged.checkout.set_dir / "set.yaml").read_text()
    (logged.checkout.set_dir / "set.yaml").write_text(text[: text.index("  - id: guests-move-nothing")])
    return logged


def test_what_other_rules_would_answer_is_told_by_cause(wider: Logged, base: str) -> None:
    told = replayed(wider, "--base", base)

    assert (told["questions"], told["changed"]) == (7, 1)
    (group,) = told["groups"]
    assert (group["action"], group["role"], group["was"], group["now"]) == ("open_gate", "keeper", False, True)
    assert "`network_ok` would hold" in group["cause"]
    assert told["untold"] == {
        "the record does not tell whether `network_ok` would hold": 1,  # the guest's /24 has a denied address
        "the record does not say which action was asked for": 1,
    }

    ran = authz("log", "replay", "--policies", str(wider.checkout.root), "--base", base)
    assert ran.status == 1
    assert ran.out.splitlines()[0] == "1 of 7 logged questions would be answered otherwise"
    assert "1 question of acme (storehouse): keeper, open_gate: refused, would be allowed" in ran.out


def test_without_the_rules_of_then_less_can_be_told(wider: Logged) -> None:
    told = replayed(wider)

    assert told["changed"] == 1
    assert told["untold"]["the record does not tell whether `network_ok` would hold"] == 4


def test_replay_of_an_exported_file_needs_neither_service_nor_database(
    wider: Logged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported = tmp_path / "log.jsonl"
    exported.write_text(authz("log", "export").out)
    by_log = replayed(wider)
    monkeypatch.setenv("AUTHZ_DATABASE_URL", "postgresql://authz@127.0.0.1:9/registry")

    assert replayed(wider, "--log", str(exported)) == by_log
    assert replayed(wider, "--log", str(exported), "--tenant", "beta")["questions"] == 0
    assert replayed(wider, "--log", str(exported), "--since", "2026-06-24T14:25:00+03:00")["questions"] == 2
    assert authz("log", "replay", "--log", str(exported), "--since", "soon").status == 2


def test_a_file_that_is_no_log_is_wrong_usage(logged: Logged, tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"kind":"segment"}\n{"kind":"dec\n')

    ran = authz("log", "replay", "--log", str(path))

    assert ran.status == 2
    assert f"{path}:2: this is no record" in ran.err


def test_a_fact_that_means_something_else_today_is_not_told(logged: Logged, base: str) -> None:
    logged.checkout.replace("set.yaml", "expression: 'tenant.closed'", "expression: '!tenant.closed'")
    (logged.checkout.set_dir / "tests.yaml").write_text(
        (logged.checkout.set_dir / "tests.yaml").read_text().replace("closed: false", "closed: maybe")
        .replace("closed: true", "closed: false").replace("closed: maybe", "closed: true")
    )  # fmt: skip

    told = replayed(logged, "--base", base)

    assert told["changed"] == 0
    assert told["untold"]["the record does not tell whether `gate_closed` would hold"] == 1


def test_nobody_gets_a_receipt_for_what_only_the_index_says(logged: Logged, key: str) -> None:
    (segment,) = logged.folder.glob("*.jsonl")
    (line,) = [one for one in segment.read_text().splitlines() if logged.ids[1] in one]
    changed = line.replace('"decision":false', '"decision":true')
    assert changed != line

    with pytest.raises(NotInTheLog, match="the index says another thing than the log"):
        issue_receipt(log_place(Settings()), changed, segment.stem, time.time())


def test_nobody_gets_a_receipt_for_a_record_that_was_changed_since_it_was_signed_for(logged: Logged, key: str) -> None:
    (segment,) = logged.folder.glob("*.jsonl")
    segment.write_bytes(segment.read_bytes().replace(b'"decision":false', b'"decision":true ', 1))
    authz("log", "index", "--rebuild")

    ran = authz("log", "receipt", logged.ids[1])

    assert (ran.status, "see `authz log verify`" in ran.out) == (1, True)


def test_a_receipt_says_whether_a_checkpoint_covers_its_record(logged: Logged, key: str, tmp_path: Path) -> None:
    assert json.loads(receipt_of(logged, 0, tmp_path).read_text())["recorded"]["covered"] is True


def test_an_allow_of_a_policy_set_that_is_gone_would_be_refused(logged: Logged) -> None:
    granary = logged.checkout.root / "policies" / "granary"
    logged.checkout.set_dir.rename(granary)

    ran = authz("log", "replay", "--policies", ".", "--json")

    assert ran.status == 1
    assert ran.json["changed"] == 3
    assert {one["cause"] for one in ran.json["groups"]} == {"there is no policy set `storehouse` any more"}


def test_replaying_by_a_folder_without_policies_is_wrong_usage(logged: Logged, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    assert authz("log", "replay", "--policies", str(tmp_path / "empty")).status == 2
