"""Scene changes, key frames, formats, sheets and posters, by the real function and ffmpeg."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest

from functions.shared.images import image_size
from functions.shared.media_store import Keys
from functions.shared.plan import Plan, Snapshots
from functions.take_snapshots.poster import looks
from functions.take_snapshots.take import take_batch
from tests.media.support import JOB, PLENTY_S, FolderStore, plan_job, request, run_ffmpeg

RATE = 25
SCENE_S = 2
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "40", "-pix_fmt", "yuv420p")
"""Ultrafast puts no key frames at cuts: they are each 40 frames, so that cuts are between them."""
LOOKS = (
    "color=black:size={}",
    "testsrc2=size={}",
    "smptehdbars=size={},boxblur=20",
    "mandelbrot=size={}:end_scale=0.2",
    "color=white:size={}",
)
CUTS = [RATE * SCENE_S * i for i in range(1, len(LOOKS))]


@pytest.fixture(scope="module")
def film(ffmpeg: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five scenes of two seconds: black, sharp, blurred, sharp, white."""
    file = tmp_path_factory.mktemp("film") / "film.mp4"
    inputs = []
    for look in LOOKS:
        inputs += ["-f", "lavfi", "-t", SCENE_S, "-i", f"{look.format('320x180')},fps={RATE}"]
    pads = "".join(f"[{i}:v]" for i in range(len(LOOKS)))
    graph = f"{pads}concat=n={len(LOOKS)}[v]"
    run_ffmpeg([ffmpeg, *inputs, "-filter_complex", graph, "-map", "[v]", *H264, file])
    return file


def take(store: FolderStore, file: Path, **wanted: Any) -> tuple[Plan, Snapshots]:
    """Plan and do all batches."""
    plan = plan_job(store, request(snapshots=wanted), file)
    assert plan.snapshots is not None
    for batch in range(plan.snapshots.batch_count):
        assert take_batch(store, JOB, batch, remaining_s=PLENTY_S) > 0
    return plan, plan.snapshots


def metadata(store: FolderStore, name: str) -> dict[str, str]:
    part = store.head(Keys(JOB).snapshot_part(name))
    assert part is not None, name
    return dict(part.metadata)


def pixels(file: Path) -> tuple[int, int, bytes]:
    """(width, height, rgb24 samples)."""
    with av.open(str(file)) as container:
        frame = next(container.decode(video=0)).reformat(format="rgb24")
        plane = frame.planes[0]
        rows = (
            bytes(plane)[y * plane.line_size : y * plane.line_size + 3 * frame.width]
            for y in range(frame.height)
        )
        return frame.width, frame.height, b"".join(rows)


def found_cuts(store: FolderStore, plan: Plan) -> list[int]:
    assert plan.snapshots is not None
    assert plan.snapshots.scenes is not None
    frames = []
    for part in plan.snapshots.scenes.parts:
        listed = json.loads(store.path(Keys(JOB).scene_list(part.index)).read_text())
        frames += [scene["frame"] for scene in listed["scenes"]]
    return frames


def test_scene_changes_are_found_at_their_very_frames(store: FolderStore, film: Path) -> None:
    plan, wanted = take(store, film, scenes={"most": 10}, widths=[160])

    assert found_cuts(store, plan) == CUTS
    for frame in CUTS:
        picture = store.path(Keys(JOB).scene_part(f"{frame:05}-160.jpg"))
        assert image_size(picture) == ("jpeg", 160, 90)
    assert wanted.file_count == 1


def test_scene_changes_are_the_same_whatever_parts_are_looked_through(
    store: FolderStore, film: Path
) -> None:
    plan = plan_job(store, request(snapshots={"scenes": {"most": 10}}), film)
    assert plan.snapshots is not None
    assert plan.snapshots.scenes is not None
    edges = [0, 49, 50, 51, 101, 148, 200, 250]  # at, before and behind cuts
    parts = tuple(
        plan.snapshots.scenes.parts[0].model_copy(
            update={"index": i, "start_frame": a, "end_frame": b}
        )
        for i, (a, b) in enumerate(pairwise(edges))
    )
    scenes = plan.snapshots.scenes.model_copy(update={"parts": parts})
    cut = plan.snapshots.model_copy(update={"scenes": scenes})
    plan = plan.model_copy(update={"snapshots": cut})
    store.write_plan(plan)

    for batch in range(len(parts)):
        take_batch(store, JOB, batch, remaining_s=PLENTY_S)

    assert found_cuts(store, plan) == CUTS


