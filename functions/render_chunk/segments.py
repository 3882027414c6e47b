"""A rung's part of a chunk: the file that was encoded, laid out anew as one fragment a segment."""

from pathlib import Path

from functions.shared.errors import PartMismatch
from functions.shared.mp4.fragmenting import fragmented, lay_out_video
from functions.shared.mp4.fragments import check_segments, read_fragmented
from functions.shared.mp4.inspection import named, only_track
from functions.shared.mp4.source import FileBytes
from functions.shared.mp4.stitch import read_media
from functions.shared.mp4.track import read_movie
from functions.shared.plan import Chunk, Output, Plan


def key_frame_options(output: Output) -> list[str]:
    """Options beside the encoder's own by which its key frames come each segment and nowhere else,
    so that those of all rungs are at the same times."""
    if output.segment_frames is None:
        return []
    match output.coding.codec:
        case "h264":
            # It takes no minimum over half a GOP.
            return ["-sc_threshold", "0"]
        case "hevc":
            return ["-keyint_min", str(output.segment_frames)]
        case _:
            # SVT-AV1 places none by itself.
            return []


def in_segments(plan: Plan, chunk: Chunk, output: Output, file: Path) -> Path:
    """The part in segments, in place of `file`, read back and checked. Raises PartMismatch."""
    if output.segment_frames is None:
        return file
    made = file.with_name(f"{file.name}.segments")
    with named(f"output {output.name}"):
        source = FileBytes(file)
        track = only_track(read_movie(source), "vide")
        layout = lay_out_video(
            track,
            start_frame=chunk.start_frame,
            segment_frames=output.segment_frames,
            frame_ticks=plan.video.frame_ticks,
        )
        with made.open("wb") as stream:
            for piece in fragmented(layout, read_media(source, track)):
                stream.write(piece)
        part = read_fragmented(FileBytes(made))
        check_segments(
            part,
            start_frame=chunk.start_frame,
            segment_frames=output.segment_frames,
            timescale=plan.video.timescale,
            frame_ticks=plan.video.frame_ticks,
        )
        if part.frames != len(track.sizes):
            raise PartMismatch(f"has {part.frames} frames in segments, {len(track.sizes)} before")
    file.unlink()
    return made
