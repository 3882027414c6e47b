"""An embedded stack of a benchmark's own, with nothing in it, and jobs on it."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

from local.deploy import deploy
from local.embedded import EmbeddedAws
from local.home import ACCOUNT, PROJECT, REGION, forget_account
from reelwright.direct import TERMINAL, DirectClient, Job

_POLL_S = 0.02


@contextmanager
def new_stack(name: str, assembly: Path) -> Iterator[tuple[DirectClient, EmbeddedAws]]:
    """Deployed into an engine whose home is named so; what a run before left there is removed."""
    forget_account()
    engine = EmbeddedAws(PROJECT / ".reelwright" / name)
    engine.stop()
    engine.forget()
    with engine as aws:
        outputs = deploy(assembly, "Reelwright", aws)
        session = boto3.Session(ACCOUNT, "test", region_name=REGION)
        yield DirectClient.connect(outputs, session, aws.endpoint), aws


def end_of(client: DirectClient, request: Mapping[str, Any]) -> Job:
    """Put a job on the queue and wait for its end, whichever it is."""
    job_id = client.submit(request)
    while (job := client.job(job_id)) is None or job["status"] not in TERMINAL:
        time.sleep(_POLL_S)
    return job


def complete(client: DirectClient, request: Mapping[str, Any]) -> Job:
    """As `end_of`, but a job that fails ends the benchmark."""
    job = end_of(client, request)
    if job["status"] != "COMPLETE":
        raise RuntimeError(f"The job ended as {job['status']}: {job.get('error')}")
    return job
