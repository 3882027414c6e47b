"""Takes pictures: each is one frame of the same grid the chunks are cut on, in every size."""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from functions.shared.cut import (
    Cut,
    clean_options,
    grid_graph,
    prerolls_s,
    read_options,
    reads_from_start,
)
from functions.shared.errors import InvalidRequest, SourceTruncated, TransientError
from functions.shared.ffmpeg import Input, lost_connection, run_ffmpeg
from functions.shared.media_store import Keys, snapshot_name
from functions.shared.parts import Deadline, Store, check_source, made, open_source
from functions.shared.picture_filters import edit_filters
from functions.shared.plan import Plan, Snapshots
from functions.take_snapshots.images import image_size

AT_ONCE = 2
STEPS_BACK = 2
"""How many frames a source may be shorter than its tables say."""
_CONTENT_TYPES = {"jpeg": "image/jpeg", "png": "image/png"}


@dataclass(frozen=True)
class Picture:
    """One picture of a batch: its number in the job and the frame it shows."""

    index: int
    frame: int


@dataclass(frozen=True)
class Shoot:
    """What the pictures of one batch share."""

    store: Store
    plan: Plan
    wanted: Snapshots
    deadline: Deadline

    def key(self, picture: Picture, width: int) -> str:
        name = snapshot_name(picture.index, width, self.wanted.format)
        return Keys(self.plan.job_id).snapshot_part(name)

    def is_made(self, picture: Picture) -> bool:
        keys = (self.key(picture, width) for width, _ in self.wanted.sizes)
        return all(made(self.store, key, self.plan.hash) for key in keys)


def take_batch(store: Store, job_id: str, batch: int, *, remaining_s: float) -> int:
    """Take one batch's pictures, unless they are there; returns how many files it stands for.

    Raises SourceChanged, SourceTruncated, FfmpegFailed, RenderTimedOut,
    TransientError.
    """
    deadline = Deadline(remaining_s)
    plan = store.read_plan(job_id)
    wanted = plan.snapshots
    if wanted is None or not 0 <= batch < wanted.batch_count:
        raise InvalidRequest(f"Job {job_id} has no batch {batch} of snapshots.")
    shoot = Shoot(store, plan, wanted, deadline)
    pictures = [Picture(index, frame) for index, frame in wanted.batch(batch)]
    missing = [picture for picture in pictures if not shoot.is_made(picture)]
    if missing:
        source = open_source(store, plan.source)
        with ThreadPoolExecutor(AT_ONCE) as threads:
            jobs = [threads.submit(_take, shoot, picture, source) for picture in missing]
            try:
                for job in jobs:
                    job.result()
            finally:
                threads.shutdown(wait=False, cancel_futures=True)
    return len(pictures) * len(wanted.sizes)


def _take(shoot: Shoot, picture: Picture, source: Input) -> None:
    wanted, plan = shoot.wanted, shoot.plan
    with tempfile.TemporaryDirectory(prefix="snapshot-") as folder:
        files = {
            (width, height): Path(folder) / snapshot_name(picture.index, width, wanted.format)
            for width, height in wanted.sizes
        }
        frame = _last_shown(shoot, picture, source, files)
        check_source(shoot.store, plan.source)
        for (width, _), file in files.items():
            facts = {"plan": plan.hash, "frame": str(frame)}
            kind = _CONTENT_TYPES[wanted.format]
            shoot.store.upload(shoot.key(picture, width), file, kind, facts)


def _last_shown(
    shoot: Shoot, picture: Picture, source: Input, files: dict[tuple[int, int], Path]
) -> int:
    """Get the frame, or, past the real end (lengths lie by a frame or two), the last one before."""
    for frame in range(picture.frame, max(-1, picture.frame - STEPS_BACK - 1), -1):
        if _take_frame(shoot, frame, source, files):
            return frame
    raise SourceTruncated(
        f"{source.name} ends early: its tables promise {shoot.plan.video.total_frames} frames and"
        f" frame {picture.frame}, wanted for snapshot {picture.index}, is not there."
    )


def _take_frame(
    shoot: Shoot, frame: int, source: Input, files: dict[tuple[int, int], Path]
) -> bool:
    """Whether the source has the frame; then its pictures are made and whole."""
    for preroll_s in prerolls_s(shoot.plan.source.container):
        cut = Cut(frame, frame + 1, preroll_s)
        options = snapshot_options(shoot.plan, shoot.wanted, cut, source.url, files)
        left_s = shoot.deadline.left_s(f"taking snapshots of {source.name}")
        for file in files.values():
            file.unlink(missing_ok=True)
        if lost_connection(run_ffmpeg(options, source, timeout_s=left_s)):
            raise TransientError(f"The connection to {source.name} was lost during a snapshot.")
        if all(_is_whole(shoot.wanted, size, file) for size, file in files.items()):
            return True
        if reads_from_start(shoot.plan, cut):
            break
    return False


def snapshot_options(
    plan: Plan, wanted: Snapshots, cut: Cut, url: str, files: dict[tuple[int, int], Path]
) -> list[str]:
    """ffmpeg's options: one frame decoded, every size encoded. One thread starts fastest."""
    count = len(files)
    pads = "".join(f"[s{i}]" for i in range(count))
    common = [grid_graph(plan, cut), *edit_filters(plan.picture), f"split={count}{pads}"]
    graph = [",".join(common)]
    options: list[str] = []
    for i, ((width, height), file) in enumerate(files.items()):
        graph.append(f"[s{i}]{_pixels(wanted, width, height)},setsar=1[o{i}]")
        options += ["-map", f"[o{i}]", *clean_options(), "-fps_mode", "passthrough"]
        options += ["-frames:v", "1", *_encoder(wanted), "-update", "1", "-f", "image2", str(file)]
    single = plan.model_copy(update={"threads": 1})
    return [*read_options(single, url, cut), "-filter_complex", ";".join(graph), *options]


def _pixels(wanted: Snapshots, width: int, height: int) -> str:
    """JPEG means full range and BT.601 to every viewer; PNG means RGB."""
    if wanted.format == "png":
        return f"scale={width}:{height},format=rgb24"
    return f"scale={width}:{height}:out_range=full:out_color_matrix=bt601,format=yuvj420p"


def _encoder(wanted: Snapshots) -> list[str]:
    jpeg = ["-c:v", "mjpeg", "-q:v", "3", "-threads", "1"]
    return jpeg if wanted.format == "jpeg" else ["-c:v", "png", "-threads", "1"]


def _is_whole(wanted: Snapshots, size: tuple[int, int], file: Path) -> bool:
    return image_size(file) == (wanted.format, *size)
