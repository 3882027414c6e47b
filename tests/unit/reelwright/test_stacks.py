"""Which stack is meant, as whom, and what is kept of it."""

import base64
import json
import stat
import time
from pathlib import Path
from typing import Any

import pytest

from reelwright.errors import (
    NotAuthorisedError,
    NotFoundError,
    TransferError,
    UnreachableError,
)
from reelwright.kept import Kept, config_folder
from reelwright.sign_in import Signed, UserPool, claims_of
from reelwright.stacks import KeptTokens, Stack
from tests.unit.reelwright.fake_api import Answer, FakeApi

OUTPUTS = {
    "ApiUrl": "https://abc.execute-api.eu-west-1.amazonaws.com",
    "UserPoolClientId": "client1",
    "Region": "eu-west-1",
}


class Pool(UserPool):
    """A user pool that renews a refresh token so many times."""

    def __init__(self, renewals: int) -> None:
        super().__init__("client1", "eu-west-1")
        self.renewals = renewals

    def renew(self, refresh: str) -> Signed:
        if not self.renewals:
            raise NotAuthorisedError("Refresh Token has expired")
        self.renewals -= 1
        return Signed(f"fresh-{self.renewals}", refresh, time.time() + 3600)


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path / "config" / "stack.json")


@pytest.fixture
def stack(kept: Kept) -> Stack:
    return Stack("Reelwright", OUTPUTS, kept)


def signed(ends_in_s: float) -> Signed:
    return Signed("old", "refresh", time.time() + ends_in_s)


def tokens(stack: Stack, monkeypatch: pytest.MonkeyPatch, renewals: int) -> KeptTokens:
    pool = Pool(renewals)
    monkeypatch.setattr(Stack, "pool", property(lambda _: pool))
    return KeptTokens(stack, lambda: Signed("signed in anew", "r", time.time() + 3600))


def test_what_is_kept_is_for_its_user_alone(kept: Kept) -> None:
    kept.write({"a": 1})
    kept.write({"a": 2})
    assert kept.read() == {"a": 2}
    assert stat.S_IMODE(kept.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.path.parent.stat().st_mode) == 0o700
    assert [file.name for file in kept.path.parent.iterdir()] == ["stack.json"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff"])
def test_what_can_not_be_read_is_nothing(kept: Kept, content: bytes) -> None:
    kept.write({})
    kept.path.write_bytes(content)
    assert kept.read() == {}


def test_a_folder_that_can_not_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TransferError, match=r"file/stack\.json can't be used"):
        Kept(tmp_path / "file" / "stack.json").write({})


def test_stacks_of_other_profiles_and_regions_are_kept_apart() -> None:
    names = [("", "", "a-b"), ("a", "", "b"), ("a", "b", ""), ("", "", "A-B"), ("a/b", "", "")]
    paths = {Kept.of(*one).path for one in names}
    assert len(paths) == len(names)
    assert {path.parent for path in paths} == {config_folder()}


