"""The model over lengths, sizes, widths, memory and chunk lengths."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from benchmarks.model.aws import Aws, Setting
from benchmarks.model.dollars import dollars
from benchmarks.model.limits import Limits
from benchmarks.model.measured import Measured
from benchmarks.model.policy import default_chunk_s
from benchmarks.model.simulate import Job, simulate
from infrastructure.stage import Stage

LENGTHS_S = {"1 min": 60, "10 min": 600, "1 h": 3600, "2 h": 7200}
WIDTHS = (10, 30, 100, 300, 1000, 3000, 10_000)
MEMORIES_MB = (512, 884, 1769, 3008, 3538, 5307, 7076, 8845, 10_240)
CHUNKS_S = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0)
_LEAST_CHUNK_S = 1.0
"""As requests may ask for."""
_ROOM = 1.05
"""Memory that a chunk's function has beyond the most it was seen to hold."""


@dataclass(frozen=True)
class Point:
    """One job as modelled."""

    job: Job
    setting: Setting
    wall_s: float
    usd: dict[str, float]
    path_s: dict[str, float]
    """What the wall is made of: the strand that ended last."""
    environments: int
    refused: int
    too_long: dict[str, float] = field(default_factory=dict)
    """Functions that would be ended by their timeout, and how long they would take."""

    @property
    def cost(self) -> float:
        return sum(self.usd.values())


def modelled(
    measured: Measured, job: Job, setting: Setting | None = None, limits: Limits | None = None
) -> Point:
    chosen, stage = setting or Setting(), Stage()
    platform = Aws(measured, limits or Limits(), chosen, stage)
    outcome = simulate(job, platform)
    platform.usage.transitions += platform.fleet.refused
    timeouts = {
        "render_chunk": stage.chunk_timeout_s,
        "render_audio": stage.audio_timeout_s,
        "assemble_render": stage.assemble_timeout_s,
    }
    return Point(
        job=job,
        setting=chosen,
        wall_s=outcome.wall_s,
        usd=dollars(platform.usage),
        path_s=outcome.path_s,
        environments=platform.fleet.made,
        refused=platform.fleet.refused,
        too_long={
            name: seconds
            for name, seconds in platform.usage.longest_s.items()
            if seconds > timeouts.get(name, stage.plan_timeout_s)
        },
    )


def default_job(height: int, duration_s: float, width: int) -> Job:
    """With chunks as long as the plan makes them by itself, at the preset that is the default."""
    return Job(height, duration_s, default_chunk_s(height, duration_s, width), width, pictures=5)


def filling_job(height: int, duration_s: float, width: int) -> Job:
    """Cut into as many chunks as run at once, where the default ones are fewer."""
    usual = default_job(height, duration_s, width)
    return replace(usual, chunk_s=max(_LEAST_CHUNK_S, min(usual.chunk_s, duration_s / width)))


def by_width(
    measured: Measured, job: Callable[[int, float, int], Job] = default_job
) -> Iterator[Point]:
    for height in measured.pictures:
        for duration_s in LENGTHS_S.values():
            for width in WIDTHS:
                yield modelled(measured, job(height, duration_s, width))


def choices(measured: Measured, height: int, duration_s: float, width: int) -> list[Point]:
    """Every memory that holds a chunk, with every length of chunk that ends in time."""
    least_mb = measured.pictures[height].peak_mb * _ROOM
    found = [
        modelled(
            measured,
            Job(height, duration_s, chunk_s, width, pictures=5),
            Setting(memory_mb=memory_mb),
        )
        for memory_mb in MEMORIES_MB
        for chunk_s in CHUNKS_S
        if memory_mb >= least_mb and chunk_s <= duration_s
    ]
    return [point for point in found if not point.too_long] or found


def cheapest(points: list[Point]) -> Point:
    return min(points, key=lambda point: (round(point.cost, 6), point.wall_s))


def fastest(points: list[Point]) -> Point:
    """Of those within 1 % of the shortest wall the cheapest."""
    least_s = min(point.wall_s for point in points)
    return cheapest([point for point in points if point.wall_s <= least_s * 1.01])
