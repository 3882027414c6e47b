"""The sound of clips: cut to the sample, as long as their pictures, at their pace."""

import subprocess
from array import array
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import pytest

from functions.render_audio.render import render_audio
from functions.shared.errors import SourceHasNoSound
from functions.shared.media_store import Keys, MediaStore
from functions.shared.plan import Plan
from tests.media.assembling import assembled, fetch, media_store
from tests.media.sources import AAC as WITH_NOISE
from tests.media.sources import H264, Kind, make
from tests.media.support import (
    JOB,
    PLENTY_S,
    FolderStore,
    plan_job,
    render_job,
    request,
    run_ffmpeg,
)

RATE = 48_000
CLIPS = (
    {"start_s": 1.3, "end_s": 2.9},
    {"start_s": 0.5, "end_s": 1.7, "speed": 3},
    {"start_s": 2.0, "end_s": 2.4, "speed": 0.3},
    {"start_s": 4.01, "end_s": 4.05},
    {"start_s": 4.2, "speed": 1.25},
)
TEMPOS = ("anull", "atempo=2,atempo=1.5", "atempo=0.5,atempo=0.6", "anull", "atempo=1.25")
LENGTH_S = 6.0
AAC = f"{WITH_NOISE} -aac_pns 0"
"""Without noise that its decoder makes up, as a random number of each frame since it was opened."""
KINDS = (
    Kind("ntsc", ".mp4", f"{H264} {AAC}", rate="30000/1001", length_s=LENGTH_S, sound_s=LENGTH_S),
    Kind("late", ".mp4", f"{H264} {AAC}", length_s=LENGTH_S, sound_s=5, delay_sound_s=1),
)


@pytest.fixture
def published() -> Iterator[MediaStore]:
    with media_store() as store:
        yield store


def job(store: FolderStore, file: Path, *containers: str, **edit: object) -> Plan:
    outputs = [{"name": container, "container": container} for container in containers]
    wanted = request(render={"outputs": outputs}, edit=edit)
    plan = plan_job(store, wanted, file)
    render_audio(store, JOB, remaining_s=PLENTY_S)
    return plan


def part(store: FolderStore, plan: Plan, name: str) -> Path:
    [wanted] = (file for file in plan.sound_files if file.name == name)
    assert plan.audio is not None
    return store.path(Keys(JOB).audio(plan.audio.track(wanted.track).file_name))


def pcm(ffmpeg: Path, *options: object) -> "array[int]":
    done = subprocess.run(
        [str(ffmpeg), "-nostdin", "-v", "error", *map(str, options), "-f", "s16le", "-"],
        capture_output=True,
        check=True,
        timeout=120,
    )
    return array("h", done.stdout)


def whole_source_cut(ffmpeg: Path, plan: Plan, file: Path) -> "array[int]":
    """The clips by one plain ffmpeg: no seek, all of the track decoded, cut by counting samples."""
    assert plan.audio is not None
    later_s = plan.clock.zero_s - plan.clock.container_start_s
    count = len(plan.clips)
    graph = [
        f"[0:a:0]asetpts=PTS-{float(later_s)}/TB,aresample=async=1:first_pts=0:min_hard_comp=0.02,"
        f"asplit={count}" + "".join(f"[s{i}]" for i in range(count))
    ]
    for i, (wanted, tempo) in enumerate(zip(CLIPS, TEMPOS, strict=True)):
        chain = f"atrim=start_sample={round(wanted['start_s'] * RATE)},asetpts=N/SR/TB,{tempo}"
        if "end_s" in wanted:
            clip = plan.clips[i]
            until, since = (
                Fraction(n) / plan.video.rate for n in (clip.end_frame, clip.first_frame)
            )
            samples = round(until * RATE) - round(since * RATE)
            chain += f",apad=whole_len={samples},atrim=end_sample={samples}"
        graph.append(f"[s{i}]{chain},asetpts=N/SR/TB[c{i}]")
    graph.append(
        "".join(f"[c{i}]" for i in range(count))
        + f"concat=n={count}:v=0:a=1,aformat=flt,aresample[a]"
    )
    return pcm(ffmpeg, "-i", file, "-filter_complex", ";".join(graph), "-map", "[a]")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_clips_are_the_samples_of_one_plain_ffmpeg(
    kind: Kind, store: FolderStore, ffmpeg: Path, tmp_path: Path
) -> None:
    file = make(ffmpeg, kind, tmp_path)
    plan = job(store, file, "wav", clips=CLIPS)
    ours = pcm(ffmpeg, "-i", part(store, plan, "wav"))
    assert plan.audio is not None
    assert plan.audio.duration_s is not None
    assert abs(len(ours) / RATE - float(plan.audio.duration_s)) < 0.05
    assert ours == whole_source_cut(ffmpeg, plan, file)


