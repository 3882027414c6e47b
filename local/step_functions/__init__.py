"""Step Functions of the embedded AWS: the engine's API and store, with an interpreter of our own.

docs/decisions/0003-embedded-step-functions.md says why.
"""

from collections.abc import Callable
from typing import Any

from local.shims import engine_module, replace, require, symbol
from local.step_functions import deploying, executions, tokens, versions
from local.step_functions.interpreter import refusal
from local.step_functions.restart import after_restart, interrupted
from local.step_functions.starting import start
from local.step_functions.status_events import publish

__all__ = ["after_restart", "install", "interrupted"]
_RELIED_ON = (
    "_ExecutionError",
    "_apply_jsonata_template",
    "_call_lambda",
    "_executions",
    "_invoke_resource",
    "_map_runs",
    "_resolve_lambda_function_ref",
    "_s3_object_text",
    "_state_machine_aliases",
    "_state_machine_versions",
    "_state_machines",
    "error_response_json",
    "json_response",
    "now_iso",
)
_Action = Callable[[dict[str, Any]], Any]


def install() -> None:
    """Put the interpreter below the engine's Step Functions API and CloudFormation resource."""
    engine = engine_module("services.stepfunctions")
    require(engine, *_RELIED_ON)
    require(engine_module("services.eventbridge"), "_put_events")
    replace(engine, "_run_execution", lambda _original: executions.run)
    replace(engine, "_emit_execution_status_event", lambda _original: publish)
    replace(engine, "_start_execution", lambda _original: start)
    replace(engine, "_describe_execution", versions.describe_execution)
    replace(engine, "_list_executions", versions.list_executions)
    replace(engine, "_stop_execution", lambda original: _stop(engine, original))
    replace(engine, "_send_task_success", lambda _original: tokens.send_success)
    replace(engine, "_send_task_failure", lambda _original: tokens.send_failure)
    replace(engine, "_send_task_heartbeat", lambda _original: tokens.send_heartbeat)
    replace(
        engine,
        "_validate_definition_jsonata",
        lambda original: lambda definition: refusal(definition) or original(definition),
    )
    replace(
        engine_module("services.cloudformation.provisioners"),
        "_sfn_definition",
        lambda original: lambda properties: _checked(engine, original(properties)),
    )
    deploying.install()


def _checked(engine: Any, definition: str) -> str:
    if found := symbol(engine, "_validate_definition_jsonata")(definition):
        raise ValueError(f"Invalid State Machine Definition: '{found}'")
    return definition


def _stop(engine: Any, original: _Action) -> _Action:
    """StopExecution, which also ends what the execution waits for."""

    def stop(request: dict[str, Any]) -> Any:
        record = symbol(engine, "_executions").get(request.get("executionArn"))
        if record is None or record["status"] != "RUNNING":
            return original(request)
        executions.live(record).close(
            "ABORTED", error=request.get("error"), cause=request.get("cause")
        )
        return symbol(engine, "json_response")({"stopDate": record["stopDate"]})

    return stop
