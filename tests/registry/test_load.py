from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from authz.core.definition import PolicySet
from authz.core.types import ContactState, SubjectKey
from authz.errors import RegistryInvalid
from authz.registry import tables as t
from authz.registry.load import LoadReport, load_file
from authz.registry.store import RegistryStore
from authz.registry.suspension import restore, suspend
from authz.registry.tenants import close_tenant

Write = Callable[..., Path]
Sets = Mapping[str, PolicySet]
ANA = SubjectKey("ana@acme.example")


def problems(path: Path, store: RegistryStore, sets: Sets) -> list[str]:
    """Every problem of a file that must not be loaded, without its folder; nothing may have been loaded."""
    before = store.revision()
    with pytest.raises(RegistryInvalid) as caught:
        load_file(path, store, sets, "ines")
    assert store.revision() == before
    return [str(problem).removeprefix(f"{path.parent}/") for problem in caught.value.problems]


def tenant_yaml(annexes: str) -> str:
    return f"tenants: [{{id: acme, set: plain, name: Acme, annexes: [{annexes}]}}]"


def annex(
    number: int = 1, *contacts: str, since: str = "2026-01-01", signed: str = "2026-01-01", more: str = ""
) -> str:
    lines = ", ".join(contacts)
    return (
        f"{{number: {number}, signed_on: {signed}, effective_from: {since}, network: any{more}, contacts: [{lines}]}}"
    )


ANA_LINE = "{name: Ana, role: user, email: ana@acme.example}"
ANA_ADMIN = "{name: Ana, role: admin, email: ana@acme.example}"


def trail(store: RegistryStore) -> list[tuple[Any, ...]]:
    c = t.change.c
    columns = (c.revision, c.changed_by, c.kind, c.tenant_id, c.about)
    with store.reading() as connection:
        return [tuple(row) for row in connection.execute(sa.select(*columns).order_by(c.revision, c.position))]


def state_of(store: RegistryStore, key: SubjectKey = ANA) -> ContactState:
    contact = store.directory().tenants["acme"].annexes[-1].contact(key)
    assert contact is not None
    return contact.state


def test_the_report_counts_what_was_new(store: RegistryStore, sets: Sets, write: Write, acme: str) -> None:
    report = load_file(write(acme), store, sets, "ines")

    assert report == LoadReport(
        tenants=1,
        tenants_added=1,
        tenants_changed=0,
        annexes_added=2,
        contacts_added=4,
        contacts_suspended=0,
        resources_changed=0,
        revision=1,
    )
    assert trail(store) == [
        (1, "ines", "tenant_added", "acme", ""),
        (1, "ines", "annex_loaded", "acme", "annex 1"),
        (1, "ines", "annex_loaded", "acme", "annex 2"),
    ]


def test_loading_again_changes_nothing(store: RegistryStore, sets: Sets, write: Write, acme: str) -> None:
    path = write(acme)
    load_file(path, store, sets, "ines")
    before = store.revision(), trail(store)

    report = load_file(path, store, sets, "ines")

    assert report == LoadReport(1, 0, 0, 0, 0, 0, 0, revision=1)
    assert (store.revision(), trail(store)) == before


def test_a_newer_annex_is_added_beside_the_old_ones(store: RegistryStore, sets: Sets, write: Write) -> None:
    load_file(write(tenant_yaml(annex(1, ANA_LINE))), store, sets, "ines")

    report = load_file(write(tenant_yaml(annex(2, ANA_ADMIN, since="2026-02-01"))), store, sets, "mara")

    assert (report.annexes_added, report.revision) == (1, 2)
    assert [(a.number, a.contacts[0].role) for a in store.directory().tenants["acme"].annexes] == [
        (1, "user"),
        (2, "admin"),
    ]


def test_the_same_annex_with_other_contents_is_refused(store: RegistryStore, sets: Sets, write: Write) -> None:
    load_file(write(tenant_yaml(annex(1, ANA_LINE))), store, sets, "ines")

    assert problems(write(tenant_yaml(annex(1, ANA_ADMIN))), store, sets) == [
        "people.yaml:1:56: annex 1 is already recorded with other contents; a change needs a new annex"
    ]


