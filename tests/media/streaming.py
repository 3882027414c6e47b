"""A job with streams taken all the way: rendered, assembled in a bucket, and laid out as a folder."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import boto3
from moto import mock_aws

from functions.assemble_render.assemble import assemble
from functions.assemble_render.result import Result
from functions.shared.media_store import Keys, MediaStore
from functions.shared.plan import Plan
from tests.media.support import BUCKET, JOB, PLENTY_S, FolderStore, run_ffmpeg

COUNTER_BITS = 9
"""The counter goes to 511."""


def counted_source(
    ffmpeg: Path, file: Path, *, frames: int, rate: str = "30", size: str = "320x180"
) -> Path:
    """A film whose frame n shows n: a bar for each bit, light or dark, over its whole height. What
    is heard is a tone that beeps each second."""
    bar = f"floor(X*{COUNTER_BITS}/W)"
    counter = f"geq=lum='40+170*mod(floor(N/pow(2,{bar})),2)':cb=128:cr=128"
    length_s = frames / (int(rate.split("/", maxsplit=1)[0]) / int((rate.split("/") + ["1"])[1]))
    run_ffmpeg(
        [
            *(ffmpeg, "-f", "lavfi", "-i", f"color=c=black:size={size}:rate={rate}"),
            *("-f", "lavfi", "-i", "sine=frequency=330:beep_factor=3:sample_rate=48000"),
            *("-filter_complex", f"[0:v]format=yuv420p,{counter}[v]", "-map", "[v]", "-map", "1:a"),
            *("-frames:v", str(frames), "-t", str(length_s)),
            *("-c:v", "libx264", "-preset", "ultrafast", "-g", "75", "-c:a", "aac", file),
        ]
    )
    return file


@contextmanager
def assembled(store: FolderStore, plan: Plan) -> Iterator[tuple[MediaStore, Result]]:
    """The job's parts in a bucket, assembled there by the real function."""
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        media = MediaStore(s3, BUCKET)
        media.write_plan(plan)
        folder = store.path("")
        for file in sorted(store.path(Keys(JOB).parts).rglob("*")):
            if file.is_file():
                key = file.relative_to(folder).as_posix()
                part, body = store.head(key), file.read_bytes()
                assert part is not None
                facts = {**part.metadata, "sha256": sha256(body).hexdigest()}
                media.write(key, body, "video/mp4", facts)
        yield media, assemble(media, JOB, lambda: None, remaining_s=PLENTY_S)


def laid_out(media: MediaStore, folder: Path) -> Path:
    """What the job published, as files; returns the folder that holds its `out/`."""
    listed = media.s3.list_objects_v2(Bucket=media.bucket, Prefix=f"{Keys(JOB).root}out/")
    for found in listed["Contents"]:
        file = folder / found["Key"].removeprefix(f"{Keys(JOB).root}out/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(media.read(found["Key"]))
    return folder


def as_text(result: Result) -> str:
    """For messages of failed tests."""
    return json.dumps(result.model_dump(mode="json"), indent=1)
