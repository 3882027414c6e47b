"""Sound keeps its place beside the picture, and what cannot be had is said."""

import subprocess
from array import array
from fractions import Fraction
from math import sqrt
from pathlib import Path

import pytest

from functions.render_audio.render import render_audio
from functions.shared.media_store import Keys
from functions.shared.mp4.inspection import inspect_audio
from functions.shared.mp4.source import FileBytes
from tests.media.sources import AAC, H264, Kind, make
from tests.media.support import (
    JOB,
    PLENTY_S,
    FolderStore,
    plan_job,
    render_job,
    request,
    run_ffmpeg,
    stitch_job,
)

PACKET_S = Fraction(1024, 44_100)
RATE = 48_000
PCM = f"{H264} -c:a pcm_s16le"
WANTED = request(render={"outputs": [{"height": 90, "video": {"preset": "ultrafast"}}]})


def render(store: FolderStore, file: Path) -> Path:
    plan_job(store, WANTED, file)
    render_audio(store, JOB, remaining_s=PLENTY_S)
    return store.path(Keys(JOB).audio("aac-128k.m4a"))


def samples(ffmpeg: Path, file: Path) -> "array[int]":
    options = ["-i", str(file), "-ac", "1", "-ar", str(RATE), "-f", "s16le", "-"]
    done = subprocess.run(
        [str(ffmpeg), "-nostdin", "-v", "error", *options], capture_output=True, check=True
    )
    return array("h", done.stdout)


def rms(values: list[int]) -> float:
    return sqrt(sum(value * value for value in values) / len(values))


def difference(ours: "array[int]", theirs: "array[int]", start_s: float, end_s: float) -> float:
    """How much two sounds differ in a span, as a part of how loud they are."""
    span = slice(round(start_s * RATE), round(end_s * RATE))
    pairs = zip(ours[span], theirs[span], strict=True)
    return rms([a - b for a, b in pairs]) / rms(list(theirs[span]))


def test_a_hole_of_83_ms_stays_as_long_as_it_is(store: FolderStore, corpus: Path) -> None:
    sound = inspect_audio(FileBytes(render(store, corpus / "bbb_2500ms.ts")))
    plan = store.read_plan(JOB)
    assert plan.audio is not None
    assert plan.audio.duration_s is not None
    assert abs(sound.end_s - plan.audio.duration_s) < PACKET_S


@pytest.mark.parametrize("lost_packets", [1, 3, 30])
def test_sound_after_lost_packets_is_where_it_was(
    store: FolderStore, ffmpeg: Path, tmp_path: Path, lost_packets: int
) -> None:
    """Packets of 21 ms are missing from 3.0 s on, and again from 4.0 s on."""
    last = lost_packets - 1
    drop = f"noise=drop=between(n\\,140\\,{140 + last})+between(n\\,187\\,{187 + last})"
    whole = make(ffmpeg, Kind("whole", ".ts", f"{H264} {AAC}"), tmp_path)
    holed = tmp_path / "holed.ts"
    run_ffmpeg([ffmpeg, "-copyts", "-i", whole, "-c", "copy", "-bsf:a", drop, "-copyts", holed])
    wanted = samples(ffmpeg, render(store, whole))
    made = samples(ffmpeg, render(store, holed))

    assert len(made) == len(wanted)
    assert difference(made, wanted, 0, 2.9) < 0.05
    assert difference(made, wanted, 3.75, 3.9) < 0.05
    assert difference(made, wanted, 5, 8.9) < 0.05


def test_a_recorders_jitter_changes_no_sample(
    store: FolderStore, ffmpeg: Path, tmp_path: Path
) -> None:
    even = make(ffmpeg, Kind("even", ".mkv", PCM), tmp_path)
    uneven = tmp_path / "uneven.mkv"
    jitter = ["-bsf:a", r"setts=ts=TS+15*mod(N\,2)"]
    run_ffmpeg([ffmpeg, "-i", even, "-c", "copy", *jitter, uneven])

    assert samples(ffmpeg, render(store, uneven)) == samples(ffmpeg, render(store, even))


def test_sound_that_cannot_be_decoded_is_noted_and_the_picture_made(
    store: FolderStore, corpus: Path
) -> None:
    plan = plan_job(store, WANTED, corpus / "sample_missing_stsd.mp4")

    assert plan.audio is None
    assert plan.outputs[0].audio_track is None
    assert plan.notes == (
        "The source's sound cannot be decoded (unknown codec): the outputs have none.",
    )
    assert render_job(store, plan) == plan.video.total_frames
    assert stitch_job(store, plan).stat().st_size > 0


def test_a_source_without_sound_is_nothing_to_note(
    store: FolderStore, ffmpeg: Path, tmp_path: Path
) -> None:
    mute = make(ffmpeg, Kind("mute", ".mp4", H264, length_s=2, sound_s=None), tmp_path)
    assert plan_job(store, WANTED, mute).notes == ()
