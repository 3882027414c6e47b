"""Streams: each rung of a ladder is an output of its own, rendered from the one decode."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from functions.plan_render.framing import Size, frame_size
from functions.plan_render.sound import track_of
from functions.shared.plan import Output, Stream
from functions.shared.plan.stream import rung_output
from functions.shared.request.output import KnownOutput, OutputRequest
from functions.shared.request.stream import Rendition, StreamRequest


def rungs(streams: Sequence[StreamRequest], canvas: Size) -> Iterator[KnownOutput]:
    """The outputs that the streams come to; their sound is not in them."""
    for stream in streams:
        for rendition in kept(stream, canvas):
            name = rung_output(stream.name, rendition.rung)
            yield _framed(rendition).model_copy(update={"name": name})


def sounds(streams: Sequence[StreamRequest]) -> list[KnownOutput]:
    """Outputs that would have the sound of each stream."""
    return [OutputRequest(name=stream.name, audio=stream.audio).known() for stream in streams]


def kept(stream: StreamRequest, canvas: Size) -> list[Rendition]:
    """The renditions that enlarge nothing; the smallest where all would."""
    fit = [rendition for rendition in stream.ladder if not _enlarges(rendition, canvas)]
    return fit or [min(stream.ladder, key=lambda each: _area(each, canvas))]


def ladder_notes(streams: Sequence[StreamRequest], canvas: Size) -> Iterator[str]:
    """A sentence for each stream whose ladder lost rungs."""
    for stream in streams:
        names = [each.rung for each in stream.ladder if each not in kept(stream, canvas)]
        if names:
            yield (
                f"Stream {stream.name}: {', '.join(names)} left out because the picture, which is"
                f" {canvas[0]}x{canvas[1]}, would have to be enlarged."
            )


def in_segments(
    streams: Sequence[Stream], outputs: Sequence[Output], chunk_frames: int
) -> tuple[tuple[Output, ...], int]:
    """(the outputs, the rungs among them with a key frame a segment; the frames of a chunk, which
    are then whole segments)."""
    if not streams:
        return tuple(outputs), chunk_frames
    frames = streams[0].segment_frames
    names = {name for stream in streams for name in stream.rungs}
    segmented = {"segment_frames": frames, "keyint": frames}
    return tuple(
        output.model_copy(update=segmented) if output.name in names else output
        for output in outputs
    ), whole_segments(chunk_frames, frames)


def segment_frames(stream: StreamRequest, rate: Fraction) -> int:
    return max(1, round(Fraction(repr(stream.segment_s)) * rate))


def whole_segments(chunk_frames: int, in_segment: int) -> int:
    """The nearest number of frames that is whole segments, at least one of them."""
    return in_segment * max(1, (2 * chunk_frames + in_segment) // (2 * in_segment))


def plan_streams(
    streams: Sequence[StreamRequest], canvas: Size, rate: Fraction, *, heard: bool
) -> Iterator[Stream]:
    """`heard`: whether the source has sound."""
    for stream, carrier in zip(streams, sounds(streams), strict=True):
        track = track_of(carrier) if heard else None
        yield Stream(
            name=stream.name,
            formats=stream.formats,
            segment_frames=segment_frames(stream, rate),
            rungs=tuple(rung_output(stream.name, each.rung) for each in kept(stream, canvas)),
            audio_track=track.name if track else None,
            i_frames=stream.i_frames,
        )


def _framed(rendition: Rendition) -> KnownOutput:
    return OutputRequest(
        width=rendition.width,
        height=rendition.height,
        fit=rendition.fit,
        video=rendition.video,
        audio=None,
    ).known()


def _enlarges(rendition: Rendition, canvas: Size) -> bool:
    """Whether the picture would be larger than it is, by more than rounding to even sizes."""
    size, scaled = frame_size(_framed(rendition), canvas)
    width, height = scaled or size
    return width > canvas[0] + 1 or height > canvas[1] + 1


def _area(rendition: Rendition, canvas: Size) -> int:
    (width, height), _ = frame_size(_framed(rendition), canvas)
    return width * height
