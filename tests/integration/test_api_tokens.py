"""Nobody calls the API but with an access token of the stack's own pool and client."""

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from functions.handle_api.openapi import document
from tests.integration.callers import (
    PASSWORD,
    Caller,
    decoded,
    problem,
    sign_in,
    signed_in,
)
from tests.integration.conftest import Deployed
from tests.polling import until

CLOSED = [
    (method.upper(), path.replace("{job_id}", "none").replace("{upload_id}", "none"))
    for path, item in json.loads(document())["paths"].items()
    for method in item
]
OPEN = [("GET", "/openapi.json"), ("GET", "/docs")]


@pytest.fixture(scope="module")
def ann(stack: Deployed) -> Iterator[Caller]:
    with signed_in(stack) as caller:
        yield caller


def encoded(value: Any) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def forged(token: str) -> dict[str, str]:
    """Tokens that nobody signed so, made from one that somebody did."""
    head, payload, signature = token.split(".")
    said, told = decoded(head), decoded(payload)
    word = encoded({**said, "alg": "HS256"})
    mac = hmac.new(b"secret", f"{word}.{payload}".encode(), hashlib.sha256).digest()

    def with_claim(name: str, value: Any) -> str:
        return f"{head}.{encoded({**told, name: value})}.{signature}"

    return {
        "nothing": "",
        "garbage": "garbage",
        "two parts": f"{head}.{payload}",
        "not base64": f"{head}.{payload}.***",
        "another's sub": with_claim("sub", str(uuid.uuid4())),
        "an operator": with_claim("cognito:groups", ["operators"]),
        "longer valid": with_claim("exp", told["exp"] + 86_400),
        "signature cut": f"{head}.{payload}.{signature[:-8]}",
        "unsigned": f"{encoded({**said, 'alg': 'none'})}.{payload}.",
        "unsigned, signature kept": f"{encoded({**said, 'alg': 'None'})}.{payload}.{signature}",
        "signed by a word": f"{word}.{payload}.{encoded(mac)}",
        "unknown key": f"{encoded({**said, 'kid': 'unknown'})}.{payload}.{signature}",
    }


@pytest.mark.aws("api-token")
def test_a_token_that_is_none_opens_no_route(ann: Caller) -> None:
    for kind, token in forged(ann.access_token).items():
        for method, path in CLOSED:
            answer = ann.call(method, path, token=token)
            assert answer.status_code == 401, (kind, method, path)
            assert "message" in answer.json()


def test_without_a_token_no_route_is_open_but_the_description(ann: Caller) -> None:
    for method, path in CLOSED:
        assert ann.call(method, path, token=None).status_code == 401, (method, path)
    for method, path in OPEN:
        assert ann.call(method, path, token=None).status_code == 200, (method, path)


def test_the_token_itself_opens_them(ann: Caller) -> None:
    for method, path in CLOSED:
        assert ann.call(method, path).status_code in (200, 400, 404), (method, path)


@pytest.mark.aws("api-token")
def test_an_identity_token_is_no_access_token(ann: Caller) -> None:
    for method, path in CLOSED:
        problem(ann.call(method, path, token=ann.id_token), 401, "wrong-token")


def test_a_token_of_another_pool_opens_nothing(stack: Deployed, ann: Caller) -> None:
    idp = stack.service("cognito-idp")
    pool = idp.create_user_pool(PoolName=f"test-{uuid.uuid4().hex[:8]}")["UserPool"]["Id"]
    try:
        client = new_client(idp, pool)
        with signed_in(stack, pool=pool, client=client) as stranger:
            for method, path in CLOSED:
                answer = ann.call(method, path, token=stranger.access_token)
                assert answer.status_code == 401, (method, path)
    finally:
        idp.delete_user_pool(UserPoolId=pool)


def test_a_token_of_another_client_opens_nothing(stack: Deployed, ann: Caller) -> None:
    idp, pool = stack.service("cognito-idp"), stack.client.outputs["UserPoolId"]
    client = new_client(idp, pool)
    try:
        token = sign_in(idp, client, ann.name)["AccessToken"]
        for method, path in CLOSED:
            assert ann.call(method, path, token=token).status_code == 401, (method, path)
    finally:
        idp.delete_user_pool_client(UserPoolId=pool, ClientId=client)


def new_client(idp: Any, pool: str) -> str:
    made = idp.create_user_pool_client(
        UserPoolId=pool,
        ClientName="test",
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )
    return str(made["UserPoolClient"]["ClientId"])


@pytest.mark.aws("api-token")
@pytest.mark.embedded_only
def test_a_token_that_has_expired_opens_nothing(stack: Deployed, ann: Caller) -> None:
    """Cognito's shortest is five minutes; the embedded one makes some of a second."""
    idp = stack.service("cognito-idp")
    own = {
        "UserPoolId": stack.client.outputs["UserPoolId"],
        "ClientId": stack.client.outputs["UserPoolClientId"],
    }
    before = idp.describe_user_pool_client(**own)["UserPoolClient"]
    kept = {name: before[name] for name in ("AccessTokenValidity", "TokenValidityUnits")}
    idp.update_user_pool_client(
        **own, AccessTokenValidity=1, TokenValidityUnits={"AccessToken": "seconds"}
    )
    try:
        token = sign_in(idp, own["ClientId"], ann.name)["AccessToken"]
    finally:
        idp.update_user_pool_client(**own, **kept)
    assert decoded(token.split(".")[1])["exp"] < time.time() + 5
    until(
        lambda: ann.call("GET", "/jobs", token=token).status_code == 401,
        "the token to expire",
        10,
    )
    for method, path in CLOSED:
        assert ann.call(method, path, token=token).status_code == 401, (method, path)
    assert ann.call("GET", "/jobs").status_code == 200


def test_a_wrong_password_and_a_wrong_name_are_one_thing(stack: Deployed, ann: Caller) -> None:
    idp, client = stack.service("cognito-idp"), stack.client.outputs["UserPoolClientId"]
    for name, password in ((ann.name, "not the password"), ("nobody@example.com", "whatever")):
        with pytest.raises(idp.exceptions.NotAuthorizedException):
            idp.initiate_auth(
                ClientId=client,
                AuthFlow="USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": name, "PASSWORD": password},
            )


@pytest.mark.aws("cognito-sign-up")
@pytest.mark.aws_only
def test_nobody_signs_up(stack: Deployed) -> None:
    idp = stack.service("cognito-idp")
    with pytest.raises(idp.exceptions.NotAuthorizedException):
        idp.sign_up(
            ClientId=stack.client.outputs["UserPoolClientId"],
            Username="somebody@example.com",
            Password=PASSWORD,
        )


def test_what_is_not_there_is_not_there(ann: Caller) -> None:
    """API Gateway's own answer, with a token or without."""
    for method, path in (("GET", "/"), ("GET", "/users"), ("PUT", "/jobs"), ("PATCH", "/jobs/a")):
        for token in (ann.access_token, None):
            answer = ann.call(method, path, token=token)
            assert (answer.status_code, answer.json()) == (404, {"message": "Not Found"})
