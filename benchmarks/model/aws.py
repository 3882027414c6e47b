"""One job on AWS: functions of their own processors, started as fast as AWS's limits let them."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import simpy

from benchmarks.model.cores import Steps
from benchmarks.model.fleet import Fleet, threaded
from benchmarks.model.limits import Limits, vcpus
from benchmarks.model.measured import Measured, Picture
from benchmarks.model.simulate import Job, Phases
from functions.shared.ffmpeg import PIECE_BYTES
from infrastructure.stage import Stage

_DESK_REQUESTS = 5
"""To DynamoDB, one after the other, of a function that keeps records; as the code has them."""
_CHUNK_REQUESTS = 8
"""Of a chunk to S3, one after the other, besides its source's pieces: the plan, is the part there,
the source's tag twice, its header, a seek, the part's upload."""
_PLAN_REQUESTS = 10
_PLAN_BYTES = 24_000_000
"""Of the source: counted for a minute of 1080p, and about the same for 20 s."""
_PART_REQUESTS = 3
"""When a part is checked before it is stitched: its tag, its tables, its bytes."""
_ASSEMBLE_THREADS = 8
_BEFORE_S = 2.0
"""Of the source, read before a chunk's start: the preroll, and half a GOP to the key frame. A piece
more is read for the header: 18 MB were counted for 10 s of 12 MB."""
_MB = 1e6
_STITCH_PART_BYTES = 8 << 20
_SNAPSHOT_BATCH = 8


@dataclass(frozen=True)
class Setting:
    """What a deployment chooses, and how warm it is."""

    memory_mb: int = Stage().chunk_memory_mb
    express: bool = Stage().chunk_execution_type == "EXPRESS"
    """The Map's children: EXPRESS or STANDARD."""
    cold: bool = True
    """No function has an environment yet."""


@dataclass
class Usage:
    """What AWS counts."""

    gb_s: dict[str, float] = field(default_factory=dict)
    """By function, initialization included."""
    storage_gb_s: float = 0.0
    """Of disk above 512 MB."""
    calls: int = 0
    transitions: int = 0
    express_gb_s: float = 0.0
    express: int = 0
    gets: int = 0
    puts: int = 0
    db_writes: float = 0.0
    db_reads: float = 0.0
    longest_s: dict[str, float] = field(default_factory=dict)
    """A function's longest call: it ends at its timeout."""


