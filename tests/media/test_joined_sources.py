"""Sources that change in mid-stream: files put one behind the other, sound of another format."""

from array import array
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from functions.plan_render.source import mending
from functions.render_audio.render import render_audio
from functions.shared.errors import SourceNotMedia, SourceTooLarge
from functions.shared.media_store import Keys
from functions.shared.plan import Plan
from tests.media.ends import probe
from tests.media.support import (
    JOB,
    LIMITS,
    PLENTY_S,
    FolderStore,
    decode,
    plan_job,
    render_job,
    request,
    run_ffmpeg,
    stitch_job,
)

QUICK = {"name": "video", "height": 90, "video": {"preset": "ultrafast", "crf": 0}}
WAV = {"name": "sound", "container": "wav"}
RATE = 48_000
LENGTH_S = 1.6


def piece(
    ffmpeg: Path,
    folder: Path,
    *,
    hz: int,
    rate: int = RATE,
    channels: int = 2,
    start_s: float = 0,
    codec: str = "mp2",
    suffix: str = "ts",
    length_s: float = LENGTH_S,
) -> bytes:
    """A film of 40 frames whose sound is one tone; its first picture is at `start_s` + 1.48 s."""
    made = folder / f"piece.{suffix}"
    look = ["-f", "lavfi", "-i", f"testsrc2=size=160x90:rate=25:duration={length_s}"]
    tone = ["-f", "lavfi", "-i", f"sine=frequency={hz}:sample_rate={rate}:duration={length_s}"]
    mix = f"volume=3,pan={'stereo|c0=c0|c1=c0' if channels == 2 else 'mono|c0=c0'}"
    if channels == 6:
        mix = "volume=3,pan=5.1|FL=c0|FR=c0"
    picture = ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "20"]
    if suffix == "mpg":
        picture = ["-c:v", "mpeg2video", "-bf", "2", "-b:v", "1M"]
    sound = ["-af", mix, "-c:a", codec, "-b:a", "192k", "-ar", rate]
    container = {"ts": "mpegts", "mpg": "vob"}[suffix]
    options = [*look, *tone, *picture, *sound, "-output_ts_offset", start_s, "-f", container]
    run_ffmpeg([ffmpeg, *options, made])
    return made.read_bytes()


def samples(ffmpeg: Path, file: Path) -> "array[int]":
    """Of the front channels."""
    raw = file.with_suffix(".raw")
    front = "aformat=channel_layouts=5.1,pan=mono|c0=0.5*FL+0.5*FC"
    run_ffmpeg([ffmpeg, "-i", file, "-af", front, "-f", "s16le", raw])
    return array("h", raw.read_bytes())


def crossings(values: "array[int]", start_s: float, end_s: float) -> int:
    """How often a sound goes through zero upwards in a span: its frequency times its length."""
    span = values[round(start_s * RATE) : round(end_s * RATE)]
    return sum(a < 0 <= b for a, b in pairwise(span))


def planned(store: FolderStore, source: Path, data: bytes, chunk_s: float, **more: Any) -> Plan:
    source.write_bytes(data)
    render = {"outputs": [QUICK, WAV]}
    return plan_job(store, request(render=render, chunk_s=chunk_s, **more), source)


def film(store: FolderStore, ffmpeg: Path, plan: Plan) -> list[str]:
    """The pictures of a render, whose count is the plan's."""
    assert render_job(store, plan) == plan.video.total_frames
    return decode(ffmpeg, stitch_job(store, plan), "0:v").pictures


def heard(store: FolderStore, ffmpeg: Path) -> "array[int]":
    audio = store.read_plan(JOB).audio
    assert audio is not None
    [track] = (track for track in audio.tracks if track.container == "wav")
    return samples(ffmpeg, store.path(Keys(JOB).audio(track.file_name)))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "made"


