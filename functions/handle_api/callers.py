"""Who calls, by the claims of a token that API Gateway has checked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.handle_api.problems import WRONG_TOKEN, Problem
from functions.shared.job import OWNER

OPERATORS = "operators"
"""The group of the pool whose members see every job."""


@dataclass(frozen=True)
class Caller:
    """`sub` never changes and is nobody else's: it is the owner of the caller's jobs."""

    sub: str
    is_operator: bool = False

    def may_see(self, row: Mapping[str, Any]) -> bool:
        """A job without an owner came in by the queue or by hand: for operators only."""
        return self.is_operator or row.get("owner") == self.sub

    @property
    def uploads(self) -> str:
        """Key prefix of the caller's sources."""
        return f"uploads/{self.sub}/"


def caller_of(claims: Mapping[str, str]) -> Caller:
    """The pool signs identity tokens too, for its app to read; they are no key to the API."""
    sub = claims.get("sub", "")
    if claims.get("token_use") != "access" or not re.fullmatch(OWNER, sub):
        raise Problem(
            WRONG_TOKEN,
            "The token is not an access token of a user; send the one named AccessToken.",
            headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
        )
    return Caller(sub, OPERATORS in _groups(claims.get("cognito:groups", "")))


def _groups(claim: str) -> list[str]:
    """API Gateway writes a list as text: `[operators editors]`."""
    return claim.removeprefix("[").removesuffix("]").split()
