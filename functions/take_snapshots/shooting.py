"""Gets single frames of the job's grid out of the source, as files."""

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
from functions.shared.parts import Deadline, Store, check_source, made
from functions.shared.picture_filters import edit_filters
from functions.shared.plan import Accuracy, Plan, Snapshots
from functions.take_snapshots.coding import Target

AT_ONCE = 2
STEPS_BACK = 2
"""How many frames a source may be shorter than its tables say."""
_AT_KEY = Fraction(0)
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
    """Threads that begin nothing more once something failed."""
    threads = ThreadPoolExecutor(AT_ONCE)
    try:
        yield threads
    finally:
        threads.shutdown(wait=False, cancel_futures=True)


def shoot(
    by: Shoot, frame: int, targets: Sequence[Target], *, accuracy: Accuracy, what: str
) -> int:
    """Make the targets of a frame; returns which one they show.

    Past the real end (lengths lie by a frame or two) that is the last one before. Raises
    SourceTruncated, naming `what` was wanted.
    """
    if accuracy == "keyframe" and is_indexed(by.plan.source.container):
        found = _take_key_frame(by, frame, targets)
        if found is not None:
            return found
    for nearby in range(frame, max(-1, frame - STEPS_BACK - 1), -1):
        if _take_frame(by, nearby, targets):
            return nearby
    raise SourceTruncated(
        f"{by.source.name} ends early: its tables promise {by.plan.video.total_frames} frames and"
        f" frame {frame}, wanted for {what}, is not there."
    )


def _take_frame(by: Shoot, frame: int, targets: Sequence[Target]) -> bool:
    """Whether the source has the frame; then its pictures are made and whole."""
    for preroll_s in prerolls_s(by.plan.source.container):
        cut = Cut(frame, frame + 1, preroll_s)
        _clear(targets)
        by.run(frame_options(by.plan, cut, cut, by.source.url, targets))
        if all(target.is_whole() for target in targets):
            return True
        if reads_from_start(by.plan, cut):
            break
    return False


def _take_key_frame(by: Shoot, frame: int, targets: Sequence[Target]) -> int | None:
    """The nearest key frame before, told apart by its number on the grid; None where the seek did
    not land on one of this clip."""
    clip = next(clip for clip in reversed(by.plan.timeline) if clip.first_frame <= frame)
    number = targets[0].file.with_suffix(".number")
    number.unlink(missing_ok=True)
    _clear(targets)
    by.run(
        frame_options(
            by.plan,
            Cut(frame, frame + 1, _AT_KEY),
            Cut(clip.first_frame, frame + 1, _UNNUMBERED),
            by.source.url,
            targets,
            # Only a frame with metadata is printed, with its number.
            note=f"metadata=mode=add:key=key:value=1,metadata=mode=print:key=key:file={number}",
        )
    )
    if not all(target.is_whole() for target in targets):
        return None
    first = number.read_text().split("pts:", 1)[1]
    return int(first.split(maxsplit=1)[0])


def _clear(targets: Sequence[Target]) -> None:
    for target in targets:
        target.file.unlink(missing_ok=True)


def frame_options(
    plan: Plan, seek: Cut, cut: Cut, url: str, targets: Sequence[Target], *, note: str = ""
) -> list[str]:
    """ffmpeg's options: one frame decoded, every target encoded. One thread starts fastest."""
    count = len(targets)
    pads = "".join(f"[s{i}]" for i in range(count))
    notes = [note] if note else []
    common = [grid_graph(plan, cut), *edit_filters(plan.picture), *notes, f"split={count}{pads}"]
    graph = [",".join(common)]
    options: list[str] = []
    for i, target in enumerate(targets):
        graph.append(f"[s{i}]{target.filters},setsar=1[o{i}]")
        options += ["-map", f"[o{i}]", *clean_options(), "-fps_mode", "passthrough"]
        options += ["-frames:v", "1", *target.encoder, str(target.file)]
    single = plan.model_copy(update={"threads": 1})
    reading = read_options(single, url, seek, piece_bytes=SMALL_PIECE_BYTES)
    return [*reading, "-filter_complex", ";".join(graph), *options]