def test_among_key_frames_scene_changes_are_found_at_the_next_one(
    store: FolderStore, film: Path
) -> None:
    plan = plan_job(store, request(snapshots={"scenes": {"most": 10}}), film)
    assert plan.snapshots is not None
    assert plan.snapshots.scenes is not None
    scenes = plan.snapshots.scenes.model_copy(update={"keys_only": True})
    plan = plan.model_copy(
        update={"snapshots": plan.snapshots.model_copy(update={"scenes": scenes})}
    )
    store.write_plan(plan)

    take_batch(store, JOB, 0, remaining_s=PLENTY_S)

    assert found_cuts(store, plan) == [80, 120, 160, 200]


def test_a_key_frame_is_the_nearest_before_and_its_own_number_is_told(
    store: FolderStore, film: Path
) -> None:
    take(store, film, at_s=[0, 1.0, 1.7, 5.0, 9.9], accuracy="keyframe", format="png", widths=[64])

    shown = [int(metadata(store, f"{i:05}-64.png")["frame"]) for i in range(5)]
    assert shown == [0, 0, 40, 120, 240]
    near = [store.path(Keys(JOB).snapshot_part(f"{i:05}-64.png")) for i in range(5)]
    keys = [pixels(file) for file in near]
    take(store, film, at_s=[0, 1.6, 4.8, 9.6], format="png", widths=[64])
    exact = [store.path(Keys(JOB).snapshot_part(f"{i:05}-64.png")) for i in range(4)]
    assert [pixels(file) for file in exact] == [keys[0], *keys[2:]]


def test_key_frames_of_a_clip_never_come_from_before_it(store: FolderStore, film: Path) -> None:
    clips = [{"start_s": 2.4, "end_s": 5.2}, {"start_s": 7.2, "end_s": 9.2}]
    wanted = request(
        edit={"clips": clips},
        snapshots={"at_s": [0.2, 1.0, 3.0, 3.8], "accuracy": "keyframe", "widths": [64]},
    )
    plan_job(store, wanted, film)

    take_batch(store, JOB, 0, remaining_s=PLENTY_S)

    # Key frames are at 3.2, 4.8 and 8 s of the source: 0.8, 2.4 and 3.6 s of the timeline, whose
    # second clip begins at 2.8 s.
    shown = [int(metadata(store, f"{i:05}-64.jpg")["frame"]) for i in range(4)]
    assert [frame / RATE for frame in shown] == [0, 0.8, 2.8, 3.6]


@pytest.mark.parametrize(
    ("fields", "suffix"),
    [
        ({"format": "jpeg", "quality": 30}, "jpg"),
        ({"format": "png"}, "png"),
        ({"format": "webp"}, "webp"),
        ({"format": "webp", "lossless": True}, "webp"),
        ({"format": "avif"}, "avif"),
    ],
    ids=str,
)
def test_each_format_shows_the_frame(
    store: FolderStore, film: Path, fields: dict[str, Any], suffix: str
) -> None:
    """As PyAV decodes it, as near to the source's frame as the format comes."""
    take(store, film, at_s=[2.8], widths=[101, 320], **fields)
    files = {
        width: store.path(Keys(JOB).snapshot_part(f"00000-{width}.{suffix}"))
        for width in (101, 320)
    }
    assert image_size(files[101]) == (fields["format"], 101, 57)
    width, height, taken = pixels(files[320])
    assert (width, height) == (320, 180)
    take(store, film, at_s=[2.8], widths=[320], format="png")
    _, _, exact = pixels(store.path(Keys(JOB).snapshot_part("00000-320.png")))
    apart = sum(abs(a - b) for a, b in zip(taken, exact, strict=True)) / len(exact)
    assert apart <= (0.5 if fields.get("lossless") or suffix == "png" else 9)


def test_better_quality_is_a_larger_file(store: FolderStore, film: Path) -> None:
    for image, suffix in (("jpeg", "jpg"), ("webp", "webp"), ("avif", "avif")):
        sizes = []
        for quality in (20, 80):
            take(store, film, at_s=[2.0], format=image, quality=quality, widths=[160])
            sizes.append(store.path(Keys(JOB).snapshot_part(f"00000-160.{suffix}")).stat().st_size)
        assert 1.5 * sizes[0] < sizes[1], image


def test_a_sprite_has_each_thumbnail_in_its_place(store: FolderStore, film: Path) -> None:
    """Thumbnails near each other and far from each other are exactly single pictures."""
    sprite = {"every_s": 0.8, "width": 64, "columns": 3, "rows": 3}
    _, wanted = take(store, film, sprite=sprite, format="png")

    assert [sheet.size for sheet in wanted.sheets] == [(192, 108), (192, 72)]
    assert len(wanted.sheets[1].frames) == 4
    take(store, film, every_s=0.8, widths=[64], format="png")
    for sheet in wanted.sheets:
        whole = pixels(store.path(Keys(JOB).snapshot_part(f"{sheet.name}.png")))
        for place, frame in enumerate(sheet.frames):
            single = store.path(Keys(JOB).snapshot_part(f"{frame // 20:05}-64.png"))
            assert tile_of(whole, place, 3, (64, 36)) == pixels(single)[2], frame