@pytest.mark.parametrize(
    ("starts_s", "suffix"), [((0, 0), "ts"), ((100, 0), "ts"), ((0, 0), "mpg")]
)
def test_films_one_behind_the_other(
    starts_s: tuple[float, float], suffix: str, store: FolderStore, ffmpeg: Path, source: Path
) -> None:
    """Times start again. A jump back by over a minute looks like a wrap to FFmpeg."""
    first, second = (
        piece(ffmpeg, source.parent, hz=hz, start_s=start_s, suffix=suffix)
        for hz, start_s in zip((400, 900), starts_s, strict=True)
    )
    alone = film(store, ffmpeg, planned(store, source, first, 5))

    plan = planned(store, source, first + second, 1)

    assert plan.notes == (
        "The source sets its clock anew once: it was copied into one even file first.",
    )
    assert film(store, ffmpeg, plan) == [*alone, *alone]
    sound = heard(store, ffmpeg)
    assert crossings(sound, 0.1, 1.5) == pytest.approx(400 * 1.4, abs=2)
    assert crossings(sound, 1.75, 3.15) == pytest.approx(900 * 1.4, abs=2)
    assert len(sound) / RATE == pytest.approx(2 * LENGTH_S, abs=0.08)


def test_a_clock_that_wraps_goes_on(store: FolderStore, ffmpeg: Path, source: Path) -> None:
    """33 bits at 90 kHz: after 26.5 hours."""
    made = piece(ffmpeg, source.parent, hz=400, start_s=2**33 / 90_000 - 2.3)

    plan = planned(store, source, made, 1)

    assert plan.notes == ()
    assert len(set(film(store, ffmpeg, plan))) == plan.video.total_frames == 40


CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "rate": ({"rate": 44_100}, {}),
    "mono to stereo": ({"channels": 1}, {}),
    "stereo to 5.1": ({"codec": "ac3"}, {"codec": "ac3", "channels": 6}),
    "rate and layout of AAC": (
        {"codec": "aac", "rate": 44_100, "channels": 1},
        {"codec": "aac", "channels": 6},
    ),
}


def changing(ffmpeg: Path, folder: Path, kind: str) -> tuple[bytes, bytes]:
    """Two pieces whose times go on; the second is longer."""
    first, second = CHANGES[kind]
    later = {"start_s": LENGTH_S + 0.095, "length_s": LENGTH_S + 0.4}
    return piece(ffmpeg, folder, hz=400, **first), piece(ffmpeg, folder, hz=900, **later, **second)


def in_form(ffmpeg: Path, folder: Path, data: bytes, layout: str) -> "array[int]":
    """What one plain ffmpeg makes of the sound of a piece, in the form of the whole."""
    (folder / "alone").write_bytes(data)
    form = f"aresample={RATE}:osf=s32,aformat=channel_layouts={layout}"
    run_ffmpeg([ffmpeg, "-i", folder / "alone", "-af", form, folder / "alone.wav"])
    return samples(ffmpeg, folder / "alone.wav")


@pytest.mark.parametrize("kind", CHANGES)
def test_sound_that_changes_its_format(
    kind: str, store: FolderStore, ffmpeg: Path, source: Path
) -> None:
    """All samples of the one, then all of the other, in the form that most of it has."""
    first, second = changing(ffmpeg, source.parent, kind)

    plan = planned(store, source, first + second, 1)

    assert plan.notes == (
        "The source has sound of 2 formats: it was copied into one even file first.",
    )
    assert plan.video.total_frames == 91  # 15 ms are between the pieces.
    render_audio(store, JOB, remaining_s=PLENTY_S)
    layout = "5.1" if "5.1" in kind or "AAC" in kind else "stereo"
    wanted = [in_form(ffmpeg, source.parent, data, layout) for data in (first, second)]
    sound = heard(store, ffmpeg)
    assert len(sound) == pytest.approx(sum(map(len, wanted)), abs=2)
    # Decoders of AAC make up noise; its tones are 6,000 high.
    most = 120 if "AAC" in kind else 2
    assert off(sound[: len(wanted[0])], wanted[0]) <= most
    assert off(sound[-len(wanted[1]) :], wanted[1]) <= most


