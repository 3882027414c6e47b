"""Files of sound alone: checked as their worker described them, and copied to where they belong."""

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from fractions import Fraction

from functions.assemble_render.checks import AUDIO_TOLERANCE_S, open_part
from functions.assemble_render.publish import Published, is_ours
from functions.assemble_render.result import AudioResult, OutputResult
from functions.assemble_render.stored import StoredFile, check_bytes, copy_pinned
from functions.shared.disposition import content_disposition
from functions.shared.errors import PartMismatch
from functions.shared.media_store import Keys, MediaStore
from functions.shared.mp4.inspection import named
from functions.shared.plan import Plan, SoundFile, SoundTrack


@dataclass(frozen=True, slots=True)
class CheckedSound:
    """A part that holds the bytes its worker made, and what that found in them."""

    wanted: SoundFile
    track: SoundTrack
    file: StoredFile
    sample_rate_hz: int
    channels: int
    samples: int

    @property
    def duration_s(self) -> Fraction:
        return Fraction(self.samples, self.sample_rate_hz)


def check_sound_files(
    store: MediaStore, job_id: str, plan: Plan, threads: Executor
) -> list[CheckedSound]:
    """Raises PartMissing, PartForeign or PartMismatch, naming the encoding."""
    return list(threads.map(lambda wanted: _check(store, job_id, plan, wanted), plan.sound_files))


def _check(store: MediaStore, job_id: str, plan: Plan, wanted: SoundFile) -> CheckedSound:
    if plan.audio is None:
        raise PartMismatch(f"output {wanted.name} is a file of sound, and the plan has no sound")
    track = plan.audio.track(wanted.track)
    name = f"the sound {track.name}"
    file, source = open_part(store, Keys(job_id).audio(track.file_name), name, plan.hash)
    facts = file.metadata
    numbers = [facts.get(fact, "") for fact in ("rate", "channels", "samples")]
    with named(name):
        if facts.get("codec") != track.codec:
            raise PartMismatch(f"is {facts.get('codec')!r}, the plan says {track.codec!r}")
        if not all(number.isdecimal() and int(number) for number in numbers):
            raise PartMismatch(f"says of itself {dict(facts)}, not how long it is")
        checked = CheckedSound(wanted, track, file, *map(int, numbers))
        planned_s = plan.audio.duration_s
        if planned_s is not None and checked.duration_s < planned_s - AUDIO_TOLERANCE_S:
            raise PartMismatch(
                f"is {float(checked.duration_s):.2f} s long, the plan says {float(planned_s):.2f} s"
            )
        check_bytes(source, file)
    return checked


def publish_sound_files(
    store: MediaStore, job_id: str, plan: Plan, sounds: list[CheckedSound], threads: Executor
) -> Iterator[OutputResult]:
    """Copy the parts to their final keys, unless an earlier attempt did."""

    def copy(sound: CheckedSound) -> Published:
        wanted = sound.wanted
        key = Keys(job_id).output(wanted.name, wanted.container)
        if not is_ours(store, key, plan.hash):
            shown = wanted.filename and content_disposition(wanted.filename, wanted.container)
            copy_pinned(sound.file, key, sound.track.content_type, shown)
        return Published(key, sound.file.size_bytes, sound.file.metadata["sha256"])

    for sound, file in zip(sounds, threads.map(copy, sounds), strict=True):
        yield _result(sound, file)


def _result(sound: CheckedSound, file: Published) -> OutputResult:
    return OutputResult(
        name=sound.wanted.name,
        key=file.key,
        size_bytes=file.size_bytes,
        sha256=file.sha256,
        frames=None,
        duration_s=float(sound.duration_s),
        width=None,
        height=None,
        rate=None,
        audio=AudioResult(
            codec=sound.track.codec,
            bitrate_kbps=sound.track.bitrate_kbps,
            sample_rate=sound.sample_rate_hz,
            channels=sound.channels,
            start_s=0,
            duration_s=float(sound.duration_s),
        ),
    )
