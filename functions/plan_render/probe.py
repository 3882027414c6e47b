"""Reads a source's headers, in a process of its own: `python -m functions.plan_render.probe`.

It parses bytes from strangers with a C library, so it runs without credentials, with bounded
memory, and may crash or be killed without harm. Arguments: the URL, the object's size, the limits
as JSON, memory in bytes, a certificates file or "". Answers {"probe": …} or {"error": …}.
"""

import json
import resource
import sys
from collections.abc import Sequence
from fractions import Fraction
from itertools import chain
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from functions.plan_render.facts import AudioFacts, Limits, Probe, VideoFacts
from functions.plan_render.layout import describe, is_encrypted, lacks_index
from functions.plan_render.rates import output_rate
from functions.plan_render.remote import RemoteBytes
from functions.plan_render.timing import (
    Picture,
    container_starts_at,
    end_of,
    read_head,
    starts_at,
)
from functions.shared.errors import (
    ReelwrightError,
    SourceEncrypted,
    SourceHasNoVideo,
    SourceNotMedia,
    SourceTooLarge,
    SourceTruncated,
    SourceUnreachable,
    TransientError,
)
from functions.shared.ffmpeg import AUDIO_FORMATS, PROTOCOLS, VIDEO_FORMATS

_HEAD_BYTES = 512


