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

The other codecs, one thread, medium if not said, 110 frames of 1080p and 60 to 110 of 2160p:

| codec | 1920x1080 | 3840x2160 |
| --- | --- | --- |
| hevc | 432 (ultrafast 281, veryfast 383, slow 474, veryslow 730) | 1,432; 10 bits 2,310 |
| vp9 | 321 (so at every preset); 10 bits 490 | 1,038 |
| av1 | 564 (ultrafast 336, veryfast 339, slow 558, veryslow 478) | 1,880; 10 bits 2,445 |
| prores | 68 | 168; 4444 with alpha 430 |

Two threads take 444 MiB of hevc, 328 of vp9, but 766 of av1. H.264 at 1080p takes 700 MiB in 10
bits and 657 in 4:4:4.

Decoding 2160p, scaled to nothing, takes 136 MiB from H.264 with 4 references (259 by six threads),
319 with 16, 239 from 10-bit HEVC, 283 from 10-bit AV1, 100 from VP9 and ProRes. 25 bytes a pixel of
the source hold the usual ones; what else is rounded up here holds the others. The function around
ffmpeg takes 60 MiB.

Every clip in a chunk reads the source by itself: 20 of 1080p (H.264, 4 references) take 381 MiB
where one takes 67, so 8.4 bytes a pixel for each further one.

A still picture of a small source takes, in MiB:

| container | 3840x2160 | 7680x4320 | 16382x9216 |
| --- | --- | --- | --- |
| avif | 166 | 522 | 2,156 |
| png | 81 | 233 | 939 |
| jpeg | 64 | 156 | 585 |
| webp | 46 | 91 | 296 |
"""

from collections.abc import Sequence

from functions.shared.errors import InvalidRequest
from functions.shared.plan import Coding, Output, Plan, WholePicture
from functions.shared.request.encoding import PRESETS

LONGEST_SIDE = 16_384
"""x264 and SVT-AV1 refuse more."""
_RATED_AV1_SIDE = 64
"""SVT-AV1 holds no bit rate where a side is shorter."""
_SMALLEST_HEVC = (64, 16)
"""x265 refuses lower pictures, and for some that are narrower (34 to 48 pixels, with 10 bits or a
height under 32) x265 4.3 writes beyond its memory."""
_AROUND_MB = 130
_SOURCE_BYTES_PER_PIXEL = 25
_BYTES_PER_PIXEL = {
    "h264": (23, 58, 81, 114, 145, 179, 216, 269, 362),
    "hevc": (121, 145, 173, 180, 190, 198, 220, 280, 348),
    "vp9": (142,) * 9,
    "av1": (155, 155, 155, 265, 265, 265, 265, 265, 265),
    "prores": (17,) * 9,
}
"""By preset, in the order of PRESETS."""
_DEEPER = {"h264": 1.85, "hevc": 1.7, "vp9": 1.65, "av1": 1.35, "prores": 1.0}
"""Factors on the above for more than 8 bits; ProRes always has them."""
_MORE_CHROMA = {"420": 1.0, "422": 1.4, "444": 1.8}
_PRORES_4444 = 3.0
_FURTHER_AHEAD = {"h264": 1.12, "hevc": 1.0, "vp9": 1.0, "av1": 1.0, "prores": 1.0}
"""Factors where there is more than one thread."""
_THREAD_BYTES_PER_PIXEL = {"h264": 12, "hevc": 12, "vp9": 6, "av1": 105, "prores": 12}
_THREAD_SOURCE_BYTES_PER_PIXEL = 4
_MAPPED_BYTES_PER_PIXEL = 42
"""Of tone mapping, which holds pictures in 32 bits a sample: 314 MiB at 2160p."""
_STILL_BYTES_PER_PIXEL = {"avif": 16.5, "png": 7, "jpeg": 5, "webp": 5, "gif": 7}
_LONGEST_WEBP_SIDE = 16_383
"""The format has 14 bits for a side."""
_CLIP_BYTES_PER_PIXEL = 9
"""Of the source, for each clip in a chunk after the first."""
_FLATTENED_BYTES_PER_PIXEL = 10
"""Of laying pictures on black: 65 MiB at 2160p."""
_MOST_MB = 10_240
"""What Lambda gives a function."""
_MIB = 1 << 20


def check_outputs(
    outputs: Sequence[Output], *, source_pixels: int, threads: int, memory_mb: int
) -> None:
    """Raises InvalidRequest where an output can't be encoded, or all of a chunk not be held."""
    for output in outputs:
        size = (output.width, output.height)
        if max(size) > LONGEST_SIDE:
            raise InvalidRequest(
                f"{_named(output)}, which follows from its height and the source's shape; video"
                f" is encoded up to {LONGEST_SIDE:,} pixels a side here: ask for a smaller height."
            )
        least = _SMALLEST_HEVC
        if output.coding.codec == "hevc" and (size[0] < least[0] or size[1] < least[1]):
            raise InvalidRequest(
                f"{_named(output)}, and hevc is encoded from {least[0]}x{least[1]} pixels on here:"
                " ask for a larger picture, or for another codec."
            )
        rated = output.coding.codec == "av1" and output.coding.bitrate_kbps is not None
        if rated and min(size) < _RATED_AV1_SIDE:
            raise InvalidRequest(
                f"{_named(output)}, whose bit rate is held from {_RATED_AV1_SIDE} pixels a side on:"
                " ask for crf in place of bitrate_kbps, or for a larger picture."
            )
    needed_mb = chunk_memory_mb(outputs, source_pixels=source_pixels, threads=threads)
    if outputs and needed_mb > memory_mb:
        raise InvalidRequest(
            f"{'; '.join(map(_named, outputs))}: rendering this needs about {needed_mb:,} MB of"
            f" memory and a chunk's function has {memory_mb:,}; ask for smaller or fewer outputs or"
            f" a faster preset, or deploy with a larger chunk_memory_mb ({_MOST_MB:,} at most)."
        )