def test_a_sprite_of_key_frames_costs_no_more_than_those(store: FolderStore, film: Path) -> None:
    sprite = {"count": 10, "width": 64, "columns": 5, "rows": 2}
    _, wanted = take(store, film, sprite=sprite, format="png", accuracy="keyframe")
    frames = wanted.sheets[0].frames
    keys = [frame // 40 * 40 / RATE for frame in frames if frame < 240]
    take(store, film, at_s=keys, widths=[64], format="png")
    whole = pixels(store.path(Keys(JOB).snapshot_part("sprite-000.png")))
    for place, at_s in enumerate(keys):
        index = list(dict.fromkeys(keys)).index(at_s)
        single = store.path(Keys(JOB).snapshot_part(f"{index:05}-64.png"))
        assert tile_of(whole, place, 5, (64, 36)) == pixels(single)[2]


def tile_of(
    sheet: tuple[int, int, bytes], place: int, columns: int, tile: tuple[int, int]
) -> bytes:
    width, _, samples = sheet
    left, top = place % columns * tile[0], place // columns * tile[1]
    starts = (3 * ((top + y) * width + left) for y in range(tile[1]))
    return b"".join(samples[start : start + 3 * tile[0]] for start in starts)


def test_a_contact_sheet_has_times_under_its_pictures(store: FolderStore, film: Path) -> None:
    wanted_sheet = {"columns": 2, "rows": 2, "width": 90}
    take(store, film, contact_sheet=wanted_sheet, format="png")

    width, height, samples = pixels(store.path(Keys(JOB).snapshot_part("contact-sheet.png")))
    assert (width, height) == (180, 2 * (50 + 10))
    under = samples[3 * width * 50 : 3 * width * 60]
    assert {under[i : i + 3] for i in range(0, len(under), 3)} == {bytes(3), bytes([220] * 3)}


def test_the_poster_is_of_a_sharp_scene_with_something_in_it(
    store: FolderStore, film: Path
) -> None:
    take(store, film, poster={"best_of": 5}, widths=[160], blurhash=True)

    made = metadata(store, "poster-160.jpg")
    assert int(made["frame"]) // (RATE * SCENE_S) in {1, 3}
    assert len(made["blurhash"]) == 28
    again = metadata(store, "poster-160.jpg")
    take(store, film, poster={"best_of": 5}, widths=[160], blurhash=True)
    assert metadata(store, "poster-160.jpg") == again


def test_a_black_film_still_has_a_poster(store: FolderStore, ffmpeg: Path, tmp_path: Path) -> None:
    black = ["-f", "lavfi", "-i", "color=black:size=64x36:duration=1"]
    run_ffmpeg([ffmpeg, *black, *H264, tmp_path / "black.mp4"])

    take(store, tmp_path / "black.mp4", poster={"best_of": 3})

    assert metadata(store, "poster-64.jpg")["frame"] == "4"


def test_a_blurred_picture_looks_worse_than_a_sharp_one() -> None:
    sharp = bytes((x // 3 * 60 + y * 2) % 256 for y in range(40) for x in range(40))
    rows = [sharp[i : i + 40] for i in range(0, len(sharp), 40)]
    blurred = bytes(
        sum(row[max(0, x - 6) : x + 7]) // len(row[max(0, x - 6) : x + 7])
        for row in rows
        for x in range(40)
    )
    dark = bytes(sample // 16 for sample in sharp)
    assert looks(sharp, 40, 40) > looks(blurred, 40, 40) > looks(dark, 40, 40)
    assert not looks(bytes([128] * 1600), 40, 40).is_clear


def test_pictures_of_hdr_are_as_bright_as_they_are_meant(
    store: FolderStore, ffmpeg: Path, tmp_path: Path
) -> None:
    """A white of 203 cd/m² is PQ's code 0.58: gray, if it is taken as it is. Odd sizes are hard for
    half the colours."""
    gray = "color=0x949494:size=64x36:duration=1,format=yuv420p10le"
    tags = "setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv"
    x265 = ["-c:v", "libx265", "-x265-params", "log-level=error"]
    run_ffmpeg([ffmpeg, "-f", "lavfi", "-i", f"{gray},{tags}", *x265, tmp_path / "hdr.mp4"])
    sheet = {"count": 2, "width": 63}
    wanted = {"at_s": [0.5], "widths": [63], "format": "png", "sprite": sheet}

    plan, _ = take(store, tmp_path / "hdr.mp4", **wanted)

    assert plan.notes == ("Snapshots: HDR was tone-mapped to SDR, as picture files are shown.",)
    for name in ("00000-63.png", "sprite-000.png"):
        _, _, samples = pixels(store.path(Keys(JOB).snapshot_part(name)))
        assert 190 <= sum(samples) / len(samples) <= 245, name
