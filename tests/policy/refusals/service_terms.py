"""Obligations, calendars, service rows, guards and readings of set.yaml."""

from __future__ import annotations

from typing import Final

from tests.policy.orchard import SET
from tests.policy.refusals.refusal import Refusal

REFUSALS: Final = (
    Refusal(
        "an obligation of an unknown type",
        {SET: [("type: custom", "type: custum")]},
        ["set.yaml:65:11: unknown type of obligation `custum`; did you mean `custom`?"],
    ),
    Refusal(
        "an obligation for an unknown action",
        {SET: [("    actions: [move_stock]\n    match", "    actions: [move_stok]\n    match")]},
        ["set.yaml:66:15: unknown action `move_stok`; did you mean `move_stock`?"],
    ),
    Refusal(
        "an obligation for no action",
        {SET: [("    actions: [move_stock]\n    match", "    actions: []\n    match")]},
        ["set.yaml:66:14: an empty list names no action; leave `actions` out for every action"],
    ),
    Refusal(
        "a match on an unknown attribute",
        {SET: [("match: {resource.weight: [1, 2]}", "match: {resource.wait: [1, 2]}")]},
        ["set.yaml:67:13: unknown attribute `resource.wait`; did you mean `resource.weight`?"],
    ),
    Refusal(
        "a match of another type",
        {SET: [("match: {resource.weight: [1, 2]}", "match: {resource.weight: [1, heavy]}")]},
        ["set.yaml:67:34: expected a whole number"],
    ),
    Refusal(
        "a match on a day",
        {SET: [("match: {resource.weight: [1, 2]}", "match: {tenant.season.until: 2026-01-01}")]},
        ["set.yaml:67:13: `tenant.season.until` is of type date; only string, bool and int can be matched"],
    ),
    Refusal(
        "a match on nothing",
        {SET: [("match: {resource.weight: [1, 2]}", "match: {resource.weight: []}")]},
        ["set.yaml:67:30: an empty list matches nothing"],
    ),
    Refusal(
        "a match on a role that does not exist",
        {SET: [("match: {subject.role: keeper}", "match: {subject.role: keepr}")]},
        ["set.yaml:91:27: unknown value of `subject.role` `keepr`; did you mean `keeper`?"],
    ),
    Refusal(
        "a match on a channel that does not exist",
        {SET: [("match: {subject.role: keeper}", "match: {channel: mail}")]},
        ["set.yaml:91:22: unknown value of `channel` `mail`; did you mean `email`?"],
    ),
    Refusal(
        "a match on an undeclared resource type",
        {SET: [("match: {resource.weight: [1, 2]}", "match: {resource.type: [crate, crat]}")]},
        ["set.yaml:67:36: unknown value of `resource.type` `crat`; did you mean `crate`?"],
    ),
    Refusal(
        "an obligation's text without a language",
        {SET: [('text: {en: weigh it again, ro: "cântăriți din nou"}', "text: {en: weigh it again}")]},
        ["set.yaml:68:37: the text in language `ro` is missing"],
    ),
    Refusal(
        "an obligation's property that is no JSON",
        {SET: [("kind: weigh", "kind: 2026-01-01")]},
        ["set.yaml:68:24: `2026-01-01` is not a text to every YAML reader; write it in quotes"],
    ),
    Refusal(
        "hours that end before they begin",
        {SET: [('"08:00-16:30"', '"16:30-08:00"')]},
        ["set.yaml:73:22: `16:30-08:00` are no opening hours; write `09:00-18:00`"],
    ),
    Refusal(
        "hours past midnight",
        {SET: [('"08:00-16:30"', '"08:00-24:30"')]},
        ["set.yaml:73:22: `08:00-24:30` are no opening hours; write `09:00-18:00`"],
    ),
    Refusal(
        "spans that overlap",
        {SET: [('"08:00-16:30"', '"08:00-12:00, 11:59-16:30"')]},
        ["set.yaml:73:22: `11:59-16:30` begins before the span in front of it ends"],
    ),
    Refusal(
        "spans in the wrong order",
        {SET: [('"10:00-12:00"', '"13:00-24:00, 10:00-12:00"')]},
        ["set.yaml:75:20: `10:00-12:00` begins before the span in front of it ends"],
    ),
    Refusal(
        "a comma without a span behind it",
        {SET: [('"08:00-16:30"', '"08:00-12:00,"')]},
        ["set.yaml:73:22: `` are no opening hours; write `09:00-18:00`"],
    ),
    Refusal(
        "an unknown day",
        {SET: [('sat: "09', 'sam: "09')]},
        ["set.yaml:73:37: `sam` is no day or range of days; write `mon` or `mon-fri`"],
    ),
    Refusal("a day given twice", {SET: [('sat: "09', 'fri: "09')]}, ["set.yaml:73:37: `fri` is given twice"]),
    Refusal(
        "days in the wrong order",
        {SET: [("mon-fri", "fri-mon")]},
        ["set.yaml:73:13: `fri-mon` is no day or range of days; write `mon` or `mon-fri`"],
    ),
    Refusal(
        "an unknown country",
        {SET: [("holidays: RO", "holidays: XQ")]},
        ["set.yaml:74:15: unknown country `XQ`; write its two capital letters"],
    ),
    Refusal(
        "an unknown region of a country",
        {SET: [("holidays: RO", "holidays: CZ-10")]},
        ["set.yaml:74:15: unknown region `CZ-10` of `CZ`; no regions of it are known"],
    ),
    Refusal(
        "a region by a name that is no code",
        {SET: [("holidays: RO", "holidays: BE-Flemish")]},
        ["set.yaml:74:15: unknown region `BE-Flemish` of `BE`; no regions of it are known"],
    ),
    Refusal(
        "a region that is written in small letters",
        {SET: [("holidays: RO", "holidays: GB-sct")]},
        ["set.yaml:74:15: unknown region `GB-sct` of `GB`; its regions are `GB-ENG`, `GB-NIR`, `GB-SCT`, `GB-WLS`"],
    ),
    Refusal(
        "a region of an unknown country",
        {SET: [("holidays: RO", "holidays: XQ-BY")]},
        ["set.yaml:74:15: unknown country `XQ`; write its two capital letters"],
    ),
    Refusal(
        "holiday hours without holidays",
        {SET: [("    holidays: RO\n", "")]},
        ["set.yaml:74:20: `holiday_hours` without `holidays` can never matter"],
    ),
    Refusal(
        "hours around the clock",
        {SET: [("    around_the_clock: true", '    around_the_clock: true\n    hours: {mon: "08:00-09:00"}')]},
        ["set.yaml:82:12: `hours` beside `around_the_clock` can never matter"],
    ),
    Refusal(
        "days off around the clock",
        {
            SET: [
                (
                    "    around_the_clock: true",
                    "    around_the_clock: true\n    holidays: RO\n    extra_days_off: [2026-12-31]",
                )
            ]
        },
        [
            "set.yaml:82:15: `holidays` beside `around_the_clock` can never matter",
            "set.yaml:83:21: `extra_days_off` beside `around_the_clock` can never matter",
        ],
    ),
    Refusal(
        "a calendar without hours",
        {SET: [('    hours: {mon-fri: "08:00-16:30", sat: "09:00-12:00"}\n', "")]},
        ["set.yaml:73:5: `hours` is missing (or `around_the_clock: true`)"],
    ),
    Refusal(
        "an extra working day without Monday",
        {SET: [("mon-fri", "tue-fri")]},
        ["set.yaml:77:25: extra working days have the hours of Monday, and `mon` has none"],
    ),
    Refusal(
        "a day off that is also a working day",
        {SET: [("extra_working_days: [2026-12-19]", "extra_working_days: [2026-12-31]")]},
        ["set.yaml:77:25: `2026-12-31` is also a day off"],
    ),
    Refusal(
        "a day that does not exist",
        {SET: [("extra_days_off: [2026-12-31]", "extra_days_off: [2026-02-30]")]},
        ["set.yaml:76:22: `2026-02-30` is not a date of the calendar"],
    ),
    Refusal(
        "an instant for a day",
        {SET: [("extra_days_off: [2026-12-31]", "extra_days_off: [12/31/2026]")]},
        ["set.yaml:76:22: expected a day, YYYY-MM-DD"],
    ),
    Refusal(
        "an unknown time zone of a calendar",
        {SET: [("Etc/GMT-4", "GMT+4:00")]},
        ["set.yaml:80:16: unknown time zone `GMT+4:00`; did you mean `GMT+0`?"],
    ),
    Refusal(
        "an unknown calendar",
        {SET: [("calendar: watch", "calendar: wach")]},
        ["set.yaml:87:15: unknown calendar `wach`; did you mean `watch`?"],
    ),
    Refusal(
        "a term in calendar days",
        {SET: [("completion: 3 working days", "completion: 3 days")]},
        ["set.yaml:96:17: `3 days` is no term; write `1 working hour`, `30 working minutes` or `2 working days`"],
    ),
    Refusal(
        "a term of zero",
        {SET: [("completion: 3 working days", "completion: 0 working days")]},
        [
            (
                "set.yaml:96:17: `0 working days` is no term; "
                "write `1 working hour`, `30 working minutes` or `2 working days`"
            )
        ],
    ),
    Refusal(
        "a term beyond all contracts",
        {SET: [("completion: 3 working days", "completion: 1001 working days")]},
        ["set.yaml:96:17: `1001 working days` is longer than 1000 working days"],
    ),
    Refusal(
        "a service row that an earlier one hides",
        {SET: [("    actions: [report_smoke]\n    class: fire", "    class: fire")]},
        ["set.yaml:89:5: can never be reached: the row `smoke` above fits whatever this one fits"],
    ),
    Refusal(
        "a class of several words",
        {SET: [("class: ordinary", "class: Quite Ordinary")]},
        ["set.yaml:92:12: `Quite Ordinary` is not a plain word"],
    ),
    Refusal(
        "a lapse from a number",
        {SET: [("from: resource.asked_at", "from: resource.weight")]},
        ["set.yaml:99:43: unknown attribute of type time `resource.weight`; did you mean `resource.asked_at`?"],
    ),
    Refusal(
        "a service row given twice",
        {SET: [("  - id: other\n", "  - id: smoke\n")]},
        ["set.yaml:90:5: a service row `smoke` is already given"],
    ),
    Refusal(
        "a service row for no action",
        {SET: [("actions: [report_smoke]", "actions: []")]},
        ["set.yaml:85:14: an empty list names no action; leave `actions` out for every action"],
    ),
    Refusal(
        "an unknown deferred channel",
        {SET: [("deferred_channels: [email]", "deferred_channels: [mail]")]},
        ["set.yaml:98:25: unknown channel `mail`; did you mean `email`?"],
    ),
    Refusal(
        "a guard with neither",
        {SET: [("    never: {roles: [picker], actions: [move_stock]}\n", "")]},
        ["set.yaml:103:5: a guard has one of `never`, `deny_cells` and `widest_network`"],
    ),
    Refusal(
        "a guard for an unknown role",
        {SET: [("never: {roles: [picker]", "never: {roles: [pickers]")]},
        ["set.yaml:105:21: unknown role `pickers`; did you mean `picker`?"],
    ),
    Refusal(
        "a guard for an unknown action",
        {SET: [("actions: [move_stock]}\n  - id", "actions: [move_stocks]}\n  - id")]},
        ["set.yaml:105:40: unknown action `move_stocks`; did you mean `move_stock`?"],
    ),
    Refusal(
        "a guard on no width",
        {SET: [("widest_network: {ipv4: 16, ipv6: 48}", "widest_network: {}")]},
        ["set.yaml:108:21: `widest_network` names none of `ipv4`, `ipv6` and `any`"],
    ),
    Refusal(
        "a guard that pins the cells of an unknown role",
        {SET: [("never: {roles: [picker], actions: [move_stock]}", "deny_cells: {pickr: [move_stock]}")]},
        ["set.yaml:105:18: unknown role `pickr`; did you mean `picker`?"],
    ),
    Refusal(
        "a guard that pins no cell of a role",
        {SET: [("never: {roles: [picker], actions: [move_stock]}", "deny_cells: {picker: []}")]},
        ["set.yaml:105:26: names no action that stays denied to `picker`"],
    ),
    Refusal(
        "a guard that pins no cell",
        {SET: [("never: {roles: [picker], actions: [move_stock]}", "deny_cells: {}")]},
        ["set.yaml:105:17: `deny_cells` is empty"],
    ),
    Refusal(
        "a guard that is two",
        {SET: [("    never: {roles: [picker]", "    deny_cells: {picker: [move_stock]}\n    never: {roles: [picker]")]},
        ["set.yaml:103:5: a guard has one of `never`, `deny_cells` and `widest_network`"],
    ),
    Refusal(
        "a guard wider than a line may be",
        {SET: [("ipv4: 16", "ipv4: 7")]},
        ["set.yaml:108:28: expected a whole number from 8 to 32"],
    ),
    Refusal(
        "a guard given twice",
        {SET: [("id: narrow-ranges", "id: pickers-never-move")]},
        ["set.yaml:106:9: guard `pickers-never-move` is already given"],
    ),
    Refusal(
        "a reading without its question",
        {SET: [("question: Who may report smoke?, ", "")]},
        ["set.yaml:111:5: `question` is missing"],
    ),
)