def test_the_order_of_lines_and_spelling_of_numbers_is_not_contents(
    store: RegistryStore, sets: Sets, write: Write
) -> None:
    ana = '{name: Ana, role: user, email: ANA@acme.example, phone: "021 300 0001"}'
    same = '{role: user, phone: "+40 21 300 0001", email: ana@ACME.example, name: Ana}'
    ioana = "{name: Ioana, role: user, email: ioana@acme.example}"
    load_file(write(tenant_yaml(annex(1, ana, ioana))), store, sets, "ines")

    report = load_file(write(tenant_yaml(annex(1, ioana, same))), store, sets, "ines")

    assert report.revision == 1


@pytest.mark.parametrize(
    ("second", "text"),
    [
        (annex(1, since="2025-12-31"), "annex 1 comes after annex 2, which is already recorded"),
        (annex(3, since="2025-12-31"), "annex 3 takes effect on 2025-12-31, before annex 2 (2026-01-01)"),
        (annex(3, signed="2025-12-31"), "annex 3 was signed on 2025-12-31, before annex 2 (2026-01-01)"),
    ],
    ids=["number", "date of effect", "date of signature"],
)
def test_numbers_and_dates_do_not_run_backwards(
    store: RegistryStore, sets: Sets, write: Write, second: str, text: str
) -> None:
    load_file(write(tenant_yaml(annex(2))), store, sets, "ines")

    assert problems(write(tenant_yaml(second)), store, sets) == [f"people.yaml:1:56: {text}"]


def test_nor_do_they_inside_one_file(store: RegistryStore, sets: Sets, write: Write) -> None:
    both = f"{annex(2, since='2026-01-02')}, {annex(3, since='2026-01-01')}, {annex(3)}"

    assert [problem.partition(": ")[2] for problem in problems(write(tenant_yaml(both)), store, sets)] == [
        "annex 3 takes effect on 2026-01-01, before annex 2 (2026-01-02)",
        "annex 3 is here twice",
    ]


def test_a_paper_may_be_signed_after_it_takes_effect(store: RegistryStore, sets: Sets, write: Write) -> None:
    load_file(write(tenant_yaml(annex(1, since="2026-01-01", signed="2026-01-20"))), store, sets, "ines")

    assert len(store.directory().tenants["acme"].annexes) == 1


def test_a_tenant_cannot_move_to_another_policy_set(store: RegistryStore, sets: Sets, write: Write) -> None:
    load_file(write("tenants: [{id: acme, set: plain, name: Acme}]"), store, sets, "ines")

    assert problems(write("tenants: [{id: acme, set: rich, name: Acme}]"), store, sets) == [
        "people.yaml:1:27: tenant `acme` stands under the policy set `plain` and cannot move to another"
    ]


def test_a_closed_tenant_is_not_opened_by_a_load(store: RegistryStore, sets: Sets, write: Write) -> None:
    path = write("tenants: [{id: acme, set: plain, name: Acme}]")
    load_file(path, store, sets, "ines")
    close_tenant(store, "acme", "mara")

    assert problems(path, store, sets) == ["people.yaml:1:16: tenant `acme` was closed"]


def test_name_languages_and_attributes_of_a_tenant_may_change(store: RegistryStore, sets: Sets, write: Write) -> None:
    load_file(write("tenants: [{id: acme, set: rich, name: Acme, attributes: {seats: 1}}]"), store, sets, "ines")

    report = load_file(
        write("tenants: [{id: acme, set: rich, name: Acme SA, languages: [fr], attributes: {seats: 2}}]"),
        store,
        sets,
        "mara",
    )
    tenant = store.directory().tenants["acme"]

    assert report.tenants_changed == 1
    assert (tenant.name, tenant.languages, dict(tenant.attributes)) == ("Acme SA", ("fr",), {"seats": 2})
    assert trail(store)[-1] == (2, "mara", "tenant_changed", "acme", "")


def test_a_stated_suspension_holds_and_is_recorded(store: RegistryStore, sets: Sets, write: Write) -> None:
    line = "{name: Ana, role: user, email: ana@acme.example, login: ana, state: suspended}"

    report = load_file(write(tenant_yaml(annex(1, line))), store, sets, "ines")

    assert report.contacts_suspended == 1
    assert state_of(store) is ContactState.SUSPENDED
    assert trail(store)[-1] == (1, "ines", "contact_suspended", "acme", "annex 1 contact 1")


