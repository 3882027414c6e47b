"""A job costs what its receipts say, times the price list, and nothing of it is lost."""

from dataclasses import fields, replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.shared import cost as costing
from functions.shared import prices
from functions.shared.bill import Cost
from functions.shared.cost import Buying, attempts, cost_of, transitions_of
from functions.shared.meter import Used
from functions.shared.receipts import Receipt

STANDARD = Buying("STANDARD", 7)
EXPRESS = Buying("EXPRESS", 7)
PLAN = Receipt("plan_render", "arm64", 2000, 1769, 1024, Used(s3_puts=3, s3_gets=4))
CHUNK = Receipt("render_chunk", "arm64", 10_000, 3008, 2048, Used(s3_puts=2, s3_gets=2))
SOUND = Receipt("render_audio", "arm64", 3000, 1769, 512, Used())
ASSEMBLING = Receipt("assemble_render", "arm64", 1000, 1769, 512, Used(s3_puts=2, s3_gets=9))
LOOK = Receipt("take_live_snapshots", "arm64", 5000, 1769, 1024, Used())
FILM = [PLAN, CHUNK, CHUNK, SOUND, ASSEMBLING]

counts = st.integers(0, 10**6)
used = st.builds(
    Used, counts, counts, counts, st.integers(0, 10**12), st.floats(0, 1e4), st.floats(0, 1e4)
)
WORKERS = ["assemble_render", "plan_render", "render_audio", "render_chunk", "take_snapshots"]
receipts = st.builds(
    Receipt,
    st.sampled_from(WORKERS),
    st.sampled_from(["arm64", "x86_64"]),
    st.integers(100, 900_000),
    st.integers(256, 10_240),
    st.integers(512, 10_240),
    used,
)
buyings = st.builds(Buying, st.sampled_from(["EXPRESS", "STANDARD"]), st.integers(1, 365))


@settings(max_examples=40)
@given(st.lists(receipts, max_size=8), buyings)
def test_the_total_is_the_sum_of_the_items(found: list[Receipt], buying: Buying) -> None:
    told = cost_of(found, buying)
    assert told.usd == sum(dict(told.items).values())
    assert all(usd >= 0 for usd in dict(told.items).values())
    assert Cost.model_validate_json(told.model_dump_json()) == told


@settings(max_examples=40)
@given(st.lists(receipts, max_size=6), receipts, buyings)
def test_every_call_adds_to_what_it_used(
    found: list[Receipt], more: Receipt, buying: Buying
) -> None:
    before, after = cost_of(found, buying).items, cost_of([*found, more], buying).items
    for name, usd in dict(before).items():
        assert getattr(after, name) >= usd, name
    assert after.lambda_compute > before.lambda_compute
    assert after.lambda_requests > before.lambda_requests


MILLION = 10**6
OF_WHAT = {
    "s3_puts": ("s3_requests", Decimal(5)),
    "s3_gets": ("s3_requests", Decimal("0.4")),
    "s3_addresses": ("s3_requests", Decimal("0.4") * costing.ADDRESS_GETS),
    "stored_bytes": ("s3_parts", Decimal("0.023") * 7 / 30 * MILLION / 2**30),
    "write_units": ("dynamodb", Decimal("0.625")),
    "read_units": ("dynamodb", Decimal("0.125")),
}


@pytest.mark.parametrize("name", [field.name for field in fields(Used)])
def test_a_million_of_each_thing_costs_its_price(name: str) -> None:
    """Whatever comes to be counted must come to be paid: a new field of Used fails here."""
    more = replace(CHUNK, used=replace(CHUNK.used, **{name: getattr(CHUNK.used, name) + MILLION}))
    before, after = cost_of([CHUNK], STANDARD), cost_of([more], STANDARD)
    item, usd = OF_WHAT[name]
    changed = {
        each: getattr(after.items, each) - paid
        for each, paid in dict(before.items).items()
        if getattr(after.items, each) != paid
    }
    assert changed.keys() == {item}
    assert changed[item] == pytest.approx(usd, abs=Decimal("0.00000002"))


