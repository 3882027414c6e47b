"""A media store on a folder, served with ranges on loopback; and renders in one piece."""

import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import quote

import av

from functions.plan_render.assets.bring_in import Bringing, Places, bring_in
from functions.plan_render.plan import PlanSettings
from functions.plan_render.planning import make_plan
from functions.plan_render.source.facts import Limits
from functions.render_audio.render import render_audio
from functions.render_chunk.colour import pixel_filter, source_filters, tone_filters
from functions.render_chunk.encoder import coding_options
from functions.render_chunk.render import render_chunk
from functions.shared.job import Request, parse_input
from functions.shared.media_store import Keys, Part
from functions.shared.mp4.inspection import only_track
from functions.shared.mp4.source import FileBytes
from functions.shared.mp4.stitch import plan_stitch, read_media, stitched
from functions.shared.mp4.track import read_movie
from functions.shared.parts import Deadline
from functions.shared.plan import Output, Plan, Source

LIMITS = Limits(
    size_bytes=1 << 30, pixels=8192 * 4320, duration_s=3600, streams=32, scan_bytes=1 << 28
)
SETTINGS = PlanSettings(threads=1, max_parallel=10, chunk_memory_mb=1769)
BUCKET = "media"
JOB = "job"
PLENTY_S = 300.0
_FORGET_COLOURS = "setparams=color_primaries=unknown:color_trc=unknown:colorspace=unknown,"
_GAPS = "aresample=async=1:first_pts=0:min_hard_comp=0.02"
SECRET = "X-Amz-Signature=secret"


class FolderStore:
    """The media store's behaviour on a folder."""

    bucket = BUCKET

    def __init__(self, folder: Path, address: str) -> None:
        self.folder = folder
        self.address = address

    def path(self, key: str, bucket: str | None = None) -> Path:
        return self.folder / (bucket or BUCKET) / key

    def head(self, key: str, *, bucket: str | None = None) -> Part | None:
        path = self.path(key, bucket)
        if not path.exists():
            return None
        beside = self.folder / "metadata" / f"{hashlib.sha256(str(path).encode()).hexdigest()}"
        metadata = json.loads(beside.read_text()) if beside.exists() else {}
        etag = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
        return Part(key, path.stat().st_size, f'"{etag}"', metadata)

    def presigned(self, key: str, *, bucket: str | None = None) -> str:
        return f"{self.address}/{bucket or BUCKET}/{quote(key)}?{SECRET}"

    def download(self, key: str, file: Path, *, bucket: str | None, etag: str) -> None:
        found = self.head(key, bucket=bucket)
        assert found is not None
        assert found.etag == etag
        shutil.copyfile(self.path(key, bucket), file)

    def upload(self, key: str, file: Path, content_type: str, metadata: Mapping[str, str]) -> None:
        assert content_type
        path = self.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, path)
        beside = self.folder / "metadata" / f"{hashlib.sha256(str(path).encode()).hexdigest()}"
        beside.parent.mkdir(exist_ok=True)
        beside.write_text(json.dumps(dict(metadata)))

    def write(self, key: str, content: bytes, content_type: str) -> None:
        assert content_type
        path = self.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def write_plan(self, plan: Plan) -> None:
        path = self.path(Keys(plan.job_id).plan)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(plan.model_dump_json())

    def read_plan(self, job_id: str) -> Plan:
        return Plan.model_validate_json(self.path(Keys(job_id).plan).read_text())

    def put_source(self, file: Path, key: str = "source") -> Source:
        path = self.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, path)
        found = self.head(key)
        assert found is not None
        return Source(
            bucket=BUCKET, key=key, etag=found.etag, size_bytes=found.size_bytes, container=""
        )


def request(**fields: Any) -> Request:
    return parse_input({"source": "s3://media/source", **fields})


def lossless(**fields: Any) -> Request:
    """A render, with B-frames, whose decoded pictures equal exactly the filtered source frames."""
    output = {"name": "video", "video": {"crf": 0, "preset": "superfast"}, **fields}
    return request(render={"outputs": [output]}, chunk_s=2)


def plan_job(store: FolderStore, wanted: Request, file: Path) -> Plan:
    plan = make_plan(
        JOB,
        wanted,
        store.put_source(file),
        store,
        settings=SETTINGS,
        limits=LIMITS,
        timeout_s=60,
        brought=bring_in(wanted.edit, _bringing(store)),
    )
    store.write_plan(plan)
    return plan


def _bringing(store: FolderStore) -> Bringing:
    """Assets are files of the folder's bucket, e.g. s3://media/logo.png."""

    def find(bucket: str, key: str) -> Part:
        found = store.head(key, bucket=bucket)
        assert found is not None, f"{bucket}/{key}"
        return found

    def refuse(address: str, _key: str, _most_bytes: int, _timeout_s: float) -> Part:
        raise AssertionError(f"a test named {address}")

    return Bringing(JOB, store, Places(BUCKET, find, refuse), Deadline(60), 1 << 30)


def render_job(store: FolderStore, plan: Plan) -> int:
    """All parts by the real functions; returns the frames counted."""
    frames = sum(render_chunk(store, JOB, chunk, remaining_s=PLENTY_S) for chunk in plan.chunks)
    render_audio(store, JOB, remaining_s=PLENTY_S)
    return frames


