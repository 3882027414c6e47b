"""From a stored source and a request to its plan."""

from dataclasses import replace
from typing import Protocol

from functions.plan_render.assets.bring_in import NOTHING, Brought
from functions.plan_render.plan import PlanSettings, plan_render
from functions.plan_render.sound_edit import probe_sounds
from functions.plan_render.source.facts import Limits, Probe
from functions.plan_render.source.fetch import Located
from functions.plan_render.source.mending import OwnStore, mended
from functions.plan_render.source.probing import probe_source
from functions.shared.ffmpeg import Input
from functions.shared.job import Request
from functions.shared.parts import Deadline
from functions.shared.plan import Plan, Source


class StoredSource(Protocol):
    """The object a job reads; `etag` pins its bytes."""

    @property
    def bucket(self) -> str: ...

    @property
    def key(self) -> str: ...

    @property
    def etag(self) -> str: ...

    @property
    def size_bytes(self) -> int: ...


def make_plan(
    job_id: str,
    request: Request,
    source: StoredSource,
    store: OwnStore,
    *,
    settings: PlanSettings,
    limits: Limits,
    timeout_s: float,
    brought: Brought = NOTHING,
) -> Plan:
    """Probe the source and plan the job.

    Raises what `probe_source`, `mended` and `plan_render` raise.
    """
    deadline = Deadline(timeout_s)
    name = f"s3://{source.bucket}/{source.key}"
    pinned, probe = _probed(source, name, store, limits, deadline)
    notes: tuple[str, ...] = ()
    if probe.uneven:
        notes = (f"The source {probe.uneven}: it was copied into one even file first.",)
        left_s = deadline.left_s(f"reading {name}")
        even = mended(pinned, job_id, store, probe, limits, timeout_s=left_s)
        copied = Located(store.bucket, even.key, even.etag, even.size_bytes)
        pinned, probe = _probed(copied, name, store, limits, deadline)
    left_s = deadline.left_s(f"reading {name}")
    sounds = probe_sounds(brought, store, limits, timeout_s=left_s)
    plan = plan_render(job_id, request, pinned, probe, settings, replace(brought, sounds=sounds))
    return plan.model_copy(update={"notes": (*notes, *plan.notes)})


def _probed(
    source: StoredSource, name: str, store: OwnStore, limits: Limits, deadline: Deadline
) -> tuple[Source, Probe]:
    url = store.presigned(source.key, bucket=source.bucket)
    left_s = deadline.left_s(f"reading {name}")
    probe = probe_source(Input(url, name), source.size_bytes, limits, timeout_s=left_s)
    pinned = Source(
        bucket=source.bucket,
        key=source.key,
        etag=source.etag,
        size_bytes=source.size_bytes,
        container=probe.container,
    )
    return pinned, probe
