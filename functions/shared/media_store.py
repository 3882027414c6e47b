"""Where a job's objects are, and how they are read and written."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from pydantic import ValidationError

from functions.shared.errors import PartMismatch, PartMissing, SourceChanged
from functions.shared.transfers import upload_file

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from functions.shared.plan import LivePlan, Plan

PRESIGNED_S = 3600
_TAKEN = {"PreconditionFailed", "ConditionalRequestConflict"}
"""The second: another write of the key was under way, and was first."""

_NOT_FOUND = {"404", "NoSuchBucket", "NoSuchKey", "NotFound"}
_REPLACED = {"412", "PreconditionFailed"}


@dataclass(frozen=True)
class Keys:
    """Every key of one job. Indices are zero-padded so that a listing is in order."""

    job_id: str

    @property
    def root(self) -> str:
        return f"jobs/{self.job_id}/"

    @property
    def source(self) -> str:
        """A copy of an https source; it expires with the parts."""
        return f"{self.parts}source"

    @property
    def even_source(self) -> str:
        """A copy of a source whose clock is set anew, or whose sound changes, in mid-stream."""
        return f"{self.parts}even-source.mp4"

    @property
    def plan(self) -> str:
        return f"{self.root}plan.json"

    @property
    def chunks(self) -> str:
        """The Map's items: a JSON array, one object a chunk."""
        return f"{self.root}chunks.json"

    @property
    def parts(self) -> str:
        """What expires: a lifecycle rule takes one leading prefix, so parts have their own."""
        return f"parts/{self.job_id}/"

    def chunk(self, output: str, index: int, suffix: str = "mp4") -> str:
        return f"{self.parts}{output}/{index:05}.{suffix}"

    def audio(self, file_name: str) -> str:
        """The part of one encoding of the sound."""
        return f"{self.parts}audio/{file_name}"

    def asset(self, name: str) -> str:
        """What a request names besides the source: copies, and what is made of it."""
        return f"{self.parts}assets/{name}"

    @property
    def receipts(self) -> str:
        """What the job's workers used; no parts, but they expire with them."""
        return f"{self.parts}receipts/"

    @property
    def live_record(self) -> str:
        """What became of a live job's moments."""
        return f"{self.parts}live.json"

    def snapshot_part(self, name: str) -> str:
        return f"{self.parts}snapshots/{name}"

    def scene_list(self, part: int) -> str:
        """The scene changes found in one part of the timeline, whose pictures are all taken."""
        return self.snapshot_part(f"scenes-{part:02}.json")

    def scene_part(self, name: str) -> str:
        """A scene change's picture: it is kept if few others are clearer."""
        return f"{self.parts}scenes/{name}"

    def output(self, name: str, suffix: str = "mp4") -> str:
        return f"{self.root}out/{name}.{suffix}"

    def stream(self, name: str, *path: str) -> str:
        """A file of a stream, by its path in the stream's folder."""
        return "/".join((f"{self.root}out/{name}", *path))

    def snapshot(self, name: str) -> str:
        return f"{self.root}out/snapshots/{name}"

    def resized(self, name: str, width: int) -> str:
        """A snapshot in another width, made when it was first asked for."""
        stem, _, ending = name.rpartition(".")
        return f"{self.root}out/snapshots/resized/{stem}-to-{width}.{ending}"

    @property
    def result(self) -> str:
        return f"{self.root}result.json"


def snapshot_name(index: int, width: int, image_format: str) -> str:
    """File name of one picture, e.g. `00003-1280.jpg`."""
    return f"{index:05}-{width}.{suffix(image_format)}"


def poster_name(width: int, image_format: str) -> str:
    return f"poster-{width}.{suffix(image_format)}"


def sheet_name(name: str, image_format: str) -> str:
    """E.g. `sprite-000.jpg`, `contact-sheet.png`."""
    return f"{name}.{suffix(image_format)}"


def suffix(image_format: str) -> str:
    return "jpg" if image_format == "jpeg" else image_format


@dataclass(frozen=True)
class Part:
    """An object as the store describes it, without reading it."""

    key: str
    size_bytes: int
    etag: str
    metadata: Mapping[str, str]


