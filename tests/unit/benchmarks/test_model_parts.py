"""The parts of the model on numbers whose results are known by head."""

import pytest
import simpy

from benchmarks.model.cores import SharedCores, Steps, shares
from benchmarks.model.fleet import Fleet, threaded
from benchmarks.model.limits import Limits, vcpus, with_value
from benchmarks.model.measured import Measured, NotCalibratedError, Stitch
from tests.unit.benchmarks.calibrations import CHUNK_CPU_S, FRAME_CPU_S, calibrated, run


@pytest.fixture
def measured() -> Measured:
    return calibrated()


def test_two_ways_to_cut_tell_a_chunks_cost_from_its_frames(measured: Measured) -> None:
    picture = measured.pictures[1080]
    assert picture.cpu_s.fixed == pytest.approx(CHUNK_CPU_S)
    assert picture.cpu_s.per_unit == pytest.approx(FRAME_CPU_S)
    assert picture.busy == pytest.approx(1.25)
    assert measured.item_gap_s == pytest.approx(0.05)
    assert measured.map_s == pytest.approx(0.2)
    assert measured.sound_cpu_s(100) == pytest.approx(2.1)
    assert measured.cold_item_s == pytest.approx(0.7)
    assert measured.init_cpu_s["claim_job"] == pytest.approx(0.5)


def test_the_stitch_is_fitted_over_bytes_and_parts(measured: Measured) -> None:
    assert measured.stitch_s(1000, 100) == pytest.approx(0.2 + 10 + 0.5)


def test_a_stitch_never_saves_time_by_parts() -> None:
    fitted = Stitch.fitted([(10, 1, 1.1), (20, 2, 1.15), (10, 20, 1.0), (300, 5, 4.0)])
    assert min(vars(fitted).values()) >= 0
    assert fitted.s_per_part == 0


def test_what_was_not_measured_is_named() -> None:
    with pytest.raises(NotCalibratedError, match=r"calibrate"):
        Measured.read({}, "model_calibration")
    with pytest.raises(NotCalibratedError, match=r"No fine run of 1080|No cold run"):
        Measured.fitted([run("warm", [30])], cores=2, threads=[], layers_mb={})


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        ([1.0], [1.0]),
        ([1.5, 1.5], [1.0, 1.0]),
        ([0.5, 3.0, 3.0], [0.5, 0.75, 0.75]),
        ([3.0, 0.25, 0.25], [1.5, 0.25, 0.25]),
    ],
)
def test_processors_are_shared_evenly(wanted: list[float], given: list[float]) -> None:
    assert shares(wanted, 2.0) == pytest.approx(given)


def test_shared_work_ends_when_its_processors_have_done_it() -> None:
    env = simpy.Environment()
    cores = SharedCores(env, 2.0)
    ends: dict[str, float] = {}

    def task(name: str, start_s: float, cpu_s: float, at_most: float) -> Steps:
        yield env.timeout(start_s)
        yield from cores.work(cpu_s, at_most)
        ends[name] = env.now

    # Alone for 1 s at 2, then both at 1 until the second is done, then at 2 again.
    env.process(task("long", 0, 6, 2))
    env.process(task("short", 1, 1, 1))
    env.process(task("nothing", 3, 0, 1))
    env.run()
    assert ends == pytest.approx({"short": 2, "nothing": 3, "long": 3.5})


def test_a_fleet_grows_as_fast_as_aws_lets_it() -> None:
    env = simpy.Environment()
    limits = with_value(Limits(), "scale_up_burst", 10)
    limits = with_value(limits, "scale_up_per_s", 1)
    fleet = Fleet(env, limits, cold=True)
    taken: list[float] = []

    def call() -> Steps:
        yield from fleet.take()
        taken.append(env.now)

    for _ in range(15):
        env.process(call())
    env.run()
    assert fleet.made == 15
    assert fleet.refused >= 5
    assert [moment for moment in taken if moment == 0] == [0] * 10
    for count, moment in enumerate(sorted(taken), start=1):
        assert count <= 10 + moment


def test_a_warm_environment_is_used_again() -> None:
    env = simpy.Environment()
    fleet = Fleet(env, Limits(), cold=True)
    news: list[bool] = []

    def call(start_s: float) -> Steps:
        yield env.timeout(start_s)
        news.append((yield from fleet.take()))
        yield env.timeout(1)
        fleet.give_back()

    for start_s in (0, 0.5, 2):
        env.process(call(start_s))
    env.run()
    assert news == [True, True, False]


def test_threads_beyond_those_measured_add_as_much_as_the_last(measured: Measured) -> None:
    assert threaded(measured.threads, 1) == (1.0, 1.25)
    assert threaded(measured.threads, 2) == (1.05, 1.75)
    assert threaded(measured.threads, 4) == pytest.approx((1.15, 2.75))
    assert threaded(measured.threads[:1], 4) == (1.0, 1.25)


def test_memory_buys_processors_up_to_six() -> None:
    assert vcpus(1769, Limits()) == 1
    assert vcpus(884, Limits()) == pytest.approx(0.5, rel=0.01)
    assert vcpus(10_240, Limits()) == pytest.approx(5.79, rel=0.01)
    assert vcpus(32_768, Limits()) == 6