def off(ours: "array[int]", theirs: "array[int]") -> int:
    return max(abs(a - b) for a, b in zip(ours, theirs, strict=True))


def test_clips_and_loudness_over_the_change(store: FolderStore, ffmpeg: Path, source: Path) -> None:
    first, second = changing(ffmpeg, source.parent, "mono to stereo")
    clips = [{"start_s": 0.4, "end_s": 2.4}, {"start_s": 1.2, "end_s": 2}]
    edit = {"clips": clips, "sound": {"loudness_lufs": -16}}

    plan = planned(store, source, first + second, 5, edit=edit)

    render_audio(store, JOB, remaining_s=PLENTY_S)
    sound = heard(store, ffmpeg)
    assert len(sound) == plan.video.total_frames / plan.video.rate * RATE == 2.8 * RATE
    for hz, start_s, end_s in ((400, 0.1, 1.1), (900, 1.3, 2), (400, 2, 2.3), (900, 2.5, 2.8)):
        assert crossings(sound, start_s, end_s) == pytest.approx(hz * (end_s - start_s), abs=2)


def tones(ffmpeg: Path, source: Path, *coding: str) -> bytes:
    """Sound alone at two rates, one file behind the other."""
    data = b""
    for number, (hz, rate) in enumerate(((400, 44_100), (900, 48_000))):
        tone = [
            "-f",
            "lavfi",
            "-i",
            f"sine=frequency={hz}:sample_rate={rate}:duration={1 + number}",
        ]
        run_ffmpeg([ffmpeg, *tone, *coding, source])
        data += source.read_bytes()
    return data


@pytest.mark.parametrize(
    "coding",
    ["-c:a aac -mpegts_flags latm -f mpegts", "-c:a libmp3lame -f mp3"],
    ids=["latm", "mp3"],
)
def test_sound_alone_one_behind_the_other(
    coding: str, store: FolderStore, ffmpeg: Path, source: Path
) -> None:
    """LATM tells its format inside; it is decoded to see it."""
    source.write_bytes(tones(ffmpeg, source, *coding.split()))
    plan_job(store, request(render={"outputs": [WAV]}), source)

    render_audio(store, JOB, remaining_s=PLENTY_S)

    sound = heard(store, ffmpeg)
    assert len(sound) / RATE == pytest.approx(3, abs=0.12)
    assert crossings(sound, 0.1, 0.9) == pytest.approx(400 * 0.8, abs=2)
    assert crossings(sound, 1.2, 2.9) == pytest.approx(900 * 1.7, abs=2)


def test_a_change_that_is_not_seen_beforehand_is_refused_by_name(
    store: FolderStore, ffmpeg: Path, source: Path
) -> None:
    source.write_bytes(tones(ffmpeg, source, "-c:a", "flac", "-f", "ogg"))
    plan_job(store, request(render={"outputs": [WAV]}), source)

    with pytest.raises(SourceNotMedia, match=r"^The sound of s3://media/source changes its format"):
        render_audio(store, JOB, remaining_s=PLENTY_S)


def test_what_is_too_large_to_be_read_whole(store: FolderStore, ffmpeg: Path, source: Path) -> None:
    """Its times are compared at some places."""
    made = piece(ffmpeg, source.parent, hz=400)
    later = piece(ffmpeg, source.parent, hz=400, start_s=LENGTH_S + 0.08)
    whole, joined = made + later, made + made
    limits = replace(LIMITS, scan_bytes=min(len(whole), len(joined)) - 1)

    assert probe(store, whole, limits).video is not None
    with pytest.raises(SourceTooLarge, match=r"^media/source sets its clock anew, and has more"):
        probe(store, joined, limits)


def test_what_has_no_room_is_refused_by_name(
    store: FolderStore, ffmpeg: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = piece(ffmpeg, source.parent, hz=400)
    monkeypatch.setattr(mending, "_SPARE_BYTES", 1 << 60)

    with pytest.raises(SourceTooLarge) as caught:
        planned(store, source, made + made, 5)

    assert str(caught.value).startswith("s3://media/source sets its clock anew once and must be")
