"""What a job may ask for. One model: it validates, it documents (docs/job.md), it is stored.

Units are in the names. Times count from the start of the source's used streams.
"""

import hashlib
import json
from typing import Any, Self

from pydantic import Field, ValidationError, model_validator

from functions.shared.errors import InvalidRequest
from functions.shared.faults import faults, sentence
from functions.shared.request.base import Address, Model
from functions.shared.request.edit import Edit
from functions.shared.request.live import LiveRequest
from functions.shared.request.notify import Notify
from functions.shared.request.output import RenderRequest
from functions.shared.request.snapshot import SnapshotRequest

JOB_ID = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,79}$"
OWNER = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$"
MOST_BYTES = 100_000
_NOT_LIVE = ("edit", "render", "snapshots", "chunk_s", "max_parallel")


class JobRequest(Model):
    """What is to be done: the body of `POST /jobs`."""

    source: Address = Field(
        description=(
            "`s3://bucket/key` or `https://…`: a media file, or over https a film's HLS playlist."
        )
    )
    order_key: str | None = Field(
        default=None,
        min_length=1,
        max_length=128,
        description="Jobs of one key finish in the order the queue accepted them.",
    )
    priority: int = Field(
        default=0,
        ge=-50,
        le=50,
        description="Orders the heads of lanes, highest first; never jobs of one `order_key`.",
    )
    edit: Edit | None = Field(
        default=None, description="What becomes of the pictures and the sound on the way."
    )
    render: RenderRequest | None = Field(
        default=None, description="Files to make. Ask for this, for snapshots, or for both."
    )
    snapshots: SnapshotRequest | None = Field(default=None, description="Pictures to take.")
    live: LiveRequest | None = Field(
        default=None,
        description="Pictures to take of a live stream, which an https `source` is then; alone.",
    )
    chunk_s: float | None = Field(
        default=None, ge=1, le=300, description="Seconds a chunk; chosen for you without it."
    )
    max_parallel: int | None = Field(
        default=None, ge=1, le=10_000, description="Chunks at once; the stack's setting caps it."
    )
    notify: Notify | None = Field(default=None, description="Whom to tell.")

    @model_validator(mode="after")
    def _something_to_do(self) -> Self:
        if self.live is not None:
            self._check_live()
        elif self.render is None and self.snapshots is None:
            raise ValueError("ask for render, snapshots or both, or for live")
        return self

    def _check_live(self) -> None:
        beside = [name for name in _NOT_LIVE if getattr(self, name) is not None]
        if beside:
            raise ValueError(f"live stands alone: leave out {' and '.join(beside)}")
        if not self.source.startswith("https:"):
            raise ValueError("a live stream is an https source")


class Request(JobRequest):
    """A job as it is sent and as it is stored."""

    job_id: str | None = Field(
        default=None,
        pattern=JOB_ID,
        description="Your own id. Without it: the message's id, or the execution's name.",
    )
    owner: str | None = Field(
        default=None,
        pattern=OWNER,
        description="Whose job it is: the API writes its caller's `sub` here.",
    )

    @property
    def hash(self) -> str:
        """Tells two requests under one id apart, in whatever order their fields were sent.

        Defaults are left out, so that a field added later does not make another request of an old
        one; and the secret, which executions are not told.
        """
        fields = self.without_secret().model_dump(
            mode="json", exclude={"job_id"}, exclude_defaults=True
        )
        return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()

    def without_secret(self) -> Self:
        """As an execution may be told it: its input is there for all to see who may look at it."""
        if self.notify is None:
            return self
        notify = self.notify.model_copy(update={"webhook_secret": None})
        return self.model_copy(update={"notify": notify})


def parse_request(text: str | bytes) -> Request:
    """A request from its JSON; InvalidRequest says in one sentence what is wrong and where."""
    if not text.strip():
        raise InvalidRequest("The message is empty; it must be a job request as JSON.")
    try:
        request = Request.model_validate_json(text)
    except ValidationError as error:
        raise InvalidRequest(sentence(faults(error, Request))) from None
    check_size(request)
    return request


def parse_input(value: Any) -> Request:
    """A request from a state machine's input, which is JSON already read."""
    return parse_request(json.dumps(value))


def as_text(request: Request) -> str:
    """ASCII JSON without defaults, as queue, pipe and state machine carry it."""
    return json.dumps(request.model_dump(mode="json", exclude_defaults=True))


def check_size(request: Request) -> None:
    """InvalidRequest where it leaves too little of the 256 KiB that all a state holds may have."""
    size_bytes = len(as_text(request))
    if size_bytes > MOST_BYTES:
        raise InvalidRequest(
            f"The request has {size_bytes} bytes as ASCII JSON; {MOST_BYTES} are allowed."
        )
