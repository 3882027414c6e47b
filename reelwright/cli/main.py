"""`reelwright`: its commands, and what becomes of an error."""

import sys
import traceback
from typing import Annotated, NoReturn

import typer
from typer.exceptions import TyperException

from reelwright.cli import account, doctor, follow, jobs, local_stack, render
from reelwright.cli.exits import Exit, exit_of
from reelwright.errors import ReelwrightClientError

app = typer.Typer(
    name="reelwright",
    help="Render video in many small functions, on AWS or on this machine.",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


def main() -> NoReturn:
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """The exit code. One line on standard error where it is not 0; a traceback with --debug."""
    try:
        code = app(arguments, prog_name="reelwright", standalone_mode=False)
    except TyperException as wrong:
        _complain(wrong.format_message(), _help_of(wrong))
        return wrong.exit_code
    except ReelwrightClientError as error:
        return _ended(error, arguments)
    except (typer.Abort, KeyboardInterrupt):
        return Exit.STOPPED
    except Exception as bug:  # noqa: BLE001 - the boundary: nobody is to be shown a traceback
        return _ended(bug, arguments)
    return int(code or Exit.DONE)


def _ended(error: Exception, arguments: list[str]) -> Exit:
    if "--debug" in arguments:
        traceback.print_exception(error)
    if isinstance(error, ReelwrightClientError):
        _complain(str(error), error.next_step)
        return exit_of(error)
    _complain(
        f"This is a fault of reelwright itself: {type(error).__name__}: {error}.",
        "run it with --debug and report what it shows",
    )
    return Exit.BUG


def _complain(message: str, next_step: str) -> None:
    said = " ".join(message.split()).removesuffix(".")
    sys.stderr.write(f"reelwright: {said}{f'; {next_step}' if next_step else ''}\n")


def _help_of(wrong: TyperException) -> str:
    context = getattr(wrong, "ctx", None)
    return f"see `{context.command_path if context else 'reelwright'} --help`"


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if wanted:
        from importlib.metadata import version

        typer.echo(version("reelwright"))
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _whole(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 - its callback has done all
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version."),
    ] = False,
) -> Exit:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        return Exit.USAGE
    return Exit.DONE


for _module in (render, jobs, follow, account, doctor):
    _module.add_to(app)
app.add_typer(local_stack.app)
