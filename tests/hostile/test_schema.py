"""schemathesis over the OpenAPI document, in process: whatever it makes up gets an answer that the document knows."""

from __future__ import annotations

from typing import Any

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from authz.web.openapi import document as openapi
from tests.web.world import World

schema = schemathesis.openapi.from_dict(openapi.document())
schema.app = World().app()
# The registry's own pages and the confirmations need its database: without one they are rightly a 503.
without_database = schema.include(path_regex=r"^/(?:access|health|metrics|\.well-known)|^/v1/(?:decision|policy)$")
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@without_database.parametrize()
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_one_that_the_document_knows(case: schemathesis.Case[Any]) -> None:
    answer = case.call()

    case.validate_response(answer, checks=CHECKS)
    assert answer.headers["x-content-type-options"] == ["nosniff"]