class MediaStore:
    """The media bucket."""

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self.s3 = s3
        self.bucket = bucket

    def head(self, key: str, *, bucket: str | None = None) -> Part | None:
        """The object's description, or None where there is none."""
        try:
            found = self.s3.head_object(Bucket=bucket or self.bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in _NOT_FOUND:
                return None
            raise
        return Part(key, found["ContentLength"], found["ETag"], found["Metadata"])

    def read(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """An object's bytes, or the range `[start, start + length)` of them (`length` ≥ 1)."""
        span = f"bytes={start}-" + ("" if length is None else str(start + length - 1))
        whole = start == 0 and length is None
        got = (
            self.s3.get_object(Bucket=self.bucket, Key=key)
            if whole
            else self.s3.get_object(Bucket=self.bucket, Key=key, Range=span)
        )
        return got["Body"].read()

    def stream(self, key: str, start: int = 0, size: int = 1 << 20) -> Iterator[bytes]:
        """An object's bytes from `start` on, in pieces of `size`, over one request."""
        body = self.s3.get_object(Bucket=self.bucket, Key=key, Range=f"bytes={start}-")["Body"]
        yield from body.iter_chunks(size)

    def read_json(self, key: str) -> Any:
        return json.loads(self.read(key))

    def write(
        self, key: str, body: bytes, content_type: str, metadata: Mapping[str, str] | None = None
    ) -> None:
        """Write a small object whole."""
        self.s3.put_object(
            Bucket=self.bucket,
            Key=key,
            Body=body,
            ContentType=content_type,
            Metadata=dict(metadata or {}),
        )

    def write_once(
        self, key: str, body: bytes, content_type: str, metadata: Mapping[str, str]
    ) -> bool:
        """Write a small object unless there is one; returns whether it did."""
        try:
            self.s3.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=body,
                ContentType=content_type,
                Metadata=dict(metadata),
                IfNoneMatch="*",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in _TAKEN:
                return False
            raise
        return True

    def write_json(self, key: str, value: Any) -> None:
        self.write(key, json.dumps(value, indent=1).encode(), "application/json")

    def upload(self, key: str, file: Path, content_type: str, metadata: Mapping[str, str]) -> None:
        """Upload a part made on disk; its SHA-256 is added to the metadata."""
        with file.open("rb") as stream:
            told = {**metadata, "sha256": hashlib.file_digest(stream, "sha256").hexdigest()}
        upload_file(self.s3, self.bucket, key, file, content_type, told)

    def download(self, key: str, file: Path, *, bucket: str | None, etag: str) -> None:
        """An object into a file. SourceChanged where it is not (any more) the one with `etag`."""
        where = bucket or self.bucket
        try:
            got = self.s3.get_object(Bucket=where, Key=key, IfMatch=etag)
        except ClientError as error:
            if error.response["Error"]["Code"] in _NOT_FOUND | _REPLACED:
                raise SourceChanged(
                    f"s3://{where}/{key} was removed or replaced while the job ran; send a new job."
                ) from error
            raise
        with file.open("wb") as stream:
            for piece in got["Body"].iter_chunks(1 << 20):
                stream.write(piece)

    def presigned(self, key: str, *, bucket: str | None = None) -> str:
        """A URL ffmpeg may read the object from for an hour, carrying no other permission."""
        return self.s3.generate_presigned_url(
            "get_object",
            Params={"Bucket": bucket or self.bucket, "Key": key},
            ExpiresIn=PRESIGNED_S,
        )

    def write_plan(self, plan: "Plan") -> None:
        """Write the plan and the Map's item list made from it."""
        keys = Keys(plan.job_id)
        self.write(keys.plan, plan.model_dump_json(indent=1).encode(), "application/json")
        self.write_json(keys.chunks, [item.model_dump() for item in plan.items])

    def write_live_plan(self, plan: "LivePlan") -> None:
        body = plan.model_dump_json(indent=1).encode()
        self.write(Keys(plan.job_id).plan, body, "application/json")

    def read_plan(self, job_id: str) -> "Plan":
        """A job's plan that has frames. PartMissing, PartMismatch."""
        from functions.shared.plan import LivePlan  # noqa: PLC0415 - see read_any_plan

        plan = self.read_any_plan(job_id)
        if isinstance(plan, LivePlan):
            raise PartMismatch(f"The plan of job {job_id} is for a live stream.")
        return plan

    def read_any_plan(self, job_id: str) -> "Plan | LivePlan":
        """The job's plan. Raises PartMissing, or PartMismatch where it is damaged."""
        # Who reads plans has loaded their models; others, with other objects to read, need not.
        from functions.shared.plan import LivePlan, Plan  # noqa: PLC0415

        key = Keys(job_id).plan
        try:
            text = self.read(key)
            return (LivePlan if _is_live(text) else Plan).model_validate_json(text)
        except ClientError as error:
            if error.response["Error"]["Code"] in _NOT_FOUND:
                raise PartMissing(f"Job {job_id} has no plan ({key}).") from error
            raise
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"])) or "the whole"
            raise PartMismatch(
                f"The plan of job {job_id} ({key}) is damaged: {where}: {first['msg']}."
            ) from error


def _is_live(text: bytes) -> bool:
    """Whether a plan says that it is for a live stream; damaged ones say nothing."""
    try:
        found = json.loads(text)
    except ValueError:
        return False
    return isinstance(found, dict) and found.get("kind") == "live"
