"""One job through the whole embedded pipeline, timed, with where its time went."""

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.cpu import tree_s
from functions.shared.job import parse_input
from functions.shared.plan import Plan
from functions.shared.submissions import message_group
from local.embedded import EmbeddedAws
from reelwright.direct import TERMINAL, DirectClient, Job, Stage

STAGES = ("submit", "pipe", "turn", "plan", "render", "audio", "assemble", "finish")
_POLL_S = 1.0
"""Each look costs the engine some milliseconds of a core that renders; the
times are the history's own."""
_SETTLE_S = 0.5


@dataclass(frozen=True)
class Moments:
    """What `stages` needs besides the history, in seconds since the epoch."""

    called: float
    """Just before the message was sent."""
    sent: float
    started: float
    """The execution."""


@dataclass(frozen=True)
class Run:
    """A job that ended as COMPLETE."""

    job_id: str
    plan: Plan
    result: dict[str, Any]
    wall_s: float
    """From the call that sends the message to the end of Finish Job: the row says COMPLETE then."""
    cpu_s: float
    """Of the engine and all it started: queue, store, functions, their ffmpeg."""
    stages: dict[str, float]

    @property
    def size_bytes(self) -> int:
        return sum(int(output["size_bytes"]) for output in self.result["outputs"])

    @property
    def seams(self) -> list[int]:
        """The first frames of all chunks but the first."""
        return [chunk.start_frame for chunk in self.plan.chunks][1:]


def run_job(client: DirectClient, aws: EmbeddedAws, request: Mapping[str, Any]) -> Run:
    """RuntimeError where the job does not end as COMPLETE."""
    job_id = uuid.uuid4().hex
    group = message_group(parse_input({**request, "job_id": job_id}))
    body = json.dumps({**request, "job_id": job_id})
    supervisor = (aws.note or {})["supervisor_pid"]
    before_s = tree_s(supervisor)
    called = time.time()
    client.send(body, group=group, deduplication=job_id)
    sent = time.time()
    job = _ended(client, job_id)
    cpu_s = tree_s(supervisor) - before_s
    plan = client.plan(job_id)
    if plan is None:
        raise RuntimeError(f"Job {job_id} has no plan.")
    described = client.states.describe_execution(executionArn=job["execution_arn"])
    moments = Moments(called, sent, described["startDate"].timestamp())
    spent = stages(moments, client.stages(job["execution_arn"]))
    return Run(
        job_id=job_id,
        plan=plan,
        result=client.result(job),
        wall_s=sum(spent.values()) - spent["audio"],
        cpu_s=cpu_s,
        stages=spent,
    )


def stages(moments: Moments, states: Sequence[Stage]) -> dict[str, float]:
    """Seconds in each of STAGES; all but `audio`, which is within `render`, add up to the whole."""
    spans = {state.name: state for state in states}
    planned, rendered = spans["Plan Render"], spans["Render Media"]
    assembled, finished = spans["Assemble Render"], spans["Finish Job"]
    audio = spans.get("Render Audio")
    # The execution may start before the call that sent has returned.
    sent = min(moments.sent, moments.started)
    return {
        "submit": sent - moments.called,
        "pipe": moments.started - sent,
        "turn": planned.start_s,
        "plan": rendered.start_s - planned.start_s,
        "render": assembled.start_s - rendered.start_s,
        "audio": audio.end_s - audio.start_s if audio else 0.0,
        "assemble": finished.start_s - assembled.start_s,
        "finish": finished.end_s - finished.start_s,
    }


def _ended(client: DirectClient, job_id: str) -> Job:
    while (job := client.job(job_id)) is None or job["status"] not in TERMINAL:
        time.sleep(_POLL_S)
    if job["status"] != "COMPLETE":
        raise RuntimeError(f"Job {job_id} ended as {job['status']}: {job.get('error')}")
    # Word of it is still on its way; its functions' CPU belongs to the job.
    time.sleep(_SETTLE_S)
    return job