@pytest.mark.parametrize(("suffix", "most_off"), [(".ts", 1), (".mkv", RATE // 2000)])
def test_clips_of_a_source_with_coarse_times(
    store: FolderStore, ffmpeg: Path, tmp_path: Path, suffix: str, most_off: int
) -> None:
    """Where a seek leads is known to half a tick: 1/90000 s in MPEG-TS, 1 ms in Matroska."""
    file = make(ffmpeg, Kind("c", suffix, f"{H264} {AAC}", length_s=15, sound_s=15), tmp_path)
    plan = job(store, file, "wav", clips=[{"start_s": 13.7, "end_s": 14.7}])
    ours = pcm(ffmpeg, "-i", part(store, plan, "wav"))
    whole = pcm(ffmpeg, "-i", file, "-af", "aresample=async=1:first_pts=0")
    start = round(13.7 * RATE)
    around = range(start - most_off, start + most_off + 1)
    assert any(ours == whole[first : first + RATE] for first in around)


def test_many_clips_do_not_drift(store: FolderStore, ffmpeg: Path, tmp_path: Path) -> None:
    """At 29.97 a clip of 1 frame is 1601.6 samples; rounding each would be 16 off in the end."""
    file = make(ffmpeg, KINDS[0], tmp_path)
    clips = [{"start_frame": n, "end_frame": n + 1} for n in range(40)]
    plan = job(store, file, "wav", "m4a", clips=clips)
    samples = len(pcm(ffmpeg, "-i", part(store, plan, "wav")))
    assert plan.video.total_frames == 40
    assert samples == round(40 * 1001 / 30_000 * RATE)
    assert len(pcm(ffmpeg, "-i", part(store, plan, "m4a"))) == samples


def test_a_clip_where_there_is_no_sound_is_silent(
    store: FolderStore, ffmpeg: Path, tmp_path: Path
) -> None:
    kind = Kind("short", ".mp4", f"{H264} {AAC}", length_s=LENGTH_S, sound_s=2)
    file = make(ffmpeg, kind, tmp_path)
    clips = [{"start_s": 4, "end_s": 5}, {"start_s": 1, "end_s": 1.5}]
    plan = job(store, file, "wav", clips=clips)
    ours = pcm(ffmpeg, "-i", part(store, plan, "wav"))
    assert len(ours) == 1.5 * RATE
    assert not any(ours[: RATE - 1])
    assert any(ours[RATE:])


def test_every_kind_of_sound_file(store: FolderStore, ffmpeg: Path, tmp_path: Path) -> None:
    """From a source of sound alone; each is as long as it, and its own decoder reads it."""
    file = tmp_path / "talk.wav"
    run_ffmpeg([ffmpeg, "-f", "lavfi", "-i", "sine=d=3:r=44100", "-ac", "2", file])
    plan = job(store, file, "m4a", "mp3", "flac", "wav", "opus")
    assert plan.video.stream_index is None
    assert not plan.chunks
    for made in plan.sound_files:
        rate = 48_000 if made.container == "opus" else 44_100
        assert len(pcm(ffmpeg, "-i", part(store, plan, made.name))) == 3 * rate * 2
    source = pcm(ffmpeg, "-i", file)
    assert pcm(ffmpeg, "-i", part(store, plan, "flac")) == source
    assert pcm(ffmpeg, "-i", part(store, plan, "wav")) == source


def test_sound_of_a_telephone(store: FolderStore, ffmpeg: Path, tmp_path: Path) -> None:
    """At 8 kHz, which not every codec has in every container."""
    file = make(
        ffmpeg, Kind("call", ".mov", f"{H264} -c:a pcm_mulaw -ar 8000", length_s=2), tmp_path
    )
    outputs = [
        {"name": codec, "height": 90, "audio": {"codec": codec}}
        for codec in ("aac", "mp3", "opus", "flac")
    ]
    plan = plan_job(store, request(render={"outputs": outputs}), file)
    render_audio(store, JOB, remaining_s=PLENTY_S)
    assert plan.audio is not None
    for track in plan.audio.tracks:
        made = store.head(Keys(JOB).audio(track.file_name))
        assert made is not None
        rate = {"mp3": 16_000, "opus": 48_000}.get(track.codec, 8000)
        assert made.metadata["rate"] == str(rate)
        assert made.metadata["samples"] == str(9 * rate)


def test_sound_mixed_down(store: FolderStore, ffmpeg: Path, tmp_path: Path) -> None:
    """What only the centre says is heard on both sides, or in the one there is."""
    file = tmp_path / "surround.mka"
    tones = "aevalsrc=0|0|0.5*sin(2000*t)|0|0|0:c=5.1:d=1:s=48000"
    run_ffmpeg([ffmpeg, "-f", "lavfi", "-i", tones, "-c:a", "flac", file])
    outputs = [
        {"name": f"of{n}", "container": "flac", "audio": {"channels": n, "sample_rate_hz": 24_000}}
        for n in (1, 2, 6)
    ]
    plan = plan_job(store, request(render={"outputs": outputs}), file)
    render_audio(store, JOB, remaining_s=PLENTY_S)
    for count in (1, 2, 6):
        ours = pcm(ffmpeg, "-i", part(store, plan, f"of{count}"))
        assert len(ours) == 24_000 * count
        loud = [n for n in range(count) if max(map(abs, ours[n::count])) > 1000]
        assert loud == {1: [0], 2: [0, 1], 6: [2]}[count]


def test_surround_of_ac3_is_aac_that_browsers_play(
    store: FolderStore, ffmpeg: Path, tmp_path: Path
) -> None:
    """AudioSpecificConfig: 5 bits object type, 4 of rate, 4 of channels, where 0 is a PCE."""
    kind = Kind("side", ".mkv", f"{H264} -ac 6 -c:a ac3", length_s=1, sound_s=1)
    plan = plan_job(store, request(render={"outputs": [{}]}), make(ffmpeg, kind, tmp_path))
    assert plan.audio is not None
    render_audio(store, JOB, remaining_s=PLENTY_S)
    with av.open(str(store.path(Keys(JOB).audio(plan.audio.tracks[0].file_name)))) as opened:
        config = opened.streams.audio[0].codec_context.extradata
        assert config is not None
        assert config[1] >> 3 & 0xF == 6


def test_sound_of_a_source_without_any(store: FolderStore, ffmpeg: Path, tmp_path: Path) -> None:
    mute = make(ffmpeg, Kind("mute", ".mp4", H264, length_s=1, sound_s=None), tmp_path)
    with pytest.raises(SourceHasNoSound, match=r"has no sound, and output mp3 is a file of sound"):
        job(store, mute, "mp3")


def test_files_of_sound_are_published(
    store: FolderStore, ffmpeg: Path, published: MediaStore
) -> None:
    """Beside a video of the same sound, from clips, with tags where they are asked for."""
    file = make(ffmpeg, KINDS[0], store.folder)
    outputs: list[dict[str, object]] = [
        {"name": "film", "height": 90, "video": {"preset": "ultrafast"}},
        {"name": "same", "container": "m4a"},
        {"name": "tagged", "container": "mp3", "metadata": {"title": "Über; alles=1"}},
    ]
    wanted = request(render={"outputs": outputs}, edit={"clips": [{"start_s": 1, "end_s": 3.5}]})
    plan = plan_job(store, wanted, file)
    assert plan.audio is not None
    assert len(plan.audio.tracks) == 2
    render_job(store, plan)
    film, same, tagged = assembled(store, plan, published).outputs

    assert (film.frames, same.frames, same.width) == (75, None, None)
    assert film.audio == same.audio
    for made in (same, tagged):
        local = fetch(published, made.key, store.folder)
        samples = len(pcm(ffmpeg, "-i", local))
        assert samples == round(75 * 1001 / 30_000 * RATE)
        assert made.duration_s == samples / RATE
    with av.open(str(local)) as opened:
        assert opened.metadata["title"] == "Über; alles=1"