@pytest.mark.parametrize("state", [ContactState.SUSPENDED, ContactState.REVOKED])
def test_no_load_lifts_a_suspension_or_revocation(
    store: RegistryStore, sets: Sets, write: Write, state: ContactState
) -> None:
    path = write(tenant_yaml(annex(1, ANA_LINE)))
    load_file(path, store, sets, "ines")
    suspend(store, "acme", ANA, "mara", state=state)

    load_file(path, store, sets, "ines")
    assert state_of(store) is state

    load_file(write(tenant_yaml(annex(2, ANA_ADMIN.replace("}", ", state: active}")))), store, sets, "ines")
    assert state_of(store) is state


def test_a_stated_suspension_does_not_soften_a_revocation(store: RegistryStore, sets: Sets, write: Write) -> None:
    load_file(write(tenant_yaml(annex(1, ANA_LINE))), store, sets, "ines")
    suspend(store, "acme", ANA, "mara", state=ContactState.REVOKED)

    load_file(write(tenant_yaml(annex(1, ANA_LINE.replace("}", ", state: suspended}")))), store, sets, "ines")
    assert state_of(store) is ContactState.REVOKED

    restore(store, "acme", ANA, "mara", revoked_too=True)
    assert state_of(store) is ContactState.ACTIVE


RICH = """\
tenants:
  - id: acme
    set: rich
    name: Acme
    attributes: {contract: {until: 2027-01-01, paid: true}, seats: 5, products: [a, b], email_requests: confirm}
    annexes:
      - number: 1
        signed_on: 2026-01-01
        effective_from: 2026-01-01
        network: any
        document_sha256: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
        contacts:
          - {name: Ana, role: guest, login: ana, attributes: {trained_at: "2026-01-01T10:00:00+01:00", lender.: x}}
    resources:
      - {type: ticket, id: t-1, attributes: {owner: ana}}
"""


def test_attributes_are_kept_flat_and_typed(store: RegistryStore, sets: Sets, write: Write) -> None:
    load_file(write(RICH.replace("lender.:", "lender:")), store, sets, "ines")

    tenant = store.directory().tenants["acme"]
    assert dict(tenant.attributes) == {
        "contract.until": "2027-01-01",
        "contract.paid": True,
        "seats": 5,
        "products": ["a", "b"],
        "email_requests": "confirm",
    }
    assert dict(tenant.annexes[0].contacts[0].attributes) == {
        "trained_at": "2026-01-01T10:00:00+01:00",
        "lender": "x",
    }
    assert tenant.annexes[0].document_sha256 == "a" * 64
    assert tenant.resources == {("ticket", "t-1"): {"owner": "ana"}}


def test_resources_are_added_and_brought_up_to_date(store: RegistryStore, sets: Sets, write: Write) -> None:
    head = "tenants: [{id: acme, set: rich, name: Acme, resources: "
    load_file(write(head + "[{type: ticket, id: a}, {type: ticket, id: b}]}]"), store, sets, "ines")

    report = load_file(
        write(head + "[{type: ticket, id: b, attributes: {owner: ana}}, {type: ticket, id: c}]}]"), store, sets, "ines"
    )

    assert report.resources_changed == 2
    assert store.directory().tenants["acme"].resources == {
        ("ticket", "a"): {},
        ("ticket", "b"): {"owner": "ana"},
        ("ticket", "c"): {},
    }


