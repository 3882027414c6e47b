"""Reads a source's headers by itself: `python -m functions.plan_render.source.probe`.

It parses bytes from strangers with a C library, so it runs without credentials, with bounded
memory, and may crash or be killed without harm. Arguments: the URL, the object's size, the limits
as JSON, memory in bytes, a certificates file or "". Answers {"probe": …} or {"error": …}.
"""

import json
import resource
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import partial
from itertools import chain
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from functions.plan_render.source.facts import AudioFacts, Limits, Probe, VideoFacts
from functions.plan_render.source.head import Head, Sound, read_head
from functions.plan_render.source.layout import describe, is_encrypted, lacks_index
from functions.plan_render.source.opening import TIMEOUTS_S, open_options
from functions.plan_render.source.pictures import Picture
from functions.plan_render.source.rates import output_rate
from functions.plan_render.source.remote import RemoteBytes
from functions.plan_render.source.scan import CHANGING, CLOCKED, falls, scan
from functions.plan_render.source.streams import (
    audio_codecs,
    best_audio,
    best_video,
    codec_name,
    films,
    shown_size,
    subtitles,
    used_streams,
    why_no_video,
)
from functions.plan_render.source.timing import container_starts_at, end_of, starts_at
from functions.plan_render.source.whole import is_whole
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

_HEAD_BYTES = 512
Reopen = Callable[[], InputContainer]


