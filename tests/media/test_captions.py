"""Captions beside the pictures, in each container, as another reader finds them."""

from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from functions.shared.media_store import MediaStore
from tests.media.assembling import assembled, fetch, media_store
from tests.media.edits import put
from tests.media.support import FolderStore, plan_job, render_job, request, run_ffmpeg

WORDS = """WEBVTT

00:00.500 --> 00:01.750
One <i>and</i> two &lt;3

00:01.500 --> 00:02.000 line:0
Two at once

00:02.900 --> 01:00:00.000
After the end
"""
SECOND = "1\n00:00:01,000 --> 00:00:02,000\nŽluťoučký\nkůň\n"


@pytest.fixture
def published() -> Iterator[MediaStore]:
    with media_store() as store:
        yield store


@pytest.fixture(scope="module")
def clip(ffmpeg: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("captions") / "clip.mp4"
    inputs = ["-f", "lavfi", "-i", "testsrc2=size=128x72:rate=25:duration=3"]
    sound = ["-f", "lavfi", "-i", "sine=duration=3", "-c:a", "aac"]
    run_ffmpeg([ffmpeg, *inputs, *sound, "-c:v", "libx264", "-preset", "ultrafast", file])
    return file


@pytest.mark.parametrize(
    ("container", "codec", "has_sound"),
    [
        ("mp4", "h264", True),
        ("mp4", "h264", False),
        ("mov", "h264", True),
        ("mkv", "h264", True),
        ("webm", "vp9", True),
    ],
)
def test_captions_are_tracks_of_the_file(
    ffmpeg: Path,
    store: FolderStore,
    published: MediaStore,
    clip: Path,
    tmp_path: Path,
    container: str,
    codec: str,
    has_sound: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    put(store, "words", WORDS.encode())
    put(store, "second", SECOND.encode())
    captions = [
        {"source": "s3://media/words", "language": "en-GB", "label": "English"},
        {"source": "s3://media/second", "language": "cs"},
    ]
    output = {
        "container": container,
        "video": {"codec": codec, "preset": "ultrafast"},
        **({} if has_sound else {"audio": None}),
    }
    wanted = request(render={"outputs": [output]}, chunk_s=2, edit={"captions": captions})
    plan = plan_job(store, wanted, clip)
    render_job(store, plan)

    [made] = assembled(store, plan, published).outputs

    file = fetch(published, made.key, store.folder)
    with av.open(str(file)) as opened:
        streams = opened.streams.subtitles
        assert [stream.language for stream in streams] == ["eng", "ces"]
        assert len(opened.streams.audio) == int(has_sound)
        assert not any(stream.disposition & av.stream.Disposition.default for stream in streams)
    texts = []
    for number in range(2):
        words = tmp_path / f"{number}.srt"
        run_ffmpeg([ffmpeg, "-i", file, "-map", f"0:s:{number}", words])
        texts.append(words.read_text())
    assert "00:00:01,000 --> 00:00:02,000" in texts[1]
    assert "Žluťoučký\nkůň" in texts[1]
    assert "<3" in texts[0]
    if container in {"mp4", "mov"}:
        assert [line for line in texts[0].split("\n") if "-->" in line] == [
            "00:00:00,500 --> 00:00:01,500",
            "00:00:01,500 --> 00:00:01,750",
            "00:00:01,750 --> 00:00:02,000",
            "00:00:02,900 --> 00:00:03,000",
        ]
        assert "One and two <3\nTwo at once" in texts[0]
    else:
        assert "00:00:00,500 --> 00:00:01,750\nOne <i>and</i> two <3" in texts[0]
