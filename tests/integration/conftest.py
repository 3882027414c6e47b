"""A deployed stack: the embedded one, or the one on AWS that REELWRIGHT_STACK names.

Every test here holds on both, but for those marked `embedded_only`, which reach into the machine.
"""

import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.deploy import deploy, reachable
from local.embedded import EmbeddedAws
from local.home import ACCOUNT, PROJECT, REGION
from reelwright.aws_calls import outputs_of
from reelwright.direct import TERMINAL, DirectClient, Job
from tests.integration.faulty_wire import FaultyWire, faulty_wire
from tests.integration.jobs import THREE_CHUNKS
from tests.on_aws.journal import Journal
from tests.on_aws.lookup import session_of_caller
from tests.polling import until

ASSEMBLY = PROJECT / "build" / "cdk.local.out"
STACK = "Reelwright"
CLIP = PROJECT / "examples" / "clip.mp4"
CLIP_FRAMES = 390
ENDPOINT = "AWS_ENDPOINT_URL"
"""botocore's own. With REELWRIGHT_STACK: the stack's AWS is an embedded one, spoken to as if it
were AWS."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On AWS, leave out what needs to reach into the machine the stack runs on; elsewhere, what
    only AWS does. An embedded stack that is named as one on AWS is neither."""
    left_out = []
    unfit = ["embedded_only"] if os.environ.get("REELWRIGHT_STACK") else ["aws_only"]
    if ENDPOINT in os.environ:
        unfit.append("aws_only")
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.integration)
            if any(item.get_closest_marker(name) for name in unfit):
                left_out.append(item)
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@dataclass(frozen=True)
class Deployed:
    """The stack under test, and the engine it runs on where that is the embedded one."""

    client: DirectClient
    aws: EmbeddedAws | None
    name: str = STACK
    session: boto3.Session | None = None
    """Of the caller's account, where the stack is one on AWS."""

    def service(self, name: str) -> Any:
        """A boto3 client beside those of `client`."""
        if self.aws:
            return self.aws.client(name)
        assert self.session is not None
        return self.session.client(name)  # type: ignore[call-overload]

    @cached_property
    def functions(self) -> dict[str, str]:
        """Names of functions by their logical ids."""
        pages = self.service("cloudformation").get_paginator("list_stack_resources")
        return {
            resource["LogicalResourceId"]: resource["PhysicalResourceId"]
            for page in pages.paginate(StackName=self.name)
            for resource in page["StackResourceSummaries"]
            if resource["ResourceType"] == "AWS::Lambda::Function"
        }

    def function(self, stem: str) -> str:
        """The name of a function by the stem of its construct, e.g. `RenderChunk`."""
        (found,) = [
            name for key, name in self.functions.items() if key.startswith(f"{stem}Function")
        ]
        return found

    def configuration(self, stem: str) -> Any:
        name = self.function(stem)
        return self.client.functions.get_function_configuration(FunctionName=name)

    def function_arn(self, stem: str) -> str:
        return str(self.configuration(stem)["FunctionArn"])

    def wait(self, job_id: str, seconds: float = 90) -> Job:
        """The job's row once it has ended."""
        return until(lambda: self.ended(job_id), f"job {job_id} to end", seconds)

    def ended(self, job_id: str) -> Job | None:
        job = self.client.job(job_id)
        return job if job is not None and job["status"] in TERMINAL else None

    def run(self, request: dict[str, Any], seconds: float = 90) -> Job:
        """Put a request on the queue and wait for its end."""
        return self.wait(self.client.submit(request), seconds)

    def made(self, job: Job) -> bytes:
        """The one file a job made of the bundled clip."""
        assert job["status"] == "COMPLETE", job.get("error")
        (output,) = self.client.result(job)["outputs"]
        assert output["frames"] == CLIP_FRAMES
        return self.client.store.read(output["key"])

    def execution(self, arn: str) -> Any:
        """The execution's description once it no longer runs."""
        describe = self.client.states.describe_execution
        return until(
            lambda: None if (d := describe(executionArn=arn))["status"] == "RUNNING" else d,
            f"execution {arn} to end",
            60,
        )


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, zips: Path) -> Iterator[Deployed]:
    name = os.environ.get("REELWRIGHT_STACK")
    if name:
        yield on_aws(name)
        return
    home = tmp_path_factory.mktemp("embedded")
    (home / "zips").symlink_to(zips)
    with EmbeddedAws(home) as aws:
        outputs = deploy(ASSEMBLY, STACK, aws)
        session = boto3.Session(ACCOUNT, "test", region_name=REGION)
        yield Deployed(DirectClient.connect(outputs, session, aws.endpoint), aws)


def on_aws(name: str) -> Deployed:
    """The caller's stack of that name; what is made there is noted (tests/on_aws)."""
    session = session_of_caller()
    if noted := os.environ.get("REELWRIGHT_JOURNAL"):
        Journal(Path(noted)).watch(session)
    endpoint = os.environ.get(ENDPOINT)
    outputs = outputs_of(session, name)
    if endpoint:
        outputs = {key: reachable(value, endpoint) for key, value in outputs.items()}
    return Deployed(DirectClient.connect(outputs, session, None), None, name, session)


@pytest.fixture(scope="session")
def clip(stack: Deployed) -> str:
    """The bundled clip, uploaded: 390 frames at 30000/1001, with sound."""
    return stack.client.upload(CLIP)


@pytest.fixture(scope="session")
def undisturbed(stack: Deployed, clip: str) -> bytes:
    """What `THREE_CHUNKS` makes where nothing fails."""
    return stack.made(stack.run({"source": clip, **THREE_CHUNKS}))


@pytest.fixture
def job_id() -> str:
    return f"test-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def key() -> str:
    """An order key of the test's own."""
    return f"key-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def wire(stack: Deployed) -> Iterator[FaultyWire]:
    """What a test may put functions behind (`changes.behind`)."""
    assert stack.aws is not None
    with faulty_wire(stack.aws.endpoint) as made:
        yield made
