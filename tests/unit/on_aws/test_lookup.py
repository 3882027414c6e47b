"""Before the tests run on AWS: what is wrong with the account or the stack is one sentence."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse

from reelwright.errors import (
    BusyError,
    NotAuthorisedError,
    NotFoundError,
    RefusedError,
    UnreachableError,
)
from tests.on_aws.lookup import NEEDED, find, session_of_caller

IDENTITY = (
    "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account>"
    "</GetCallerIdentityResult></GetCallerIdentityResponse>"
)
OUTPUTS = "".join(
    f"<member><OutputKey>{name}</OutputKey><OutputValue>x</OutputValue></member>" for name in NEEDED
)


def stack_is(status: str, outputs: str = OUTPUTS, why: str = "") -> str:
    return (
        "<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>S</StackName>"
        f"<StackStatus>{status}</StackStatus><StackStatusReason>{why}</StackStatusReason>"
        f"<Outputs>{outputs}</Outputs></member></Stacks></DescribeStacksResult>"
        "</DescribeStacksResponse>"
    )


def error(code: str, message: str = "said so") -> str:
    return (
        f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error>"
        "</ErrorResponse>"
    )


class Answered(AWSResponse):
    """An answer that came without a network."""

    def __init__(self, url: str, status: int, body: str) -> None:
        headers: Any = {"Content-Type": "text/xml"}
        super().__init__(url, status, headers, None)
        self._content = body.encode()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What would be slept by botocore between its tries. Other threads of the tests sleep on."""
    slept: list[float] = []
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=slept.append))
    return slept


@pytest.fixture
def caller(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, clock: list[float]
) -> Callable[..., Any]:
    """Somebody whose environment says this; AWS answers as told, the last answer again and again.

    Finds the stack S; the session's calls are in `asked`, as query text.
    """
    for name in ("PROFILE", "REGION", "DEFAULT_REGION", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    for name in ("CONFIG_FILE", "SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(f"AWS_{name}", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    def looks(
        *answers: tuple[int, str],
        identity: tuple[int, str] = (200, IDENTITY),
        said: list[str] | None = None,
        **variables: str,
    ) -> Any:
        given = {"DEFAULT_REGION": "eu-west-1", "ACCESS_KEY_ID": "AKIA", "SECRET_ACCESS_KEY": "s"}
        for name, value in {**given, **variables}.items():
            monkeypatch.setenv(f"AWS_{name}", value) if value else None
        session = session_of_caller()
        left = list(answers)

        def answer(request: Any, **_: Any) -> AWSResponse:
            if "GetCallerIdentity" in str(request.body):
                return Answered(request.url, *identity)
            told = left.pop(0) if len(left) > 1 else left[0]
            return Answered(request.url, *told)

        session.events.register("before-send", answer)
        say = said.append if said is not None else (lambda _: None)
        return find(session, "S", say, clock.append)

    return looks


def test_a_stack_that_is_there_is_found(caller: Callable[..., Any], clock: list[float]) -> None:
    found = caller((200, stack_is("UPDATE_COMPLETE")))
    assert (found.account, found.region) == ("123456789012", "eu-west-1")
    assert set(found.outputs) == set(NEEDED)
    assert clock == []


def test_without_credentials_it_says_so(caller: Callable[..., Any]) -> None:
    with pytest.raises(NotAuthorisedError, match=r"^Unable to locate credentials: the stack S"):
        caller((200, ""), ACCESS_KEY_ID="", SECRET_ACCESS_KEY="")


def test_without_a_region_it_says_so(caller: Callable[..., Any]) -> None:
    with pytest.raises(UnreachableError, match=r"^No AWS region is set: the stack S"):
        caller((200, ""), DEFAULT_REGION="")


@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidClientTokenId", "AccessDenied"])
def test_credentials_that_do_not_hold_are_named(caller: Callable[..., Any], code: str) -> None:
    with pytest.raises(NotAuthorisedError, match=f"^AWS answers {code}: the stack S can't"):
        caller((200, ""), identity=(403, error(code)))


def test_credentials_that_expire_while_it_waits_are_named(caller: Callable[..., Any]) -> None:
    with pytest.raises(NotAuthorisedError, match=r"^AWS answers ExpiredToken"):
        caller((200, stack_is("UPDATE_IN_PROGRESS")), (403, error("ExpiredToken")))


def test_a_stack_of_another_region_or_name_is_not_there(caller: Callable[..., Any]) -> None:
    with pytest.raises(NotFoundError, match=r"^There is no stack S in eu-west-1\.$"):
        caller((400, error("ValidationError", "Stack with id S does not exist")))


def test_a_stack_of_something_else_is_none(caller: Callable[..., Any]) -> None:
    with pytest.raises(NotFoundError, match=r"^S is no stack of Reelwright: it has no JobsTable"):
        caller((200, stack_is("CREATE_COMPLETE", outputs="")))


def test_a_stack_that_is_being_changed_is_waited_for(
    caller: Callable[..., Any], clock: list[float]
) -> None:
    said: list[str] = []
    changing = (200, stack_is("UPDATE_IN_PROGRESS"))
    found = caller(changing, changing, (200, stack_is("UPDATE_COMPLETE")), said=said)
    assert found.name == "S"
    assert clock == [10.0, 10.0]
    assert said == ["S is UPDATE_IN_PROGRESS: waiting for its end."]


def test_a_change_without_an_end_is_waited_for_half_an_hour(
    caller: Callable[..., Any], clock: list[float]
) -> None:
    with pytest.raises(RefusedError, match=r"^S is still CREATE_IN_PROGRESS after 30 minutes\.$"):
        caller((200, stack_is("CREATE_IN_PROGRESS")))
    assert sum(clock) == 1800


@pytest.mark.parametrize(
    "status",
    [
        *("ROLLBACK_COMPLETE", "CREATE_FAILED", "UPDATE_ROLLBACK_FAILED", "DELETE_IN_PROGRESS"),
        *("DELETE_FAILED", "REVIEW_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"),
    ],
)
def test_a_stack_that_failed_or_goes_is_refused(
    caller: Callable[..., Any], status: str, clock: list[float]
) -> None:
    with pytest.raises(RefusedError, match=rf"^S is {status}, .*\(no such role\)\.$"):
        caller((200, stack_is(status, why="no such role")))
    assert clock == []


def test_throttled_calls_are_made_again(caller: Callable[..., Any], clock: list[float]) -> None:
    throttled = (400, error("Throttling", "Rate exceeded"))
    assert caller(throttled, throttled, throttled, (200, stack_is("CREATE_COMPLETE"))).name == "S"
    assert len(clock) == 3
    assert all(0 <= waited <= 20 for waited in clock)


def test_throttling_without_an_end_is_told(caller: Callable[..., Any]) -> None:
    with pytest.raises(BusyError, match=r"^AWS is busy \(Throttling\): the stack S can't"):
        caller((400, error("Throttling", "Rate exceeded")))


def test_the_session_is_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "sa-east-1")
    assert isinstance(session_of_caller(), boto3.Session)
    assert session_of_caller().region_name == "sa-east-1"
