"""`reelwright local up|down|status`: the embedded AWS on this machine."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reelwright.cli.exits import Exit

if TYPE_CHECKING:
    from local.embedded import EmbeddedAws

app = typer.Typer(name="local", help="The embedded AWS on this machine: start it, stop it.")
_Home = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Its folder. Without it: .reelwright of the checkout.",
        envvar="REELWRIGHT_LOCAL_HOME",
        show_envvar=False,
    ),
]
_Json = Annotated[bool, typer.Option("--json", help="JSON on standard output.")]
_Debug = Annotated[bool, typer.Option("--debug", help="Show where an error came from.")]


@app.command("up")
def _up(
    home: _Home = None,
    assembly: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="The synthesized app. Without it: `make synth`'s."),
    ] = None,
    as_json: _Json = False,
    debug: _Debug = False,  # noqa: ARG001 - main reads it
) -> Exit:
    """Start it, unless it is up, and deploy the stack into it."""
    from local.deploy import DeployFailedError, deploy
    from local.embedded import EngineFailedError
    from local.home import PROJECT
    from reelwright.errors import NotFoundError, UnreachableError

    synthesized = assembly or PROJECT / "build" / "cdk.local.out"
    if not (synthesized / "manifest.json").is_file():
        raise NotFoundError(
            f"There is no synthesized app at {synthesized}.",
            "make it in the checkout: `make local-up`",
        )
    aws = _embedded(home)
    try:
        aws.start()
        deploy(synthesized, "Reelwright", aws)
    except (DeployFailedError, EngineFailedError) as fault:
        raise UnreachableError(str(fault), f"look into {aws.home.log_path}") from fault
    return _tell(aws.note, as_json=as_json)


@app.command("down")
def _down(
    home: _Home = None,
    forget: Annotated[
        bool, typer.Option("--forget", help="Remove what it keeps: the next one starts empty.")
    ] = False,
    as_json: _Json = False,
    debug: _Debug = False,  # noqa: ARG001 - main reads it
) -> Exit:
    """Stop it, and everything it started. What it holds is kept for the next."""
    from reelwright.cli.output import Output

    aws = _embedded(home)
    stopped = aws.stop()
    if forget:
        aws.forget()
    output = Output(as_json=as_json)
    if as_json:
        output.document({"stopped": stopped, "forgotten": forget})
    else:
        output.line("Stopped" if stopped else "It was not up")
    return Exit.DONE


@app.command("status")
def _status(home: _Home = None, as_json: _Json = False, debug: _Debug = False) -> Exit:  # noqa: ARG001
    """Show where it is. Ends with 3 when it is not up."""
    return _tell(_embedded(home).note, as_json=as_json)


def _embedded(home: Path | None) -> "EmbeddedAws":
    from local.embedded import EmbeddedAws
    from local.home import DEFAULT_HOME, forget_account

    forget_account()
    return EmbeddedAws(home or DEFAULT_HOME)


def _tell(note: dict[str, Any] | None, *, as_json: bool) -> Exit:
    from reelwright.cli.output import Output
    from reelwright.errors import UnreachableError

    if note is None:
        raise UnreachableError("No embedded AWS is up.", "start it: `reelwright local up`")
    output = Output(as_json=as_json)
    if as_json:
        output.document(note)
        return Exit.DONE
    output.line(f"endpoint  {note['endpoint']}")
    for name, value in sorted(note.get("outputs", {}).items()):
        output.line(f"{name}  {value}")
    return Exit.DONE
