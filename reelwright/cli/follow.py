"""`reelwright logs` and `events`: what AWS itself has to say, with the caller's credentials."""

from typing import Annotated

import typer

from reelwright.cli.exits import Exit
from reelwright.cli.given import Given, command


def add_to(app: typer.Typer) -> None:
    command(app, "logs")(_logs)
    command(app, "events")(_events)


def _logs(
    given: Given, job_id: Annotated[str, typer.Argument(metavar="ID", help="Of the job.")]
) -> Exit:
    """Show what all functions logged of a job, in order of time. Needs AWS credentials."""
    from reelwright import logs
    from reelwright.cli import log_lines

    stack = given.find_stack()
    job = given.client(stack).job(job_id)
    records = logs.of_job(stack, job)
    if given.as_json:
        given.output.document({"records": records})
        return Exit.DONE
    for record in records:
        given.output.line(log_lines.line(record))
    if not records:
        given.output.said("Nothing was logged of it, or not yet: logs come some seconds late.")
    return Exit.DONE


def _events(
    given: Given,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="As they happen; events are not kept.")
    ] = False,
    job_id: Annotated[
        str | None, typer.Option("--job", metavar="ID", help="Only those of this job.")
    ] = None,
) -> Exit:
    """Show changes of jobs as they are announced. Needs AWS credentials; ends by Ctrl-C."""
    if not follow:
        raise typer.BadParameter(
            "events are not kept: say --follow for those to come; `reelwright jobs` lists what was"
        )
    from reelwright.cli import log_lines
    from reelwright.events import Tap

    output = given.output
    with Tap(given.find_stack(), job_id) as tap:
        output.said("Waiting for events; Ctrl-C ends it.")
        try:
            for event in tap.events():
                if given.as_json:
                    output.document(event)
                else:
                    output.line(log_lines.event(event))
        except KeyboardInterrupt:
            return Exit.DONE
    return Exit.DONE
