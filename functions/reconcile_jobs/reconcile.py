"""Ends and grants what events missed: every turn is held against its job and its execution."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from functions.shared.cancelling import end_cancelled
from functions.shared.executions import Executions, Look
from functions.shared.jobs_table import NEVER_STARTED, TERMINAL, JobError, JobsTable
from functions.shared.turns import Answerer, grant_turns, tell
from functions.shared.turns_table import Turn

MOST_LOOKS = 300
"""Waiting turns looked at in one run: DescribeExecution's quota is 15 calls a second."""
OVERRAN = JobError("ExecutionTimedOut", "The job rendered longer than the stack allows.")


@dataclass(frozen=True)
class World:
    """What the reconciler looks at and acts on."""

    jobs: JobsTable
    executions: Executions
    answerer: Answerer
    ceiling: int
    never_started_after: timedelta
    renders_at_most: timedelta = timedelta.max
    """Waiting for the turn not counted, which the machine's own timeout can't tell from it."""
    has_time: Callable[[], bool] = lambda: True
    """Whether another turn may be looked at before the function's time is up."""


@dataclass(frozen=True)
class Round:
    """What one run found and did."""

    mended: int
    """Jobs."""
    waiting: int
    """Turns that were not granted, of queued jobs too."""
    rendering: int
    longest_s: float
    """How long the oldest of those renders."""


def reconcile(world: World, now: datetime) -> Round:
    """Mend what can be seen to be wrong.

    A job in order is left alone, so that running this again, or twice at once, changes nothing.
    Granting comes first and last: however many wait, and however long looking takes, turns go on.
    """
    turns = world.jobs.turns
    # Read before: what is granted now is told already, and must not be taken for untold.
    found = list(turns.all())
    mended = grant_turns(turns, world.answerer, world.ceiling)
    longest_s = 0.0
    for turn in in_turn(found, now):
        if not world.has_time():
            break
        row = world.jobs.get(turn.job_id)
        if row is None or row["status"] in TERMINAL:
            continue  # it ended since the turns were read
        if "started_at" in row:
            longest_s = max(longest_s, _since(row["started_at"], now).total_seconds())
        mended += _mend(world, turn, row, now)
    mended += grant_turns(turns, world.answerer, world.ceiling)
    rendering = sum(turn.state == "GRANTED" for turn in found)
    return Round(mended, len(found) - rendering, rendering, longest_s)


def in_turn(turns: list[Turn], now: datetime) -> list[Turn]:
    """Every turn that holds a place, and as many of the others as are looked at in one run: each
    minute begins where the last left off, so all are seen in time."""
    held = [turn for turn in turns if turn.state == "GRANTED"]
    others = sorted((turn for turn in turns if turn.state != "GRANTED"), key=lambda turn: turn.rank)
    if len(others) <= MOST_LOOKS:
        return held + others
    first = int(now.timestamp()) // 60 * MOST_LOOKS % len(others)
    return held + (others[first:] + others[:first])[:MOST_LOOKS]


def _mend(world: World, turn: Turn, row: dict[str, Any], now: datetime) -> bool:
    if row.get("cancel_requested_at"):
        end_cancelled(world.jobs, world.executions, turn.job_id, now)
        return True
    arn = row.get("execution_arn")
    if arn is None:
        overdue = _since(turn.registered_at, now) > world.never_started_after
        return overdue and world.jobs.fail(turn.job_id, None, NEVER_STARTED, now)
    if (error := _ended(world, row, arn, now)) is not None:
        return world.jobs.fail(turn.job_id, arn, error, now)
    if turn.state == "GRANTED" and not turn.started:
        # Granted and never told, or told and about to start: telling again harms neither.
        return not tell(world.jobs.turns, world.answerer, turn.lane, turn.sequence)
    return False


def _ended(world: World, row: dict[str, Any], arn: str, now: datetime) -> JobError | None:
    """Why the job's execution runs no more; one that renders for too long is stopped."""
    look = world.executions.look(arn)
    if look.status != "RUNNING":
        return _ending(look)
    if row["status"] == "RUNNING" and _since(row["started_at"], now) > world.renders_at_most:
        world.executions.stop(arn, OVERRAN.name, OVERRAN.message)
        return OVERRAN
    return None


def _since(stamped: str, now: datetime) -> timedelta:
    return now - datetime.fromisoformat(stamped)


def _ending(look: Look) -> JobError:
    names = {
        "ABORTED": ("ExecutionAborted", "The execution was stopped before the job was done."),
        "TIMED_OUT": ("ExecutionTimedOut", "The execution ran longer than the stack allows."),
        "SUCCEEDED": ("ExecutionFailed", "The execution ended without completing its job."),
        None: ("ExecutionGone", "The execution of the job is not there any more."),
    }
    name, words = names.get(look.status, ("ExecutionFailed", "The execution failed."))
    return JobError(look.error or name, look.cause or words)
