"""Everything that may differ between two deployments, checked before anything is built."""

import difflib
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from infrastructure.context_values import number, records, words
from infrastructure.options import Options

Architecture = Literal["arm64", "x86_64"]
PythonVersion = Literal["3.11", "3.12", "3.13", "3.14"]

# (memory up to, cores a function of that memory sees); 1,769 MB is one whole vCPU.
_CORES = ((1769, 1), (3008, 2), (5307, 3), (7076, 4), (8845, 5), (10_240, 6))
_EXPRESS_LIMIT_S = 300
_TIMEOUT_SLACK_S = 15

MemoryMb = Annotated[int, Field(ge=256, le=10_240)]
StorageMb = Annotated[int, Field(ge=512, le=10_240)]
TimeoutS = Annotated[int, Field(ge=10, le=900)]
LogDays = Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731]
"""CloudWatch keeps logs for one of these."""
Origin = Annotated[str, Field(pattern=r"^https?://[a-z0-9.-]+(:[0-9]{1,5})?$")]
BucketName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]


class IvsChannel(BaseModel):
    """An Amazon IVS channel whose streams have pictures taken of them from their start on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    arn: Annotated[
        str, Field(pattern=r"^arn:aws[a-z-]*:ivs:[a-z0-9-]+:[0-9]{12}:channel/[A-Za-z0-9]{1,64}$")
    ]
    playback_url: Annotated[str, Field(pattern=r"^https://[^\s<>]+$", max_length=2048)]
    """As the channel's own page and `GetChannel` show it."""
    count: Annotated[int, Field(ge=1, le=500)] = 5
    period_s: Annotated[int, Field(ge=1, le=21_600)] = 300
    widths: tuple[Annotated[int, Field(ge=16, le=7680)], ...] = (640,)
    format: Literal["jpeg", "png"] = "jpeg"
    wait_s: Annotated[int, Field(ge=0, le=3600)] = 300
    """The event may come before the first segment."""

    @property
    def channel_id(self) -> str:
        return self.arn.rpartition("/")[2]


class StageError(ValueError):
    """A value of the stage can't be; the message names each such key and what it may be."""