def test_a_good_token_is_used_as_it_is(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    stack.keep(signed(3600), "me@example.org")
    assert tokens(stack, monkeypatch, renewals=0).token() == "old"


@pytest.mark.parametrize(("ends_in_s", "renew"), [(30, False), (-5, False), (3600, True)])
def test_a_token_that_ends_or_was_refused_is_renewed_and_kept(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, ends_in_s: float, renew: Any
) -> None:
    stack.keep(signed(ends_in_s), "me@example.org")
    given = tokens(stack, monkeypatch, renewals=1)
    assert given.token(renew=renew) == "fresh-0"
    assert given.token() == "fresh-0"
    assert stack.kept.read()["user"] == "me@example.org"


def test_without_a_renewal_somebody_has_to_sign_in(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tokens(stack, monkeypatch, renewals=0).token() == "signed in anew"
    stack.keep(signed(0), "me@example.org")
    assert tokens(stack, monkeypatch, renewals=0).token() == "signed in anew"


def test_tokens_of_another_pool_are_not_used(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    stack.keep(signed(3600))
    again = Stack("Reelwright", {**OUTPUTS, "UserPoolClientId": "client2"}, stack.kept)
    assert tokens(again, monkeypatch, renewals=1).token() == "signed in anew"


def test_nobody_signed_in_says_how_to(stack: Stack) -> None:
    with pytest.raises(NotAuthorisedError, match="Nobody is signed in to Reelwright") as raised:
        stack.tokens().token()
    assert raised.value.next_step == "sign in: `reelwright login --stack Reelwright`"


def test_a_token_of_the_environment_comes_first(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.keep(signed(3600))
    monkeypatch.setenv("REELWRIGHT_TOKEN", "given")
    assert stack.tokens().token() == "given"


def test_a_stack_at_an_address_knows_its_region_and_keeps_the_rest() -> None:
    first = Stack.at(OUTPUTS["ApiUrl"], client_id="client1")
    assert (first.pool.client_id, first.pool.region) == ("client1", "eu-west-1")
    first.keep(signed(3600))
    second = Stack.at(OUTPUTS["ApiUrl"])
    assert (second.client_id, second.tokens().token()) == ("client1", "old")


def test_a_stack_at_an_address_that_says_no_more_asks_for_it() -> None:
    with pytest.raises(NotAuthorisedError, match=r"UserPoolClientId .* is not known"):
        _ = Stack.at("https://video.example.org").pool


def test_without_an_embedded_aws_the_next_step_is_said(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match="No embedded AWS is up") as raised:
        Stack.embedded(tmp_path)
    assert "reelwright local up" in raised.value.next_step


def test_an_embedded_aws_without_a_stack_is_named(tmp_path: Path) -> None:
    (tmp_path / "local.json").write_text(json.dumps({"endpoint": "http://127.0.0.1:1"}))
    with pytest.raises(UnreachableError, match="no stack with an API"):
        Stack.embedded(tmp_path)


def jwt(claims: Any) -> str:
    middle = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{middle}.x"


def test_a_token_tells_its_user() -> None:
    for name in ("a", "ab", "abc", "abcd"):
        assert claims_of(jwt({"sub": name}))["sub"] == name


@pytest.mark.parametrize("token", ["", "x", "a.b.c", jwt([1])])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(NotAuthorisedError, match="no JWT"):
        claims_of(token)


def cloudformation(api: FakeApi, monkeypatch: pytest.MonkeyPatch, *answers: Answer) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", api.url)
    api.on("POST", "/", *answers)


def test_outputs_are_read_from_cloudformation_once(
    api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = "".join(
        f"<member><OutputKey>{name}</OutputKey><OutputValue>{value}</OutputValue></member>"
        for name, value in OUTPUTS.items()
    )
    described = f"<Stacks><member><Outputs>{listed}</Outputs></member></Stacks>"
    answer = (
        f"<DescribeStacksResponse><DescribeStacksResult>{described}</DescribeStacksResult>"
        "</DescribeStacksResponse>"
    )
    cloudformation(api, monkeypatch, Answer(body=answer.encode()))
    for _ in range(2):
        assert Stack.on_aws("Mine", region="eu-west-1").outputs == OUTPUTS
    (asked,) = api.asked
    assert b"StackName=Mine" in asked.body


@pytest.mark.parametrize(
    ("status", "code", "error", "said"),
    [
        (400, "ValidationError", NotFoundError, "There is no stack Mine in eu-west-1"),
        (403, "AccessDenied", NotAuthorisedError, "AWS answers AccessDenied: the stack Mine"),
    ],
)
def test_a_stack_that_can_not_be_looked_up_is_named(
    api: FakeApi,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    code: str,
    error: type[Exception],
    said: str,
) -> None:
    content = f"<ErrorResponse><Error><Code>{code}</Code><Message>No</Message></Error>"
    cloudformation(api, monkeypatch, Answer(status, f"{content}</ErrorResponse>".encode()))
    with pytest.raises(error, match=said):
        Stack.on_aws("Mine", region="eu-west-1")


def test_credentials_that_are_not_there_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    with pytest.raises(NotAuthorisedError, match="Unable to locate credentials") as raised:
        Stack.on_aws("Reelwright", region="us-east-1")
    assert "--profile" in raised.value.next_step
    with pytest.raises(NotAuthorisedError, match=r"profile \(none\) could not be found"):
        Stack.on_aws("Reelwright", profile="none", region="us-east-1")
