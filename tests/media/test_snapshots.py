"""A snapshot is exactly the frame that the render has at its time."""

import subprocess
from pathlib import Path

import av
import pytest

from functions.shared.errors import SourceTruncated
from functions.shared.images import image_size
from functions.shared.media_store import Keys, snapshot_name
from functions.shared.plan import Plan
from functions.take_snapshots.take import take_batch
from tests.media.sources import KINDS, Kind, make
from tests.media.support import JOB, PLENTY_S, FolderStore, plan_job, request

BY_NAME = {kind.name: kind for kind in KINDS}
WANTED = (
    "ntsc-29.97-mp4",
    "open-gop-ts-offset",
    "vfr-long-gap-mkv",
    "edit-list-mp4",
    "rotated-mp4",
    "audio-early-mkv",
)


def picture(store: FolderStore, plan: Plan, index: int, width: int) -> Path:
    assert plan.snapshots is not None
    name = snapshot_name(index, width, plan.snapshots.format)
    return store.path(Keys(JOB).snapshot_part(name))


def frame_from_start(ffmpeg: Path, file: Path, plan: Plan, frame: int) -> bytes:
    """The grid's frame as RGB, decoded from the source's start."""
    assert plan.snapshots is not None
    [(width, height)] = plan.snapshots.sizes
    filters = (
        f"fps={plan.video.rate}:start_time=0,trim=start_pts={frame}:end_pts={frame + 1},"
        f"scale={width}:{height}:flags=bicubic+full_chroma_int,format=rgb24"
    )
    # As one job has it: zero is the start of the streams used, here of the video.
    only_video = ["-map", f"0:{plan.video.stream_index}", "-vf", f"setpts=PTS-STARTPTS,{filters}"]
    return raw(ffmpeg, ["-i", str(file), *only_video])


def raw(ffmpeg: Path, options: list[str]) -> bytes:
    command = [str(ffmpeg), "-nostdin", "-v", "error", *options]
    shape = ["-fps_mode", "passthrough", "-pix_fmt", "rgb24", "-f", "rawvideo", "-"]
    return subprocess.run([*command, *shape], capture_output=True, check=True).stdout


@pytest.mark.parametrize("name", WANTED)
def test_png_is_the_frame_bit_by_bit(
    name: str, store: FolderStore, ffmpeg: Path, tmp_path: Path
) -> None:
    file = make(ffmpeg, BY_NAME[name], tmp_path)
    wanted = request(snapshots={"count": 3, "widths": [160], "format": "png"})
    plan = plan_job(store, wanted, file)
    assert plan.snapshots is not None

    assert take_batch(store, JOB, 0, remaining_s=PLENTY_S) == 3

    for index, frame in enumerate(plan.snapshots.frames):
        taken = raw(ffmpeg, ["-i", str(picture(store, plan, index, 160))])
        assert taken == frame_from_start(ffmpeg, file, plan, frame)
        part = store.head(Keys(JOB).snapshot_part(snapshot_name(index, 160, "png")))
        assert part is not None
        assert part.metadata == {"plan": plan.hash, "frame": str(frame)}


def test_jpegs_in_several_sizes_show_the_full_range(
    store: FolderStore, ffmpeg: Path, tmp_path: Path
) -> None:
    kind = Kind("white", ".mp4", "-vf drawbox=c=white:t=fill -c:v libx264", length_s=2)
    file = make(ffmpeg, kind, tmp_path)
    wanted = request(snapshots={"at_s": [0.5], "widths": [64, 101, 4000]})
    plan = plan_job(store, wanted, file)

    take_batch(store, JOB, 0, remaining_s=PLENTY_S)

    assert plan.snapshots is not None
    assert plan.snapshots.sizes == ((64, 36), (101, 57), (320, 180))
    for width, height in plan.snapshots.sizes:
        assert image_size(picture(store, plan, 0, width)) == ("jpeg", width, height)
    with av.open(str(picture(store, plan, 0, 320))) as container:
        [frame] = container.decode(video=0)
        assert min(bytes(frame.reformat(format="gray").planes[0])[:320]) >= 250


@pytest.mark.parametrize("by_frames", [2, 12])
def test_snapshot_past_the_real_end_steps_back_to_the_last_frame(
    store: FolderStore, ffmpeg: Path, tmp_path: Path, by_frames: int
) -> None:
    file = make(ffmpeg, Kind("short", ".mp4", "-c:v libx264", length_s=2, sound_s=None), tmp_path)
    plan = lengthened(store, file, by_frames=by_frames)

    take_batch(store, JOB, 0, remaining_s=PLENTY_S)

    part = store.head(Keys(JOB).snapshot_part(snapshot_name(0, 320, "jpeg")))
    assert part is not None
    assert part.metadata == {"plan": plan.hash, "frame": "59"}


def test_snapshot_far_past_the_real_end_says_the_source_is_truncated(
    store: FolderStore, ffmpeg: Path, tmp_path: Path
) -> None:
    file = make(ffmpeg, Kind("short", ".mp4", "-c:v libx264", length_s=2, sound_s=None), tmp_path)
    lengthened(store, file, by_frames=30)

    with pytest.raises(SourceTruncated, match="promise 90 frames and frame 89"):
        take_batch(store, JOB, 0, remaining_s=PLENTY_S)


def lengthened(store: FolderStore, file: Path, *, by_frames: int) -> Plan:
    """A plan that believes the source longer than it is, with a snapshot of its last frame."""
    plan = plan_job(store, request(snapshots={"at_s": [0.5]}), file)
    assert plan.snapshots is not None
    total = plan.video.total_frames + by_frames
    wrong = plan.model_copy(
        update={
            "video": plan.video.model_copy(update={"total_frames": total}),
            "snapshots": plan.snapshots.model_copy(update={"frames": (total - 1,)}),
        }
    )
    store.write_plan(wrong)
    return wrong


def test_pictures_that_are_there_are_not_taken_again(
    store: FolderStore, ffmpeg: Path, tmp_path: Path
) -> None:
    file = make(ffmpeg, Kind("short", ".mp4", "-c:v libx264", length_s=2), tmp_path)
    plan = plan_job(store, request(snapshots={"count": 2}), file)
    take_batch(store, JOB, 0, remaining_s=PLENTY_S)
    made_at = picture(store, plan, 0, 320).stat().st_mtime_ns

    assert take_batch(store, JOB, 0, remaining_s=PLENTY_S) == 2

    assert picture(store, plan, 0, 320).stat().st_mtime_ns == made_at
