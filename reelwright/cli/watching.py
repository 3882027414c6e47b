"""Following a job to its end, and what Ctrl-C means meanwhile."""

import sys
from typing import TYPE_CHECKING

import typer

from functions.shared.job_view import JobView
from reelwright.errors import ConflictError

if TYPE_CHECKING:
    from reelwright.cli.output import Output
    from reelwright.cli.progress import Progress
    from reelwright.client import Client


class Watch:
    """Looks at a job again and again until it has ended."""

    def __init__(self, client: "Client", progress: "Progress", output: "Output") -> None:
        self._client = client
        self._progress = progress
        self._output = output

    def follow(self, job_id: str) -> JobView:
        """The ended job. typer.Abort when the user stops watching."""
        try:
            return self._look(job_id)
        except KeyboardInterrupt:
            try:
                if not self._wants_cancel():
                    raise self._stopped(job_id) from None
                self._cancel(job_id)
                return self._look(job_id, "cancelling")
            except KeyboardInterrupt:
                raise self._stopped(job_id) from None

    def print_changes(self, job_id: str) -> JobView:
        """For --json: the job after each change, one line each. Ctrl-C stops watching."""
        try:
            for job in self._client.watch(job_id):
                self._output.document(job)
        except KeyboardInterrupt:
            raise self._stopped(job_id) from None
        return job

    def _look(self, job_id: str, word: str = "sent") -> JobView:
        with self._progress.job(word) as show:
            for job in self._client.watch(job_id, each_look=True):
                show(job)
        return job

    def _wants_cancel(self) -> bool:
        """Asked where somebody can answer; Ctrl-C, or the end of input, is a no."""
        if not (sys.stdin.isatty() and self._output.errors.is_terminal):
            return False
        self._output.errors.print("\nCancel the job too? [y/N] ", end="", markup=False)
        return sys.stdin.readline().strip().lower() in {"y", "yes"}

    def _cancel(self, job_id: str) -> None:
        try:
            self._client.cancel(job_id)
        except ConflictError as refused:
            self._output.said(f"Too late to cancel it: {refused}")

    def _stopped(self, job_id: str) -> typer.Abort:
        if self._output.errors.is_terminal:
            self._output.said("")  # Ctrl-C left a mark on the line
        self._output.said(
            f"Stopped watching. Job {job_id} goes on: `reelwright job {job_id} --watch`"
        )
        return typer.Abort()
