"""A job as it is shown to whoever may see it: by the API, in events, in webhooks, on the terminal.

Made from the job's row, its progress and its result. Never shown: the request's addresses, which
may carry signatures, and its webhook's secret (docs/decisions/0009-ways-in-and-out.md).
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal, TypeVar

from pydantic import Field

from functions.shared.bill import Cost, Usd
from functions.shared.errors import InvalidRequest
from functions.shared.frozen import Frozen
from functions.shared.job import Request, parse_request
from functions.shared.job_rows import TERMINAL, Status
from functions.shared.progress import Progress
from functions.shared.snapshot_kind import SnapshotKind

Stage = Literal["queued", "waiting", "planning", "rendering", "assembling", "ended"]
_LEAST_TOLD = 0.05
"""Below this fraction the time left is a guess not worth telling."""
_ASSEMBLED = 0.99
"""A fraction of 1 is kept for COMPLETE."""
Presign = Callable[[str], str]
T = TypeVar("T", bound="View")


class View(Frozen):
    """Base of what is shown."""


class ProgressView(View):
    """Counted from the parts that exist."""

    fraction: float = Field(ge=0, le=1, description="1 only when the job is COMPLETE.")
    chunks_done: int
    chunks_total: int = Field(description="Of all outputs together; 0 until there is a plan.")
    snapshots_done: int
    snapshots_total: int = Field(description="In all widths together.")


class ErrorView(View):
    """Why a job ended without its files."""

    name: str = Field(description="The error's class, e.g. `SourceNotMedia`.")
    message: str = Field(description="One sentence.")
    state: str | None = Field(default=None, description="The state machine's state.")
    chunk: int | None = Field(default=None, description="The chunk that is to blame.")


class OutputView(View):
    """A file that was made."""

    name: str
    key: str = Field(description="In the stack's media bucket.")
    size_bytes: int
    duration_s: float
    width: int | None = Field(description="Null for a file of sound alone.")
    height: int | None = Field(description="Likewise.")
    frames: int | None = Field(description="Likewise.")
    url: str | None = Field(default=None, description="Presigned; in the API's answers only.")


class PlaylistView(View):
    """What a player is given. It names the rest by relative addresses, so it has no presigned one:
    serve the folder it is in."""

    format: Literal["hls", "dash"]
    key: str = Field(description="In the stack's media bucket.")
    size_bytes: int


class RungView(View):
    """One size of a stream."""

    name: str
    width: int
    height: int
    codec: str = Field(description="As playlists name it (RFC 6381).")
    peak_kbps: int
    mean_kbps: int


class StreamView(View):
    """A film for adaptive players."""

    name: str
    playlists: tuple[PlaylistView, ...]
    rungs: tuple[RungView, ...]
    duration_s: float
    frames: int


class SnapshotView(View):
    """A picture that was taken, or the list of a sprite's thumbnails."""

    key: str
    kind: SnapshotKind = Field(
        default="picture", description="`thumbnails` is the WebVTT file of the sprite's sheets."
    )
    time_s: float = Field(description="Of sheets: their first picture's.")
    width: int
    height: int = Field(description="Of `thumbnails`: one thumbnail's.")
    size_bytes: int
    blurhash: str | None = Field(default=None, description="Where it was asked for.")
    url: str | None = Field(default=None, description="Presigned; in the API's answers only.")


class JobSummary(View):
    """A job in a list."""

    job_id: str
    status: Status
    order_key: str | None
    priority: int
    created_at: datetime
    started_at: datetime | None = Field(description="When its turn came.")
    finished_at: datetime | None
    error: ErrorView | None
    cost_usd: Usd | None = Field(
        default=None,
        description="Once the job has ended, where it is known: at AWS's list prices.",
    )


class JobView(JobSummary):
    """A job with all that can be told of it."""

    stage: Stage
    progress: ProgressView
    eta_s: float | None = Field(description="Seconds left, from the pace so far; null if unknown.")
    duration_s: float | None = Field(
        description="Of the source's video; null until there is a plan."
    )
    claimed_at: datetime | None = Field(description="When its execution took it.")
    attempts: int = Field(description="Executions that took the job so far, redrives included.")
    outputs: tuple[OutputView, ...]
    streams: tuple[StreamView, ...] = ()
    snapshots: tuple[SnapshotView, ...]
    notes: tuple[str, ...] = Field(description="What the job lacks that might be expected.")
    execution_arn: str | None
    execution_url: str | None = Field(description="The execution in the Step Functions console.")
    cost: Cost | None = Field(default=None, description="By what was bought (docs/costs.md).")
    metadata: dict[str, str] = Field(description="The request's `notify.metadata`, as it was.")
    webhook_error: str | None = Field(
        default=None, description="Why no more webhooks are sent for this job; null while they are."
    )


