"""Callers of the API: users of the stack's pool, made by its administrator and removed again."""

import base64
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests

from tests.integration.conftest import Deployed

PASSWORD = "A password of 1 many letters!"
OWN = "own"
"""The token of the caller itself."""


@dataclass(frozen=True)
class Caller:
    """A user with tokens."""

    url: str
    name: str
    access_token: str
    id_token: str

    @property
    def sub(self) -> str:
        return str(claims(self.access_token)["sub"])

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = OWN,
        **more: Any,
    ) -> requests.Response:
        """`body` is sent as JSON, bytes as they are; `token` None: without one."""
        own = self.access_token if token is OWN else token
        headers = {"Authorization": f"Bearer {own}"} if own is not None else {}
        sent = {"data": body} if isinstance(body, bytes) else {"json": body} if body else {}
        return requests.request(
            method,
            self.url + path,
            headers=headers | more.pop("headers", {}),
            timeout=30,
            **sent,
            **more,
        )

    def upload(self, content: bytes, name: str = "source.mp4") -> str:
        """Put a source where the caller's jobs may read it."""
        begun = self.call("POST", "/uploads", {"name": name, "size_bytes": len(content)})
        assert begun.status_code == 201, begun.text
        (part,) = begun.json()["parts"]
        assert requests.put(part["url"], data=content, timeout=30).ok
        return str(begun.json()["source"])

    def post(self, body: Any, key: str | None = None) -> requests.Response:
        headers = {"Idempotency-Key": key} if key else {}
        return self.call("POST", "/jobs", body, headers=headers)

    def job(self, job_id: str) -> Any:
        answer = self.call("GET", f"/jobs/{job_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()


def claims(token: str) -> dict[str, Any]:
    """What a token says, unchecked."""
    found: dict[str, Any] = decoded(token.split(".")[1])
    return found


def decoded(part: str) -> Any:
    """One part of a token."""
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


@contextmanager
def signed_in(
    stack: Deployed, *groups: str, pool: str | None = None, client: str | None = None
) -> Iterator[Caller]:
    """A new user of the stack's pool, or of another."""
    idp = stack.service("cognito-idp")
    pool_id = pool or stack.client.outputs["UserPoolId"]
    client_id = client or stack.client.outputs["UserPoolClientId"]
    user = {"UserPoolId": pool_id, "Username": f"test-{uuid.uuid4().hex[:12]}@example.com"}
    idp.admin_create_user(**user, MessageAction="SUPPRESS", TemporaryPassword=f"{PASSWORD} 2")
    try:
        idp.admin_set_user_password(**user, Password=PASSWORD, Permanent=True)
        for group in groups:
            idp.admin_add_user_to_group(**user, GroupName=group)
        tokens = sign_in(idp, client_id, user["Username"])
        yield Caller(
            stack.client.outputs["ApiUrl"],
            user["Username"],
            tokens["AccessToken"],
            tokens["IdToken"],
        )
    finally:
        idp.admin_delete_user(**user)


def sign_in(idp: Any, client_id: str, name: str) -> dict[str, str]:
    answer = idp.initiate_auth(
        ClientId=client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
    )
    tokens: dict[str, str] = answer["AuthenticationResult"]
    return tokens


def problem(answer: requests.Response, status: int, name: str) -> Any:
    """The problem an answer tells, which must be this one."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    told = answer.json()
    assert (told["status"], told["type"]) == (status, f"urn:reelwright:problem:{name}")
    return told
