"""Where a web ACL is before the API, calls that came past it are not answered."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import boto3
import pytest

from functions.handle_api import handler
from functions.handle_api.front_door import HEADER, FrontDoor
from functions.handle_api.problems import Problem
from tests.unit.handle_api.conftest import Api

PASS = "4f1bX9"


@dataclass
class Secrets:
    """Secrets Manager with one secret, which may change."""

    text: str = PASS
    asked: list[str] = field(default_factory=list)

    def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803
        self.asked.append(SecretId)
        return {"SecretString": self.text}


@dataclass
class Clock:
    now_s: float = 0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def behind(api: Api, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """The API of a stage with a firewall."""
    secret = boto3.client("secretsmanager").create_secret(Name="pass", SecretString=PASS)
    monkeypatch.setenv("PASS_SECRET_ARN", secret["ARN"])
    monkeypatch.setattr(handler, "secrets_manager", lambda: boto3.client("secretsmanager"))
    handler._front_door.cache_clear()
    yield api
    handler._front_door.cache_clear()


def door(secrets: Secrets, clock: Clock | None = None) -> FrontDoor:
    return FrontDoor(secrets, "arn", clock or Clock())  # type: ignore[arg-type]


def test_the_pass_opens() -> None:
    door(Secrets()).check({HEADER: PASS})


@pytest.mark.parametrize("headers", [{}, {HEADER: ""}, {HEADER: "4f1bX8"}, {HEADER: "é"}])
def test_without_it_nobody_is_answered(headers: dict[str, str]) -> None:
    with pytest.raises(Problem, match="use the stack's ApiUrl"):
        door(Secrets()).check(headers)


def test_the_secret_is_asked_for_once_in_five_minutes() -> None:
    secrets, clock = Secrets(), Clock()
    guarded = door(secrets, clock)
    for now_s in 0, 100, 299:
        clock.now_s = now_s
        guarded.check({HEADER: PASS})
    assert secrets.asked == ["arn"]
    secrets.text, clock.now_s = "another", 301
    guarded.check({HEADER: "another"})
    with pytest.raises(Problem):
        guarded.check({HEADER: PASS})


@pytest.mark.parametrize("path", ["/jobs", "/openapi.json", "/docs"])
def test_calls_past_the_web_acl_get_403_on_every_route(behind: Api, path: str) -> None:
    answer = behind.call("GET", path)
    assert answer.status == 403
    assert answer.json["type"] == "urn:reelwright:problem:not-this-way"
    assert behind.call("GET", path, headers={"X-Reelwright-Pass": PASS}).status == 200


def test_without_a_firewall_no_pass_is_asked_for(api: Api) -> None:
    assert api.call("GET", "/jobs").status == 200
