"""A small, whole policy set written to disk: two roles, two actions, one fact, one tenant, five cases."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

MODEL: Final = Path(__file__).parents[2] / "model.conf"

SET_YAML: Final = """\
title: {en: Library card}
source: {document: House rules}
languages: [en]
time_zone: Europe/Bucharest
phone_region: RO
roles:
  reader: {label: {en: Reader}, clause: "1"}
  keeper: {label: {en: Keeper}, clause: "1"}
actions:
  borrow: {label: {en: Borrow}, clause: "2", tags: [take-out]}
  discard: {label: {en: Discard}, clause: "3"}
resource_types:
  book: {label: {en: book}, clause: "4"}
attributes:
  tenant.card.until: {type: date}
  resource.owner: {type: string, origin: request_over_registry, contact_id: true}
facts:
  card_valid:
    expression: 'today <= tenant.card.until'
    label: {en: the card is valid}
    clause: "5"
"""

MATRIX: Final = """\
# one line per cell
p, *, reader, borrow,  network_ok + sender_ok + card_valid, allow
p, *, keeper, borrow,  network_ok + sender_ok,              allow
p, *, reader, discard, -,                                   deny
p, *, keeper, discard, network_ok + sender_ok,              allow
"""

NETWORKS: Final = """\
p2, north, 203.0.113.0/24, allow
p2, north, 203.0.113.66/32, deny
"""

TESTS: Final = """\
tenants:
  town:
    networks: ["203.0.113.0/24 allow"]
    network: declared
    attributes: {card: {until: 2026-12-31}}
    contacts:
      - {name: Ana Pop, role: reader, email: ana@town.example}
      - {name: Bogdan Rus, role: keeper, login: bogdan}
defaults: {at: "2026-06-03T10:00:00+03:00", ip: 203.0.113.5}
cases:
  - description: a reader borrows with a valid card
    ask: {contact: ana@town.example, action: borrow}
    expect: {decision: true, reason: permitted}
  - description: not after the card has run out
    ask: {contact: ana@town.example, action: borrow, at: "2027-01-01T00:00:00+02:00"}
    expect: {decision: false, reason: fact_not_met, fact: card_valid, missing: [card_valid]}
  - description: nor from outside
    ask: {contact: ana@town.example, action: borrow, ip: 198.51.100.1}
    expect: {decision: false, reason: network_not_declared}
  - description: a keeper may discard, a reader may not
    each:
      columns: [contact, action, decision, reason]
      rows:
        - [bogdan, discard, true, permitted]
        - [ana@town.example, discard, false, role_not_permitted]
"""


def write_set(policies: Path, set_id: str = "library", **changed: str) -> Path:
    """The set under `policies/<set_id>`; `changed` replaces `set_yaml`, `matrix`, `networks` or `tests`."""
    folder = policies / set_id
    (folder / "networks").mkdir(parents=True)
    (folder / "set.yaml").write_text(changed.get("set_yaml", SET_YAML))
    (folder / "matrix.csv").write_text(changed.get("matrix", MATRIX))
    (folder / "networks" / "north.csv").write_text(changed.get("networks", NETWORKS))
    (folder / "tests.yaml").write_text(changed.get("tests", TESTS))
    return folder


def write_checkout(root: Path, *set_ids: str) -> Path:
    """A checkout: `model.conf` beside `policies/` with those sets (one named `library` by default)."""
    shutil.copyfile(MODEL, root / "model.conf")
    for set_id in set_ids or ("library",):
        write_set(root / "policies", set_id)
    return root / "policies"