WRONG = """\
tenants:
  - id: Acme
    set: plian
    name: Acme
  - id: admin
    set: plain
    name: " Acme"
    langauges: [ro]
  - id: beta
    set: plain
    name:
    languages: [ro, RO, 3]
    attributes: {seats: 3}
    annexes:
      - number: 0
        signed_on: 2026-13-01x
        effective_from: 20260101
        network: some
        document_sha256: 12
        contacts:
          - {name: A, role: Admin, email: a@b, phone: "12", login: user, state: gone}
          - {role: user}
          - just text
          - {name: 3, role: admin, phone: 40213000001}
      - signed_on: 2026-01-01
    resources: [{type: ticket, id: "*"}]
  - {id: gamma, set: rich, name: G, attributes: {seats: "3", contract: {until: soon, payed: true}, email_requests: no}}
  - id: gamma
    set: rich
    name: G
    annexes:
      - number: 1
        signed_on: 2026-01-01
        effective_from: 2026-01-01
        network: any
        contacts:
          - {name: A, role: chief, email: a@x.example, phone: "+33100000001"}
          - {name: B, role: chief, email: A@x.example, phone: "01 00 00 00 01"}
    resources:
      - {type: tiket, id: a}
      - {type: ticket, id: a, attributes: {urgent: true, owner: "not an id"}}
      - {type: ticket, id: a}
"""

WRONG_SAID = [
    "2:9: `Acme`: a tenant id is 1 to 64 of `a` to `z`, `0` to `9` and `-`",
    "3:10: there is no policy set `plian`; known: `plain`, `rich`",
    "5:9: `admin` is the name of a role",
    "7:11: is empty or has a space at its beginning or end",
    "8:5: unknown member `langauges`; did you mean `languages`?",
    "11:10: `name` is empty; leave it out or give it a value",
    "12:21: expected a language code such as `ro`",
    "12:25: expected a language code such as `ro`",
    "13:25: the policy set declares no attribute `tenant.seats`",
    "15:17: expected a whole number from 1",
    "16:20: expected a date YYYY-MM-DD",
    "17:25: expected a date YYYY-MM-DD",
    "18:18: expected `any` or `declared`",
    "19:26: expected a SHA-256 of 64 lower-case hexadecimal digits, in quotes",
    "21:29: `Admin` is no role of the policy set `plain`, which has `admin`, `user`",
    "21:43: `a@b`: the part after the @-sign is not valid. It should have a period",
    "21:55: `12`: not a possible telephone number; write it as `+` and the country's code",
    "21:68: `user` is the name of a role",
    "21:81: expected `active` or `suspended` or `revoked`",
    "22:13: `name` is missing",
    "22:13: one of `email`, `phone`, `login` is missing",
    "23:13: expected a mapping with `name`, `role`, found text",
    "24:20: expected text, found a number; put it in quotes",
    "24:43: expected text, found a number; put it in quotes",
    "25:9: `effective_from` is missing",
    "25:9: `network` is missing",
    "25:9: `number` is missing",
    "26:24: `ticket` is no resource type of the policy set `plain`",
    "26:36: `*` means any resource and cannot be one",
    "27:57: `tenant.seats` is not a whole number of 64 bits",
    "27:80: `tenant.contract.until` is not a date YYYY-MM-DD",
    "27:93: the policy set declares no attribute `tenant.contract.payed`; did you mean `contract.paid`?",
    "27:116: `email_requests` is one of `allow`, `confirm`, `deny`",
    "28:9: tenant `gamma` is here twice, first on line 27",
    "38:43: this email is already that of contact 1 of the annex",
    "38:63: this phone is already that of contact 1 of the annex",
    "40:16: `tiket` is no resource type of the policy set `rich`; did you mean `ticket`?",
    "41:52: `resource.urgent` is stated by the request, not by the registry",
    "41:65: `resource.owner` is not a string",
    "42:9: resource `ticket` `a` is here twice",
]


def test_every_problem_is_reported_with_its_place(store: RegistryStore, sets: Sets, write: Write) -> None:
    assert problems(write(WRONG), store, sets) == [f"people.yaml:{line}" for line in WRONG_SAID]


