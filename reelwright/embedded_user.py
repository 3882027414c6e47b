"""The user of an embedded AWS: made on the spot, so that nobody has to sign in there."""

import contextlib
import fcntl
import secrets
from typing import TYPE_CHECKING

from reelwright.errors import NotAuthorisedError
from reelwright.sign_in import Signed

if TYPE_CHECKING:
    from reelwright.stacks import Stack

USER = "embedded@reelwright.invalid"
GROUP = "operators"
"""Sees the jobs that came in by the queue, too."""


def sign_in(stack: "Stack") -> Signed:
    """Make the user unless it is there, under a new password, and keep its tokens."""
    with stack.kept.path.with_suffix(".lock").open("w") as lock:
        # Two commands at once would take each other's password away.
        fcntl.flock(lock, fcntl.LOCK_EX)
        password = secrets.token_urlsafe(24) + "aA1!"
        _make(stack, password)
        signed = stack.pool.sign_in(USER, password)
        if not isinstance(signed, Signed):
            raise NotAuthorisedError("The embedded user pool asks for more than a password.")
        stack.keep(signed, USER)
        return signed


def _make(stack: "Stack", password: str) -> None:
    cognito = stack.session().client("cognito-idp", endpoint_url=stack.endpoint)
    pool = stack.outputs["UserPoolId"]
    with contextlib.suppress(cognito.exceptions.UsernameExistsException):
        cognito.admin_create_user(
            UserPoolId=pool,
            Username=USER,
            MessageAction="SUPPRESS",
            TemporaryPassword=password,
            UserAttributes=[
                {"Name": "email", "Value": USER},
                {"Name": "email_verified", "Value": "true"},
            ],
        )
    cognito.admin_set_user_password(
        UserPoolId=pool, Username=USER, Password=password, Permanent=True
    )
    cognito.admin_add_user_to_group(UserPoolId=pool, Username=USER, GroupName=GROUP)
