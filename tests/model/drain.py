"""After the last choice: the pending calls are made, the reconciler runs, nobody may be stuck."""

from typing import Any

from functions.shared.jobs_table import TERMINAL
from tests.model.operations import Operations
from tests.model.watch import demand

_MOST_ROUNDS = 40


def drain(ops: Operations) -> None:
    """First with executions standing still, then with each going on to its end."""
    while ops.in_flight:
        ops.run(ops.in_flight[0])
    _settle(ops, late=False)
    _check_nobody_forgotten(ops)
    for _ in range(_MOST_ROUNDS):
        if not _go_on(ops):
            _settle(ops, late=True)
            _check_nobody_forgotten(ops)
            if not _go_on(ops):
                break
    running = [e for e in ops.states.executions if e.status == "RUNNING"]
    # Ended and redriven at the same moment, an execution may ask for the turn of a job that is just
    # being ended, and wait until its own timeout. It holds nothing.
    stuck = [e for e in running if not (e.redrives and ops.status(e.job) in TERMINAL)]
    ops.seen["left waiting"] += len(running)
    demand(not stuck, f"executions wait for ever: {[e.arn for e in stuck]}")
    unfinished = [job for job, row in ops.watch.jobs.items() if row["status"] not in TERMINAL]
    demand(not unfinished and ops.watch.granted == 0, f"jobs never end: {unfinished}")


def _settle(ops: Operations, *, late: bool) -> None:
    """The reconciler runs until a run changes nothing."""
    for _ in range(_MOST_ROUNDS):
        before = _picture(ops)
        ops.run(ops.reconcile(late=late))
        if _picture(ops) == before:
            return
    demand(False, "the reconciler finds no rest")


def _picture(ops: Operations) -> Any:
    executions = [(e.status, e.state, e.token) for e in ops.states.executions]
    return ops.watch.jobs, ops.watch.turns, executions


def _check_nobody_forgotten(ops: Operations) -> None:
    if ops.watch.granted >= ops.ceiling:
        return
    waiting = {e.arn for e in ops.states.executions if e.waits}
    for (lane, sequence), turn in ops.watch.turns.items():
        first = all(other[1] >= sequence for other in ops.watch.turns if other[0] == lane)
        arn = ops.watch.jobs[turn["job_id"]].get("execution_arn")
        forgotten = first and turn["state"] == "WAITING" and arn in waiting
        demand(not forgotten, f"{turn['job_id']} waits while a slot and its lane are free")


def _go_on(ops: Operations) -> bool:
    """One step of every execution that can take one, without any more faults."""
    moved = False
    for execution in ops.states.executions:
        if execution.status == "RUNNING" and execution.state == "Render":
            execution.enter("Publish")
            moved = True
        if execution.idle:
            ops.run(ops.invoke(execution))
            moved = True
    return moved
