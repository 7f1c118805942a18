"""Words of set.yaml: roles, actions, labels, attributes."""

from __future__ import annotations

from typing import Final

from tests.policy.orchard import SET
from tests.policy.refusals.refusal import Refusal

KEEPER: Final = '  keeper: {label: {en: Keeper, ro: Gestionar}, clause: "2"}'

REFUSALS: Final = (
    Refusal(
        "an unknown key",
        {SET: [("languages:", "langauges:")]},
        [
            "set.yaml:1:1: `languages` is missing",
            "set.yaml:3:1: `langauges` is not known here; did you mean `languages`?",
        ],
    ),
    Refusal(
        "a table in a language that the set does not have",
        {SET: [("languages: [en, ro]", "languages: [en, ro]\ntable_language: fr")]},
        ["set.yaml:4:17: unknown language of this set `fr`; one of `en`, `ro`"],
    ),
    Refusal("a lost line", {SET: [("phone_region: RO\n", "")]}, ["set.yaml:1:1: `phone_region` is missing"]),
    Refusal(
        "an unknown key of a role",
        {SET: [(KEEPER, KEEPER.replace("clause", "clauses"))]},
        ["set.yaml:8:11: `clause` is missing", "set.yaml:8:48: `clauses` is not known here; did you mean `clause`?"],
    ),
    Refusal(
        "no roles",
        {
            SET: [
                ("roles:\n", "roles: {}\nreadings:\n"),
                ('\nreadings:\n  - {clause: "3.3"', '\nreading:\n  - {clause: "3.3"'),
            ]
        },
        [
            "set.yaml:7:8: `roles` is empty",
            "set.yaml:9:3: expected a list",
            "set.yaml:106:21: unknown role `picker`",
            "set.yaml:111:1: `reading` is not known here; did you mean `readings`?",
        ],
    ),
    Refusal(
        "an id in capitals",
        {SET: [("  crate:", "  Crate:")]},
        ["set.yaml:29:3: `Crate` is not an id: lower-case letters, digits, `_` and `-` only"],
    ),
    Refusal(
        "an id that means nothing",
        {SET: [("  crate:", '  "-":')]},
        ["set.yaml:29:3: `-` is not an id: lower-case letters, digits, `_` and `-` only"],
    ),
    Refusal(
        "a language that is no code",
        {SET: [("languages: [en, ro]", "languages: [en, ro, Deutsch]")]},
        ["set.yaml:3:21: `Deutsch` is not a language code: two or three lower-case letters"],
    ),
    Refusal(
        "a language twice",
        {SET: [("languages: [en, ro]", "languages: [en, ro, en]")]},
        ["set.yaml:3:21: `en` is given twice"],
    ),
    Refusal(
        "a label without a language",
        {SET: [("{en: Keeper, ro: Gestionar}", "{en: Keeper}")]},
        ["set.yaml:8:19: the text in language `ro` is missing"],
    ),
    Refusal(
        "a label in a foreign language",
        {SET: [("{en: Keeper, ro: Gestionar}", "{en: Keeper, ro: Gestionar, de: Wart}")]},
        ["set.yaml:8:47: `de` is not one of this set's languages"],
    ),
    Refusal(
        "an unknown time zone",
        {SET: [("time_zone: Europe/Bucharest", "time_zone: Europe/Bucarest")]},
        ["set.yaml:4:12: unknown time zone `Europe/Bucarest`; did you mean `Europe/Bucharest`?"],
    ),
    Refusal(
        "a path for a time zone",
        {SET: [("time_zone: Europe/Bucharest", "time_zone: ../etc/localtime")]},
        ["set.yaml:4:12: unknown time zone `../etc/localtime`; did you mean `localtime`?"],
    ),
    Refusal(
        "an unknown telephone region",
        {SET: [("phone_region: RO", "phone_region: XX")]},
        ["set.yaml:5:15: unknown country `XX`; write its two capital letters"],
    ),
    Refusal(
        "an unknown channel",
        {SET: [("channels: [web, email, phone]", "channels: [web, e-mail, phone]")]},
        ["set.yaml:26:17: unknown channel `e-mail`; did you mean `email`?"],
    ),
    Refusal(
        "no channel at all",
        {SET: [("channels: [web, email, phone]", "channels: []")]},
        ["set.yaml:26:11: at least one channel is needed"],
    ),
    Refusal(
        "a tag that means two actions",
        {SET: [("tags: [stock]", "tags: [stock, gate]")]},
        ["set.yaml:19:19: tag `gate` already means `open_gate`"],
    ),
    Refusal(
        "a tag given twice",
        {SET: [("tags: [stock]", "tags: [stock, stock]")]},
        ["set.yaml:19:19: `stock` is given twice"],
    ),
    Refusal(
        "a tag that is another action's id",
        {SET: [("tags: [stock]", "tags: [stock, open_gate]")]},
        ["set.yaml:19:19: tag `open_gate` is the id of another action"],
    ),
    Refusal(
        "high risk that is neither true nor false",
        {SET: [("high_risk: true", "high_risk: yes")]},
        ["set.yaml:20:16: expected true or false"],
    ),
    Refusal(
        "a built-in subject type",
        {SET: [("{badge: login}", "{contact: login}")]},
        ["set.yaml:27:17: `contact` is built in and cannot be declared"],
    ),
    Refusal(
        "an unknown kind of id",
        {SET: [("{badge: login}", "{badge: logon}")]},
        ["set.yaml:27:24: unknown kind of id `logon`; did you mean `login`?"],
    ),
    Refusal(
        "a resource type of the service itself",
        {SET: [("  crate:", "  tenant:")]},
        ["set.yaml:29:3: `tenant` is built in and cannot be declared"],
    ),
    Refusal(
        "an attribute of nobody",
        {SET: [("  resource.weight:", "  parcel.weight:")]},
        [
            (
                "set.yaml:36:3: `parcel.weight` is not an attribute's name: lower-case words joined by dots, "
                "the first one of subject, tenant, resource, action"
            ),
            "set.yaml:57:29: `resource.weight` is not declared; did you mean `resource.id`?",
            "set.yaml:67:13: unknown attribute `resource.weight`; did you mean `resource.id`?",
        ],
    ),
    Refusal(
        "a built-in attribute",
        {SET: [("  resource.weight:", "  resource.id:")]},
        [
            "set.yaml:36:3: `resource.id` is always there and cannot be declared",
            "set.yaml:57:29: `resource.weight` is not declared; did you mean `resource.id`?",
            "set.yaml:67:13: unknown attribute `resource.weight`; did you mean `resource.id`?",
        ],
    ),
    Refusal(
        "an unknown type",
        {SET: [("resource.weight: {type: int", "resource.weight: {type: integer")]},
        [
            "set.yaml:36:27: unknown type `integer`; did you mean `int`?",
            "set.yaml:57:45: `>` does not apply to string and int",
            "set.yaml:67:31: expected a text",
            "set.yaml:67:34: expected a text",
        ],
    ),
    Refusal(
        "an unknown origin",
        {SET: [("{type: int, origin: request}", "{type: int, origin: requests}")]},
        ["set.yaml:36:40: unknown origin `requests`; did you mean `request`?"],
    ),
    Refusal(
        "a contact that is a number",
        {SET: [("{type: int, origin: request}", "{type: int, origin: request, contact_id: true}")]},
        ["set.yaml:36:61: only a string, or a list of strings, can name contacts"],
    ),
    Refusal(
        "an action's attribute from the registry",
        {
            SET: [
                (
                    "  resource.weight: {type: int, origin: request}",
                    "  resource.weight: {type: int, origin: request}\n  action.soft: {type: bool}",
                )
            ]
        },
        ["set.yaml:37:3: an action's attributes come from the request alone; write `origin: request`"],
    ),
    Refusal(
        "an attribute that begins another",
        {SET: [("  tenant.season.paid", "  tenant.season: {type: bool}\n  tenant.season.paid")]},
        ["set.yaml:33:3: `tenant.season` is also the beginning of `tenant.season.paid`"],
    ),
    Refusal(
        "the companion of an attribute",
        {SET: [("  tenant.season.paid", "  tenant.season.paid_known: {type: bool}\n  tenant.season.paid")]},
        ["set.yaml:33:3: `tenant.season.paid_known` is the companion of `tenant.season.paid`"],
    ),
    Refusal(
        "a redeclared role of another type",
        {SET: [("  tenant.season.paid", "  subject.role: {type: int}\n  tenant.season.paid")]},
        ["set.yaml:33:24: `subject.role` is of type string"],
    ),
)
