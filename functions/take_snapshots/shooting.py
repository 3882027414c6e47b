"""Gets single frames of the job's grid out of the source, as files."""

import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from functions.shared.cut import (
    Cut,
    clean_options,
    grid_graph,
    is_indexed,
    prerolls_s,
    read_options,
    reads_from_start,
)
from functions.shared.errors import SourceTruncated, TransientError
from functions.shared.ffmpeg import SMALL_PIECE_BYTES, Input, lost_connection, run_ffmpeg
from functions.shared.image_coding import CONTENT_TYPES, ImageCoding
from functions.shared.overlay_filters import Layers
from functions.shared.parts import Deadline, Store, check_source, made
from functions.shared.picture_filters import edit_filters
from functions.shared.plan import Accuracy, Plan, Size, Snapshots, frame_slack
from functions.shared.tone_mapping import tone_mapped
from functions.take_snapshots.coding import Target

AT_ONCE = 2
_STEPS_BACK = 2
"""Frames that can be missing inside a source, e.g. between its clips."""
_AT_KEY = Fraction(0)
_NUMBER = re.compile(r"pts:\s*(\d+)")
_UNNUMBERED = Fraction(-1)
"""As a preroll of the graph: the grid is not to begin at zero, whatever the seek."""


@dataclass(frozen=True)
class Shoot:
    """What the pictures of one batch share."""

    store: Store
    plan: Plan
    wanted: Snapshots
    deadline: Deadline
    source: Input
    layers: Layers

    @property
    def coding(self) -> ImageCoding:
        return ImageCoding(self.wanted.format, self.wanted.quality, self.wanted.lossless)

    def run(self, options: Sequence[str]) -> None:
        """Run ffmpeg on the source. Raises TransientError where it lost the connection."""
        left_s = self.deadline.left_s(f"taking snapshots of {self.source.name}")
        if lost_connection(run_ffmpeg(options, self.source, timeout_s=left_s)):
            name = self.source.name
            raise TransientError(f"The connection to {name} was lost during a snapshot.")

    def is_made(self, keys: Sequence[str]) -> bool:
        return all(made(self.store, key, self.plan.hash) for key in keys)

    def keep(self, files: Mapping[str, Path], facts: Mapping[str, str]) -> None:
        """Upload pictures to their keys, if the source still is what was planned."""
        check_source(self.store, self.plan.source)
        kind = CONTENT_TYPES[self.wanted.format]
        for key, file in files.items():
            self.store.upload(key, file, kind, {"plan": self.plan.hash, **facts})


@contextmanager
def at_once() -> Iterator[ThreadPoolExecutor]:
    """Threads that begin nothing more once something failed; what they began is waited for, so that
    neither a process nor its files outlive the call."""
    threads = ThreadPoolExecutor(AT_ONCE)
    try:
        yield threads
    finally:
        threads.shutdown(cancel_futures=True)


def shoot(
    by: Shoot, frame: int, targets: Sequence[Target], *, accuracy: Accuracy, what: str
) -> int:
    """Make the targets of a frame; returns which one they show.

    Past the real end that is the last one before: lengths lie by as much as renders allow for.
    Raises SourceTruncated, naming `what` was wanted.
    """
    if accuracy == "keyframe" and is_indexed(by.plan.source.container):
        found = _take_key_frame(by, frame, targets)
        if found is not None:
            return found
    video = by.plan.video
    if _take_frame(by, frame, targets):
        return frame
    slack = frame_slack(video.rate)
    steps_back = slack if frame >= video.total_frames - slack else _STEPS_BACK
    last = _last_frame(by, max(0, frame - steps_back), frame, targets[0].file)
    if last is not None and _take_frame(by, last, targets):
        return last
    raise SourceTruncated(
        f"{by.source.name} ends early: its tables promise {video.total_frames} frames and"
        f" frame {frame}, wanted for {what}, is not there."
    )


def _take_frame(by: Shoot, frame: int, targets: Sequence[Target]) -> bool:
    """Whether the source has the frame; then its pictures are made and whole."""
    for preroll_s in prerolls_s(by.plan.source.container):
        cut = Cut(frame, frame + 1, preroll_s)
        _clear(targets)
        by.run(frame_options(by, cut, cut, targets))
        if all(target.is_whole() for target in targets):
            return True
        if reads_from_start(by.plan, cut):
            break
    return False


