"""What tests change on a running stack, each put back at its end, and what they look at."""

import json
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from local.releases import released
from reelwright.direct import Job
from tests.integration.conftest import Deployed
from tests.integration.faulty_wire import FaultyWire
from tests.polling import until

_SERVICES = ("S3", "DYNAMODB", "SFN")


@contextmanager
def configured(stack: Deployed, stem: str, **settings: Any) -> Iterator[None]:
    """A function with other settings, as UpdateFunctionConfiguration names them.

    Jobs that run already have them where the machine calls the function unqualified, and jobs that
    are started have them in any case. The embedded AWS ends a function's running calls when its
    settings change; AWS lets them end.
    """
    before = stack.configuration(stem)
    _configure(stack, stem, settings)
    client = stack.client
    alias, name = client.outputs["StateMachineArn"], stack.function(stem)
    try:
        with released(client.functions, client.states, alias, [name]):
            yield
    finally:
        _configure(stack, stem, {name: before[name] for name in settings})


def _configure(stack: Deployed, stem: str, settings: dict[str, Any]) -> None:
    stack.client.functions.update_function_configuration(
        FunctionName=stack.function(stem), **settings
    )
    until(
        lambda: stack.configuration(stem)["LastUpdateStatus"] == "Successful",
        f"{stem} to be updated",
        30,
    )


@contextmanager
def ceiling(stack: Deployed, jobs: int) -> Iterator[None]:
    """As a deploy with another `max_active_jobs` does it, while jobs wait."""
    with ExitStack() as undo:
        for stem in ("RequestTurn", "FinishJob", "CancelJob", "ReconcileJobs"):
            undo.enter_context(with_variables(stack, stem, {"MAX_ACTIVE_JOBS": str(jobs)}))
        yield


@contextmanager
def with_variables(stack: Deployed, stem: str, more: Mapping[str, str]) -> Iterator[None]:
    """A function with more variables in its environment, or others."""
    own = stack.configuration(stem)["Environment"]["Variables"]
    with configured(stack, stem, Environment={"Variables": {**own, **more}}):
        yield


@contextmanager
def behind(stack: Deployed, wire: FaultyWire, *stems: str) -> Iterator[None]:
    """Functions whose requests to AWS go over the wire."""
    addresses = {f"AWS_ENDPOINT_URL_{service}": wire.url for service in _SERVICES}
    with ExitStack() as undo:
        for stem in stems:
            undo.enter_context(with_variables(stack, stem, addresses))
        undo.callback(wire.let_go)
        yield


def kill_workers(stack: Deployed, wire: FaultyWire, stem: str) -> None:
    """End what runs a function behind the wire, as a sandbox that fails does."""
    marks = {
        f"AWS_LAMBDA_FUNCTION_NAME={stack.function(stem)}".encode(),
        f"AWS_ENDPOINT_URL_S3={wire.url}".encode(),
    }
    killed = [process for process in _processes() if marks <= _environment(process)]
    assert killed
    for process in killed:
        os.kill(process, signal.SIGKILL)


def _processes() -> Iterator[int]:
    return (int(entry.name) for entry in Path("/proc").glob("[0-9]*"))


def _environment(process: int) -> set[bytes]:
    try:
        return set(Path(f"/proc/{process}/environ").read_bytes().split(b"\0"))
    except OSError:
        return set()


@contextmanager
def reserved(stack: Deployed, stem: str, concurrency: int) -> Iterator[None]:
    """A function that may run so many times at once; 0 throttles every call."""
    name = stack.function(stem)
    lambdas = stack.client.functions
    lambdas.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=concurrency)
    try:
        yield
    finally:
        lambdas.delete_function_concurrency(FunctionName=name)


@contextmanager
def uncalled(stack: Deployed, *stems: str) -> Iterator[None]:
    """No rule calls these functions: no event is told of, no minute is struck."""
    events: Any = stack.service("events")
    with ExitStack() as undo:
        for stem in stems:
            arn = stack.function_arn(stem)
            for name in events.list_rule_names_by_target(TargetArn=arn)["RuleNames"]:
                events.disable_rule(Name=name)
                undo.callback(events.enable_rule, Name=name)
        yield


def invoke(stack: Deployed, stem: str, event: Any) -> Any:
    """What a function answers."""
    answer = stack.client.functions.invoke(
        FunctionName=stack.function(stem), Payload=json.dumps(event)
    )
    return json.loads(answer["Payload"].read())


def reconcile(stack: Deployed) -> bool:
    """Do at once what is done every minute."""
    return set(invoke(stack, "ReconcileJobs", {})) == {"mended", "never_started"}


def is_(stack: Deployed, job_id: str, status: str) -> Callable[[], bool | None]:
    """For `until`: whether the job has this status."""

    def look() -> bool | None:
        job = stack.client.job(job_id)
        return True if job and job["status"] == status else None

    return look


def turns_of(stack: Deployed, *job_ids: str) -> list[str]:
    """Those of the jobs that have a turn."""
    return [turn.job_id for turn in stack.client.jobs.turns.all() if turn.job_id in job_ids]


def assert_freed(stack: Deployed, *job_ids: str) -> None:
    """The jobs hold no turn, the count is that of the turns that are granted, and nothing else is
    left in the table but the counts of lanes."""
    assert turns_of(stack, *job_ids) == []
    turns = stack.client.jobs.turns
    assert turns.granted() == sum(turn.state == "GRANTED" for turn in turns.all())
    rows = turns.dynamodb.scan(TableName=turns.table, ConsistentRead=True)["Items"]
    assert [row for row in rows if "job_id" not in row and row["sequence"]["N"] != "0"] == []


def assert_unpublished(stack: Deployed, job_id: str) -> None:
    """Nothing of the job can be taken for its result."""
    assert published(stack, job_id) == []
    job = stack.client.job(job_id)
    assert job is not None
    assert "result_key" not in job


def published(stack: Deployed, job_id: str) -> list[str]:
    """What is under the job's final keys."""
    store = stack.client.store
    listed = store.s3.list_objects_v2(Bucket=store.bucket, Prefix=f"jobs/{job_id}/")
    plans = (f"jobs/{job_id}/plan.json", f"jobs/{job_id}/chunks.json")
    return [found["Key"] for found in listed.get("Contents", []) if found["Key"] not in plans]


def open_uploads(stack: Deployed, job_id: str) -> int:
    """Multipart uploads of the job that were neither completed nor given up."""
    store = stack.client.store
    listed = store.s3.list_multipart_uploads(Bucket=store.bucket, Prefix=f"jobs/{job_id}/")
    return len(listed.get("Uploads", []))


def chunk_failures(stack: Deployed, job: Job) -> dict[int, list[str]]:
    """Names of the errors that each chunk's attempts met, from the children's histories."""
    states = stack.client.states
    (run,) = states.list_map_runs(executionArn=job["execution_arn"])["mapRuns"]
    children = states.list_executions(mapRunArn=run["mapRunArn"])["executions"]
    return {
        json.loads(states.describe_execution(executionArn=arn)["input"])["index"]: [
            event["taskFailedEventDetails"]["error"]
            for event in states.get_execution_history(executionArn=arn)["events"]
            if event["type"] == "TaskFailed"
        ]
        for arn in (child["executionArn"] for child in children)
    }
