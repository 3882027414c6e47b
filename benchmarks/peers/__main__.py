"""Peers on this machine, on the same picture: `make peers`.

A clip with a title and a logo by a Reelwright job on the embedded stack, by MoviePy and by
Remotion's renderer; and a transcode by a job, by ffmpeg's segment and concat, and by one ffmpeg.
They take turns, so that a machine whose speed drifts slows all. MoviePy and Remotion are fetched
into build/peers; Remotion has a license of its own.
"""

import argparse
import shutil
import sys
from pathlib import Path

from rich.console import Console

from benchmarks.peers import install, report
from benchmarks.peers.contest import REELWRIGHT, Contest, Row
from benchmarks.peers.runners import BareFfmpeg, Job, MoviePy, Remotion, Segments
from benchmarks.peers.scene import make_scene, transcode
from benchmarks.record import RESULTS, record
from benchmarks.source import make_source
from benchmarks.stack import new_stack
from local.embedded import EmbeddedAws
from local.home import PROJECT
from reelwright.direct import DirectClient

PEERS = ("moviepy", "remotion", "segment")
_LEAST_S = 3
_SOURCES = PROJECT / "build" / "bench"
_OUT = install.FOLDER / "out"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--assembly", type=Path, required=True)
    parser.add_argument("--seconds", type=int, default=10, help="of the clip with a title, from 3")
    parser.add_argument("--transcode-seconds", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default=",".join(PEERS), help="of " + ",".join(PEERS))
    asked = parser.parse_args()
    only = set(asked.only.split(","))
    if unknown := only - set(PEERS):
        parser.error(f"--only: {', '.join(sorted(unknown))} is none of {', '.join(PEERS)}")
    if asked.seconds < _LEAST_S:
        parser.error(f"--seconds: the title fades for a second at each end; {_LEAST_S} or more")
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        print("ffmpeg is not on PATH; run this by `make peers`")
        return 2
    _OUT.mkdir(parents=True, exist_ok=True)
    console = Console(highlight=False)
    rows: list[Row] = []
    with new_stack("bench-peers", asked.assembly) as (client, aws):
        contests = []
        if only & {"moviepy", "remotion"}:
            contests.append(_titled(ffmpeg, client, aws, asked.seconds, only))
        if "segment" in only:
            contests.append(_transcoded(ffmpeg, client, aws, asked.transcode_seconds))
        # Functions are warm from the second job on, as they are where jobs are usual.
        contests[0].runners[REELWRIGHT].run(_OUT / "warm.mp4")
        for contest in contests:
            rows += contest.hold(asked.rounds, console.print)
    for table in report.tables(rows):
        console.print(table)
    for row in rows:
        told = row.get("missing") or f"{row['version']}; {row['how']}"
        console.print(f"{row['contest']}: {row['system']}: {told}")
    record("peers", rows)
    report.plot(rows, RESULTS / "peers.svg")
    return 0


def _titled(
    ffmpeg: str, client: DirectClient, aws: EmbeddedAws, seconds: int, only: set[str]
) -> Contest:
    source = make_source(Path(ffmpeg), _SOURCES, seconds)
    scene = make_scene(ffmpeg, install.FOLDER / "scene", source, seconds)
    reference = _OUT / "title-reference.mkv"
    scene.reference(ffmpeg, reference)
    places = {"title": scene.title_box, "logo": scene.logo_box}
    contest = Contest("title", seconds, ffmpeg, reference, _OUT, places)
    request = scene.request(client.upload(scene.source), client.upload(scene.logo))
    contest.runners[REELWRIGHT] = Job(client, aws, request, install.ffmpeg_version(ffmpeg))
    if "moviepy" in only:
        contest.enter("MoviePy", lambda: MoviePy.ready(ffmpeg, scene))
    if "remotion" in only:
        contest.enter("Remotion", lambda: Remotion.ready(scene))
    return contest


def _transcoded(ffmpeg: str, client: DirectClient, aws: EmbeddedAws, seconds: int) -> Contest:
    source = make_source(Path(ffmpeg), _SOURCES, seconds)
    version = install.ffmpeg_version(ffmpeg)
    contest = Contest("transcode", seconds, ffmpeg, source, _OUT)
    contest.runners[REELWRIGHT] = Job(client, aws, transcode(client.upload(source)), version)
    contest.runners["segment and concat"] = Segments(ffmpeg, source, version)
    contest.runners["one ffmpeg"] = BareFfmpeg(ffmpeg, source, version)
    return contest


if __name__ == "__main__":
    sys.exit(main())