def summary(row: Mapping[str, Any]) -> JobSummary:
    return JobSummary.model_validate(_summary_fields(row))


def view(
    row: Mapping[str, Any],
    progress: Progress,
    result: Mapping[str, Any] | None,
    now: datetime,
    presign: Presign | None = None,
) -> JobView:
    """`result` is the job's result.json, of a COMPLETE job; `presign` makes a key's address."""
    made = result or {}
    request = _request(row)
    arn = row.get("execution_arn")
    return JobView(
        **_summary_fields(row),
        stage=_stage(row, progress),
        progress=_progress(row, progress),
        eta_s=_eta_s(row, progress, now),
        duration_s=round(progress.duration_s, 3) or None,
        claimed_at=row.get("claimed_at"),
        attempts=int(row.get("attempts", 0)),
        outputs=tuple(_shown(OutputView, one, presign) for one in made.get("outputs", ())),
        streams=tuple(_stream(one) for one in made.get("streams", ())),
        snapshots=tuple(_shown(SnapshotView, one, presign) for one in made.get("snapshots", ())),
        notes=tuple(made.get("notes", ())),
        execution_arn=arn,
        execution_url=execution_url(arn) if arn else None,
        cost=row.get("cost"),
        metadata=request.notify.metadata if request and request.notify else {},
        webhook_error=row.get("webhook_error"),
    )


def execution_url(arn: str) -> str:
    """Where the console shows an execution. The address is AWS's own, by partition and region."""
    _, partition, _, region, *_ = arn.split(":")
    host = {"aws-cn": "console.amazonaws.cn", "aws-us-gov": "console.amazonaws-us-gov.com"}.get(
        partition, "console.aws.amazon.com"
    )
    return f"https://{region}.{host}/states/home?region={region}#/v2/executions/details/{arn}"


def _summary_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    request = _request(row)
    return {
        "job_id": row["job_id"],
        "status": row["status"],
        "order_key": request.order_key if request else None,
        "priority": request.priority if request else 0,
        "created_at": row["created_at"],
        "started_at": row.get("started_at"),
        "finished_at": row.get("finished_at"),
        "error": row.get("error"),
        "cost_usd": row.get("cost_usd"),
    }


def _request(row: Mapping[str, Any]) -> Request | None:
    """None: a REJECTED row keeps what was sent, which may be anything."""
    try:
        return parse_request(row["request"])
    except InvalidRequest:
        return None


def _stage(row: Mapping[str, Any], progress: Progress) -> Stage:
    status = row["status"]
    if status in TERMINAL:
        return "ended"
    if status != "RUNNING":
        return "queued" if status == "QUEUED" else "waiting"
    if progress.total == 0:
        return "planning"
    is_rendered = progress.done >= progress.total or row.get("publishing")
    return "assembling" if is_rendered else "rendering"


def _fraction(row: Mapping[str, Any], progress: Progress) -> float:
    if row["status"] == "COMPLETE":
        return 1.0
    return round(_ASSEMBLED * progress.done / progress.total, 4) if progress.total else 0.0


def _progress(row: Mapping[str, Any], progress: Progress) -> ProgressView:
    return ProgressView(
        fraction=_fraction(row, progress),
        chunks_done=progress.chunks_done,
        chunks_total=progress.chunks_total,
        snapshots_done=progress.snapshots_done,
        snapshots_total=progress.snapshots_total,
    )


def _eta_s(row: Mapping[str, Any], progress: Progress, now: datetime) -> float | None:
    if row["status"] in TERMINAL:
        return 0.0
    fraction = _fraction(row, progress)
    if row["status"] != "RUNNING" or fraction < _LEAST_TOLD:
        return None
    spent_s = (now - datetime.fromisoformat(row["started_at"])).total_seconds()
    return round(max(0.0, spent_s * (1 - fraction) / fraction), 1)


def _shown(kind: type[T], made: Mapping[str, Any], presign: Presign | None) -> T:
    known = {name: made[name] for name in kind.model_fields if name in made}
    return kind.model_validate({**known, "url": presign(made["key"]) if presign else None})


def _stream(made: Mapping[str, Any]) -> StreamView:
    return _known(
        StreamView,
        {
            **made,
            "playlists": [_known(PlaylistView, one) for one in made["playlists"]],
            "rungs": [_known(RungView, one) for one in made["rungs"]],
        },
    )


def _known(kind: type[T], made: Mapping[str, Any]) -> T:
    """Of a result, what the view has."""
    return kind.model_validate({name: made[name] for name in kind.model_fields if name in made})
