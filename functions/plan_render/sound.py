"""The sound: the encodings that outputs share, and how long it is on the job's timeline."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Literal

from functions.plan_render.assets.bring_in import Brought
from functions.plan_render.sound_edit import (
    heard_facts,
    replaced_length_s,
    replaced_sound,
    sound_change,
)
from functions.plan_render.source.facts import Probe
from functions.shared.errors import SourceHasNoSound
from functions.shared.plan import Audio, Clip, Clock, SoundFile, SoundTrack, Video
from functions.shared.request.output import KnownOutput
from functions.shared.request.sound import CODECS, LOSSLESS, SOUND_FILES, AudioEncoding
from functions.shared.request.sound_edit import SoundEdit

_USUAL_KBPS = {"aac": 128, "mp3": 192, "opus": 96}
_USUAL_BITS: Literal[16] = 16
_SURROUND: Literal[6] = 6
_OWN_CONTAINERS: dict[str, Literal["mp3", "flac", "wav", "ogg"]] = {
    "mp3": "mp3",
    "flac": "flac",
    "wav": "wav",
    "opus": "ogg",
}


def track_of(output: KnownOutput) -> SoundTrack | None:
    """The encoding of the sound that an output asks for; None: it has none."""
    codecs = CODECS.get(output.container)
    if output.audio is None or codecs is None:
        return None
    track = _track(output.container, output.audio, output.audio.codec or codecs[0])
    if not output.metadata or output.container not in SOUND_FILES:
        return track
    tags = {str(tag): text for tag, text in sorted(output.metadata.items())}
    told = hashlib.sha256(json.dumps(tags).encode()).hexdigest()[:8]
    return track.model_copy(update={"name": f"{track.name}-tags-{told}", "tags": tags})


def _track(
    container: str,
    wanted: AudioEncoding,
    codec: Literal["aac", "mp3", "opus", "flac", "pcm"],
) -> SoundTrack:
    lossless = codec in LOSSLESS
    kbps = None if lossless else wanted.bitrate_kbps or _USUAL_KBPS[codec]
    bits = (wanted.bit_depth or _USUAL_BITS) if lossless else None
    # MOV is the one of the two that holds PCM as players know it.
    part = _OWN_CONTAINERS.get(container) or ("mov" if codec == "pcm" else "mp4")
    named = (
        codec,
        f"{kbps}k" if kbps else f"{bits}bit",
        f"{wanted.sample_rate_hz}hz" if wanted.sample_rate_hz else "",
        f"{wanted.channels}ch" if wanted.channels else "",
        "" if part in {"mp4", "mov"} else part,
    )
    return SoundTrack(
        name="-".join(filter(None, named)),
        container=part,
        codec=codec,
        bitrate_kbps=kbps,
        sample_rate_hz=wanted.sample_rate_hz,
        channels=wanted.channels,
        bit_depth=bits,
    )


def job_audio(
    asked: Iterable[KnownOutput], probe: Probe, wanted: SoundEdit | None, brought: Brought
) -> Audio | None:
    """Each distinct encoding once, where there is sound; `timed` says when it is heard."""
    tracks = {track.name: track for output in asked if (track := track_of(output))}
    heard = heard_facts(wanted, probe, brought)
    if heard is None or not tracks:
        return None
    replaced = replaced_sound(wanted, brought)
    own = probe.audio if replaced is None else None
    return Audio(
        stream_index=own.stream_index if own else None,
        replaced=replaced,
        sample_rate_hz=heard.sample_rate,
        tracks=tuple(_in_layout(tracks[name], heard.channels) for name in sorted(tracks)),
        duration_s=None,
    )


def _in_layout(track: SoundTrack, channels: int) -> SoundTrack:
    """Surround sound in AAC is 5.1: for other layouts, 5.1(side) of AC-3 among them, ffmpeg writes
    a list of channels of their own (PCE), which browsers refuse."""
    if track.codec != "aac" or track.channels is not None or channels < _SURROUND:
        return track
    return track.model_copy(update={"channels": _SURROUND})


def timed(
    audio: Audio,
    wanted: SoundEdit | None,
    probe: Probe,
    brought: Brought,
    own_end_s: Fraction | None,
    length_s: Fraction,
) -> Audio:
    """With its edit and its length on a timeline of `length_s`; the source's ends at `own_end_s`.

    Edited sound never outlasts the pictures.
    """
    heard = heard_facts(wanted, probe, brought)
    change = sound_change(wanted, heard, brought, length_s) if heard else None
    if change is None:
        return audio.model_copy(update={"duration_s": own_end_s})
    end_s = replaced_length_s(brought) if audio.replaced else own_end_s
    if change.mix:
        end_s = length_s
    elif end_s is not None:
        end_s = max(Fraction(0), min(length_s, end_s + change.offset_s))
    return audio.model_copy(update={"change": change, "duration_s": end_s})


def sound_files(asked: Iterable[KnownOutput], probe: Probe, *, heard: bool) -> Iterator[SoundFile]:
    """The files of sound alone. Raises SourceHasNoSound."""
    for output in asked:
        track = track_of(output)
        if track is None or output.container not in SOUND_FILES:
            continue
        if not heard:
            codecs = ", ".join(probe.unheard)
            why = f"sound that cannot be decoded ({codecs})" if codecs else "no sound"
            raise SourceHasNoSound(
                f"{probe.name} has {why}, and output {output.name} is a file of sound alone."
            )
        yield SoundFile(
            name=output.name, container=output.container, track=track.name, filename=output.filename
        )


def sound_end_s(probe: Probe, clock: Clock, video: Video, clips: Sequence[Clip]) -> Fraction | None:
    """Where the source's sound ends on the timeline; None where the source does not tell."""
    known = probe.audio.end_s if probe.audio else None
    if clips and not clips[-1].open_ended:
        return clips[-1].end_frame / video.rate
    if known is None:
        return None
    if not clips:
        return known - clock.zero_s
    last = clips[-1]
    rest_s = max(Fraction(0), known - clock.zero_s - last.start_s)
    return last.first_frame / video.rate + rest_s / last.speed