def check_pictures(pictures: Sequence[WholePicture], *, source_pixels: int, memory_mb: int) -> None:
    """Raises InvalidRequest where a picture can't be encoded, or be held."""
    for output in (picture.output for picture in pictures):
        size = (output.width, output.height)
        longest = _LONGEST_WEBP_SIDE if output.container == "webp" else LONGEST_SIDE
        if max(size) > longest:
            raise InvalidRequest(
                f"Output {output.name} is {size[0]}x{size[1]}, and a {output.container} has"
                f" {longest:,} pixels a side at most here: ask for a smaller picture."
            )
        held = source_pixels * _SOURCE_BYTES_PER_PIXEL
        held += round(size[0] * size[1] * _STILL_BYTES_PER_PIXEL[output.container])
        needed_mb = _AROUND_MB + -(-held // _MIB)
        if needed_mb > memory_mb:
            raise InvalidRequest(
                f"Output {output.name} is {size[0]}x{size[1]} in {output.container}: making it"
                f" needs about {needed_mb:,} MB of memory and its function has {memory_mb:,}; ask"
                " for a smaller picture, or deploy with a larger chunk_memory_mb"
                f" ({_MOST_MB:,} at most)."
            )


def check_clips(plan: Plan, *, source_pixels: int, memory_mb: int) -> None:
    """Raises InvalidRequest where one function would have to read too many clips side by side."""
    most = max(
        (len(plan.spans(item.start_frame, item.end_frame)) for item in plan.items), default=1
    )
    held = (most - 1) * source_pixels * _CLIP_BYTES_PER_PIXEL
    needed_mb = -(-held // _MIB) + chunk_memory_mb(
        plan.outputs, source_pixels=source_pixels, threads=plan.threads
    )
    if most > 1 and needed_mb > memory_mb:
        raise InvalidRequest(
            f"edit.clips: {most} of them are in one chunk, and to read them side by side needs"
            f" about {needed_mb:,} MB of memory where its function has {memory_mb:,}; ask for a"
            f" shorter chunk_s, or deploy with a larger chunk_memory_mb ({_MOST_MB:,} at most)."
        )


def chunk_memory_mb(outputs: Sequence[Output], *, source_pixels: int, threads: int) -> int:
    """Peak MB of a chunk's function, its ffmpeg included; a little more than was measured."""
    more = threads - 1
    held = source_pixels * (_SOURCE_BYTES_PER_PIXEL + more * _THREAD_SOURCE_BYTES_PER_PIXEL)
    for output in outputs:
        held += round(output.width * output.height * _bytes_per_pixel(output.coding, more))
    return _AROUND_MB + -(-held // _MIB)


def _bytes_per_pixel(coding: Coding, more_threads: int) -> float:
    codec, pixels = coding.codec, coding.pixel_format
    usual = _BYTES_PER_PIXEL[codec][PRESETS.index(coding.preset)]
    ahead = _FURTHER_AHEAD[codec] if more_threads else 1.0
    deeper = _DEEPER[codec] if pixels.endswith("10le") else 1.0
    if codec == "prores":
        chroma = _PRORES_4444 if "444" in pixels else 1.0
    else:
        chroma = next(factor for kind, factor in _MORE_CHROMA.items() if kind in pixels)
    filters = _MAPPED_BYTES_PER_PIXEL if coding.tone_map is not None else 0
    filters += _FLATTENED_BYTES_PER_PIXEL if coding.flattened else 0
    threads = more_threads * _THREAD_BYTES_PER_PIXEL[codec]
    return usual * ahead * deeper * chroma + filters + threads


def _named(output: Output) -> str:
    size = f"{output.width}x{output.height}"
    codec = "" if output.coding.codec == "h264" else f" in {output.coding.codec}"
    return f"Output {output.name} is {size}{codec} at preset {output.coding.preset}"
