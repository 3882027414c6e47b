"""What a job may ask for. One model: it validates, it documents (docs/job.md), it is stored.

Units are in the names. Times count from the start of the source's used streams.
"""

import base64
import hashlib
import json
import re
from typing import Annotated, Any, Literal, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from functions.shared.addresses import is_public
from functions.shared.errors import InvalidRequest
from functions.shared.faults import faults, sentence

NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
JOB_ID = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,79}$"
OWNER = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$"
MOST_BYTES = 100_000
_RESERVED_NAMES = {"audio", "snapshots"}
_BUCKET = re.compile(r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")

Preset = Literal[
    "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"
]


def _check_source(source: str) -> str:
    """Only what the renderer reads from: an S3 object, or a public https address."""
    url = _split(source)
    if url.scheme == "s3":
        if not _BUCKET.match(url.netloc) or len(url.path) < 2:  # noqa: PLR2004 - "/" and a letter
            raise ValueError("an S3 source is written s3://bucket/key")
    elif url.scheme == "https":
        _check_https("an https source", url)
    else:
        raise ValueError(f"the scheme {url.scheme or 'missing'!r} is not one of s3, https")
    return source


def _split(text: str) -> SplitResult:
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError as error:
        raise ValueError(f"it is not a URL ({error})") from None
    return url


def _check_https(what: str, url: SplitResult) -> None:
    """An address written out is judged here; a name is judged when it is resolved."""
    host = url.hostname or ""
    if not host or url.username or url.password or url.port == 0:
        raise ValueError(f"{what} names a host and carries no user or password")
    try:
        public = is_public(host)
    except ValueError:
        return
    if not public:
        raise ValueError(f"the address {host} is not a public one")


class Model(BaseModel):
    """Base of the request's parts: unknown fields and inexact types are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class VideoEncoding(Model):
    """How an output's pictures are encoded."""

    codec: Literal["h264"] = Field(default="h264", description="8 bit, 4:2:0.")
    crf: int = Field(default=23, ge=0, le=51, description="Quality: lower is better and larger.")
    preset: Preset = Field(default="medium", description="x264's speed against size.")


class AudioEncoding(Model):
    """How an output's sound is encoded."""

    codec: Literal["aac"] = Field(default="aac", description="AAC-LC at the source's rate.")
    bitrate_kbps: int = Field(default=128, ge=32, le=512, description="Of all channels together.")


class OutputRequest(Model):
    """One file to make."""

    name: str = Field(
        default="video",
        pattern=NAME,
        description="Names the file; unique in a job; not `audio` or `snapshots`.",
    )
    container: Literal["mp4"] = Field(
        default="mp4", description="With the tables first, so that it plays while it loads."
    )
    height: int | None = Field(
        default=None,
        ge=16,
        le=4320,
        multiple_of=2,
        description="Pixels; the width follows from the shape. Without it: the source's height.",
    )
    video: VideoEncoding = Field(default=VideoEncoding(), description="The pictures' encoding.")
    audio: AudioEncoding | None = Field(
        default=AudioEncoding(), description="`null` leaves the sound out."
    )


class RenderRequest(Model):
    """The files to make, all from one decode."""

    outputs: Annotated[tuple[OutputRequest, ...], Field(min_length=1, max_length=8)] = Field(
        description="One file each."
    )

    @model_validator(mode="after")
    def _names(self) -> Self:
        names = [output.name for output in self.outputs]
        for name in names:
            if name in _RESERVED_NAMES:
                raise ValueError(f"the output name {name!r} is reserved")
            if names.count(name) > 1:
                raise ValueError(f"two outputs are named {name!r}")
        return self


class SnapshotRequest(Model):
    """Pictures to take: say when by exactly one of `count`, `every_s` and `at_s`."""

    count: int | None = Field(
        default=None, ge=1, le=1000, description="So many, at the centres of equal parts."
    )
    every_s: float | None = Field(
        default=None, ge=0.04, description="One at 0 and one each so many seconds; 1,000 at most."
    )
    at_s: (
        Annotated[tuple[Annotated[float, Field(ge=0)], ...], Field(min_length=1, max_length=1000)]
        | None
    ) = Field(default=None, description="At these times.")
    widths: Annotated[
        tuple[Annotated[int, Field(ge=16, le=7680)], ...], Field(min_length=1, max_length=8)
    ] = Field(default=(640,), description="Pixels; never wider than the source.")
    format: Literal["jpeg", "png"] = Field(default="jpeg", description="Of the files.")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        given = [way for way in ("count", "every_s", "at_s") if getattr(self, way) is not None]
        if len(given) != 1:
            raise ValueError(
                f"say when by one of count, every_s, at_s; this has {' and '.join(given) or 'none'}"
            )
        return self


def _check_webhook(address: str) -> str:
    url = _split(address)
    if url.scheme != "https":
        raise ValueError("a webhook address begins with https://")
    _check_https("a webhook address", url)
    return address


def _check_secret(secret: str) -> str:
    try:
        base64.b64decode(secret.removeprefix("whsec_") + "==")
    except ValueError:
        raise ValueError("a webhook secret is whsec_ and then base64") from None
    return secret


class Notify(Model):
    """Whom to tell of the job's changes."""

    webhook_url: Annotated[str, Field(max_length=2048), AfterValidator(_check_webhook)] | None = (
        Field(default=None, description="An https address; see docs/events.md.")
    )
    webhook_secret: (
        Annotated[
            str,
            Field(pattern=r"^whsec_[A-Za-z0-9+/]{32,88}={0,2}$"),
            AfterValidator(_check_secret),
        ]
        | None
    ) = Field(
        default=None,
        repr=False,
        description="Signs this job's webhooks in place of the stack's secret; never shown again.",
    )
    metadata: dict[str, str] = Field(
        default_factory=dict, description="Yours; handed back as it was."
    )


class JobRequest(Model):
    """What is to be done: the body of `POST /jobs`."""

    source: Annotated[str, Field(max_length=4096), AfterValidator(_check_source)] = Field(
        description="`s3://bucket/key` or `https://…`: one media file."
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
    render: RenderRequest | None = Field(
        default=None, description="Files to make. Ask for this, for snapshots, or for both."
    )
    snapshots: SnapshotRequest | None = Field(default=None, description="Pictures to take.")
    chunk_s: float | None = Field(
        default=None, ge=1, le=300, description="Seconds a chunk; chosen for you without it."
    )
    max_parallel: int | None = Field(
        default=None, ge=1, le=10_000, description="Chunks at once; the stack's setting caps it."
    )
    notify: Notify | None = Field(default=None, description="Whom to tell.")

    @model_validator(mode="after")
    def _something_to_do(self) -> Self:
        if self.render is None and self.snapshots is None:
            raise ValueError("ask for render, snapshots or both")
        return self


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
