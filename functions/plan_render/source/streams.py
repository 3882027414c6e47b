"""Which of a source's streams are rendered."""

from fractions import Fraction
from typing import Any

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from functions.plan_render.source.facts import SubtitleFacts

_TEXT_SUBTITLES = {
    *("subrip", "srt", "ass", "ssa", "webvtt", "mov_text", "text", "ttml", "sami", "subviewer"),
    *("subviewer1", "microdvd", "mpl2", "jacosub", "realtext", "stl", "pjs", "vplayer"),
}


def films(container: InputContainer) -> list[VideoStream]:
    """Its video streams; covers (attached pictures) are none."""
    return [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]


def best_video(container: InputContainer) -> VideoStream | None:
    """The largest film that seems decodable."""
    usable = [stream for stream in films(container) if _is_decodable(stream)]
    return max(usable, key=lambda s: s.codec_context.width * s.codec_context.height, default=None)


def best_audio(container: InputContainer) -> AudioStream | None:
    """The one with most channels that seems decodable; the first of equals."""
    usable = [stream for stream in container.streams.audio if _is_audible(stream)]
    return max(usable, key=lambda s: s.codec_context.channels, default=None)


def used_streams(container: InputContainer) -> dict[str, Stream]:
    """Those that are rendered, by their kind, "video" or "audio"."""
    found = {"video": best_video(container), "audio": best_audio(container)}
    return {kind: stream for kind, stream in found.items() if stream is not None}


def why_no_video(container: InputContainer) -> str:
    """A predicate, where `best_video` finds none."""
    if found := films(container):
        names = sorted({codec_name(stream) for stream in found})
        return f"has video that cannot be decoded ({', '.join(names)})"
    others = sorted({"a cover picture" if s.type == "video" else s.type for s in container.streams})
    return f"has no video stream, only {', '.join(others) or 'an empty header'}"


def audio_codecs(container: InputContainer) -> tuple[str, ...]:
    """Of all its audio streams."""
    return tuple(sorted({codec_name(stream) for stream in container.streams.audio}))


def subtitles(container: InputContainer) -> tuple[SubtitleFacts, ...]:
    """All tracks of subtitles, in their order."""
    return tuple(
        SubtitleFacts(
            stream_index=stream.index,
            codec=codec_name(stream),
            language=stream.language,
            is_text=codec_name(stream) in _TEXT_SUBTITLES,
        )
        for stream in container.streams.subtitles
    )


def codec_name(stream: Stream) -> str:
    """The format's name, whichever decoder reads it."""
    codec = _codec(stream)
    return codec.codec.canonical_name if codec is not None else "unknown codec"


def shown_size(width: int, height: int, pixel_aspect: Fraction, turned_deg: int) -> tuple[int, int]:
    """(width, height) of a decoded picture as players show it."""
    wide, tall = max(1, round(width * pixel_aspect)), height
    return (tall, wide) if turned_deg % 180 else (wide, tall)


def _is_decodable(stream: VideoStream) -> bool:
    codec = _codec(stream)
    # No pixel format: FFmpeg found no frame that it could read.
    return codec is not None and codec.pix_fmt is not None and codec.width * codec.height > 0


def _is_audible(stream: AudioStream) -> bool:
    codec = _codec(stream)
    return codec is not None and codec.channels > 0 and codec.sample_rate > 0


def _codec(stream: Stream) -> Any:
    """None, against PyAV's types, where FFmpeg has no decoder."""
    return stream.codec_context