class Stage(Options):
    """One deployment's settings. Each field is a context key: `cdk deploy -c max_parallel=200`."""

    stage: Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{0,19}$")] = "main"
    """Tells stacks of one account apart: `main` is the stack Reelwright, `dev` Reelwright-dev."""
    target: Literal["aws", "local"] = "aws"
    architecture: Architecture = "arm64"
    python: PythonVersion = "3.13"

    chunk_memory_mb: MemoryMb = 1769
    audio_memory_mb: MemoryMb = 1769
    snapshots_memory_mb: MemoryMb = 1769
    plan_memory_mb: Annotated[int, Field(ge=512, le=10_240)] = 1769
    """Holds the frames that are looked at of an 8K source, and a whole CPU to read them."""
    assemble_memory_mb: MemoryMb = 1769
    desk_memory_mb: MemoryMb = 512
    """The functions that only read and write records: register, claim, finish, …"""

    chunk_timeout_s: TimeoutS = 600
    audio_timeout_s: TimeoutS = 900
    snapshots_timeout_s: TimeoutS = 300
    live_timeout_s: Annotated[int, Field(ge=120, le=900)] = 180
    """A look at a live stream waits a minute at most for it to move, and decodes what came."""
    plan_timeout_s: TimeoutS = 900
    assemble_timeout_s: TimeoutS = 900
    desk_timeout_s: TimeoutS = 30
    job_timeout_s: Annotated[int, Field(ge=60, le=7 * 86_400)] = 21_600
    """A job's time from the start of its turn; the reconciler ends it a minute later at most."""
    max_wait_s: Annotated[int, Field(ge=60, le=300 * 86_400)] = 7 * 86_400
    """A job's time from its claim to the start of its turn."""
    never_started_after_s: Annotated[int, Field(ge=60, le=4 * 86_400)] = 3600
    """A job that was registered and that no execution has claimed since is failed."""

    chunk_storage_mb: StorageMb = 2048
    audio_storage_mb: StorageMb = 4096
    snapshots_storage_mb: StorageMb = 1024
    plan_storage_mb: StorageMb = 1024
    assemble_storage_mb: StorageMb = 4096
    """Only mkv and webm files are made on disk, one after the other."""

    max_active_jobs: Annotated[int, Field(ge=1, le=1000)] = 10
    """Jobs that render at once; the others wait. With max_parallel, this bounds the functions that
    run at once: 10 × 100 is the default quota of an account."""
    max_parallel: Annotated[int, Field(ge=1, le=10_000)] = 100
    """Chunks of one job that render at once, unless the job asks for fewer."""
    max_source_bytes: Annotated[int, Field(ge=1, le=5 * 2**40)] = 100 * 2**30
    """An hour of 4K as cameras record it (200 Mbit/s) is 90 GB; S3 holds up to 5 TB."""
    max_source_pixels: Annotated[int, Field(ge=1, le=2**28)] = 8192 * 4320
    """8K, the largest that cameras record. A decoded frame is 53 MB, and decoders hold ten."""
    max_source_side: Annotated[int, Field(ge=16, le=65_536)] = 16_384
    """The longest side that the encoders and scalers take."""
    max_source_duration_s: Annotated[int, Field(ge=1, le=7 * 86_400)] = 6 * 3600
    """A long event: 1,080 chunks, which a job's time holds at the default parallelism."""
    max_source_streams: Annotated[int, Field(ge=1, le=1000)] = 64
    """A disc has about 40 (sound and subtitles in many languages); each costs the probe memory."""
    max_scan_bytes: Annotated[int, Field(ge=2**20, le=2**40)] = 2 * 2**30
    """Read to find the end of a source whose header doesn't tell it: 20 s to a minute of reading,
    and half an hour of a browser's recording at 10 Mbit/s. Transport streams up to this size are
    read through, to see whether their clock or their sound's format changes."""
    source_fetch_timeout_s: TimeoutS = 600
    """For bringing in an https source: at 600 Mbit/s, which a function has, 45 GB. A server that
    is slower still would hold a turn; what it has is better uploaded."""
    source_buckets: Annotated[tuple[BucketName, ...], BeforeValidator(words)] = ()
    """Buckets a source may be read from, besides the stack's own uploads/."""

    ivs_channels: Annotated[tuple[IvsChannel, ...], BeforeValidator(records)] = ()
    """Streams of these Amazon IVS channels, in the stack's region, start jobs by themselves."""

    notify_email: Annotated[str, Field(pattern=r"^$|^[^@\s]+@[^@\s]+$")] = ""
    """Whom to mail when a job has ended; the address is asked to confirm it first."""

    api_memory_mb: MemoryMb = 1024
    api_reads_per_s: Annotated[int, Field(ge=1, le=10_000)] = 100
    """Calls of all callers together that API Gateway lets through, to each route; twice as many
    may come at once. The account's quota is 10,000 for all its APIs."""
    api_writes_per_s: Annotated[int, Field(ge=1, le=10_000)] = 20
    cors_origins: Annotated[tuple[Origin, ...], BeforeValidator(words)] = ()
    """Web pages of these origins may call the API and read and write its presigned addresses."""
    self_sign_up: bool = False
    """Whether anybody may make an account and send jobs; else an administrator makes them."""

    parts_expire_days: Annotated[int, Field(ge=1, le=365)] = 7
    log_retention_days: Annotated[LogDays, BeforeValidator(number)] = 30
    dashboard: bool = True
    """A dashboard, the stack's own metrics, and alarms on them (docs/costs.md tells their price).
    Without it, what AWS measures by itself has its alarms still."""
    removal_policy: Literal["retain", "destroy"] = "retain"
    """What becomes of media, records and key when the stack is deleted."""

    @model_validator(mode="after")
    def _runtime_has_a_new_glibc(self) -> Self:
        if self.target == "aws" and self.python == "3.11":
            raise ValueError(
                "python: 3.11 runs on Amazon Linux 2, whose C library is too old for the ffmpeg "
                "layer; allowed: 3.12, 3.13, 3.14 (3.11 only with target=local)"
            )
        return self

    @model_validator(mode="after")
    def _nothing_is_promised_that_can_not_be(self) -> Self:
        """What options need of the rest of the stage."""
        is_local = self.target == "local"
        for name in ("network", "key_arn", "delivery_public_keys", "firewall"):
            if is_local and getattr(self, name) != Options.model_fields[name].default:
                raise ValueError(f"{name}: the embedded AWS has no such thing; set target=aws")
        if self.ivs_channels and not self.way_out:
            raise ValueError("ivs_channels: streams are played over the internet; set way_out=true")
        short = self.kept_too_short(waiting_s=self.max_wait_s, running_s=self.job_timeout_s)
        if short:
            raise ValueError(short)
        return self

    @classmethod
    def from_context(cls, context: Mapping[str, Any]) -> Self:
        """Read the stage from CDK's context; the CDK's own keys are those with `:` or `@`."""
        given = {key: value for key, value in context.items() if not set(key) & set(":@")}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            raise StageError("\n".join(_sentence(found) for found in error.errors())) from None

    @property
    def stack_name(self) -> str:
        return "Reelwright" if self.stage == "main" else f"Reelwright-{self.stage}"

    @property
    def execution_timeout_s(self) -> int:
        """Of the machine, which can't tell waiting from rendering."""
        return self.max_wait_s + self.job_timeout_s

    @property
    def render_threads(self) -> int:
        """Threads for ffmpeg: the cores a function of this memory has."""
        return next(cores for limit_mb, cores in _CORES if self.chunk_memory_mb <= limit_mb)

    @property
    def chunk_execution_type(self) -> Literal["EXPRESS", "STANDARD"]:
        """EXPRESS children start ten times faster but end after five minutes, retries included.

        Two runs of full length must fit: a chunk that timed out is tried once more.
        """
        fits = 2 * task_timeout_s(self.chunk_timeout_s) <= _EXPRESS_LIMIT_S
        return "EXPRESS" if fits else "STANDARD"


def task_timeout_s(function_timeout_s: int) -> int:
    """A state waits a little longer than its function runs, so the function's own error is seen."""
    return function_timeout_s + _TIMEOUT_SLACK_S


def _sentence(found: Any) -> str:
    """One pydantic error as `key: what is wrong; allowed: …`."""
    key = ".".join(str(part) for part in found["loc"])
    if found["type"] == "extra_forbidden":
        near = difflib.get_close_matches(key, Stage.model_fields, n=1)
        return f"{key}: no such setting" + (f"; did you mean {near[0]}?" if near else "")
    if found["type"] == "value_error":
        # Ours, a whole sentence. What was given may be a private key: it is not repeated.
        return str(found["msg"]).removeprefix("Value error, ")
    return f"{key}: {found['input']!r} is not possible; {_allowed(str(found['loc'][0]), found)}"


def _allowed(key: str, found: Any) -> str:
    schema = Stage.model_json_schema()["properties"][key]
    if "minimum" in schema:
        return f"allowed: {schema['minimum']} to {schema['maximum']}"
    if "enum" in schema:
        return f"allowed: {', '.join(str(value) for value in schema['enum'])}"
    pattern = schema.get("pattern") or schema.get("items", {}).get("pattern")
    return f"allowed: {pattern}" if pattern else str(found["msg"])
