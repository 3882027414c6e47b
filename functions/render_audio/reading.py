"""What ffmpeg opens: the source once for each clip, a little before its start, and other sounds."""

from collections.abc import Sequence
from fractions import Fraction

from functions.shared.ffmpeg import input_options
from functions.shared.plan import Audio, Clip, Plan

_PREROLL_S = Fraction(1)
"""Decoders of sound need up to 0.1 s to be right (MP3's reservoir, Opus); the rest is for indexes
that name only key frames of the pictures' track."""
_UNINDEXED_PREROLL_S = Fraction(11)
_UNINDEXED = {"mpegts", "mpeg"}
_RECKONED = {"mp3", "aac", "amr", "ac3", "eac3"}
"""Bare frames of sound: their times after a seek are reckoned from the bitrate, so none is made."""


def inputs(plan: Plan, audio: Audio, url: str, others: Sequence[str]) -> list[str]:
    """Input options: the source's, where its sound is used, then those of `audio.others`."""
    options = [] if audio.stream_index is None else _source_inputs(plan, url)
    mix = audio.change.mix if audio.change else None
    for sound, address in zip(audio.others, others, strict=True):
        loop = ["-stream_loop", "-1"] if mix and mix.loop and sound is mix.sound else []
        options += [*loop, "-copyts", "-threads", str(plan.threads), *input_options(address)]
    return options


def _source_inputs(plan: Plan, url: str) -> list[str]:
    options: list[str] = []
    for clip in plan.clips or (None,):
        at = _seek_s(plan, clip) if clip else None
        seek = [] if at is None else ["-ss", f"{float(at):.6f}", "-noaccurate_seek"]
        options += [*seek, "-copyts", "-threads", str(plan.threads), *input_options(url)]
    return options


def _seek_s(plan: Plan, clip: Clip) -> Fraction | None:
    """Where to seek, on ffmpeg's clock for input `-ss`; None: no seek."""
    if plan.source.container in _RECKONED:
        return None
    early_s = _UNINDEXED_PREROLL_S if plan.source.container in _UNINDEXED else _PREROLL_S
    at = clip.start_s - early_s
    return at + plan.clock.zero_s - plan.clock.container_start_s if at > 0 else None
