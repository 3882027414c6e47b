"""The options every command takes: which stack is meant, and how to answer."""

import functools
import inspect
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reelwright.cli.exits import Exit

if TYPE_CHECKING:
    from reelwright.cli.output import Output
    from reelwright.client import Client
    from reelwright.stacks import Stack

_STACK = "Which stack"
_ANSWER = "How to answer"
Command = Callable[..., Exit]


@dataclass(frozen=True)
class Given:
    """What was given. Without `stack` and `api`, the embedded AWS is meant."""

    stack: Annotated[
        str | None,
        typer.Option(
            help="A stack on AWS, such as Reelwright. Without it: the embedded one.",
            envvar="REELWRIGHT_STACK",
            show_envvar=False,
            rich_help_panel=_STACK,
        ),
    ] = None
    profile: Annotated[
        str | None, typer.Option(help="Of the AWS configuration.", rich_help_panel=_STACK)
    ] = None
    region: Annotated[str | None, typer.Option(help="Of AWS.", rich_help_panel=_STACK)] = None
    api: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="The API's address, in place of --stack: needs no AWS credentials.",
            envvar="REELWRIGHT_API",
            show_envvar=False,
            rich_help_panel=_STACK,
        ),
    ] = None
    home: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Of the embedded AWS. Without it: .reelwright of the checkout.",
            envvar="REELWRIGHT_LOCAL_HOME",
            show_envvar=False,
            rich_help_panel=_STACK,
        ),
    ] = None
    as_json: Annotated[
        bool,
        typer.Option("--json", help="JSON on standard output.", rich_help_panel=_ANSWER),
    ] = False
    debug: Annotated[
        bool,
        typer.Option("--debug", help="Show where an error came from.", rich_help_panel=_ANSWER),
    ] = False

    @property
    def output(self) -> "Output":
        from reelwright.cli.output import Output

        return Output(as_json=self.as_json)

    def find_stack(self, client_id: str | None = None) -> "Stack":
        from reelwright.stacks import Stack

        if self.stack and self.api:
            raise typer.BadParameter("say --stack or --api, not both")
        if self.api:
            return Stack.at(self.api, client_id=client_id, region=self.region)
        if self.stack:
            return Stack.on_aws(self.stack, profile=self.profile, region=self.region)
        return Stack.embedded(self.home)

    def client(self, stack: "Stack | None" = None) -> "Client":
        from reelwright.client import Client

        found = stack or self.find_stack()
        return Client(found.api_url, found.tokens())


def command(app: typer.Typer, name: str) -> Callable[[Command], Command]:
    """Make a function a command. Its first parameter is what was Given, whose options it gets."""

    def add(function: Command) -> Command:
        @functools.wraps(function)
        def run(**values: Any) -> Exit:
            given = Given(**{field.name: values.pop(field.name) for field in fields(Given)})
            try:
                return function(given, **values)
            except BrokenPipeError:
                # So that nothing more is written when the interpreter closes it.
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                return Exit.PIPE_CLOSED

        own = list(inspect.signature(function).parameters.values())[1:]
        shared = list(inspect.signature(Given).parameters.values())
        parameters = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in (*own, *shared)]
        # Both are read by typer.
        vars(run)["__signature__"] = inspect.Signature(parameters)
        run.__annotations__ = {one.name: one.annotation for one in parameters}
        app.command(name)(run)
        return function

    return add
