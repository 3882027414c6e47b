"""From a stored source and a request to its plan."""

from typing import Protocol

from functions.plan_render.facts import Limits
from functions.plan_render.plan import PlanSettings, plan_render
from functions.plan_render.probing import probe_source
from functions.shared.ffmpeg import Input
from functions.shared.job import Request
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


class Presigner(Protocol):
    """What planning needs of the media store."""

    def presigned(self, key: str, *, bucket: str | None = None) -> str: ...


def make_plan(
    job_id: str,
    request: Request,
    source: StoredSource,
    store: Presigner,
    *,
    settings: PlanSettings,
    limits: Limits,
    timeout_s: float,
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
    return plan_render(job_id, request, pinned, probe, settings)
