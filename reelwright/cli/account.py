"""`reelwright login`, `logout`, `whoami`: as whom the stack is spoken to."""

import getpass
import os
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reelwright.cli.exits import Exit
from reelwright.cli.given import Given, command

if TYPE_CHECKING:
    from reelwright.sign_in import Signed, UserPool
    from reelwright.stacks import Stack

_PASSWORD = "REELWRIGHT_PASSWORD"  # noqa: S105 - the variable's name
_NEW_PASSWORD = "REELWRIGHT_NEW_PASSWORD"  # noqa: S105
_MOST_CHALLENGES = 3


def add_to(app: typer.Typer) -> None:
    command(app, "login")(_login)
    command(app, "logout")(_logout)
    command(app, "whoami")(_whoami)


def _login(
    given: Given,
    user: Annotated[
        str | None,
        typer.Option(
            "--user", "-u", metavar="EMAIL", help="Who signs in.", envvar="REELWRIGHT_USER"
        ),
    ] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    client_id: Annotated[
        str | None,
        typer.Option(metavar="ID", help="The stack's output UserPoolClientId; with --api only."),
    ] = None,
) -> Exit:
    """Sign in to a stack. The password is asked for, or read from REELWRIGHT_PASSWORD.

    The embedded AWS needs no login: it makes a user of its own.
    """
    stack = given.find_stack(client_id)
    if given.stack:
        stack = stack.looked_up()
    if stack.endpoint is not None and user is None:
        stack.kept.forget()
        stack.tokens().token()
        return _tell(given, stack)
    user = user or _asked("E-mail address: ")
    asking = _Asking(from_stdin=password_stdin)
    stack.keep(_signed(stack.pool, user, asking), user)
    return _tell(given, stack)


def _signed(pool: "UserPool", user: str, asking: "_Asking") -> "Signed":
    from reelwright.errors import NotAuthorisedError
    from reelwright.sign_in import NEW_PASSWORD, Signed

    answered = pool.sign_in(user, asking.password(f"Password of {user}: ", _PASSWORD))
    for _ in range(_MOST_CHALLENGES):
        if isinstance(answered, Signed):
            return answered
        text = (
            asking.new_password(user)
            if answered.asked == NEW_PASSWORD
            else _asked("Code of your authenticator: ")
        )
        answered = pool.answer(answered, text)
    raise NotAuthorisedError(f"The pool asks {user} for more and more.")


class _Asking:
    """Where passwords come from: the environment, standard input, or whoever sits there."""

    def __init__(self, *, from_stdin: bool) -> None:
        self._from_stdin = from_stdin

    def password(self, prompt: str, variable: str) -> str:
        if self._from_stdin:
            return sys.stdin.readline().rstrip("\r\n")
        return os.environ.get(variable) or self._typed(prompt, variable)

    def new_password(self, user: str) -> str:
        """The pool's operator gave a password for the first time only."""
        prompt = f"A new password for {user}: "
        if self._from_stdin or os.environ.get(_NEW_PASSWORD):
            return self.password(prompt, _NEW_PASSWORD)
        sys.stderr.write("The password was for the first time only.\n")
        while (typed := self._typed(prompt, _NEW_PASSWORD)) != self._typed("Again: ", ""):
            sys.stderr.write("These were two; once more.\n")
        return typed

    def _typed(self, prompt: str, variable: str) -> str:
        if not sys.stdin.isatty():
            raise typer.BadParameter(
                f"there is no terminal to ask for a password; set {variable} or use "
                "--password-stdin"
            )
        try:
            return getpass.getpass(prompt)
        except EOFError:
            raise typer.Abort from None


def _asked(prompt: str) -> str:
    if not sys.stdin.isatty():
        raise typer.BadParameter(f"there is no terminal to ask: {prompt.strip(' :')}; see --user")
    sys.stderr.write(prompt)
    sys.stderr.flush()
    return sys.stdin.readline().strip()


def _logout(given: Given) -> Exit:
    """Sign out: revoke the tokens, and forget them and what else is kept of the stack."""
    from reelwright.errors import ReelwrightClientError

    stack = given.find_stack()
    tokens = stack.kept.read().get("tokens")
    stack.kept.forget()
    if tokens:
        try:
            stack.pool.revoke(tokens["refresh"])
        except ReelwrightClientError as fault:
            given.output.said(f"Forgotten here, but not revoked: {fault}")
    if given.as_json:
        given.output.document({"signed_out": tokens is not None})
    else:
        given.output.line(f"Signed out of {stack.name}" if tokens else "Nobody was signed in")
    return Exit.DONE


def _whoami(given: Given) -> Exit:
    """Show who is signed in, to which stack. Asks the API whether it agrees."""
    stack = given.find_stack()
    next(given.client(stack).jobs(limit=1), None)
    return _tell(given, stack)


def _tell(given: Given, stack: "Stack") -> Exit:
    from reelwright.sign_in import claims_of

    claims = claims_of(stack.tokens().token())
    told: dict[str, Any] = {
        "user": stack.kept.read().get("user") or claims.get("username"),
        "sub": claims.get("sub"),
        "groups": claims.get("cognito:groups", []),
        "stack": stack.name,
        "api": stack.api_url,
    }
    if given.as_json:
        given.output.document(told)
        return Exit.DONE
    for name, value in told.items():
        shown = ", ".join(value) if isinstance(value, list) else value
        given.output.line(f"{name:7} {shown or '-'}")
    return Exit.DONE
