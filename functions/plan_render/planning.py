"""From a stored source and a request to its plan."""

from dataclasses import replace
from typing import Protocol

from functions.plan_render.assets.bring_in import NOTHING, Brought
from functions.plan_render.plan import PlanSettings, plan_render
from functions.plan_render.sound_edit import probe_sounds
from functions.plan_render.source.facts import Limits
from functions.plan_render.source.probing import probe_source
from functions.shared.ffmpeg import Input
from functions.shared.job import Request
from functions.shared.parts import Presigner
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
    store: Presigner,
    *,
    settings: PlanSettings,
    limits: Limits,
    timeout_s: float,
    brought: Brought = NOTHING,
) -> Plan:
    """Probe the source and plan the job.

    Raises what `probe_source` and `plan_render` raise.
    """
    url = store.presigned(source.key, bucket=source.bucket)
    name = f"s3://{source.bucket}/{source.key}"
    probe = probe_source(Input(url, name), source.size_bytes, limits, timeout_s=timeout_s)
    pinned = Source(
        bucket=source.bucket,
        key=source.key,
        etag=source.etag,
        size_bytes=source.size_bytes,
        container=probe.container,
    )
    sounds = probe_sounds(brought, store, limits, timeout_s=timeout_s)
    return plan_render(job_id, request, pinned, probe, settings, replace(brought, sounds=sounds))
