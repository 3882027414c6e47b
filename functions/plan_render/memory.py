"""Whether a chunk's outputs fit in the memory of the function that renders them.

x264 holds frames for looking ahead and as references, so its memory grows with the picture and with
the preset. Peak resident MiB of ffmpeg (one thread, one output, 110 frames, a 320x180 source):

| preset | 640x360 | 1920x1080 | 3840x2160 |
| --- | --- | --- | --- |
| ultrafast | 44 | 83 | 191 |
| veryfast | 61 | 202 | |
| medium | 90 | 404 | 1,377 (5,336 at 4320p) |
| slow | 101 | 480 | 1,663 |
| veryslow | 137 | 772 | 2,881 |

That is about 45 MiB and the bytes a pixel below, which are rounded up. Two, three and six threads
take 452, 482 and 543 MiB for 1080p medium, 97 and 153 (two, six) for ultrafast, 875 (two) for
veryslow: x264 then looks ahead further, and every thread holds frames of its own.

Decoding 2160p, scaled to nothing, takes 136 MiB from H.264 with 4 references (259 by six threads),
319 with 16, 239 from 10-bit HEVC, 283 from 10-bit AV1, 100 from VP9 and ProRes. 25 bytes a pixel of
the source hold the usual ones; what else is rounded up here holds the others. The function around
ffmpeg takes 60 MiB.
"""

from collections.abc import Sequence

from functions.shared.errors import InvalidRequest
from functions.shared.plan import Output

LONGEST_SIDE = 16_384
"""x264 refuses more."""
_AROUND_MB = 130
_SOURCE_BYTES_PER_PIXEL = 25
_BYTES_PER_PIXEL = {
    "ultrafast": 23,
    "superfast": 58,
    "veryfast": 81,
    "faster": 114,
    "fast": 145,
    "medium": 179,
    "slow": 216,
    "slower": 269,
    "veryslow": 362,
}
_FURTHER_AHEAD = 1.12
"""Factor on the above where there is more than one thread."""
_THREAD_BYTES_PER_PIXEL = 12
_THREAD_SOURCE_BYTES_PER_PIXEL = 4
_MOST_MB = 10_240
"""What Lambda gives a function."""
_MIB = 1 << 20


def check_outputs(
    outputs: Sequence[Output], *, source_pixels: int, threads: int, memory_mb: int
) -> None:
    """Raises InvalidRequest where an output can't be encoded, or all of a chunk not be held."""
    for output in outputs:
        if max(output.width, output.height) > LONGEST_SIDE:
            raise InvalidRequest(
                f"{_named(output)}, which follows from its height and the source's shape; H.264 is"
                f" encoded up to {LONGEST_SIDE:,} pixels a side here: ask for a smaller height."
            )
    needed_mb = chunk_memory_mb(outputs, source_pixels=source_pixels, threads=threads)
    if outputs and needed_mb > memory_mb:
        raise InvalidRequest(
            f"{'; '.join(map(_named, outputs))}: rendering this needs about {needed_mb:,} MB of"
            f" memory and a chunk's function has {memory_mb:,}; ask for smaller or fewer outputs or"
            f" a faster preset, or deploy with a larger chunk_memory_mb ({_MOST_MB:,} at most)."
        )


def chunk_memory_mb(outputs: Sequence[Output], *, source_pixels: int, threads: int) -> int:
    """Peak MB of a chunk's function, its ffmpeg included; a little more than was measured."""
    more = threads - 1
    held = source_pixels * (_SOURCE_BYTES_PER_PIXEL + more * _THREAD_SOURCE_BYTES_PER_PIXEL)
    for output in outputs:
        a_pixel = _BYTES_PER_PIXEL[output.coding.preset] * (_FURTHER_AHEAD if more else 1)
        held += round(output.width * output.height * (a_pixel + more * _THREAD_BYTES_PER_PIXEL))
    return _AROUND_MB + -(-held // _MIB)


def _named(output: Output) -> str:
    size = f"{output.width}x{output.height}"
    return f"Output {output.name} is {size} at preset {output.coding.preset}"
