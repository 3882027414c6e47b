"""What is published in each container: the stitched packets, the tags, the name."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import pytest

from functions.assemble_render import remux
from functions.assemble_render.packets import Packets, listening
from functions.shared.errors import OutputTooLarge, RenderMismatch
from functions.shared.media_store import Keys, MediaStore
from functions.shared.plan import Plan
from tests.media.assembling import assembled, fetch, media_store
from tests.media.sources import AAC, H264, Kind, make
from tests.media.support import (
    FolderStore,
    decode,
    plan_job,
    render_job,
    request,
    run_ffmpeg,
    stitch_job,
)

CLIP = Kind("clip", ".mp4", f"{H264} {AAC}", rate="30000/1001", length_s=4.5, sound_s=4.5)
TAGS = {
    "title": "Überfahrt; teil=1",
    "artist": "A. Nobody",
    "comment": "made of chunks",
    "copyright": "© 2026",
    "date": "2026-11-21",
    "description": "Two ships",
}


@pytest.fixture(scope="module")
def clip(ffmpeg: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(ffmpeg, CLIP, tmp_path_factory.mktemp("containers"))


@pytest.fixture
def published() -> Iterator[MediaStore]:
    with media_store() as store:
        yield store


def rendered(store: FolderStore, clip: Path, **output: Any) -> Plan:
    wanted = {"width": 192, "height": 108, "metadata": TAGS, "filename": "Überfahrt 1", **output}
    plan = plan_job(store, request(render={"outputs": [wanted]}, chunk_s=2), clip)
    render_job(store, plan)
    return plan


@pytest.mark.parametrize(
    ("container", "video", "content_type"),
    [
        ("mkv", {"codec": "h264", "preset": "fast"}, "video/x-matroska"),
        ("mkv", {"codec": "hevc", "preset": "fast"}, "video/x-matroska"),
        ("mkv", {"codec": "prores", "profile": "proxy", "sound": "pcm"}, "video/x-matroska"),
        ("mkv", {"codec": "av1", "preset": "superfast", "sound": "flac"}, "video/x-matroska"),
        ("webm", {"codec": "vp9", "preset": "veryfast"}, "video/webm"),
        ("webm", {"codec": "av1", "preset": "superfast"}, "video/webm"),
        ("mov", {"codec": "prores", "profile": "proxy", "sound": "pcm"}, "video/quicktime"),
        ("mov", {"codec": "hevc", "preset": "fast"}, "video/quicktime"),
        ("mp4", {"codec": "h264", "preset": "fast"}, "video/mp4"),
    ],
    ids=lambda value: value.get("codec") if isinstance(value, dict) else value,
)
def test_what_is_published_holds_what_was_stitched(
    ffmpeg: Path,
    store: FolderStore,
    published: MediaStore,
    clip: Path,
    container: str,
    video: dict[str, Any],
    content_type: str,
) -> None:
    sound = {"codec": video["sound"]} if "sound" in video else {}
    video = {field: value for field, value in video.items() if field != "sound"}
    plan = rendered(store, clip, container=container, video=video, audio=sound)

    result = assembled(store, plan, published)

    [output] = result.outputs
    assert output.key == Keys(plan.job_id).output("video", container)
    file = fetch(published, output.key, store.folder)
    ours, stitched = decode(ffmpeg, file), decode(ffmpeg, stitch_job(store, plan))
    assert ours.pictures == stitched.pictures
    with av.open(str(file)) as opened:
        tick_s = opened.streams.video[0].time_base
        assert tick_s is not None
        times = [float(time * tick_s) for time in ours.times]
        tags = {tag.lower(): text for tag, text in opened.metadata.items()}
        heard = sum(packet.size for packet in opened.demux(audio=0))
    assert times == pytest.approx([i * 1001 / 30000 for i in range(135)], abs=0.0006)
    known = TAGS.keys() - ({"description"} if container == "mov" else set())
    assert {tag: tags.get(tag) for tag in known} == {tag: TAGS[tag] for tag in known}
    assert b"Two ships" in file.read_bytes()  # FFmpeg reads no description in QuickTime files
    with av.open(str(store.folder / f"video.{plan.outputs[0].part_suffix}")) as opened:
        assert heard == sum(packet.size for packet in opened.demux(audio=0)) > 0
    told = published.s3.get_object(Bucket=published.bucket, Key=output.key)
    assert told["ContentType"] == content_type
    assert told["ContentDisposition"] == (
        f'attachment; filename="_berfahrt 1.{container}";'
        f" filename*=UTF-8''%C3%9Cberfahrt%201.{container}"
    )


def test_opus_of_a_lower_rate_moves_no_pictures(
    ffmpeg: Path, store: FolderStore, published: MediaStore, clip: Path
) -> None:
    video = {"codec": "vp9", "preset": "ultrafast"}
    wanted = [
        {"container": "webm", "height": 90, "video": video, "audio": {"sample_rate_hz": 24_000}},
        {"name": "heard", "container": "opus", "audio": {"sample_rate_hz": 16_000}},
    ]
    plan = plan_job(store, request(render={"outputs": wanted}, chunk_s=2), clip)
    render_job(store, plan)

    film, heard = assembled(store, plan, published).outputs

    assert decode(ffmpeg, fetch(published, film.key, store.folder)).times[0] == 0
    assert heard.duration_s == pytest.approx(4.5, abs=0.03)


def test_a_webm_file_can_be_seeked_in_before_it_is_read_whole(
    ffmpeg: Path, store: FolderStore, published: MediaStore, clip: Path
) -> None:
    plan = rendered(store, clip, container="webm", video={"codec": "vp9", "preset": "ultrafast"})

    [output] = assembled(store, plan, published).outputs

    head = published.read(output.key)[:20_000]
    before_media = head[: head.find(b"\x1f\x43\xb6\x75")]
    # Once in the list of what is where, and once where it is.
    assert before_media.count(b"\x1c\x53\xbb\x6b") == 2
    file = fetch(published, output.key, store.folder)
    late = ["-ss", "3.9", "-i", file, "-frames:v", "1", "-update", "1", store.folder / "late.png"]
    assert run_ffmpeg([ffmpeg, *late]) == ""
    with av.open(str(file)) as opened:
        assert opened.duration == pytest.approx(4_504_500, abs=30_000)


def test_a_second_attempt_keeps_what_the_first_published(
    store: FolderStore, published: MediaStore, clip: Path
) -> None:
    plan = rendered(store, clip, container="webm", video={"codec": "vp9", "preset": "ultrafast"})
    [first] = assembled(store, plan, published).outputs

    [second] = assembled(store, plan, published).outputs
    assert (second.size_bytes, second.sha256) == (first.size_bytes, None)

    part = published.head(first.key)
    assert part is not None
    spoiled = published.read(first.key)[:-1] + b"?"
    published.write(first.key, spoiled, "video/webm", part.metadata)
    with pytest.raises(RenderMismatch, match="does not hold the bytes"):
        assembled(store, plan, published)


def test_a_packet_that_changed_on_its_way_is_not_published(
    store: FolderStore, published: MediaStore, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = rendered(store, clip, container="mkv", video={"preset": "ultrafast"})

    @contextmanager
    def otherwise(path: Path) -> Iterator[tuple[str, list[Packets]]]:
        with listening(path) as (told, streams):
            yield told, streams
        if path.name == "made":
            streams[0].crcs[7] ^= 1

    monkeypatch.setattr(remux, "listening", otherwise)
    with pytest.raises(RenderMismatch, match=r"output video has another packet 7 in track 0\."):
        assembled(store, plan, published)
    assert published.head(Keys(plan.job_id).output("video", "mkv")) is None
    assert "Uploads" not in published.s3.list_multipart_uploads(Bucket=published.bucket)


def test_a_file_that_does_not_fit_on_the_disk_is_refused_by_name(
    store: FolderStore, published: MediaStore, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = rendered(store, clip, container="mkv", video={"preset": "ultrafast"})
    full = shutil.disk_usage(store.folder)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)

    with pytest.raises(OutputTooLarge, match=r"Output video has .* mkv .* assemble_storage_mb"):
        assembled(store, plan, published)
