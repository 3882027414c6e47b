"""What a job will make, frame by frame: written once by plan_render, read by every worker."""

import hashlib

from pydantic import Field

from functions.shared.frozen import Frozen
from functions.shared.plan.grid import Chunk, Clip, Clock, Span, Video, frame_slack
from functions.shared.plan.output import Output
from functions.shared.plan.overlay import CaptionTrack, Overlays
from functions.shared.plan.picture import PictureEdit
from functions.shared.plan.snapshots import Snapshots
from functions.shared.plan.sound import Audio, SoundFile
from functions.shared.plan.stream import Stream
from functions.shared.plan.whole_picture import WholePicture


class Source(Frozen):
    """The one object every worker reads. `etag` pins its bytes for the whole job."""

    bucket: str
    key: str
    etag: str
    size_bytes: int
    container: str
    """FFmpeg's demuxer name, e.g. `mov,mp4,m4a,3gp,3g2,mj2` or `mpegts`."""


class Plan(Frozen):
    """Everything a worker needs beside its own number."""

    job_id: str
    source: Source
    clock: Clock
    video: Video
    clips: tuple[Clip, ...] = ()
    """In order of showing; none: the whole source."""
    picture: PictureEdit = Field(default_factory=PictureEdit)
    overlays: Overlays = Field(default_factory=Overlays)
    captions: tuple[CaptionTrack, ...] = ()
    audio: Audio | None
    outputs: tuple[Output, ...]
    """Files that have pictures, and the rungs of streams."""
    sound_files: tuple[SoundFile, ...] = ()
    """Files of sound alone."""
    streams: tuple[Stream, ...] = ()
    whole_pictures: tuple[WholePicture, ...] = ()
    """Files that are rendered in one piece."""
    snapshots: Snapshots | None
    chunk_frames: int
    threads: int
    """Encoder and decoder threads; part of the plan because output bytes depend on it."""
    max_parallel: int
    notes: tuple[str, ...] = ()
    """Sentences on what the job will lack, for its result."""

    @property
    def files(self) -> tuple[Output, ...]:
        """The outputs that become a file each."""
        return tuple(
            output
            for output in self.outputs
            if output.segment_frames is None and output.alpha_of is None
        )

    def alpha_of(self, output: Output) -> Output | None:
        """The output that is another's alpha, where its codec keeps that apart."""
        return next((one for one in self.outputs if one.alpha_of == output.name), None)

    @property
    def chunks(self) -> tuple[Chunk, ...]:
        """The cuts. A tail under half a chunk joins the chunk before it."""
        if not self.outputs:
            return ()
        total = self.video.total_frames
        starts = list(range(0, total, self.chunk_frames))
        if len(starts) > 1 and 2 * (total - starts[-1]) < self.chunk_frames:
            starts.pop()
        return tuple(
            Chunk(index=i, start_frame=a, end_frame=b)
            for i, (a, b) in enumerate(zip(starts, [*starts[1:], total], strict=True))
        )

    @property
    def items(self) -> tuple[Chunk, ...]:
        """What the Map is given: the chunks, then each whole picture."""
        return (*self.chunks, *map(self.chunk_of, self.whole_pictures))

    def chunk_of(self, picture: WholePicture) -> Chunk:
        """A whole picture as an item."""
        return Chunk(
            index=len(self.chunks) + self.whole_pictures.index(picture),
            start_frame=picture.start_frame,
            end_frame=picture.end_frame,
        )

    def whole_picture(self, item: Chunk) -> WholePicture | None:
        """The picture that an item is; None: it is a chunk, or none of this plan."""
        return next((one for one in self.whole_pictures if self.chunk_of(one) == item), None)

    @property
    def timeline(self) -> tuple[Clip, ...]:
        """What is shown, in order; the clips' frames follow each other without a gap."""
        return self.clips or (Clip(first_frame=0, frames=self.video.total_frames),)

    def spans(self, start_frame: int, end_frame: int) -> tuple[Span, ...]:
        """The parts of clips that make up output frames `[start_frame, end_frame)`, in order.

        An end behind the last frame asks for more of the last clip than was planned.
        """
        clips = self.timeline
        ends = [*(clip.end_frame for clip in clips[:-1]), max(end_frame, clips[-1].end_frame)]
        return tuple(
            Span(
                clip=clip,
                start_frame=max(start_frame, clip.first_frame) - clip.first_frame,
                end_frame=min(end_frame, clip_end) - clip.first_frame,
            )
            for clip, clip_end in zip(clips, ends, strict=True)
            if clip.first_frame < end_frame and start_frame < clip_end
        )

    def frame_slack(self, chunk: Chunk) -> int:
        """How many frames a chunk may have more or fewer than planned.

        None, but for the last: containers lie about their length, so it is rendered to the source's
        real end, and that may lie 2 frames or half a second from the planned one.
        """
        is_last = chunk.end_frame == self.video.total_frames
        lies = is_last and self.timeline[-1].open_ended
        return frame_slack(self.video.rate) if lies else 0

    @property
    def hash(self) -> str:
        """Identifies what parts hold; equal plans make equal parts, so a part can be reused."""
        shaping = self.model_dump_json(exclude={"job_id", "max_parallel", "notes"})
        return hashlib.sha256(shaping.encode()).hexdigest()
