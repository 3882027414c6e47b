"""Signing in to a stack's user pool: a password becomes tokens, and these are renewed."""

import base64
import functools
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from reelwright.errors import InvalidRequestError, NotAuthorisedError, UnreachableError

if TYPE_CHECKING:
    from types_boto3_cognito_idp import CognitoIdentityProviderClient

NEW_PASSWORD: Final = "NEW_PASSWORD_REQUIRED"  # noqa: S105 - a challenge's name
ONE_TIME_CODE: Final = "SOFTWARE_TOKEN_MFA"
_REFUSED = frozenset(
    {
        "CodeMismatchException",
        "ExpiredCodeException",
        "NotAuthorizedException",
        "PasswordResetRequiredException",
        "RefreshTokenReuseException",
        "UserNotConfirmedException",
        "UserNotFoundException",
    }
)


@dataclass(frozen=True)
class Signed:
    """Tokens of one user. `refresh` gives new ones until it ends or is revoked."""

    access: str
    refresh: str
    expires_at: float
    """Of `access`, in seconds since the epoch."""


Asked = Literal["NEW_PASSWORD_REQUIRED", "SOFTWARE_TOKEN_MFA"]


@dataclass(frozen=True)
class Challenge:
    """The password was right, and the pool asks for more.

    NEW_PASSWORD: as after an operator made the user. ONE_TIME_CODE: of the user's authenticator.
    """

    asked: Asked
    user: str
    session: str


class UserPool:
    """The pool of one stack, through its public client."""

    def __init__(self, client_id: str, region: str, endpoint: str | None = None) -> None:
        self.client_id = client_id
        self.region = region
        self._endpoint = endpoint

    @functools.cached_property
    def _cognito(self) -> "CognitoIdentityProviderClient":
        import boto3  # noqa: PLC0415 - costs 0.1 s, and most commands find a token that is good
        from botocore import UNSIGNED  # noqa: PLC0415
        from botocore.config import Config  # noqa: PLC0415

        return boto3.client(
            "cognito-idp",
            region_name=self.region,
            endpoint_url=self._endpoint,
            config=Config(signature_version=UNSIGNED, retries={"mode": "standard"}),
        )

    def sign_in(self, user: str, password: str) -> Signed | Challenge:
        """NotAuthorisedError if the pool does not know this user by this password."""
        with _told(user):
            answer: Any = self._cognito.initiate_auth(
                ClientId=self.client_id,
                AuthFlow="USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": user, "PASSWORD": password},
            )
        return _signed(user, answer)

    def answer(self, challenge: Challenge, text: str) -> Signed | Challenge:
        """InvalidRequestError: the pool's policy is against the new password, and says why."""
        name = {NEW_PASSWORD: "NEW_PASSWORD", ONE_TIME_CODE: "SOFTWARE_TOKEN_MFA_CODE"}
        with _told(challenge.user):
            answer: Any = self._cognito.respond_to_auth_challenge(
                ClientId=self.client_id,
                ChallengeName=challenge.asked,
                Session=challenge.session,
                ChallengeResponses={"USERNAME": challenge.user, name[challenge.asked]: text},
            )
        return _signed(challenge.user, answer)

    def renew(self, refresh: str) -> Signed:
        """NotAuthorisedError once the refresh token has ended."""
        with _told("The user who was signed in"):
            answer = self._cognito.get_tokens_from_refresh_token(
                ClientId=self.client_id, RefreshToken=refresh
            )
        return _tokens(answer["AuthenticationResult"], refresh)

    def revoke(self, refresh: str) -> None:
        """End the refresh token and the access tokens it gave."""
        with _told("The user who was signed in"):
            self._cognito.revoke_token(ClientId=self.client_id, Token=refresh)


def _signed(user: str, answer: Any) -> Signed | Challenge:
    name = answer.get("ChallengeName")
    if not name:
        return _tokens(answer["AuthenticationResult"], "")
    if name not in get_args(Asked):
        raise NotAuthorisedError(
            f"The pool answers {user} with the challenge {name}, which has no answer here.",
            "get an access token elsewhere and set REELWRIGHT_TOKEN",
        )
    known_as = answer.get("ChallengeParameters", {}).get("USER_ID_FOR_SRP", user)
    return Challenge(name, known_as, answer["Session"])


def _tokens(result: Any, refresh: str) -> Signed:
    return Signed(
        access=result["AccessToken"],
        refresh=result.get("RefreshToken", refresh),
        expires_at=time.time() + result["ExpiresIn"],
    )


def claims_of(token: str) -> dict[str, Any]:
    """What an access token says of its user. Not checked: that is the API's task."""
    try:
        content = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(content + "=" * (-len(content) % 4)))
    except (IndexError, ValueError):
        claims = None
    if not isinstance(claims, dict):
        raise NotAuthorisedError("The token is no JWT.", "send the one named AccessToken")
    return claims


@contextmanager
def _told(who: str) -> Iterator[None]:
    """botocore's errors as ours."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - see _cognito

    try:
        yield
    except ClientError as fault:
        error = fault.response["Error"]
        code, said = error.get("Code", ""), error.get("Message", "")
        if code in _REFUSED:
            raise NotAuthorisedError(
                f"{who} is not signed in: {said}", "sign in: `reelwright login`"
            ) from fault
        if code.startswith("Invalid"):
            raise InvalidRequestError(f"The user pool refuses this: {said}") from fault
        raise UnreachableError(f"The user pool answers {code}: {said}") from fault
    except BotoCoreError as fault:
        raise UnreachableError(f"The user pool can't be reached: {fault}") from fault