class Aws:
    """`limits` may be changed to see how far the result moves."""

    def __init__(
        self, measured: Measured, limits: Limits, setting: Setting, stage: Stage | None = None
    ) -> None:
        self.env = simpy.Environment()
        self.usage = Usage()
        self._measured = measured
        self._limits = limits
        self._setting = setting
        self._stage = stage or Stage()
        self.fleet = Fleet(self.env, limits, cold=setting.cold)

    def before(self, job: Job) -> Iterator[tuple[str, Steps]]:
        yield "submit", self._submit()
        yield "Claim Job", self._desk("claim_job")
        yield "Wait For Turn", self._desk("request_turn")
        _ = job
        yield "Plan Render", self._plan()

    def after(self, job: Job) -> Iterator[tuple[str, Steps]]:
        yield "Assemble Render", self._assemble(job)
        yield "Finish Job", self._desk("finish_job")

    def dispatch(self) -> Steps:
        express = self._setting.express
        rate = (
            self._limits.express_children_per_s
            if express
            else (self._limits.standard_children_per_s)
        )
        yield self.env.timeout(1 / rate.value)

    def chunk(self, job: Job, frames: int, phases: Phases) -> Steps:
        picture = self._measured.pictures[job.height]
        began = self.env.now
        yield from phases.timed("call", self._wait(self._limits.state_s.value))
        is_cold = yield from phases.timed("scale-up", self.fleet.take())
        init_s = 0.0
        if is_cold:
            init_s = self._init_s("render_chunk", self._setting.memory_mb)
            yield from phases.timed("cold start", self._wait(self._mount_s("ffmpeg") + init_s))
        length_s = frames / job.rate
        bytes_read = picture.source_bytes_per_s * (length_s + _BEFORE_S) + PIECE_BYTES
        requests_s = _CHUNK_REQUESTS * self._limits.s3_request_s.value
        requests_s += self._limits.dynamodb_request_s.value
        yield from phases.timed("S3 requests", self._wait(requests_s))
        encode_s = self.encode_s(picture, frames)
        yield from phases.timed("encode", self._wait(encode_s))
        late_s = max(0.0, self._read_s(bytes_read) - encode_s)
        yield from phases.timed("read", self._wait(late_s))
        upload_s = frames * picture.part_bytes / _MB / self._limits.network_mb_per_s.value
        yield from phases.timed("upload", self._wait(upload_s))
        self.fleet.give_back()
        self._bill(
            "render_chunk",
            self._setting.memory_mb,
            init_s,
            requests_s + encode_s + late_s + upload_s,
            storage_mb=self._stage.chunk_storage_mb,
        )
        self._count_child(self.env.now - began)
        self.usage.gets += _CHUNK_REQUESTS - 1 + math.ceil(bytes_read / PIECE_BYTES)
        self.usage.puts += math.ceil(frames * picture.part_bytes / _STITCH_PART_BYTES) + (
            2 if frames * picture.part_bytes > _STITCH_PART_BYTES else 0
        )
        self.usage.db_reads += 1

    def close_map(self) -> Steps:
        yield self.env.timeout(self._limits.map_run_s.value)

    def beside(self, job: Job) -> Iterator[tuple[str, Steps]]:
        yield "sound", self._sound(job)
        for start in range(0, job.pictures, _SNAPSHOT_BATCH):
            yield "pictures", self._pictures(job, min(_SNAPSHOT_BATCH, job.pictures - start))

    def encode_s(self, picture: Picture, frames: int) -> float:
        """On the processors that the memory gives, by as many threads as the stack plans for."""
        memory_mb = self._setting.memory_mb
        threads = self._stage.model_copy(update={"chunk_memory_mb": memory_mb}).render_threads
        spent_s, at_once = threaded(self._measured.threads, threads)
        cpu_s = picture.cpu_s(frames) * picture.busy * spent_s
        usable = min(vcpus(memory_mb, self._limits), at_once)
        return cpu_s / usable / self._limits.vcpu_speed.value

    def _submit(self) -> Steps:
        """The queue, the pipe with its enrichment, the execution's start."""
        yield self.env.timeout(self._limits.queue_s.value)
        yield from self._desk("register_job")
        self.usage.transitions -= 1

    def _desk(self, function: str) -> Steps:
        """A state whose function reads and writes a few records."""
        work_s = _DESK_REQUESTS * self._limits.dynamodb_request_s.value
        yield from self._call(function, self._stage.desk_memory_mb, work_s, layer="python")

    def _plan(self) -> Steps:
        work_s = _PLAN_REQUESTS * self._limits.s3_request_s.value + self._read_s(_PLAN_BYTES)
        work_s += _DESK_REQUESTS * self._limits.dynamodb_request_s.value
        storage_mb = self._stage.plan_storage_mb
        yield from self._call(
            "plan_render", self._stage.plan_memory_mb, work_s, "probe", storage_mb=storage_mb
        )
        self.usage.gets += _PLAN_REQUESTS
        self.usage.puts += 2

    def _sound(self, job: Job) -> Steps:
        """The whole source is read for it, as was counted: sound lies between the pictures."""
        source = self._measured.pictures[job.height].source_bytes_per_s * job.duration_s
        cpu_s = self._measured.sound_cpu_s(job.duration_s)
        waited_s = max(0.0, self._read_s(source) - cpu_s / self._alone(self._stage.audio_memory_mb))
        yield from self._call(
            "render_audio",
            self._stage.audio_memory_mb,
            waited_s,
            "ffmpeg",
            cpu_s=cpu_s,
            storage_mb=self._stage.audio_storage_mb,
        )
        self.usage.gets += math.ceil(source / PIECE_BYTES)
        self.usage.puts += 1

    def _pictures(self, job: Job, count: int) -> Steps:
        scale = job.height**2 / min(self._measured.pictures) ** 2
        yield from self._call(
            "take_snapshots",
            self._stage.snapshots_memory_mb,
            count * 4 * self._limits.s3_request_s.value,
            "ffmpeg",
            cpu_s=self._measured.picture_cpu_s * count * scale,
            storage_mb=self._stage.snapshots_storage_mb,
        )
        self.usage.gets += 4 * count
        self.usage.puts += count

    def _assemble(self, job: Job) -> Steps:
        """Every part is read once and its bytes go up once, while they are hashed."""
        megabytes = job.frames * self._measured.pictures[job.height].part_bytes / _MB
        parts = len(job.chunks)
        cpu_s = self._measured.stitch_cpu_s(megabytes, parts)
        moved_s = 2 * megabytes / self._limits.network_mb_per_s.value
        requests = _PART_REQUESTS * parts + math.ceil(megabytes * _MB / _STITCH_PART_BYTES)
        moved_s += requests * self._limits.s3_request_s.value / _ASSEMBLE_THREADS
        moved_s = max(moved_s, _PART_REQUESTS * parts / self._limits.s3_gets_per_s.value)
        waited_s = max(0.0, moved_s - cpu_s / self._alone(self._stage.assemble_memory_mb))
        yield from self._call(
            "assemble_render",
            self._stage.assemble_memory_mb,
            waited_s,
            "ffmpeg",
            cpu_s=cpu_s,
            storage_mb=self._stage.assemble_storage_mb,
        )
        self.usage.gets += _PART_REQUESTS * parts
        self.usage.puts += math.ceil(megabytes * _MB / _STITCH_PART_BYTES) + 3

    def _call(
        self,
        function: str,
        memory_mb: int,
        waited_s: float,
        layer: str,
        *,
        cpu_s: float | None = None,
        storage_mb: int = 512,
    ) -> Steps:
        """A Task state with a function that only this job uses now."""
        spent_s = self._measured.call_cpu_s.get(function, 0.0) if cpu_s is None else cpu_s
        handled_s = waited_s + spent_s / self._alone(memory_mb)
        init_s = self._init_s(function, memory_mb) if self._setting.cold else 0.0
        mount_s = self._mount_s(layer) if self._setting.cold else 0.0
        yield self.env.timeout(self._limits.state_s.value + mount_s + init_s + handled_s)
        self._bill(function, memory_mb, init_s, handled_s, storage_mb=storage_mb)
        self.usage.transitions += 1

    def _init_s(self, function: str, memory_mb: int) -> float:
        return self._measured.init_cpu_s.get(function, 0.0) / self._alone(memory_mb)

    def _alone(self, memory_mb: int) -> float:
        """Of a core of this machine, what a single thread has."""
        return min(1.0, vcpus(memory_mb, self._limits)) * self._limits.vcpu_speed.value

    def _mount_s(self, layer: str) -> float:
        """Not billed: it comes before the initialization."""
        layers = self._measured.layers_mb
        megabytes = layers["python"] + (layers[layer] if layer != "python" else 0.0)
        return self._limits.environment_s.value + megabytes / self._limits.mount_mb_per_s.value

    def _read_s(self, size_bytes: float) -> float:
        """Piece by piece, each over a connection of its own, as ffmpeg is told to."""
        pieces = math.ceil(size_bytes / PIECE_BYTES)
        sent_s = size_bytes / _MB / self._limits.network_mb_per_s.value
        return sent_s + pieces * self._limits.s3_request_s.value

    def _bill(
        self, function: str, memory_mb: int, init_s: float, handled_s: float, *, storage_mb: int
    ) -> None:
        billed_s = math.ceil((init_s + handled_s) * 1000) / 1000
        usage = self.usage
        usage.gb_s[function] = usage.gb_s.get(function, 0.0) + billed_s * memory_mb / 1024
        usage.storage_gb_s += billed_s * max(0, storage_mb - 512) / 1024
        usage.calls += 1
        usage.longest_s[function] = max(usage.longest_s.get(function, 0.0), handled_s)

    def _count_child(self, seconds: float) -> None:
        """Of Express, 64 MB by begun 100 ms; of Standard, its one state and its end."""
        if self._setting.express:
            self.usage.express += 1
            self.usage.express_gb_s += math.ceil(seconds * 10) / 10 * 64 / 1024
        else:
            self.usage.transitions += 2

    def _wait(self, seconds: float) -> Steps:
        yield self.env.timeout(seconds)
