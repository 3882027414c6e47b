"""What becomes of executions that ran when the engine stopped."""

from dataclasses import dataclass
from typing import Any

from local.shims import engine_module, symbol
from local.step_functions import executions, map_run, tokens, waiting
from local.step_functions.scope import Scope, spawn

STOPPED = "EmbeddedAwsStopped"
_CAUSE = "The embedded AWS was stopped while this execution ran, and it can't go on from there."


@dataclass(frozen=True)
class Interrupted:
    """An execution whose engine has stopped."""

    record: dict[str, Any]
    account: str
    region: str
    waits: bool
    """For a token, and for nothing else."""


def interrupted() -> list[Interrupted]:
    """Those in the engine's store, which was just restored: nothing in it runs yet.

    Tokens that are waited for can be answered from here on, by the end of another execution too.
    """
    engine = engine_module("services.stepfunctions")
    for run in symbol(engine, "_map_runs").all_values():
        if run["status"] == "RUNNING":
            map_run.abandon(run)
    found = []
    for (account, region, _), record in symbol(engine, "_executions").all_items():
        if record["status"] == "RUNNING":
            if note := waiting.note_of(record):
                tokens.again(note["token"])
            found.append(Interrupted(record, account, region, note is not None))
    return found


def after_restart(found: list[Interrupted]) -> None:
    """Those that waited for a token wait on; all others end, and events tell of it.

    Rules and functions have to be back, and requests to be served.
    """
    request_scope = symbol(engine_module("core.responses"), "request_scope")
    for one in found:
        with request_scope(one.account, one.region):
            if one.waits:
                spawn(executions.run, one.record["executionArn"])
            else:
                execution = executions.Execution(
                    one.record, Scope(), is_child="mapRunArn" in one.record
                )
                execution.close("ABORTED", error=STOPPED, cause=_CAUSE)