def test_the_same_problems_are_found_line_by_line(store: RegistryStore, sets: Sets, write: Write) -> None:
    good = {"id": "beta", "set": "plain", "name": "Beta"}
    lines = [
        json.dumps(good),
        '{"id": "acme", "set": "plain", "name": "A", "annexes": [{"number": "1"}]}',
        '{"id": "acme", "id": "b", "set": "plain", "name": "A"}',
        "",
        '{"id": "gamma", "set": "rich", "name": "A", "attributes": {"seats": 1e3}}',
        '{"id": "gamma", "set": "rich", "name": "A", "attributes": {"seats": NaN}}',
        '{"id": "delta", "set": "plain", name: "A"}',
        json.dumps(good),
        "[" * 5000,
        '{"id": "delta", "set": "plain", "name": "\\ud83d"}',
    ]

    assert problems(write("\n".join(lines), "people.jsonl"), store, sets) == [
        "people.jsonl:2:57: `effective_from` is missing",
        "people.jsonl:2:57: `network` is missing",
        "people.jsonl:2:57: `signed_on` is missing",
        "people.jsonl:2:68: expected a whole number from 1",
        "people.jsonl:3:16: `id` is here twice, first on line 1",
        "people.jsonl:5:69: `tenant.seats` is not a whole number of 64 bits",
        "people.jsonl:6:1: `NaN` is not a number of JSON",
        "people.jsonl:7:33: not JSON: expecting property name enclosed in double quotes",
        "people.jsonl:8:8: tenant `beta` is here twice, first on line 1",
        "people.jsonl:9:33: nested too deeply",
        "people.jsonl:10:1: holds a character that cannot be seen",
    ]


def test_lines_load_like_yaml(store: RegistryStore, sets: Sets, write: Write, tmp_path: Path) -> None:
    tenants = [
        {
            "id": f"tenant-{number}",
            "set": "plain",
            "name": "Tenant",
            "annexes": [
                {
                    "number": 1,
                    "signed_on": "2026-01-01",
                    "effective_from": "2026-01-01",
                    "network": "any",
                    "contacts": [{"name": "Ana", "role": "user", "email": f"ana@t{number}.example"}],
                }
            ],
        }
        for number in range(450)
    ]
    lines = write("\n".join(map(json.dumps, tenants)), "many.jsonl")
    steps: list[tuple[int, int]] = []

    report = load_file(lines, store, sets, "ines", progress=lambda done, total: steps.append((done, total)))

    assert (report.tenants, report.contacts_added, report.revision) == (450, 450, 1)
    assert steps == sorted(steps)
    assert steps[-1] == (lines.stat().st_size, lines.stat().st_size)
    assert len(steps) == 3
    assert len(store.directory().tenants) == 450
    assert load_file(write(json.dumps({"tenants": tenants}), "many.json"), store, sets, "ines").revision == 1


def test_a_problem_late_in_a_long_file_leaves_nothing_behind(store: RegistryStore, sets: Sets, write: Write) -> None:
    lines = [json.dumps({"id": f"t{number}", "set": "plain", "name": "T"}) for number in range(500)]
    path = write("\n".join([*lines, '{"id": "last"}']), "many.jsonl")

    assert problems(path, store, sets) == [
        "many.jsonl:501:1: `name` is missing",
        "many.jsonl:501:1: `set` is missing",
    ]
    assert not store.directory().tenants


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("people.csv", "", "people.csv:0:0: expected a file named .yaml, .yml, .json or .jsonl"),
        ("people.yaml", "", "people.yaml:1:1: expected a mapping with `tenants`, found nothing"),
        ("people.yaml", "tenants: {}", "people.yaml:1:10: expected a list, found a mapping"),
        ("people.yaml", "tenant: []", "people.yaml:1:1: `tenants` is missing"),
        ("people.yaml", "tenants: [&a 1]", "people.yaml:1:11: anchors are not allowed: `&a`; quote it if it is text"),
        (
            "people.yaml",
            "tenants: [3]",
            "people.yaml:1:11: expected a mapping with `id`, `set`, `name`, found a number",
        ),
    ],
)
def test_files_of_another_form_are_refused(
    store: RegistryStore, sets: Sets, write: Write, name: str, text: str, said: str
) -> None:
    assert said in problems(write(text, name), store, sets)


def test_a_missing_file_is_a_problem_of_the_file(store: RegistryStore, sets: Sets, tmp_path: Path) -> None:
    for name in ("none.yaml", "none.jsonl"):
        assert problems(tmp_path / name, store, sets) == [f"{name}:0:0: cannot be read: No such file or directory"]


def test_what_a_terminal_would_act_on_is_spelt_out(store: RegistryStore, sets: Sets, write: Write) -> None:
    (said,) = problems(write('tenants: [{id: "\\e[31m", set: plain, name: A}]'), store, sets)

    assert "\\x1b[31m" in said
    assert said.isprintable()
