"""A small contract with its clients, as files: every kind of line that a command has to show stands in it."""

from __future__ import annotations

SET_YAML = """\
title: {ro: Anexa depozitului, en: The storehouse annex}
source: {document: "Annex 1", provider: "Storehouse"}
languages: [ro, en]
time_zone: Europe/Bucharest
phone_region: RO
roles:
  keeper: {label: {ro: Gestionar, en: Keeper}, clause: "2"}
  guest: {label: {ro: Oaspete, en: Guest}, clause: "2"}
actions:
  open_gate:
    label: {ro: Deschiderea porții, en: Open the gate}
    clause: "Table 1, row 1"
    tags: [gate]
  move_box:
    label: {ro: Mutarea unei cutii, en: Move a box}
    clause: "Table 1, row 2"
  read_rules:
    label: {ro: Citirea regulilor, en: Read the rules}
    clause: "Table 1, row 3"
    open_to_any_sender: the rules hang at the gate
resource_types:
  box: {label: {ro: cutie, en: box}, clause: "3"}
attributes:
  resource.owner: {type: string, origin: request_over_registry, contact_id: true}
  tenant.closed: {type: bool}
facts:
  own_box:
    expression: 'resource.owner in subject.ids'
    label: {ro: cutia este a contactului, en: "the box is the contact's own"}
    clause: "3.1"
  gate_closed:
    expression: 'tenant.closed'
    label: {ro: poarta este închisă, en: the gate is closed}
    clause: "4"
obligations:
  - id: sign-book
    type: custom
    actions: [move_box]
    match: {}
    properties: {kind: sign, text: {ro: semnați în registru, en: sign the book}}
    clause: "5"
calendars:
  hours: {time_zone: Europe/Bucharest, hours: {mon-fri: "09:00-17:00"}}
service:
  - {id: gate, actions: [open_gate], class: prompt, calendar: hours, reaction: 1 working hour, clause: "6"}
guards:
  - id: guests-move-nothing
    label: {ro: oaspeții nu mută nimic fără dovadă, en: guests never open the gate}
    never: {roles: [guest], actions: [open_gate]}
accepted:
  - {code: tenant-without-networks, about: beta, reason: its ranges come with the next annex}
"""

MATRIX_CSV = """\
# one line per cell
p, *, keeper, open_gate,  network_ok + sender_ok,           allow
p, *, guest,  open_gate,  -,                                deny
p, *, keeper, move_box,   network_ok + sender_ok,           allow
p, *, guest,  move_box,   network_ok + sender_ok + own_box, allow
p, *, keeper, read_rules, -,                                allow
p, *, guest,  read_rules, -,                                allow
# closed gates stay closed
p, *, *,      open_gate,  gate_closed,                      deny
p, beta, keeper, move_box, -,                               deny
"""

ACME_CSV = """\
p2, acme, 203.0.113.0/24, allow
p2, acme, 203.0.113.66/32, deny
"""

TESTS_YAML = """\
tenants:
  acme:
    networks: ["203.0.113.0/24 allow"]
    attributes: {closed: false}
    contacts:
      - {name: Ana Pop, role: keeper, email: ana@acme.example}
      - {name: Dan Rus, role: guest, email: dan@acme.example}
  shut:
    networks: ["203.0.113.0/24 allow"]
    attributes: {closed: true}
    contacts: [{name: Eva Lup, role: keeper, email: eva@shut.example}]
defaults: {ip: 203.0.113.5}
cases:
  - description: a Keeper opens the gate
    ask: {contact: ana@acme.example, action: open_gate}
    expect: {decision: true}
  - description: a Guest does not
    ask: {contact: dan@acme.example, action: gate}
    expect: {decision: false, reason: role_not_permitted}
  - description: a closed gate stays closed
    ask: {contact: eva@shut.example, action: open_gate}
    expect: {decision: false, reason: fact_not_met, fact: gate_closed}
  - description: a Guest moves his own box
    ask:
      contact: dan@acme.example
      action: move_box
      resource: {type: box, id: b1, properties: {tenant: acme, owner: dan@acme.example}}
    expect: {decision: true}
  - description: a Guest moves no other box
    ask:
      contact: dan@acme.example
      action: move_box
      resource: {type: box, id: b1, properties: {tenant: acme, owner: ana@acme.example}}
    expect: {decision: false, reason: fact_not_met, fact: own_box}
  - description: nobody knows whose box it is
    ask: {contact: dan@acme.example, action: move_box}
    expect: {decision: false, reason: fact_unknown, fact: own_box}
"""

CLAUSES_MD = """\
# Clauses

| clause | kind | note |
|---|---|---|
| 2 | rule | roles |
| 3 | rule | boxes |
| 3.1 | rule | own boxes |
| 4 | rule | closed gates |
| 5 | rule | the book |
| 6 | service term | reaction |
| Table 1, row 1 | rule | |
| Table 1, row 2 | rule | |
| Table 1, row 3 | rule | |
"""

REGISTRY_YAML = """\
tenants:
  - id: acme
    set: storehouse
    name: Acme Distribution SRL
    languages: [ro, en]
    attributes: {closed: false}
    annexes:
      - number: 1
        signed_on: 2026-01-05
        effective_from: 2026-02-01
        network: declared
        contacts:
          - {name: Ana Pop, role: keeper, email: ana@acme.example, phone: "+40213000001", login: ana.pop}
          - {name: Dan Rus, role: guest, email: dan@acme.example}
"""
