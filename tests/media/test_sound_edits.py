"""What is done to the sound: by samples where they can be told, by a meter where they can't."""

import re
import subprocess
from array import array
from operator import sub
from pathlib import Path
from typing import Any

import pytest

from functions.render_audio.render import render_audio
from functions.shared.errors import AssetUnusable
from functions.shared.mp4.inspection import only_track
from functions.shared.mp4.source import FileBytes
from functions.shared.mp4.track import read_movie
from functions.shared.plan import Plan
from tests.media.sources import AAC, H264, Kind, make
from tests.media.support import JOB, PLENTY_S, FolderStore, plan_job, request, run_ffmpeg
from tests.media.test_sound_clips import RATE, part, pcm

LENGTH_S = 6
OTHER = "s3://media/other"


@pytest.fixture
def talk(ffmpeg: Path, tmp_path: Path) -> Path:
    """Six seconds of pictures, and of a tone that is loud by turns, in PCM."""
    file = tmp_path / "talk.mov"
    picture = "testsrc2=size=64x36:rate=30:duration=6"
    tone = "aevalsrc=exprs='0.2*sin(2000*t)*gt(mod(t,1),0.4)':d=6:s=48000:c=mono"
    lavfi = ["-f", "lavfi", "-i"]
    run_ffmpeg([ffmpeg, *lavfi, picture, *lavfi, tone, *H264.split(), "-c:a", "pcm_s16le", file])
    return file


@pytest.fixture
def music(ffmpeg: Path, tmp_path: Path) -> Path:
    """Two and a half seconds of another tone, on both sides."""
    file = tmp_path / "music.flac"
    tone = "aevalsrc=exprs='0.1*sin(3000*t)|0.05*sin(5000*t)':d=2.5:s=48000:c=stereo"
    run_ffmpeg([ffmpeg, "-f", "lavfi", "-i", tone, "-sample_fmt", "s16", file])
    return file


def edited(store: FolderStore, file: Path, *other: Path, **sound: Any) -> Plan:
    """The job's WAV by the real functions; what is `OTHER` in `sound` is the other file."""
    for named in other:
        store.put_source(named, "other")
    output = {"name": "wav", "container": "wav"}
    wanted = request(render={"outputs": [output]}, edit={"sound": sound})
    plan = plan_job(store, wanted, file)
    render_audio(store, JOB, remaining_s=PLENTY_S)
    return plan


def heard(ffmpeg: Path, store: FolderStore, plan: Plan) -> "array[int]":
    return pcm(ffmpeg, "-i", part(store, plan, "wav"))


def filtered(ffmpeg: Path, graph: str, *files: Path) -> "array[int]":
    """By one plain ffmpeg, in floats as the function works."""
    inputs = [option for file in files for option in ("-i", file)]
    return pcm(
        ffmpeg, *inputs, "-filter_complex", f"{graph},aformat=flt,aresample[a]", "-map", "[a]"
    )


def loudness(ffmpeg: Path, file: Path) -> tuple[float, float]:
    """(LUFS, dBTP) by ffmpeg's meter."""
    done = subprocess.run(
        [str(ffmpeg), "-nostdin", "-i", str(file), "-af", "ebur128=peak=true", "-f", "null", "-"],
        capture_output=True,
        text=True,
        check=True,
    )
    summary = done.stderr[done.stderr.rindex("Summary:") :]
    found = [re.search(rf"{name}:\s+(-?[\d.]+)", summary) for name in ("I", "Peak")]
    assert found[0]
    assert found[1]
    return float(found[0][1]), float(found[1][1])


@pytest.mark.parametrize(
    ("sound", "graph"),
    [
        ({"volume_db": -6, "offset_s": 0.25}, "adelay=12000S:all=1,volume=-6dB,atrim=end=6"),
        (
            {"offset_s": -0.25, "fade_in_s": 1, "fade_out_s": 2},
            "atrim=start_sample=12000,asetpts=N/SR/TB,afade=in:d=1,afade=out:st=4:d=2",
        ),
    ],
    ids=["softer and later", "earlier and faded"],
)
def test_samples_are_those_of_one_plain_ffmpeg(
    store: FolderStore, ffmpeg: Path, talk: Path, sound: dict[str, Any], graph: str
) -> None:
    plan = edited(store, talk, **sound)
    ours = heard(ffmpeg, store, plan)
    assert ours == filtered(ffmpeg, f"[0:a]aformat=flt,{graph}", talk)
    assert plan.audio is not None
    assert plan.audio.duration_s is not None
    assert len(ours) == plan.audio.duration_s * RATE


