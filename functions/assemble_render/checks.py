"""Is everything there that the plan names, and is it what the plan says? Nothing is decoded."""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from functions.assemble_render.captions import TextTrack, text_tracks
from functions.assemble_render.stored import StoredFile, open_stored
from functions.shared.errors import PartForeign, PartMismatch, PartMissing
from functions.shared.media_store import Keys, MediaStore
from functions.shared.mp4.boxes import FIRST_READ_BYTES
from functions.shared.mp4.inspection import (
    AudioPart,
    check_grid,
    describe_audio,
    describe_video,
    named,
    only_track,
)
from functions.shared.mp4.source import ByteSource
from functions.shared.mp4.stitch import Extent, media_extents
from functions.shared.mp4.track import Movie, Track, read_movie
from functions.shared.mp4.verification import Expected
from functions.shared.plan import Chunk, Output, Plan, SoundTrack

AUDIO_TOLERANCE_S = Fraction(1, 2)
_TABLE_BYTES = 16 << 10
_TABLE_BYTES_A_FRAME = 16
"""A part's tables stand first: 4 bytes a frame for its size, 8 for its time on screen, 4 if each
were a key frame. What is larger costs one more request."""


@dataclass(frozen=True, slots=True)
class CheckedChunk:
    """A video part that agrees with the plan."""

    file: StoredFile
    track: Track
    extents: list[Extent]

    @property
    def frames(self) -> int:
        return len(self.track.sizes)


@dataclass(frozen=True, slots=True)
class CheckedAudio:
    """An audio part that agrees with the plan."""

    encoding: SoundTrack
    file: StoredFile
    movie: Movie
    track: Track
    extents: list[Extent]
    part: AudioPart


@dataclass(frozen=True, slots=True)
class CheckedOutput:
    """One output's parts, each of which agrees with the plan and with the others."""

    output: Output
    chunks: Sequence[CheckedChunk]
    audio: CheckedAudio | None
    alpha: Sequence[CheckedChunk] = ()
    """Of VP9, whose alpha has parts of its own."""
    texts: Sequence[TextTrack] = ()
    """Captions, made for it."""

    @property
    def frames(self) -> int:
        """The true total, which the last chunk settles."""
        return sum(chunk.frames for chunk in self.chunks)

    def expected(self, plan: Plan) -> Expected:
        """What the file made of these parts must hold."""
        return Expected(
            frames=self.frames,
            width=self.output.width,
            height=self.output.height,
            timescale=plan.video.timescale,
            frame_ticks=plan.video.frame_ticks,
            config_sha256=self.chunks[0].track.config_sha256,
            audio=self.audio.part if self.audio else None,
            size_bytes=None,
            texts=[text.track for text in self.texts],
        )


def check_outputs(
    store: MediaStore, job_id: str, plan: Plan, threads: Executor
) -> list[CheckedOutput]:
    """Raises PartMissing, PartForeign or PartMismatch, naming the output and chunk."""
    checked = [_check_output(store, job_id, plan, output, threads) for output in plan.files]
    for other in checked[1:]:
        if other.frames != checked[0].frames:
            raise PartMismatch(
                f"output {other.output.name} has {other.frames} frames,"
                f" output {checked[0].output.name} has {checked[0].frames}"
            )
    return checked


def _check_output(
    store: MediaStore, job_id: str, plan: Plan, output: Output, threads: Executor
) -> CheckedOutput:
    chunks = _check_chunks(store, job_id, plan, output, threads)
    apart = plan.alpha_of(output)
    alpha = _check_chunks(store, job_id, plan, apart, threads) if apart else []
    audio = None
    if output.audio_track is not None and plan.audio is not None:
        audio = check_audio(store, job_id, plan, plan.audio.track(output.audio_track))
    frames = sum(chunk.frames for chunk in chunks)
    texts = text_tracks(store, plan, output, frames)
    return CheckedOutput(output, chunks, audio, alpha, texts)


def _check_chunks(
    store: MediaStore, job_id: str, plan: Plan, output: Output, threads: Executor
) -> list[CheckedChunk]:
    """All of one output, of one configuration."""
    check = partial(_check_chunk, store, job_id, plan, plan.hash, output)
    chunks = list(threads.map(check, plan.chunks))
    for chunk in chunks[1:]:
        if chunk.track.config_sha256 != chunks[0].track.config_sha256:
            raise PartMismatch(f"{chunk.file.name} has another codec configuration than chunk 0")
    return chunks


def _check_chunk(
    store: MediaStore, job_id: str, plan: Plan, plan_hash: str, output: Output, chunk: Chunk
) -> CheckedChunk:
    name = f"chunk {chunk.index} of output {output.name}"
    key = Keys(job_id).chunk(output.name, chunk.index, output.part_suffix)
    tables_bytes = _TABLE_BYTES + _TABLE_BYTES_A_FRAME * chunk.frames
    file, source = open_part(store, key, name, plan_hash, tables_bytes)
    with named(name):
        track = only_track(read_movie(source), "vide")
        video = describe_video(track, file.size_bytes)
        check_frames(plan, chunk, video.frames, file.metadata.get("frames"))
        check_grid(track, plan.video.timescale, plan.video.frame_ticks)
        if (video.width, video.height) != (output.width, output.height):
            raise PartMismatch(
                f"is {video.width}x{video.height}, the plan says {output.width}x{output.height}"
            )
        return CheckedChunk(file, track, media_extents(track))


def check_frames(plan: Plan, chunk: Chunk, frames: int, stated: str | None) -> None:
    """Only the last chunk may differ from its plan, as it is rendered to the source's real end."""
    slack = plan.frame_slack(chunk)
    if abs(frames - chunk.frames) > slack:
        within = f", give or take {slack}" if slack else ""
        raise PartMismatch(f"has {frames} frames, the plan says {chunk.frames}{within}")
    if stated != str(frames):
        raise PartMismatch(f"has {frames} frames, its metadata says {stated}")


def check_audio(store: MediaStore, job_id: str, plan: Plan, encoding: SoundTrack) -> CheckedAudio:
    name = f"the sound {encoding.name}"
    file, source = open_part(store, Keys(job_id).audio(encoding.file_name), name, plan.hash)
    with named(name):
        movie = read_movie(source)
        track = only_track(movie, "soun")
        part = describe_audio(movie, track, file.size_bytes)
        planned_s = plan.audio.duration_s if plan.audio else None
        if planned_s is not None and part.end_s < planned_s - AUDIO_TOLERANCE_S:
            raise PartMismatch(
                f"ends at {float(part.end_s):.2f} s, the plan says {float(planned_s):.2f} s"
            )
        return CheckedAudio(encoding, file, movie, track, media_extents(track), part)


def open_part(
    store: MediaStore, key: str, name: str, plan_hash: str, first_bytes: int = FIRST_READ_BYTES
) -> tuple[StoredFile, ByteSource]:
    """A part that says it was made for this plan and carries its checksum; its first bytes are read
    at once."""
    opened = open_stored(store, key, name, first_bytes)
    if opened is None:
        raise PartMissing(f"{name} is not in the store ({key})")
    file = opened[0]
    if file.metadata.get("plan") != plan_hash:
        raise PartForeign(f"{name} was made for another plan ({key})")
    if "sha256" not in file.metadata:
        raise PartMismatch(f"{name} carries no checksum ({key})")
    return opened
