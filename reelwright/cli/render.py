"""`reelwright render` and `reelwright snapshots`: send a job, follow it, fetch what it made."""

from pathlib import Path
from typing import Annotated, Any

import typer

from reelwright.cli.exits import Exit
from reelwright.cli.given import Given, command

_JOB = "The job"
_Source = Annotated[
    str,
    typer.Argument(metavar="SOURCE", help="A file of yours, or s3://bucket/key, or https://…"),
]
_Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="OUT",
        help="A folder; or the name of the one file that is made. Without it: a new folder.",
    ),
]
_OrderKey = Annotated[
    str | None,
    typer.Option(help="Jobs of one key finish in the order they were sent.", rich_help_panel=_JOB),
]
_Priority = Annotated[
    int, typer.Option(help="-50 to 50; the highest goes first.", rich_help_panel=_JOB)
]
_Webhook = Annotated[
    str | None,
    typer.Option(metavar="URL", help="An https address to tell.", rich_help_panel=_JOB),
]
_Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Until the job's end.")]
_Key = Annotated[
    str | None,
    typer.Option(
        metavar="KEY",
        help="Made up by you: a command repeated with it finds the job it sent before.",
        rich_help_panel=_JOB,
    ),
]


def _presets() -> list[str]:
    from typing import get_args

    from functions.shared.request.encoding import Preset

    return list(get_args(Preset))


def add_to(app: typer.Typer) -> None:
    command(app, "render")(_render)
    command(app, "snapshots")(_snapshots)


def _render(
    given: Given,
    *,
    source: _Source,
    output: _Output = None,
    height: Annotated[
        list[int] | None,
        typer.Option(help="Of the pictures; repeat it for one file each. Without it: as it is."),
    ] = None,
    crf: Annotated[int, typer.Option(help="Quality: 0 to 51, lower is better and larger.")] = 23,
    preset: Annotated[
        str,
        typer.Option(help="Speed against size, ultrafast to veryslow.", autocompletion=_presets),
    ] = "medium",
    name: Annotated[
        str | None, typer.Option(help="Of the made file, without .mp4. Without it: its height.")
    ] = None,
    snapshots: Annotated[
        int | None, typer.Option(metavar="N", help="Take so many pictures as well.")
    ] = None,
    order_key: _OrderKey = None,
    priority: _Priority = 0,
    webhook: _Webhook = None,
    wait: _Wait = True,
    idempotency_key: _Key = None,
) -> Exit:
    """Render a video, and fetch the result."""
    video = {"crf": crf, "preset": preset}
    outputs = [
        {"name": made, **({"height": pixels} if pixels else {}), "video": video}
        for made, pixels in _named(name, height or [])
    ]
    request: dict[str, Any] = {"render": {"outputs": outputs}}
    if snapshots is not None:
        request["snapshots"] = {"count": snapshots}
    from reelwright.cli.sending import Sending

    more = _terms(order_key, priority, webhook)
    return Sending(given, source, {**request, **more}, output, idempotency_key).run(wait=wait)


def _snapshots(
    given: Given,
    *,
    source: _Source,
    output: _Output = None,
    count: Annotated[
        int | None, typer.Option(help="So many, at the centres of equal parts.")
    ] = None,
    every: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="One at 0 and one each so often.")
    ] = None,
    at: Annotated[
        list[float] | None, typer.Option(metavar="SECONDS", help="At this time; repeat it.")
    ] = None,
    width: Annotated[
        list[int] | None, typer.Option(help="Of the pictures; repeat it. Without it: 640.")
    ] = None,
    png: Annotated[bool, typer.Option("--png", help="PNG in place of JPEG.")] = False,
    order_key: _OrderKey = None,
    priority: _Priority = 0,
    webhook: _Webhook = None,
    wait: _Wait = True,
    idempotency_key: _Key = None,
) -> Exit:
    """Take pictures of a video, and fetch them. Say when by one of --count, --every, --at."""
    wanted = {
        "count": count,
        "every_s": every,
        "at_s": at or None,
        "widths": width or None,
        "format": "png" if png else None,
    }
    if all(wanted[way] is None for way in ("count", "every_s", "at_s")):
        raise typer.BadParameter("say when by one of --count, --every, --at")
    request = {"snapshots": {key: value for key, value in wanted.items() if value is not None}}
    from reelwright.cli.sending import Sending

    more = _terms(order_key, priority, webhook)
    return Sending(given, source, {**request, **more}, output, idempotency_key).run(wait=wait)


def _named(name: str | None, heights: list[int]) -> list[tuple[str, int | None]]:
    """A name for each file: the given one, the height, or both where there are several."""
    if len(heights) > 1:
        return [(f"{name}-{pixels}p" if name else f"{pixels}p", pixels) for pixels in heights]
    pixels = heights[0] if heights else None
    return [(name or (f"{pixels}p" if pixels else "video"), pixels)]


def _terms(order_key: str | None, priority: int, webhook: str | None) -> dict[str, Any]:
    """What a job may say beside what is to be made."""
    terms: dict[str, Any] = {}
    if order_key is not None:
        terms["order_key"] = order_key
    if priority:
        terms["priority"] = priority
    if webhook is not None:
        terms["notify"] = {"webhook_url": webhook}
    return terms