def test_packets_of_cut_sound_are_equally_long(
    store: FolderStore, ffmpeg: Path, tmp_path: Path
) -> None:
    """As segments of streams need. 44,100 samples a second make quotients that are not exact."""
    file = tmp_path / "tone.m4a"
    tone = ["-f", "lavfi", "-i", "sine=r=44100:d=4", "-c:a", "aac"]
    run_ffmpeg([ffmpeg, *tone, file])
    output = {"name": "a", "container": "m4a"}
    wanted = request(render={"outputs": [output]}, edit={"sound": {"offset_s": -1.724}})
    plan = plan_job(store, wanted, file)
    render_audio(store, JOB, remaining_s=PLENTY_S)

    track = only_track(read_movie(FileBytes(part(store, plan, "a"))), "soun")

    assert [ticks for _, ticks in track.delta_runs[:-1]] == [1024]


@pytest.mark.parametrize(
    "edit", [{"sound": {"offset_s": -5}}, {"clips": [{"start_s": 5}]}], ids=["offset", "clip"]
)
def test_where_no_sound_is_left_there_is_a_little_silence(
    store: FolderStore, ffmpeg: Path, tmp_path: Path, edit: dict[str, Any]
) -> None:
    """The sound ends at 4 s, the pictures at 7 s."""
    kind = Kind("a", ".mp4", f"{H264} {AAC}", length_s=7, sound_s=4)
    outputs = [{"name": "wav", "container": "wav"}, {"name": "a", "container": "m4a"}]
    file = make(ffmpeg, kind, tmp_path)
    plan = plan_job(store, request(render={"outputs": outputs}, edit=edit), file)

    render_audio(store, JOB, remaining_s=PLENTY_S)

    assert heard(ffmpeg, store, plan) == array("h", bytes(2 * 1024))
    assert part(store, plan, "a").stat().st_size > 0


def test_fades_reach_silence_and_full_sound(store: FolderStore, ffmpeg: Path, talk: Path) -> None:
    ours = heard(ffmpeg, store, edited(store, talk, fade_in_s=2, fade_out_s=2))
    plain = heard(ffmpeg, store, edited(store, talk))
    middle = slice(round(2.01 * RATE), round(3.99 * RATE))
    assert ours[middle] == plain[middle]
    loud = [max(map(abs, ours[round(s * RATE) : round((s + 0.1) * RATE)])) for s in (0.6, 1.6)]
    assert 0 < loud[0] < loud[1] < max(plain)
    assert abs(ours[-1]) <= 1


@pytest.mark.parametrize("target", [(-23.0, -2.0), (-13.0, -1.0)])
def test_loudness_is_what_was_asked(
    store: FolderStore, ffmpeg: Path, talk: Path, target: tuple[float, float]
) -> None:
    lufs, peak_db = target
    plan = edited(store, talk, loudness_lufs=lufs, true_peak_db=peak_db)
    found = loudness(ffmpeg, part(store, plan, "wav"))
    assert abs(found[0] - lufs) <= 0.5
    assert found[1] <= peak_db
    assert len(heard(ffmpeg, store, plan)) == LENGTH_S * RATE


def test_loudness_that_the_true_peak_forbids_by_one_gain(
    store: FolderStore, ffmpeg: Path, tmp_path: Path
) -> None:
    """Quiet speech with a loud clap: one gain would put the clap 8 dB over full scale."""
    file = tmp_path / "clap.flac"
    tones = "aevalsrc=exprs='0.05*sin(1500*t)+0.6*sin(2500*t)*between(t,9,9.02)':d=20:s=48000"
    run_ffmpeg([ffmpeg, "-f", "lavfi", "-i", tones, file])
    plan = edited(store, file, loudness_lufs=-16, true_peak_db=-2)
    found = loudness(ffmpeg, part(store, plan, "wav"))
    assert abs(found[0] + 16) <= 0.5
    assert found[1] <= -2
    assert abs(len(heard(ffmpeg, store, plan)) - 20 * RATE) <= 1


