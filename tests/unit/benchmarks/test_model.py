"""A job as it is modelled: on this machine, and on AWS."""

import math

import pytest

from benchmarks.model.aws import Aws, Setting
from benchmarks.model.dollars import dollars
from benchmarks.model.limits import Limits, with_value
from benchmarks.model.machine import Machine, capacity
from benchmarks.model.measured import Measured
from benchmarks.model.simulate import MAP, Job, simulate
from benchmarks.model.sweep import choices, default_job, fastest, filling_job, modelled
from tests.unit.benchmarks.calibrations import CHUNK_CPU_S, FRAME_CPU_S, calibrated


@pytest.fixture
def measured() -> Measured:
    return calibrated()


def test_the_last_chunk_is_what_is_left() -> None:
    assert Job(1080, 35, 10, 4).chunks == [300, 300, 300, 150]
    assert Job(1080, 20, 10, 4).chunks == [300, 300]


def test_this_machine_takes_as_long_as_its_cores_need(measured: Measured) -> None:
    # Two cores, four equal chunks of one core each: two waves, and four at once are no faster.
    def map_s(width: int) -> float:
        outcome = simulate(Job(1080, 40, 10, width), Machine(measured, 2.0, warm=4))
        return max(one.ended_s for one in outcome.strands[MAP])

    one_s = CHUNK_CPU_S + 300 * FRAME_CPU_S
    gap_s = measured.item_gap_s
    assert map_s(1) == pytest.approx(4 * (one_s + gap_s), rel=0.05)
    assert map_s(2) == pytest.approx(2 * (one_s + gap_s), rel=0.07)
    assert map_s(4) == pytest.approx(2 * one_s, rel=0.07)


def test_a_new_worker_costs_its_start(measured: Measured) -> None:
    job = Job(1080, 20, 20, 1)
    warm, cold = (simulate(job, Machine(measured, 2.0, warm=count)).wall_s for count in (1, 0))
    assert cold - warm == pytest.approx(measured.cold_item_s, rel=0.2)


def test_capacity_is_what_makes_the_busy_run_as_long_as_it_was(measured: Measured) -> None:
    # 4 chunks of 7.9 s of CPU, 25 % more when both cores are busy: 2 cores do the work of 1.6.
    assert capacity(measured, 1080) == pytest.approx(1.6, rel=0.08)


def test_stages_add_up_to_the_wall(measured: Measured) -> None:
    point = modelled(measured, Job(1080, 600, 10, 1000, pictures=5))
    assert sum(point.path_s.values()) == pytest.approx(point.wall_s, rel=0.02)


def test_wider_is_never_slower_and_never_cheaper_when_cold(measured: Measured) -> None:
    points = [modelled(measured, Job(1080, 1200, 10, width)) for width in (1, 10, 100, 1000)]
    walls = [point.wall_s for point in points]
    costs = [point.cost for point in points]
    assert walls == sorted(walls, reverse=True)
    assert costs == sorted(costs)


def test_standard_children_start_a_hundred_a_second(measured: Measured) -> None:
    job = Job(1080, 2000, 1, 10_000)
    starts = []
    for express in (False, True):
        platform = Aws(measured, Limits(), Setting(express=express, cold=False))
        outcome = simulate(job, platform)
        starts.append(outcome.strands[MAP][-1].began_s)
    assert starts == pytest.approx([20, 2], rel=0.01)


def test_one_thread_has_no_use_of_a_second_processor(measured: Measured) -> None:
    picture = measured.pictures[1080]

    def encode_s(memory_mb: int) -> float:
        return Aws(measured, Limits(), Setting(memory_mb=memory_mb)).encode_s(picture, 300)

    alone = (CHUNK_CPU_S + 300 * FRAME_CPU_S) * 1.25
    assert encode_s(1769) == pytest.approx(alone)
    assert encode_s(885) == pytest.approx(alone * 1769 / 885)
    assert encode_s(3008) == pytest.approx(alone * 1.05 / 1.7, rel=0.01)


def test_better_numbers_never_make_it_slower(measured: Measured) -> None:
    job = Job(1080, 1200, 10, 1000, pictures=5)

    def wall_s(name: str, factor: float) -> float:
        limits = Limits()
        value = getattr(limits, name).value * factor
        return modelled(measured, job, limits=with_value(limits, name, value)).wall_s

    for name in ("vcpu_speed", "network_mb_per_s", "mount_mb_per_s", "standard_children_per_s"):
        assert wall_s(name, 0.5) >= wall_s(name, 1) >= wall_s(name, 2), name
    for name in ("s3_request_s", "map_run_s", "state_s", "environment_s"):
        assert wall_s(name, 0.5) <= wall_s(name, 1) <= wall_s(name, 2), name


def test_billing_is_by_the_millisecond_with_initialization(measured: Measured) -> None:
    platform = Aws(measured, Limits(), Setting())
    simulate(Job(1080, 10, 10, 1), platform)
    longest_s = platform.usage.longest_s["render_chunk"]
    init_s = measured.init_cpu_s["render_chunk"]
    billed_ms = platform.usage.gb_s["render_chunk"] * 1024 / 1769 * 1000
    assert billed_ms == pytest.approx(math.ceil((longest_s + init_s) * 1000))


def test_what_is_paid_for_is_told_apart(measured: Measured) -> None:
    platform = Aws(measured, Limits(), Setting(express=True))
    simulate(Job(1080, 100, 10, 10), platform)
    usage = platform.usage
    usd = dollars(usage)
    assert usage.express == 10
    assert usd["render_chunk"] == pytest.approx(usage.gb_s["render_chunk"] * 0.0000133334)
    assert min(usd.values()) > 0


def test_a_function_past_its_timeout_is_told(measured: Measured) -> None:
    # 60 GB of source at 75 MB/s, and a request for each 4 MB.
    point = modelled(measured, Job(1080, 60_000, 60, 1000))
    assert "render_audio" in point.too_long
    assert "render_chunk" not in point.too_long


def test_the_fastest_choice_is_not_the_dearest(measured: Measured) -> None:
    found = choices(measured, 1080, 600, 1000)
    assert all(point.setting.memory_mb >= 750 for point in found)
    best = fastest(found)
    near = [point for point in found if point.wall_s <= best.wall_s]
    assert best.cost <= min(point.cost for point in near)


def test_default_chunks_are_the_planners() -> None:
    job = default_job(1080, 60, 1000)
    assert job.chunk_s >= 5
    assert default_job(1080, 7200, 10).chunk_s >= job.chunk_s


def test_chunks_to_fill_a_width_are_as_many_as_run_at_once() -> None:
    assert len(filling_job(1080, 600, 300).chunks) == 300
    assert len(filling_job(1080, 60, 1000).chunks) == 60
    usual = default_job(1080, 600, 10)
    assert filling_job(1080, 600, 10).chunk_s == usual.chunk_s


def test_the_sound_waits_for_the_whole_source(measured: Measured) -> None:
    # 6 GB: 80 s at 75 MB/s, and 40 ms for each of its 1,431 pieces.
    point = modelled(measured, Job(1080, 6000, 10, 1000))
    assert point.path_s["sound"] == pytest.approx(80 + 1431 * 0.04, abs=5)


def test_each_place_beyond_the_warm_workers_starts_one(measured: Measured) -> None:
    outcome = simulate(Job(1080, 60, 10, 3), Machine(measured, 2.0, warm=1))
    cold = [one for one in outcome.strands[MAP] if "cold start" in one.spent_s]
    assert len(cold) == 2
