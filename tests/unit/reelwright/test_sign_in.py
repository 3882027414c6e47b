"""Signing in: the pool's answers, and its refusals as one line."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from reelwright.errors import InvalidRequestError, NotAuthorisedError, UnreachableError
from reelwright.sign_in import NEW_PASSWORD, ONE_TIME_CODE, Challenge, Signed, UserPool

CLIENT = "clientid"
USER = "ada@example.org"
TOKENS = {"AccessToken": "a", "RefreshToken": "r", "ExpiresIn": 3600}
ASKED: Any = {"ChallengeName": NEW_PASSWORD, "Session": "s" * 20, "ChallengeParameters": {}}


@pytest.fixture
def pool() -> UserPool:
    return UserPool(CLIENT, "eu-west-1")


@pytest.fixture
def cognito(pool: UserPool) -> Iterator[Stubber]:
    """What the pool is asked must be what was expected, and all of it."""
    with Stubber(pool._cognito) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def test_a_password_becomes_tokens(pool: UserPool, cognito: Stubber) -> None:
    cognito.add_response(
        "initiate_auth",
        {"AuthenticationResult": TOKENS},
        {
            "ClientId": CLIENT,
            "AuthFlow": "USER_PASSWORD_AUTH",
            "AuthParameters": {"USERNAME": USER, "PASSWORD": "p"},
        },
    )
    signed = pool.sign_in(USER, "p")
    assert isinstance(signed, Signed)
    assert (signed.access, signed.refresh) == ("a", "r")


def test_challenges_are_answered_one_after_the_other(pool: UserPool, cognito: Stubber) -> None:
    known_as = {"ChallengeParameters": {"USER_ID_FOR_SRP": "u"}}
    cognito.add_response("initiate_auth", {**ASKED, **known_as})
    cognito.add_response(
        "respond_to_auth_challenge",
        {"ChallengeName": ONE_TIME_CODE, "Session": "t" * 20},
        {
            "ClientId": CLIENT,
            "ChallengeName": NEW_PASSWORD,
            "Session": "s" * 20,
            "ChallengeResponses": {"USERNAME": "u", "NEW_PASSWORD": "new"},
        },
    )
    cognito.add_response(
        "respond_to_auth_challenge",
        {"AuthenticationResult": TOKENS},
        {
            "ClientId": CLIENT,
            "ChallengeName": ONE_TIME_CODE,
            "Session": "t" * 20,
            "ChallengeResponses": {"USERNAME": "u", "SOFTWARE_TOKEN_MFA_CODE": "123456"},
        },
    )
    first = pool.sign_in(USER, "p")
    assert isinstance(first, Challenge)
    second = pool.answer(first, "new")
    assert isinstance(second, Challenge)
    assert isinstance(pool.answer(second, "123456"), Signed)


def test_a_challenge_without_an_answer_here_says_what_to_do(
    pool: UserPool, cognito: Stubber
) -> None:
    cognito.add_response("initiate_auth", {"ChallengeName": "SMS_MFA", "Session": "s" * 20})
    with pytest.raises(NotAuthorisedError, match="the challenge SMS_MFA") as raised:
        pool.sign_in(USER, "p")
    assert "REELWRIGHT_TOKEN" in raised.value.next_step


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("NotAuthorizedException", NotAuthorisedError),
        ("CodeMismatchException", NotAuthorisedError),
        ("PasswordResetRequiredException", NotAuthorisedError),
        ("InvalidPasswordException", InvalidRequestError),
        ("TooManyRequestsException", UnreachableError),
    ],
)
def test_a_refusal_of_the_pool_is_one_of_ours(
    pool: UserPool, cognito: Stubber, code: str, error: type[Exception]
) -> None:
    cognito.add_client_error("respond_to_auth_challenge", code, "It says why.")
    with pytest.raises(error, match="It says why"):
        pool.answer(Challenge(NEW_PASSWORD, USER, "s" * 20), "new")


def test_a_renewal_keeps_the_refresh_token_where_no_new_one_comes(
    pool: UserPool, cognito: Stubber
) -> None:
    for refresh in ("next", None):
        result = {
            "AccessToken": "b",
            "ExpiresIn": 60,
            **({"RefreshToken": refresh} if refresh else {}),
        }
        cognito.add_response(
            "get_tokens_from_refresh_token",
            {"AuthenticationResult": result},
            {"ClientId": CLIENT, "RefreshToken": ANY},
        )
        assert pool.renew("r").refresh == (refresh or "r")


def test_a_pool_that_can_not_be_reached_is_named() -> None:
    pool = UserPool(CLIENT, "eu-west-1", "http://127.0.0.1:9")
    with pytest.raises(UnreachableError, match="user pool can't be reached"):
        pool.revoke("r")