@pytest.mark.parametrize(
    ("architecture", "gb_second"), [("arm64", "0.0000133334"), ("x86_64", "0.0000166667")]
)
def test_compute_is_memory_by_time_at_the_processors_price(
    architecture: prices.Architecture, gb_second: str
) -> None:
    long = replace(CHUNK, architecture=architecture, billed_ms=70_000, storage_mb=2048)
    short = replace(long, billed_ms=10_000)
    more = cost_of([long], STANDARD).usd - cost_of([short], STANDARD).usd
    a_minute = 60 * (3008 / 1024 * float(gb_second) + 1.5 * 0.0000000309)
    assert float(more) == pytest.approx(a_minute, abs=2e-8)


def test_a_film_passes_through_so_many_states() -> None:
    """Claim Job, Is It Ours?, Wait For Turn, Plan Render, Is It Live?, Render Media, three
    questions, Render Chunks, Render Audio, Skip Snapshots, Assemble Render, Finish Job; and two for
    each chunk."""
    assert transitions_of(FILM, "STANDARD") == 14 + 2 * 2
    assert transitions_of(FILM, "EXPRESS") == 14 + 2
    silent = [one for one in FILM if one is not SOUND]
    assert transitions_of(silent, "STANDARD") == 14 + 2 * 2  # Skip Audio


def test_a_stream_is_looked_at_again_and_again() -> None:
    """Take Live Snapshots, Is The Stream Over? each time, Wait For Stream between."""
    assert transitions_of([PLAN, LOOK, LOOK, LOOK, ASSEMBLING], "STANDARD") == 7 + 8


def test_a_job_that_cant_be_planned_passes_through_no_more() -> None:
    """Claim Job, Is It Ours?, Wait For Turn, Plan Render, Finish Failed Job, Job Failed; Is It
    Live? is one too many."""
    assert transitions_of([PLAN], "STANDARD") == 6 + 1


def test_a_retry_costs_its_time_and_a_transition() -> None:
    once, twice = cost_of(FILM, STANDARD), cost_of([*FILM, replace(CHUNK, billed_ms=1)], STANDARD)
    assert twice.items.state_transitions - once.items.state_transitions == Decimal("0.00005")
    assert twice.items.lambda_compute > once.items.lambda_compute


def test_express_chunks_cost_their_executions_and_fewer_transitions() -> None:
    express, standard = cost_of(FILM, EXPRESS), cost_of(FILM, STANDARD)
    # Two executions of ten seconds, each in 64 MB.
    executions = 2 * 0.000001 + 2 * 10 * 64 / 1024 * 0.00001667
    saved = 2 * 0.000025
    more = express.items.state_transitions - standard.items.state_transitions
    assert float(more) == pytest.approx(executions - saved, abs=2e-8)


def test_an_attempt_that_kept_a_part_pays_for_looking_alone() -> None:
    kept = replace(CHUNK, billed_ms=40, used=Used(s3_gets=2))
    again = cost_of([*FILM, PLAN, kept, CHUNK], STANDARD)
    assert attempts([*FILM, PLAN, kept]) == 2
    anew = cost_of([*FILM, PLAN, CHUNK, CHUNK], STANDARD)
    assert again.usd < anew.usd
    assert again.items.s3_requests < anew.items.s3_requests


def test_a_job_that_ended_before_its_plan_costs_its_desk_work() -> None:
    told = cost_of([], STANDARD, note=costing.CUT_OFF)
    assert 0 < told.usd < Decimal("0.0005")
    assert told.note == costing.CUT_OFF


def test_numbers_are_plain() -> None:
    told = cost_of([CHUNK, replace(CHUNK, billed_ms=3333)], STANDARD, kept_bytes=123_456_789)
    for usd in (told.usd, told.storage_usd_per_month, *dict(told.items).values()):
        assert usd == round(usd, 8)
        assert len(str(float(usd))) <= 10
