"""Whatever comes in, one well-formed answer goes out, and nothing of the inside with it."""

import base64
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.handle_api import handler
from functions.handle_api.callers import Caller, caller_of
from functions.handle_api.problems import ProblemDocument
from functions.handle_api.reading import MOST_BODY_BYTES
from tests.unit.handle_api.conftest import ANN, Answer, Api, Gateway, wanted

ROUTES = [
    ("POST", "/jobs", wanted()),
    ("GET", "/jobs", None),
    ("GET", "/jobs/none", None),
    ("DELETE", "/jobs/none", None),
    ("POST", "/uploads", {"name": "a", "size_bytes": 1}),
    ("POST", "/uploads/none/complete", {"source": "s3://media/a", "etags": ["0"]}),
    ("GET", "/openapi.json", None),
    ("GET", "/docs", None),
    ("PUT", "/jobs", None),
    ("GET", "/nothing/here", None),
]
BODIES = [(method, path) for method, path, body in ROUTES if body]
CLOSED = ROUTES[:6]


def problem(answer: Answer) -> ProblemDocument:
    """The answer is a problem, told as one should be."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    document = ProblemDocument.model_validate_json(answer.text)
    assert None not in json.loads(answer.text).values()
    assert document.status == answer.status
    assert document.detail.endswith((".", "…"))
    assert "\n" not in document.detail
    return document


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
def test_every_answer_is_safe_to_hold(api: Api, method: str, path: str, body: Any) -> None:
    answer = api.call(method, path, body)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    if answer.status >= 400:
        problem(answer)


@pytest.mark.parametrize(("method", "path"), BODIES)
@pytest.mark.parametrize("body", ["", " ", "{", "render it please", "[1", "\ufeff{}", b"\xff\xfe"])
def test_what_is_not_json_is_400(
    gateway: Gateway, method: str, path: str, body: str | bytes
) -> None:
    answer = gateway.call(method, path, body)
    assert (answer.status, problem(answer).type) == (400, "urn:reelwright:problem:not-json")


@pytest.mark.parametrize(("method", "path"), BODIES)
@pytest.mark.parametrize("body", ["[]", '"text"', "1", "null", "{}", '{"a": NaN}'])
def test_json_that_is_no_request_is_422(
    gateway: Gateway, method: str, path: str, body: str
) -> None:
    answer = gateway.call(method, path, body)
    assert (answer.status, problem(answer).type) == (422, "urn:reelwright:problem:invalid-request")
    assert problem(answer).errors


@pytest.mark.parametrize(("method", "path"), BODIES)
@pytest.mark.parametrize("as_bytes", [False, True])
def test_a_body_has_a_limit(gateway: Gateway, method: str, path: str, as_bytes: bool) -> None:  # noqa: FBT001
    text = json.dumps({"source": "x" * MOST_BODY_BYTES})
    answer = gateway.call(method, path, text.encode() if as_bytes else text)
    assert (answer.status, problem(answer).type) == (413, "urn:reelwright:problem:too-large")


def test_nested_beyond_reason_is_refused(gateway: Gateway) -> None:
    assert gateway.call("POST", "/jobs", "[" * 60_000).status == 400
    assert gateway.call("POST", "/jobs", '{"render":' * 9000).status == 400


def test_a_body_that_is_not_declared_as_json_is_read_all_the_same(api: Api) -> None:
    """API Gateway hands it over in base64."""
    body = json.dumps(wanted()).encode()
    assert api.call("POST", "/jobs", body).status == 202


def test_base64_that_is_none_is_400(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base64, "b64encode", lambda _body: b"***")
    assert gateway.call("POST", "/jobs", b"x").status == 400


@pytest.mark.parametrize(("method", "path", "body"), CLOSED)
@pytest.mark.parametrize(
    "claims",
    [
        {"token_use": "id"},
        {"token_use": ""},
        {"sub": ""},
        {"sub": "../other"},
        {"sub": "a" * 129},
    ],
    ids=["id token", "no use", "no sub", "odd sub", "long sub"],
)
def test_only_an_access_token_of_a_user_will_do(
    gateway: Gateway, method: str, path: str, body: Any, claims: dict[str, str]
) -> None:
    answer = gateway.call(method, path, body, **{"sub": ANN, **claims})
    assert (answer.status, problem(answer).type) == (401, "urn:reelwright:problem:wrong-token")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_without_claims_nobody_is_let_in(gateway: Gateway) -> None:
    assert gateway.call("GET", "/jobs", sub=None).status == 401


@pytest.mark.parametrize(
    ("groups", "is_one"),
    [
        ("[operators]", True),
        ("[editors operators]", True),
        ("", False),
        ("[]", False),
        ("[operators2]", False),
        ("[not-operators]", False),
        ("[editors]", False),
    ],
)
def test_the_groups_claim_is_read_as_api_gateway_writes_it(groups: str, *, is_one: bool) -> None:
    claims = {"sub": ANN, "token_use": "access", "cognito:groups": groups}
    assert caller_of(claims) == Caller(ANN, is_operator=is_one)


def error(code: str, status: int) -> ClientError:
    told: Any = {"Error": {"Code": code, "Message": "s3cret arn:aws:iam::123456789012:role/x"}}
    return ClientError({**told, "ResponseMetadata": {"HTTPStatusCode": status}}, "GetItem")


@pytest.mark.parametrize(
    ("raised", "status"),
    [
        (KeyError("s3cret"), 500),
        (RuntimeError("s3cret /var/task/functions/x.py"), 500),
        (error("AccessDeniedException", 400), 500),
        (error("ThrottlingException", 400), 503),
        (error("InternalServerError", 500), 503),
    ],
)
@pytest.mark.parametrize(("method", "path", "body"), CLOSED)
def test_a_failure_tells_nothing_but_where_to_look(
    gateway: Gateway,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    raised: Exception,
    status: int,
    method: str,
    path: str,
    body: Any,
) -> None:
    def fail(*_arguments: Any) -> Any:
        raise raised

    for name in ("jobs_table", "media_store"):
        monkeypatch.setattr(handler, name, fail)
    answer = gateway.call(method, path, body)
    assert answer.status == status
    assert problem(answer).request_id == "request-1"
    for told in ("s3cret", "arn:", "Traceback", ".py", type(raised).__name__):
        assert told not in answer.text
        assert told not in json.dumps(answer.headers)
    assert "s3cret" in caplog.text