def main(arguments: Sequence[str]) -> None:
    url, size_bytes, limits, memory_bytes, certificates = arguments
    resource.setrlimit(resource.RLIMIT_AS, (int(memory_bytes), int(memory_bytes)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    remote = RemoteBytes(url, int(size_bytes), certificates or None)
    try:
        found = probe(url, remote, Limits.model_validate_json(limits), certificates)
        answer: dict[str, Any] = {"probe": found.model_dump(mode="json")}
    except ReelwrightError as error:
        answer = {"error": type(error).__name__, "message": str(error)}
    sys.stdout.write(json.dumps(answer))


def probe(url: str, remote: RemoteBytes, limits: Limits, certificates: str = "") -> Probe:
    """A source's facts. Errors are predicates: the parent puts the source's name before them."""
    try:
        with av.open(url, options=_options(certificates), timeout=(20, 20)) as container:
            return _examine(container, remote, limits)
    except (av.error.HTTPServerError, ConnectionError, TimeoutError) as error:
        raise TransientError(f"could not be read: {_said(error)}") from error
    except av.error.HTTPClientError as error:
        raise SourceUnreachable(f"is refused by its store: {_said(error)}") from error
    except FFmpegError as error:
        raise _why_unreadable(remote, error) from error


def _options(certificates: str) -> dict[str, str]:
    secure = {"ca_file": certificates, "tls_verify": "1"} if certificates else {}
    return {
        "protocol_whitelist": ",".join(PROTOCOLS),
        "format_whitelist": ",".join((*VIDEO_FORMATS, *AUDIO_FORMATS)),
        "reconnect": "1",
        "reconnect_on_network_error": "1",
        "reconnect_on_http_error": "5xx",
        "reconnect_delay_max": "5",
        "max_redirects": "0",
        "rw_timeout": "20000000",
        **secure,
    }


def _examine(container: InputContainer, remote: RemoteBytes, limits: Limits) -> Probe:
    if "mp4" in container.format.name and is_encrypted(remote):
        raise SourceEncrypted("is encrypted (its tracks say so); send it in the clear")
    if len(container.streams) > limits.streams:
        raise SourceTooLarge(f"has {len(container.streams)} streams; {limits.streams} are allowed")
    video = _best_video(container)
    pixels = video.codec_context.width * video.codec_context.height
    if pixels > limits.pixels:
        raise SourceTooLarge(f"has {pixels:,} pixels a frame; {limits.pixels:,} are allowed")
    audio = _best_audio(container)
    _check_bytes(container, remote.size_bytes)
    head = read_head(container, video)
    if head.encrypted or "enc_key_id" in video.metadata:
        raise SourceEncrypted("is encrypted; send it in the clear")
    if head.picture is None:
        raise SourceHasNoVideo(
            f"has a video stream ({video.codec_context.name}) of which no frame can be decoded"
        )
    return _facts(container, video, audio, head.rate, head.picture, limits)


def _facts(
    container: InputContainer,
    video: VideoStream,
    audio: AudioStream | None,
    measured: Fraction | None,
    picture: Picture,
    limits: Limits,
) -> Probe:
    width, height = _shown_size(video, picture.rotation_deg)
    rate = output_rate(video.average_rate, measured)
    ends = end_of(container, video, audio, rate=rate, scan_bytes=limits.scan_bytes)
    length_s = ends.video_s - starts_at(video)
    if length_s > limits.duration_s:
        raise SourceTooLarge(
            f"is {float(length_s):,.0f} s long; {limits.duration_s:,} s are allowed"
        )
    return Probe(
        container=container.format.name,
        container_start_s=container_starts_at(container),
        video=VideoFacts(
            stream_index=video.index,
            codec=video.codec_context.name,
            width=width,
            height=height,
            coded_pixels=video.codec_context.width * video.codec_context.height,
            rate=rate,
            colours_valid=picture.colours_valid,
            start_s=starts_at(video),
            end_s=ends.video_s,
        ),
        audio=_audio_facts(audio, ends.audio_s) if audio is not None else None,
        unheard=_unheard(container) if audio is None else (),
    )


def _audio_facts(audio: AudioStream, end_s: Fraction | None) -> AudioFacts:
    return AudioFacts(
        stream_index=audio.index,
        codec=audio.codec_context.name,
        channels=audio.codec_context.channels,
        sample_rate=audio.codec_context.sample_rate,
        start_s=starts_at(audio),
        end_s=end_s,
    )


def _best_video(container: InputContainer) -> VideoStream:
    """The largest decodable one; covers (attached pictures) are none."""
    films = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    usable = [s for s in films if _is_decodable(s)]
    if usable:
        return max(usable, key=lambda s: s.codec_context.width * s.codec_context.height)
    if films:
        names = sorted({_codec_name(s) for s in films})
        raise SourceHasNoVideo(f"has video that cannot be decoded ({', '.join(names)})")
    others = sorted({"a cover picture" if s.type == "video" else s.type for s in container.streams})
    raise SourceHasNoVideo(f"has no video stream, only {', '.join(others) or 'an empty header'}")


def _best_audio(container: InputContainer) -> AudioStream | None:
    """The decodable one with most channels; the first of equals."""
    usable = [s for s in container.streams.audio if _is_audible(s)]
    return max(usable, key=lambda s: s.codec_context.channels) if usable else None


def _unheard(container: InputContainer) -> tuple[str, ...]:
    return tuple(sorted({_codec_name(stream) for stream in container.streams.audio}))


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


def _codec_name(stream: Stream) -> str:
    codec = _codec(stream)
    return codec.name if codec is not None else "unknown codec"


def _shown_size(video: VideoStream, rotation_deg: int) -> tuple[int, int]:
    codec = video.codec_context
    aspect = video.sample_aspect_ratio or Fraction(1)
    width, height = max(1, round(codec.width * aspect)), codec.height
    return (height, width) if rotation_deg % 180 else (width, height)


def _check_bytes(container: InputContainer, size_bytes: int) -> None:
    """The index of an MP4 names every sample's bytes; all must be in the object."""
    if "mp4" not in container.format.name:
        return
    entries = chain.from_iterable(stream.index_entries for stream in container.streams)
    needed = max((entry.pos + entry.size for entry in entries), default=0)
    if needed > size_bytes:
        raise SourceTruncated(
            f"is cut short: its index names bytes up to {needed:,} and it has {size_bytes:,}"
        )


def _why_unreadable(remote: RemoteBytes, error: FFmpegError) -> ReelwrightError:
    if lacks_index(remote):
        return SourceTruncated(
            "begins like an MP4 file and has no index (moov box): the upload or the recording"
            " was cut short"
        )
    what = describe(remote.read(0, _HEAD_BYTES))
    return SourceNotMedia(f"cannot be read as media: it is {what} ({_said(error)})")


def _said(error: Exception) -> str:
    """FFmpeg's own words without the address, which carries a signature."""
    return getattr(error, "strerror", None) or type(error).__name__


if __name__ == "__main__":
    main(sys.argv[1:])
