"""How a chunk's pictures are encoded so that chunks can follow each other in one file.

Of every codec: closed GOPs, a key frame first, and headers that depend on the settings alone, so
that those of all chunks are equal (assemble_render compares them). Threads are given, as the bytes
depend on them.
"""

from collections.abc import Iterator

from functions.shared.cut import clean_options
from functions.shared.plan import Coding, Output, Plan

_VP9_SPEEDS = {
    "ultrafast": ("realtime", 8),
    "superfast": ("realtime", 7),
    "veryfast": ("realtime", 6),
    "faster": ("good", 5),
    "fast": ("good", 4),
    "medium": ("good", 3),
    "slow": ("good", 2),
    "slower": ("good", 1),
    "veryslow": ("good", 0),
}
"""libvpx's deadline and cpu-used, which ends at 8, or at 5 where it is `good`."""
_SVT_PRESETS = {
    "ultrafast": 12,
    "superfast": 11,
    "veryfast": 10,
    "faster": 9,
    "fast": 8,
    "medium": 7,
    "slow": 5,
    "slower": 4,
    "veryslow": 2,
}
_VP9_LAG = 25
"""Frames that libvpx looks ahead, which hidden reference frames need."""
_FRAME_THREADS_FROM = 4
"""Threads from which on x265 works on two frames at once, as it does by itself."""
_BUFFERED_S = 2


def coding_options(plan: Plan, output: Output) -> list[str]:
    """The encoder's options, without the muxer's."""
    coding = output.coding
    make = {"h264": _h264, "hevc": _hevc, "vp9": _vp9, "av1": _av1, "prores": _prores}[coding.codec]
    return [
        *("-fps_mode", "passthrough", "-threads", str(plan.threads)),
        *make(coding, output.keyint, plan.threads),
    ]


def container_options(plan: Plan, output: Output) -> list[str]:
    """The muxer's options of a part."""
    kind = ["mov", "-write_tmcd", "0"] if output.part_suffix == "mov" else ["mp4"]
    return [
        *clean_options(),
        *("-video_track_timescale", str(plan.video.timescale)),
        *("-movflags", "+faststart", "-f", *kind),
    ]


def _h264(coding: Coding, keyint: int, _threads: int) -> Iterator[str]:
    """`stitchable` keeps headers from depending on the rate control."""
    yield from ("-c:v", "libx264", "-preset", coding.preset)
    yield from ("-qp", "0") if coding.lossless else _rate(coding)
    yield from ("-x264-params", f"keyint={keyint}:open-gop=0:stitchable=1")


def _hevc(coding: Coding, keyint: int, threads: int) -> Iterator[str]:
    frames_at_once = 1 if threads < _FRAME_THREADS_FROM else 2
    settings = [
        f"keyint={keyint}:open-gop=0:repeat-headers=0:info=0:log-level=warning",
        f"pools={threads}:frame-threads={frames_at_once}",
        *(["lossless=1"] if coding.lossless else []),
        *(["hdr10-opt=1"] if coding.is_pq else []),
    ]
    yield from ("-c:v", "libx265", "-preset", coding.preset, "-tag:v", "hvc1")
    yield from () if coding.lossless else _rate(coding)
    # The source's Dolby Vision describes its own pictures, not these.
    yield from ("-dolbyvision", "0", "-x265-params", ":".join(settings))


def _vp9(coding: Coding, keyint: int, _threads: int) -> Iterator[str]:
    """Pictures and their alpha have key frames at the same places, and no hidden frames."""
    deadline, speed = _VP9_SPEEDS[coding.preset]
    hidden = "0" if coding.has_alpha else "1"
    yield from ("-c:v", "libvpx-vp9", "-deadline", deadline, "-cpu-used", str(speed))
    if coding.lossless:
        yield from ("-lossless", "1")
    else:
        yield from _rate(coding)
        yield from () if coding.bitrate_kbps else ("-b:v", "0")
    yield from ("-row-mt", "1", "-tile-columns", "2", "-g", str(keyint))
    yield from ("-keyint_min", str(keyint)) if coding.has_alpha else ()
    yield from ("-auto-alt-ref", hidden, "-lag-in-frames", str(_VP9_LAG))


def _av1(coding: Coding, keyint: int, threads: int) -> Iterator[str]:
    yield from ("-c:v", "libsvtav1", "-preset", str(_SVT_PRESETS[coding.preset]))
    yield from _rate(coding)
    yield from ("-g", str(keyint), "-dolbyvision", "0", "-svtav1-params", f"lp={threads}")


def _prores(coding: Coding, _keyint: int, _threads: int) -> Iterator[str]:
    """Every frame is a key frame. Apple's vendor mark, without which some editors refuse it."""
    yield from ("-c:v", "prores_ks", "-profile:v", coding.profile, "-vendor", "apl0")
    if coding.has_alpha:
        yield from ("-alpha_bits", "16")


def _rate(coding: Coding) -> Iterator[str]:
    if coding.bitrate_kbps is not None:
        yield from ("-b:v", f"{coding.bitrate_kbps}k")
    elif coding.crf is not None:
        yield from ("-crf", str(coding.crf))
    if coding.max_bitrate_kbps is not None:
        buffered = coding.buffer_kbits or _BUFFERED_S * coding.max_bitrate_kbps
        yield from ("-maxrate", f"{coding.max_bitrate_kbps}k", "-bufsize", f"{buffered}k")
