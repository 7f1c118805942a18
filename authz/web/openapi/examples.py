"""The examples in the OpenAPI document; the people are fictional."""

from __future__ import annotations

from typing import Final

EVALUATION: Final = {
    "tenant inferred": {
        "value": {
            "subject": {"type": "contact", "id": "ana@acme.example"},
            "action": {"name": "change_ip_address"},
            "resource": {"type": "tenant", "id": "*"},
            "context": {"ip": "203.0.113.5", "channel": "web"},
        }
    },
    "ticket of a tenant, by mail": {
        "value": {
            "subject": {"type": "contact", "id": "ana@acme.example"},
            "action": {"name": "error_report"},
            "resource": {"type": "ticket", "id": "4711", "properties": {"tenant": "acme"}},
            "context": {"channel": "email", "assurance": "mail_verified"},
        }
    },
}
FLAT: Final = {
    "from the web": {"value": {"contact": "ana@acme.example", "action": "change_ip_address", "ip": "203.0.113.5"}},
    "by telephone": {
        "value": {"contact": "+40213000001", "action": "error_report", "tenant": "acme", "channel": "phone"}
    },
}
CONFIRMATION: Final = {
    "issue": {"value": {"contact": "ana@acme.example", "action": "change_ip_address", "ticket": "4711"}},
    "redeem": {
        "value": {
            "contact": "ana@acme.example",
            "action": "change_ip_address",
            "ticket": "4711",
            "token": "q2pKk0Zl1nTgB8m3xY5vW7aR9cE4hJ6uD0fS1oLzQbM",
        }
    },
}
_REVISION: Final = {"policy": "sha256:5f0c4e", "registry": 12}
DECISION: Final = {
    "allowed": {
        "value": {
            "decision": True,
            "context": {
                "reason": "permitted",
                "reason_user": {"en": "This request is permitted."},
                "rule": "calltrack/matrix.csv:12",
                "revision": _REVISION,
                "decision_id": "0f8fad5bd9cb469fa16570867728950e",
            },
        }
    },
    "refused, to a caller with scope explain": {
        "value": {
            "decision": False,
            "context": {
                "reason": "contact_unregistered",
                "reason_user": {"en": "This request cannot be accepted."},
                "contact": {"registered": False, "status": "unauthorised"},
                "revision": _REVISION,
                "decision_id": "7c9e6679f7b44b2ea1c39f1d5a3e9b10",
            },
        }
    },
    "refused, to any other caller": {
        "value": {
            "decision": False,
            "context": {
                "reason": "refused",
                "reason_user": {"en": "This request cannot be accepted."},
                "revision": _REVISION,
                "decision_id": "16fd2706b8ba4c7a9b3f2d8e5a1c4f60",
            },
        }
    },
}
EVALUATIONS: Final = {
    "one ticket, two actions": {
        "value": {
            "subject": {"type": "contact", "id": "ana@acme.example"},
            "resource": {"type": "ticket", "id": "4711", "properties": {"tenant": "acme"}},
            "context": {"ip": "203.0.113.5"},
            "evaluations": [{"action": {"name": "error_report"}}, {"action": {"name": "backup_restore"}}],
            "options": {"evaluations_semantic": "execute_all"},
        }
    }
}
SUBJECT_SEARCH: Final = {
    "who may do it": {
        "value": {
            "subject": {"type": "contact"},
            "action": {"name": "backup_restore"},
            "resource": {"type": "tenant", "id": "acme"},
            "context": {"ip": "203.0.113.5"},
            "page": {"limit": 50},
        }
    }
}
RESOURCE_SEARCH: Final = {
    "for which clients": {
        "value": {
            "subject": {"type": "contact", "id": "ana@acme.example"},
            "action": {"name": "error_report"},
            "resource": {"type": "tenant"},
            "context": {"ip": "203.0.113.5"},
        }
    }
}
ACTION_SEARCH: Final = {
    "what may be asked for": {
        "value": {
            "subject": {"type": "contact", "id": "ana@acme.example"},
            "resource": {"type": "tenant", "id": "acme"},
            "context": {"ip": "203.0.113.5"},
        }
    }
}
