"""Looks into an asset in a child process and gives its facts, or AssetUnusable with its fault."""

import json
import tempfile
from pathlib import Path
from typing import Any

from functions.shared.errors import AssetUnusable, FfmpegFailed, RenderTimedOut, TransientError
from functions.shared.frozen import Frozen
from functions.shared.process import CRASHES, Ended, run_module
from functions.shared.request.caption import CaptionStyle

MEMORY_BYTES = 3 << 29
"""Address space: libraries take 300 MB, a picture of 64 megapixels up to 512 MB, twice."""
_MOST_S = 60.0
"""The largest picture takes 3 s, the longest captions 5 s."""


class ImageFacts(Frozen):
    """A picture as it is shown."""

    demuxer: str
    """FFmpeg's, to be named when it is read."""
    width: int
    height: int


class CaptionFacts(Frozen):
    """What captions hold."""

    format: str
    """srt, vtt or ass."""
    cues: int
    end_ms: int
    """Of the last one."""


def read_image(file: Path, *, timeout_s: float) -> ImageFacts:
    """Decode a picture. The AssetUnusable is a predicate: the caller puts a name before it."""
    return ImageFacts.model_validate(_read("image", file, timeout_s, ""))


def read_captions(file: Path, style: CaptionStyle, *, timeout_s: float) -> CaptionFacts:
    """Parse captions, and write them beside as `captions.vtt`, `.srt`, `.json`, and as
    `captions.ass` in the style given, unless they are ASS themselves.

    The AssetUnusable is a predicate: the caller puts a name before it.
    """
    return CaptionFacts.model_validate(_read("captions", file, timeout_s, style.model_dump_json()))


def _read(kind: str, file: Path, timeout_s: float, style: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="asset-home-") as folder:
        ended = run_module(
            "functions.plan_render.assets.reading",
            [kind, str(file), str(MEMORY_BYTES), style],
            folder=Path(folder),
            timeout_s=min(timeout_s, _MOST_S),
        )
    return _answer(ended, timeout_s)


def _answer(ended: Ended, timeout_s: float) -> dict[str, Any]:
    if ended.stopped == "timeout":
        if timeout_s < _MOST_S:
            raise RenderTimedOut("No time was left for reading it.")
        raise AssetUnusable(f"takes over {_MOST_S:.0f} s to read")
    if ended.returncode in CRASHES:
        raise AssetUnusable(f"crashes its reader (signal {-ended.returncode}): it is damaged")
    if ended.returncode < 0:
        raise TransientError(f"Reading it was killed (signal {-ended.returncode}).")
    if ended.returncode > 0:
        lines = ended.stderr.strip().splitlines()
        raise FfmpegFailed(f"Reading it failed: {lines[-1][:200] if lines else 'silently'}.")
    answer: dict[str, Any] = json.loads(ended.stdout)
    if "error" in answer:
        raise AssetUnusable(answer["error"])
    return answer