def test_silence_has_no_loudness_to_set(store: FolderStore, ffmpeg: Path, tmp_path: Path) -> None:
    file = tmp_path / "silence.wav"
    run_ffmpeg([ffmpeg, "-f", "lavfi", "-i", "anullsrc=r=48000:cl=mono:d=4", file])
    assert not any(heard(ffmpeg, store, edited(store, file, loudness_lufs=-16)))


def test_another_sound_instead(
    store: FolderStore, ffmpeg: Path, talk: Path, music: Path, tmp_path: Path
) -> None:
    plan = edited(store, talk, music, replace=OTHER)
    assert heard(ffmpeg, store, plan) == pcm(ffmpeg, "-i", music)

    mute = make(ffmpeg, Kind("mute", ".mp4", H264, length_s=1, sound_s=None), tmp_path)
    ours = heard(ffmpeg, store, edited(store, mute, music, replace=OTHER))
    assert ours == pcm(ffmpeg, "-i", music)[: 2 * RATE]


@pytest.mark.parametrize(
    ("mix", "beside"),
    [
        ({"volume_db": -3, "from_s": 1}, "volume=-3dB,adelay=48000S:all=1"),
        ({"loop": True}, "aloop=loop=-1:size=120000"),
    ],
    ids=["once", "looped"],
)
def test_another_sound_beside_it(
    store: FolderStore, ffmpeg: Path, talk: Path, music: Path, mix: dict[str, Any], beside: str
) -> None:
    plan = edited(store, talk, music, volume_db=-2, mix={"source": OTHER, **mix})
    graph = (
        "[0:a]aformat=flt,volume=-2dB,aformat=channel_layouts=stereo[o];"
        f"[1:a]aformat=flt,{beside},apad,atrim=end=6[m];[o][m]amix=normalize=0:duration=first"
    )
    ours, theirs = heard(ffmpeg, store, plan), filtered(ffmpeg, graph, talk, music)
    assert len(ours) == len(theirs) == 2 * LENGTH_S * RATE
    # A sum of two floats may be rounded the other way.
    assert max(map(abs, map(sub, ours, theirs))) <= 1


def test_the_other_sound_is_lowered_while_the_jobs_own_is_loud(
    store: FolderStore, ffmpeg: Path, talk: Path, music: Path
) -> None:
    """Of two tones far apart, the music's is looked at alone."""
    mix = {"source": OTHER, "loop": True}
    plain = edited(store, talk, music, mix=mix)
    before = tone(ffmpeg, part(store, plain, "wav"))
    ducked = edited(store, talk, music, mix={**mix, "duck": True})
    after = tone(ffmpeg, part(store, ducked, "wav"))
    assert max(after[round(0.05 * RATE) : round(0.35 * RATE)]) > 0.9 * max(before)
    loud = slice(round(0.7 * RATE), round(0.95 * RATE))
    assert max(after[loud]) < 0.5 * max(before[loud])


def tone(ffmpeg: Path, file: Path) -> "array[int]":
    """The right side's 796 Hz, without the talk's 318 Hz."""
    narrow = "pan=mono|c0=c1,bandpass=f=796:w=60"
    return pcm(ffmpeg, "-i", file, "-af", narrow)


def test_a_mute_source_has_the_sound_that_is_mixed_in(
    store: FolderStore, ffmpeg: Path, music: Path, tmp_path: Path
) -> None:
    mute = make(ffmpeg, Kind("mute", ".mp4", H264, length_s=3, sound_s=None), tmp_path)
    plan = edited(store, mute, music, mix={"source": OTHER})
    ours = heard(ffmpeg, store, plan)
    theirs = pcm(ffmpeg, "-i", music)
    assert len(ours) == 3 * RATE * 2
    assert ours[: len(theirs)] == theirs
    assert not any(ours[len(theirs) :])


def test_a_sound_that_is_none(store: FolderStore, ffmpeg: Path, talk: Path, tmp_path: Path) -> None:
    text = tmp_path / "music.mp3"
    text.write_text("no sound at all\n" * 100)
    with pytest.raises(AssetUnusable, match=r"^edit\.sound\.replace: s3://media/other "):
        edited(store, talk, text, replace=OTHER)
    mute = make(ffmpeg, Kind("mute", ".mp4", H264, length_s=1, sound_s=None), tmp_path)
    with pytest.raises(AssetUnusable, match=r"mix\.source: .* has no sound that can be decoded\.$"):
        edited(store, talk, mute, mix={"source": OTHER})
