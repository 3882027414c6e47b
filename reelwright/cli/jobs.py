"""`reelwright jobs`, `job`, `cancel`, `open`: look at jobs that were sent, and stop them."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reelwright.cli.exits import ENDS, Exit
from reelwright.cli.given import Given, command

if TYPE_CHECKING:
    from functions.shared.job_view import JobView

_JobId = Annotated[str, typer.Argument(metavar="ID", help="As it was printed when it was sent.")]


def _statuses() -> list[str]:
    from typing import get_args

    from functions.shared.job_rows import Status

    return list(get_args(Status))


def add_to(app: typer.Typer) -> None:
    command(app, "jobs")(_jobs)
    command(app, "job")(_job)
    command(app, "cancel")(_cancel)
    command(app, "open")(_open)


def _jobs(
    given: Given,
    status: Annotated[
        str | None,
        typer.Option(help="Only these, e.g. RUNNING.", autocompletion=_statuses),
    ] = None,
    order_key: Annotated[str | None, typer.Option(help="Only those of this key.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="So many, newest first.")] = 20,
) -> Exit:
    """List your jobs, newest first."""
    from reelwright.cli import output

    asked = status.upper() if status else None
    if asked is not None and asked not in _statuses():
        raise typer.BadParameter(f"--status is one of {', '.join(_statuses())}, not {status}")
    found = list(given.client().jobs(status=asked, order_key=order_key, limit=limit))
    if given.as_json:
        given.output.document({"jobs": found})
    elif not found:
        given.output.said("No jobs.")
    else:
        given.output.table(
            ["job", "status", "sent", "order key", "error"],
            [
                [
                    job.job_id,
                    output.status(job.status),
                    f"{job.created_at.astimezone():%Y-%m-%d %H:%M:%S}",
                    job.order_key or "",
                    job.error.name if job.error else "",
                ]
                for job in found
            ],
        )
    return Exit.DONE


def _job(
    given: Given,
    job_id: _JobId,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Follow it to its end.")] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="OUT", help="Fetch its files, to a folder or a file's name."
        ),
    ] = None,
) -> Exit:
    """Show a job, follow it, or fetch what it made."""
    from reelwright.cli.progress import Progress
    from reelwright.cli.results import Place
    from reelwright.cli.sending import finish
    from reelwright.cli.watching import Watch
    from reelwright.errors import ConflictError

    client = given.client()
    progress = Progress(given.output.errors, quiet=given.as_json)
    if watch:
        follow = Watch(client, progress, given.output)
        job = follow.print_changes(job_id) if given.as_json else follow.follow(job_id)
    else:
        job = client.job(job_id)
    if output is not None and job.status in ENDS:
        return finish(client, job, Place(output, job_id), given, progress)
    if not given.as_json:
        _show(given, job)
    elif not watch:
        given.output.document(job)
    if output is not None:
        raise ConflictError(f"Job {job_id} is {job.status}.", "to wait for its files: --watch")
    return ENDS[job.status] if watch else Exit.DONE


def _show(given: Given, job: "JobView") -> None:
    from reelwright.cli.description import described

    for line in described(job):
        given.output.line(line)


def _cancel(given: Given, job_id: _JobId) -> Exit:
    """Cancel a job. Nothing of it is published."""
    job = given.client().cancel(job_id)
    if given.as_json:
        given.output.document(job)
    else:
        ended = job.status == "CANCELLED"
        given.output.line(f"{job_id} is {'CANCELLED' if ended else 'being cancelled'}")
    return Exit.DONE


def _open(
    given: Given,
    job_id: _JobId,
    only_print: Annotated[bool, typer.Option("--print", help="Open no browser.")] = False,
) -> Exit:
    """Print the address of a job's execution in the AWS console, and open it on a terminal."""
    from reelwright.errors import NotFoundError

    stack = given.find_stack()
    url = given.client(stack).job(job_id).execution_url
    if url is None:
        raise NotFoundError(f"Job {job_id} has no execution yet.", "look again when it is WAITING")
    if given.as_json:
        given.output.document({"url": url})
    else:
        given.output.line(url)
    if stack.endpoint is not None:
        given.output.said("The embedded AWS has no console; the address is AWS's own.")
    elif not (only_print or given.as_json) and sys.stdout.isatty():
        typer.launch(url)
    return Exit.DONE
