"""Several ways to make one file, taking turns, and the rows that tell of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import vmaf
from benchmarks.figures import spread_of
from benchmarks.peers import compare
from benchmarks.peers.install import PeerMissingError
from benchmarks.peers.runners import Runner
from benchmarks.peers.scene import FPS, HEIGHT, WIDTH, Box
from benchmarks.peers.usage import RunFailedError, Usage

REELWRIGHT = "Reelwright"
_MOST_FRAMES = 600
"""That VMAF is taken of: a second each, spread over the file."""
_SAME = 0.95
"""SSIM of the title's and the logo's place. Without them it is below 0.91; drawn in place, by
whichever of them, above 0.98."""

Row = dict[str, Any]


@dataclass
class Contest:
    """`runners` by name, Reelwright's first; `missing` says why others take no part."""

    name: str
    seconds: int
    ffmpeg: str
    reference: Path
    folder: Path
    """Of the files they make."""
    places: Mapping[str, Box] = field(default_factory=dict)
    """Parts of the picture that must look alike."""
    runners: dict[str, Runner] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def enter(self, name: str, ready: Callable[[], Runner]) -> None:
        """Make a peer ready, or note why it isn't."""
        try:
            self.runners[name] = ready()
        except (PeerMissingError, RunFailedError) as error:
            self.missing[name] = str(error)

    def hold(self, rounds: int, told: Callable[[str], None]) -> list[Row]:
        """All take turns, `rounds` times."""
        used: dict[str, list[Usage]] = {name: [] for name in self.runners}
        for _ in range(rounds):
            for name, runner in self.runners.items():
                if name in self.missing:
                    continue
                try:
                    usage = runner.run(self._file(name))
                except RunFailedError as error:
                    self.missing[name] = str(error)
                    continue
                used[name].append(usage)
                told(f"{self.name}: {name} {usage.wall_s:.1f} s")
        return [
            *(self._row(name, used) for name in self.runners if name not in self.missing),
            *({**self._head(name), "missing": why} for name, why in self.missing.items()),
        ]

    def _file(self, name: str) -> Path:
        return self.folder / f"{self.name}-{name}.mp4".replace(" ", "-")

    def _head(self, name: str) -> Row:
        return {"contest": self.name, "clip_s": self.seconds, "system": name}

    def _row(self, name: str, used: Mapping[str, Sequence[Usage]]) -> Row:
        runner, file = self.runners[name], self._file(name)
        return {
            **self._head(name),
            "version": runner.version,
            "how": runner.how,
            **figures(used[name], used[REELWRIGHT]),
            "size_bytes": file.stat().st_size,
            **self._quality(file),
        }

    def _quality(self, file: Path) -> Row:
        frames = compare.count_frames(self.ffmpeg, file)
        windows = vmaf.spread(min(frames, self.seconds * FPS), FPS, _MOST_FRAMES)
        scores = vmaf.scores(self.ffmpeg, file, self.reference, windows, (WIDTH, HEIGHT))
        whole = (FPS, (self.seconds - 1) * FPS)
        near = {
            f"{place}_ssim": round(compare.ssim(self.ffmpeg, file, self.reference, box, whole), 4)
            for place, box in self.places.items()
        }
        return {
            "frames": frames,
            "vmaf": round(vmaf.mean(scores, windows), 2),
            "vmaf_worst": round(min(scores.values()), 2),
            **near,
            "same_picture": frames == self.seconds * FPS and all(n > _SAME for n in near.values()),
        }


def figures(used: Sequence[Usage], jobs: Sequence[Usage]) -> Row:
    """Medians and ranges; ratios are taken round by round against Reelwright's job."""
    pairs = list(zip(used, jobs, strict=True))
    return {
        "rounds": len(used),
        **spread_of("wall_s", [one.wall_s for one in used]),
        **spread_of("wall_ratio", [one.wall_s / job.wall_s for one, job in pairs]),
        **spread_of("cpu_s", [one.cpu_s for one in used]),
        **spread_of("cpu_ratio", [one.cpu_s / job.cpu_s for one, job in pairs]),
        **spread_of("peak_mb", [one.peak_mb for one in used], 0),
    }