def stitch_job(store: FolderStore, plan: Plan, name: str = "video") -> Path:
    """The parts joined as assemble_render joins them, into one file on disk."""
    [output] = (output for output in plan.outputs if output.name == name)
    keys = [Keys(JOB).chunk(name, chunk.index, output.part_suffix) for chunk in plan.chunks]
    files = [FileBytes(store.path(key)) for key in keys]
    tracks = [only_track(read_movie(file), "vide") for file in files]
    pictures = [read_media(file, track) for file, track in zip(files, tracks, strict=True)]
    sound, sound_bytes = None, iter([b""])
    if output.audio_track is not None and plan.audio is not None:
        part = plan.audio.track(output.audio_track).file_name
        file = FileBytes(store.path(Keys(JOB).audio(part)))
        movie = read_movie(file)
        sound = (movie, only_track(movie, "soun"))
        sound_bytes = read_media(file, sound[1])
    layout = plan_stitch(tracks, plan.video.frame_ticks, sound)
    final = store.folder / f"{name}.{output.part_suffix}"
    with final.open("wb") as stream:
        for piece in stitched(layout, chain.from_iterable(pictures), sound_bytes):
            stream.write(piece)
    return final


def render_in_one_piece(ffmpeg: Path, plan: Plan, file: Path, to: Path) -> None:
    """The same source by one plain ffmpeg with the same filters: no seek, no copied clock."""
    [output] = plan.outputs
    video = plan.video
    # ffmpeg puts the container's start at 0; the job's clock begins later where the first stream is
    # not used.
    later_s = plan.clock.zero_s - plan.clock.container_start_s
    shift = f"PTS-round({later_s.numerator}/{later_s.denominator}/TB)"
    fields = "bwdif=mode=send_frame:parity=auto:deint=all," if video.deinterlaced else ""
    graph = (
        f"[0:{video.stream_index}]{_FORGET_COLOURS if not video.colours_valid else ''}{fields}"
        f"setpts={shift},fps={video.rate}:start_time=0,"
        f"{','.join(_picture(output))}[v]"
    )
    sound = []
    if plan.audio is not None:
        track = f"[0:{plan.audio.stream_index}]asetpts={shift},{_GAPS}[a]"
        graph = f"{graph};{track}"
        sound = ["-map", "[a]", "-c:a", "aac", "-b:a", f"{plan.audio.tracks[0].bitrate_kbps}k"]
    decoder = ["-c:v", video.decoder] if video.decoder else []
    encoder = coding_options(plan, output)
    timing = ["-video_track_timescale", str(video.timescale)]
    reading = [ffmpeg, *decoder, "-i", file, "-filter_complex", graph]
    run_ffmpeg([*reading, "-map", "[v]", *encoder, *timing, *sound, to])


def _picture(output: Output) -> Iterator[str]:
    yield from source_filters(output.coding)
    yield f"scale={output.width}:{output.height},setsar=1"
    yield from tone_filters(output.coding)
    yield pixel_filter(output.coding)


def run_ffmpeg(argv: list[Any]) -> str:
    """Run ffmpeg for a test; returns what it printed on stderr."""
    binary, *options = map(str, argv)
    quiet = ["-nostdin", "-hide_banner", "-loglevel", "warning", "-y"]
    done = subprocess.run(  # noqa: PLW1510 - checked below, with what it printed
        [binary, *quiet, *options], capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


@dataclass
class Decoded:
    """A file's decoded content: one hash a picture or block of samples."""

    pictures: list[str] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    sound: list[tuple[int, int, str]] = field(default_factory=list)


def decode(ffmpeg: Path, file: Path, *streams: str) -> Decoded:
    """Decode strictly: any error or warning in the stream fails the test. All streams, or those
    named as ffmpeg's -map has them."""
    mapped = [word for stream in streams or ("0",) for word in ("-map", stream)]
    done = subprocess.run(
        [
            *(str(ffmpeg), "-nostdin", "-v", "error", "-xerror", "-err_detect", "explode"),
            *("-copyts", "-i", str(file), *mapped, "-fps_mode", "passthrough"),
            *("-f", "framemd5", "-"),
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=240,
    )
    assert done.stderr == ""
    decoded = Decoded()
    kinds = {}
    for line in done.stdout.splitlines():
        if match := re.match(r"#media_type (\d+): (\w+)", line):
            kinds[match[1]] = match[2]
        elif not line.startswith("#"):
            stream, _, pts, duration, _, digest = (part.strip() for part in line.split(","))
            if kinds[stream] == "video":
                decoded.pictures.append(digest)
            else:
                decoded.sound.append((int(pts), int(duration), digest))
    decoded.times = picture_times(file)
    assert len(decoded.times) == len(decoded.pictures)
    return decoded


def picture_times(file: Path) -> list[int]:
    """The pictures' times in ticks of the track, in order of showing."""
    with av.open(str(file)) as container:
        if not container.streams.video:
            return []
        packets = container.demux(container.streams.video[0])
        return sorted(packet.pts for packet in packets if packet.pts is not None)
