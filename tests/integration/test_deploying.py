"""A deploy in the middle of a job: the job ends as it began, the next one is rendered anew."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from local.deploy import deploy
from reelwright.direct import Job
from tests.integration.changes import reserved
from tests.integration.conftest import ASSEMBLY, STACK, Deployed
from tests.integration.jobs import THREE_CHUNKS
from tests.polling import until

pytestmark = pytest.mark.embedded_only
MARK = "Begin Anew"


def changed(folder: Path) -> Path:
    """The assembly with a state more in every chunk's child, and a function that can't start."""
    folder.mkdir()
    for entry in ASSEMBLY.iterdir():
        (folder / entry.name).symlink_to(entry)
    path = folder / f"{STACK}.template.json"
    template = json.loads(path.read_text())
    chunk, machine = (
        next(
            found["Properties"]
            for name, found in template["Resources"].items()
            if name.startswith(start) and found["Type"] == kind
        )
        for start, kind in (
            ("RenderChunkFunction", "AWS::Lambda::Function"),
            ("RenderMachine", "AWS::StepFunctions::StateMachine"),
        )
    )
    chunk["Handler"] = "nowhere.handle"
    definition = json.loads(machine["DefinitionString"])
    media = definition["States"]["Render Media"]["Branches"][0]["States"]
    child = media["Render Chunks"]["ItemProcessor"]
    child["States"][MARK] = {"Type": "Pass", "Next": child["StartAt"]}
    child["StartAt"] = MARK
    machine["DefinitionString"] = json.dumps(definition)
    _publish_anew(template["Resources"], "RenderChunkFunctionCurrentVersion")
    _put(path, template)
    _name_anew(folder / f"{STACK}.assets.json", path.name)
    return folder


def _name_anew(listing: Path, file: str) -> None:
    """What is uploaded already under an object's name is not uploaded again."""
    manifest = json.loads(listing.read_text())
    (template,) = (one for one in manifest["files"].values() if one["source"]["path"] == file)
    for destination in template["destinations"].values():
        destination["objectKey"] = f"{uuid.uuid4().hex}.json"
    _put(listing, manifest)


def _put(link: Path, content: Any) -> None:
    """In the place of a link into the assembly."""
    link.unlink()
    link.write_text(json.dumps(content))


def _publish_anew(resources: dict[str, Any], start: str) -> None:
    """Give a function's version another logical id, as CDK does when the function has changed."""
    (old,) = (name for name in resources if name.startswith(start))
    text = json.dumps(resources).replace(old, f"{start}Anew")
    resources.clear()
    resources.update(json.loads(text))


@contextmanager
def deployed(stack: Deployed, assembly: Path) -> Iterator[None]:
    assert stack.aws is not None
    try:
        deploy(assembly, STACK, stack.aws)
        yield
    finally:
        deploy(ASSEMBLY, STACK, stack.aws)


def children(stack: Deployed, job: Job) -> list[list[Any]]:
    """The histories of a job's chunks."""
    states = stack.client.states
    (run,) = states.list_map_runs(executionArn=job["execution_arn"])["mapRuns"]
    listed = states.list_executions(mapRunArn=run["mapRunArn"])["executions"]
    return [
        states.get_execution_history(executionArn=one["executionArn"])["events"] for one in listed
    ]


def entered(history: list[Any]) -> list[str]:
    details = [event.get("stateEnteredEventDetails") for event in history]
    return [one["name"] for one in details if one]


def called(history: list[Any]) -> set[str]:
    """The ARNs of the functions a history called."""
    scheduled = [event.get("taskScheduledEventDetails") for event in history]
    given = [json.loads(one["parameters"]) for one in scheduled if one]
    return {one["FunctionName"] for one in given if "FunctionName" in one}


@pytest.mark.aws("sfn-versions", "lambda-versions")
def test_a_deploy_in_mid_job_changes_the_next_job_only(
    stack: Deployed, clip: str, undisturbed: bytes, tmp_path: Path
) -> None:
    request = {"source": clip, **THREE_CHUNKS}
    name = stack.function("RenderChunk")
    with reserved(stack, "RenderChunk", 0):
        running = stack.client.submit(request)
        until(lambda: throttled(stack, running), "a chunk to be throttled", 60)
        with deployed(stack, changed(tmp_path / "out")):
            stack.client.functions.delete_function_concurrency(FunctionName=name)
            old = stack.wait(running)
            new = stack.wait(stack.client.submit(request))
    old_run, new_run = (stack.execution(job["execution_arn"]) for job in (old, new))

    assert stack.made(old) == undisturbed
    assert (new["status"], new["error"]["name"]) == ("FAILED", "Runtime.ImportModuleError")
    chunk = new["error"]["chunk"]
    assert (new_run["error"], "nowhere" in new_run["cause"]) == ("Runtime.ImportModuleError", True)
    assert f"Chunk {chunk}: " in new_run["cause"]
    causes = [history[-1].get("executionFailedEventDetails") for history in children(stack, new)]
    assert any(one["cause"].startswith(f"Chunk {chunk}, frames [") for one in causes if one)
    assert old_run["stateMachineAliasArn"] == new_run["stateMachineAliasArn"]
    assert old_run["stateMachineVersionArn"] != new_run["stateMachineVersionArn"]
    for history in children(stack, old):
        assert MARK not in entered(history)
    assert all(MARK in entered(history) for history in children(stack, new))
    old_arns, new_arns = (
        set().union(*(called(history) for history in children(stack, job))) for job in (old, new)
    )
    assert {arn.rpartition(":")[0] for arn in old_arns | new_arns} == {
        stack.function_arn("RenderChunk")
    }
    assert len(old_arns) == len(new_arns) == 1
    assert old_arns != new_arns


def throttled(stack: Deployed, job_id: str) -> bool | None:
    """Whether the job is in the middle of its chunks."""
    job = stack.client.job(job_id)
    if job is None or job["status"] != "RUNNING":
        return None
    states = stack.client.states
    if not states.list_map_runs(executionArn=job["execution_arn"])["mapRuns"]:
        return None
    events = [event["type"] for history in children(stack, job) for event in history]
    return "TaskFailed" in events or None
