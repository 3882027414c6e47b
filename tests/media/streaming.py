"""Sources whose frames tell their numbers, and a published job as a folder."""

from fractions import Fraction
from pathlib import Path

from functions.shared.media_store import Keys, MediaStore
from tests.media.support import JOB, run_ffmpeg

COUNTER_BITS = 9
"""The counter goes to 511."""


def counted_source(
    ffmpeg: Path, file: Path, *, frames: int, rate: str = "30", size: str = "320x180"
) -> Path:
    """A film whose frame n shows n: a bar for each bit, light or dark, over its whole height. What
    is heard is a tone that beeps each second."""
    wide = f"iw/{COUNTER_BITS}"
    bars = (
        f"drawbox=x={bit}*{wide}:w={wide}:h=ih:t=fill:c=white:enable='mod(floor(n/{2**bit}),2)'"
        for bit in range(COUNTER_BITS)
    )
    counter = ",".join(bars)
    length_s = float(frames / Fraction(rate))
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


def laid_out(media: MediaStore, folder: Path) -> Path:
    """What the job published, as files; returns the folder that holds its `out/`."""
    listed = media.s3.list_objects_v2(Bucket=media.bucket, Prefix=f"{Keys(JOB).root}out/")
    for found in listed["Contents"]:
        file = folder / found["Key"].removeprefix(f"{Keys(JOB).root}out/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(media.read(found["Key"]))
    return folder