def _take_key_frame(by: Shoot, frame: int, targets: Sequence[Target]) -> int | None:
    """The nearest key frame before, told apart by its number on the grid; None where the seek did
    not land on one of this clip."""
    clip = next(clip for clip in reversed(by.plan.timeline) if clip.first_frame <= frame)
    numbers = targets[0].file.with_suffix(".numbers")
    numbers.unlink(missing_ok=True)
    _clear(targets)
    by.run(
        frame_options(
            by,
            Cut(frame, frame + 1, _AT_KEY),
            Cut(clip.first_frame, frame + 1, _UNNUMBERED),
            targets,
            note=_numbered(numbers),
        )
    )
    if not all(target.is_whole() for target in targets):
        return None
    return _numbers(numbers)[0]


def _last_frame(by: Shoot, first_frame: int, end_frame: int, beside: Path) -> int | None:
    """The last frame of `[first_frame, end_frame)` that is there."""
    numbers = beside.with_suffix(".numbers")
    for preroll_s in prerolls_s(by.plan.source.container) if first_frame < end_frame else ():
        cut = Cut(first_frame, end_frame, preroll_s)
        numbers.unlink(missing_ok=True)
        reading = read_options(by.plan, by.source.url, cut, piece_bytes=SMALL_PIECE_BYTES)
        graph = f"{grid_graph(by.plan, cut)},{_numbered(numbers)}[o]"
        by.run([*reading, "-filter_complex", graph, "-map", "[o]", "-f", "null", "-"])
        if found := _numbers(numbers):
            return found[-1]
        if reads_from_start(by.plan, cut):
            break
    return None


def _numbered(file: Path) -> str:
    """Filters that write each frame's number: only those with metadata are written."""
    return f"metadata=mode=add:key=key:value=1,metadata=mode=print:key=key:file={file}"


def _numbers(file: Path) -> list[int]:
    text = file.read_text() if file.exists() else ""
    return [int(number) for number in _NUMBER.findall(text)]


def _clear(targets: Sequence[Target]) -> None:
    for target in targets:
        target.file.unlink(missing_ok=True)


def edited(plan: Plan, size: Size) -> Iterator[str]:
    """Filters from the grid to pictures of at most that size: HDR is mapped in it, as that takes
    much memory a pixel."""
    yield from edit_filters(plan.picture)
    hdr = plan.snapshots.tone_map if plan.snapshots else None
    if hdr is not None:
        # Its filters want even sizes of what has less colour than light.
        yield "scale={}:{},format=yuv444p10le".format(*size)
        yield from tone_mapped(hdr)


def frame_options(
    by: Shoot, seek: Cut, cut: Cut, targets: Sequence[Target], *, note: str = ""
) -> list[str]:
    """ffmpeg's options: one frame decoded, every target encoded. One thread starts fastest."""
    plan, count = by.plan, len(targets)
    pads = "".join(f"[s{i}]" for i in range(count))
    notes = [note] if note else []
    largest = max(targets, key=lambda target: target.width)
    shown = edited(plan, (largest.width, largest.height))
    common = [grid_graph(plan, cut), *shown, *notes, f"split={count}{pads}"]
    graph = [",".join(common)]
    options: list[str] = []
    for i, target in enumerate(targets):
        chain = framed(by.layers, f"[s{i}]", cut, (target.width, target.height), f"o{i}")
        graph.append(f"{chain}{target.filters},setsar=1[o{i}]")
        options += ["-map", f"[o{i}]", *clean_options(), "-fps_mode", "passthrough"]
        options += ["-frames:v", "1", *target.encoder, str(target.file)]
    single = plan.model_copy(update={"threads": 1})
    reading = read_options(single, by.source.url, seek, piece_bytes=SMALL_PIECE_BYTES)
    reading += by.layers.inputs()
    return [*reading, "-filter_complex", ";".join(graph), *options]


def framed(layers: Layers, chain: str, cut: Cut, size: tuple[int, int], tag: str) -> str:
    """A graph whose end is open, ready for further filters: what is laid over outputs is laid over
    pictures, too, once they have their size."""
    if layers.is_empty:
        return chain
    width, height = size
    return layers.over(f"{chain}scale={width}:{height},setsar=1", cut, size, "yuv444p", tag) + ","