def main(arguments: Sequence[str]) -> None:
    url, size_bytes, limits, memory_bytes, certificates = arguments
    resource.setrlimit(resource.RLIMIT_AS, (int(memory_bytes), int(memory_bytes)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    remote = RemoteBytes(url, int(size_bytes), certificates or None)
    try:
        found = probe(url, remote, Limits(**json.loads(limits)), certificates)
        answer: dict[str, Any] = {"probe": asdict(found)}
    except ReelwrightError as error:
        answer = {"error": type(error).__name__, "message": str(error)}
    # Fractions, exact.
    sys.stdout.write(json.dumps(answer, default=str))


def probe(url: str, remote: RemoteBytes, limits: Limits, certificates: str = "") -> Probe:
    """A source's facts. Errors are predicates: the parent puts the source's name before them."""
    options = open_options(certificates, limits)
    opened = partial(av.open, url, options=options, timeout=TIMEOUTS_S)
    try:
        with opened() as container:
            return _examine(container, opened, remote, limits)
    except (av.error.HTTPServerError, ConnectionError, TimeoutError) as error:
        raise TransientError(f"could not be read: {_said(error)}") from error
    except av.error.HTTPClientError as error:
        raise SourceUnreachable(f"is refused by its store: {_said(error)}") from error
    except MemoryError as error:
        raise SourceTooLarge(
            f"has more than the {limits.streams} streams that are allowed, or needs more memory to"
            " be read than there is"
        ) from error
    except FFmpegError as error:
        raise _why_unreadable(remote, error) from error


def _examine(
    container: InputContainer, reopen: Reopen, remote: RemoteBytes, limits: Limits
) -> Probe:
    if "mp4" in container.format.name and is_encrypted(remote):
        raise SourceEncrypted("is encrypted (its tracks say so); send it in the clear")
    if len(container.streams) > limits.streams:
        raise SourceTooLarge(f"has more than the {limits.streams} streams that are allowed")
    for film in films(container):
        _check_pixels(film.codec_context.width, film.codec_context.height, limits)
    video, audio = best_video(container), best_audio(container)
    if video is None and audio is None:
        raise SourceHasNoVideo(why_no_video(container))
    _check_bytes(container, remote.size_bytes)
    head = read_head(container, video, audio)
    if head.encrypted or (video is not None and "enc_key_id" in video.metadata):
        raise SourceEncrypted("is encrypted; send it in the clear")
    unseen = why_no_video(container) if video is None else None
    if video is not None and head.picture is None:
        unseen = f"has a video stream ({codec_name(video)}) of which no frame can be decoded"
        video = None
    audio = audio if head.audible else None
    if unseen and audio is None:
        raise SourceHasNoVideo(unseen)
    uneven = _uneven(container, reopen, remote.size_bytes, limits)
    if uneven:
        return Probe(
            container=container.format.name,
            container_start_s=container_starts_at(container),
            video=None,
            audio=None,
            uneven=uneven,
        )
    whole = is_whole(remote, container.format.name)
    return _Found(container, reopen, video, audio, head, unseen).probe(limits, whole=whole)


def _uneven(container: InputContainer, reopen: Reopen, size_bytes: int, limits: Limits) -> str:
    """What changes in mid-stream."""
    if container.format.name not in CHANGING:
        return ""
    with reopen() as again:
        used = used_streams(again)
        if size_bytes <= limits.scan_bytes:
            return scan(again, used).uneven
        if again.format.name in CLOCKED and falls(again, next(iter(used.values())), size_bytes):
            raise SourceTooLarge(
                f"sets its clock anew, and has more than the {limits.scan_bytes:,} bytes that are"
                " read through to make it even; send it as one MP4 or Matroska file"
            )
    return ""


@dataclass(frozen=True)
class _Found:
    """The streams of a source that are used, and what its head shows."""

    container: InputContainer
    reopen: Reopen
    video: VideoStream | None
    audio: AudioStream | None
    head: Head
    unseen: str | None

    def probe(self, limits: Limits, *, whole: bool) -> Probe:
        container, video, audio = self.container, self.video, self.audio
        rate = output_rate(video.average_rate if video else None, self.head.rate)
        ends = end_of(
            container,
            video,
            audio,
            rate=rate,
            scan_bytes=limits.scan_bytes,
            whole=whole,
            reopen=self.reopen,
        )
        for stream, end_s in ((video, ends.video_s), (audio, ends.audio_s)):
            if stream is not None and end_s is not None:
                _check_length(end_s - starts_at(stream), limits)
        pictures = None
        if video is not None and self.head.picture is not None and ends.video_s is not None:
            pictures = _video_facts(video, self.head, self.head.picture, rate, ends.video_s)
            _check_pixels(pictures.width, pictures.height, limits)
        return Probe(
            container=container.format.name,
            container_start_s=container_starts_at(container),
            video=pictures,
            audio=_audio_facts(audio, self.head.sound, ends.audio_s) if audio else None,
            unheard=audio_codecs(container) if audio is None else (),
            subtitles=subtitles(container),
            unseen=self.unseen or "",
        )


def _video_facts(
    video: VideoStream, head: Head, picture: Picture, rate: Fraction, end_s: Fraction
) -> VideoFacts:
    aspect = video.sample_aspect_ratio or Fraction(1)
    width, height = shown_size(picture.width, picture.height, aspect, picture.turned_deg)
    return VideoFacts(
        stream_index=video.index,
        codec=codec_name(video),
        width=width,
        height=height,
        coded_pixels=picture.width * picture.height,
        coded_size=(picture.width, picture.height),
        rate=rate,
        colours_valid=picture.colours_valid,
        start_s=starts_at(video) if head.first_s is None else min(starts_at(video), head.first_s),
        end_s=end_s,
        bit_depth=picture.bit_depth,
        pixel_format=picture.pixel_format,
        has_alpha=picture.has_alpha,
        is_rgb=picture.is_rgb,
        interlaced=head.interlaced,
        colour=picture.colour,
        mastering=picture.mastering,
        content_light=picture.content_light,
        pixel_aspect=aspect,
        turned_deg=picture.turned_deg,
        mirrored=picture.mirrored,
    )


def _audio_facts(audio: AudioStream, heard: Sound | None, end_s: Fraction | None) -> AudioFacts:
    return AudioFacts(
        stream_index=audio.index,
        codec=codec_name(audio),
        channels=heard.channels if heard else audio.codec_context.channels,
        sample_rate=heard.sample_rate if heard else audio.codec_context.sample_rate,
        start_s=starts_at(audio),
        end_s=end_s,
    )


def _check_pixels(width: int, height: int, limits: Limits) -> None:
    if width * height > limits.pixels:
        raise SourceTooLarge(
            f"has {width * height:,} pixels a frame; {limits.pixels:,} are allowed"
        )
    if max(width, height) > limits.side:
        raise SourceTooLarge(f"is {width:,}x{height:,} pixels; {limits.side:,} a side are allowed")


def _check_length(length_s: Fraction, limits: Limits) -> None:
    if length_s > limits.duration_s:
        raise SourceTooLarge(
            f"is {float(length_s):,.0f} s long; {limits.duration_s:,} s are allowed"
        )


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
