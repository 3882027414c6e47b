"""The API does what its own description says, whatever it is sent (schemathesis)."""

import json
from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi import checks

from functions.handle_api.openapi import document
from tests.integration.callers import Caller, signed_in
from tests.integration.conftest import Deployed

load_all_checks()
described = schemathesis.openapi.from_dict(json.loads(document()))
EXCEPTIONS = [
    # Of a source, a schema can't say all that makes it possible; 422 says so.
    checks.positive_data_acceptance,
    # API Gateway answers 404 for a method that a path has not, and knows no 405.
    checks.unsupported_method,
]


@pytest.fixture(scope="module")
def ann(stack: Deployed) -> Iterator[Caller]:
    with signed_in(stack) as caller:
        yield caller


def test_it_is_the_one_that_was_deployed(ann: Caller) -> None:
    answer = ann.call("GET", "/openapi.json", token=None)
    assert answer.json() == json.loads(document())


@described.parametrize()
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_as_described(case: schemathesis.Case, ann: Caller) -> None:
    case.call_and_validate(
        base_url=ann.url,
        headers={"Authorization": f"Bearer {ann.access_token}"},
        excluded_checks=EXCEPTIONS,
    )


def test_its_page_is_whole(ann: Caller) -> None:
    answer = ann.call("GET", "/docs", token=None)
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "SwaggerUIBundle" in answer.text
    assert answer.text.rstrip().endswith("</html>")
