"""Each way to make a file: run once, it says what it used."""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from benchmarks.jobs import run_job
from benchmarks.peers import install
from benchmarks.peers.processes import Peak
from benchmarks.peers.scene import AUDIO_KBPS, CRF, PRESET, Scene
from benchmarks.peers.usage import Usage, of_command
from local import processes
from local.embedded import EmbeddedAws
from reelwright.direct import DirectClient

_HERE = Path(__file__).parent
_ENCODING = {"crf": CRF, "preset": PRESET, "audio_kbps": AUDIO_KBPS}
_TRIED_S = 3
"""Seconds of the clip that Remotion's concurrency is chosen by."""


class Runner(Protocol):
    """`version` names it and what it runs on; `how` tells its settings where there is a choice."""

    @property
    def version(self) -> str: ...
    @property
    def how(self) -> str: ...
    def run(self, output: Path) -> Usage: ...


@dataclass(frozen=True)
class Job:
    """A Reelwright job: what it used is the whole engine's, with the services it plays. Putting the
    source and fetching the file are not in it."""

    client: DirectClient
    aws: EmbeddedAws
    request: Mapping[str, Any]
    version: str
    how: str = "default chunk length and width"

    def run(self, output: Path) -> Usage:
        with Peak(lambda: processes.of_home(self.aws.home)) as memory:
            done = run_job(self.client, self.aws, self.request)
        (made,) = done.result["outputs"]
        self.client.download(made["key"], output.parent).replace(output)
        return Usage(done.wall_s, done.cpu_s, memory.peak_mb)


@dataclass(frozen=True)
class BareFfmpeg:
    """One process."""

    ffmpeg: str
    source: Path
    version: str
    how: str = "one process, its own number of threads"

    def run(self, output: Path) -> Usage:
        return of_command(
            [
                *(self.ffmpeg, "-nostdin", "-v", "error", "-y", "-i", str(self.source)),
                *("-c:v", "libx264", "-preset", PRESET, "-crf", str(CRF), "-pix_fmt", "yuv420p"),
                *("-c:a", "aac", "-b:a", f"{AUDIO_KBPS}k", "-movflags", "+faststart", str(output)),
            ]
        )


@dataclass(frozen=True)
class Segments:
    """Cut by `-f segment`, encoded side by side, joined by `-f concat`."""

    ffmpeg: str
    source: Path
    version: str
    segment_s: int = 10
    """As in the examples of ffmpeg's own documentation of the segment muxer."""

    @property
    def how(self) -> str:
        return f"segments of {self.segment_s} s, {os.cpu_count()} encoders at once"

    def run(self, output: Path) -> Usage:
        folder = output.with_suffix(".parts")
        shutil.rmtree(folder, ignore_errors=True)
        path = f"{Path(self.ffmpeg).parent}{os.pathsep}{os.environ['PATH']}"
        encoders = str(os.cpu_count() or 1)
        command = ["sh", str(_HERE / "segments.sh"), str(self.source), str(output), str(folder)]
        try:
            return of_command([*command, encoders, str(self.segment_s)], {"PATH": path})
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class MoviePy:
    """Its own ffmpeg threads are all cores; it draws in one process."""

    python: Path
    ffmpeg: str
    scene: Scene
    version: str
    how: str = "libx264 by its defaults"

    @classmethod
    def ready(cls, ffmpeg: str, scene: Scene) -> "MoviePy":
        python = install.moviepy()
        return cls(python, ffmpeg, scene, install.moviepy_version(python))

    def run(self, output: Path) -> Usage:
        settings = output.with_suffix(".settings.json")
        scene = self.scene.for_peers(by_path=True)
        settings.write_text(json.dumps({"scene": scene, "output": str(output), **_ENCODING}))
        command = [str(self.python), str(_HERE / "moviepy_render.py"), str(settings)]
        return of_command(command, {"FFMPEG_BINARY": self.ffmpeg})


@dataclass(frozen=True)
class Remotion:
    """Bundled beforehand; each run starts Node and the browser."""

    home: Path
    browser: str
    bundle: Path
    scene: Scene
    version: str
    concurrency: int

    @classmethod
    def ready(cls, scene: Scene) -> "Remotion":
        """Bundles, and takes the quicker of its default concurrency and the number of cores, as
        its documentation says to find it by trial."""
        home, browser = install.remotion(), install.chromium()
        bundle = install.bundle(home, scene.folder)
        version = install.remotion_version(home, browser)
        cores = os.cpu_count() or 1
        default = round(min(8, max(1, cores / 2)))
        short = Scene(min(_TRIED_S, scene.seconds), scene.folder)

        def wall_s(concurrency: int) -> float:
            trial = cls(home, browser, bundle, short, version, concurrency)
            return trial.run(install.FOLDER / "tried.mp4").wall_s

        wall_s(default)  # The first run reads the browser from the disk.
        tried = {concurrency: wall_s(concurrency) for concurrency in {default, cores}}
        return cls(home, browser, bundle, scene, version, min(tried, key=tried.__getitem__))

    @property
    def how(self) -> str:
        return f"bundled beforehand, concurrency {self.concurrency}, the quickest here"

    def run(self, output: Path) -> Usage:
        settings = output.with_suffix(".settings.json")
        told = {
            "scene": self.scene.for_peers(by_path=False),
            "bundle": str(self.bundle),
            "browser": self.browser,
            "concurrency": self.concurrency,
            "output": str(output),
            **_ENCODING,
        }
        settings.write_text(json.dumps(told), "utf-8")
        return of_command(["node", str(self.home / "render.mjs"), str(settings)])
